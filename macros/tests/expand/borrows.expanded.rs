impl ::sagaflow::__private::Saga for borrows {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
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
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
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
            >>::slot(machine, "order.kind");
            let mut slot_order_lines = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.lines");
            let mut slot_order_name = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.name");
            let mut slot_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "total");
            let mut slot_position_of_index = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "@position_of_index");
            let __site_reserve = ::sagaflow::__private::Durable::site(
                machine,
                "reserve",
            );
            let __site_wrap = ::sagaflow::__private::Durable::site(machine, "wrap");
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
                            slot_order_kind.put(order.kind);
                            slot_order_lines.put(order.lines);
                            slot_order_name.put(order.name);
                            slot_total.put(total);
                            slot_position_of_index.put(__position_of_index);
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::NextItem => 'arm: {
                            let mut order_lines = slot_order_lines.take();
                            let mut __position_of_index = slot_position_of_index.take();
                            match ::sagaflow::__private::Iterable(
                                    ::sagaflow::__private::Ordered::ordered(&order_lines)
                                        .iter()
                                        .enumerate(),
                                )
                                .next_at(&mut __position_of_index)
                            {
                                ::core::option::Option::Some((index, line)) => {
                                    let __call = reserve(line.item, index);
                                    slot_order_lines.save(&order_lines);
                                    slot_position_of_index.save(&__position_of_index);
                                    __site_reserve.suspend(machine, __call);
                                    break 'machine;
                                }
                                ::core::option::Option::None => {
                                    at = __At::AfterFor;
                                    continue 'machine;
                                }
                            }
                        }
                        __At::reserve => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_reserve
                                .reply(machine) else { break 'machine };
                            let mut order_lines = slot_order_lines.take();
                            let mut order_name = slot_order_name.take();
                            let mut total = slot_total.take();
                            let mut __position_of_index = slot_position_of_index.take();
                            let name = &order_name;
                            let (line,) = match ::sagaflow::__private::Iterable(
                                    ::sagaflow::__private::Ordered::ordered(&order_lines)
                                        .iter()
                                        .enumerate(),
                                )
                                .item_at(__position_of_index - 1)
                            {
                                ::core::option::Option::Some((_, line)) => (line,),
                                _ => ::sagaflow::__private::changed(),
                            };
                            total += __reply?.price;
                            log(name, line);
                            slot_order_lines.put(order_lines);
                            slot_order_name.put(order_name);
                            slot_total.put(total);
                            slot_position_of_index.put(__position_of_index);
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::AfterFor => 'arm: {
                            let mut order_kind = slot_order_kind.take();
                            let mut total = slot_total.take();
                            match &mut order_kind {
                                Kind::Gift { note, .. } => {
                                    slot_total.save(&total);
                                    let __call = wrap(total);
                                    slot_order_kind.save(&order_kind);
                                    __site_wrap.suspend(machine, __call);
                                    break 'machine;
                                }
                                _ => {
                                    {};
                                    slot_total.put(total);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                            }
                        }
                        __At::wrap => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = __site_wrap
                                .reply(machine) else { break 'machine };
                            let mut order_kind = slot_order_kind.take();
                            let mut total = slot_total.take();
                            let (note,) = match &mut order_kind {
                                Kind::Gift { note, .. } => (note,),
                                _ => ::sagaflow::__private::changed(),
                            };
                            total += __reply_2?;
                            note.push('!');
                            slot_total.put(total);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        __At::AfterMatch => 'arm: {
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
            machine.leave(::sagaflow::__private::Waiting(&mut slot_order_kind).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_order_lines).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_order_name).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_total).slot());
            machine
                .leave(
                    ::sagaflow::__private::Waiting(&mut slot_position_of_index).slot(),
                );
        }
        match machine.stop().await {}
    }
}
