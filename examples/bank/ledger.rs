//! The accounts in SQL, the steps, and the saga; the same for both kinds of database.

/// The database of the accounts on the left.
#[derive(Debug)]
pub(crate) enum Left {}

/// The database of the accounts on the right.
#[derive(Debug)]
pub(crate) enum Right {}

/// The tables of one database. An entry is written with each change of a balance; nothing but the transaction keeps it from
/// being written twice.
pub(crate) const TABLES: &str = "
CREATE TABLE accounts (
    number BIGINT PRIMARY KEY,
    balance BIGINT NOT NULL CHECK (balance >= 0),
    most BIGINT NOT NULL,       -- that may be transferred at a time
    closed INTEGER NOT NULL     -- 1: takes no money any more
);
CREATE TABLE entries (
    transfer TEXT NOT NULL,
    kind TEXT NOT NULL,         -- debit, fee, credit, refund, fee back
    account BIGINT NOT NULL,
    amount BIGINT NOT NULL      -- what it changes the balance by
);
CREATE INDEX entries_transfer ON entries (transfer);";

/// The steps and the saga over one kind of database.
macro_rules! bank {
    ($module:ident, $database:ident) => {
        pub(crate) mod $module {
            use sagaflow::prelude::*;
            use sagaflow_sqlx::Transaction;

            use super::super::domain::{FEES, Order, Refusal, Side};
            use super::{Left, Right};

            type Tx<N> = Transaction<sqlx::$database, N>;

            /// Changes a balance, and writes that down.
            async fn book<N>(tx: &mut Tx<N>, transfer: &str, kind: &str, account: i64, amount: i64) -> Result<(), Refusal> {
                let update = sqlx::query("UPDATE accounts SET balance = balance + $1 WHERE number = $2");
                update.bind(amount).bind(account).execute(&mut *tx).await?;
                let entry = "INSERT INTO entries (transfer, kind, account, amount) VALUES ($1, $2, $3, $4)";
                sqlx::query(entry).bind(transfer).bind(kind).bind(account).bind(amount).execute(&mut *tx).await?;
                Ok(())
            }

            async fn debit<N>(tx: &mut Tx<N>, order: &Order) -> Result<(), Refusal> {
                let (account, fee) = (order.from.number, order.fee());
                // An account and that of the fees are always locked in this order.
                let select = "UPDATE accounts SET balance = balance WHERE number = $1 RETURNING balance, most";
                let (balance, most): (i64, i64) = sqlx::query_as(select).bind(account).fetch_one(&mut *tx).await?;
                if order.amount > most {
                    return Err(Refusal::OverLimit { account, amount: order.amount });
                }
                if balance < order.amount + fee {
                    return Err(Refusal::NotEnough(account));
                }
                book(tx, &order.id, "debit", account, -(order.amount + fee)).await?;
                book(tx, &order.id, "fee", FEES, fee).await
            }

            async fn refund<N>(tx: &mut Tx<N>, order: &Order) -> Result<(), Refusal> {
                let fee = order.fee();
                book(tx, &order.id, "refund", order.from.number, order.amount + fee).await?;
                book(tx, &order.id, "fee back", FEES, -fee).await
            }

            async fn credit<N>(tx: &mut Tx<N>, order: &Order) -> Result<(), Refusal> {
                let account = order.to.number;
                let select = sqlx::query_scalar("SELECT closed FROM accounts WHERE number = $1").bind(account);
                let closed: i32 = select.fetch_one(&mut *tx).await?;
                if closed != 0 {
                    return Err(Refusal::Closed(account));
                }
                book(tx, &order.id, "credit", account, order.amount).await
            }

            #[step(transaction)]
            #[retry(exponential, base = "20ms", max_delay = "1s", jitter = full, max_attempts = 1000, only(Refusal::Database(_)))]
            #[compensate(refund_left(order))]
            pub(crate) async fn debit_left(tx: &mut Transaction<sqlx::$database, Left>, order: Order) -> Result<(), Refusal> {
                debit(tx, &order).await
            }

            #[step(transaction)]
            #[retry(exponential, base = "20ms", max_delay = "1s", jitter = full, max_attempts = 1000, only(Refusal::Database(_)))]
            #[compensate(refund_right(order))]
            pub(crate) async fn debit_right(tx: &mut Transaction<sqlx::$database, Right>, order: Order) -> Result<(), Refusal> {
                debit(tx, &order).await
            }

            #[step(transaction)]
            #[retry(exponential, base = "20ms", max_delay = "1s", jitter = full, max_attempts = 1000)]
            pub(crate) async fn refund_left(tx: &mut Transaction<sqlx::$database, Left>, order: Order) -> Result<(), Refusal> {
                refund(tx, &order).await
            }

            #[step(transaction)]
            #[retry(exponential, base = "20ms", max_delay = "1s", jitter = full, max_attempts = 1000)]
            pub(crate) async fn refund_right(tx: &mut Transaction<sqlx::$database, Right>, order: Order) -> Result<(), Refusal> {
                refund(tx, &order).await
            }

            #[step(transaction)]
            #[retry(exponential, base = "20ms", max_delay = "1s", jitter = full, max_attempts = 1000, only(Refusal::Database(_)))]
            pub(crate) async fn credit_left(tx: &mut Transaction<sqlx::$database, Left>, order: Order) -> Result<(), Refusal> {
                credit(tx, &order).await
            }

            #[step(transaction)]
            #[retry(exponential, base = "20ms", max_delay = "1s", jitter = full, max_attempts = 1000, only(Refusal::Database(_)))]
            pub(crate) async fn credit_right(tx: &mut Transaction<sqlx::$database, Right>, order: Order) -> Result<(), Refusal> {
                credit(tx, &order).await
            }

            /// Takes the money with the fee, and gives it to the other account. If that takes none, the first has its money back.
            #[saga]
            pub(crate) async fn transfer(order: Order) -> Result<i64, Refusal> {
                match order.from.side {
                    Side::Left => debit_left(order.clone()).await?,
                    Side::Right => debit_right(order.clone()).await?,
                }
                match order.to.side {
                    Side::Left => credit_left(order.clone()).await?,
                    Side::Right => credit_right(order.clone()).await?,
                }
                Ok(order.amount)
            }
        }
    };
}

bank!(on_postgres, Postgres);
bank!(on_sqlite, Sqlite);
