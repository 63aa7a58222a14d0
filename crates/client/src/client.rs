//! The client itself: a handle that is cheap to clone, and the calls it offers.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aliasd_wire::v1::auth_client::AuthClient;
use aliasd_wire::v1::{self, StatusResponse, TransferLeaderResponse, VerifyUserRequest, WhoAmIRequest};

use crate::cache::Key;
use crate::cluster::{self, FormedCluster, MemberReport, NewCluster};
use crate::core::{AccessMode, Core};
use crate::hub::Hub;
use crate::identity::Login;
use crate::privileges::{self, PrivilegeWatch};
use crate::{Execution, Failure, Freshness, Guard, Lookup, Route, Secret, Statement, Watch, WatchFrom};

/// A client of one cluster. Clones share connections, token, cache and everything seen.
#[derive(Clone)]
pub struct Client {
    core: Arc<Core>,
    hub: Arc<OnceLock<Arc<Hub>>>,
}

impl Client {
    pub(crate) fn new(core: Core) -> Self {
        Self { core: Arc::new(core), hub: Arc::default() }
    }

    /// Runs one statement of the administration language.
    ///
    /// ```no_run
    /// # async fn example(client: aliasd_client::Client) -> Result<(), aliasd_client::Failure> {
    /// let mut aliases = client.execute("SHOW ALIASES FOR DATABASE").await?;
    /// while let Some(row) = aliases.next().await? {
    ///     println!("{row:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The statement was refused, no member could answer in time, or, for a write, no member could
    /// tell in time whether it took effect.
    pub async fn execute(&self, statement: impl Into<Statement>) -> Result<Execution, Failure> {
        Execution::start(&self.core, statement.into()).await
    }

    /// The highest revision that any answer to this client was read at; 0 before the first.
    pub fn seen(&self) -> u64 {
        self.core.seen()
    }

    /// Resolves a name or a home by asking a member.
    ///
    /// # Errors
    /// The name does not exist or the user may not know of it, or no member could answer in time.
    pub async fn resolve(&self, lookup: &Lookup) -> Result<Route, Failure> {
        lookup.resolve(&self.core).await
    }

    /// Resolves through the route cache. A hit needs no network call.
    ///
    /// The cache is kept true by a watch that the first call starts. It gives a route only while the watch has said
    /// something within [`silence_max`](crate::ClientBuilder::silence_max), only if no change that concerns it
    /// has arrived, and never one that is older than this client's own writes. Otherwise a member is asked.
    ///
    /// # Errors
    /// As [`Client::resolve`].
    pub async fn route(&self, lookup: &Lookup) -> Result<Arc<Route>, Failure> {
        let hub = &self.hub().shared;
        let at_least = match lookup.freshness {
            Some(Freshness::Linearizable) => u64::MAX,
            Some(Freshness::AtLeast(revision)) => revision,
            Some(Freshness::Local) => 0,
            None => self.core.written(),
        };
        let key = Key::of(lookup);
        if let Some(route) = hub.cached(&key, at_least) {
            return Ok(route);
        }
        let route = Arc::new(lookup.resolve(&self.core).await?);
        hub.keep(key, &route);
        Ok(route)
    }

    /// How many routes the cache holds.
    pub fn cached_routes(&self) -> usize {
        self.hub.get().map_or(0, |hub| hub.shared.cached_routes())
    }

    /// Begins a transaction through an alias: pins its version and watches over it. See [`Guard`] for what that
    /// guarantees.
    ///
    /// ```no_run
    /// # async fn work(_: &aliasd_client::Route) {}
    /// # async fn example(client: aliasd_client::Client) -> Result<(), aliasd_client::Failure> {
    /// use aliasd_client::Lookup;
    ///
    /// let guard = client.begin(Lookup::name("remote-neo4j").on_behalf_of("carol")).await?;
    /// tokio::select! {
    ///     () = work(guard.route()) => guard.validate().await?, // and commit
    ///     ended = guard.changed() => println!("rolled back: {ended:?}"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Client::resolve`]; or no member streams changes.
    pub async fn begin(&self, lookup: Lookup) -> Result<Guard, Failure> {
        Guard::begin(&self.core, self.hub(), lookup).await
    }

