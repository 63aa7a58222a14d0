//! A cluster of members in this process: one state, several listeners, faults on demand, and a record of
//! every call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use aliasd_client::messages::{Change, ChangeBatch, ChangeKind, ChangeSubject, ProgressMark, WatchResponse};
use aliasd_client::messages::{Freshness, Leader, watch_response};
use aliasd_client::{Client, ClientBuilder, Failure};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast;
use tonic::Status;

use crate::member;

/// What a member does with the next statement or lookup instead of answering it.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Refuses it with this.
    Refuse(Failure),
    /// Does it, and then the connection breaks.
    DoThenBreak,
    /// Does it, and then says this.
    DoThenRefuse(Failure),
    /// Breaks the connection before it does anything that the client could know of.
    Break,
    /// Keeps the connection open and never answers.
    Hang,
    /// Answers what the protocol does not allow.
    Nonsense,
}

/// A call that arrived.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) member: usize,
    pub(crate) what: &'static str,
    pub(crate) request_id: Vec<u8>,
    pub(crate) freshness: Option<Freshness>,
    pub(crate) authorization: String,
    pub(crate) after_revision: Option<u64>,
    /// The names that a watch is limited to; `None` if it is not limited.
    pub(crate) names: Option<Vec<String>>,
}

/// What all members share.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) revision: u64,
    /// The name of the user whom the client is, if it is not `service`.
    pub(crate) renamed: Option<String>,
    /// Aliases with their version.
    pub(crate) aliases: BTreeMap<String, u64>,
    /// Users whom every name is hidden from.
    pub(crate) shut_out: BTreeSet<String>,
    /// The roles of users; who is not here does not exist.
    pub(crate) roles: BTreeMap<String, Vec<String>>,
    /// Revisions by the request ids that were executed.
    pub(crate) executed: BTreeMap<Vec<u8>, u64>,
    pub(crate) calls: Vec<Call>,
    pub(crate) faults: BTreeMap<usize, VecDeque<Fault>>,
    /// The password of the administrator, once the cluster was formed.
    pub(crate) formed_with: Option<String>,
    /// What happened, by revision.
    pub(crate) history: Vec<ChangeBatch>,
    /// Watches from before this revision are refused.
    pub(crate) compacted: u64,
    pub(crate) leader: usize,
    pub(crate) addresses: Vec<SocketAddr>,
    /// Watches say nothing, old and new ones.
    pub(crate) is_mute: bool,
    /// Members whose watches never get beyond a revision, and say so again and again.
    pub(crate) lagging: BTreeMap<usize, u64>,
    pub(crate) watchers: usize,
    /// How many logins there were; the number is a part of the token.
    pub(crate) logins: usize,
    /// Tokens of earlier logins are refused.
    pub(crate) tokens_from: usize,
}

/// What a watch is told.
#[derive(Clone, Debug)]
pub(crate) enum Feed {
    Message(WatchResponse),
    Cut(Status),
}

pub(crate) struct World {
    state: Mutex<State>,
    pub(crate) feed: broadcast::Sender<Feed>,
}

pub(crate) struct Cluster {
    pub(crate) world: Arc<World>,
    /// One per member, so that ending it ends the member's connections too.
    running: Vec<Option<Runtime>>,
}

impl World {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    /// Who the client is.
    pub(crate) fn user(&self) -> String {
        self.renamed.clone().unwrap_or_else(|| "service".to_owned())
    }

    pub(crate) fn leader(&self) -> Leader {
        let address = self.addresses[self.leader];
        Leader { node_id: self.leader as u64 + 1, client_address: address.to_string() }
    }
}

impl Cluster {
    /// Members on loopback, without TLS. Member 0 leads.
    pub(crate) async fn start(members: usize) -> Self {
        let world = Arc::new(World { state: Mutex::default(), feed: broadcast::channel(1000).0 });
        world.state().aliases.insert("films".to_owned(), 0);
        let mut cluster = Self { world, running: Vec::new() };
        for number in 0..members {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            cluster.world.state().addresses.push(listener.local_addr().unwrap());
            let listener = listener.into_std().unwrap();
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.spawn(member::serve(number, Arc::clone(&cluster.world), listener));
            cluster.running.push(Some(runtime));
        }
        cluster
    }

    pub(crate) fn endpoint(&self, member: usize) -> String {
        format!("http://{}", self.world.state().addresses[member])
    }

    /// A builder with one endpoint, or several.
    pub(crate) fn builder(&self, members: &[usize]) -> ClientBuilder {
        let endpoints: Vec<_> = members.iter().map(|member| self.endpoint(*member)).collect();
        Client::builder().endpoints(endpoints).allow_plaintext().deadline(crate::PATIENCE)
    }

    pub(crate) fn client(&self, members: &[usize]) -> Client {
        self.builder(members).build().unwrap()
    }

    /// Ends a member; its connections break.
    pub(crate) async fn stop(&mut self, member: usize) {
        let runtime = self.running[member].take();
        tokio::task::spawn_blocking(move || drop(runtime)).await.unwrap();
    }

    pub(crate) fn fault(&self, member: usize, fault: Fault) {
        self.world.state().faults.entry(member).or_default().push_back(fault);
    }

    pub(crate) fn calls(&self, what: &str) -> Vec<Call> {
        self.world.state().calls.iter().filter(|call| call.what == what).cloned().collect()
    }

    /// Changes something, as a committed entry would. Nobody is told.
    pub(crate) fn change_in_silence(&self, subject: ChangeSubject, name: &str, kind: ChangeKind) -> ChangeBatch {
        let mut state = self.world.state();
        state.revision += 1;
        let revision = state.revision;
        match (subject, kind) {
            (ChangeSubject::Alias, ChangeKind::Dropped) => drop(state.aliases.remove(name)),
            (ChangeSubject::Alias, ChangeKind::Altered | ChangeKind::Created) => {
                state.aliases.insert(name.to_owned(), revision);
            }
            _ => {}
        }
        let change = Change { subject: subject.into(), name: name.to_owned(), kind: kind.into() };
        let batch = ChangeBatch { revision, changes: vec![change], continued: false };
        state.history.push(batch.clone());
        batch
    }

    /// Changes something and tells the watches.
    pub(crate) fn change(&self, subject: ChangeSubject, name: &str, kind: ChangeKind) -> u64 {
        let batch = self.change_in_silence(subject, name, kind);
        let revision = batch.revision;
        self.tell(watch_response::Event::Batch(batch));
        revision
    }

    /// A sign of life.
    pub(crate) fn progress(&self) {
        let revision = self.world.state().revision;
        self.tell(watch_response::Event::Progress(ProgressMark { revision, ..ProgressMark::default() }));
    }

    pub(crate) fn tell(&self, event: watch_response::Event) {
        // Without a watch there is nobody to tell.
        let _ = self.world.feed.send(Feed::Message(WatchResponse { event: Some(event) }));
    }

    /// Ends every watch.
    pub(crate) fn cut(&self, error: &Failure) {
        let _ = self.world.feed.send(Feed::Cut(error.to_status()));
    }

    /// Waits until something holds for the state.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        crate::soon(what, async {
            while !holds(&self.world.state()) {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        })
        .await;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for runtime in self.running.iter_mut().filter_map(Option::take) {
            runtime.shutdown_background();
        }
    }
}
