//! What `aliasctl` says of the mistakes that people make, on a real cluster: where to look by the code, and what to do.

use std::fs;

use aliasd_tests::cluster::{Actor, Cluster, PATIENCE, aliasctl};
use aliasd_tests::process::{self, Finished};
use anyhow::{Result, ensure};

fn expect(told: &Finished, code: i32, parts: &[&str]) -> Result<()> {
    ensure!(told.code == Some(code), "{:?} and not {code}: {}", told.code, told.stderr);
    for part in parts {
        ensure!(told.stderr.contains(part), "'{part}' is not in {}", told.stderr);
    }
    Ok(())
}

/// Members that are still to be started are a reason to try again.
fn form_too_early(cluster: &Cluster) -> Result<Finished> {
    let first = &cluster.nodes[0];
    let mut command = aliasctl();
    command.args(["cluster", "init", "--admin", "admin", "--timeout", "8"]);
    for node in &cluster.nodes {
        command.args(["--member", &format!("{}={},{}", node.id, node.peer_address, node.client_address)]);
    }
    command
        .env("ALIASD_ENDPOINTS", &first.client_address)
        .env("ALIASD_CA", cluster.layout().ca())
        .env("ALIASD_TOKEN_FILE", first.data.join("formation-token"))
        .env("ALIASD_PASSWORD", &cluster.administrator.password);
    process::run(&mut command, &cluster.layout().record())
}

#[test]
fn each_mistake_has_its_code_its_place_and_its_way_out() -> Result<()> {
    let mut cluster = Cluster::prepare("told", 2)?;
    cluster.node(1).start()?;
    cluster.node(1).wait_listening(PATIENCE)?;
    expect(&form_too_early(&cluster)?, 3, &["INIT_MEMBERS_NOT_READY", "Nothing was changed"])?;
    cluster.node(2).start()?;
    cluster.node(2).wait_listening(PATIENCE)?;
    cluster.init()?;
    cluster.wait_ready()?;

    let (admin, endpoints) = (cluster.admin(), cluster.endpoints());
    let impostor = Actor::with_password("impostor", &cluster.administrator.user, "not-the-password");
    expect(&impostor.run(&cluster, &endpoints, &["whoami"])?, 2, &["CREDENTIALS_INVALID"])?;

    // It is not the caller who is unknown.
    admin.exec(&cluster, "CREATE ALIAS films FOR DATABASE neo4j")?;
    let resolve = ["resolve", "films", "--as", "nosuch"];
    let told = admin.run(&cluster, &endpoints, &resolve)?;
    expect(&told, 1, &["The user 'nosuch' does not exist", "SHOW USERS"])?;
    ensure!(!told.stderr.contains("Log in"), "{}", told.stderr);

    let told = admin.run(&cluster, &endpoints, &["exec", "/* x */"])?;
    expect(&told, 1, &["SYNTAX_ERROR", "  /* ****** */\n"])?;

    // The second is at fault, in its second line, which is the fourth of the file.
    let script = cluster.layout().root.join("script.cypher");
    fs::write(&script, "// first\nSHOW ROLES;\n/* second */ DROP\n  NONSENSE x;\nSHOW ROLES;\n")?;
    let named = script.display().to_string();
    let place = format!("{named}:4: ");
    let told = admin.run(&cluster, &endpoints, &["exec", "--file", &named])?;
    expect(&told, 1, &[&place, "(line 4, column 3 (offset: ", "SYNTAX_ERROR"])?;
    Ok(())
}

/// That a user has an identity does not tell that anybody can show it, so only a certificate that was shown counts.
#[test]
fn the_last_password_of_an_administrator_goes_only_with_its_certificate() -> Result<()> {
    let cluster = Cluster::running("last-password", 1)?;
    let (admin, endpoints) = (cluster.admin(), cluster.endpoints());
    cluster.exec("ALTER USER admin SET AUTH 'mtls' {SET ID 'root-1'}")?;
    let bare = ["exec", "ALTER USER admin REMOVE AUTH 'native'"];
    expect(&admin.run(&cluster, &endpoints, &bare)?, 1, &["LAST_ADMINISTRATOR", "with its client certificate"])?;
    let (certificate, key) = cluster.layout().issue_client("root-1")?;
    let shown = Actor::with_certificate("root", certificate, key);
    expect(&shown.run(&cluster, &endpoints, &bare)?, 0, &[])?;
    expect(&admin.run(&cluster, &endpoints, &["whoami"])?, 2, &["CREDENTIALS_INVALID"])?;
    let mistyped = "ALTER USER admin SET AUTH 'mtls' {SET ID 'root-2'}";
    expect(&shown.run(&cluster, &endpoints, &["exec", mistyped])?, 1, &["LAST_ADMINISTRATOR"])?;
    shown.exec(&cluster, "CREATE USER other SET PASSWORD 'a-password-of-its-own'")?;
    shown.exec(&cluster, "GRANT ROLE admin TO other")?;
    shown.exec(&cluster, mistyped).map(drop)
}
