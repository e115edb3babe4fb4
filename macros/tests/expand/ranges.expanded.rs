impl ::sagaflow::__private::Saga for ranges {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
    async fn inline(ranges { n: n }: Self) -> u32 {
        let mut total = 0;
        for row in (0..n).rev() {
            for column in row..=n {
                total
                    += match num(row * column) {
                        __call => ::sagaflow::__private::Durable::inline(__call).await,
                    }
                        .unwrap_or(0);
            }
        }
        total
    }
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
        enum __At {
            Start,
            NextItem,
            NextItem_2,
            num,
            AfterFor,
            AfterFor_2,
            Description,
        }
        {
            machine.states(&[("num", &[0, 1, 2, 3, 4])]);
            let mut slot_n = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "n", (&[], ::core::option::Option::None));
            let mut slot_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "total", (&[], ::core::option::Option::None));
            let mut slot_rest_of_row = ::sagaflow::__private::SavedItems::slot(
                machine,
                "@rest_of_row",
                (&[], ::core::option::Option::None),
            );
            let mut slot_row = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "row", (&[], ::core::option::Option::None));
            let mut slot_rest_of_column = ::sagaflow::__private::SavedItems::slot(
                machine,
                "@rest_of_column",
                (&[], ::core::option::Option::None),
            );
            let __site_num = ::sagaflow::__private::Site::new("num");
            let at = machine.enter([__At::num], __At::Start, __At::Description);
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let ranges { n } = __arguments;
                            let mut total = 0;
                            let mut __rest_of_row = ::sagaflow::__private::Iterable(
                                    (0..n).rev(),
                                )
                                .rest();
                            slot_n.value = ::core::option::Option::Some(n);
                            slot_total.value = ::core::option::Option::Some(total);
                            slot_rest_of_row.value = ::core::option::Option::Some(
                                __rest_of_row,
                            );
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::NextItem => 'arm: {
                            let n = ::sagaflow::__private::take(&mut slot_n.value);
                            let mut __rest_of_row = ::sagaflow::__private::take(
                                &mut slot_rest_of_row.value,
                            );
                            match ::core::iter::Iterator::next(&mut __rest_of_row) {
                                ::core::option::Option::Some(row) => {
                                    let mut __rest_of_column = ::sagaflow::__private::Iterable(
                                            row..=n,
                                        )
                                        .rest();
                                    slot_n.value = ::core::option::Option::Some(n);
                                    slot_rest_of_row.value = ::core::option::Option::Some(
                                        __rest_of_row,
                                    );
                                    slot_row.value = ::core::option::Option::Some(row);
                                    slot_rest_of_column.value = ::core::option::Option::Some(
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
                            let row = ::sagaflow::__private::take(&mut slot_row.value);
                            let mut __rest_of_column = ::sagaflow::__private::take(
                                &mut slot_rest_of_column.value,
                            );
                            match ::core::iter::Iterator::next(&mut __rest_of_column) {
                                ::core::option::Option::Some(column) => {
                                    let __call = num(row * column);
                                    slot_row.save(&row);
                                    slot_rest_of_column.save(&__rest_of_column);
                                    ::sagaflow::__private::Durable::suspend(
                                        __call,
                                        machine,
                                        &__site_num,
                                    );
                                    break 'machine;
                                }
                                ::core::option::Option::None => {
                                    at = __At::AfterFor;
                                    continue 'machine;
                                }
                            }
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num,
                            ) else { break 'machine };
                            let mut total = ::sagaflow::__private::take(
                                &mut slot_total.value,
                            );
                            total += __reply.unwrap_or(0);
                            slot_total.value = ::core::option::Option::Some(total);
                            at = __At::NextItem_2;
                            continue 'machine;
                        }
                        __At::AfterFor => 'arm: {
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::AfterFor_2 => 'arm: {
                            let mut total = ::sagaflow::__private::take(
                                &mut slot_total.value,
                            );
                            return total;
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(machine, &__site_num);
                            machine
                                .described(
                                    &[
                                        slot_n
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_n.value).type_name(),
                                            ),
                                        slot_total
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_total.value)
                                                    .type_name(),
                                            ),
                                        slot_rest_of_row
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_rest_of_row.value)
                                                    .type_name(),
                                            ),
                                        slot_row
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_row.value).type_name(),
                                            ),
                                        slot_rest_of_column
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_rest_of_column.value)
                                                    .type_name(),
                                            ),
                                    ],
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
                                );
                            break 'machine;
                        }
                    }
                }
            }
            slot_n.leave(machine);
            slot_total.leave(machine);
            slot_rest_of_row.leave(machine);
            slot_row.leave(machine);
            slot_rest_of_column.leave(machine);
        }
        match machine.stop().await {}
    }
}
