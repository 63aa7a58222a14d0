//! A member whose catalog differs is found whoever else is down, and however many writes there are.

use std::time::Duration;

use aliasd_runtime::simulation::Simulation;

use super::create_role;
use super::deterministic::World;
use crate::machine::state::Writes;
use crate::machine::store::CatalogStore;
use crate::{HistoryLimits, ReplicaOptions};

/// Fewer revisions than are written while a member that hangs is waited for, and more than while one that answers is.
const DIGESTS_MAX: usize = 60;

fn remember_little(options: &mut ReplicaOptions) {
    options.history = HistoryLimits { digests_max: DIGESTS_MAX, ..options.history };
}

#[test]
fn a_member_that_differs_is_found_while_another_one_hangs_and_writes_go_on() {
    for seed in 1..=2 {
        let simulation = Simulation::new(seed);
        simulation.run(async {
            let mut world = World::of(&simulation, 3);
            world.configure = remember_little;
            world.form().await;
            world.propose(&create_role(1)).await;
            world.settle().await;
            // The one that hangs is the first that both of the others would ask.
            let (hangs, differs, leads) = (1, 2, 3);
            let leader = world.leader().await;
            if leader != leads {
                world.replica(leader).transfer_leader(Some(leads), Duration::from_secs(30)).await.unwrap();
            }
            world.replica(differs).shutdown().await.unwrap();
            world.lose_power(differs, 0);
            forget_a_role(&CatalogStore::in_memory(world.disk(differs).catalog));
            world.start(differs).await;
            world.wait("it to follow", |world| world.replica(differs).leader().is_some_and(|it| it.0 == leads)).await;
            world.lose_power(hangs, 0);

            let fenced = |world: &World| world.replica(differs).status().fenced.is_some();
            for number in 2.. {
                if fenced(&world) {
                    break;
                }
                assert!(number < 4000, "seed {seed}: nobody finds that it differs");
                world.propose(&create_role(number)).await;
            }
            assert_eq!(world.replica(leads).status().fenced, None);
        });
    }
}

/// Removes a record and stores the digest that then fits, as a defect in the machine could.
pub(super) fn forget_a_role(store: &CatalogStore) {
    let (loaded, mut state) = store.load().unwrap();
    let mut without = aliasd_catalog::Catalog::default();
    let mut removed = Writes::default();
    for (key, record) in loaded.records() {
        if matches!(&key, aliasd_catalog::RecordKey::Role(name) if name.as_str() == "role1") {
            removed.records.push((aliasd_wire::store::encode_record_key(&key), None));
        } else {
            assert!(without.restore(key, record));
        }
    }
    assert_eq!(removed.records.len(), 1);
    state.digest = without.digest();
    store.write(removed, &state).unwrap();
    store.flush().unwrap();
}
