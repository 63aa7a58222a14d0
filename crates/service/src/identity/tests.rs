use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliasd_catalog::{
    AlterUser, AuthId, AuthProvider, Bootstrap, Catalog, ClusterId, Command, CreateMode, CreateUser, Entry,
    OpenCommand, PasswordChange, Plain, PlainSecret, Policy, PolicyChange, Principal, Removal, RequestId, Revision,
    TagChange, Timestamp, TokenLifetime, UserName, UserStatus,
};
use aliasd_keyring::keystore::Keystore;
use aliasd_runtime::{SharedRuntime, TokioRuntime};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use tempfile::TempDir;

use super::token::{Claims, Signer};
use super::verified::Verified;
use super::{Asker, AuthError, Authenticated, Identity, LoginLimits, Method, TokenError};
use crate::clock::timestamp;
use crate::identity::{ClientCertificate, ClientConnection};
use crate::vault::{HashingCost, KeystoreSettings, SealContext, Vault};

const LIMITS: LoginLimits = LoginLimits { per_address: 20, per_user: 3 };
const CLUSTER: ClusterId = ClusterId([9; 16]);

fn runtime() -> SharedRuntime {
    Arc::new(TokioRuntime::current())
}

fn now() -> Timestamp {
    timestamp(SystemTime::now())
}

/// A node's identity service and the catalog it judges by: administrator `admin`, user `carol`.
struct Fixture {
    _directory: TempDir,
    vault: Arc<Vault>,
    identity: Identity,
    catalog: Catalog,
    revision: u64,
}

impl Fixture {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = KeystoreSettings {
            path: directory.path().join("keystore.p12"),
            password: PlainSecret::new("keystore-password".to_owned()),
            key_name: "aesKey".to_owned(),
        };
        Keystore::create(&settings.path, settings.password.expose(), "aesKey").unwrap();
        let vault = Arc::new(Vault::load(&settings, runtime(), HashingCost::RECOMMENDED).unwrap());
        let identity = Identity::new(Arc::clone(&vault), runtime(), LIMITS).await.unwrap();
        let mut fixture = Self { _directory: directory, vault, identity, catalog: Catalog::default(), revision: 0 };
        let bootstrap = Command::Bootstrap(Bootstrap {
            cluster_id: CLUSTER,
            active_key: fixture.vault.configured_key(),
            policy: Policy::default(),
            admin: user("admin"),
            password: secret("admin-password"),
        });
        fixture.apply(Principal::System, bootstrap).await;
        fixture.apply(Principal::User(user("admin")), change_password("admin", "admin-password-2")).await;
        let carol = Command::CreateUser(CreateUser {
            name: user("carol"),
            mode: CreateMode::Fail,
            password: Some(PasswordChange { password: Some(secret("carols:password")), change_required: Some(false) }),
            status: None,
            home: None,
            auth: vec![(AuthProvider::mtls(), AuthId::new("dbms-a").unwrap())],
            tags: BTreeSet::new(),
        });
        fixture.admin(carol).await;
        fixture
    }

    async fn admin(&mut self, command: Command<Plain>) {
        self.apply(Principal::User(user("admin")), command).await;
    }

    async fn apply(&mut self, actor: Principal, command: Command<Plain>) {
        let seal = SealContext { cluster: CLUSTER, key: self.vault.configured_key() };
        let command = self.vault.seal_command(command, seal, None).await.unwrap();
        self.revision += 1;
        let mut request = [0; 16];
        request[..8].copy_from_slice(&self.revision.to_be_bytes());
        let entry = Entry { request: RequestId(request), actor, issued_at: now(), command, origin: None };
        self.catalog.apply(Revision(self.revision), &entry).outcome.unwrap();
    }

    async fn basic(&self, user: &str, password: &str) -> Result<Authenticated, AuthError> {
        let header = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        self.identity.authenticate(Some(header.as_bytes()), &from(None), &self.catalog).await
    }

    async fn bearer(&self, token: &str) -> Result<Authenticated, AuthError> {
        let header = format!("Bearer {token}");
        self.identity.authenticate(Some(header.as_bytes()), &from(None), &self.catalog).await
    }

    async fn certificate(&self, certificate: &ClientCertificate) -> Result<Authenticated, AuthError> {
        self.identity.authenticate(None, &from(Some(certificate.clone())), &self.catalog).await
    }

    fn signer(&self) -> Signer {
        Signer::new(&self.vault, CLUSTER, self.vault.configured_key()).unwrap()
    }
}

