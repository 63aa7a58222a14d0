//! How many rows a listing looks at and holds, whatever it lists.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aliasd_cypher::{Lowered, Parameters, lower, parse};

use super::*;

/// Made-up aliases in the order of their names; the url runs the other way.
const ROWS: usize = 100_000;

fn listing(statement: &str) -> Listing {
    match lower(&parse(statement).unwrap(), &Parameters::default()).unwrap() {
        Lowered::Listing(request) => Listing::bind(&request).unwrap(),
        Lowered::Command(_) | Lowered::NoOp(_) => panic!("{statement} lists nothing"),
    }
}

fn row(number: usize) -> Vec<Value> {
    let name = Value::from(format!("alias-{number:06}"));
    let url = Value::from(format!("neo4j+s://host-{:06}", ROWS - number));
    let mut row = vec![Value::Null; 10];
    row[0] = name;
    row[4] = url;
    row
}

/// Runs the projection of a statement on the made-up rows: its rows, and a count of what it has looked at.
fn run<'a>(listing: &'a Listing, looked_at: &Arc<AtomicUsize>) -> Rows<'a> {
    let counter = Arc::clone(looked_at);
    let rows = (0..ROWS).map(move |number| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(row(number))
    });
    listing.pipeline.run(Box::new(rows)).unwrap()
}

/// The first column of the first rows, and how many rows were looked at for them.
fn first(statement: &str, count: usize) -> (Vec<String>, usize) {
    let looked_at = Arc::new(AtomicUsize::new(0));
    let listing = listing(statement);
    let rows = run(&listing, &looked_at).take(count).map(|row| match &row.unwrap()[0] {
        Value::String(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    });
    let rows: Vec<String> = rows.collect();
    (rows, looked_at.load(Ordering::Relaxed))
}

#[test]
fn a_row_is_made_when_it_is_asked_for() {
    let statements = [
        "SHOW ALIASES FOR DATABASE",
        "SHOW ALIASES FOR DATABASE YIELD *",
        "SHOW ALIASES FOR DATABASE YIELD name, url RETURN name, url",
        "SHOW ALIASES FOR DATABASE YIELD name RETURN DISTINCT name",
    ];
    for statement in statements {
        let (rows, looked_at) = first(statement, 1);
        assert_eq!((rows[0].as_str(), looked_at), ("alias-000000", 1), "{statement}");
    }
    let (rows, looked_at) = first("SHOW ALIASES FOR DATABASE WHERE name ENDS WITH '7'", 2);
    assert_eq!((rows, looked_at), (vec!["alias-000007".to_owned(), "alias-000017".to_owned()], 18));
}

#[test]
fn the_order_of_the_subject_costs_nothing() {
    let statements = [
        "SHOW ALIASES FOR DATABASE YIELD name ORDER BY name",
        "SHOW ALIASES FOR DATABASE YIELD name AS n ORDER BY n ASC",
        "SHOW ALIASES FOR DATABASE YIELD * ORDER BY name RETURN name ORDER BY name",
        "SHOW ALIASES FOR DATABASE YIELD name, url RETURN name AS url, url AS name ORDER BY url",
        "SHOW ALIASES FOR DATABASE YIELD name, url RETURN name AS n ORDER BY name",
        "SHOW ALIASES FOR DATABASE YIELD name RETURN DISTINCT name ORDER BY name",
    ];
    for statement in statements {
        let (rows, looked_at) = first(statement, 2);
        assert_eq!(rows, ["alias-000000", "alias-000001"], "{statement}");
        assert_eq!(looked_at, 2, "{statement}");
    }
}

#[test]
fn another_order_is_made() {
    let last = format!("alias-{:06}", ROWS - 1);
    let statements = [
        "SHOW ALIASES FOR DATABASE YIELD name ORDER BY name DESC",
        "SHOW ALIASES FOR DATABASE YIELD name, url ORDER BY url",
        "SHOW ALIASES FOR DATABASE YIELD name, url ORDER BY name RETURN name ORDER BY url",
        // The names of the columns have changed places, and with them what they are sorted by.
        "SHOW ALIASES FOR DATABASE YIELD url AS name, name AS url RETURN url, name ORDER BY name",
        // What YIELD has ordered is no longer in the order of names.
        "SHOW ALIASES FOR DATABASE YIELD name, url ORDER BY url LIMIT 3 RETURN name ORDER BY name DESC",
    ];
    for statement in statements {
        assert_eq!(first(statement, 1).0, [last.as_str()], "{statement}");
    }
    let reordered = "SHOW ALIASES FOR DATABASE YIELD name, url ORDER BY url LIMIT 3 RETURN name ORDER BY name";
    assert_eq!(first(reordered, 1).0, [format!("alias-{:06}", ROWS - 3)]);
}

#[test]
fn a_limit_ends_the_listing() {
    let statements = [
        ("SHOW ALIASES FOR DATABASE YIELD name SKIP 10 LIMIT 5", 15),
        ("SHOW ALIASES FOR DATABASE YIELD name ORDER BY name SKIP 10 LIMIT 5", 15),
        ("SHOW ALIASES FOR DATABASE YIELD name RETURN name ORDER BY name SKIP 10 LIMIT 5", 15),
        ("SHOW ALIASES FOR DATABASE YIELD name RETURN name LIMIT 0", 0),
    ];
    for (statement, expected) in statements {
        assert_eq!(first(statement, usize::MAX).1, expected, "{statement}");
    }
}

#[test]
fn ordering_with_a_limit_holds_no_more_than_it_may_return() {
    let listing = listing("SHOW ALIASES FOR DATABASE YIELD name, url ORDER BY url SKIP 2 LIMIT 3");
    let order = &listing.pipeline.order;
    let mut ranking = order::Ranking::new(order, listing.pipeline.page);
    for number in 0..ROWS {
        let row = row(number);
        ranking.add(order.key(&row).unwrap(), row);
        assert!(ranking.held() <= order::HELD_MIN);
    }
    let names: Vec<Value> = ranking.rows().skip(2).map(|row| row.unwrap().swap_remove(0)).collect();
    assert_eq!(names, [ROWS - 3, ROWS - 4, ROWS - 5].map(|number| Value::from(format!("alias-{number:06}"))));
}

#[test]
fn of_equal_rows_the_earlier_stay() {
    let (names, _) = first("SHOW ALIASES FOR DATABASE YIELD name, composite ORDER BY composite LIMIT 700", 700);
    let expected: Vec<String> = (0..700).map(|number| format!("alias-{number:06}")).collect();
    assert_eq!(names, expected);
}
