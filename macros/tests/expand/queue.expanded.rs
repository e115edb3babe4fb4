impl ::sagaflow::__private::Saga for queue {
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
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            Again,
            split,
            AfterWhile,
            Description,
        }
        let mut slot_open = ::core::option::Option::None;
        let mut slot_done = ::core::option::Option::None;
        let codec_open = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let codec_done = <::sagaflow::__private::Record as ::sagaflow::__private::Saved<
            _,
        >>::codec();
        let mut __call_split = ::core::option::Option::None;
        let mut at = machine
            .enter(&[("split", __At::split)], __At::Start, __At::Description)
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let queue { mut open } = __arguments;
                    let mut done = 0;
                    slot_open = ::core::option::Option::Some(open);
                    slot_done = ::core::option::Option::Some(done);
                    at = __At::Again;
                    continue 'machine;
                }
                __At::Again => 'arm: {
                    let mut open = ::sagaflow::__private::take(&mut slot_open);
                    if let Some(job) = open.pop() {
                        let __call = split(job.id);
                        machine.save("open", &open, &codec_open);
                        machine.keep("done", &slot_done, &codec_done);
                        match machine
                            .suspend(
                                "split",
                                __call,
                                &mut __call_split,
                                ::sagaflow::__private::Durable::begin,
                            )
                            .await
                        {}
                    } else {
                        at = __At::AfterWhile;
                        continue 'machine;
                    }
                }
                __At::split => 'arm: {
                    machine.restore("open", &mut slot_open, &codec_open);
                    machine.restore("done", &mut slot_done, &codec_done);
                    machine.restored().await;
                    let mut open = ::sagaflow::__private::take(&mut slot_open);
                    let mut done = ::sagaflow::__private::take(&mut slot_done);
                    let __reply = ::sagaflow::__private::Machine::reply(
                            machine,
                            ::sagaflow::__private::Durable::reader(&__call_split),
                        )
                        .await;
                    let Ok(parts) = __reply else {
                        slot_open = ::core::option::Option::Some(open);
                        slot_done = ::core::option::Option::Some(done);
                        at = __At::Again;
                        continue 'machine;
                    };
                    open.extend(parts);
                    done += 1;
                    slot_open = ::core::option::Option::Some(open);
                    slot_done = ::core::option::Option::Some(done);
                    at = __At::Again;
                    continue 'machine;
                }
                __At::AfterWhile => 'arm: {
                    let mut done = ::sagaflow::__private::take(&mut slot_done);
                    return Ok(done);
                }
                __At::Description => {
                    ::sagaflow::__private::Machine::describe(
                        machine,
                        "split",
                        &__call_split,
                        &[
                            ::sagaflow::__private::Variable::new(
                                "open",
                                ::sagaflow::__private::Waiting(&slot_open).type_name(),
                                &codec_open,
                            ),
                            ::sagaflow::__private::Variable::new(
                                "done",
                                ::sagaflow::__private::Waiting(&slot_done).type_name(),
                                &codec_done,
                            ),
                        ],
                    );
                    match machine
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
                        )
                        .await
                    {}
                }
            }
        }
    }
}