/// A connection from somewhere.
fn from(certificate: Option<ClientCertificate>) -> ClientConnection {
    ClientConnection { remote: ([192, 0, 2, 7], 5000).into(), certificate }
}

fn user(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

fn secret(text: &str) -> PlainSecret {
    PlainSecret::new(text.to_owned())
}

fn alter(name: &str, change: impl FnOnce(&mut AlterUser<Plain>)) -> Command<Plain> {
    let mut alter = AlterUser {
        name: user(name),
        if_exists: false,
        password: None,
        unchanged_since: (),
        status: None,
        home: None,
        remove_auth: Removal::default(),
        set_auth: Vec::new(),
        tags: TagChange::default(),
    };
    change(&mut alter);
    Command::AlterUser(alter)
}

fn change_password(name: &str, password: &str) -> Command<Plain> {
    let password = PasswordChange { password: Some(secret(password)), change_required: Some(false) };
    alter(name, |alter| alter.password = Some(password))
}

fn suspend(name: &str) -> Command<Plain> {
    alter(name, |alter| alter.status = Some(UserStatus::Suspended))
}

fn certificate(identity: &str) -> ClientCertificate {
    ClientCertificate { identity: identity.into(), expires_at: SystemTime::now() + Duration::from_secs(3_600) }
}

#[tokio::test]
async fn basic_proves_a_user_and_remembers_it() {
    let fixture = Fixture::new().await;
    for logs_in in [true, false] {
        let proof = fixture.basic("carol", "carols:password").await.unwrap();
        assert_eq!(proof.logs_in, logs_in, "a password that is remembered is no login");
        assert_eq!((proof.user.as_str(), proof.method, proof.expires_at), ("carol", Method::Basic, None));
        assert_eq!(proof.principal(), Principal::User(user("carol")));
    }
    assert!(fixture.basic("admin", "admin-password-2").await.is_ok());
}

#[tokio::test]
async fn whatever_is_wrong_with_a_login_looks_the_same() {
    let mut fixture = Fixture::new().await;
    let external = Command::CreateUser(CreateUser {
        name: user("external"),
        mode: CreateMode::Fail,
        password: None,
        status: None,
        home: None,
        auth: vec![(AuthProvider::mtls(), AuthId::new("external").unwrap())],
        tags: BTreeSet::new(),
    });
    fixture.admin(external).await;
    for (name, password) in [
        ("carol", "carols:passwore"),
        ("carol", ""),
        ("Carol", "carols:password"),
        ("nobody", "carols:password"),
        ("", ""),
        ("external", ""),
        ("admin", "admin-password"),
    ] {
        assert_eq!(fixture.basic(name, password).await, Err(AuthError::Wrong), "{name}");
    }
    assert!(fixture.basic("carol", "carols:password").await.is_ok());
    fixture.admin(suspend("carol")).await;
    assert_eq!(fixture.basic("carol", "carols:password").await, Err(AuthError::Wrong));
}

#[tokio::test]
async fn guessing_has_an_end_and_locks_out_nobody_who_is_known() {
    let fixture = Fixture::new().await;
    let elsewhere = ClientConnection { remote: ([198, 51, 100, 1], 5000).into(), certificate: None };
    let guess = async |password: &str| {
        let asker = Asker::Unproven(&elsewhere);
        fixture.identity.verify_password("carol", secret(password), asker, &fixture.catalog).await
    };
    fixture.basic("carol", "carols:password").await.unwrap();
    for _ in 0..LIMITS.per_user {
        assert_eq!(guess("a guess").await, Err(AuthError::Wrong));
    }
    let throttled = guess("carols:password").await.unwrap_err();
    assert!(
        matches!(throttled, AuthError::Throttled { retry_after } if retry_after <= Duration::from_secs(20)),
        "{throttled:?}"
    );
    // Where the user has logged in, it has tries of its own.
    fixture.basic("carol", "carols:password").await.unwrap();
    assert_eq!(fixture.basic("carol", "mistyped").await, Err(AuthError::Wrong));
    assert_eq!(fixture.basic("admin", "mistyped").await, Err(AuthError::Wrong));
    fixture.certificate(&certificate("dbms-a")).await.unwrap();
    // A caller who may ask about users guesses no further.
    let caller = fixture.basic("admin", "admin-password-2").await.unwrap();
    let asked = async |user: &str| {
        let asker = Asker::Proven(&caller);
        fixture.identity.verify_password(user, secret("a guess"), asker, &fixture.catalog).await
    };
    for _ in 0..LIMITS.per_user {
        assert_eq!(asked("carol").await, Err(AuthError::Wrong));
    }
    assert!(matches!(asked("carol").await, Err(AuthError::Throttled { .. })));
    assert_eq!(asked("nobody").await, Err(AuthError::Wrong));
    fixture.basic("carol", "carols:password").await.unwrap();
}

#[tokio::test]
async fn a_changed_password_ends_what_was_remembered() {
    let mut fixture = Fixture::new().await;
    fixture.basic("carol", "carols:password").await.unwrap();
    fixture.admin(change_password("carol", "another-password")).await;
    assert_eq!(fixture.basic("carol", "carols:password").await, Err(AuthError::Wrong));
    fixture.basic("carol", "another-password").await.unwrap();
}

#[tokio::test]
async fn what_is_remembered_is_bounded_and_forgets_the_oldest() {
    let fixture = Fixture::new().await;
    let verified = Verified::new(&*runtime());
    let hash = &fixture.identity.decoy;
    let trace = |number: u32| verified.trace(&format!("user{number}"), hash, &secret("password"));
    for number in 0..5_000 {
        verified.insert(trace(number));
        verified.insert(trace(number));
    }
    assert!(!verified.contains(&trace(0)) && !verified.contains(&trace(903)));
    assert!(verified.contains(&trace(904)) && verified.contains(&trace(4_999)));
    // No way of cutting user and password makes two users one.
    assert_ne!(verified.trace("ab", hash, &secret("c")), verified.trace("a", hash, &secret("bc")));
    assert_ne!(Verified::new(&*runtime()).trace("a", hash, &secret("b")), verified.trace("a", hash, &secret("b")));
}

#[tokio::test]
async fn a_token_proves_its_user_on_every_member() {
    let fixture = Fixture::new().await;
    let login = fixture.basic("carol", "carols:password").await.unwrap();
    let token = fixture.identity.issue(&login, &fixture.catalog).unwrap();
    assert!(token.expires_at > now() && token.expires_at <= Timestamp(now().0 + 900_000));
    assert!(token.expose().len() < 150, "{}", token.expose().len());
    let other_member = Identity::new(Arc::clone(&fixture.vault), runtime(), LIMITS).await.unwrap();
    let header = format!("bearer  {}", token.expose());
    let proof = other_member.authenticate(Some(header.as_bytes()), &from(None), &fixture.catalog).await.unwrap();
    assert_eq!((proof.user.as_str(), proof.method), ("carol", Method::Token));
    assert_eq!(proof.expires_at, Some(token.expires_at));
}

#[tokio::test]
async fn a_token_ends_with_password_status_certificate_and_user() {
    let drop_user = Command::Open(OpenCommand::DropUser { name: user("carol"), if_exists: false });
    let unmap = alter("carol", |alter| alter.remove_auth.providers = [AuthProvider::mtls()].into());
    for change in [change_password("carol", "another"), suspend("carol"), unmap, drop_user] {
        let mut fixture = Fixture::new().await;
        let login = fixture.basic("carol", "carols:password").await.unwrap();
        let token = fixture.identity.issue(&login, &fixture.catalog).unwrap();
        let proof = fixture.bearer(token.expose()).await.unwrap();
        assert!(proof.holds(&fixture.catalog, now()));
        fixture.admin(change).await;
        assert_eq!(fixture.bearer(token.expose()).await, Err(AuthError::Token(TokenError::Outdated)));
        assert!(!proof.holds(&fixture.catalog, now()));
    }
}

#[tokio::test]
async fn a_token_is_ended_by_itself_and_the_others_go_on() {
    let mut fixture = Fixture::new().await;
    let login = fixture.basic("carol", "carols:password").await.unwrap();
    let issue = |fixture: &Fixture| fixture.identity.issue(&login, &fixture.catalog).unwrap();
    let one = issue(&fixture);
    let mut other = issue(&fixture);
    while other.expose() == one.expose() {
        other = issue(&fixture);
    }
    let proof = fixture.bearer(one.expose()).await.unwrap();
    let token = proof.token.unwrap();
    let end = Command::Open(OpenCommand::EndToken { token, expires_at: one.expires_at });
    fixture.apply(Principal::User(user("carol")), end).await;
    assert_eq!(fixture.bearer(one.expose()).await, Err(AuthError::Token(TokenError::Ended)));
    assert!(!proof.holds(&fixture.catalog, now()), "a watch of it goes on");
    assert!(fixture.bearer(other.expose()).await.unwrap().holds(&fixture.catalog, now()));
    assert!(fixture.basic("carol", "carols:password").await.unwrap().holds(&fixture.catalog, now()));
}

#[tokio::test]
async fn how_long_a_token_lives_is_agreed() {
    let mut fixture = Fixture::new().await;
    let change = PolicyChange { token_lifetime: TokenLifetime::from_seconds(60), ..PolicyChange::default() };
    fixture.admin(Command::Open(OpenCommand::SetPolicy(change))).await;
    let login = fixture.basic("carol", "carols:password").await.unwrap();
    let before = now();
    let token = fixture.identity.issue(&login, &fixture.catalog).unwrap();
    assert!(token.expires_at >= Timestamp(before.0 + 60_000) && token.expires_at <= Timestamp(now().0 + 60_000));
}

#[tokio::test]
async fn a_token_expires() {
    let fixture = Fixture::new().await;
    let claims = Claims {
        user: user("carol"),
        issued_at: Timestamp(1_000),
        expires_at: Timestamp(2_000),
        credential_revision: Revision(3),
    };
    let token = fixture.signer().sign(&claims);
    assert_eq!(fixture.signer().verify(&token, Timestamp(1_999)).map(|(claims, _)| claims), Ok(claims));
    assert_eq!(fixture.signer().verify(&token, Timestamp(2_000)), Err(TokenError::Expired));
}

/// Of a member whose clock is days ahead.
#[tokio::test]
async fn a_token_is_never_good_for_longer_than_twice_its_life() {
    let fixture = Fixture::new().await;
    let minutes = |minutes: u64| Timestamp(minutes * 60_000);
    let (issued_at, expires_at) = (minutes(3 * 24 * 60), minutes(3 * 24 * 60 + 15));
    let claims = Claims { user: user("carol"), issued_at, expires_at, credential_revision: Revision(3) };
    let token = fixture.signer().sign(&claims);
    let judged = |now: Timestamp| fixture.signer().verify(&token, now).map(|(claims, _)| claims);
    for early in [Timestamp(0), minutes(24 * 60), Timestamp(issued_at.0 - 15 * 60_000 - 1)] {
        assert_eq!(judged(early), Err(TokenError::Early), "{early:?}");
    }
    for good in [minutes(3 * 24 * 60 - 15), issued_at, Timestamp(expires_at.0 - 1)] {
        assert_eq!(judged(good), Ok(claims.clone()), "{good:?}");
    }
    // Clocks that are a little off break no token, however short its life is.
    let short = Claims { expires_at: Timestamp(issued_at.0 + 1_000), ..claims };
    let token = fixture.signer().sign(&short);
    assert!(fixture.signer().verify(&token, Timestamp(issued_at.0 - 60_000)).is_ok());
    assert!(fixture.signer().verify(&token, Timestamp(issued_at.0 - 60_001)).is_err());
}

#[tokio::test]
async fn a_changed_or_foreign_token_is_refused() {
    let fixture = Fixture::new().await;
    let login = fixture.basic("carol", "carols:password").await.unwrap();
    let token = fixture.identity.issue(&login, &fixture.catalog).unwrap();
    let foreign = Err(AuthError::Token(TokenError::Foreign));
    let bytes = URL_SAFE_NO_PAD.decode(&token.expose()[4..]).unwrap();
    for position in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        let text = format!("at1.{}", URL_SAFE_NO_PAD.encode(changed));
        assert_eq!(fixture.bearer(&text).await, foreign, "byte {position}");
    }
    for text in ["", "at1.", "at1.AAAA", "at2.x", "no token at all", &format!("at1.{}", "A".repeat(20_000))] {
        assert_eq!(fixture.bearer(text).await, foreign);
    }
    let stranger = Fixture::new().await;
    assert_eq!(stranger.bearer(token.expose()).await, foreign);
    // The same key in another cluster signs otherwise.
    let elsewhere = Signer::new(&fixture.vault, ClusterId([1; 16]), fixture.vault.configured_key()).unwrap();
    assert_eq!(elsewhere.verify(token.expose(), now()), Err(TokenError::Foreign));
}

