//! Statements of every form, drawn at random as syntax trees.

use std::sync::Arc;

use aliasd_catalog::{PlainSecret, RemoteUrl};
use aliasd_cypher::ast::*;
use aliasd_cypher::{Located, Span};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::accounts::{auth_rule, role, user};
use crate::expressions::{entries, expression};

pub(crate) fn at<T>(value: T) -> Located<T> {
    Located::new(value, Span::default())
}

/// Identifiers of all kinds: bare, keywords, in need of quotes, invisible.
pub(crate) fn identifier() -> BoxedStrategy<String> {
    let keywords = vec![
        "if",
        "FOR",
        "user",
        "Users",
        "database",
        "YIELD",
        "where",
        "not",
        "null",
        "TRUE",
        "distinct",
        "as",
        "privileges",
        "with",
        "to",
        "from",
        "on",
        "set",
        "IS",
        "in",
        "asc",
        "desc",
        "order",
        "all",
        "PASSWORD",
        "and",
        "or",
        "xor",
        "home",
        "exists",
        "cypher",
        "starts",
        "ends",
        "contains",
        "provider",
        "return",
    ];
    prop_oneof![
        3 => "[a-zA-Z_][a-zA-Z0-9_]{0,8}",
        2 => select(keywords).prop_map(str::to_owned),
        1 => "[a-z.` ö\u{200b}#-]{1,8}",
        1 => any::<String>().prop_filter("names are not empty", |name| !name.is_empty()),
    ]
    .boxed()
}

pub(crate) fn located_identifier() -> BoxedStrategy<Located<String>> {
    identifier().prop_map(at).boxed()
}

/// Parameters have names like identifiers, or numbers.
pub(crate) fn parameter() -> BoxedStrategy<String> {
    prop_oneof![identifier(), "[0-9]{1,3}"].boxed()
}

fn operand<T: std::fmt::Debug + Clone + 'static>(
    literal: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Located<Operand<T>>> {
    prop_oneof![
        3 => literal.prop_map(Operand::Literal),
        1 => parameter().prop_map(Operand::Parameter),
    ]
    .prop_map(at)
    .boxed()
}

pub(crate) fn simple_name() -> BoxedStrategy<NameOperand> {
    operand(identifier().prop_map(Name::simple)).boxed()
}

/// Names of several parts are bare: Cypher 25 quotes whole names only.
pub(crate) fn catalog_name() -> BoxedStrategy<NameOperand> {
    let qualified = vec("[a-z][a-z0-9]{4,9}", 2..4).prop_map(|parts| Name { parts });
    operand(prop_oneof![3 => identifier().prop_map(Name::simple), 1 => qualified]).boxed()
}

pub(crate) fn string_operand() -> BoxedStrategy<Located<Operand<String>>> {
    operand(any::<String>()).boxed()
}

/// Without what may be a secret, which is covered when it is printed.
fn url() -> BoxedStrategy<Located<Operand<String>>> {
    let shown_whole = |text: &String| RemoteUrl::redacted(text) == *text;
    operand("(neo4j[+]s://)?[^@?#;&=%\\\\\"/:]*(:[0-9]{1,5})?".prop_filter("it is shown whole", shown_whole)).boxed()
}

/// Every password reads as what a password prints as, so that printing changes nothing.
pub(crate) fn secret() -> BoxedStrategy<Located<Operand<PlainSecret>>> {
    operand(Just(()).prop_map(|()| PlainSecret::new("******".to_owned()))).boxed()
}

pub(crate) fn mode() -> BoxedStrategy<CreateMode> {
    select(vec![CreateMode::Fail, CreateMode::IfNotExists, CreateMode::OrReplace]).boxed()
}

fn version() -> BoxedStrategy<CypherVersion> {
    select(vec![CypherVersion::Cypher5, CypherVersion::Cypher25]).boxed()
}

fn map_operand() -> BoxedStrategy<Located<Operand<MapEntries>>> {
    operand(entries(expression().boxed())).boxed()
}

// === statements ===

