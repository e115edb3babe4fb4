impl ::sagaflow::__private::Saga for borrows {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
    async fn inline(borrows { order: mut order }: Self) -> Result<u64, Failure> {
        let name = &order.name;
        let mut total = 0;
        for (index, line) in order.lines.iter().enumerate() {
            total
                += match reserve(line.item, index) {
                    __call => ::sagaflow::__private::Durable::inline(__call).await,
                }?
                    .price;
            log(name, line);
        }
        match &mut order.kind {
            Kind::Gift { note, .. } => {
                total
                    += match wrap(total) {
                        __call => ::sagaflow::__private::Durable::inline(__call).await,
                    }?;
                note.push('!');
            }
            _ => {}
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
    ) -> Result<u64, Failure> {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
        enum __At {
            Start,
            NextItem,
            reserve,
            AfterFor,
            wrap,
            AfterMatch,
            Description,
        }
        {
            machine.states(&[("reserve", &[0, 1, 2, 3, 4]), ("wrap", &[0, 3])]);
            let mut slot_order_kind = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.kind", (&[], ::core::option::Option::None));
            let mut slot_order_lines = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.lines", (&[], ::core::option::Option::None));
            let mut slot_order_name = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.name", (&[], ::core::option::Option::None));
            let mut slot_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "total", (&[], ::core::option::Option::None));
            let mut slot_position_of_index = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "@position_of_index", (&[], ::core::option::Option::None));
            let __site_reserve = ::sagaflow::__private::Site::new("reserve");
            let __site_wrap = ::sagaflow::__private::Site::new("wrap");
            let at = machine
                .enter([__At::reserve, __At::wrap], __At::Start, __At::Description);
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let borrows { mut order } = __arguments;
                            let name = &order.name;
                            let mut total = 0;
                            let mut __position_of_index = 0usize;
                            slot_order_kind.value = ::core::option::Option::Some(
                                order.kind,
                            );
                            slot_order_lines.value = ::core::option::Option::Some(
                                order.lines,
                            );
                            slot_order_name.value = ::core::option::Option::Some(
                                order.name,
                            );
                            slot_total.value = ::core::option::Option::Some(total);
                            slot_position_of_index.value = ::core::option::Option::Some(
                                __position_of_index,
                            );
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::NextItem => 'arm: {
                            let mut order_lines = ::sagaflow::__private::take(
                                &mut slot_order_lines.value,
                            );
                            let mut __position_of_index = ::sagaflow::__private::take(
                                &mut slot_position_of_index.value,
                            );
                            match ::sagaflow::__private::next(
                                ::sagaflow::__private::Ordered::ordered(&order_lines)
                                    .iter()
                                    .enumerate(),
                                &mut __position_of_index,
                            ) {
                                ::core::option::Option::Some((index, line)) => {
                                    let __call = reserve(line.item, index);
                                    slot_order_lines.save(&order_lines);
                                    slot_position_of_index.save(&__position_of_index);
                                    ::sagaflow::__private::Durable::suspend(
                                        __call,
                                        machine,
                                        &__site_reserve,
                                    );
                                    break 'machine;
                                }
                                ::core::option::Option::None => {
                                    at = __At::AfterFor;
                                    continue 'machine;
                                }
                            }
                        }
                        __At::reserve => 'arm: {
                            let ::core::option::Option::Some(__reply) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_reserve,
                            ) else { break 'machine };
                            let mut order_lines = ::sagaflow::__private::take(
                                &mut slot_order_lines.value,
                            );
                            let mut order_name = ::sagaflow::__private::take(
                                &mut slot_order_name.value,
                            );
                            let mut total = ::sagaflow::__private::take(
                                &mut slot_total.value,
                            );
                            let mut __position_of_index = ::sagaflow::__private::take(
                                &mut slot_position_of_index.value,
                            );
                            let name = &order_name;
                            let (line,) = match ::sagaflow::__private::nth(
                                ::sagaflow::__private::Ordered::ordered(&order_lines)
                                    .iter()
                                    .enumerate(),
                                __position_of_index - 1,
                            ) {
                                ::core::option::Option::Some((_, line)) => (line,),
                                _ => ::sagaflow::__private::changed(),
                            };
                            total += __reply?.price;
                            log(name, line);
                            slot_order_lines.value = ::core::option::Option::Some(
                                order_lines,
                            );
                            slot_order_name.value = ::core::option::Option::Some(
                                order_name,
                            );
                            slot_total.value = ::core::option::Option::Some(total);
                            slot_position_of_index.value = ::core::option::Option::Some(
                                __position_of_index,
                            );
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::AfterFor => 'arm: {
                            let mut order_kind = ::sagaflow::__private::take(
                                &mut slot_order_kind.value,
                            );
                            let mut total = ::sagaflow::__private::take(
                                &mut slot_total.value,
                            );
                            match &mut order_kind {
                                Kind::Gift { note, .. } => {
                                    slot_total.save(&total);
                                    let __call = wrap(total);
                                    slot_order_kind.save(&order_kind);
                                    ::sagaflow::__private::Durable::suspend(
                                        __call,
                                        machine,
                                        &__site_wrap,
                                    );
                                    break 'machine;
                                }
                                _ => {
                                    {};
                                    slot_total.value = ::core::option::Option::Some(total);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                            }
                        }
                        __At::wrap => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_wrap,
                            ) else { break 'machine };
                            let mut order_kind = ::sagaflow::__private::take(
                                &mut slot_order_kind.value,
                            );
                            let mut total = ::sagaflow::__private::take(
                                &mut slot_total.value,
                            );
                            let (note,) = match &mut order_kind {
                                Kind::Gift { note, .. } => (note,),
                                _ => ::sagaflow::__private::changed(),
                            };
                            total += __reply_2?;
                            note.push('!');
                            slot_total.value = ::core::option::Option::Some(total);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        __At::AfterMatch => 'arm: {
                            let mut total = ::sagaflow::__private::take(
                                &mut slot_total.value,
                            );
                            return Ok(total);
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(machine, &__site_reserve);
                            ::sagaflow::__private::Durable::at(machine, &__site_wrap);
                            machine
                                .described(
                                    &[
                                        slot_order_kind
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_order_kind.value)
                                                    .type_name(),
                                            ),
                                        slot_order_lines
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_order_lines.value)
                                                    .type_name(),
                                            ),
                                        slot_order_name
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_order_name.value)
                                                    .type_name(),
                                            ),
                                        slot_total
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_total.value)
                                                    .type_name(),
                                            ),
                                        slot_position_of_index
                                            .describe(
                                                ::sagaflow::__private::Waiting(
                                                        &slot_position_of_index.value,
                                                    )
                                                    .type_name(),
                                            ),
                                    ],
                                    &[
                                        ("@start", "", &[("@for", "")]),
                                        (
                                            "@for",
                                            "for (index, line)",
                                            &[("reserve", "next"), ("@join", "done")],
                                        ),
                                        ("reserve", "", &[("@failed", "Err"), ("@for", "Ok")]),
                                        (
                                            "@join",
                                            "",
                                            &[("wrap", "Kind::Gift { note, .. }"), ("@completed", "_")],
                                        ),
                                        ("wrap", "", &[("@failed", "Err"), ("@completed", "Ok")]),
                                    ],
                                );
                            break 'machine;
                        }
                    }
                }
            }
            slot_order_kind.leave(machine);
            slot_order_lines.leave(machine);
            slot_order_name.leave(machine);
            slot_total.leave(machine);
            slot_position_of_index.leave(machine);
        }
        match machine.stop().await {}
    }
}
