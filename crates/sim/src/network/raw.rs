//! Clients without the SDK: one call to one member, and whatever comes of it.

use aliasd_client::messages as v1;
use aliasd_client::{Failure, GrpcCode};
use aliasd_replica::NodeId;
use aliasd_wire::v1::admin_client::AdminClient;
use aliasd_wire::v1::execute_response::Part;
use aliasd_wire::v1::router_client::RouterClient;
use tonic::Status;

use super::client::ClientWay;

/// Connections to each member with nothing between them and the caller: no retries, no leader, no memory.
#[derive(Clone, Debug)]
pub struct RawClient(pub ClientWay);

impl RawClient {
    /// Sends a statement to a member under a request id.
    ///
    /// # Errors
    /// Whatever the member, or the way to it, says.
    pub async fn execute(
        &self,
        member: NodeId,
        statement: &str,
        (request_id, first_sent_after): ([u8; 16], u64),
    ) -> Result<v1::Summary, Failure> {
        let request = v1::ExecuteRequest {
            statement: statement.to_owned(),
            request_id: request_id.to_vec(),
            first_sent_after_revision: Some(first_sent_after),
            parameters: std::collections::BTreeMap::new(),
            freshness: None,
        };
        let answer = async {
            let mut parts = AdminClient::new(self.0.channel_to(member)).execute(request).await?.into_inner();
            while let Some(message) = parts.message().await? {
                if let Some(Part::Summary(summary)) = message.part {
                    return Ok(summary);
                }
            }
            Err(Status::unknown("the answer ended before its summary"))
        };
        answer.await.map_err(|status: Status| Failure::from_status(&status))
    }

    /// Asks a member where a name leads.
    ///
    /// # Errors
    /// Whatever the member, or the way to it, says.
    pub async fn resolve(&self, member: NodeId, request: v1::ResolveRequest) -> Result<v1::ResolveResponse, Failure> {
        let answer = RouterClient::new(self.0.channel_to(member)).resolve(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| Failure::from_status(&status))
    }
}

/// Whether a failure means that nobody judged the request.
pub fn is_of_the_way(failure: &Failure) -> bool {
    matches!(failure.grpc_code, GrpcCode::Unavailable | GrpcCode::DeadlineExceeded | GrpcCode::Unknown)
}
