impl ::sagaflow::__private::Saga for sequence {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
    async fn inline(sequence { n: n }: Self) -> Result<u32, Failure> {
        let first = match num(n) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        let second = match num(first + 1) {
            __call => ::sagaflow::__private::Durable::inline(__call).await,
        }?;
        Ok(first + second)
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
            Description,
        }
        {
            machine.states(&[("num", &[]), ("num#2", &[0])]);
            let mut slot_first = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "first");
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
                            let sequence { n } = __arguments;
                            let __call = num(n);
                            __site_num.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_num
                                .reply(machine) else { break 'machine };
                            let first = __reply?;
                            let __call = num(first + 1);
                            slot_first.save(&first);
                            __site_num_2.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num_2 => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = __site_num_2
                                .reply(machine) else { break 'machine };
                            let first = slot_first.take();
                            let second = __reply_2?;
                            return Ok(first + second);
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
            machine.leave(::sagaflow::__private::Waiting(&mut slot_first).slot());
        }
        match machine.stop().await {}
    }
}
