impl ::sagaflow::__private::Saga for moves {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
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
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
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
            >>::slot(
                machine,
                "order.customer.city",
                (&[], ::core::option::Option::None),
            );
            let mut slot_order_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.items", (&[], ::core::option::Option::None));
            let mut slot_order_limit = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "order.limit", (&[], ::core::option::Option::None));
            let mut slot_user_id = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "user.id", (&[], ::core::option::Option::None));
            let mut slot_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "items", (&[], ::core::option::Option::None));
            let __site_create_user = ::sagaflow::__private::Site::new("create_user");
            let __site_reserve = ::sagaflow::__private::Site::new("reserve");
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
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_create_user,
                            );
                            break 'machine;
                        }
                        __At::create_user => 'arm: {
                            let ::core::option::Option::Some(__reply) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_create_user,
                            ) else { break 'machine };
                            let order_items = ::sagaflow::__private::take(
                                &mut slot_order_items.value,
                            );
                            let order_limit = ::sagaflow::__private::take(
                                &mut slot_order_limit.value,
                            );
                            let user = __reply?;
                            let cheap = |price: u32| price < order_limit;
                            let items: Vec<u32> = order_items
                                .into_iter()
                                .filter(|price| cheap(*price))
                                .collect();
                            let __call = reserve(items.clone());
                            slot_user_id.save(&user.id);
                            slot_items.save(&items);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_reserve,
                            );
                            break 'machine;
                        }
                        __At::reserve => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_reserve,
                            ) else { break 'machine };
                            let order_customer_city = ::sagaflow::__private::take(
                                &mut slot_order_customer_city.value,
                            );
                            let user_id = ::sagaflow::__private::take(
                                &mut slot_user_id.value,
                            );
                            let items = ::sagaflow::__private::take(
                                &mut slot_items.value,
                            );
                            __reply_2?;
                            return Ok((
                                items,
                                format!("{} {}", user_id, order_customer_city),
                            ));
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(
                                machine,
                                &__site_create_user,
                            );
                            ::sagaflow::__private::Durable::at(machine, &__site_reserve);
                            machine
                                .described(
                                    &[
                                        slot_order_customer_city
                                            .describe(
                                                ::sagaflow::__private::Waiting(
                                                        &slot_order_customer_city.value,
                                                    )
                                                    .type_name(),
                                            ),
                                        slot_order_items
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_order_items.value)
                                                    .type_name(),
                                            ),
                                        slot_order_limit
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_order_limit.value)
                                                    .type_name(),
                                            ),
                                        slot_user_id
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_user_id.value)
                                                    .type_name(),
                                            ),
                                        slot_items
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_items.value)
                                                    .type_name(),
                                            ),
                                    ],
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
            slot_order_customer_city.leave(machine);
            slot_order_items.leave(machine);
            slot_order_limit.leave(machine);
            slot_user_id.leave(machine);
            slot_items.leave(machine);
        }
        match machine.stop().await {}
    }
}
