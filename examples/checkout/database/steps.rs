//! The steps as transactions, and the saga over them; the same for both kinds of database. What a step writes and the note that it has
//! been run are committed together, so it needs no key to look for.

use std::time::Duration;

use sagaflow::StepContext;

use crate::domain::LedgerError;

/// What the database says.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
fn trouble(error: sqlx::Error) -> LedgerError {
    LedgerError(error.to_string())
}

/// How long each call of the payment gateway takes.
#[derive(Debug)]
pub(crate) struct Latency(pub(crate) Duration);

fn instance_of(cx: &StepContext) -> &str {
    cx.instance().map_or("inline", |instance| instance.id())
}

/// An id or an amount, as the database knows it. (It has given them, or they are prices.)
fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

macro_rules! shop {
    ($module:ident, $database:ident) => {
        pub(crate) mod $module {
            use sagaflow::prelude::*;
            use sagaflow_sqlx::Transaction;

            use super::{Latency, instance_of, sql, trouble};
            use crate::domain::*;
            use crate::generate::{DECLINED_CARD, SOLD_OUT, TAKEN_NAMES};
            use crate::services::answer;

            #[step(transaction)]
            #[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 50, unless(UserError::NameTaken { .. }))]
            #[compensate(delete_user(output.id))]
            async fn create_user(
                #[inject] cx: &StepContext,
                tx: &mut Transaction<sqlx::$database>,
                name: String,
            ) -> Result<User, UserError> {
                if TAKEN_NAMES.contains(&name.as_str()) {
                    return Err(UserError::NameTaken { name });
                }
                let insert = "INSERT INTO users (instance, name) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id";
                let insert = sqlx::query_scalar::<_, i64>(insert).bind(instance_of(cx)).bind(&name);
                match insert.fetch_optional(&mut *tx).await.map_err(trouble)? {
                    Some(id) => Ok(User { id: id.unsigned_abs(), name }),
                    None => Err(UserError::NameTaken { name }),
                }
            }

            #[step(transaction)]
            #[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 50)]
            async fn delete_user(tx: &mut Transaction<sqlx::$database>, user: Id) -> Result<(), LedgerError> {
                sqlx::query("DELETE FROM users WHERE id = $1").bind(sql(user)).execute(&mut *tx).await.map_err(trouble)?;
                Ok(())
            }

            #[step(transaction)]
            #[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 50, unless(StockError::SoldOut { .. }))]
            #[compensate(release(output.id))]
            async fn reserve(
                #[inject] cx: &StepContext,
                tx: &mut Transaction<sqlx::$database>,
                item: Item,
            ) -> Result<Line, StockError> {
                let Item { article, quantity, price } = item;
                if article == SOLD_OUT {
                    return Err(StockError::SoldOut { article });
                }
                let price = price.times(quantity);
                let insert = "INSERT INTO lines (instance, article, price) VALUES ($1, $2, $3) RETURNING id";
                let insert = sqlx::query_scalar::<_, i64>(insert).bind(instance_of(cx)).bind(&article).bind(sql(price.0));
                let id = insert.fetch_one(&mut *tx).await.map_err(trouble)?;
                Ok(Line { id: id.unsigned_abs(), article, price })
            }

            #[step(transaction)]
            #[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 50)]
            async fn release(tx: &mut Transaction<sqlx::$database>, line: Id) -> Result<(), LedgerError> {
                sqlx::query("DELETE FROM lines WHERE id = $1").bind(sql(line)).execute(&mut *tx).await.map_err(trouble)?;
                Ok(())
            }

            #[step(transaction)]
            #[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 50)]
            #[compensate(cancel_order(output.id))]
            async fn create_order(
                #[inject] cx: &StepContext,
                tx: &mut Transaction<sqlx::$database>,
                user: Id,
                total: Money,
            ) -> Result<PlacedOrder, LedgerError> {
                let insert = "INSERT INTO orders (instance, customer, total) VALUES ($1, $2, $3) RETURNING id";
                let insert = sqlx::query_scalar::<_, i64>(insert).bind(instance_of(cx)).bind(sql(user)).bind(sql(total.0));
                let id = insert.fetch_one(&mut *tx).await.map_err(trouble)?.unsigned_abs();
                Ok(PlacedOrder { id, user, total })
            }

            #[step(transaction)]
            #[retry(exponential, base = "50ms", factor = 1.0, max_delay = "1s", max_attempts = 50)]
            async fn cancel_order(tx: &mut Transaction<sqlx::$database>, order: Id) -> Result<(), LedgerError> {
                sqlx::query("DELETE FROM orders WHERE id = $1").bind(sql(order)).execute(&mut *tx).await.map_err(trouble)?;
                Ok(())
            }

            /// Undone by its arguments. If it is not known whether it was committed, its compensation finds out, and closes the door for it.
            #[step(transaction)]
            #[retry(fixed, delay = "50ms", max_attempts = 50, unless(PaymentError::Declined))]
            #[compensate(cancel_payment(order))]
            async fn create_payment(
                #[inject] cx: &StepContext,
                #[inject] latency: &Latency,
                tx: &mut Transaction<sqlx::$database>,
                order: Id,
                card: Card,
                amount: Money,
            ) -> Result<Payment, PaymentError> {
                answer(cx, latency.0).await?;
                if card.0 == DECLINED_CARD {
                    return Err(PaymentError::Declined);
                }
                let insert = "INSERT INTO payments (instance, placed, amount) VALUES ($1, $2, $3) RETURNING id";
                let insert = sqlx::query_scalar::<_, i64>(insert).bind(instance_of(cx)).bind(sql(order)).bind(sql(amount.0));
                let id = insert.fetch_one(&mut *tx).await.map_err(trouble)?;
                Ok(Payment { id: id.unsigned_abs(), order, amount })
            }

            #[step(transaction)]
            #[retry(fixed, delay = "50ms", max_attempts = 50)]
            async fn cancel_payment(tx: &mut Transaction<sqlx::$database>, order: Id) -> Result<(), LedgerError> {
                sqlx::query("DELETE FROM payments WHERE placed = $1").bind(sql(order)).execute(&mut *tx).await.map_err(trouble)?;
                Ok(())
            }

            #[saga]
            pub(crate) async fn checkout(request: Order) -> Result<Receipt, CheckoutError> {
                let user = create_user(request.name).await?;
                let mut total = Money::ZERO;
                for item in request.items {
                    let line = reserve(item).await?;
                    total += line.price;
                }
                let order = create_order(user.id, total).await?;
                let payment = create_payment(order.id, request.card, total).await?;
                Ok(Receipt { user: user.id, order: order.id, payment: payment.id, total })
            }
        }
    };
}

shop!(on_postgres, Postgres);
shop!(on_sqlite, Sqlite);
