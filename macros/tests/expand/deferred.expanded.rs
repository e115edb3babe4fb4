impl ::sagaflow::__private::Saga for deferred {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
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
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
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
            >>::slot(machine, "n");
            let mut slot_x = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "x");
            let mut slot_late = ::sagaflow::__private::Passing::new();
            let __site_num = ::sagaflow::__private::Durable::site(machine, "num");
            let __site_num_2 = ::sagaflow::__private::Durable::site(machine, "num#2");
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
                                slot_x.put(x);
                            }
                            let __call = num(u32::from(x));
                            slot_n.save(&n);
                            __site_num.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_num
                                .reply(machine) else { break 'machine };
                            let n = slot_n.take();
                            let mut x;
                            if false {
                                loop {}
                                slot_x.put(x);
                            }
                            __reply?;
                            x = 200;
                            let late;
                            if false {
                                loop {}
                                slot_late.put(late);
                            }
                            slot_n.save(&n);
                            let __call = num(n);
                            slot_x.save(&x);
                            __site_num_2.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num_2 => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = __site_num_2
                                .reply(machine) else { break 'machine };
                            let n = slot_n.take();
                            let mut x = slot_x.take();
                            let late;
                            if false {
                                loop {}
                                slot_late.put(late);
                            }
                            __reply_2?;
                            if n > 3 { late = x } else { late = 1 }
                            return Ok(late);
                        }
                        __At::Description => {
                            machine
                                .described(
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
            machine.leave(::sagaflow::__private::Waiting(&mut slot_n).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_x).slot());
        }
        match machine.stop().await {}
    }
}
