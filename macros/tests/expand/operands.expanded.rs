impl ::sagaflow::__private::Saga for operands {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
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
        use ::sagaflow::__private::{AnyRest as _, AnySlot as _, NoRest as _};
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
            >>::slot(machine, "x");
            let mut slot_held = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
                _,
            >>::slot(machine, "@held");
            let mut slot_held_2 = <::sagaflow::__private::Record as ::sagaflow::__private::SavedOperand<
                _,
            >>::slot(machine, "@held_2");
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
                            let operands { n } = __arguments;
                            let mut x = n;
                            let __held = total(n);
                            slot_x.save(&x);
                            let __call = num(x);
                            slot_held.save(&__held);
                            __site_num.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_num
                                .reply(machine) else { break 'machine };
                            let mut x = slot_x.take();
                            let __held = slot_held.take();
                            let __held_2 = add(__held, x, __reply?);
                            let __call = num(next(&mut x));
                            slot_x.save(&x);
                            slot_held_2.save(&__held_2);
                            __site_num_2.suspend(machine, __call);
                            break 'machine;
                        }
                        __At::num_2 => 'arm: {
                            let ::core::option::Option::Some(__reply_2) = __site_num_2
                                .reply(machine) else { break 'machine };
                            let mut x = slot_x.take();
                            let __held_2 = slot_held_2.take();
                            let y = __held_2 + __reply_2?;
                            return Ok(x + y);
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
            machine.leave(::sagaflow::__private::Waiting(&mut slot_x).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_held).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_held_2).slot());
        }
        match machine.stop().await {}
    }
}
