impl ::sagaflow::__private::Saga for moves {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
    async fn inline(
        moves { order: order }: Self,
    ) -> Result<(Vec<u32>, String), Failure> {
        let user = match create_user(order.customer.name) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        let cheap = |price: u32| price < order.limit;
        let items: Vec<u32> = order
            .items
            .into_iter()
            .filter(|price| cheap(*price))
            .collect();
        match reserve(items.clone()) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        Ok((items, format!("{} {}", user.id, order.customer.city)))
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
    ) -> Result<(Vec<u32>, String), Failure> {
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
        enum __At {
            Start,
            create_user,
            reserve,
            Description,
        }
        {
            machine.states(&[("create_user", &[0, 1, 2]), ("reserve", &[0, 3, 4])]);
            let mut slot_order_customer_city = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.customer.city");
            let mut slot_order_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.items");
            let mut slot_order_limit = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.limit");
            let mut slot_user_id = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "user.id");
            let mut slot_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "items");
            let __site_create_user = ::sagaflow::__private::Durable::site(
                machine,
                "create_user",
            );
            let __site_reserve = ::sagaflow::__private::Durable::site(
                machine,
                "reserve",
            );
            let at = machine
                .enter(
                    [__At::create_user, __At::reserve],
                    __At::Start,
                    __At::Description,
                );
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let moves { order } = __arguments;
                            let __call = create_user(order.customer.name);
                            slot_order_customer_city.save(&order.customer.city);
                            slot_order_items.save(&order.items);
                            slot_order_limit.save(&order.limit);
                            __site_create_user.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::create_user => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_create_user
                                .reply(machine) else { break 'machine };
                            let order_items = slot_order_items.take();
                            let order_limit = slot_order_limit.take();
                            let user = __reply?;
                            let cheap = |price: u32| price < order_limit;
                            let items: Vec<u32> = order_items
                                .into_iter()
                                .filter(|price| cheap(*price))
                                .collect();
                            let __call = reserve(items.clone());
                            slot_user_id.save(&user.id);
                            slot_items.save(&items);
                            __site_reserve.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::reserve => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = __site_reserve
                                .reply(machine) else { break 'machine };
                            let order_customer_city = slot_order_customer_city.take();
                            let user_id = slot_user_id.take();
                            let items = slot_items.take();
                            __reply_2?;
                            return Ok((
                                items,
                                format!("{} {}", user_id, order_customer_city),
                            ));
                        }
                        __At::Description => {
                            machine
                                .described(
                                    &[
                                        ("@start", "", &[("create_user", "")]),
                                        (
                                            "create_user",
                                            "",
                                            &[("@failed", "Err"), ("reserve", "Ok")],
                                        ),
                                        ("reserve", "", &[("@failed", "Err"), ("@completed", "Ok")]),
                                    ],
                                );
                            break 'machine;
                        }
                    }
                }
            }
            machine
                .leave(
                    ::sagaflow::__private::Waiting(&mut slot_order_customer_city).slot(),
                );
            machine.leave(::sagaflow::__private::Waiting(&mut slot_order_items).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_order_limit).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_user_id).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_items).slot());
        }
        match machine.stop().await {}
    }
}
