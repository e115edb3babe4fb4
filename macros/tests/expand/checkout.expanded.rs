impl ::sagaflow::__private::Saga for checkout {
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
    ) -> Result<Receipt, CheckoutError> {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            create_user,
            NextItem,
            reserve,
            AfterFor,
            create_order,
            Description,
        }
        let mut slot_request_items = ::core::option::Option::None;
        let mut slot_user_id = ::core::option::Option::None;
        let mut slot_user_label = ::core::option::Option::None;
        let mut slot_total = ::core::option::Option::None;
        let mut slot_rest_of_item = ::core::option::Option::None;
        let codec_request_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_user_id = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_user_label = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_rest_of_item = ::sagaflow::__private::SavedItems::codec();
        let mut __call_create_user = ::core::option::Option::None;
        let mut __call_reserve = ::core::option::Option::None;
        let mut __call_create_order = ::core::option::Option::None;
        let mut at = machine
            .enter(
                &[
                    ("create_user", __At::create_user),
                    ("reserve", __At::reserve),
                    ("create_order", __At::create_order),
                ],
                __At::Start,
                __At::Description,
            )
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let checkout { request } = __arguments;
                    let __call = create_user(request.name);
                    machine.save("request.items", &request.items, &codec_request_items);
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
                            "request.items",
                            &mut slot_request_items,
                            &codec_request_items,
                        );
                    machine.restored().await;
                    let request_items = ::sagaflow::__private::take(
                        &mut slot_request_items,
                    );
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_create_user),
                        )
                        .await;
                    let user = __reply?;
                    let mut total = 0;
                    let mut __rest_of_item = ::sagaflow::__private::Iterable(
                            request_items,
                        )
                        .rest();
                    slot_user_id = ::core::option::Option::Some(user.id);
                    slot_user_label = ::core::option::Option::Some(user.label);
                    slot_total = ::core::option::Option::Some(total);
                    slot_rest_of_item = ::core::option::Option::Some(__rest_of_item);
                    at = __At::NextItem;
                    continue 'machine;
                }
                __At::NextItem => 'arm: {
                    let mut __rest_of_item = ::sagaflow::__private::take(
                        &mut slot_rest_of_item,
                    );
                    match ::core::iter::Iterator::next(&mut __rest_of_item) {
                        ::core::option::Option::Some(item) => {
                            if item == 0 {
                                slot_rest_of_item = ::core::option::Option::Some(
                                    __rest_of_item,
                                );
                                at = __At::NextItem;
                                continue 'machine;
                            }
                            let __call = reserve(item);
                            machine.keep("user.id", &slot_user_id, &codec_user_id);
                            machine
                                .keep("user.label", &slot_user_label, &codec_user_label);
                            machine.keep("total", &slot_total, &codec_total);
                            machine
                                .save(
                                    "@rest_of_item",
                                    &__rest_of_item,
                                    &codec_rest_of_item,
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
                    machine.restore("user.id", &mut slot_user_id, &codec_user_id);
                    machine
                        .restore("user.label", &mut slot_user_label, &codec_user_label);
                    machine.restore("total", &mut slot_total, &codec_total);
                    machine
                        .restore(
                            "@rest_of_item",
                            &mut slot_rest_of_item,
                            &codec_rest_of_item,
                        );
                    machine.restored().await;
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    let __reply_2 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_reserve),
                        )
                        .await;
                    let line = __reply_2?;
                    total += line.price;
                    slot_total = ::core::option::Option::Some(total);
                    at = __At::NextItem;
                    continue 'machine;
                }
                __At::AfterFor => 'arm: {
                    let user_id = ::sagaflow::__private::take(&mut slot_user_id);
                    let user_label = ::sagaflow::__private::take(&mut slot_user_label);
                    let mut total = ::sagaflow::__private::take(&mut slot_total);
                    let label = &user_label;
                    let __call = create_order(user_id, total);
                    machine.save("user.label", &user_label, &codec_user_label);
                    match machine
                        .suspend(
                            "create_order",
                            __call,
                            &mut __call_create_order,
                            ::sagaflow::__private::Durable::begin,
                        )
                        .await
                    {}
                }
                __At::create_order => 'arm: {
                    machine
                        .restore("user.label", &mut slot_user_label, &codec_user_label);
                    machine.restored().await;
                    let user_label = ::sagaflow::__private::take(&mut slot_user_label);
                    let label = &user_label;
                    let __reply_3 = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_create_order),
                        )
                        .await;
                    let order = __reply_3?;
                    return Ok(Receipt {
                        order: order.id,
                        label: label.clone(),
                    });
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "create_user",
                        &__call_create_user,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "request.items",
                                ::sagaflow::__private::Waiting(&slot_request_items)
                                    .type_name(),
                                &codec_request_items,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "reserve",
                        &__call_reserve,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "user.id",
                                ::sagaflow::__private::Waiting(&slot_user_id).type_name(),
                                &codec_user_id,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "user.label",
                                ::sagaflow::__private::Waiting(&slot_user_label)
                                    .type_name(),
                                &codec_user_label,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "total",
                                ::sagaflow::__private::Waiting(&slot_total).type_name(),
                                &codec_total,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "@rest_of_item",
                                ::sagaflow::__private::Waiting(&slot_rest_of_item)
                                    .type_name(),
                                &codec_rest_of_item,
                            ),
                        ],
                    );
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "create_order",
                        &__call_create_order,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "user.label",
                                ::sagaflow::__private::Waiting(&slot_user_label)
                                    .type_name(),
                                &codec_user_label,
                            ),
                        ],
                    );
                    match machine
                        .described(
                            &[
                                ("@start", "", &[("create_user", "")]),
                                ("create_user", "", &[("@failed", "Err"), ("@for", "Ok")]),
                                (
                                    "@for",
                                    "for item",
                                    &[
                                        ("@for", "item == 0"),
                                        ("reserve", "next"),
                                        ("create_order", "done"),
                                    ],
                                ),
                                ("reserve", "", &[("@failed", "Err"), ("@for", "Ok")]),
                                (
                                    "create_order",
                                    "",
                                    &[("@failed", "Err"), ("@completed", "Ok")],
                                ),
                            ],
                        )
                        .await
                    {}
                }
            }
        }
    }
}
