//! What a node says when it cannot do what it is asked, and which of its codes that has.

use aliasd_wire::failure::{Class, Failure};
use aliasd_wire::v1;
use aliasd_wire::v1::admin_client::AdminClient;

use super::formed;

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_by_name() {
    let (mut rig, admin) = formed().await;
    for header in ["Digest abc", "Basic %%%", "Bearer"] {
        let failure = rig.authorized(header).who_am_i().await.unwrap_err();
        assert_eq!((failure.code.as_str(), failure.class), ("AUTHORIZATION_INVALID", Class::Rejected), "{header}");
    }
    let execute = async |statement: &str, value: v1::Value| {
        let mut request = v1::ExecuteRequest::default();
        statement.clone_into(&mut request.statement);
        request.parameters.extend([("p".to_owned(), value)]);
        let mut parts = AdminClient::new(admin.channel.clone()).execute(admin.request(request)).await?.into_inner();
        while parts.message().await?.is_some() {}
        Ok::<_, tonic::Status>(())
    };
    let none = execute("CREATE ROLE $p", v1::Value::default()).await.unwrap_err();
    assert_eq!(Failure::from_status(&none).code, "VALUE_INVALID", "a value without a kind");
    let large = v1::Value::from(&aliasd_catalog::Value::from("x".repeat(3 << 20).as_str()));
    let large = execute("CREATE ALIAS a FOR DATABASE neo4j PROPERTIES {p: $p}", large).await.unwrap_err();
    let failure = Failure::from_status(&large);
    assert_eq!((failure.code.as_str(), failure.class), ("STATEMENT_NOT_STORABLE", Class::Rejected), "{failure}");
    admin.execute("CREATE ALIAS a FOR DATABASE neo4j").await.unwrap();
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stops_says_so_to_who_watches() {
    let (mut rig, admin) = formed().await;
    let mut watch = admin.watch(None).await.unwrap();
    rig.stop().await;
    let failure = loop {
        match watch.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the watch ends without a word"),
            Err(status) => break Failure::from_status(&status),
        }
    };
    assert_eq!((failure.code.as_str(), failure.class), ("NODE_STOPPING", Class::RetryHere));
    assert!(failure.resume_revision.is_some());
}
