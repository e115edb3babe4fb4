// transaction
#[retry(fixed, delay = "1s", max_attempts = 3)]
#[compensate(credit(account, amount))]
async fn debit(
    #[inject] cx: &StepContext,
    tx: &mut Transaction<Postgres>,
    account: i64,
    amount: i64,
) -> Result<i64, Failure> {
    book(tx, cx.key(), account, -amount).await
}
