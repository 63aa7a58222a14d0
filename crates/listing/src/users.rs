//! `SHOW USERS`, `SHOW CURRENT USER`, `SHOW ROLES`.

use aliasd_catalog::{Catalog, Principal, RoleName, User, UserName, UserStatus, Value, ValueMap};
use aliasd_cypher::ast::RolesWith;

use super::rows::Rows;

/// Tags are NULL where they may not be seen.
pub(super) fn user_rows(catalog: &Catalog, with_auth: bool, with_tags: bool) -> Rows<'_> {
    let rows = catalog.users().flat_map(move |(name, user)| {
        let row = user_row(catalog, name, user);
        let tags = tags(user, with_tags);
        if !with_auth {
            return vec![Ok([row, vec![tags]].concat())];
        }
        let extend = |(provider, auth): (Value, Value)| Ok([row.clone(), vec![provider, auth, tags.clone()]].concat());
        providers(user).into_iter().map(extend).collect()
    });
    Box::new(rows)
}

pub(super) fn current_user_rows<'a>(catalog: &'a Catalog, who: &'a Principal, with_tags: bool) -> Rows<'a> {
    let row = |name, user: &User| Ok([user_row(catalog, name, user), vec![tags(user, with_tags)]].concat());
    let row = match who {
        Principal::User(name) => catalog.user(name.as_str()).map(|user| row(name, user)),
        Principal::System => None,
    };
    Box::new(row.into_iter())
}

fn tags(user: &User, visible: bool) -> Value {
    match visible {
        true => Value::List(user.tags.iter().map(|tag| Value::from(tag.as_str())).collect()),
        false => Value::Null,
    }
}

fn user_row(catalog: &Catalog, name: &UserName, user: &User) -> Vec<Value> {
    let roles = catalog.effective_roles(name);
    let has_password = user.password.is_some();
    vec![
        Value::from(name.as_str()),
        Value::List(roles.iter().map(|role| Value::from(role.as_str())).collect()),
        Value::from(has_password.then_some(user.password_change_required)),
        Value::Boolean(user.status == UserStatus::Suspended),
        Value::from(user.home.as_ref().map(|home| home.as_str())),
    ]
}

/// Each way to authenticate with what may be shown of it; one pair of NULLs if there is none.
fn providers(user: &User) -> Vec<(Value, Value)> {
    let native = user.password.is_some().then(|| {
        let shown = [
            ("changeRequired".to_owned(), Value::Boolean(user.password_change_required)),
            ("password".to_owned(), Value::from("***")),
        ];
        (Value::from("native"), Value::Map(ValueMap::from(shown)))
    });
    let external = user.auth.iter().map(|(provider, id)| {
        let shown = ValueMap::from([("id".to_owned(), Value::from(id.as_str()))]);
        (Value::from(provider.as_str()), Value::Map(shown))
    });
    let mut providers: Vec<_> = native.into_iter().chain(external).collect();
    if providers.is_empty() {
        providers.push((Value::Null, Value::Null));
    }
    providers
}

/// With auth rules, each role stands alone: there is none that it could be given by.
pub(super) fn role_rows(catalog: &Catalog, populated: bool, with: Option<RolesWith>) -> Rows<'_> {
    let rows = catalog.roles().flat_map(move |(name, role)| {
        let name_value = Value::from(name.as_str());
        let immutable = Value::Boolean(role.immutable);
        let mut members = members(catalog, name).peekable();
        let empty = members.peek().is_none();
        if populated && empty {
            return Vec::new();
        }
        match with {
            None => return vec![Ok(vec![name_value, immutable])],
            Some(RolesWith::AuthRules) => return vec![Ok(vec![name_value, Value::Null, immutable])],
            Some(RolesWith::Users) if empty => return vec![Ok(vec![name_value, Value::Null, immutable])],
            Some(RolesWith::Users) => {}
        }
        members.map(|member| Ok(vec![name_value.clone(), Value::from(member.as_str()), immutable.clone()])).collect()
    });
    Box::new(rows)
}

/// The users who have a role; everyone has PUBLIC.
fn members<'a>(catalog: &'a Catalog, role: &'a RoleName) -> Box<dyn Iterator<Item = &'a UserName> + 'a> {
    if role.is_public() { Box::new(catalog.users().map(|(name, _)| name)) } else { Box::new(catalog.members_of(role)) }
}
