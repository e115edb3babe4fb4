impl ::sagaflow::__private::Saga for branches {
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
            even,
            num,
            num_2,
            AfterMatch,
            num_3,
            Description,
        }
        let mut slot_n = ::core::option::Option::None;
        let mut slot_value = ::core::option::Option::None;
        let codec_n = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let mut __call_even = ::core::option::Option::None;
        let mut __call_num = ::core::option::Option::None;
        let mut __call_num_2 = ::core::option::Option::None;
        let mut __call_num_3 = ::core::option::Option::None;
        let mut at = machine
            .enter(
                &[
                    ("even", __At::even),
                    ("num", __At::num),
                    ("num#2", __At::num_2),
                    ("num#3", __At::num_3),
                ],
                __At::Start,
                __At::Description,
            )
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let branches { n } = __arguments;
                    let __call = even(n);
                    machine.save("n", &n, &codec_n);
                    match machine
                        .suspend(
                            "even",
                            __call,
                            &mut __call_even,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::even => 'arm: {
                    machine.restore("n", &mut slot_n, &codec_n);
                    machine.restored().await;
                    let n = ::sagaflow::__private::take(&mut slot_n);
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_even),
                        )
                        .await;
                    let found = if let Some(x) = __reply { x } else { 0 };
                    let Some(half) = found.checked_div(2) else { return Ok(0) };
                    match half {
                        0 => {
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
                        n_2 if n_2 > 5 => {
                            let __call = num(n_2);
                            machine.save("n", &n, &codec_n);
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
                        other => {
                            let __value = other;
                            slot_n = ::core::option::Option::Some(n);
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                    }
                }
                __At::num => 'arm: {
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num),
                        )
                        .await;
                    return __reply_2;
                }
                __At::num_2 => 'arm: {
                    machine.restore("n", &mut slot_n, &codec_n);
                    machine.restored().await;
                    let __reply_3 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_2),
                        )
                        .await;
                    let __value = __reply_3?;
                    slot_value = ::core::option::Option::Some(__value);
                    at = __At::AfterMatch;
                    continue 'machine;
                }
                __At::AfterMatch => 'arm: {
                    let n = ::sagaflow::__private::take(&mut slot_n);
                    let __value = ::sagaflow::__private::take(&mut slot_value);
                    let x = __value;
                    let __call = num(x + n);
                    match machine
                        .suspend(
                            "num#3",
                            __call,
                            &mut __call_num_3,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::num_3 => 'arm: {
                    let __reply_4 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_3),
                        )
                        .await;
                    return __reply_4;
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "even",
                        &__call_even,
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
                                "n",
                                ::sagaflow::__private::Waiting(&slot_n).type_name(),
                                &codec_n,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num#3",
                        &__call_num_3,
                        &[],
                    );
                    match machine
                        .described(
                            &[
                                ("@start", "", &[("even", "")]),
                                (
                                    "even",
                                    "",
                                    &[
                                        ("@completed", "else"),
                                        ("num", "Some(half), 0"),
                                        ("num#2", "Some(half), n if n > 5"),
                                        ("num#3", "Some(half), other"),
                                    ],
                                ),
                                ("num", "", &[("@completed", "Ok"), ("@failed", "Err")]),
                                ("num#2", "", &[("@failed", "Err"), ("num#3", "Ok")]),
                                ("num#3", "", &[("@completed", "Ok"), ("@failed", "Err")]),
                            ],
                        )
                        .await
                    {}
                }
            }
        }
    }
}
