impl ::sagaflow::__private::Saga for deferred {
    #[allow(
        warnings,
        unused,
        nonstandard_style,
        unreachable_code,
        clippy::all,
        clippy::pedantic,
        clippy::nursery
    )]
    async fn resume(
        machine: &mut ::sagaflow::__private::Machine<'_>,
    ) -> Result<u8, Failure> {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            num,
            num_2,
            Description,
        }
        let mut slot_n = ::core::option::Option::None;
        let mut slot_x = ::core::option::Option::None;
        let mut slot_late = ::core::option::Option::None;
        let codec_n = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_x = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let mut __call_num = ::core::option::Option::None;
        let mut __call_num_2 = ::core::option::Option::None;
        let mut at = machine
            .enter(
                &[("num", __At::num), ("num#2", __At::num_2)],
                __At::Start,
                __At::Description,
            )
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let deferred { n } = __arguments;
                    let mut x: u8 = 1;
                    if false {
                        loop {}
                        slot_x = ::core::option::Option::Some(x);
                    }
                    let __call = num(u32::from(x));
                    machine.save("n", &n, &codec_n);
                    match machine
                        .suspend(
                            "num",
                            __call,
                            &mut __call_num,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::num => 'arm: {
                    machine.restore("n", &mut slot_n, &codec_n);
                    machine.restored().await;
                    let n = ::sagaflow::__private::take(&mut slot_n);
                    let mut x;
                    if false {
                        loop {}
                        slot_x = ::core::option::Option::Some(x);
                    }
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num),
                        )
                        .await;
                    __reply?;
                    x = 200;
                    let late;
                    if false {
                        loop {}
                        slot_late = ::core::option::Option::Some(late);
                    }
                    let __call = num(n);
                    machine.save("n", &n, &codec_n);
                    machine.save("x", &x, &codec_x);
                    match machine
                        .suspend(
                            "num#2",
                            __call,
                            &mut __call_num_2,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::num_2 => 'arm: {
                    machine.restore("n", &mut slot_n, &codec_n);
                    machine.restore("x", &mut slot_x, &codec_x);
                    machine.restored().await;
                    let n = ::sagaflow::__private::take(&mut slot_n);
                    let mut x = ::sagaflow::__private::take(&mut slot_x);
                    let late;
                    if false {
                        loop {}
                        slot_late = ::core::option::Option::Some(late);
                    }
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_2),
                        )
                        .await;
                    __reply_2?;
                    if n > 3 { late = x } else { late = 1 }
                    return Ok(late);
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num",
                        &__call_num,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "n",
                                ::sagaflow::__private::Waiting(&slot_n).type_name(),
                                &codec_n,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num#2",
                        &__call_num_2,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "n",
                                ::sagaflow::__private::Waiting(&slot_n).type_name(),
                                &codec_n,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "x",
                                ::sagaflow::__private::Waiting(&slot_x).type_name(),
                                &codec_x,
                            ),
                        ],
                    );
                    match machine
                        .described(
                            &[
                                ("@start", "", &[("num", "")]),
                                ("num", "", &[("@failed", "Err"), ("num#2", "Ok")]),
                                ("num#2", "", &[("@failed", "Err"), ("@completed", "Ok")]),
                            ],
                        )
                        .await
                    {}
                }
            }
        }
    }
}