fn alias() -> BoxedStrategy<AliasStatement> {
    let login = prop_oneof![
        3 => (simple_name(), secret()).prop_map(|(user, password)| LoginClause::Stored { user, password }),
        1 => Just(LoginClause::OidcForwarding),
    ];
    let remote = (url(), login, of(map_operand()), of(version().prop_map(at)))
        .prop_map(|(url, login, driver, default_language)| RemoteClauses { url, login, driver, default_language });
    let create = (catalog_name(), mode(), catalog_name(), of(remote), of(map_operand())).prop_map(
        |(name, mode, target, remote, properties)| {
            AliasStatement::Create(CreateAlias { name, mode, target, remote, properties })
        },
    );
    let clauses = (of((catalog_name(), url())), of(simple_name()), of(secret()), of(map_operand()));
    let more = (of(version().prop_map(at)), map_operand());
    let alter = (catalog_name(), any::<bool>(), clauses, more).prop_map(
        |(name, if_exists, (target, user, password, driver), (default_language, properties))| {
            let (target, url) = target.unzip();
            let properties = Some(properties);
            AliasStatement::Alter(AlterAlias {
                name,
                if_exists,
                target,
                url,
                user,
                password,
                driver,
                default_language,
                properties,
            })
        },
    );
    let drop = (catalog_name(), any::<bool>())
        .prop_map(|(name, if_exists)| AliasStatement::Drop(DropAlias { name, if_exists }));
    prop_oneof![create, alter, drop].boxed()
}

fn wait() -> BoxedStrategy<Wait> {
    prop_oneof![
        2 => Just(Wait::Unsaid),
        1 => Just(Wait::No),
        1 => of(0..=u64::MAX / 2).prop_map(Wait::Yes),
    ]
    .boxed()
}

fn database() -> BoxedStrategy<DatabaseStatement> {
    let language = || of(version().prop_map(at));
    let create = (catalog_name(), mode(), any::<bool>(), language(), wait()).prop_map(
        |(name, mode, composite, default_language, wait)| {
            DatabaseStatement::Create(CreateDatabase { name, mode, composite, default_language, wait })
        },
    );
    let accesses = select(vec![DatabaseAccess::ReadOnly, DatabaseAccess::ReadWrite]);
    let alter = (catalog_name(), any::<bool>(), accesses, language(), wait()).prop_map(
        |(name, if_exists, access, default_language, wait)| {
            let access = Some(at(access));
            DatabaseStatement::Alter(AlterDatabase { name, if_exists, access, default_language, wait })
        },
    );
    let drop = (catalog_name(), any::<bool>(), any::<bool>(), any::<bool>(), wait()).prop_map(
        |(name, if_exists, composite, cascade_aliases, wait)| {
            DatabaseStatement::Drop(DropDatabase { name, if_exists, composite, cascade_aliases, wait })
        },
    );
    prop_oneof![
        create,
        alter,
        drop,
        (catalog_name(), wait()).prop_map(|(name, wait)| DatabaseStatement::Start(name, wait)),
        (catalog_name(), wait()).prop_map(|(name, wait)| DatabaseStatement::Stop(name, wait)),
        string_operand().prop_map(DatabaseStatement::SetDefault),
    ]
    .boxed()
}

fn privilege() -> BoxedStrategy<PrivilegeStatement> {
    let effects = || select(vec![GrantEffect::Granted, GrantEffect::Denied]);
    let verb = prop_oneof![effects().prop_map(PrivilegeVerb::Assign), of(effects()).prop_map(PrivilegeVerb::Revoke)];
    (verb, any::<bool>(), term().prop_map(at), vec(simple_name(), 1..3))
        .prop_map(|(verb, immutable, privilege, roles)| PrivilegeStatement { verb, immutable, privilege, roles })
        .boxed()
}

/// Patterns of all kinds: bare, in need of quotes, made of wildcards only.
fn glob() -> BoxedStrategy<String> {
    prop_oneof![2 => "[a-z0-9.*?]{1,8}", 1 => "[*?.]{1,3}", 1 => identifier()].boxed()
}

fn scope() -> BoxedStrategy<NameScope> {
    prop_oneof![Just(NameScope::Home), Just(NameScope::All), vec(catalog_name(), 1..3).prop_map(NameScope::Named)]
        .boxed()
}

