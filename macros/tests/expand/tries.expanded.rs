impl ::sagaflow::__private::Saga for tries {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
    async fn inline(tries { order: order }: Self) -> Result<Receipt, Failure> {
        Ok(Receipt {
            paid: match charge(
                match price(&order) {
                    __call => ::sagaflow::__private::Durable::inline(__call).await,
                }?
                    .cents,
                match rate(order.country) {
                    __call => ::sagaflow::__private::Durable::inline(__call).await,
                }??,
            ) {
                __call => ::sagaflow::__private::Durable::inline(__call).await,
            }?,
            sent: match order.address {
                Some(address) if !address.is_empty() => {
                    Some(
                        match ship(
                            address,
                            match pack(order.items) {
                                __call => {
                                    ::sagaflow::__private::Durable::inline(__call).await
                                }
                            }?,
                        ) {
                            __call => {
                                ::sagaflow::__private::Durable::inline(__call).await
                            }
                        }?,
                    )
                }
                _ => None,
            },
        })
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
    ) -> Result<Receipt, Failure> {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
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
        {
            machine
                .states(
                    &[
                        ("price", &[0, 1, 2]),
                        ("rate", &[0, 2, 3]),
                        ("charge", &[0, 2]),
                        ("pack", &[4, 5]),
                        ("ship", &[4]),
                    ],
                );
            let mut slot_order_address = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.address", (&[], ::core::option::Option::None));
            let mut slot_order_country = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.country", (&[], ::core::option::Option::None));
            let mut slot_order_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.items", (&[], ::core::option::Option::None));
            let mut slot_held = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
                _,
            >>::slot(machine, "@held", (&[], ::core::option::Option::None));
            let mut slot_held_2 = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
                _,
            >>::slot(machine, "@held_2", (&[], ::core::option::Option::None));
            let mut slot_address = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "address", (&[], ::core::option::Option::None));
            let mut slot_value = ::core::option::Option::None;
            let __site_price = ::sagaflow::__private::Site::new("price");
            let __site_rate = ::sagaflow::__private::Site::new("rate");
            let __site_charge = ::sagaflow::__private::Site::new("charge");
            let __site_pack = ::sagaflow::__private::Site::new("pack");
            let __site_ship = ::sagaflow::__private::Site::new("ship");
            let at = machine
                .enter(
                    [__At::price, __At::rate, __At::charge, __At::pack, __At::ship],
                    __At::Start,
                    __At::Description,
                );
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let tries { order } = __arguments;
                            let __call = price(&order);
                            slot_order_address.save(&order.address);
                            slot_order_country.save(&order.country);
                            slot_order_items.save(&order.items);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_price,
                            );
                            break 'machine;
                        }
                        __At::price => 'arm: {
                            let ::core::option::Option::Some(__reply) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_price,
                            ) else { break 'machine };
                            let order_country = ::sagaflow::__private::take(
                                &mut slot_order_country.value,
                            );
                            let __held = __reply?.cents;
                            let __call = rate(order_country);
                            slot_held.save(&__held);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_rate,
                            );
                            break 'machine;
                        }
                        __At::rate => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_rate,
                            ) else { break 'machine };
                            let __held = ::sagaflow::__private::take(
                                &mut slot_held.value,
                            );
                            let __call = charge(__held, __reply_2??);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_charge,
                            );
                            break 'machine;
                        }
                        __At::charge => 'arm: {
                            let ::core::option::Option::Some(__reply_3) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_charge,
                            ) else { break 'machine };
                            let order_address = ::sagaflow::__private::take(
                                &mut slot_order_address.value,
                            );
                            let order_items = ::sagaflow::__private::take(
                                &mut slot_order_items.value,
                            );
                            let __held_2 = __reply_3?;
                            match order_address {
                                Some(address) if !address.is_empty() => {
                                    let __call = pack(order_items);
                                    slot_held_2.save(&__held_2);
                                    slot_address.save(&address);
                                    ::sagaflow::__private::Durable::suspend(
                                        __call,
                                        machine,
                                        &__site_pack,
                                    );
                                    break 'machine;
                                }
                                _ => {
                                    let __value = None;
                                    slot_held_2.value = ::core::option::Option::Some(__held_2);
                                    slot_value = ::core::option::Option::Some(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                            }
                        }
                        __At::pack => 'arm: {
                            let ::core::option::Option::Some(__reply_4) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_pack,
                            ) else { break 'machine };
                            let address = ::sagaflow::__private::take(
                                &mut slot_address.value,
                            );
                            let __call = ship(address, __reply_4?);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_ship,
                            );
                            break 'machine;
                        }
                        __At::ship => 'arm: {
                            let ::core::option::Option::Some(__reply_5) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_ship,
                            ) else { break 'machine };
                            let __value = Some(__reply_5?);
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        __At::AfterMatch => 'arm: {
                            let __held_2 = ::sagaflow::__private::take(
                                &mut slot_held_2.value,
                            );
                            let __value = ::sagaflow::__private::take(&mut slot_value);
                            return Ok(Receipt {
                                paid: __held_2,
                                sent: __value,
                            });
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(machine, &__site_price);
                            ::sagaflow::__private::Durable::at(machine, &__site_rate);
                            ::sagaflow::__private::Durable::at(machine, &__site_charge);
                            ::sagaflow::__private::Durable::at(machine, &__site_pack);
                            ::sagaflow::__private::Durable::at(machine, &__site_ship);
                            machine
                                .described(
                                    &[
                                        slot_order_address
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_order_address.value)
                                                    .type_name(),
                                            ),
                                        slot_order_country
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_order_country.value)
                                                    .type_name(),
                                            ),
                                        slot_order_items
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_order_items.value)
                                                    .type_name(),
                                            ),
                                        slot_held
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_held.value).type_name(),
                                            ),
                                        slot_held_2
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_held_2.value)
                                                    .type_name(),
                                            ),
                                        slot_address
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_address.value)
                                                    .type_name(),
                                            ),
                                    ],
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
                                );
                            break 'machine;
                        }
                    }
                }
            }
            slot_order_address.leave(machine);
            slot_order_country.leave(machine);
            slot_order_items.leave(machine);
            slot_held.leave(machine);
            slot_held_2.leave(machine);
            slot_address.leave(machine);
        }
        match machine.stop().await {}
    }
}
