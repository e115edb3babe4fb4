//! The audit: each figure from SQL, and none of it from what the sagas say of themselves.

use std::collections::BTreeMap;

use sqlx::PgPool;

use crate::domain::OPENING;
use crate::parent::{Failed, sqlite_pool};

/// Sum of the balances.
const BALANCES: &str = "SELECT CAST(sum(balance) AS BIGINT) FROM accounts";
/// Accounts whose balance is not what their entries make of the opening.
const WRONG: &str = "SELECT count(*) FROM accounts a WHERE a.balance <> (CASE WHEN a.number = 0 THEN 0 ELSE $1 END) \
     + coalesce((SELECT CAST(sum(e.amount) AS BIGINT) FROM entries e WHERE e.account = a.number), 0)";
/// Entries that are there twice.
const TWICE: &str =
    "SELECT count(*) FROM (SELECT transfer FROM entries GROUP BY transfer, kind HAVING count(*) > 1) doubled";
/// What there is of each transfer.
const KINDS: &str = "SELECT transfer, kind FROM entries ORDER BY transfer, kind";
/// Notes that were left open, which a commit can't leave.
const OPEN: &str = "SELECT count(*) FROM sagaflow_inbox WHERE state = 'open' OR open IS NOT NULL";

/// What one database says.
struct Side {
    balances: i64,
    wrong: i64,
    twice: i64,
    open: i64,
    kinds: Vec<(String, String)>,
}

macro_rules! ask {
    ($pool:expr) => {{
        let pool = $pool;
        Side {
            balances: sqlx::query_scalar(BALANCES).fetch_one(&pool).await?,
            wrong: sqlx::query_scalar(WRONG).bind(OPENING).fetch_one(&pool).await?,
            twice: sqlx::query_scalar(TWICE).fetch_one(&pool).await?,
            open: sqlx::query_scalar(OPEN).fetch_one(&pool).await?,
            kinds: sqlx::query_as(KINDS).fetch_all(&pool).await?,
        }
    }};
}

async fn ask(url: &str) -> Result<Side, Failed> {
    Ok(if url.starts_with("postgres") { ask!(PgPool::connect(url).await?) } else { ask!(sqlite_pool(url).await?) })
}

/// Prints the figures, and says whether they are right.
///
/// # Errors
///
/// When a database can't be asked.
pub(crate) async fn audit(left: &str, right: &str, said: &str, transfers: u32, accounts: u32) -> Result<bool, Failed> {
    let sides = [ask(left).await?, ask(right).await?];
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (transfer, kind) in sides.iter().flat_map(|side| &side.kinds) {
        kinds.entry(transfer).or_default().push(kind);
    }
    let (mut done, mut undone, mut half) = (0_u32, 0_u32, 0_u32);
    for (transfer, kinds) in &mut kinds {
        kinds.sort_unstable();
        match kinds.as_slice() {
            ["credit", "debit", "fee"] => done += 1,
            ["debit", "fee", "fee back", "refund"] => undone += 1,
            other => {
                half += 1;
                println!("{transfer}: {other:?}");
            }
        }
    }
    let sum = |figure: fn(&Side) -> i64| sides.iter().map(figure).sum::<i64>();
    let expected = 2 * i64::from(accounts) * OPENING;
    let said: serde_json::Value = serde_json::from_str(said)?;
    let completed = said["completed"].as_u64().unwrap_or_default();
    let ended = completed + said["refused"].as_u64().unwrap_or_default();
    let checks = [
        ("the sum over all accounts", sum(|side| side.balances), expected),
        ("accounts that their entries don't explain", sum(|side| side.wrong), 0),
        ("transfers half done", i64::from(half), 0),
        ("entries written twice", sum(|side| side.twice), 0),
        ("notes left open", sum(|side| side.open), 0),
        ("transfers done", i64::from(done), i64::try_from(completed)?),
        ("transfers ended", i64::try_from(ended)?, i64::from(transfers)),
    ];
    let mut right = true;
    for (what, found, expected) in checks {
        let verdict = if found == expected { "ok" } else { "WRONG" };
        right &= found == expected;
        println!("{verdict:>5}  {what}: {found} (expected {expected})");
    }
    println!("       transfers that were undone: {undone}");
    println!("{}", if right { "the books are right" } else { "THE BOOKS ARE WRONG" });
    Ok(right)
}
