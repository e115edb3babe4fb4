impl ::sagaflow::__private::Saga for checkout {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
    async fn inline(
        checkout { request: request }: Self,
    ) -> Result<Receipt, CheckoutError> {
        let user = match create_user(request.name) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        let mut total = 0;
        for item in request.items {
            if item == 0 {
                continue;
            }
            let line = match reserve(item) {
                __call => ::sagaflow::__private::Durable::inline(__call).await,
            }?;
            total += line.price;
        }
        let label = &user.label;
        let order = match create_order(user.id, total) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        Ok(Receipt {
            order: order.id,
            label: label.clone(),
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
    ) -> Result<Receipt, CheckoutError> {
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
        enum __At {
            Start,
            create_user,
            NextItem,
            reserve,
            AfterFor,
            create_order,
            Description,
        }
        {
            machine
                .states(
                    &[
                        ("create_user", &[0]),
                        ("reserve", &[1, 2, 3, 4]),
                        ("create_order", &[2]),
                    ],
                );
            let mut slot_request_items = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "request.items");
            let mut slot_user_id = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "user.id");
            let mut slot_user_label = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "user.label");
            let mut slot_total = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "total");
            let mut slot_rest_of_item = ::sagaflow::__private::SavedItems::slot(
                machine,
                "@rest_of_item",
            );
            let __site_create_user = ::sagaflow::__private::Durable::site(
                machine,
                "create_user",
            );
            let __site_reserve = ::sagaflow::__private::Durable::site(
                machine,
                "reserve",
            );
            let __site_create_order = ::sagaflow::__private::Durable::site(
                machine,
                "create_order",
            );
            let at = machine
                .enter(
                    [__At::create_user, __At::reserve, __At::create_order],
                    __At::Start,
                    __At::Description,
                );
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let checkout { request } = __arguments;
                            let __call = create_user(request.name);
                            slot_request_items.save(&request.items);
                            __site_create_user.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::create_user => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_create_user
                                .reply(machine) else { break 'machine };
                            let request_items = slot_request_items.take();
                            let user = __reply?;
                            let mut total = 0;
                            let mut __rest_of_item = ::sagaflow::__private::Iterable(
                                    request_items,
                                )
                                .rest();
                            slot_user_id.put(user.id);
                            slot_user_label.put(user.label);
                            slot_total.put(total);
                            slot_rest_of_item.put(__rest_of_item);
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::NextItem => 'arm: {
                            let mut __rest_of_item = slot_rest_of_item.take();
                            match ::core::iter::Iterator::next(&mut __rest_of_item) {
                                ::core::option::Option::Some(item) => {
                                    if item == 0 {
                                        slot_rest_of_item.put(__rest_of_item);
                                        at = __At::NextItem;
                                        continue 'machine;
                                    }
                                    let __call = reserve(item);
                                    slot_rest_of_item.save(&__rest_of_item);
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
                            let ::core::option::Option::Some(__reply_2) = __site_reserve
                                .reply(machine) else { break 'machine };
                            let mut total = slot_total.take();
                            let line = __reply_2?;
                            total += line.price;
                            slot_total.put(total);
                            at = __At::NextItem;
                            continue 'machine;
                        }
                        __At::AfterFor => 'arm: {
                            let user_id = slot_user_id.take();
                            let user_label = slot_user_label.take();
                            let mut total = slot_total.take();
                            let label = &user_label;
                            let __call = create_order(user_id, total);
                            slot_user_label.save(&user_label);
                            __site_create_order.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::create_order => 'arm: {
                            let ::core::option::Option::Some(__reply_3) = __site_create_order
                                .reply(machine) else { break 'machine };
                            let user_label = slot_user_label.take();
                            let label = &user_label;
                            let order = __reply_3?;
                            return Ok(Receipt {
                                order: order.id,
                                label: label.clone(),
                            });
                        }
                        __At::Description => {
                            machine
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
                                );
                            break 'machine;
                        }
                    }
                }
            }
            machine
                .leave(::sagaflow::__private::Waiting(&mut slot_request_items).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_user_id).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_user_label).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_total).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_rest_of_item).slot());
        }
        match machine.stop().await {}
    }
}
