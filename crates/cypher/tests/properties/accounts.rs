//! Statements about users, roles and auth rules.

use aliasd_cypher::Located;
use aliasd_cypher::ast::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::expressions::expression;
use crate::generate::{at, catalog_name, mode, parameter, secret, simple_name, string_operand};

fn password() -> BoxedStrategy<PasswordClause> {
    (of(secret()), any::<bool>(), of(any::<bool>().prop_map(at)))
        .prop_map(|(password, encrypted, change_required)| {
            let encrypted = encrypted && password.is_some();
            PasswordClause { password, encrypted, change_required }
        })
        .boxed()
}

fn auth() -> BoxedStrategy<Vec<Located<AuthSettings>>> {
    let native = password().prop_map(|mut password| {
        if password.password.is_none() && password.change_required.is_none() {
            password.change_required = Some(at(false));
        }
        AuthSettings { provider: at("native".to_owned()), id: None, password }
    });
    let external = ("[a-m'\\\\ ]{1,6}", string_operand()).prop_map(|(provider, id)| AuthSettings {
        provider: at(provider),
        id: Some(id),
        password: PasswordClause::default(),
    });
    (of(native), of(external))
        .prop_map(|(native, external)| native.into_iter().chain(external).map(at).collect())
        .boxed()
}

fn settings() -> BoxedStrategy<UserSettings> {
    let status = of(select(vec![UserStatus::Active, UserStatus::Suspended]).prop_map(at));
    (password(), status, of(catalog_name()), auth(), of(tag_list()))
        .prop_map(|(password, status, home, auth, tags)| UserSettings { password, status, home, auth, tags })
        .boxed()
}

/// At least one clause, which a statement has to have.
fn at_least_one(mut settings: UserSettings) -> UserSettings {
    if settings == UserSettings::default() {
        settings.status = Some(at(UserStatus::Active));
    }
    settings
}

fn tags() -> BoxedStrategy<Operand<Vec<String>>> {
    prop_oneof![vec(any::<String>(), 0..3).prop_map(Operand::Literal), parameter().prop_map(Operand::Parameter)].boxed()
}

fn tag_list() -> BoxedStrategy<TagList> {
    tags().prop_map(at).boxed()
}

fn tag_edits() -> BoxedStrategy<TagEdits> {
    let removal = prop_oneof![Just(TagRemoval::All), tags().prop_map(TagRemoval::Tags)];
    (of(removal.prop_map(at)), of(tag_list())).prop_map(|(remove, add)| TagEdits { remove, add }).boxed()
}

pub(super) fn user() -> BoxedStrategy<UserStatement> {
    let removal = prop_oneof![
        Just(AuthRemoval::All),
        any::<String>().prop_map(Operand::Literal).prop_map(AuthRemoval::Provider),
        parameter().prop_map(Operand::Parameter).prop_map(AuthRemoval::Provider),
    ];
    prop_oneof![
        (simple_name(), mode(), settings().prop_map(at_least_one))
            .prop_map(|(name, mode, settings)| UserStatement::Create(CreateUser { name, mode, settings })),
        (simple_name(), any::<bool>(), any::<bool>(), vec(removal.prop_map(at), 0..3), tag_edits(), settings())
            .prop_map(|(name, if_exists, remove_home, remove_auth, tags, mut settings)| {
                settings.tags = settings.tags.filter(|_| tags.is_empty());
                if !remove_home && remove_auth.is_empty() && tags.is_empty() {
                    settings = at_least_one(settings);
                }
                UserStatement::Alter(AlterUser { name, if_exists, remove_home, remove_auth, tags, settings })
            }),
        (vec(simple_name(), 1..3), any::<bool>(), tag_edits(), tag_list()).prop_map(|(names, if_exists, tags, set)| {
            let set_tags = tags.is_empty().then_some(set);
            UserStatement::AlterTags(AlterUsers { names, if_exists, tags, set_tags })
        }),
        (simple_name(), any::<bool>()).prop_map(|(name, if_exists)| UserStatement::Drop(DropUser { name, if_exists })),
        (simple_name(), any::<bool>(), simple_name())
            .prop_map(|(from, if_exists, to)| UserStatement::Rename(RenameUser { from, if_exists, to })),
        (secret(), secret()).prop_map(|(from, to)| UserStatement::ChangePassword(ChangePassword { from, to })),
    ]
    .boxed()
}

pub(super) fn role() -> BoxedStrategy<RoleStatement> {
    let assignment =
        (vec(simple_name(), 1..4), vec(simple_name(), 1..4)).prop_map(|(roles, users)| RolesAndUsers { roles, users });
    prop_oneof![
        (simple_name(), mode(), any::<bool>(), of(simple_name())).prop_map(|(name, mode, immutable, copy_of)| {
            RoleStatement::Create(CreateRole { name, mode, immutable, copy_of })
        }),
        (simple_name(), any::<bool>(), simple_name())
            .prop_map(|(from, if_exists, to)| RoleStatement::Rename(RenameRole { from, if_exists, to })),
        (simple_name(), any::<bool>()).prop_map(|(name, if_exists)| RoleStatement::Drop(DropRole { name, if_exists })),
        (any::<bool>(), assignment).prop_map(|(grant, assignment)| match grant {
            true => RoleStatement::Grant(assignment),
            false => RoleStatement::Revoke(assignment),
        }),
    ]
    .boxed()
}

pub(super) fn auth_rule() -> BoxedStrategy<AuthRuleStatement> {
    let assignment =
        (vec(simple_name(), 1..4), vec(simple_name(), 1..4)).prop_map(|(roles, rules)| RuleAssignment { roles, rules });
    prop_oneof![
        (simple_name(), any::<bool>(), of(expression()), of(any::<bool>())).prop_map(
            |(name, if_exists, condition, enabled)| {
                let enabled = enabled.or(condition.is_none().then_some(true));
                AuthRuleStatement::Alter(AlterAuthRule { name, if_exists, condition, enabled })
            }
        ),
        (simple_name(), any::<bool>(), simple_name())
            .prop_map(|(from, if_exists, to)| AuthRuleStatement::Rename(RenameAuthRule { from, if_exists, to })),
        (simple_name(), any::<bool>())
            .prop_map(|(name, if_exists)| AuthRuleStatement::Drop(DropAuthRule { name, if_exists })),
        (any::<bool>(), assignment).prop_map(|(grant, assignment)| match grant {
            true => AuthRuleStatement::Grant(assignment),
            false => AuthRuleStatement::Revoke(assignment),
        }),
    ]
    .boxed()
}
