//! A run from its beginning to its verdict.

use std::path::PathBuf;
use std::time::Duration;

use aliasd_checkers::history::{Bounds, Event, GrantBefore, GrantKind, Privilege, Setup, UserBefore};
use anyhow::{Context, Result, ensure};
use tokio::time::{interval, sleep};

use super::load::{Crew, Load};
use super::nemesis::Nemesis;
use super::plan::{self, Planned};
use super::record::Recorder;
use super::report::Report;
use super::rig::{ADMINISTRATOR_PASSWORD, OBSERVER, Rig};
use super::verdict;
use super::world::{DATABASES, Passwords, SERVICE, SERVICE_ROLE, World, service_privileges};
use crate::dice::Dice;

/// What a run is asked to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the plan and the clients follow from.
    pub seed: u64,
    /// For how long faults begin.
    pub length: Duration,
    /// How many members it begins with: 3 or 5.
    pub members: u64,
    /// Where everything of the run is; it is empty.
    pub directory: PathBuf,
}

/// How often it is said how the run goes.
const PROGRESS_EVERY: Duration = Duration::from_secs(15);
/// How long clients go on when everything has healed.
const AFTERWARDS: Duration = Duration::from_secs(3);
/// What `cluster.max_staleness`, `cluster.release_staleness` and the SDK's `silence_max` are without being set, in nanoseconds; and what is added for a
/// machine that is busy: a process that does not run cannot look at the time.
const MAX_STALENESS: u64 = 10_000_000_000;
const RELEASE_STALENESS: u64 = 2_000_000_000;
const SILENCE_MAX: u64 = 5_000_000_000;
const BUSY: u64 = 2_000_000_000;

/// Carries out a run and judges it.
///
/// # Errors
/// The cluster cannot be started, or the run cannot be judged. What the cluster does wrong is in the report.
pub async fn run(options: &Options) -> Result<Report> {
    ensure!(matches!(options.members, 3 | 5), "a cluster of {} members is not provided for: 3 or 5", options.members);
    let mut dice = Dice::new(options.seed);
    let plan = plan::draw(&mut dice.fork(), options.members, options.length);
    print_plan(options, &plan);
    let recorder = Recorder::new(&options.directory.join("history.jsonl"), &format!("chaos-{:016x}-", options.seed))?;
    let rig = Rig::start(&options.directory, options.members, &recorder, dice.fork()).await?;
    let world = World { recorder: recorder.clone(), passwords: Passwords::default() };
    let crew = Crew::new(&rig, &recorder, &world)?;
    let setup = set_up(&crew).await.context("the beginning cannot be made")?;
    recorder.push(Event::Setup(setup));
    let opener = crew.administrator()?;
    for statement in world.openings() {
        opener.write(&statement).await;
    }
    let load = Load::start(&crew, &mut dice.fork())?;
    eprintln!("{} clients begin", load.clients());

    let nemesis = Nemesis::new(&rig, &recorder);
    let saying = tokio::spawn(say_how_it_goes(nemesis.clone()));
    nemesis.carry_out(plan, &mut dice.fork()).await;
    saying.abort();
    eprintln!("{:>8.1} s  everything heals", nemesis.seconds());
    let whole = nemesis.heal().await?;
    sleep(AFTERWARDS).await;
    if let Err(error) = load.stop().await {
        recorder.finding(format!("{error:#}"));
    }
    verdict::rest(&nemesis, &crew, &whole).await;
    verdict::judge(&nemesis, options).await
}

fn print_plan(options: &Options, plan: &[Planned]) {
    eprintln!("seed {}, {} members, {} faults in {:?}:", options.seed, options.members, plan.len(), options.length);
    plan.iter().for_each(|planned| eprintln!("{planned}"));
}

async fn say_how_it_goes(nemesis: Nemesis) {
    let mut ticks = interval(PROGRESS_EVERY);
    loop {
        ticks.tick().await;
        let faults: u64 = nemesis.counts().values().map(|(about, _)| about).sum();
        let (operations, findings) = (nemesis.recorder.operations(), nemesis.recorder.findings().len());
        let seconds = nemesis.seconds();
        eprintln!("{seconds:>8.1} s  {operations} operations, {faults} faults are over, {findings} findings");
    }
}

/// Makes what there has to be before the load begins, and says so.
async fn set_up(crew: &Crew) -> Result<Setup> {
    let client = crew.administrator()?.sdk;
    let mut revision = 0;
    let statements = crew.world.beginnings().into_iter().map(|statement| statement.text);
    for text in statements.chain(Rig::observer_statements()) {
        let result = async { client.execute(text.as_str()).await?.collect().await }.await;
        let (_, summary) = result.with_context(|| text.clone())?;
        revision = summary.revision;
    }
    let neo4j = "neo4j".to_owned();
    let user = |name: &str, password: Option<&str>, role: &str| UserBefore {
        name: name.to_owned(),
        password: password.map(str::to_owned),
        suspended: false,
        roles: vec![role.to_owned()],
    };
    let grant =
        |role: &str, privilege: Privilege| GrantBefore { role: role.to_owned(), privilege, kind: GrantKind::Granted };
    let all = || "*".to_owned();
    let admin = [Privilege::Access { on: all() }, Privilege::Impersonate { user: all() }, Privilege::AliasManagement];
    Ok(Setup {
        bounds: Bounds {
            max_staleness: MAX_STALENESS + BUSY,
            release_staleness: Some(RELEASE_STALENESS + BUSY),
            silence_max: SILENCE_MAX + BUSY,
        },
        revision,
        databases: DATABASES.iter().map(|name| (*name).to_owned()).chain([neo4j.clone()]).collect(),
        default_database: Some(neo4j),
        aliases: Vec::new(),
        users: vec![
            user(&crew.rig.cluster.administrator.user, Some(ADMINISTRATOR_PASSWORD), "admin"),
            user(OBSERVER, None, "admin"),
            user(SERVICE, None, SERVICE_ROLE),
        ],
        grants: admin
            .into_iter()
            .map(|privilege| grant("admin", privilege))
            .chain(service_privileges().into_iter().map(|privilege| grant(SERVICE_ROLE, privilege)))
            .collect(),
        audited: true,
    })
}