fn term() -> BoxedStrategy<PrivilegeTerm> {
    let names = || vec(located_identifier(), 1..3);
    let resource = prop_oneof![Just(ResourceTerm::All), names().prop_map(ResourceTerm::Named)];
    let kinds = select(vec![ElementKind::Elements, ElementKind::Nodes, ElementKind::Relationships]);
    let pattern = (any::<bool>(), located_identifier(), vec(located_identifier(), 0..3), expression()).prop_map(
        |(of_relationships, variable, labels, condition)| {
            let condition = Box::new(condition);
            PatternTerm { of_relationships, variable, labels, condition }
        },
    );
    let segment = of(prop_oneof![
        3 => (kinds, of(names())).prop_map(|(kind, names)| SegmentTerm::Elements { kind, names }),
        1 => pattern.prop_map(SegmentTerm::Pattern),
    ]);
    let graph =
        (select(GraphAction::ALL), resource, scope(), segment).prop_map(|(action, resource, scope, segment)| {
            use GraphAction::{All, Match, Merge, Read, RemoveLabel, SetLabel, SetProperty, Traverse, Write};
            let takes_resource = matches!(action, Read | Match | Merge | SetProperty | SetLabel | RemoveLabel);
            let takes_segment = match segment {
                Some(SegmentTerm::Pattern(_)) => matches!(action, Match | Read | Traverse),
                _ => !matches!(action, SetLabel | RemoveLabel | Write | All),
            };
            PrivilegeTerm::Graph {
                action,
                resource: takes_resource.then_some(resource),
                scope,
                segment: segment.filter(|_| takes_segment),
            }
        });
    prop_oneof![
        select(DbmsAction::ALL).prop_map(|action| match action {
            DbmsAction::ResolveAlias => PrivilegeTerm::ResolveAlias(None),
            action => PrivilegeTerm::Dbms(action),
        }),
        vec(catalog_name(), 1..3).prop_map(|names| PrivilegeTerm::ResolveAlias(Some(names))),
        of(vec(simple_name(), 1..3)).prop_map(PrivilegeTerm::Impersonate),
        (select(DatabaseAction::ALL), scope()).prop_map(|(action, scope)| PrivilegeTerm::Database { action, scope }),
        (select(TransactionAction::ALL), of(vec(simple_name(), 1..3)), scope())
            .prop_map(|(action, users, scope)| PrivilegeTerm::Transaction { action, users, scope }),
        (select(QualifiedAction::ALL), vec(glob().prop_map(at), 1..3))
            .prop_map(|(action, globs)| PrivilegeTerm::Qualified { action, globs }),
        prop_oneof![
            Just(LoadTerm::AllData),
            string_operand().prop_map(LoadTerm::Url),
            string_operand().prop_map(LoadTerm::Cidr),
        ]
        .prop_map(PrivilegeTerm::Load),
        graph,
    ]
    .boxed()
}

// === listings ===

fn order_by() -> BoxedStrategy<Vec<OrderItem>> {
    vec((expression(), any::<bool>()).prop_map(|(expression, descending)| OrderItem { expression, descending }), 0..3)
        .boxed()
}

fn yields() -> BoxedStrategy<Yield> {
    let item =
        (located_identifier(), of(located_identifier())).prop_map(|(column, renamed)| YieldItem { column, renamed });
    let items = prop_oneof![Just(YieldItems::All), vec(item, 1..4).prop_map(YieldItems::Columns)];
    let count = || of((0..=u64::MAX / 2).prop_map(at));
    (items, order_by(), count(), count())
        .prop_map(|(items, order_by, skip, limit)| Yield { items, order_by, skip, limit })
        .boxed()
}

fn returns() -> BoxedStrategy<Return> {
    let item = (expression(), of(located_identifier()))
        .prop_map(|(expression, renamed)| ReturnItem { expression, renamed })
        .boxed();
    let items =
        prop_oneof![vec(item.clone(), 0..2).prop_map(ReturnItems::All), vec(item, 1..4).prop_map(ReturnItems::Columns)];
    (any::<bool>(), items, order_by(), of(expression()), of(expression()))
        .prop_map(|(distinct, items, order_by, skip, limit)| Return { distinct, items, order_by, skip, limit })
        .boxed()
}

fn executor() -> BoxedStrategy<Executor> {
    prop_oneof![Just(Executor::CurrentUser), simple_name().prop_map(Executor::User)].boxed()
}

