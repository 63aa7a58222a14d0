//! A transaction through the alias is under way while Alice alters the alias.

use std::time::{Duration, Instant};

use aliasd_client::{Client, Ended, GUARD_CHANGED, Guard, Lookup, Statement};
use anyhow::{Context, Result};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{ALIAS, Characters, Narrator, REMOTE_PASSWORD};
use crate::cluster::PATIENCE;

/// How a guard ended, when, and whether the transaction could still have been committed.
struct Fired {
    ended: Ended,
    at: Instant,
    validated: Result<(), aliasd_client::Failure>,
}

pub(super) async fn fires(all: &Characters, narrator: &mut Narrator) -> Result<()> {
    let instance = all.instance.sdk(&all.a, &all.a.endpoints())?;
    let guard = begin(&instance, narrator).await?;
    narrator.does(&all.alice, &all.a, "CREATE ALIAS unrelated FOR DATABASE neo4j")?;
    let unconcerned = guard.validate().await.is_ok();
    narrator.claim("an alias that the transaction does not use leaves it alone", unconcerned);

    let begun = Instant::now();
    let guarded = watch(guard);
    let elsewhere = "neo4j+s://elsewhere.example.com:7687";
    narrator.does(&all.alice, &all.a, &alter(elsewhere))?;
    let answered = Instant::now();
    let fired = fired(guarded).await?;
    narrator.remark(format!(
        "aliasctl took {} in all; the guard fired {} after it was started",
        milliseconds(answered - begun),
        milliseconds(fired.at - begun)
    ));
    tell(&fired, narrator);

    // Back again, and now both ends are in one process, so that one clock tells the delay.
    let guard = begin(&instance, narrator).await?;
    let guarded = watch(guard);
    let alice = all.alice.sdk(&all.a, &all.a.endpoints())?;
    alice.who_am_i().await?;
    let statement = alter(&all.b_url());
    narrator.acts("Alice @ A, through the SDK", &statement);
    let begun = Instant::now();
    alice.execute(Statement::new(statement)).await?.collect().await?;
    let acknowledged = Instant::now();
    let fired = self::fired(guarded).await?;
    tell(&fired, narrator);
    narrator.remark(format!(
        "acknowledged to Alice {} after she sent it; the guard fired {}",
        milliseconds(acknowledged - begun),
        relative(acknowledged, fired.at)
    ));
    Ok(())
}

async fn begin(instance: &Client, narrator: &mut Narrator) -> Result<Guard> {
    let guard = instance.begin(Lookup::name(ALIAS).on_behalf_of("carol").with_credentials()).await?;
    let version = guard.route().version;
    narrator.acts("Instance @ A", format!("begins a transaction for carol through {ALIAS}, version {version}"));
    Ok(guard)
}

fn watch(guard: Guard) -> JoinHandle<Fired> {
    tokio::spawn(async move {
        let ended = guard.changed().await;
        let at = Instant::now();
        Fired { ended, at, validated: guard.validate().await }
    })
}

async fn fired(guarded: JoinHandle<Fired>) -> Result<Fired> {
    let fired = timeout(PATIENCE, guarded).await.context("the guard does not fire")?;
    Ok(fired?)
}

fn tell(fired: &Fired, narrator: &mut Narrator) {
    let changed = matches!(fired.ended, Ended::Changed { .. });
    narrator.claim("the guard fires: the alias was changed", changed);
    let refused = fired.validated.as_ref().err();
    if let Some(error) = refused {
        narrator.quotes(&format!("{}: {error} {}", error.code, error.hint));
    }
    narrator
        .claim("and the transaction may not commit any more", refused.is_some_and(|error| error.code == GUARD_CHANGED));
}

fn alter(url: &str) -> String {
    // Alice may alter the alias and not have its password sent elsewhere, so she gives it.
    format!("ALTER ALIAS `{ALIAS}` SET DATABASE TARGET `neo4j` AT \"{url}\" PASSWORD '{REMOTE_PASSWORD}'")
}

fn relative(from: Instant, to: Instant) -> String {
    match to.checked_duration_since(from) {
        Some(later) => format!("{} after that", milliseconds(later)),
        None => format!("{} before that", milliseconds(from - to)),
    }
}

pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
