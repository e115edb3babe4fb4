impl ::sagaflow::__private::Saga for labels {
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
            NextItem,
            Again,
            num,
            AfterLoop,
            AfterFor,
            Description,
        }
        let mut slot_total = ::core::option::Option::None;
        let mut slot_rest_of_row = ::core::option::Option::None;
        let mut slot_value = ::core::option::Option::None;
        let codec_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_rest_of_row = ::sagaflow::__private::SavedItems::codec();
        let mut __call_num = ::core::option::Option::None;
        let mut at = machine
            .enter(&[("num", __At::num)], __At::Start, __At::Description)
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let labels { rows } = __arguments;
                    let mut total = 0;
                    let mut __rest_of_row = ::sagaflow::__private::Iterable(rows).rest();
                    slot_total = ::core::option::Option::Some(total);
                    slot_rest_of_row = ::core::option::Option::Some(__rest_of_row);
                    at = __At::NextItem;
                    continue 'machine;
                }
                __At::NextItem => 'arm: {
                    let mut __rest_of_row = ::sagaflow::__private::take(
                        &mut slot_rest_of_row,
                    );
                    match ::core::iter::Iterator::next(&mut __rest_of_row) {
                        ::core::option::Option::Some(row) => {
                            for item in &row {
                                if *item == 0 {
                                    slot_rest_of_row = ::core::option::Option::Some(
                                        __rest_of_row,
                                    );
                                    at = __At::NextItem;
                                    continue 'machine;
                                }
                            }
                            slot_rest_of_row = ::core::option::Option::Some(
                                __rest_of_row,
                            );
                            at = __At::Again;
                            continue 'machine;
                        }
                        ::core::option::Option::None => {
                            at = __At::AfterFor;
                            continue 'machine;
                        }
                    }
                }
                __At::Again => 'arm: {
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    let __call = num(total);
                    machine.save("total", &total, &codec_total);
                    machine.keep("@rest_of_row", &slot_rest_of_row, &codec_rest_of_row);
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
                    machine.restore("total", &mut slot_total, &codec_total);
                    machine
                        .restore(
                            "@rest_of_row",
                            &mut slot_rest_of_row,
                            &codec_rest_of_row,
                        );
                    machine.restored().await;
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num),
                        )
                        .await;
                    total += __reply?;
                    if total > 10 {
                        {
                            let __value = total;
                            slot_total = ::core::option::Option::Some(total);
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterLoop;
                            continue 'machine;
                        };
                    }
                    slot_total = ::core::option::Option::Some(total);
                    at = __At::Again;
                    continue 'machine;
                }
                __At::AfterLoop => 'arm: {
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    let __value = ::sagaflow::__private::take(&mut slot_value);
                    let last = __value;
                    total -= last;
                    slot_total = ::core::option::Option::Some(total);
                    at = __At::NextItem;
                    continue 'machine;
                }
                __At::AfterFor => 'arm: {
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    return Ok(total);
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "num",
                        &__call_num,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "total",
                                ::sagaflow::__private::Waiting(&slot_total).type_name(),
                                &codec_total,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "@rest_of_row",
                                ::sagaflow::__private::Waiting(&slot_rest_of_row)
                                    .type_name(),
                                &codec_rest_of_row,
                            ),
                        ],
                    );
                    match machine
                        .described(
                            &[
                                ("@start", "", &[("@for", "")]),
                                (
                                    "@for",
                                    "for row",
                                    &[
                                        ("@for", "*item == 0"),
                                        ("num", "next"),
                                        ("@completed", "done"),
                                    ],
                                ),
                                (
                                    "num",
                                    "",
                                    &[("@failed", "Err"), ("@for", "total > 10"), ("num", "Ok")],
                                ),
                            ],
                        )
                        .await
                    {}
                }
            }
        }
    }
}
