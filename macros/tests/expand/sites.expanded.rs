impl ::sagaflow::__private::Saga for sites {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
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
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
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
            >>::slot(machine, "n", (&[], ::core::option::Option::None));
            let mut slot_left = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "left", (&[], ::core::option::Option::None));
            let mut slot_right = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "right", (&[], ::core::option::Option::None));
            let mut slot_value = ::core::option::Option::None;
            let __site_num = ::sagaflow::__private::Site::new("num");
            let __site_num_2 = ::sagaflow::__private::Site::new("num#2");
            let __site_num_3 = ::sagaflow::__private::Site::new("num#3");
            let __site_num_4 = ::sagaflow::__private::Site::new("num#4");
            let __site_num_5 = ::sagaflow::__private::Site::new("num#5");
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
                            let n = __reply?;
                            let __call = num(twice(n));
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
                            match __reply_2 {
                                Ok(same @ (0 | 1)) => {
                                    let __value = same;
                                    slot_value = ::core::option::Option::Some(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                                Ok(n_2) if n_2 > LIMIT => {
                                    let __call = num(n_2);
                                    ::sagaflow::__private::Durable::suspend(
                                        __call,
                                        machine,
                                        &__site_num_3,
                                    );
                                    break 'machine;
                                }
                                Ok(other) => {
                                    let __value = other;
                                    slot_value = ::core::option::Option::Some(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                                Err(error) => {
                                    let __value = return Err(error);
                                    slot_value = ::core::option::Option::Some(__value);
                                    at = __At::AfterMatch;
                                    continue 'machine;
                                }
                                _ => loop {}
                            }
                        }
                        __At::num_3 => 'arm: {
                            let ::core::option::Option::Some(__reply_3) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num_3,
                            ) else { break 'machine };
                            let __value = __reply_3?;
                            slot_value = ::core::option::Option::Some(__value);
                            at = __At::AfterMatch;
                            continue 'machine;
                        }
                        __At::AfterMatch => 'arm: {
                            let __value = ::sagaflow::__private::take(&mut slot_value);
                            let n = __value;
                            slot_n.save(&n);
                            let __call = num(n);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_num_4,
                            );
                            break 'machine;
                        }
                        __At::num_4 => 'arm: {
                            let ::core::option::Option::Some(__reply_4) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num_4,
                            ) else { break 'machine };
                            let n = ::sagaflow::__private::take(&mut slot_n.value);
                            let (left, mut right) = (__reply_4?, n);
                            slot_left.save(&left);
                            let __call = num(left);
                            slot_right.save(&right);
                            ::sagaflow::__private::Durable::suspend(
                                __call,
                                machine,
                                &__site_num_5,
                            );
                            break 'machine;
                        }
                        __At::num_5 => 'arm: {
                            let ::core::option::Option::Some(__reply_5) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_num_5,
                            ) else { break 'machine };
                            let left = ::sagaflow::__private::take(&mut slot_left.value);
                            let mut right = ::sagaflow::__private::take(
                                &mut slot_right.value,
                            );
                            right += __reply_5?;
                            return Ok(left + right);
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(machine, &__site_num);
                            ::sagaflow::__private::Durable::at(machine, &__site_num_2);
                            ::sagaflow::__private::Durable::at(machine, &__site_num_3);
                            ::sagaflow::__private::Durable::at(machine, &__site_num_4);
                            ::sagaflow::__private::Durable::at(machine, &__site_num_5);
                            machine
                                .described(
                                    &[
                                        slot_n
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_n.value).type_name(),
                                            ),
                                        slot_left
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_left.value).type_name(),
                                            ),
                                        slot_right
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_right.value)
                                                    .type_name(),
                                            ),
                                    ],
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
            slot_n.leave(machine);
            slot_left.leave(machine);
            slot_right.leave(machine);
        }
        match machine.stop().await {}
    }
}
