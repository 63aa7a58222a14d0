//! Values as the public interface has them: parameters of statements, cells of rows, properties, driver settings.

use std::collections::BTreeMap;

use aliasd_catalog::{Duration, Float, Value, ValueMap};

use super::{NESTING_MAX, ValueError};
use crate::v1;
use crate::v1::value::Kind;

super::conversions!(v1, pub);
