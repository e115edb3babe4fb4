#[allow(clippy::too_many_arguments, dead_code, unused_variables)]
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
impl ::sagaflow::__private::Message for debit {
    const NAME: &'static ::core::primitive::str = "debit";
    type Output = Result<i64, Failure>;
    type Shape = ::sagaflow::__private::Fallible;
    type Kind = ::sagaflow::__private::StepKind;
    #[allow(unused_variables)]
    fn write(&self, arguments: &mut ::sagaflow::__private::Written) {
        ::sagaflow::__private::Argument::write(arguments, "account", &self.account);
        ::sagaflow::__private::Argument::write(arguments, "amount", &self.amount);
    }
    #[allow(unused_variables)]
    fn read(
        arguments: &mut ::sagaflow::__private::Arguments<'_>,
    ) -> ::core::option::Option<Self> {
        match (
            ::sagaflow::__private::Argument::read(arguments, "account"),
            ::sagaflow::__private::Argument::read(arguments, "amount"),
        ) {
            (
                ::core::option::Option::Some(__field_0),
                ::core::option::Option::Some(__field_1),
            ) => {
                ::core::option::Option::Some(debit {
                    account: __field_0,
                    amount: __field_1,
                })
            }
            _ => ::core::option::Option::None,
        }
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
        message: Self,
        injected: ::sagaflow::__private::Injected,
    ) -> Result<i64, Failure> {
        ::sagaflow::__private::in_transaction(message, injected).await
    }
}
impl ::sagaflow::__private::TransactionalStep for debit {
    type Transaction = Transaction<Postgres>;
    #[allow(unused_variables)]
    async fn run_in(
        message: Self,
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
        __debit(injected.get(), transaction, message.account, message.amount).await
    }
}
#[allow(unused_imports, clippy::wildcard_imports)]
use ::sagaflow::__private::helpers::*;
#[allow(unused_imports)]
use retry as _;
#[allow(unused_imports)]
use compensate as _;