    /// Watches what changes. The stream is resumed on another member whenever it breaks.
    pub fn watch(&self, from: WatchFrom) -> Watch {
        Watch::new(Arc::clone(&self.core), from)
    }

    /// Exchanges a password for a short-lived token that every member accepts. A client made with
    /// [`ClientBuilder::password`](crate::ClientBuilder::password) does this by itself.
    ///
    /// # Errors
    /// User or password is wrong, or no member could answer in time.
    pub async fn login(&self, user: &str, password: &Secret) -> Result<Login, Failure> {
        self.core.login(self.core.deadline(), user, password).await
    }

    /// Ends the token that this client uses, on every member: one that it was given, or that it fetched for a password. Nothing
    /// happens if it uses none. A client with a password goes on with a new one.
    ///
    /// # Errors
    /// No member could tell in time whether the token has ended.
    pub async fn logout(&self) -> Result<(), Failure> {
        self.core.log_out().await
    }

    /// Says who this client is taken for.
    ///
    /// # Errors
    /// The caller is not known, or no member could answer in time.
    pub async fn who_am_i(&self) -> Result<v1::WhoAmIResponse, Failure> {
        let answer = self.core.call(AccessMode::Read, |attempt| {
            let request = attempt.request(WhoAmIRequest {});
            async move { AuthClient::new(attempt.channel()).who_am_i(request).await }
        });
        let answer = answer.await?.into_inner();
        self.core.note_seen(answer.served_at_revision);
        Ok(answer)
    }

    /// Checks a user's password for a DBMS that lets the catalog authenticate.
    ///
    /// # Errors
    /// The password is wrong, or the user does not exist or is suspended, which are the same error; or the caller may not ask.
    pub async fn verify_user(
        &self,
        user: &str,
        password: &Secret,
        freshness: Freshness,
    ) -> Result<v1::VerifyUserResponse, Failure> {
        let answer = self.core.call(AccessMode::Read, |attempt| {
            let request = attempt.request(VerifyUserRequest {
                user: user.to_owned(),
                password: password.expose().to_owned(),
                freshness: Some(Freshness::or_seen(Some(freshness), self.core.seen())),
            });
            async move { AuthClient::new(attempt.channel()).verify_user(request).await }
        });
        let answer = answer.await?.into_inner();
        self.core.note_seen(answer.served_at_revision);
        Ok(answer)
    }

    /// Everything that a DBMS needs in order to enforce what a user may do; `None`: of the caller.
    ///
    /// # Errors
    /// The caller may not ask, the user does not exist, or no member could answer in time.
    pub async fn effective_privileges(&self, user: Option<&str>) -> Result<v1::EffectivePrivilegesResponse, Failure> {
        privileges::effective(&self.core, user, None).await
    }

    /// Follows what a user may do; `None`: the caller. See [`PrivilegeWatch`].
    ///
    /// ```no_run
    /// # fn enforce(_: aliasd_client::messages::EffectivePrivilegesResponse) {}
    /// # async fn example(client: aliasd_client::Client) -> Result<(), aliasd_client::Failure> {
    /// let mut privileges = client.watch_privileges(Some("carol"));
    /// loop {
    ///     enforce(privileges.next().await?);
    /// }
    /// # }
    /// ```
    pub fn watch_privileges(&self, user: Option<&str>) -> PrivilegeWatch {
        PrivilegeWatch::new(Arc::clone(&self.core), user.map(str::to_owned))
    }

    /// Says why a user can or cannot use a name, rule by rule; `None`: the caller.
    ///
    /// # Errors
    /// The caller may not ask about others, or no member could answer in time.
    pub async fn explain_access(
        &self,
        user: Option<&str>,
        name: &str,
        freshness: Option<Freshness>,
    ) -> Result<v1::ExplainAccessResponse, Failure> {
        privileges::explain_access(&self.core, user, name, freshness).await
    }

