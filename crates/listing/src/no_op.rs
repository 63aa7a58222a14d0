//! Statements that change nothing whatever the catalog holds. They are answered from a view, and no entry is proposed.

use aliasd_catalog::{Catalog, Outcome, Principal, Rejection};
use aliasd_cypher::NoOp;

/// What a principal is answered: whether it may comes first, and what it names must be there.
///
/// # Errors
/// The principal may not, a role is missing or `PUBLIC`, or what the statement is about does not exist.
pub fn answer_no_op(catalog: &Catalog, who: &Principal, no_op: &NoOp) -> Outcome {
    if catalog.meta().is_none() {
        return Err(Rejection::NotFormed {});
    }
    catalog.visible_to(who).call(no_op.needs)?;
    if let Some((roles, verb)) = &no_op.roles {
        catalog.require_assignable(roles, *verb)?;
    }
    no_op.outcome.clone()
}
