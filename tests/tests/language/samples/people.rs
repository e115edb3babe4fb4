//! People: polling, reminders, approvals, onboarding, support, sign-up, dunning.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::Write as _;

use sagaflow::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::{Trace, check};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum Job {
    Queued,
    Running { percent: u8, message: Option<String> },
    Done { url: String },
    Failed { code: i32 },
}

#[step]
async fn job_state(#[inject] trace: &Trace, job: String, poll: u32) -> Result<Job, Failure> {
    trace.add(format_args!("poll {poll} of {job}"));
    let message = poll.is_multiple_of(2).then(|| format!("at {poll}"));
    Ok(match (job.as_str(), poll) {
        ("gone", 2) => return Err(Failure::new("no such job").terminal()),
        (_, 0) => Job::Queued,
        ("bad", 3..) => Job::Failed { code: -7 },
        (_, 1 | 2) | ("good", 3) => Job::Running { percent: poll as u8 * 25, message },
        _ => Job::Done { url: format!("https://example.org/{job}") },
    })
}

#[step]
async fn tell(#[inject] trace: &Trace, who: String, text: String) -> usize {
    trace.add(format_args!("tell {who}: {text}"));
    text.len()
}

/// Polling with counters.
#[saga]
async fn poll_job(job: String, max_polls: u32) -> Result<String, Failure> {
    let mut polls = 0;
    let mut progress: u8 = 0;
    let mut stalls = 0_usize;
    while polls < max_polls {
        let state = job_state(job.clone(), polls).await?;
        polls += 1;
        progress = match state {
            Job::Done { url } => return Ok(url),
            Job::Failed { code: code @ ..0 } => return Err(Failure::new(format!("crashed with {code}"))),
            Job::Failed { code } => return Err(Failure::new(format!("ended with {code}"))),
            Job::Queued => 0,
            Job::Running { percent, .. } if percent <= progress => {
                stalls += 1;
                progress
            }
            Job::Running { percent, message: Some(message) } => {
                tell("owner".to_owned(), format!("{percent:>3}% {message}")).await;
                percent
            }
            Job::Running { percent, message: None } => percent,
        };
    }
    Err(Failure::new(format!("gave up on {job} at {progress}% after {polls} polls, {stalls} stalls")))
}