fn show() -> BoxedStrategy<ShowStatement> {
    let of_whom = prop_oneof![
        Just(PrivilegesOf::Everyone),
        vec(simple_name(), 1..3).prop_map(PrivilegesOf::Roles),
        vec(simple_name(), 0..3).prop_map(PrivilegesOf::Users),
        vec(simple_name(), 1..3).prop_map(PrivilegesOf::AuthRules),
    ];
    let subject = prop_oneof![
        of(catalog_name()).prop_map(ShowSubject::Aliases),
        of(catalog_name()).prop_map(ShowSubject::Databases),
        Just(ShowSubject::DefaultDatabase),
        Just(ShowSubject::HomeDatabase),
        any::<bool>().prop_map(|with_auth| ShowSubject::Users { with_auth }),
        Just(ShowSubject::CurrentUser),
        Just(ShowSubject::ClusterPolicy),
        Just(ShowSubject::SupportedPrivileges),
        Just(ShowSubject::Servers),
        vec(string_operand(), 0..3).prop_map(ShowSubject::Transactions),
        vec(string_operand(), 0..3).prop_map(ShowSubject::Settings),
        of(executor()).prop_map(|executable_by| ShowSubject::Procedures { executable_by }),
        (any::<bool>(), of(executor()))
            .prop_map(|(user_defined, executable_by)| ShowSubject::Functions { user_defined, executable_by }),
        Just(ShowSubject::Components),
        (any::<bool>(), of(select(vec![RolesWith::Users, RolesWith::AuthRules])))
            .prop_map(|(populated, with)| ShowSubject::Roles { populated, with }),
        any::<bool>().prop_map(|as_commands| ShowSubject::AuthRules { as_commands }),
        (of_whom, of(select(vec![AsCommands::Assign, AsCommands::Revoke])))
            .prop_map(|(of, as_commands)| ShowSubject::Privileges { of, as_commands }),
    ];
    (subject, of((yields(), of(returns()))), of(expression()))
        .prop_map(|(subject, yields, filter)| {
            let (yields, returns) = yields.unzip();
            ShowStatement {
                subject: at(subject),
                projection: Arc::new(Projection { yields, filter, returns: returns.flatten() }),
            }
        })
        .boxed()
}

pub(crate) fn statement() -> BoxedStrategy<Statement> {
    let body = prop_oneof![
        alias().prop_map(Body::Alias),
        database().prop_map(Body::Database),
        user().prop_map(Body::User),
        role().prop_map(Body::Role),
        auth_rule().prop_map(Body::AuthRule),
        map_operand().prop_map(|map| Body::Cluster(ClusterStatement::SetPolicy(map))),
        privilege().prop_map(Body::Privilege),
        show().prop_map(|show| Body::Show(Box::new(show))),
    ];
    (of(version()), body)
        .prop_map(|(version, body)| {
            let version = version.filter(|_| !needs_cypher_25(&body));
            Statement { version, body: at(body), deprecations: Vec::new() }
        })
        .boxed()
}

/// Credential forwarding came with Cypher 25, and so did names of more than two parts for remote aliases, auth rules,
/// tags and some privileges.
fn needs_cypher_25(body: &Body) -> bool {
    match body {
        Body::Alias(AliasStatement::Create(_) | AliasStatement::Alter(_)) | Body::AuthRule(_) => true,
        Body::User(UserStatement::Create(create)) => create.settings.tags.is_some(),
        Body::User(UserStatement::Alter(alter)) => !alter.tags.is_empty() || alter.settings.tags.is_some(),
        Body::User(UserStatement::AlterTags(_)) => true,
        Body::Privilege(statement) => match &statement.privilege.value {
            PrivilegeTerm::Dbms(action) => {
                ["AUTH RULE", "USER METADATA"].iter().any(|words| action.keywords().contains(words))
            }
            PrivilegeTerm::Database { action, .. } => action.on_dbms().is_some(),
            _ => false,
        },
        Body::Show(show) => matches!(
            show.subject.value,
            ShowSubject::AuthRules { .. }
                | ShowSubject::Roles { with: Some(RolesWith::AuthRules), .. }
                | ShowSubject::Privileges { of: PrivilegesOf::AuthRules(_), .. }
        ),
        _ => false,
    }
}
