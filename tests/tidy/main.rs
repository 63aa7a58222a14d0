//! The rules of ARCHITECTURE.md that no compiler, no lint and no other tool enforces, checked over `cargo metadata` and the
//! sources. Needs no built program and takes a moment.
//!
//! A rule is a function from what it reads to a list of complaints, so that beside each rule stands
//! a test that it can fail.

mod circles;
mod decisions;
mod errors;
mod faults;
mod fuzz;
mod layers;
mod lints;
mod modules;
mod places;
mod profiles;
mod prose;
mod rust;
mod shape;
mod store;
mod workspace;

use workspace::Workspace;

/// Fails with every complaint at once, so that one run shows all there is to do.
fn expect_none(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}", complaints.join("\n  "));
}

#[test]
fn crates_depend_downwards_only() {
    let workspace = Workspace::load();
    expect_none(
        "a crate may only depend on a lower layer (ARCHITECTURE.md, \"Layers\")",
        &layers::violations(&workspace.crates),
    );
}

#[test]
fn only_the_ends_of_a_connection_link_grpc() {
    let workspace = Workspace::load();
    expect_none(
        "replica and service are built without gRPC (ARCHITECTURE.md, \"Layers\")",
        &layers::grpc_inside(&workspace.crates),
    );
}

#[test]
fn the_fuzz_targets_lock_what_the_workspace_locks() {
    let read = |path: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        std::fs::read_to_string(path).expect("it is a file of the repository")
    };
    expect_none(
        "fuzz/Cargo.lock is behind: `cargo update --manifest-path fuzz/Cargo.toml --workspace` brings it up to date",
        &fuzz::violations(&read("fuzz/Cargo.lock"), &read("Cargo.lock"), &Workspace::load().crates),
    );
}

#[test]
fn folders_of_a_crate_import_in_one_direction() {
    let workspace = Workspace::load();
    expect_none(
        "files of different folders must not import each other in a circle",
        &circles::violations(&workspace.sources, &workspace.targets),
    );
}

#[test]
fn pure_crates_pull_in_nothing_impure() {
    let workspace = Workspace::load();
    expect_none(
        "catalog, bolt, checkers, cypher and listing must stay pure",
        &layers::impure_dependencies(&workspace.crates),
    );
}

#[test]
fn pure_crates_name_no_clock_no_randomness_no_input_and_no_hash_order() {
    let workspace = Workspace::load();
    expect_none("catalog, bolt, checkers, cypher and listing must stay pure", &places::impurities(&workspace.sources));
}

#[test]
fn clippy_keeps_pure_crates_pure_and_simulated_ones_simulated() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    expect_none(
        "the pure crates have one clippy.toml, and so have the simulated ones (CONTRIBUTING.md)",
        &lints::violations(&root),
    );
}

#[test]
fn no_library_and_no_program_may_panic_unnoticed() {
    let workspace = Workspace::load();
    expect_none("a panic outside of tests says why", &lints::that_may_panic(&workspace.roots, &workspace.sources));
}

#[test]
fn libraries_are_built_without_debug_assertions() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).expect("the workspace has a manifest");
    expect_none("no program may depend on a library's debug assertions", &profiles::violations(&manifest));
}

#[test]
fn nothing_that_is_built_for_use_makes_a_mistake_on_request() {
    let workspace = Workspace::load();
    let rule = "planted mistakes are for tests (docs/decisions/0020-planted-mistakes.md)";
    expect_none(rule, &faults::asked_for(&workspace.crates));
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    assert_eq!(faults::words_built(&root, false), [""; 0], "without debug assertions there are no switches");
    assert_eq!(faults::words_built(&root, true).len(), 2, "they would be found if there were");
}

#[test]
fn every_mistake_is_made_somewhere() {
    let workspace = Workspace::load();
    let names = workspace.sources.iter().find(|source| source.path == "crates/faults/src/names.rs").expect("the names");
    expect_none(
        "a mistake or point that nobody asks about tests nothing",
        &faults::unused(&names.text, &workspace.sources),
    );
}

#[test]
fn each_library_is_named_in_its_one_place() {
    let workspace = Workspace::load();
    expect_none("a library that could spread is named in one place only", &places::strays(&workspace.sources));
}

#[test]
fn the_replica_has_no_clock_dice_or_tasks_of_its_own() {
    let workspace = Workspace::load();
    expect_none("ask the runtime that is handed in", &places::behind_the_runtime(&workspace.sources));
}

#[test]
fn what_is_simulated_draws_no_branch_by_itself() {
    let workspace = Workspace::load();
    expect_none("a `select!` says in which order it looks (`biased`)", &places::drawn_branches(&workspace.sources));
}

#[test]
fn the_language_knows_no_state_of_the_catalog() {
    let workspace = Workspace::load();
    expect_none("what reads a catalog belongs into listing", &places::state_in_the_language(&workspace.sources));
}

#[test]
fn who_may_see_what_is_decided_in_one_place() {
    let workspace = Workspace::load();
    expect_none("ask `Catalog::visible_to` (crates/catalog/src/visibility)", &decisions::elsewhere(&workspace.sources));
}

#[test]
fn what_is_on_disk_knows_nothing_of_the_public_interface() {
    let workspace = Workspace::load();
    expect_none("`wire::store` stands alone (ARCHITECTURE.md, \"Layers\")", &store::ties(&workspace.sources));
}

#[test]
fn an_error_says_its_source_once() {
    let workspace = Workspace::load();
    expect_none("what the source says stands in the chain", &errors::doubled_sources(&workspace.sources));
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let workspace = Workspace::load();
    expect_none("files have at most 500 lines", &shape::too_long(&workspace.sources));
    expect_none("a file starts with `//!` and what it is for", &shape::without_header(&workspace.sources));
}

#[test]
fn doc_comments_say_something() {
    let workspace = Workspace::load();
    expect_none("say what the name does not, or mend the name", &prose::fillers(&workspace.sources));
}

#[test]
fn every_source_file_is_compiled() {
    let workspace = Workspace::load();
    expect_none(
        "a source file that no `mod` names, or no target lists, is never run",
        &shape::orphans(&workspace.sources, &workspace.targets),
    );
}
