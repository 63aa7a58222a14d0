//! What is printed: tables for people, JSON and CSV for programs. Pure text; the commands write it.

mod json;
mod table;
mod text;

pub(crate) use json::{from_map, from_value};
pub(crate) use table::{fields, rows, rows_of_lines};
pub(crate) use text::{csv_line, plain};
