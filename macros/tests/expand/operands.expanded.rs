impl ::sagaflow::__private::Saga for operands {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
    async fn inline(operands { n: n }: Self) -> Result<u32, Failure> {
        let mut x = n;
        let y = add(
            total(n),
            x,
            match num(x) {
                __call => ::sagaflow::__private::Durable::inline(__call).await,
            }?,
        )
            + match num(next(&mut x)) {
                __call => ::sagaflow::__private::Durable::inline(__call).await,
            }?;
        Ok(x + y)
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
    ) -> Result<u32, Failure> {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
        enum __At {
            Start,
            num,
            num_2,
            Description,
        }
        {
            machine.states(&[("num", &[0, 1]), ("num#2", &[0, 2])]);
            let mut slot_x = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "x", (&[], ::core::option::Option::None));
            let mut slot_held = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
                _,
            >>::slot(machine, "@held", (&[], ::core::option::Option::None));
            let mut slot_held_2 = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
                _,
            >>::slot(machine, "@held_2", (&[], ::core::option::Option::None));
            let __site_num = ::sagaflow::__private::Site::new("num");
            let __site_num_2 = ::sagaflow::__private::Site::new("num#2");
            let at = machine
                .enter([__At::num, __At::num_2], __At::Start, __At::Description);
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let operands { n } = __arguments;
                            let mut x = n;
                            let __held = total(n);
                            slot_x.save(&x);
                            let __call = num(x);
                            slot_held.save(&__held);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_num,
                            );
                            break 'machine;
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num,
                            ) else { break 'machine };
                            let mut x = ::sagaflow::__private::take(&mut slot_x.value);
                            let __held = ::sagaflow::__private::take(
                                &mut slot_held.value,
                            );
                            let __held_2 = add(__held, x, __reply?);
                            let __call = num(next(&mut x));
                            slot_x.save(&x);
                            slot_held_2.save(&__held_2);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_num_2,
                            );
                            break 'machine;
                        }
                        __At::num_2 => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num_2,
                            ) else { break 'machine };
                            let mut x = ::sagaflow::__private::take(&mut slot_x.value);
                            let __held_2 = ::sagaflow::__private::take(
                                &mut slot_held_2.value,
                            );
                            let y = __held_2 + __reply_2?;
                            return Ok(x + y);
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(machine, &__site_num);
                            ::sagaflow::__private::Durable::at(machine, &__site_num_2);
                            machine
                                .described(
                                    &[
                                        slot_x
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_x.value).type_name(),
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
                                    ],
                                    &[
                                        ("@start", "", &[("num", "")]),
                                        ("num", "", &[("@failed", "Err"), ("num#2", "Ok")]),
                                        ("num#2", "", &[("@failed", "Err"), ("@completed", "Ok")]),
                                    ],
                                );
                            break 'machine;
                        }
                    }
                }
            }
            slot_x.leave(machine);
            slot_held.leave(machine);
            slot_held_2.leave(machine);
        }
        match machine.stop().await {}
    }
}
