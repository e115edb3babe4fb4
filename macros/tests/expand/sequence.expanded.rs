impl ::sagaflow::__private::Saga for sequence {
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
        let mut slot_first = ::core::option::Option::None;
        let codec_first = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
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
                    let sequence { n } = __arguments;
                    let __call = num(n);
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
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num),
                        )
                        .await;
                    let first = __reply?;
                    let __call = num(first + 1);
                    machine.save("first", &first, &codec_first);
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
                    machine.restore("first", &mut slot_first, &codec_first);
                    machine.restored().await;
                    let first = ::sagaflow::__private::take(&mut slot_first);
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_2),
                        )
                        .await;
                    let second = __reply_2?;
                    return Ok(first + second);
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num",
                        &__call_num,
                        &[],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num#2",
                        &__call_num_2,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "first",
                                ::sagaflow::__private::Waiting(&slot_first).type_name(),
                                &codec_first,
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
