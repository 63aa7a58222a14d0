//! The policy of the cluster against the configuration of this node.
//!
//! What decides outcomes is written into the log when the cluster is formed, changed by ALTER CLUSTER SET POLICY, and read
//! from the catalog ever after, never from a configuration: otherwise members with different files would apply the same
//! entry differently. A configuration that says otherwise is therefore without effect, which nobody should have to find
//! out by surprise.

use aliasd_catalog::{CypherVersion, Policy};

use super::Operate;
use crate::failure::NodeFailure;

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
        if let Err(NodeFailure::ReleaseStalenessTooLong { wanted, limit }) =
            self.reader.require_releasable(meta.policy.release_staleness)
        {
            tracing::warn!(
                release_staleness = wanted,
                max_staleness = limit,
                "the cluster agreed to release credentials from states that cluster.max_staleness of this node forbids to \
                 read from: what is shorter counts"
            );
        }
    }
}

/// The settings that a cluster is formed with, as the configuration names them.
pub const AGREED_SETTINGS: [&str; 5] = [
    "cluster.database_management_implies_alias_management",
    "cluster.allow_oidc_credential_forwarding",
    "cluster.default_language",
    "cluster.token_lifetime",
    "cluster.release_staleness",
];

/// A setting whose value here is not the cluster's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Difference {
    setting: &'static str,
    configured: String,
    agreed: String,
}

fn differences(configured: Policy, agreed: Policy) -> Vec<Difference> {
    let values = values(configured).into_iter().zip(values(agreed));
    let compared = AGREED_SETTINGS.into_iter().zip(values);
    let differ = compared.filter(|(_, (configured, agreed))| configured != agreed);
    differ.map(|(setting, (configured, agreed))| Difference { setting, configured, agreed }).collect()
}

/// In the order of [`AGREED_SETTINGS`], as a configuration writes them.
fn values(policy: Policy) -> [String; AGREED_SETTINGS.len()] {
    let Policy {
        database_management_implies_alias_management,
        oidc_credential_forwarding,
        default_language,
        token_lifetime,
        release_staleness,
    } = policy;
    [
        database_management_implies_alias_management.to_string(),
        oidc_credential_forwarding.to_string(),
        language(default_language).to_owned(),
        format!("{}s", token_lifetime.seconds()),
        format!("{}ms", release_staleness.milliseconds()),
    ]
}

fn language(version: CypherVersion) -> &'static str {
    match version {
        CypherVersion::Cypher5 => "CYPHER_5",
        CypherVersion::Cypher25 => "CYPHER_25",
    }
}

#[cfg(test)]
mod tests {
    use aliasd_catalog::{ReleaseStaleness, TokenLifetime};

    use super::*;

    #[test]
    fn each_setting_that_differs_is_named_with_both_values() {
        let agreed = Policy::default();
        assert_eq!(differences(agreed, agreed), []);
        let configured = Policy {
            database_management_implies_alias_management: !agreed.database_management_implies_alias_management,
            oidc_credential_forwarding: !agreed.oidc_credential_forwarding,
            default_language: CypherVersion::Cypher25,
            token_lifetime: TokenLifetime::from_seconds(60).unwrap(),
            release_staleness: ReleaseStaleness::from_milliseconds(1_500).unwrap(),
        };
        let found = differences(configured, agreed);
        assert_eq!(found.iter().map(|found| found.setting).collect::<Vec<_>>(), AGREED_SETTINGS);
        let shown = |at: usize| (found[at].configured.as_str(), found[at].agreed.as_str());
        assert_eq!(shown(2), ("CYPHER_25", "CYPHER_5"));
        assert_eq!(shown(3), ("60s", "900s"));
        assert_eq!(shown(4), ("1500ms", "2000ms"));
    }
}
