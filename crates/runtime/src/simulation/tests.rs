use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use futures::FutureExt;

use super::*;
use crate::{Runtime, SharedRuntime};

const SECOND: Duration = Duration::from_secs(1);

fn run_to(simulation: &Arc<Simulation>, until: Duration) {
    simulation.run_until(until, || ControlFlow::Continue(()));
}

/// A task that counts seconds.
fn count_on(simulation: &Arc<Simulation>, machine: &Arc<Machine>) -> Arc<AtomicU64> {
    let count = Arc::new(AtomicU64::new(0));
    let (counted, simulation) = (Arc::clone(&count), Arc::clone(simulation));
    let ticks = async move {
        for second in 1.. {
            simulation.sleep_until(SECOND * second).await;
            counted.fetch_add(1, Ordering::Relaxed);
        }
    };
    machine.spawn(ticks.boxed());
    count
}

#[test]
fn a_paused_machine_does_nothing_and_catches_up_and_one_that_is_off_never_does() {
    let simulation = Simulation::new(1);
    let (paused, off) = (simulation.machine(), simulation.machine());
    let (of_paused, of_off) = (count_on(&simulation, &paused), count_on(&simulation, &off));
    let counts = || (of_paused.load(Ordering::Relaxed), of_off.load(Ordering::Relaxed));
    run_to(&simulation, SECOND * 3);
    assert_eq!(counts(), (3, 3));
    paused.pause();
    off.power_off();
    run_to(&simulation, SECOND * 10);
    assert_eq!(counts(), (3, 3));
    paused.resume();
    run_to(&simulation, SECOND * 10);
    assert_eq!(counts(), (10, 3));
    off.spawn(async { panic!("it is off") }.boxed());
    run_to(&simulation, SECOND * 11);
}

#[test]
fn a_machine_that_is_switched_off_by_its_own_task_ends_with_that_poll() {
    let simulation = Simulation::new(1);
    let machine = simulation.machine();
    let own = Arc::clone(&machine);
    let (dropped, sees) = (Arc::new(()), Arc::new(()));
    let held = Arc::clone(&dropped);
    machine.spawn(
        async move {
            own.power_off();
            let _held = held;
            futures::future::pending::<()>().await;
        }
        .boxed(),
    );
    run_to(&simulation, SECOND);
    assert_eq!(Arc::strong_count(&dropped), 1, "what it held is let go");
    drop(sees);
}

#[test]
fn who_runs_next_is_drawn_by_the_seed() {
    let order = |seed| {
        let simulation = Simulation::new(seed);
        let machine = simulation.machine();
        let order = Arc::new(Mutex::new(Vec::new()));
        for number in 0..20 {
            let order = Arc::clone(&order);
            machine.spawn(async move { order.lock().unwrap().push(number) }.boxed());
        }
        run_to(&simulation, SECOND);
        order.lock().unwrap().clone()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}

fn runtime(machine: &Arc<Machine>) -> SharedRuntime {
    machine.clone()
}

/// In which order ten tasks end that pause now and then, and what the run looked like.
fn story(seed: u64) -> (Vec<u64>, u64) {
    let simulation = Simulation::new(seed);
    let machine = runtime(&simulation.machine());
    let ended = Arc::new(Mutex::new(Vec::new()));
    for task in 0..10 {
        let (own, ended) = (Arc::clone(&machine), Arc::clone(&ended));
        machine.spawn(Box::pin(async move {
            own.sleep(Duration::from_millis(own.random() % 5)).await;
            own.blocking(move || ended.lock().unwrap().push(task)).await.unwrap();
        }));
    }
    simulation.run(machine.sleep(SECOND));
    let ended = ended.lock().unwrap().clone();
    (ended, simulation.fingerprint())
}

#[test]
fn one_seed_is_one_run_and_another_is_another() {
    assert_eq!(story(1), story(1));
    assert_eq!(story(1).0.len(), 10);
    assert_ne!(story(1).0, story(2).0);
    assert_ne!(story(1).1, story(2).1);
}

#[test]
fn time_passes_while_nothing_is_ready_and_each_wall_has_a_clock() {
    let simulation = Simulation::new(1);
    let (one, other) = (simulation.machine(), simulation.machine());
    let (wall, start) = (one.time_of_day(), one.now());
    assert_eq!(wall, UNIX_EPOCH + machine::MORNING);
    other.set_time_of_day(wall - SECOND);
    simulation.run(runtime(&one).sleep(3 * SECOND));
    assert_eq!(one.now() - start, 3 * SECOND);
    assert_eq!(one.time_of_day(), wall + 3 * SECOND);
    assert_eq!(other.time_of_day(), wall + 2 * SECOND);
    other.set_time_of_day(wall);
    assert_eq!((other.time_of_day(), other.now()), (wall, one.now()));
}

#[test]
fn a_machine_without_power_does_nothing_more() {
    let simulation = Simulation::new(1);
    let (off, on) = (simulation.machine(), simulation.machine());
    let done = Arc::new(Mutex::new(Vec::new()));
    let note = |machine: &Arc<Machine>, what: &'static str| {
        let (own, done) = (runtime(machine), Arc::clone(&done));
        machine.spawn(Box::pin(async move {
            own.sleep(SECOND).await;
            done.lock().unwrap().push(what);
        }));
    };
    note(&off, "off");
    note(&on, "on");
    let ending = off.clone();
    simulation.run(async {
        runtime(&on).sleep(SECOND / 2).await;
        ending.power_off();
        note(&off, "begun while off");
        runtime(&on).sleep(2 * SECOND).await;
        assert!(off.is_off() && !on.is_off());
    });
    assert_eq!(*done.lock().unwrap(), ["on"]);
}

#[test]
#[should_panic(expected = "nobody waits for anything")]
fn to_wait_for_nothing_is_found() {
    Simulation::new(1).run(std::future::pending::<()>());
}
