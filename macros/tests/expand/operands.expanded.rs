impl ::sagaflow::__private::Saga for operands {
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
    ) -> Result<u32, Failure> {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            num,
            num_2,
            Description,
        }
        let mut slot_x = ::core::option::Option::None;
        let mut slot_held = ::core::option::Option::None;
        let mut slot_held_2 = ::core::option::Option::None;
        let codec_x = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_held = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
            _,
        >>::codec();
        let codec_held_2 = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
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
                    let operands { n } = __arguments;
                    let mut x = n;
                    let __held = total(n);
                    let __call = num(x);
                    machine.save("x", &x, &codec_x);
                    machine.save("@held", &__held, &codec_held);
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
                    machine.restore("x", &mut slot_x, &codec_x);
                    machine.restore("@held", &mut slot_held, &codec_held);
                    machine.restored().await;
                    let mut x = ::sagaflow::__private::take(&mut slot_x);
                    let __held = ::sagaflow::__private::take(&mut slot_held);
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num),
                        )
                        .await;
                    let __held_2 = add(__held, x, __reply?);
                    let __call = num(next(&mut x));
                    machine.save("x", &x, &codec_x);
                    machine.save("@held_2", &__held_2, &codec_held_2);
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
                    machine.restore("x", &mut slot_x, &codec_x);
                    machine.restore("@held_2", &mut slot_held_2, &codec_held_2);
                    machine.restored().await;
                    let mut x = ::sagaflow::__private::take(&mut slot_x);
                    let __held_2 = ::sagaflow::__private::take(&mut slot_held_2);
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_2),
                        )
                        .await;
                    let y = __held_2 + __reply_2?;
                    return Ok(x + y);
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num",
                        &__call_num,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "x",
                                ::sagaflow::__private::Waiting(&slot_x).type_name(),
                                &codec_x,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "@held",
                                ::sagaflow::__private::Waiting(&slot_held).type_name(),
                                &codec_held,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num#2",
                        &__call_num_2,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "x",
                                ::sagaflow::__private::Waiting(&slot_x).type_name(),
                                &codec_x,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "@held_2",
                                ::sagaflow::__private::Waiting(&slot_held_2).type_name(),
                                &codec_held_2,
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
