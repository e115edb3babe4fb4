impl ::sagaflow::__private::Saga for branches {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
    async fn inline(branches { n: n }: Self) -> Result<u32, Failure> {
        let found = if let Some(x) = match even(n) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        } {
            x
        } else {
            0
        };
        let Some(half) = found.checked_div(2) else { return Ok(0) };
        let x = match half {
            0 => {
                return match num(n) {
                    __call => ::sagaflow::__private::Durable::inline(__call).await,
                };
            }
            n if n > 5 => {
                match num(n) {
                    __call => ::sagaflow::__private::Durable::inline(__call).await,
                }?
            }
            other => other,
        };
        match num(x + n) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }
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
            even,
            num,
            num_2,
            AfterMatch,
            num_3,
            Description,
        }
        {
            machine
                .states(
                    &[("even", &[0]), ("num", &[]), ("num#2", &[0]), ("num#3", &[])],
                );
            let mut slot_n = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "n", (&[], ::core::option::Option::None));
            let mut slot_value = ::core::option::Option::None;
            let __site_even = ::sagaflow::__private::Site::new("even");
            let __site_num = ::sagaflow::__private::Site::new("num");
            let __site_num_2 = ::sagaflow::__private::Site::new("num#2");
            let __site_num_3 = ::sagaflow::__private::Site::new("num#3");
            let at = machine
                .enter(
                    [__At::even, __At::num, __At::num_2, __At::num_3],
                    __At::Start,
                    __At::Description,
                );
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let branches { n } = __arguments;
                            slot_n.save(&n);
                            let __call = even(n);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_even,
                            );
                            break 'machine;
                        }
                        __At::even => 'arm: {
                            let ::core::option::Option::Some(__reply) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_even,
                            ) else { break 'machine };
                            let n = ::sagaflow::__private::take(&mut slot_n.value);
                            let found = if let Some(x) = __reply { x } else { 0 };
                            let Some(half) = found.checked_div(2) else { return Ok(0) };
                            match half {
                                0 => {
                                    let __call = num(n);
                                    ::sagaflow::__private::Durable::suspend(
                                        __call,
                                        machine,
                                        &__site_num,
                                    );
                                    break 'machine;
                                }
                                n_2 if n_2 > 5 => {
                                    let __call = num(n_2);
                                    slot_n.save(&n);
                                    ::sagaflow::__private::Durable::suspend(
                                        __call,
                                        machine,
                                        &__site_num_2,
                                    );
                                    break 'machine;
                                }
                                other => {
                                    let __value = other;
                                    slot_n.value = ::core::option::Option::Some(n);
                                    slot_value = ::core::option::Option::Some(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                                _ => loop {}
                            }
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num,
                            ) else { break 'machine };
                            return __reply_2;
                        }
                        __At::num_2 => 'arm: {
                            let ::core::option::Option::Some(__reply_3) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num_2,
                            ) else { break 'machine };
                            let __value = __reply_3?;
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        __At::AfterMatch => 'arm: {
                            let n = ::sagaflow::__private::take(&mut slot_n.value);
                            let __value = ::sagaflow::__private::take(&mut slot_value);
                            let x = __value;
                            let __call = num(x + n);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_num_3,
                            );
                            break 'machine;
                        }
                        __At::num_3 => 'arm: {
                            let ::core::option::Option::Some(__reply_4) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num_3,
                            ) else { break 'machine };
                            return __reply_4;
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(machine, &__site_even);
                            ::sagaflow::__private::Durable::at(machine, &__site_num);
                            ::sagaflow::__private::Durable::at(machine, &__site_num_2);
                            ::sagaflow::__private::Durable::at(machine, &__site_num_3);
                            machine
                                .described(
                                    &[
                                        slot_n
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_n.value).type_name(),
                                            ),
                                    ],
                                    &[
                                        ("@start", "", &[("even", "")]),
                                        (
                                            "even",
                                            "",
                                            &[
                                                ("@completed", "else"),
                                                ("num", "Some(half), 0"),
                                                ("num#2", "Some(half), n if n > 5"),
                                                ("num#3", "Some(half), other"),
                                            ],
                                        ),
                                        ("num", "", &[("@completed", "Ok"), ("@failed", "Err")]),
                                        ("num#2", "", &[("@failed", "Err"), ("num#3", "Ok")]),
                                        ("num#3", "", &[("@completed", "Ok"), ("@failed", "Err")]),
                                    ],
                                );
                            break 'machine;
                        }
                    }
                }
            }
            slot_n.leave(machine);
        }
        match machine.stop().await {}
    }
}
