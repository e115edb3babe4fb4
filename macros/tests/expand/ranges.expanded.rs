impl ::sagaflow::__private::Saga for ranges {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
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
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
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
            >>::slot(machine, "n");
            let mut slot_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "total");
            let mut slot_rest_of_row = ::sagaflow::__private::SavedItems::slot(
                machine,
                "@rest_of_row",
            );
            let mut slot_row = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "row");
            let mut slot_rest_of_column = ::sagaflow::__private::SavedItems::slot(
                machine,
                "@rest_of_column",
            );
            let __site_num = ::sagaflow::__private::Durable::site(machine, "num");
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
                            slot_n.put(n);
                            slot_total.put(total);
                            slot_rest_of_row.put(__rest_of_row);
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::NextItem => 'arm: {
                            let n = slot_n.take();
                            let mut __rest_of_row = slot_rest_of_row.take();
                            match ::core::iter::Iterator::next(&mut __rest_of_row) {
                                ::core::option::Option::Some(row) => {
                                    let mut __rest_of_column = ::sagaflow::__private::Iterable(
                                            row..=n,
                                        )
                                        .rest();
                                    slot_n.put(n);
                                    slot_rest_of_row.put(__rest_of_row);
                                    slot_row.put(row);
                                    slot_rest_of_column.put(__rest_of_column);
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
                            let row = slot_row.take();
                            let mut __rest_of_column = slot_rest_of_column.take();
                            match ::core::iter::Iterator::next(&mut __rest_of_column) {
                                ::core::option::Option::Some(column) => {
                                    let __call = num(row * column);
                                    slot_row.save(&row);
                                    slot_rest_of_column.save(&__rest_of_column);
                                    __site_num.suspend(machine, __call);
                                    break 'machine;
                                }
                                ::core::option::Option::None => {
                                    at = __At::AfterFor;
                                    continue 'machine;
                                }
                            }
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_num
                                .reply(machine) else { break 'machine };
                            let mut total = slot_total.take();
                            total += __reply.unwrap_or(0);
                            slot_total.put(total);
                            at = __At::NextItem_2;
                            continue 'machine;
                        }
                        __At::AfterFor => 'arm: {
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::AfterFor_2 => 'arm: {
                            let mut total = slot_total.take();
                            return total;
                        }
                        __At::Description => {
                            machine
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
                                );
                            break 'machine;
                        }
                    }
                }
            }
            machine.leave(::sagaflow::__private::Waiting(&mut slot_n).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_total).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_rest_of_row).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_row).slot());
            machine
                .leave(::sagaflow::__private::Waiting(&mut slot_rest_of_column).slot());
        }
        match machine.stop().await {}
    }
}
