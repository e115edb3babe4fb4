impl ::sagaflow::__private::Saga for tries {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
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
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
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
            >>::slot(machine, "order.address");
            let mut slot_order_country = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.country");
            let mut slot_order_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.items");
            let mut slot_held = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
                _,
            >>::slot(machine, "@held");
            let mut slot_held_2 = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
                _,
            >>::slot(machine, "@held_2");
            let mut slot_address = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "address");
            let mut slot_value = ::sagaflow::__private::Passing::new();
            let __site_price = ::sagaflow::__private::Durable::site(machine, "price");
            let __site_rate = ::sagaflow::__private::Durable::site(machine, "rate");
            let __site_charge = ::sagaflow::__private::Durable::site(machine, "charge");
            let __site_pack = ::sagaflow::__private::Durable::site(machine, "pack");
            let __site_ship = ::sagaflow::__private::Durable::site(machine, "ship");
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
                            __site_price.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::price => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_price
                                .reply(machine) else { break 'machine };
                            let order_country = slot_order_country.take();
                            let __held = __reply?.cents;
                            let __call = rate(order_country);
                            slot_held.save(&__held);
                            __site_rate.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::rate => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = __site_rate
                                .reply(machine) else { break 'machine };
                            let __held = slot_held.take();
                            let __call = charge(__held, __reply_2??);
                            __site_charge.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::charge => 'arm: {
                            let ::core::option::Option::Some(__reply_3) = __site_charge
                                .reply(machine) else { break 'machine };
                            let order_address = slot_order_address.take();
                            let order_items = slot_order_items.take();
                            let __held_2 = __reply_3?;
                            match order_address {
                                Some(address) if !address.is_empty() => {
                                    let __call = pack(order_items);
                                    slot_held_2.save(&__held_2);
                                    slot_address.save(&address);
                                    __site_pack.suspend(machine, __call);
                                    break 'machine;
                                }
                                _ => {
                                    let __value = None;
                                    slot_held_2.put(__held_2);
                                    slot_value.put(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                            }
                        }
                        __At::pack => 'arm: {
                            let ::core::option::Option::Some(__reply_4) = __site_pack
                                .reply(machine) else { break 'machine };
                            let address = slot_address.take();
                            let __call = ship(address, __reply_4?);
                            __site_ship.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::ship => 'arm: {
                            let ::core::option::Option::Some(__reply_5) = __site_ship
                                .reply(machine) else { break 'machine };
                            let __value = Some(__reply_5?);
                            slot_value.put(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        __At::AfterMatch => 'arm: {
                            let __held_2 = slot_held_2.take();
                            let __value = slot_value.take();
                            return Ok(Receipt {
                                paid: __held_2,
                                sent: __value,
                            });
                        }
                        __At::Description => {
                            machine
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
                                );
                            break 'machine;
                        }
                    }
                }
            }
            machine
                .leave(::sagaflow::__private::Waiting(&mut slot_order_address).slot());
            machine
                .leave(::sagaflow::__private::Waiting(&mut slot_order_country).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_order_items).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_held).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_held_2).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_address).slot());
        }
        match machine.stop().await {}
    }
}
