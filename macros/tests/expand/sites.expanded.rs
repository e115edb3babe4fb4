impl ::sagaflow::__private::Saga for sites {
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
            num_3,
            AfterMatch,
            num_4,
            num_5,
            Description,
        }
        const LIMIT: u32 = 10;
        fn twice(n: u32) -> u32 {
            n * 2
        }
        let mut slot_value = ::core::option::Option::None;
        let mut slot_n = ::core::option::Option::None;
        let mut slot_left = ::core::option::Option::None;
        let mut slot_right = ::core::option::Option::None;
        let codec_n = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_left = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_right = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let mut __call_num = ::core::option::Option::None;
        let mut __call_num_2 = ::core::option::Option::None;
        let mut __call_num_3 = ::core::option::Option::None;
        let mut __call_num_4 = ::core::option::Option::None;
        let mut __call_num_5 = ::core::option::Option::None;
        let mut at = machine
            .enter(
                &[
                    ("num", __At::num),
                    ("num#2", __At::num_2),
                    ("num#3", __At::num_3),
                    ("num#4", __At::num_4),
                    ("num#5", __At::num_5),
                ],
                __At::Start,
                __At::Description,
            )
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let sites { n } = __arguments;
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
                    let n = __reply?;
                    let __call = num(twice(n));
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
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_2),
                        )
                        .await;
                    match __reply_2 {
                        Ok(same @ (0 | 1)) => {
                            let __value = same;
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        Ok(n_2) if n_2 > LIMIT => {
                            let __call = num(n_2);
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
                        Ok(other) => {
                            let __value = other;
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        Err(error) => {
                            let __value = return Err(error);
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                    }
                }
                __At::num_3 => 'arm: {
                    let __reply_3 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_3),
                        )
                        .await;
                    let __value = __reply_3?;
                    slot_value = ::core::option::Option::Some(__value);
                    at = __At::AfterMatch;
                    continue 'machine;
                }
                __At::AfterMatch => 'arm: {
                    let __value = ::sagaflow::__private::take(&mut slot_value);
                    let n = __value;
                    let __call = num(n);
                    machine.save("n", &n, &codec_n);
                    match machine
                        .suspend(
                            "num#4",
                            __call,
                            &mut __call_num_4,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::num_4 => 'arm: {
                    machine.restore("n", &mut slot_n, &codec_n);
                    machine.restored().await;
                    let n = ::sagaflow::__private::take(&mut slot_n);
                    let __reply_4 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_4),
                        )
                        .await;
                    let (left, mut right) = (__reply_4?, n);
                    let __call = num(left);
                    machine.save("left", &left, &codec_left);
                    machine.save("right", &right, &codec_right);
                    match machine
                        .suspend(
                            "num#5",
                            __call,
                            &mut __call_num_5,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::num_5 => 'arm: {
                    machine.restore("left", &mut slot_left, &codec_left);
                    machine.restore("right", &mut slot_right, &codec_right);
                    machine.restored().await;
                    let left = ::sagaflow::__private::take(&mut slot_left);
                    let mut right = ::sagaflow::__private::take(&mut slot_right);
                    let __reply_5 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num_5),
                        )
                        .await;
                    right += __reply_5?;
                    return Ok(left + right);
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
                        &[],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num#3",
                        &__call_num_3,
                        &[],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num#4",
                        &__call_num_4,
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
                        "num#5",
                        &__call_num_5,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "left",
                                ::sagaflow::__private::Waiting(&slot_left).type_name(),
                                &codec_left,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "right",
                                ::sagaflow::__private::Waiting(&slot_right).type_name(),
                                &codec_right,
                            ),
                        ],
                    );
                    match machine
                        .described(
                            &[
                                ("@start", "", &[("num", "")]),
                                ("num", "", &[("@failed", "Err"), ("num#2", "Ok")]),
                                (
                                    "num#2",
                                    "",
                                    &[
                                        ("num#4", "Ok(same @ (0 | 1))"),
                                        ("num#3", "Ok(n) if n > LIMIT"),
                                        ("num#4", "Ok(other)"),
                                        ("@failed", "Err(error)"),
                                    ],
                                ),
                                ("num#3", "", &[("@failed", "Err"), ("num#4", "Ok")]),
                                ("num#4", "", &[("@failed", "Err"), ("num#5", "Ok")]),
                                ("num#5", "", &[("@failed", "Err"), ("@completed", "Ok")]),
                            ],
                        )
                        .await
                    {}
                }
            }
        }
    }
}
