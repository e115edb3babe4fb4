impl ::sagaflow::__private::Saga for borrows {
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
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            NextItem,
            reserve,
            AfterFor,
            wrap,
            AfterMatch,
            Description,
        }
        let mut slot_order_kind = ::core::option::Option::None;
        let mut slot_order_lines = ::core::option::Option::None;
        let mut slot_order_name = ::core::option::Option::None;
        let mut slot_total = ::core::option::Option::None;
        let mut slot_position_of_index = ::core::option::Option::None;
        let codec_order_kind = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_order_lines = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_order_name = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_position_of_index = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let mut __call_reserve = ::core::option::Option::None;
        let mut __call_wrap = ::core::option::Option::None;
        let mut at = machine
            .enter(
                &[("reserve", __At::reserve), ("wrap", __At::wrap)],
                __At::Start,
                __At::Description,
            )
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let borrows { mut order } = __arguments;
                    let name = &order.name;
                    let mut total = 0;
                    let mut __position_of_index = 0usize;
                    slot_order_kind = ::core::option::Option::Some(order.kind);
                    slot_order_lines = ::core::option::Option::Some(order.lines);
                    slot_order_name = ::core::option::Option::Some(order.name);
                    slot_total = ::core::option::Option::Some(total);
                    slot_position_of_index = ::core::option::Option::Some(
                        __position_of_index,
                    );
                    at = __At::NextItem;
                    continue 'machine;
                }
                __At::NextItem => 'arm: {
                    let mut order_lines = ::sagaflow::__private::take(
                        &mut slot_order_lines,
                    );
                    let mut __position_of_index = ::sagaflow::__private::take(
                        &mut slot_position_of_index,
                    );
                    match ::sagaflow::__private::next(
                        ::sagaflow::__private::Ordered::ordered(&order_lines)
                            .iter()
                            .enumerate(),
                        &mut __position_of_index,
                    ) {
                        ::core::option::Option::Some((index, line)) => {
                            let __call = reserve(line.item, index);
                            machine
                                .keep("order.kind", &slot_order_kind, &codec_order_kind);
                            machine
                                .save("order.lines", &order_lines, &codec_order_lines);
                            machine
                                .keep("order.name", &slot_order_name, &codec_order_name);
                            machine.keep("total", &slot_total, &codec_total);
                            machine
                                .save(
                                    "@position_of_index",
                                    &__position_of_index,
                                    &codec_position_of_index,
                                );
                            match machine
                                .suspend(
                                    "reserve",
                                    __call,
                                    &mut __call_reserve,
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
                __At::reserve => 'arm: {
                    machine
                        .restore("order.kind", &mut slot_order_kind, &codec_order_kind);
                    machine
                        .restore(
                            "order.lines",
                            &mut slot_order_lines,
                            &codec_order_lines,
                        );
                    machine
                        .restore("order.name", &mut slot_order_name, &codec_order_name);
                    machine.restore("total", &mut slot_total, &codec_total);
                    machine
                        .restore(
                            "@position_of_index",
                            &mut slot_position_of_index,
                            &codec_position_of_index,
                        );
                    machine.restored().await;
                    let mut order_lines = ::sagaflow::__private::take(
                        &mut slot_order_lines,
                    );
                    let mut order_name = ::sagaflow::__private::take(
                        &mut slot_order_name,
                    );
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    let mut __position_of_index = ::sagaflow::__private::take(
                        &mut slot_position_of_index,
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
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_reserve),
                        )
                        .await;
                    total += __reply?.price;
                    log(name, line);
                    slot_order_lines = ::core::option::Option::Some(order_lines);
                    slot_order_name = ::core::option::Option::Some(order_name);
                    slot_total = ::core::option::Option::Some(total);
                    slot_position_of_index = ::core::option::Option::Some(
                        __position_of_index,
                    );
                    at = __At::NextItem;
                    continue 'machine;
                }
                __At::AfterFor => 'arm: {
                    let mut order_kind = ::sagaflow::__private::take(
                        &mut slot_order_kind,
                    );
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    match &mut order_kind {
                        Kind::Gift { note, .. } => {
                            let __call = wrap(total);
                            machine.save("order.kind", &order_kind, &codec_order_kind);
                            machine.save("total", &total, &codec_total);
                            match machine
                                .suspend(
                                    "wrap",
                                    __call,
                                    &mut __call_wrap,
                                    ::sagaflow::__private::Durable::begin,
                                )
                                .await
                            {}
                        }
                        _ => {
                            {};
                            slot_total = ::core::option::Option::Some(total);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                    }
                }
                __At::wrap => 'arm: {
                    machine
                        .restore("order.kind", &mut slot_order_kind, &codec_order_kind);
                    machine.restore("total", &mut slot_total, &codec_total);
                    machine.restored().await;
                    let mut order_kind = ::sagaflow::__private::take(
                        &mut slot_order_kind,
                    );
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    let (note,) = match &mut order_kind {
                        Kind::Gift { note, .. } => (note,),
                        _ => ::sagaflow::__private::changed(),
                    };
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_wrap),
                        )
                        .await;
                    total += __reply_2?;
                    note.push('!');
                    slot_total = ::core::option::Option::Some(total);
                    at = __At::AfterMatch;
                    continue 'machine;
                }
                __At::AfterMatch => 'arm: {
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    return Ok(total);
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "reserve",
                        &__call_reserve,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "order.kind",
                                ::sagaflow::__private::Waiting(&slot_order_kind)
                                    .type_name(),
                                &codec_order_kind,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "order.lines",
                                ::sagaflow::__private::Waiting(&slot_order_lines)
                                    .type_name(),
                                &codec_order_lines,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "order.name",
                                ::sagaflow::__private::Waiting(&slot_order_name)
                                    .type_name(),
                                &codec_order_name,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "total",
                                ::sagaflow::__private::Waiting(&slot_total).type_name(),
                                &codec_total,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "@position_of_index",
                                ::sagaflow::__private::Waiting(&slot_position_of_index)
                                    .type_name(),
                                &codec_position_of_index,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "wrap",
                        &__call_wrap,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "order.kind",
                                ::sagaflow::__private::Waiting(&slot_order_kind)
                                    .type_name(),
                                &codec_order_kind,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "total",
                                ::sagaflow::__private::Waiting(&slot_total).type_name(),
                                &codec_total,
                            ),
                        ],
                    );
                    match machine
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
                        )
                        .await
                    {}
                }
            }
        }
    }
}
