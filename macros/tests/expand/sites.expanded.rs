impl ::sagaflow::__private::Saga for sites {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
    async fn inline(sites { n: n }: Self) -> Result<u32, Failure> {
        const LIMIT: u32 = 10;
        fn twice(n: u32) -> u32 {
            n * 2
        }
        let n = match num(n) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        let n = match match num(twice(n)) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        } {
            Ok(same @ (0 | 1)) => same,
            Ok(n) if n > LIMIT => {
                match num(n) {
                    __call => ::sagaflow::__private::Durable::inline(__call).await,
                }?
            }
            Ok(other) => other,
            Err(error) => return Err(error),
        };
        let (left, mut right) = (
            match num(n) {
                __call => ::sagaflow::__private::Durable::inline(__call).await,
            }?,
            n,
        );
        right
            += match num(left) {
                __call => ::sagaflow::__private::Durable::inline(__call).await,
            }?;
        Ok(left + right)
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
            num,
            num_2,
            num_3,
            AfterMatch,
            num_4,
            num_5,
            Description,
        }
        const LIMIT: u32 = 10;
        fn twice(n: u32) -> u32 {
            n * 2
        }
        {
            machine
                .states(
                    &[
                        ("num", &[]),
                        ("num#2", &[]),
                        ("num#3", &[]),
                        ("num#4", &[0]),
                        ("num#5", &[1, 2]),
                    ],
                );
            let mut slot_n = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "n");
            let mut slot_left = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "left");
            let mut slot_right = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "right");
            let mut slot_value = ::sagaflow::__private::Passing::new();
            let __site_num = ::sagaflow::__private::Durable::site(machine, "num");
            let __site_num_2 = ::sagaflow::__private::Durable::site(machine, "num#2");
            let __site_num_3 = ::sagaflow::__private::Durable::site(machine, "num#3");
            let __site_num_4 = ::sagaflow::__private::Durable::site(machine, "num#4");
            let __site_num_5 = ::sagaflow::__private::Durable::site(machine, "num#5");
            let at = machine
                .enter(
                    [__At::num, __At::num_2, __At::num_3, __At::num_4, __At::num_5],
                    __At::Start,
                    __At::Description,
                );
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let sites { n } = __arguments;
                            let __call = num(n);
                            __site_num.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_num
                                .reply(machine) else { break 'machine };
                            let n = __reply?;
                            let __call = num(twice(n));
                            __site_num_2.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num_2 => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = __site_num_2
                                .reply(machine) else { break 'machine };
                            match __reply_2 {
                                Ok(same @ (0 | 1)) => {
                                    let __value = same;
                                    slot_value.put(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                                Ok(n_2) if n_2 > LIMIT => {
                                    let __call = num(n_2);
                                    __site_num_3.suspend(machine, __call);
                                    break 'machine;
                                }
                                Ok(other) => {
                                    let __value = other;
                                    slot_value.put(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                                Err(error) => {
                                    let __value = return Err(error);
                                    slot_value.put(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                                _ => loop {}
                            }
                        }
                        __At::num_3 => 'arm: {
                            let ::core::option::Option::Some(__reply_3) = __site_num_3
                                .reply(machine) else { break 'machine };
                            let __value = __reply_3?;
                            slot_value.put(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        __At::AfterMatch => 'arm: {
                            let __value = slot_value.take();
                            let n = __value;
                            slot_n.save(&n);
                            let __call = num(n);
                            __site_num_4.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num_4 => 'arm: {
                            let ::core::option::Option::Some(__reply_4) = __site_num_4
                                .reply(machine) else { break 'machine };
                            let n = slot_n.take();
                            let (left, mut right) = (__reply_4?, n);
                            slot_left.save(&left);
                            let __call = num(left);
                            slot_right.save(&right);
                            __site_num_5.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num_5 => 'arm: {
                            let ::core::option::Option::Some(__reply_5) = __site_num_5
                                .reply(machine) else { break 'machine };
                            let left = slot_left.take();
                            let mut right = slot_right.take();
                            right += __reply_5?;
                            return Ok(left + right);
                        }
                        __At::Description => {
                            machine
                                .described(
                                    &[
                                        ("@start", "", &[("num", "")]),
                                        ("num", "", &[("@failed", "Err"), ("num#2", "Ok")]),
                                        (
                                            "num#2",
                                            "",
                                            &[
                                                ("num#4", "Ok(same @ (0 | 1))"),
                                                ("num#3", "Ok(n) if n > LIMIT"),
                                                ("num#4", "Ok(other)"),
                                                ("@failed", "Err(error)"),
                                            ],
                                        ),
                                        ("num#3", "", &[("@failed", "Err"), ("num#4", "Ok")]),
                                        ("num#4", "", &[("@failed", "Err"), ("num#5", "Ok")]),
                                        ("num#5", "", &[("@failed", "Err"), ("@completed", "Ok")]),
                                    ],
                                );
                            break 'machine;
                        }
                    }
                }
            }
            machine.leave(::sagaflow::__private::Waiting(&mut slot_n).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_left).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_right).slot());
        }
        match machine.stop().await {}
    }
}
