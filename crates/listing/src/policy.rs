//! `SHOW CLUSTER POLICY`.

use aliasd_catalog::{Catalog, Policy, PolicySetting, Value};

use super::Rows;

pub(super) fn policy_rows(catalog: &Catalog) -> Rows<'_> {
    let policy = catalog.meta().map(|meta| meta.policy).unwrap_or_default();
    Box::new(PolicySetting::ALL.into_iter().map(move |setting| {
        Ok(vec![
            Value::from(setting.name()),
            shown(setting.value_in(&policy)),
            shown(setting.value_in(&Policy::default())),
            Value::from(setting.value_type()),
            Value::from(setting.description()),
        ])
    }))
}

/// A value of any type in a column of text.
fn shown(value: Value) -> Value {
    match value {
        Value::Boolean(true) => Value::from("true"),
        Value::Boolean(false) => Value::from("false"),
        Value::Duration(duration) => Value::from(duration.to_string()),
        other => other,
    }
}
