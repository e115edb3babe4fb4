impl ::sagaflow::__private::Saga for labels {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
    async fn inline(labels { rows: rows }: Self) -> Result<u32, Failure> {
        let mut total = 0;
        'rows: for row in rows {
            for item in &row {
                if *item == 0 {
                    continue 'rows;
                }
            }
            let last = loop {
                total
                    += match num(total) {
                        __call => ::sagaflow::__private::Durable::inline(__call).await,
                    }?;
                if total > 10 {
                    break total;
                }
            };
            total -= last;
        }
        Ok(total)
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
    async fn resume(
        machine: &mut ::sagaflow::__private::Machine<'_>,
    ) -> Result<u32, Failure> {
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
        enum __At {
            Start,
            NextItem,
            Again,
            num,
            AfterLoop,
            AfterFor,
            Description,
        }
        {
            machine.states(&[("num", &[0, 1])]);
            let mut slot_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "total");
            let mut slot_rest_of_row = ::sagaflow::__private::SavedItems::slot(
                machine,
                "@rest_of_row",
            );
            let mut slot_value = ::sagaflow::__private::Passing::new();
            let __site_num = ::sagaflow::__private::Durable::site(machine, "num");
            let at = machine.enter([__At::num], __At::Start, __At::Description);
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let labels { rows } = __arguments;
                            let mut total = 0;
                            let mut __rest_of_row = ::sagaflow::__private::Iterable(rows)
                                .rest();
                            slot_total.put(total);
                            slot_rest_of_row.put(__rest_of_row);
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::NextItem => 'arm: {
                            let mut __rest_of_row = slot_rest_of_row.take();
                            match ::core::iter::Iterator::next(&mut __rest_of_row) {
                                ::core::option::Option::Some(row) => {
                                    for item in &row {
                                        if *item == 0 {
                                            slot_rest_of_row.put(__rest_of_row);
                                            at = __At::NextItem;
                                            continue 'machine;
                                        }
                                    }
                                    slot_rest_of_row.put(__rest_of_row);
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
                            let mut total = slot_total.take();
                            slot_total.save(&total);
                            let __call = num(total);
                            __site_num.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_num
                                .reply(machine) else { break 'machine };
                            let mut total = slot_total.take();
                            total += __reply?;
                            if total > 10 {
                                {
                                    let __value = total;
                                    slot_total.put(total);
                                    slot_value.put(__value);
                                    at = __At::AfterLoop;
                                    continue 'machine;
                                };
                            }
                            slot_total.put(total);
                            at = __At::Again;
                            continue 'machine;
                        }
                        __At::AfterLoop => 'arm: {
                            let mut total = slot_total.take();
                            let __value = slot_value.take();
                            let last = __value;
                            total -= last;
                            slot_total.put(total);
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::AfterFor => 'arm: {
                            let mut total = slot_total.take();
                            return Ok(total);
                        }
                        __At::Description => {
                            machine
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
                                );
                            break 'machine;
                        }
                    }
                }
            }
            machine.leave(::sagaflow::__private::Waiting(&mut slot_total).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_rest_of_row).slot());
        }
        match machine.stop().await {}
    }
}
