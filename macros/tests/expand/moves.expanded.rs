impl ::sagaflow::__private::Saga for moves {
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
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            create_user,
            reserve,
            Description,
        }
        let mut slot_order_customer_city = ::core::option::Option::None;
        let mut slot_order_items = ::core::option::Option::None;
        let mut slot_order_limit = ::core::option::Option::None;
        let mut slot_user_id = ::core::option::Option::None;
        let mut slot_items = ::core::option::Option::None;
        let codec_order_customer_city = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_order_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_order_limit = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_user_id = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let mut __call_create_user = ::core::option::Option::None;
        let mut __call_reserve = ::core::option::Option::None;
        let mut at = machine
            .enter(
                &[("create_user", __At::create_user), ("reserve", __At::reserve)],
                __At::Start,
                __At::Description,
            )
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let moves { order } = __arguments;
                    let __call = create_user(order.customer.name);
                    machine
                        .save(
                            "order.customer.city",
                            &order.customer.city,
                            &codec_order_customer_city,
                        );
                    machine.save("order.items", &order.items, &codec_order_items);
                    machine.save("order.limit", &order.limit, &codec_order_limit);
                    match machine
                        .suspend(
                            "create_user",
                            __call,
                            &mut __call_create_user,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::create_user => 'arm: {
                    machine
                        .restore(
                            "order.customer.city",
                            &mut slot_order_customer_city,
                            &codec_order_customer_city,
                        );
                    machine
                        .restore(
                            "order.items",
                            &mut slot_order_items,
                            &codec_order_items,
                        );
                    machine
                        .restore(
                            "order.limit",
                            &mut slot_order_limit,
                            &codec_order_limit,
                        );
                    machine.restored().await;
                    let order_items = ::sagaflow::__private::take(&mut slot_order_items);
                    let order_limit = ::sagaflow::__private::take(&mut slot_order_limit);
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_create_user),
                        )
                        .await;
                    let user = __reply?;
                    let cheap = |price: u32| price < order_limit;
                    let items: Vec<u32> = order_items
                        .into_iter()
                        .filter(|price| cheap(*price))
                        .collect();
                    let __call = reserve(items.clone());
                    machine
                        .keep(
                            "order.customer.city",
                            &slot_order_customer_city,
                            &codec_order_customer_city,
                        );
                    machine.save("user.id", &user.id, &codec_user_id);
                    machine.save("items", &items, &codec_items);
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
                __At::reserve => 'arm: {
                    machine
                        .restore(
                            "order.customer.city",
                            &mut slot_order_customer_city,
                            &codec_order_customer_city,
                        );
                    machine.restore("user.id", &mut slot_user_id, &codec_user_id);
                    machine.restore("items", &mut slot_items, &codec_items);
                    machine.restored().await;
                    let order_customer_city = ::sagaflow::__private::take(
                        &mut slot_order_customer_city,
                    );
                    let user_id = ::sagaflow::__private::take(&mut slot_user_id);
                    let items = ::sagaflow::__private::take(&mut slot_items);
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_reserve),
                        )
                        .await;
                    __reply_2?;
                    return Ok((items, format!("{} {}", user_id, order_customer_city)));
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "create_user",
                        &__call_create_user,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "order.customer.city",
                                ::sagaflow::__private::Waiting(&slot_order_customer_city)
                                    .type_name(),
                                &codec_order_customer_city,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "order.items",
                                ::sagaflow::__private::Waiting(&slot_order_items)
                                    .type_name(),
                                &codec_order_items,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "order.limit",
                                ::sagaflow::__private::Waiting(&slot_order_limit)
                                    .type_name(),
                                &codec_order_limit,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "reserve",
                        &__call_reserve,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "order.customer.city",
                                ::sagaflow::__private::Waiting(&slot_order_customer_city)
                                    .type_name(),
                                &codec_order_customer_city,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "user.id",
                                ::sagaflow::__private::Waiting(&slot_user_id).type_name(),
                                &codec_user_id,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "items",
                                ::sagaflow::__private::Waiting(&slot_items).type_name(),
                                &codec_items,
                            ),
                        ],
                    );
                    match machine
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
                        )
                        .await
                    {}
                }
            }
        }
    }
}
