//! Values as the store has them: properties of aliases, durations among driver settings.

use std::collections::BTreeMap;

use aliasd_catalog::{Duration, Float, Value, ValueMap};

use super::proto::{self, value::Kind};
use crate::value::{NESTING_MAX, ValueError};

crate::value::conversions!(proto, pub(super));
