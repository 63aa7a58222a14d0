//! How every call is made: to which member, how often, how long, and what becomes of a failure.
//!
//! A call goes on until it succeeds, is refused, or its deadline is over. Each retry of a write carries the same
//! request id, because the closure that is called again was made with it. "Outcome unknown" is said
//! only at the end, when the deadline left no more room for the retry that would have told.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aliasd_runtime::{Elapsed, Moment, SharedRuntime};
use aliasd_wire::v1;
use aliasd_wire::v1::auth_client::AuthClient;
use tonic::metadata::AsciiMetadataValue;
use tonic::{Request, Status};

use crate::attempt_error::{AttemptError, UNREACHABLE, is_timeout};
use crate::identity::{Authenticator, Authorization, Login, bearer, refuses_proof};
use crate::members::{Member, Members, Preference};
use crate::transport::Channel;
use crate::{Class, Failure, Secret};

/// The first pause between two rounds over the members; doubles up to the largest.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// How much time must be left after a pause for another attempt.
const ATTEMPT_MIN: Duration = Duration::from_millis(100);
/// The least time of an attempt, as long as there is so much, however many members are still to be asked.
const SHARE_MIN: Duration = Duration::from_millis(250);

/// How long things may take, and how much may be kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The longest time of one call with all its retries.
    pub(crate) call: Duration,
    /// The longest time of one attempt, after which another member is tried.
    pub(crate) attempt: Duration,
    /// How long a stream is believed that says nothing.
    pub(crate) silence: Duration,
    /// How many routes are cached at most.
    pub(crate) cached_routes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(10),
            attempt: Duration::from_secs(3),
            silence: Duration::from_secs(5),
            cached_routes: 10_000,
        }
    }
}

/// Whether a call only reads, which decides where it goes and what a lost answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccessMode {
    /// It goes to the nearest member, and a lost answer is only a reason to ask again.
    Read,
    /// It takes effect once per request id: it goes to the leader, and is sent again after a lost answer.
    Write,
    /// It takes effect each time it is sent, so it is not sent again after a lost answer.
    WriteUnrepeatable,
}

/// Tells why a call is tried again, and how long it has been tried for.
type TellRetry = dyn Fn(&Failure, Duration) + Send + Sync;

/// Who is told that a call is tried again.
#[derive(Clone, Default)]
pub(crate) struct OnRetry(pub(crate) Option<Arc<TellRetry>>);

impl fmt::Debug for OnRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "OnRetry(…)" } else { "OnRetry" })
    }
}

/// What one attempt is made with.
#[derive(Clone)]
pub(crate) struct RequestContext {
    pub(crate) member: Arc<Member>,
    authorization: Option<AsciiMetadataValue>,
    timeout: Duration,
}

/// What the client shares with its streams and guards.
pub(crate) struct Core {
    pub(crate) runtime: SharedRuntime,
    pub(crate) members: Members,
    pub(crate) identity: Authenticator,
    pub(crate) limits: Limits,
    on_retry: OnRetry,
    /// The highest revision that any answer was read at.
    seen: AtomicU64,
    /// The highest revision of a write of this client.
    written: AtomicU64,
}

/// A call under way: what is left of its time and what happened so far.
struct Progress<'a> {
    runtime: &'a SharedRuntime,
    mode: AccessMode,
    started: Moment,
    deadline: Moment,
    attempts: u32,
    pause: Duration,
    tried: Vec<Arc<Member>>,
    /// The leader that the last failure named.
    redirect: Option<Arc<Member>>,
    last: Option<AttemptError>,
    /// The last failure that was a member's own word, which says more than that others are silent.
    last_answer: Option<AttemptError>,
    /// In this round, TLS refused every member.
    all_untrusted: bool,
    /// An attempt may have had its effect although no answer came.
    may_have_taken_effect: bool,
}

// === impl RequestContext ===

impl RequestContext {
    pub(crate) fn channel(&self) -> Channel {
        self.member.channel.clone()
    }

    /// The message with what proves the caller and with the deadline of the attempt, for the member to keep.
    pub(crate) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = self.request_without_deadline(message);
        request.set_timeout(self.timeout);
        request
    }

    /// The message without a deadline, for a stream that is meant to last.
    pub(crate) fn request_without_deadline<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        request
    }
}

// === impl Core ===

