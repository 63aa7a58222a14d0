//! Going through the members of a list. Iterations multiply what a short statement does, so they have a budget: each
//! evaluation of an expression on a row may pass and copy so many bytes.

use std::borrow::Cow;

use aliasd_catalog::Value;

use super::node::{Bound, Formula};
use super::operator::from_truth;
use super::row::{Evaluated, Local, Row};
use crate::ast::Quantifier;
use crate::error::{ErrorCode, SpannedError};
use crate::parameters::kind_of;
use crate::span::Located;

impl Located<Formula> {
    pub(super) fn comprehension<'a>(
        &self,
        list: &'a Bound,
        filter: Option<&Bound>,
        projection: Option<&Bound>,
        row: Row<'a, '_>,
    ) -> Evaluated<'a> {
        let list = list.value(row)?;
        let Some(members) = self.members(&list)? else { return Ok(Cow::Owned(Value::Null)) };
        let mut kept = Vec::new();
        for member in members {
            let local = Local { value: member, outer: row.locals };
            let inner = Row { columns: row.columns, locals: Some(&local), budget: row.budget };
            row.spend(member, self.span)?;
            if filter.map_or(Ok(Some(true)), |filter| filter.truth_on(inner))? == Some(true) {
                kept.push(match projection {
                    Some(projection) => row.keep(projection.value(inner)?, projection.span)?,
                    None => member.clone(),
                });
            }
        }
        Ok(Cow::Owned(Value::List(kept)))
    }

    /// A condition that is not known for a member leaves the answer open, unless the others decide.
    pub(super) fn quantified(
        &self,
        quantifier: Quantifier,
        list: &Bound,
        condition: &Bound,
        row: Row<'_, '_>,
    ) -> Result<Value, SpannedError> {
        let list = list.value(row)?;
        let Some(members) = self.members(&list)? else { return Ok(Value::Null) };
        let (mut holding, mut failing, mut open) = (0_usize, 0_usize, 0_usize);
        for member in members {
            let local = Local { value: member, outer: row.locals };
            let inner = Row { columns: row.columns, locals: Some(&local), budget: row.budget };
            row.spend(member, self.span)?;
            match condition.truth_on(inner)? {
                Some(true) => holding += 1,
                Some(false) => failing += 1,
                None => open += 1,
            }
        }
        let (decided_true, decided_false) = match quantifier {
            Quantifier::All => (failing + open == 0, failing > 0),
            Quantifier::Any => (holding > 0, holding + open == 0),
            Quantifier::None => (holding + open == 0, holding > 0),
            Quantifier::Single => (holding == 1 && open == 0, holding > 1 || holding + open == 0),
        };
        Ok(from_truth(if decided_true { Some(true) } else { decided_false.then_some(false) }))
    }

    pub(super) fn reduce<'a>(
        &self,
        initial: &'a Bound,
        list: &'a Bound,
        step: &Bound,
        row: Row<'a, '_>,
    ) -> Evaluated<'a> {
        let list = list.value(row)?;
        let Some(members) = self.members(&list)? else { return Ok(Cow::Owned(Value::Null)) };
        let mut so_far = initial.value(row)?.into_owned();
        for member in members {
            let accumulator = Local { value: &so_far, outer: row.locals };
            let local = Local { value: member, outer: Some(&accumulator) };
            let inner = Row { columns: row.columns, locals: Some(&local), budget: row.budget };
            row.spend(member, self.span)?;
            so_far = row.keep(step.value(inner)?, step.span)?;
        }
        Ok(Cow::Owned(so_far))
    }

    /// The members of a list; none for NULL.
    fn members<'a>(&self, list: &'a Value) -> Result<Option<&'a [Value]>, SpannedError> {
        match list {
            Value::Null => Ok(None),
            Value::List(members) => Ok(Some(members)),
            other => {
                let message = format!("Expected a list to go through, found {}.", kind_of(other));
                Err(SpannedError::new(ErrorCode::WrongType, self.span, message))
            }
        }
    }
}
