impl ::sagaflow::__private::Saga for queue {
    #[allow(clippy::match_single_binding, non_shorthand_field_patterns)]
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
        use ::sagaflow::__private::{AnyRest as _, TypeName as _};
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
            >>::slot(machine, "open", (&[], ::core::option::Option::None));
            let mut slot_done = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
                _,
            >>::slot(machine, "done", (&[], ::core::option::Option::None));
            let __site_split = ::sagaflow::__private::Site::new("split");
            let at = machine.enter([__At::split], __At::Start, __At::Description);
            if let ::core::option::Option::Some(mut at) = at {
                'machine: loop {
                    match at {
                        __At::Start => 'arm: {
                            let ::core::option::Option::Some(__arguments) = machine
                                .arguments() else { break 'machine };
                            let queue { mut open } = __arguments;
                            let mut done = 0;
                            slot_open.value = ::core::option::Option::Some(open);
                            slot_done.value = ::core::option::Option::Some(done);
                            at = __At::Again;
                            continue 'machine;
                        }
                        __At::Again => 'arm: {
                            let mut open = ::sagaflow::__private::take(
                                &mut slot_open.value,
                            );
                            if let Some(job) = open.pop() {
                                let __call = split(job.id);
                                slot_open.save(&open);
                                ::sagaflow::__private::Durable::suspend(
                                    __call,
                                    machine,
                                    &__site_split,
                                );
                                break 'machine;
                            } else {
                                at = __At::AfterWhile;
                                continue 'machine;
                            }
                        }
                        __At::split => 'arm: {
                            let ::core::option::Option::Some(__reply) = ::sagaflow::__private::Durable::reply(
                                machine,
                                &__site_split,
                            ) else { break 'machine };
                            let mut open = ::sagaflow::__private::take(
                                &mut slot_open.value,
                            );
                            let mut done = ::sagaflow::__private::take(
                                &mut slot_done.value,
                            );
                            let Ok(parts) = __reply else {
                                slot_open.value = ::core::option::Option::Some(open);
                                slot_done.value = ::core::option::Option::Some(done);
                                at = __At::Again;
                                continue 'machine;
                            };
                            open.extend(parts);
                            done += 1;
                            slot_open.value = ::core::option::Option::Some(open);
                            slot_done.value = ::core::option::Option::Some(done);
                            at = __At::Again;
                            continue 'machine;
                        }
                        __At::AfterWhile => 'arm: {
                            let mut done = ::sagaflow::__private::take(
                                &mut slot_done.value,
                            );
                            return Ok(done);
                        }
                        __At::Description => {
                            ::sagaflow::__private::Durable::at(machine, &__site_split);
                            machine
                                .described(
                                    &[
                                        slot_open
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_open.value).type_name(),
                                            ),
                                        slot_done
                                            .describe(
                                                ::sagaflow::__private::Waiting(&slot_done.value).type_name(),
                                            ),
                                    ],
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
            slot_open.leave(machine);
            slot_done.leave(machine);
        }
        match machine.stop().await {}
    }
}