impl Core {
    pub(crate) fn new(
        runtime: SharedRuntime,
        members: Members,
        identity: Authenticator,
        limits: Limits,
        on_retry: OnRetry,
    ) -> Self {
        let (seen, written) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { runtime, members, identity, limits, on_retry, seen, written }
    }

    pub(crate) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Acquire)
    }

    pub(crate) fn note_seen(&self, revision: u64) {
        self.seen.fetch_max(revision, Ordering::AcqRel);
    }

    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    pub(crate) fn note_written(&self, revision: u64) {
        self.written.fetch_max(revision, Ordering::AcqRel);
        self.note_seen(revision);
    }

    /// When a call that starts now is over.
    pub(crate) fn deadline(&self) -> Moment {
        self.runtime.now() + self.limits.call
    }

    pub(crate) fn attempt(
        &self,
        member: &Arc<Member>,
        authorization: Option<&AsciiMetadataValue>,
        timeout: Duration,
    ) -> RequestContext {
        RequestContext { member: Arc::clone(member), authorization: authorization.cloned(), timeout }
    }

    /// Makes a call as the client's identity, logging in first if need be, and again if the token has ended.
    pub(crate) async fn call<T, F, Fut>(&self, mode: AccessMode, attempt: F) -> Result<T, Failure>
    where
        F: Fn(RequestContext) -> Fut,
        Fut: Future<Output = Result<T, Status>>,
    {
        self.call_within(self.limits.call, mode, attempt).await
    }

    /// As [`Core::call`], with a limit of its own.
    pub(crate) async fn call_within<T, F, Fut>(
        &self,
        limit: Duration,
        mode: AccessMode,
        attempt: F,
    ) -> Result<T, Failure>
    where
        F: Fn(RequestContext) -> Fut,
        Fut: Future<Output = Result<T, Status>>,
    {
        let mut progress = Progress::new(&self.runtime, mode, limit);
        let mut renewed = false;
        loop {
            let authorization = match self.authorization(progress.deadline).await {
                Err(_) if progress.may_have_taken_effect => return Err(progress.give_up()),
                authorization => authorization?,
            };
            let result = self.attempts(&mut progress, authorization.as_ref(), &attempt).await;
            match result {
                Err(failure) if refuses_proof(&failure) => {
                    if !renewed && self.identity.forget(authorization.as_ref()).await {
                        renewed = true;
                        continue;
                    }
                    return Err(if progress.may_have_taken_effect { progress.give_up() } else { failure });
                }
                result => return result,
            }
        }
    }

    /// The value of the `authorization` metadata, if there is one. Logs in if a password is due for a token.
    pub(crate) async fn authorization(&self, deadline: Moment) -> Result<Option<AsciiMetadataValue>, Failure> {
        match self.identity.authorization(self.runtime.now()).await? {
            Authorization::Ready(header) => Ok(header),
            Authorization::LoginDue(due) => {
                let login = self.login(deadline, due.user, due.password).await?;
                due.complete(&login, &*self.runtime).map(Some)
            }
        }
    }

    /// Exchanges a password for a token.
    pub(crate) async fn login(&self, deadline: Moment, user: &str, password: &Secret) -> Result<Login, Failure> {
        let answer = self.call_until(deadline, AccessMode::Read, None, |attempt| {
            let request =
                attempt.request(v1::LoginRequest { user: user.to_owned(), password: password.expose().to_owned() });
            async move { AuthClient::new(attempt.channel()).login(request).await }
        });
        Login::from_wire(answer.await?.into_inner())
    }

    /// Ends the token that calls are made with, if there is one. One that has ended already is as good.
    pub(crate) async fn log_out(&self) -> Result<(), Failure> {
        let Some(token) = self.identity.held_token().await? else { return Ok(()) };
        let mut progress = Progress::new(&self.runtime, AccessMode::Write, self.limits.call);
        let logout = |attempt: RequestContext| {
            let request = attempt.request(v1::LogoutRequest {});
            async move { AuthClient::new(attempt.channel()).logout(request).await }
        };
        let ended = self.attempts(&mut progress, Some(&token), &logout).await;
        self.identity.forget(Some(&token)).await;
        match ended {
            Ok(answer) => {
                self.note_written(answer.into_inner().revision);
                Ok(())
            }
            // It is good for nothing already. One that no member of this cluster made may be good elsewhere.
            Err(failure) if ["TOKEN_ENDED", "TOKEN_EXPIRED"].contains(&failure.code.as_str()) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Makes a call that proves no user, or one by a token that is not the client's own, within what is left of another call's
    /// time.
    pub(crate) async fn call_until<T, F, Fut>(
        &self,
        deadline: Moment,
        mode: AccessMode,
        token: Option<&Secret>,
        attempt: F,
    ) -> Result<T, Failure>
    where
        F: Fn(RequestContext) -> Fut,
        Fut: Future<Output = Result<T, Status>>,
    {
        let mut progress = Progress { deadline, ..Progress::new(&self.runtime, mode, Duration::ZERO) };
        let authorization = token.map(bearer).transpose()?;
        self.attempts(&mut progress, authorization.as_ref(), &attempt).await
    }

    async fn attempts<T, F, Fut>(
        &self,
        progress: &mut Progress<'_>,
        authorization: Option<&AsciiMetadataValue>,
        attempt: &F,
    ) -> Result<T, Failure>
    where
        F: Fn(RequestContext) -> Fut,
        Fut: Future<Output = Result<T, Status>>,
    {
        loop {
            let Some(member) = progress.next_member(&self.members) else {
                // Asking again does not change a certificate.
                if progress.all_untrusted {
                    return Err(progress.give_up_for_good());
                }
                progress.tell(&self.on_retry);
                if !progress.back_off().await {
                    return Err(progress.give_up());
                }
                continue;
            };
            let share = self.limits.attempt.min(progress.share(&self.members));
            let timeout_of_attempt = match progress.mode {
                // There is no second attempt after a lost answer.
                AccessMode::WriteUnrepeatable => progress.time_left(),
                AccessMode::Read | AccessMode::Write => share,
            };
            if timeout_of_attempt.is_zero() {
                return Err(progress.give_up());
            }
            let is_late = progress.time_left() < self.limits.attempt.min(self.limits.call);
            let with = self.attempt(&member, authorization, timeout_of_attempt);
            let answer = self.runtime.timeout(timeout_of_attempt, attempt(with));
            // Where nothing can have been sent by then, another member may be asked.
            let answer = self.unless_connecting(&member, share, answer);
            let error = match answer.await {
                Ok(Ok(answer)) => {
                    member.answered();
                    return Ok(answer);
                }
                Ok(Err(status)) if !is_timeout(&status) => AttemptError::new(&status, &member.address),
                _elapsed if member.is_connecting() => AttemptError::no_connection(&member.address, share),
                _elapsed => AttemptError::no_answer(&member.address, timeout_of_attempt),
            };
            tracing::debug!(member = %member.address, code = %error.failure.code, "attempt failed: {}", error.failure);
            // That the rest of the time was too short for a connection says less than what came before.
            let is_cut = !error.member_answered && is_late;
            let before = progress.last.clone().filter(|_| is_cut && error.failure.code == UNREACHABLE);
            if let Some(failure) = progress.record_failure(error, &member, &self.members) {
                return Err(failure);
            }
            progress.last = before.or(progress.last.take());
        }
    }

    /// Awaits an answer, but not for longer than `share` if there is no connection by then.
    async fn unless_connecting<T>(
        &self,
        member: &Member,
        share: Duration,
        answer: impl Future<Output = Result<T, Elapsed>>,
    ) -> Result<T, Elapsed> {
        let mut answer = pin!(answer);
        match self.runtime.timeout(share, answer.as_mut()).await {
            Ok(answered) => answered,
            Err(elapsed) if member.is_connecting() => Err(elapsed),
            Err(_) => answer.await,
        }
    }
}

// === impl Progress ===

impl<'a> Progress<'a> {
    fn new(runtime: &'a SharedRuntime, mode: AccessMode, limit: Duration) -> Self {
        let started = runtime.now();
        Self {
            runtime,
            mode,
            started,
            deadline: started + limit,
            attempts: 0,
            pause: PAUSE_FIRST,
            tried: Vec::new(),
            redirect: None,
            last: None,
            last_answer: None,
            all_untrusted: true,
            may_have_taken_effect: false,
        }
    }

    fn elapsed(&self) -> Duration {
        self.runtime.now().saturating_since(self.started)
    }

    fn time_left(&self) -> Duration {
        self.deadline.saturating_since(self.runtime.now())
    }

    /// What the member that is asked now gets of the time that is left, so that those that were not asked yet get as much: which
    /// of them hang, nobody knows before.
    fn share(&self, members: &Members) -> Duration {
        let asked = u32::try_from(members.promising(&self.tried) + 1).unwrap_or(u32::MAX);
        let left = self.time_left();
        (left / asked).max(SHARE_MIN).min(left)
    }

    /// The next member of this round; `None` when all have been tried.
    fn next_member(&mut self, members: &Members) -> Option<Arc<Member>> {
        let prefer = if self.mode == AccessMode::Read { Preference::Near } else { Preference::Leader };
        let member = self.redirect.take().or_else(|| members.choose(prefer, &self.tried))?;
        self.tried.push(Arc::clone(&member));
        self.attempts = self.attempts.saturating_add(1);
        Some(member)
    }

    /// Takes note of a failure. Returns the error if the call is over.
    fn record_failure(&mut self, error: AttemptError, member: &Arc<Member>, members: &Members) -> Option<Failure> {
        if error.member_answered {
            member.answered();
        } else {
            member.failed();
            members.forget_leader(member);
        }
        self.all_untrusted &= error.untrusted;
        let failure = error.failure.clone();
        match failure.class {
            Class::Rejected | Class::Bug => return Some(failure),
            // A watch that cannot go on where it was: asking again for the same would not change that.
            Class::RetryHere if failure.resume_revision.is_some() => return Some(failure),
            Class::RetryHere => {}
            Class::GoToLeader => {
                members.forget_leader(member);
                let leader = failure.leader.as_ref().and_then(|leader| members.learn_leader(leader, member));
                // Two members may each take the other for the leader: nobody is asked twice in a round.
                self.redirect = leader.filter(|leader| !self.tried.iter().any(|tried| Arc::ptr_eq(tried, leader)));
            }
            Class::OutcomeUnknown => {
                self.may_have_taken_effect |= self.mode != AccessMode::Read;
                if self.mode == AccessMode::WriteUnrepeatable {
                    self.last = Some(error);
                    return Some(self.give_up());
                }
            }
        }
        if let Some(wanted) = failure.retry_after {
            self.pause = self.pause.max(wanted.min(PAUSE_MAX));
        }
        if error.member_answered {
            self.last_answer = Some(error.clone());
        }
        self.last = Some(error);
        None
    }

    /// What says most of why the call does not come to its end: what a member said, rather than that others are silent.
    fn telling(&self) -> Option<&AttemptError> {
        self.last_answer.as_ref().or(self.last.as_ref())
    }

    fn tell(&self, on_retry: &OnRetry) {
        if let (Some(tell), Some(error)) = (&on_retry.0, self.telling()) {
            tell(&error.failure, self.elapsed());
        }
    }

    /// Pauses between two rounds: exponential, with full jitter, so that clients do not come back in step.
    /// False if the deadline is nearer than the pause and an attempt after it.
    async fn back_off(&mut self) -> bool {
        let [a, b, c, d, ..] = self.runtime.random().to_le_bytes();
        let share = f64::from(u32::from_le_bytes([a, b, c, d])) / f64::from(u32::MAX);
        let pause = self.pause.mul_f64(0.5 + share / 2.0);
        self.pause = (self.pause * 2).min(PAUSE_MAX);
        self.tried.clear();
        self.all_untrusted = true;
        // An attempt without time for an answer would only leave open whether it had an effect.
        if self.time_left() <= pause + ATTEMPT_MIN {
            return false;
        }
        self.runtime.sleep(pause).await;
        true
    }

    /// The error of a call that has run out of time.
    fn give_up(&mut self) -> Failure {
        if self.may_have_taken_effect {
            return AttemptError::outcome_unknown(self.telling().cloned());
        }
        let Some(error) = self.telling().cloned() else { return AttemptError::no_time() };
        let mut failure = error.without_effect();
        if self.attempts > 1 {
            let (attempts, elapsed) = (self.attempts, self.elapsed());
            failure.message.push_str(&format!(" Given up after {attempts} attempts in {elapsed:.1?}."));
        }
        failure
    }

    /// The error of a call that TLS refuses everywhere.
    fn give_up_for_good(&mut self) -> Failure {
        match self.last.take() {
            Some(last) if !self.may_have_taken_effect => last.for_good(),
            last => AttemptError::outcome_unknown(last),
        }
    }
}
