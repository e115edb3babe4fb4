impl ::sagaflow::__private::Saga for deferred {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
    async fn inline(deferred { n: n }: Self) -> Result<u8, Failure> {
        let mut x: u8 = 1;
        match num(u32::from(x)) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        x = 200;
        let late;
        match num(n) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        if n > 3 { late = x } else { late = 1 }
        Ok(late)
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
    ) -> Result<u8, Failure> {
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
        enum __At {
            Start,
            num,
            num_2,
            Description,
        }
        {
            machine.states(&[("num", &[0]), ("num#2", &[0, 1])]);
            let mut slot_n = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "n", (&[], ::core::option::Option::None));
            let mut slot_x = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "x", (&[], ::core::option::Option::None));
            let mut slot_late = ::core::option::Option::None;
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
                            let deferred { n } = __arguments;
                            let mut x: u8 = 1;
                            if false {
                                loop {}
                                slot_x.value = ::core::option::Option::Some(x);
                            }
                            let __call = num(u32::from(x));
                            slot_n.save(&n);
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
                            let n = ::sagaflow::__private::take(&mut slot_n.value);
                            let mut x;
                            if false {
                                loop {}
                                slot_x.value = ::core::option::Option::Some(x);
                            }
                            __reply?;
                            x = 200;
                            let late;
                            if false {
                                loop {}
                                slot_late = ::core::option::Option::Some(late);
                            }
                            slot_n.save(&n);
                            let __call = num(n);
                            slot_x.save(&x);
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
                            let n = ::sagaflow::__private::take(&mut slot_n.value);
                            let mut x = ::sagaflow::__private::take(&mut slot_x.value);
                            let late;
                            if false {
                                loop {}
                                slot_late = ::core::option::Option::Some(late);
                            }
                            __reply_2?;
                            if n > 3 { late = x } else { late = 1 }
                            return Ok(late);
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(machine, &__site_num);
                            ::sagaflow::__private::Durable::at(machine, &__site_num_2);
                            machine
                                .described(
                                    &[
                                        slot_n
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_n.value).type_name(),
                                            ),
                                        slot_x
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_x.value).type_name(),
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
            slot_n.leave(machine);
            slot_x.leave(machine);
        }
        match machine.stop().await {}
    }
}
