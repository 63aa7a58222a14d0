//! What a watcher is told of the time when somebody else had its name.

use aliasd_wire::failure::Failure;
use aliasd_wire::v1::watch_response::Event;

use crate::{formed, next_batch};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_not_told_what_an_earlier_one_of_its_name_could_see() {
    let (mut rig, admin) = formed().await;
    let create = "CREATE USER carol SET PASSWORD 'carols-password' CHANGE NOT REQUIRED";
    admin.execute_each(&["CREATE DATABASE films", "CREATE ROLE analyst", create]).await;
    admin.execute_each(&["GRANT ACCESS ON DATABASE films TO analyst", "GRANT ROLE analyst TO carol"]).await;
    let seen = admin.execute("GRANT ROLE analyst TO admin").await.unwrap().revision;
    admin.execute_each(&["CREATE ALIAS secret_plan FOR DATABASE films", "DROP USER carol", create]).await;
    let created = admin.execute("SHOW CURRENT USER").await.unwrap().revision;

    let carol = rig.basic("carol", "carols-password");
    let mut watch = carol.watch(Some(seen)).await.unwrap();
    let error = loop {
        match watch.message().await {
            Ok(message) => match message.unwrap().event.unwrap() {
                Event::Batch(batch) => panic!("carol is told of {batch:?}"),
                Event::Progress(mark) => assert_eq!(mark.revision, seen),
            },
            Err(status) => break Failure::from(status),
        }
    };
    assert_eq!((error.code.as_str(), error.resume_revision), ("WATCH_COMPACTED", Some(created)));

    // From there on it is told what concerns it, as anybody.
    let mut watch = carol.watch(error.resume_revision).await.unwrap();
    let granted = admin.execute("GRANT ROLE analyst TO carol").await.unwrap().revision;
    assert_eq!(next_batch(&mut watch).await.revision, granted);
    rig.stop().await;
}
