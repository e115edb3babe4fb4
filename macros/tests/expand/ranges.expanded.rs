impl ::sagaflow::__private::Saga for ranges {
    #[allow(
        warnings,
        unused,
        nonstandard_style,
        unreachable_code,
        clippy::all,
        clippy::pedantic,
        clippy::nursery
    )]
    async fn resume(machine: &mut ::sagaflow::__private::Machine<'_>) -> u32 {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            NextItem,
            NextItem_2,
            num,
            AfterFor,
            AfterFor_2,
            Description,
        }
        let mut slot_n = ::core::option::Option::None;
        let mut slot_total = ::core::option::Option::None;
        let mut slot_rest_of_row = ::core::option::Option::None;
        let mut slot_row = ::core::option::Option::None;
        let mut slot_rest_of_column = ::core::option::Option::None;
        let codec_n = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_rest_of_row = ::sagaflow::__private::SavedItems::codec();
        let codec_row = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_rest_of_column = ::sagaflow::__private::SavedItems::codec();
        let mut __call_num = ::core::option::Option::None;
        let mut at = machine
            .enter(&[("num", __At::num)], __At::Start, __At::Description)
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let ranges { n } = __arguments;
                    let mut total = 0;
                    let mut __rest_of_row = ::sagaflow::__private::Iterable((0..n).rev())
                        .rest();
                    slot_n = ::core::option::Option::Some(n);
                    slot_total = ::core::option::Option::Some(total);
                    slot_rest_of_row = ::core::option::Option::Some(__rest_of_row);
                    at = __At::NextItem;
                    continue 'machine;
                }
                __At::NextItem => 'arm: {
                    let n = ::sagaflow::__private::take(&mut slot_n);
                    let mut __rest_of_row = ::sagaflow::__private::take(
                        &mut slot_rest_of_row,
                    );
                    match ::core::iter::Iterator::next(&mut __rest_of_row) {
                        ::core::option::Option::Some(row) => {
                            let mut __rest_of_column = ::sagaflow::__private::Iterable(
                                    row..=n,
                                )
                                .rest();
                            slot_n = ::core::option::Option::Some(n);
                            slot_rest_of_row = ::core::option::Option::Some(
                                __rest_of_row,
                            );
                            slot_row = ::core::option::Option::Some(row);
                            slot_rest_of_column = ::core::option::Option::Some(
                                __rest_of_column,
                            );
                            at = __At::NextItem_2;
                            continue 'machine;
                        }
                        ::core::option::Option::None => {
                            at = __At::AfterFor_2;
                            continue 'machine;
                        }
                    }
                }
                __At::NextItem_2 => 'arm: {
                    let row = ::sagaflow::__private::take(&mut slot_row);
                    let mut __rest_of_column = ::sagaflow::__private::take(
                        &mut slot_rest_of_column,
                    );
                    match ::core::iter::Iterator::next(&mut __rest_of_column) {
                        ::core::option::Option::Some(column) => {
                            let __call = num(row * column);
                            machine.keep("n", &slot_n, &codec_n);
                            machine.keep("total", &slot_total, &codec_total);
                            machine
                                .keep(
                                    "@rest_of_row",
                                    &slot_rest_of_row,
                                    &codec_rest_of_row,
                                );
                            machine.save("row", &row, &codec_row);
                            machine
                                .save(
                                    "@rest_of_column",
                                    &__rest_of_column,
                                    &codec_rest_of_column,
                                );
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
                        ::core::option::Option::None => {
                            at = __At::AfterFor;
                            continue 'machine;
                        }
                    }
                }
                __At::num => 'arm: {
                    machine.restore("n", &mut slot_n, &codec_n);
                    machine.restore("total", &mut slot_total, &codec_total);
                    machine
                        .restore(
                            "@rest_of_row",
                            &mut slot_rest_of_row,
                            &codec_rest_of_row,
                        );
                    machine.restore("row", &mut slot_row, &codec_row);
                    machine
                        .restore(
                            "@rest_of_column",
                            &mut slot_rest_of_column,
                            &codec_rest_of_column,
                        );
                    machine.restored().await;
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_num),
                        )
                        .await;
                    total += __reply.unwrap_or(0);
                    slot_total = ::core::option::Option::Some(total);
                    at = __At::NextItem_2;
                    continue 'machine;
                }
                __At::AfterFor => 'arm: {
                    at = __At::NextItem;
                    continue 'machine;
                }
                __At::AfterFor_2 => 'arm: {
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    return total;
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
                            ::sagaflow::__private::Variable::new(
                                "row",
                                ::sagaflow::__private::Waiting(&slot_row).type_name(),
                                &codec_row,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "@rest_of_column",
                                ::sagaflow::__private::Waiting(&slot_rest_of_column)
                                    .type_name(),
                                &codec_rest_of_column,
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
                                    &[("@for#2", "next"), ("@completed", "done")],
                                ),
                                (
                                    "@for#2",
                                    "for column",
                                    &[("num", "next"), ("@for", "done")],
                                ),
                                ("num", "", &[("@for#2", "")]),
                            ],
                        )
                        .await
                    {}
                }
            }
        }
    }
}
