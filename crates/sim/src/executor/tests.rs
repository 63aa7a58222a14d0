use std::sync::atomic::{AtomicU64, Ordering};

use aliasd_runtime::Runtime;
use futures::FutureExt;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn run(simulation: &Arc<Simulation>, until: Duration) {
    simulation.run_until(until, &mut simulation.dice(), || ControlFlow::Continue(()));
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
    let (paused, off) = (simulation.machine(Clock::default()), simulation.machine(Clock::default()));
    let (of_paused, of_off) = (count_on(&simulation, &paused), count_on(&simulation, &off));
    let counts = || (of_paused.load(Ordering::Relaxed), of_off.load(Ordering::Relaxed));
    run(&simulation, SECOND * 3);
    assert_eq!(counts(), (3, 3));
    paused.pause();
    off.power_off();
    run(&simulation, SECOND * 10);
    assert_eq!(counts(), (3, 3));
    paused.resume();
    run(&simulation, SECOND * 10);
    assert_eq!(counts(), (10, 3));
    off.spawn(async { panic!("it is off") }.boxed());
    run(&simulation, SECOND * 11);
}

#[test]
fn a_machine_that_is_switched_off_by_its_own_task_ends_with_that_poll() {
    let simulation = Simulation::new(1);
    let machine = simulation.machine(Clock::default());
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
    run(&simulation, SECOND);
    assert_eq!(Arc::strong_count(&dropped), 1, "what it held is let go");
    drop(sees);
}

#[test]
fn who_runs_next_is_drawn_by_the_seed() {
    let order = |seed| {
        let simulation = Simulation::new(seed);
        let machine = simulation.machine(Clock::default());
        let order = Arc::new(Mutex::new(Vec::new()));
        for number in 0..20 {
            let order = Arc::clone(&order);
            machine.spawn(async move { order.lock().unwrap().push(number) }.boxed());
        }
        run(&simulation, SECOND);
        order.lock().unwrap().clone()
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}
