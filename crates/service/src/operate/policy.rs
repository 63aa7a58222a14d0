//! The policy of the cluster against the configuration of this node.
//!
//! What decides outcomes is written into the log when the cluster is formed, changed by ALTER CLUSTER SET POLICY, and read
//! from the catalog ever after, never from a configuration: otherwise members with different files would apply the same
//! entry differently. A configuration that says otherwise is therefore without effect, which nobody should have to find
//! out by surprise.

use aliasd_catalog::{CypherVersion, Policy};

use super::Operate;

impl Operate {
    /// Says in the log where the configuration of this node differs from what the cluster decides by.
    pub fn report_policy_differences(&self) {
        let view = self.reader.present();
        let Some(meta) = view.catalog.meta() else { return };
        for Difference { setting, configured, agreed } in differences(self.policy, meta.policy) {
            tracing::warn!(
                setting,
                configured,
                agreed,
                "the setting has no effect: all members go by the value that the cluster agreed on, which \
                 ALTER CLUSTER SET POLICY changes"
            );
        }
    }
}

/// The settings that a cluster is formed with, as the configuration names them.
pub const AGREED_SETTINGS: [&str; 3] = [
    "cluster.database_management_implies_alias_management",
    "cluster.allow_oidc_credential_forwarding",
    "cluster.default_language",
];

/// A setting whose value here is not the cluster's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Difference {
    setting: &'static str,
    configured: &'static str,
    agreed: &'static str,
}

fn differences(configured: Policy, agreed: Policy) -> Vec<Difference> {
    let Policy { database_management_implies_alias_management, oidc_credential_forwarding, default_language } = agreed;
    let values = [
        (
            flag(configured.database_management_implies_alias_management),
            flag(database_management_implies_alias_management),
        ),
        (flag(configured.oidc_credential_forwarding), flag(oidc_credential_forwarding)),
        (language(configured.default_language), language(default_language)),
    ];
    let compared = AGREED_SETTINGS.into_iter().zip(values);
    let differ = compared.filter(|(_, (configured, agreed))| configured != agreed);
    differ.map(|(setting, (configured, agreed))| Difference { setting, configured, agreed }).collect()
}

fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn language(version: CypherVersion) -> &'static str {
    match version {
        CypherVersion::Cypher5 => "CYPHER_5",
        CypherVersion::Cypher25 => "CYPHER_25",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_differs_is_named_with_both_values() {
        let agreed = Policy::default();
        assert_eq!(differences(agreed, agreed), []);
        let configured = Policy {
            database_management_implies_alias_management: !agreed.database_management_implies_alias_management,
            oidc_credential_forwarding: !agreed.oidc_credential_forwarding,
            default_language: CypherVersion::Cypher25,
        };
        let named: Vec<_> = differences(configured, agreed).into_iter().map(|found| found.setting).collect();
        assert_eq!(named.len(), 3);
        let language = differences(configured, agreed)[2];
        assert_eq!((language.configured, language.agreed), ("CYPHER_25", "CYPHER_5"));
    }
}
