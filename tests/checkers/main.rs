//! The program `aliasd-check`, from outside, and the page about the checkers.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use aliasd_checkers::generate::{Plant, Shape, made};
use aliasd_checkers::{Checker, History};

fn check(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aliasd-check")).args(arguments).output().expect("the program starts")
}

fn printed(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stdout.clone()).expect("it prints text"))
}

fn write(directory: &Path, name: &str, history: &History) -> String {
    let file = directory.join(name);
    fs::write(&file, history.to_lines().expect("it has a form")).expect("a file");
    file.to_str().expect("a path is text").to_owned()
}

#[test]
fn a_history_that_keeps_every_promise_ends_with_0() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = write(directory.path(), "good.jsonl", &made(1, Shape::default()).history);
    let (code, out) = printed(&check(&[&file, "--stats"]));
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains(" writes\n") && out.ends_with("0 broken promises in 1 histories\n"), "{out}");
}

#[test]
fn a_broken_promise_is_named_with_its_line_and_ends_with_1() {
    let directory = tempfile::tempdir().expect("a directory");
    let shape = Shape { plant: Some(Plant::DigestDiffers), lost_percent: 0, ..Shape::default() };
    let broken = made(1, shape);
    assert!(broken.planted);
    let file = write(directory.path(), "broken.jsonl", &broken.history);
    let (code, out) = printed(&check(&[&file]));
    assert_eq!(code, Some(1), "{out}");
    assert!(out.starts_with(&format!("{file}: digests: lines ")), "{out}");
    let (code, out) = printed(&check(&[&file, "--only", "audit", "--only", "watch"]));
    assert_eq!((code, out.as_str()), (Some(0), "0 broken promises in 1 histories\n"));
}

#[test]
fn what_is_no_history_ends_with_2_and_names_the_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("bad.jsonl");
    fs::write(&file, "{\"fault\":{\"at\":1,\"what\":\"a pause\"}}\n{\"fault\":{}}\n").expect("a file");
    for file in [file.to_str().expect("a path is text"), "nowhere.jsonl"] {
        let output = check(&[file]);
        let said = String::from_utf8(output.stderr).expect("it says text");
        assert_eq!(output.status.code(), Some(2));
        assert!(said.contains(file), "{said}");
        assert_eq!(said.contains("line 2 is no event of a history"), file.ends_with("bad.jsonl"), "{said}");
    }
    assert_eq!(check(&["--only", "nobody", "x"]).status.code(), Some(2));
}

#[test]
fn histories_are_made_up_and_their_names_judged() {
    let directory = tempfile::tempdir().expect("a directory");
    let into = directory.path().to_str().expect("a path is text");
    assert_eq!(check(&["--make", into, "--seeds", "3", "--from", "7"]).status.code(), Some(0));
    let mut files: Vec<_> =
        fs::read_dir(directory.path()).expect("it is there").flatten().map(|file| file.path()).collect();
    files.sort();
    assert_eq!(files.len(), 3);
    let first = files[0].to_str().expect("a path is text");
    let (code, out) = printed(&check(&["--verdicts", first]));
    assert_eq!(code, Some(0));
    assert!(out.lines().count() >= 3, "{out}");
    assert!(out.lines().all(|line| line.starts_with(first) && line.split('\t').count() == 3), "{out}");
}

#[test]
fn the_page_has_every_checker() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the page");
    let (_, rest) = page.split_once("\n## Checkers\n").expect("the page has the section");
    let section = rest.split("\n## ").next().unwrap_or_default();
    let named: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(named, Checker::ALL.map(Checker::name));
    assert!(section.contains(&format!("one of {} promises", Plant::ALL.len())));
}