#[tokio::test]
async fn without_the_active_key_there_are_no_tokens() {
    let fixture = Fixture::new().await;
    let stranger = Fixture::new().await;
    let login = fixture.basic("carol", "carols:password").await.unwrap();
    let error = stranger.identity.issue(&login, &fixture.catalog).unwrap_err();
    assert_eq!(error, AuthError::NoKey);
    assert_eq!(fixture.identity.issue(&login, &Catalog::default()).unwrap_err(), AuthError::NoKey);
}

#[tokio::test]
async fn a_certificate_proves_the_user_it_is_mapped_to() {
    let mut fixture = Fixture::new().await;
    let proof = fixture.certificate(&certificate("dbms-a")).await.unwrap();
    assert_eq!((proof.user.as_str(), proof.method), ("carol", Method::Certificate));
    assert!(proof.expires_at.is_some() && proof.holds(&fixture.catalog, now()));

    let unmapped = fixture.certificate(&certificate("dbms-b")).await.unwrap_err();
    assert_eq!(unmapped.to_string(), "the client certificate of 'dbms-b' belongs to no user");
    // The name of a user is no identity of a certificate.
    assert!(fixture.certificate(&certificate("admin")).await.is_err());
    let expired = ClientCertificate { expires_at: SystemTime::now(), ..certificate("dbms-a") };
    assert_eq!(fixture.certificate(&expired).await, Err(AuthError::CertificateExpired));

    fixture.admin(suspend("carol")).await;
    assert_eq!(fixture.certificate(&certificate("dbms-a")).await, Err(AuthError::Wrong));
    assert!(!proof.holds(&fixture.catalog, now()));
}

