//! What the ports offer to a caller who proves nothing: a login, and nothing else.

use std::sync::Arc;

use aliasd_tests::cluster::Cluster;
use aliasd_tests::grpc;
use anyhow::{Context, Result, ensure};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::Code;

/// Every method of every service in these packages, as `/package.Service/Method`.
fn methods(package: &str) -> Result<Vec<String>> {
    let files = FileDescriptorSet::decode(aliasd_wire::FILE_DESCRIPTOR_SET)?;
    let mut found = Vec::new();
    for file in files.file.iter().filter(|file| file.package() == package) {
        for service in &file.service {
            let path = |method: &str| format!("/{package}.{}/{method}", service.name());
            found.extend(service.method.iter().map(|method| path(method.name())));
        }
    }
    ensure!(!found.is_empty(), "{package} has no methods");
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_needs_a_known_caller() -> Result<()> {
    let cluster = Cluster::running("surface", 1)?;
    let tls = grpc::tls_without_certificate(&cluster.layout().ca())?;
    let node = cluster.nodes.first().context("a cluster of one")?;
    let channel = grpc::connect(&node.client_address, &Arc::clone(&tls)).await?;
    for method in methods("aliasd.v1")? {
        let status = grpc::call_with_nothing(&channel, &method).await;
        let expected: &[Code] = match method.as_str() {
            // It is how a caller becomes known; nothing is no user.
            "/aliasd.v1.Auth/Login" => &[Code::Unauthenticated, Code::InvalidArgument],
            // Done once in the life of a cluster, by its operator.
            "/aliasd.v1.Cluster/Init" => &[Code::AlreadyExists, Code::FailedPrecondition, Code::PermissionDenied],
            _ => &[Code::Unauthenticated],
        };
        ensure!(expected.contains(&status), "{method} without a proof of identity: {status:?}");
        println!("{method}: {status:?}");
    }
    // What members say to each other is not spoken on the port for clients.
    for method in methods("aliasd.peer.v1")? {
        let status = grpc::call_with_nothing(&channel, &method).await;
        ensure!(status == Code::Unimplemented, "{method} on the port for clients: {status:?}");
    }
    let status = grpc::call_with_nothing(&channel, "/aliasd.v1.Admin/NoSuchCall").await;
    ensure!(matches!(status, Code::Unimplemented | Code::Unauthenticated), "a call that does not exist: {status:?}");

    // The port for members does not let anybody in without a member's certificate.
    let stranger = grpc::connect(&node.peer_address, &tls).await;
    if let Ok(channel) = stranger {
        for method in methods("aliasd.peer.v1")? {
            let status = grpc::call_with_nothing(&channel, &method).await;
            ensure!(status != Code::Ok, "{method} is open to strangers");
        }
    }
    Ok(())
}