    /// A password for [`Client::init_cluster`] that nobody can guess: 32 hexadecimal digits. It is known before the cluster is
    /// formed, and so can be shown or kept before that.
    pub fn generate_password(&self) -> Secret {
        cluster::draw_password(&self.core)
    }

    /// Forms a new cluster. Where the answer is lost, or a member says that another one had formed it, the members are asked
    /// whether it has this administrator with this password; then it was formed by this very call.
    ///
    /// # Errors
    /// A node has state already, the members cannot reach each other, no node could be reached, or nobody could tell in time
    /// whether it was formed.
    pub async fn init_cluster(&self, new: &NewCluster) -> Result<FormedCluster, Failure> {
        cluster::init(&self.core, new).await
    }

    /// Describes the nearest member and the cluster as that member sees it.
    ///
    /// # Errors
    /// No member could answer in time.
    pub async fn cluster_status(&self) -> Result<StatusResponse, Failure> {
        cluster::status(&self.core).await
    }

    /// Makes a voter the leader: the one with this node id, which goes on if it leads already, or else another one that is up.
    /// Needs SERVER MANAGEMENT.
    ///
    /// # Errors
    /// That voter, or every other one, cannot take over, and nothing was done; another one than this leads now, or nobody; or
    /// no member could answer in time.
    pub async fn transfer_leader(&self, to: Option<u64>) -> Result<TransferLeaderResponse, Failure> {
        cluster::transfer_leader(&self.core, to).await
    }

    /// Invites a node: started with the token, it becomes a member. Asked again before it has come, this gives another token
    /// in place of the first. Needs SERVER MANAGEMENT.
    ///
    /// # Errors
    /// The node id or an address is in use, the id was used before, or another change is under way; or no member could
    /// answer in time.
    pub async fn add_member(&self, new: &v1::AddMemberRequest) -> Result<v1::AddMemberResponse, Failure> {
        cluster::add_member(&self.core, new).await
    }

    /// Makes a learner a voter, and waits for that for a few seconds. Needs SERVER MANAGEMENT.
    ///
    /// # Errors
    /// There is no such member, another change is under way, or the quorum could be lost; or no member could answer in time.
    pub async fn promote_member(&self, node_id: u64) -> Result<v1::PromoteMemberResponse, Failure> {
        cluster::promote_member(&self.core, &v1::PromoteMemberRequest { node_id }).await
    }

    /// Removes a member for ever, and waits for that for a few seconds; or gives up a node that was invited and has not come.
    /// Needs SERVER MANAGEMENT.
    ///
    /// # Errors
    /// There is no such member, it is the only voter, another change is under way, or the quorum would be lost; or no member
    /// could answer in time.
    pub async fn remove_member(&self, node_id: u64) -> Result<v1::RemoveMemberResponse, Failure> {
        cluster::remove_member(&self.core, &v1::RemoveMemberRequest { node_id }).await
    }

    /// Has a node take the place of a voter. Gives a token while the node has not come, and waits for a few seconds once it
    /// has. Needs SERVER MANAGEMENT.
    ///
    /// # Errors
    /// As [`Client::add_member`]; or there is no such voter.
    pub async fn replace_member(&self, new: &v1::ReplaceMemberRequest) -> Result<v1::ReplaceMemberResponse, Failure> {
        cluster::replace_member(&self.core, new).await
    }

    /// Asks every member about itself, those too that only another member names.
    ///
    /// # Errors
    /// There is a single endpoint and it could not answer in time.
    pub async fn cluster_report(&self) -> Result<Vec<MemberReport>, Failure> {
        cluster::report(&self.core).await
    }

    fn hub(&self) -> &Arc<Hub> {
        self.hub.get_or_init(|| Arc::new(Hub::start(Arc::clone(&self.core))))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("members", &self.core.members.all()).finish_non_exhaustive()
    }
}
