//! The processes that work, and how they are killed.

use std::process::Stdio;
use std::time::Duration;

use sagaflow_tests::Postgres;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::options::Work;
use crate::parent::Failed;

/// What came of it.
pub(crate) struct Killed {
    /// What the process that drove the transfers has said at its end.
    pub(crate) said: String,
    pub(crate) workers: u32,
    pub(crate) servers: u32,
}

/// Has processes work until the transfers have ended; kills so many of them on the way, and every third time the
/// database, if it is one of our own.
///
/// # Errors
///
/// When they can't be started, or end by themselves without being done.
pub(crate) async fn work(
    work: &Work,
    processes: u16,
    kills: u32,
    mut server: Option<&mut Postgres>,
) -> Result<Killed, Failed> {
    let mut chance = fastrand::Rng::with_seed(work.seed);
    let mut all: Vec<Child> = (0..processes).map(|nth| begin(work, nth == 0)).collect::<Result<_, _>>()?;
    let mut killed = Killed { said: String::new(), workers: 0, servers: 0 };
    loop {
        let may_kill = killed.workers + killed.servers < kills;
        let pause = Duration::from_millis(chance.u64(100..500));
        tokio::select! {
            ended = all[0].wait() => {
                let status = ended?;
                if !status.success() {
                    return Err(format!("the process that drives the transfers has ended ({status})").into());
                }
                if let Some(mut out) = all[0].stdout.take() {
                    out.read_to_string(&mut killed.said).await?;
                }
                killed.said = killed.said.trim().to_owned();
                for process in &mut all[1..] {
                    process.kill().await?;
                }
                return Ok(killed);
            }
            () = sleep(pause), if may_kill => {
                match &mut server {
                    Some(server) if chance.u8(0..3) == 0 => {
                        server.crash()?;
                        killed.servers += 1;
                    }
                    _ => {
                        let nth = chance.usize(0..all.len());
                        all[nth].kill().await?;
                        all[nth] = begin(work, nth == 0)?;
                        killed.workers += 1;
                    }
                }
            }
        }
    }
}

fn begin(work: &Work, drive: bool) -> Result<Child, Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    let Work { transport, left, right, .. } = work;
    command.args(["work", "--transport", transport, "--left", left, "--right", right]);
    for (option, value) in [
        ("--workers", work.workers.to_string()),
        ("--transfers", work.transfers.to_string()),
        ("--accounts", work.accounts.to_string()),
        ("--seed", work.seed.to_string()),
    ] {
        command.args([option, &value]);
    }
    if drive {
        command.arg("--drive");
    }
    Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?)
}
