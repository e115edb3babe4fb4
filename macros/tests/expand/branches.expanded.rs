impl ::sagaflow::__private::Saga for branches {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
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
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
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
            >>::slot(machine, "n");
            let mut slot_value = ::sagaflow::__private::Passing::new();
            let __site_even = ::sagaflow::__private::Durable::site(machine, "even");
            let __site_num = ::sagaflow::__private::Durable::site(machine, "num");
            let __site_num_2 = ::sagaflow::__private::Durable::site(machine, "num#2");
            let __site_num_3 = ::sagaflow::__private::Durable::site(machine, "num#3");
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
                            __site_even.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::even => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_even
                                .reply(machine) else { break 'machine };
                            let n = slot_n.take();
                            let found = if let Some(x) = __reply { x } else { 0 };
                            let Some(half) = found.checked_div(2) else { return Ok(0) };
                            match half {
                                0 => {
                                    let __call = num(n);
                                    __site_num.suspend(machine, __call);
                                    break 'machine;
                                }
                                n_2 if n_2 > 5 => {
                                    let __call = num(n_2);
                                    slot_n.save(&n);
                                    __site_num_2.suspend(machine, __call);
                                    break 'machine;
                                }
                                other => {
                                    let __value = other;
                                    slot_n.put(n);
                                    slot_value.put(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                                _ => loop {}
                            }
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = __site_num
                                .reply(machine) else { break 'machine };
                            return __reply_2;
                        }
                        __At::num_2 => 'arm: {
                            let ::core::option::Option::Some(__reply_3) = __site_num_2
                                .reply(machine) else { break 'machine };
                            let __value = __reply_3?;
                            slot_value.put(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        __At::AfterMatch => 'arm: {
                            let n = slot_n.take();
                            let __value = slot_value.take();
                            let x = __value;
                            let __call = num(x + n);
                            __site_num_3.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num_3 => 'arm: {
                            let ::core::option::Option::Some(__reply_4) = __site_num_3
                                .reply(machine) else { break 'machine };
                            return __reply_4;
                        }
                        __At::Description => {
                            machine
                                .described(
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
            machine.leave(::sagaflow::__private::Waiting(&mut slot_n).slot());
        }
        match machine.stop().await {}
    }
}