#[tokio::test]
async fn what_the_call_says_counts_before_the_certificate() {
    let fixture = Fixture::new().await;
    let header = format!("Basic {}", STANDARD.encode("admin:admin-password-2"));
    let connection = from(Some(certificate("dbms-a")));
    let authenticate = |header| fixture.identity.authenticate(header, &connection, &fixture.catalog);
    assert_eq!(authenticate(Some(header.as_bytes())).await.unwrap().user.as_str(), "admin");
    // A wrong password is not made good by a certificate.
    let wrong = format!("Basic {}", STANDARD.encode("admin:wrong"));
    assert_eq!(authenticate(Some(wrong.as_bytes())).await, Err(AuthError::Wrong));
    assert_eq!(fixture.identity.authenticate(None, &from(None), &fixture.catalog).await, Err(AuthError::Missing));
}

#[tokio::test]
async fn a_malformed_authorization_says_how_and_quotes_nothing() {
    let fixture = Fixture::new().await;
    let no_colon = format!("Basic {}", STANDARD.encode("carol"));
    let not_text = format!("Basic {}", STANDARD.encode([0xff, 0xfe]));
    for (header, reason) in [
        (&b"Basic"[..], "it has no scheme"),
        (b"Digest abc", "its scheme is neither Basic nor Bearer"),
        (b"\xff\xfe", "it is not text"),
        (b"Basic hunter2!", "what follows Basic is not base64"),
        (no_colon.as_bytes(), "there is no colon between user and password"),
        (not_text.as_bytes(), "user and password are not UTF-8"),
    ] {
        let error = fixture.identity.authenticate(Some(header), &from(None), &fixture.catalog).await.unwrap_err();
        assert_eq!(error, AuthError::Header(reason));
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let fixture = Fixture::new().await;
    let login = fixture.basic("carol", "carols:password").await.unwrap();
    let token = fixture.identity.issue(&login, &fixture.catalog).unwrap();
    let printed = format!("{:?} {token:?} {login:?}", fixture.identity);
    assert!(printed.contains("Verified(******)") && printed.contains("LoginToken(******)"), "{printed}");
    assert!(!printed.contains(&token.expose()[4..20]) && !printed.contains("argon2id"), "{printed}");
}
