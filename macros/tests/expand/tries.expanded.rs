impl ::sagaflow::__private::Saga for tries {
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
    ) -> Result<Receipt, Failure> {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            price,
            rate,
            charge,
            pack,
            ship,
            AfterMatch,
            Description,
        }
        let mut slot_order_address = ::core::option::Option::None;
        let mut slot_order_country = ::core::option::Option::None;
        let mut slot_order_items = ::core::option::Option::None;
        let mut slot_held = ::core::option::Option::None;
        let mut slot_held_2 = ::core::option::Option::None;
        let mut slot_value = ::core::option::Option::None;
        let mut slot_address = ::core::option::Option::None;
        let codec_order_address = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_order_country = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_order_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_held = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
            _,
        >>::codec();
        let codec_held_2 = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
            _,
        >>::codec();
        let codec_address = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let mut __call_price = ::core::option::Option::None;
        let mut __call_rate = ::core::option::Option::None;
        let mut __call_charge = ::core::option::Option::None;
        let mut __call_pack = ::core::option::Option::None;
        let mut __call_ship = ::core::option::Option::None;
        let mut at = machine
            .enter(
                &[
                    ("price", __At::price),
                    ("rate", __At::rate),
                    ("charge", __At::charge),
                    ("pack", __At::pack),
                    ("ship", __At::ship),
                ],
                __At::Start,
                __At::Description,
            )
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let tries { order } = __arguments;
                    let __call = price(&order);
                    machine.save("order.address", &order.address, &codec_order_address);
                    machine.save("order.country", &order.country, &codec_order_country);
                    machine.save("order.items", &order.items, &codec_order_items);
                    match machine
                        .suspend(
                            "price",
                            __call,
                            &mut __call_price,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::price => 'arm: {
                    machine
                        .restore(
                            "order.address",
                            &mut slot_order_address,
                            &codec_order_address,
                        );
                    machine
                        .restore(
                            "order.country",
                            &mut slot_order_country,
                            &codec_order_country,
                        );
                    machine
                        .restore(
                            "order.items",
                            &mut slot_order_items,
                            &codec_order_items,
                        );
                    machine.restored().await;
                    let order_country = ::sagaflow::__private::take(
                        &mut slot_order_country,
                    );
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_price),
                        )
                        .await;
                    let __held = __reply?.cents;
                    let __call = rate(order_country);
                    machine
                        .keep(
                            "order.address",
                            &slot_order_address,
                            &codec_order_address,
                        );
                    machine.keep("order.items", &slot_order_items, &codec_order_items);
                    machine.save("@held", &__held, &codec_held);
                    match machine
                        .suspend(
                            "rate",
                            __call,
                            &mut __call_rate,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::rate => 'arm: {
                    machine
                        .restore(
                            "order.address",
                            &mut slot_order_address,
                            &codec_order_address,
                        );
                    machine
                        .restore(
                            "order.items",
                            &mut slot_order_items,
                            &codec_order_items,
                        );
                    machine.restore("@held", &mut slot_held, &codec_held);
                    machine.restored().await;
                    let __held = ::sagaflow::__private::take(&mut slot_held);
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_rate),
                        )
                        .await;
                    let __call = charge(__held, __reply_2??);
                    machine
                        .keep(
                            "order.address",
                            &slot_order_address,
                            &codec_order_address,
                        );
                    machine.keep("order.items", &slot_order_items, &codec_order_items);
                    match machine
                        .suspend(
                            "charge",
                            __call,
                            &mut __call_charge,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::charge => 'arm: {
                    machine
                        .restore(
                            "order.address",
                            &mut slot_order_address,
                            &codec_order_address,
                        );
                    machine
                        .restore(
                            "order.items",
                            &mut slot_order_items,
                            &codec_order_items,
                        );
                    machine.restored().await;
                    let order_address = ::sagaflow::__private::take(
                        &mut slot_order_address,
                    );
                    let order_items = ::sagaflow::__private::take(&mut slot_order_items);
                    let __reply_3 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_charge),
                        )
                        .await;
                    let __held_2 = __reply_3?;
                    match order_address {
                        Some(address) if !address.is_empty() => {
                            let __call = pack(order_items);
                            machine.save("@held_2", &__held_2, &codec_held_2);
                            machine.save("address", &address, &codec_address);
                            match machine
                                .suspend(
                                    "pack",
                                    __call,
                                    &mut __call_pack,
                                    ::sagaflow::__private::Durable::begin,
                                )
                                .await
                            {}
                        }
                        _ => {
                            let __value = None;
                            slot_held_2 = ::core::option::Option::Some(__held_2);
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                    }
                }
                __At::pack => 'arm: {
                    machine.restore("@held_2", &mut slot_held_2, &codec_held_2);
                    machine.restore("address", &mut slot_address, &codec_address);
                    machine.restored().await;
                    let address = ::sagaflow::__private::take(&mut slot_address);
                    let __reply_4 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_pack),
                        )
                        .await;
                    let __call = ship(address, __reply_4?);
                    machine.keep("@held_2", &slot_held_2, &codec_held_2);
                    match machine
                        .suspend(
                            "ship",
                            __call,
                            &mut __call_ship,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::ship => 'arm: {
                    machine.restore("@held_2", &mut slot_held_2, &codec_held_2);
                    machine.restored().await;
                    let __reply_5 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_ship),
                        )
                        .await;
                    let __value = Some(__reply_5?);
                    slot_value = ::core::option::Option::Some(__value);
                    at = __At::AfterMatch;
                    continue 'machine;
                }
                __At::AfterMatch => 'arm: {
                    let __held_2 = ::sagaflow::__private::take(&mut slot_held_2);
                    let __value = ::sagaflow::__private::take(&mut slot_value);
                    return Ok(Receipt {
                        paid: __held_2,
                        sent: __value,
                    });
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "price",
                        &__call_price,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "order.address",
                                ::sagaflow::__private::Waiting(&slot_order_address)
                                    .type_name(),
                                &codec_order_address,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "order.country",
                                ::sagaflow::__private::Waiting(&slot_order_country)
                                    .type_name(),
                                &codec_order_country,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "order.items",
                                ::sagaflow::__private::Waiting(&slot_order_items)
                                    .type_name(),
                                &codec_order_items,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "rate",
                        &__call_rate,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "order.address",
                                ::sagaflow::__private::Waiting(&slot_order_address)
                                    .type_name(),
                                &codec_order_address,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "order.items",
                                ::sagaflow::__private::Waiting(&slot_order_items)
                                    .type_name(),
                                &codec_order_items,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "@held",
                                ::sagaflow::__private::Waiting(&slot_held).type_name(),
                                &codec_held,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "charge",
                        &__call_charge,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "order.address",
                                ::sagaflow::__private::Waiting(&slot_order_address)
                                    .type_name(),
                                &codec_order_address,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "order.items",
                                ::sagaflow::__private::Waiting(&slot_order_items)
                                    .type_name(),
                                &codec_order_items,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "pack",
                        &__call_pack,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "@held_2",
                                ::sagaflow::__private::Waiting(&slot_held_2).type_name(),
                                &codec_held_2,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "address",
                                ::sagaflow::__private::Waiting(&slot_address).type_name(),
                                &codec_address,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "ship",
                        &__call_ship,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "@held_2",
                                ::sagaflow::__private::Waiting(&slot_held_2).type_name(),
                                &codec_held_2,
                            ),
                        ],
                    );
                    match machine
                        .described(
                            &[
                                ("@start", "", &[("price", "")]),
                                ("price", "", &[("@failed", "Err"), ("rate", "Ok")]),
                                ("rate", "", &[("@failed", "Err"), ("charge", "Ok")]),
                                (
                                    "charge",
                                    "",
                                    &[
                                        ("@failed", "Err"),
                                        ("pack", "Some(address) if !address.is_empty()"),
                                        ("@completed", "_"),
                                    ],
                                ),
                                ("pack", "", &[("@failed", "Err"), ("ship", "Ok")]),
                                ("ship", "", &[("@failed", "Err"), ("@completed", "Ok")]),
                            ],
                        )
                        .await
                    {}
                }
            }
        }
    }
}
