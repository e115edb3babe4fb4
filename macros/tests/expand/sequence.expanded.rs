impl ::sagaflow::__private::Saga for sequence {
    #[allow(warnings, clippy::all, clippy::pedantic, clippy::nursery)]
    async fn resume(
        machine: &mut ::sagaflow::__private::Machine<'_>,
    ) -> Result<u32, Failure> {
        use ::sagaflow::__private::AnyRest as _;
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        enum __At {
            Start,
            num,
            num_2,
            Description,
        }
        let mut slot_first = ::core::option::Option::None;
        let mut call_num = ::core::option::Option::None;
        let mut call_num_2 = ::core::option::Option::None;
        let mut at = machine
            .enter(
                &[("num", __At::num), ("num#2", __At::num_2)],
                __At::Start,
                __At::Description,
            )
            .await;
        'machine: loop {
            match at {
                __At::Start => 'arm: {
                    let __arguments = machine.arguments().await;
                    let sequence { n } = __arguments;
                    let call = num(n);
                    match machine.suspend("num", call, &mut call_num).await {}
                }
                __At::num => 'arm: {
                    let __reply = machine.reply(&call_num).await;
                    let first = __reply?;
                    let call = num(first + 1);
                    machine.save("first", &first, &slot_first).await;
                    match machine.suspend("num#2", call, &mut call_num_2).await {}
                }
                __At::num_2 => 'arm: {
                    machine.restore("first", &mut slot_first).await;
                    let first = ::sagaflow::__private::take(&mut slot_first);
                    let __reply_2 = machine.reply(&call_num_2).await;
                    let second = __reply_2?;
                    return Ok(first + second);
                }
                __At::Description => {
                    machine.describe("num", &call_num, &[]);
                    machine
                        .describe(
                            "num#2",
                            &call_num_2,
                            &[("first", ::sagaflow::__private::type_in(&slot_first))],
                        );
                    match machine.described().await {}
                }
            }
        }
    }
}
