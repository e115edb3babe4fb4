#[allow(clippy::too_many_arguments)]
#[allow(dead_code, unused_variables, reason = "a worker names the message only")]
fn debit(account: i64, amount: i64) -> ::sagaflow::Call<debit> {
    ::sagaflow::Call::new(debit { account, amount })
}
///The message of [`debit`](fn@debit): its arguments.
#[allow(
    non_camel_case_types,
    non_snake_case,
    missing_debug_implementations,
    missing_docs,
    dead_code
)]
struct debit {
    account: i64,
    amount: i64,
}
impl ::sagaflow::__private::serde::Serialize for debit {
    fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
    where
        S: ::sagaflow::__private::serde::Serializer,
    {
        #[allow(unused_mut)]
        let mut fields = ::sagaflow::__private::serde::Serializer::serialize_struct(
            serializer,
            "debit",
            2usize,
        )?;
        ::sagaflow::__private::write_field(
            &mut fields,
            "account",
            ::sagaflow::__private::Argument::write(&self.account),
        )?;
        ::sagaflow::__private::write_field(
            &mut fields,
            "amount",
            ::sagaflow::__private::Argument::write(&self.amount),
        )?;
        ::sagaflow::__private::serde::ser::SerializeStruct::end(fields)
    }
}
impl<'de> ::sagaflow::__private::serde::Deserialize<'de> for debit {
    fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
    where
        D: ::sagaflow::__private::serde::Deserializer<'de>,
    {
        struct Fields;
        impl<'de> ::sagaflow::__private::serde::de::Visitor<'de> for Fields {
            type Value = debit;
            fn expecting(
                &self,
                text: &mut ::core::fmt::Formatter<'_>,
            ) -> ::core::fmt::Result {
                text.write_str(::core::concat!("the arguments of `", "debit", "`"))
            }
            fn visit_map<A>(self, mut map: A) -> ::core::result::Result<debit, A::Error>
            where
                A: ::sagaflow::__private::serde::de::MapAccess<'de>,
            {
                let mut __field_0: ::core::option::Option<i64> = ::core::option::Option::None;
                let mut __field_1: ::core::option::Option<i64> = ::core::option::Option::None;
                while let ::core::option::Option::Some(field) = ::sagaflow::__private::next_field(
                    &mut map,
                    &["account", "amount"],
                )? {
                    match field {
                        0usize => {
                            ::sagaflow::__private::Argument::read(
                                &mut map,
                                &mut __field_0,
                                "account",
                            )?
                        }
                        1usize => {
                            ::sagaflow::__private::Argument::read(
                                &mut map,
                                &mut __field_1,
                                "amount",
                            )?
                        }
                        _ => ::sagaflow::__private::skip_field(&mut map)?,
                    }
                }
                ::core::result::Result::Ok(debit {
                    account: ::sagaflow::__private::required_field(
                        __field_0,
                        "account",
                    )?,
                    amount: ::sagaflow::__private::required_field(__field_1, "amount")?,
                })
            }
        }
        ::sagaflow::__private::serde::Deserializer::deserialize_struct(
            deserializer,
            "debit",
            &["account", "amount"],
            Fields,
        )
    }
}
impl ::sagaflow::__private::Message for debit {
    const NAME: &'static ::core::primitive::str = "debit";
    type Output = Result<i64, Failure>;
    type Shape = ::sagaflow::__private::Fallible;
    type Kind = ::sagaflow::__private::StepKind;
    async fn inline(self) -> Result<i64, Failure> {
        ::sagaflow::__private::Step::run(
                self,
                ::sagaflow::__private::Injected::inline(
                    <Self as ::sagaflow::__private::Message>::NAME,
                ),
            )
            .await
    }
}
impl ::sagaflow::__private::Step for debit {
    #[allow(unused_variables, clippy::all, clippy::pedantic)]
    fn define(step: &mut ::sagaflow::__private::StepDefinition) {
        step.needs::<StepContext>("cx");
        step.transactional::<Self>("tx");
        step.retry(
            ::sagaflow::__private::RetryPolicy::new(::sagaflow::__private::Backoff::Fixed {
                    delay: ::core::time::Duration::from_secs(1u64),
                })
                .max_attempts(3u32),
        );
        step.undone_by_arguments(|debit { account, amount }: debit| credit(
            account,
            amount,
        ));
    }
    #[allow(unused_variables)]
    async fn run(
        self,
        injected: ::sagaflow::__private::Injected,
    ) -> Result<i64, Failure> {
        ::sagaflow::__private::in_transaction(self, injected).await
    }
}
impl ::sagaflow::__private::TransactionalStep for debit {
    type Transaction = Transaction<Postgres>;
    #[allow(unused_variables)]
    async fn run_in(
        self,
        transaction: &mut Transaction<Postgres>,
        injected: ::sagaflow::__private::Injected,
    ) -> Result<i64, Failure> {
        #[allow(clippy::too_many_arguments)]
        async fn __debit(
            cx: &StepContext,
            tx: &mut Transaction<Postgres>,
            account: i64,
            amount: i64,
        ) -> Result<i64, Failure> {
            book(tx, cx.key(), account, -amount).await
        }
        __debit(injected.get(), transaction, self.account, self.amount).await
    }
}
#[allow(unused_imports, clippy::wildcard_imports)]
use ::sagaflow::__private::helpers::*;
const _: () = {
    #[allow(unused_imports)]
    use retry as _;
    #[allow(unused_imports)]
    use compensate as _;
};
