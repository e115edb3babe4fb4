impl ::sagaflow::__private::Saga for queue {
    #[allow(
        clippy::match_single_binding,
        clippy::blocks_in_conditions,
        non_shorthand_field_patterns
    )]
    async fn inline(queue { open: mut open }: Self) -> Result<u32, Failure> {
        let mut done = 0;
        while let Some(job) = open.pop() {
            let Ok(parts) = (match split(job.id) {
                __call => ::sagaflow::__private::Durable::inline(__call).await,
            }) else { continue };
            open.extend(parts);
            done += 1;
        }
        Ok(done)
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
            Again,
            split,
            AfterWhile,
            Description,
        }
        {
            machine.states(&[("split", &[0, 1])]);
            let mut slot_open = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "open");
            let mut slot_done = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "done");
            let __site_split = ::sagaflow::__private::Durable::site(machine, "split");
            let at = machine.enter([__At::split], __At::Start, __At::Description);
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let queue { mut open } = __arguments;
                            let mut done = 0;
                            slot_open.put(open);
                            slot_done.put(done);
                            at = __At::Again;
                            continue 'machine;
                        }
                        __At::Again => 'arm: {
                            let mut open = slot_open.take();
                            if let Some(job) = open.pop() {
                                let __call = split(job.id);
                                slot_open.save(&open);
                                __site_split.suspend(machine, __call);
                                break 'machine;
                            } else {
                                at = __At::AfterWhile;
                                continue 'machine;
                            }
                        }
                        __At::split => 'arm: {
                            let ::core::option::Option::Some(__reply) = __site_split
                                .reply(machine) else { break 'machine };
                            let mut open = slot_open.take();
                            let mut done = slot_done.take();
                            let Ok(parts) = __reply else {
                                slot_open.put(open);
                                slot_done.put(done);
                                at = __At::Again;
                                continue 'machine;
                            };
                            open.extend(parts);
                            done += 1;
                            slot_open.put(open);
                            slot_done.put(done);
                            at = __At::Again;
                            continue 'machine;
                        }
                        __At::AfterWhile => 'arm: {
                            let mut done = slot_done.take();
                            return Ok(done);
                        }
                        __At::Description => {
                            machine
                                .described(
                                    &[
                                        ("@start", "", &[("@loop", "")]),
                                        (
                                            "@loop",
                                            "loop",
                                            &[
                                                ("split", "let Some(job) = open.pop()"),
                                                ("@completed", "else"),
                                            ],
                                        ),
                                        ("split", "", &[("@loop", "else"), ("@loop", "Ok(parts)")]),
                                    ],
                                );
                            break 'machine;
                        }
                    }
                }
            }
            machine.leave(::sagaflow::__private::Waiting(&mut slot_open).slot());
            machine.leave(::sagaflow::__private::Waiting(&mut slot_done).slot());
        }
        match machine.stop().await {}
    }
}
