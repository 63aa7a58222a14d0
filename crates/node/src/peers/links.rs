//! Asking: the replica's links as gRPC calls.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aliasd_replica::{Call, Incoming, Link, LinkError, Links, MESSAGE_BYTES_MAX, NodeId};
use aliasd_wire::failure::GrpcCode;
use aliasd_wire::peer::v1 as wire;
use aliasd_wire::peer::v1::peer_client::PeerClient;
use futures::stream::BoxStream;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use tonic::transport::Channel;
use tonic::{Response, Status};

/// Links over channels that a function makes.
///
/// The function gets the node id to reach and its `host:port`. It returns at once, with a channel of its own that
/// connects when it is used, and whose connections are refused unless the other side proves that node id.
pub struct GrpcLinks<F>(pub F);

impl<F> Links for GrpcLinks<F>
where
    F: Fn(NodeId, &str) -> Channel + Send + Sync + 'static,
{
    fn link(&self, member: NodeId, address: &str) -> Arc<dyn Link> {
        let client = PeerClient::new((self.0)(member, address))
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Arc::new(GrpcLink(client))
    }
}

struct GrpcLink(PeerClient<Channel>);

impl GrpcLink {
    fn client(&self) -> PeerClient<Channel> {
        self.0.clone()
    }
}

impl Link for GrpcLink {
    fn append(&self, requests: BoxStream<'static, wire::AppendRequest>) -> Call<Incoming<wire::AppendReply>> {
        let mut client = self.client();
        async move {
            let replies = answer(client.append(Outgoing(requests)).await)?;
            Ok(replies.map_err(|status| link_error(&status)).boxed())
        }
        .boxed()
    }

    fn vote(&self, request: wire::VoteRequest) -> Call<wire::VoteReply> {
        let mut client = self.client();
        async move { answer(client.vote(request).await) }.boxed()
    }

    fn install_snapshot(&self, parts: BoxStream<'static, wire::SnapshotPart>) -> Call<wire::SnapshotReply> {
        let mut client = self.client();
        async move { answer(client.install_snapshot(Outgoing(parts)).await) }.boxed()
    }

    fn transfer_leader(&self, request: wire::TransferLeaderRequest) -> Call<wire::TransferLeaderReply> {
        let mut client = self.client();
        async move { answer(client.transfer_leader(request).await) }.boxed()
    }

    fn read_index(&self, request: wire::ReadIndexRequest) -> Call<wire::ReadIndexReply> {
        let mut client = self.client();
        async move { answer(client.read_index(request).await) }.boxed()
    }

    fn propose(&self, request: wire::ProposeRequest) -> Call<wire::ProposeReply> {
        let mut client = self.client();
        async move { answer(client.propose(request).await) }.boxed()
    }

    fn digest(&self, request: wire::DigestRequest) -> Call<wire::DigestReply> {
        let mut client = self.client();
        async move { answer(client.digest(request).await) }.boxed()
    }

    fn identify(&self, request: wire::IdentifyRequest) -> Call<wire::IdentifyReply> {
        let mut client = self.client();
        async move { answer(client.identify(request).await) }.boxed()
    }

    fn join(&self, request: wire::JoinRequest) -> Call<wire::JoinReply> {
        let mut client = self.client();
        async move { answer(client.join(request).await) }.boxed()
    }
}

/// A stream by a name of its own: the compiler cannot follow the lifetime of a boxed one through the generated client.
struct Outgoing<T>(BoxStream<'static, T>);

impl<T> Stream for Outgoing<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.0.poll_next_unpin(context)
    }
}

fn answer<T>(answer: Result<Response<T>, Status>) -> Result<T, LinkError> {
    answer.map(Response::into_inner).map_err(|status| link_error(&status))
}

fn link_error(status: &Status) -> LinkError {
    let text = super::text(status);
    match GrpcCode::of(status) {
        GrpcCode::Cancelled => LinkError::Interrupted(text),
        GrpcCode::Unavailable if super::is_unsent(status) => LinkError::Unreachable(text),
        GrpcCode::Unavailable => LinkError::Lost(text),
        GrpcCode::Unimplemented => {
            LinkError::Refused(format!("{text}; is it the port for members (node.peer_listen)?"))
        }
        _ => LinkError::Refused(text),
    }
}