#[tokio::test]
async fn jobs_are_polled() {
    for job in ["good", "bad", "gone"] {
        check!(poll_job: (job.to_owned(), 0), (job.to_owned(), 3), (job.to_owned(), 9));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Channel {
    Mail,
    Phone,
    Letter,
}

#[step]
async fn has_paid(#[inject] trace: &Trace, invoice: u32, reminder: u32) -> bool {
    trace.add(format_args!("paid {invoice} {reminder}?"));
    reminder > invoice
}

/// Reminders, each by a stronger means.
#[saga]
async fn remind(invoice: u32, customer: Option<String>) -> Result<Vec<Channel>, Failure> {
    const ESCALATION: [(Channel, &str); 4] = [
        (Channel::Mail, "a gentle reminder"),
        (Channel::Mail, "a reminder"),
        (Channel::Phone, "please call us"),
        (Channel::Letter, "our lawyers"),
    ];
    let customer = customer.ok_or_else(|| Failure::new("whom?"))?;
    let mut used = vec![];
    for (step, (channel, text)) in ESCALATION.into_iter().enumerate() {
        if has_paid(invoice, step as u32).await {
            break;
        }
        tell(customer.clone(), format!("{text} about {invoice}")).await;
        if !used.contains(&channel) {
            used.push(channel);
        }
    }
    if used.len() == 3 && !has_paid(invoice, 99).await {
        return Err(Failure::new(format!("{customer} never pays")));
    }
    Ok(used)
}

#[tokio::test]
async fn customers_are_reminded() {
    let customer = || Some("Eve".to_owned());
    check!(remind: (0, customer()), (1, customer()), (3, customer()), (200, customer()), (1, None));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Proposal {
    title: String,
    voters: Vec<Voter>,
    quorum: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Voter {
    name: String,
    weight: usize,
    veto: bool,
}

#[step]
async fn ask(#[inject] trace: &Trace, voter: String, title: String) -> Option<bool> {
    trace.add(format_args!("ask {voter} about {title}"));
    match voter.len() % 3 {
        0 => Some(true),
        1 => Some(false),
        _ => None,
    }
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Votes {
    yes: usize,
    no: usize,
    silent: BTreeSet<String>,
}

/// A quorum of approvals.
#[saga]
async fn vote(proposal: Proposal) -> Result<(bool, Votes), Failure> {
    let Proposal { title, voters, quorum } = &proposal;
    let mut votes = Votes::default();
    for voter in voters {
        match ask(voter.name.clone(), title.clone()).await {
            Some(true) => votes.yes += voter.weight,
            Some(false) if voter.veto => return Ok((false, Votes { no: usize::MAX, ..votes })),
            Some(false) => votes.no += voter.weight,
            None => {
                votes.silent.insert(voter.name.to_uppercase());
            }
        }
        let open: usize = voters.iter().map(|voter| voter.weight).sum::<usize>() - votes.yes - votes.no;
        if votes.yes >= *quorum || votes.yes + open < *quorum {
            break;
        }
    }
    let text = if votes.yes >= *quorum { "carried" } else { "lost" };
    let mut minutes = format!("{title} is {text}");
    write!(minutes, ", {} to {}", votes.yes, votes.no).map_err(|error| Failure::new(error.to_string()))?;
    tell("all".into(), minutes).await;
    Ok((votes.yes >= *quorum, votes))
}

#[tokio::test]
async fn a_quorum_decides() {
    let voters = |names: &[&str], veto| {
        names.iter().map(|name| Voter { name: (*name).to_owned(), weight: name.len(), veto }).collect::<Vec<_>>()
    };
    let proposal = |voters, quorum| Proposal { title: "tabs".to_owned(), voters, quorum };
    check!(vote:
        (proposal(voters(&["Ann", "Bo", "Cyrill", "Dora"], false), 9)),
        (proposal(voters(&["Ann", "Dora", "Eve"], true), 6)),
        (proposal(voters(&["Bo", "Dora"], false), 4)),
        (proposal(vec![], 1)),
    );
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Hire {
    name: String,
    role: Role,
    manager: Option<Box<Hire>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Role {
    Engineer { senior: bool },
    Sales,
}

#[step]
#[retry(fixed, delay = "1ms", max_attempts = 1)]
#[compensate(lock_out(output.clone()))]
async fn make_account(#[inject] trace: &Trace, name: String, system: String) -> Result<String, Failure> {
    trace.add(format_args!("account {name} {system}"));
    if name.contains(' ') { Err(Failure::new("no spaces")) } else { Ok(format!("{}@{system}", name.to_lowercase())) }
}

#[step]
async fn lock_out(#[inject] trace: &Trace, account: String) {
    trace.add(format_args!("undo account {account}"));
}

/// Onboarding.
#[saga]
async fn onboard(hire: Hire) -> Result<HashMap<String, String>, Failure> {
    let Hire { name, role, manager } = hire;
    let systems: &[&str] = match role {
        Role::Engineer { senior: true } => &["mail", "git", "prod"],
        Role::Engineer { senior: false } => &["mail", "git"],
        Role::Sales => &["mail", "crm"],
    };
    let systems: Vec<String> = systems.iter().map(|system| system.to_string()).collect();
    let mut accounts = HashMap::new();
    for system in systems {
        let account = make_account(name.clone(), system.clone()).await?;
        accounts.insert(system, account);
    }
    let boss = manager.as_deref().map(|manager| manager.name.as_str()).unwrap_or("the board").to_owned();
    let letters = tell(boss, format!("{name} has {} accounts", accounts.len())).await;
    if letters > 30
        && let Some(Hire { name: boss, manager: above, .. }) = manager.map(|manager| *manager)
    {
        let above = above.map(|above| above.name);
        tell(above.unwrap_or(boss), "that was long".to_owned()).await;
    }
    Ok(accounts.into_iter().filter(|(system, _)| system == "mail").collect())
}

#[tokio::test]
async fn people_are_onboarded() {
    let hire =
        |name: &str, role, manager: Option<Hire>| Hire { name: name.to_owned(), role, manager: manager.map(Box::new) };
    let top = || hire("Top", Role::Sales, None);
    let middle = || hire("Middle", Role::Sales, Some(top()));
    check!(onboard:
        (hire("Ann", Role::Engineer { senior: true }, Some(middle()))),
        (hire("A-very-long-name-indeed", Role::Engineer { senior: false }, Some(middle()))),
        (hire("A-very-long-name-indeed", Role::Sales, Some(top()))),
        (hire("Bo Bo", Role::Sales, None)),
    );
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Ticket {
    id: u32,
    text: String,
    priority: u8,
}

#[step]
async fn answer(#[inject] trace: &Trace, ticket: Ticket, level: u8) -> Result<String, Ticket> {
    trace.add(format_args!("answer {} at {level}", ticket.id));
    if ticket.text.len() < usize::from(level) * 6 {
        Ok(format!("{level}: {}", ticket.text))
    } else {
        Err(Ticket { priority: ticket.priority + 1, ..ticket })
    }
}

impl std::fmt::Display for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}", self.id)
    }
}

/// A queue of tickets, each going up the levels until somebody can answer it.
#[saga]
async fn support(tickets: Vec<Ticket>) -> Result<Vec<String>, Failure> {
    let mut queue = tickets.into_iter().map(|ticket| (1u8, ticket)).collect::<VecDeque<_>>();
    let mut answers = Vec::new();
    while let Some((level, ticket)) = queue.pop_front() {
        let id = ticket.id;
        match answer(ticket, level).await {
            Ok(text) => answers.push(format!("#{id} {text}")),
            Err(ticket) if level >= 3 => {
                tell("ops".to_owned(), format!("{ticket} ({}) needs you", ticket.priority)).await;
            }
            Err(ticket) if ticket.priority > 4 => queue.push_front((level + 1, ticket)),
            Err(ticket) => queue.push_back((level + 1, ticket)),
        }
    }
    answers.sort_unstable_by(|one, other| other.cmp(one));
    Ok(answers)
}

#[tokio::test]
async fn tickets_are_answered() {
    let ticket = |id, text: &str, priority| Ticket { id, text: text.to_owned(), priority };
    let many = vec![ticket(1, "help", 1), ticket(2, "it is broken!", 4), ticket(3, "burning, all is lost!", 1)];
    check!(support: (many.clone()), (vec![]));
}

/// Sign-up: a code is sent, and may be typed wrong a few times.
#[saga]
async fn sign_up(email: String, typed: Vec<String>) -> Result<String, Failure> {
    let Some((user, domain)) = email.split_once('@').map(|(user, domain)| (user.to_owned(), domain.to_owned())) else {
        return Err(Failure::new(format!("{email:?} is no address")));
    };
    let code = tell(email, "your code".to_owned()).await.to_string();
    let mut attempts: VecDeque<_> = typed.into_iter().take(3).collect();
    let verified = loop {
        match attempts.pop_front() {
            Some(attempt) if attempt == code => break true,
            Some(attempt) => _ = tell(user.clone(), format!("{attempt} is wrong, {} left", attempts.len())).await,
            None => break false,
        }
    };
    if !verified {
        Err(Failure::new(format!("{user} of {domain} could not be verified")))?;
    }
    make_account(user, domain).await
}

#[tokio::test]
async fn people_sign_up() {
    let typed = |codes: &[&str]| codes.iter().map(ToString::to_string).collect::<Vec<_>>();
    check!(sign_up:
        ("a@b.c".to_owned(), typed(&["9"])),
        ("a@b.c".to_owned(), typed(&["1", "2", "9"])),
        ("a@b.c".to_owned(), typed(&["1", "2", "3", "9"])),
        ("nobody".to_owned(), typed(&[])),
    );
}
