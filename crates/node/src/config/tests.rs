use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aliasd_catalog::{CypherVersion, Policy, ReleaseStaleness, TokenLifetime};
use nix::unistd::{Uid, chown, geteuid};
use tempfile::TempDir;

use super::{Address, Commands, Config, ConfigError, LogFormat, LogLevel, expand, schema, source};

pub(super) const REQUIRED: &str = "\
[node]
id = 1
[tls]
peer_certificate = '/etc/aliasd/node-1.pem'
peer_key = '/etc/aliasd/node-1-key.pem'
peer_ca = '/etc/aliasd/ca.pem'
[keystore]
path = '/etc/aliasd/keystore.p12'
password = 'hunter2-hunter2'
";

fn file(contents: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("aliasd.toml");
    fs::write(&path, contents).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    (directory, path)
}

pub(super) fn load(contents: &str) -> Result<Config, ConfigError> {
    load_with(contents, Commands::Refuse, &[])
}

fn load_with(contents: &str, commands: Commands, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let (_directory, path) = file(contents);
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::load(&path, commands, environment)
}

/// What is wrong, as an operator sees them, with the path of the file left out.
fn problems(result: Result<Config, ConfigError>) -> Vec<String> {
    let error = result.unwrap_err();
    error
        .errors
        .iter()
        .map(|error| {
            let text = format!("{error}\n  hint: {}", error.hint);
            match (text.find("(/"), text.find("aliasd.toml, ")) {
                (Some(from), Some(to)) => format!("{}({}", &text[..from], &text[to + 13..]),
                _ => text,
            }
        })
        .collect()
}

#[test]
fn what_is_required_suffices_and_the_rest_has_defaults() {
    let config = load(REQUIRED).unwrap();
    assert_eq!(config.node.id.get(), 1);
    assert_eq!(config.node.client_listen, "127.0.0.1:7680".parse().unwrap());
    assert_eq!(config.node.peer_listen.port(), 7681);
    assert_eq!(config.node.http_listen.port(), 7682);
    assert_eq!(config.node.data_dir, Path::new("/var/lib/aliasd"));
    assert_eq!(config.cluster.heartbeat_interval, Duration::from_millis(100));
    // What a configuration leaves out, the catalog decides by as it would without one.
    assert_eq!(config.cluster.policy, Policy::default());
    assert!(!config.node.insecure_plaintext);
    assert_eq!(config.keystore.key_name, "aesKey");
    assert_eq!(config.keystore.password.expose(), "hunter2-hunter2");
    assert_eq!(config.tls.server(), &config.tls.peer);
    assert_eq!((config.log.level, config.log.format), (LogLevel::Info, LogFormat::Auto));
}

#[test]
fn the_default_file_loads_once_its_examples_are_taken() {
    let with_examples: String = schema::DEFAULT_FILE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    load_with(&with_examples, Commands::Assume, &[]).unwrap();
}

#[test]
fn every_setting_of_the_default_file_is_documented_and_read() {
    let keys: Vec<_> = schema::sections().into_iter().flat_map(|section| section.keys).collect();
    assert_eq!(keys.len(), 40);
    for key in keys {
        assert!(key.purpose.len() > 20, "{} has no purpose", key.name);
        let says_so = key.purpose.starts_with("Required. ") || key.purpose.starts_with("Optional. ");
        assert_eq!(says_so, !key.has_default, "{}", key.name);
        // A setting that nobody reads would take this for good.
        let texts = &source::examples()[&key.name];
        let line_break = "\n";
        if key.name != "keystore.password" {
            let variable = key.variable();
            let error = load_with(REQUIRED, Commands::Refuse, &[(variable.as_str(), line_break)]);
            assert!(problems(error)[0].starts_with(&format!("{}: '\\n' is not ", key.name)));
        }
        assert!(!texts.text.is_empty());
    }
}

#[test]
fn the_policy_of_the_cluster_is_configured() {
    let contents = "\
[cluster]
database_management_implies_alias_management = false
allow_oidc_credential_forwarding = true
default_language = 'CYPHER_25'
token_lifetime = '1h'
release_staleness = '1500ms'
";
    let policy = load(&format!("{contents}{REQUIRED}")).unwrap().cluster.policy;
    let expected = Policy {
        database_management_implies_alias_management: false,
        oidc_credential_forwarding: true,
        default_language: CypherVersion::Cypher25,
        token_lifetime: TokenLifetime::from_seconds(3_600).unwrap(),
        release_staleness: ReleaseStaleness::from_milliseconds(1_500).unwrap(),
    };
    assert_eq!(policy, expected);
    assert_eq!(
        problems(load(&format!("[cluster]\ndefault_language = '42'\n{REQUIRED}"))),
        ["cluster.default_language: '42' is not CYPHER_5 or CYPHER_25 (line 2)\n  hint: write it as in CYPHER_5"]
    );
    for out_of_bounds in ["500ms", "31d", "1500ms"] {
        let refused = &problems(load(&format!("[cluster]\ntoken_lifetime = '{out_of_bounds}'\n{REQUIRED}")))[0];
        assert!(refused.contains("is not a duration from 1s to 30d"), "{refused}");
    }
    for out_of_bounds in ["99ms", "301s", "2"] {
        let refused = &problems(load(&format!("[cluster]\nrelease_staleness = '{out_of_bounds}'\n{REQUIRED}")))[0];
        assert!(refused.contains("is not a duration from 100ms to 5m"), "{refused}");
    }
    let longer = &problems(load(&format!("[cluster]\nrelease_staleness = '11s'\n{REQUIRED}")))[0];
    assert!(longer.starts_with("cluster.release_staleness: is longer than cluster.max_staleness"), "{longer}");
}

#[test]
fn a_setting_that_a_cluster_is_formed_with_is_a_setting() {
    for setting in aliasd_service::operate::AGREED_SETTINGS {
        let line = format!("\n{} = ", setting.trim_start_matches("cluster."));
        assert!(schema::DEFAULT_FILE.contains(&line), "{setting} is no setting");
    }
}

#[test]
fn what_is_wrong_with_one_setting_hides_nothing_of_the_others() {
    let contents =
        REQUIRED.replace("id = 1", "id = [1]\nxyzzy = 1\nlog_kept = 'few'").replace("peer_ca =", "peer_caa =");
    assert_eq!(
        problems(load(&contents)),
        [
            "node.id: takes one value, not array (line 2)\n  hint: see `aliasd config default` for its form",
            "node.xyzzy: there is no such setting (line 3)\n  hint: `aliasd config default` lists every setting",
            "tls.peer_caa: there is no such setting (line 8)\n  hint: did you mean tls.peer_ca?",
            "node.log_kept: 'few' is not a whole number (line 4)\n  hint: write it as in 10000",
            "tls.peer_ca: is required and missing\n  hint: set it, for example to /etc/aliasd/ca.pem",
        ]
    );
    // What a command stands for is not judged by the command.
    let contents = REQUIRED.replace("id = 1", "id = '$(false)'").replace("'hunter2-hunter2'", "'$(false)'");
    let failed = problems(load_with(&contents, Commands::Run, &[("ALIASD_LOG_LEVEL", "loud")]));
    let of = |setting: &str| failed.iter().filter(|said| said.starts_with(setting)).count();
    assert_eq!((of("node.id: its command failed"), of("keystore.password: its command"), of("log.level: ")), (1, 1, 1));
    assert_eq!(failed.len(), 3, "{failed:?}");
}

#[test]
fn everything_missing_is_said_at_once() {
    assert_eq!(
        problems(load("")),
        [
            "node.id: is required and missing\n  hint: set it, for example to 1",
            "tls.peer_certificate: is required and missing\n  hint: set it, for example to /etc/aliasd/node-1.pem",
            "tls.peer_key: is required and missing\n  hint: set it, for example to /etc/aliasd/node-1-key.pem",
            "tls.peer_ca: is required and missing\n  hint: set it, for example to /etc/aliasd/ca.pem",
            "keystore.path: is required and missing\n  hint: set it, for example to /etc/aliasd/keystore.p12",
            "keystore.password: is required and missing\n  hint: set it, for example to $(cat /etc/aliasd/keystore-password)",
        ]
    );
}

#[test]
fn unknown_settings_are_errors_with_a_guess() {
    let contents =
        format!("[cluster]\nclient_listen = 'x'\n[nod]\na = 1\n[log]\nlevle = 'info'\nxyzzy = 1\n{REQUIRED}");
    assert_eq!(
        problems(load(&contents)),
        [
            "cluster.client_listen: there is no such setting (line 2)\n  hint: did you mean node.client_listen?",
            "log.levle: there is no such setting (line 6)\n  hint: did you mean log.level?",
            "log.xyzzy: there is no such setting (line 7)\n  hint: `aliasd config default` lists every setting",
            "nod: there is no such setting (line 3)\n  hint: did you mean node?",
        ]
    );
    let contents = format!("client_listen = '127.0.0.1:1'\n{REQUIRED}");
    assert!(problems(load(&contents))[0].ends_with("did you mean node.client_listen?"));
}

#[test]
fn the_environment_wins_and_its_slips_are_found() {
    let environment = [
        ("ALIASD_NODE_CLIENT_LISTEN", "127.0.0.1:9000"),
        ("ALIASD_KEYSTORE_PASSWORD", "from-the-environment"),
        ("ALIASD_ENDPOINTS", "belongs to aliasctl"),
        ("ALIASD_CA", "belongs to aliasctl"),
        ("PATH", "/bin"),
    ];
    let config = load_with(REQUIRED, Commands::Refuse, &environment).unwrap();
    assert_eq!(config.node.client_listen.port(), 9000);
    assert_eq!(config.keystore.password.expose(), "from-the-environment");

    assert_eq!(
        problems(load_with(REQUIRED, Commands::Refuse, &[("ALIASD_NODE_ID", "0"), ("ALIASD_LOG_LEVLE", "info")])),
        [
            "log.levle: there is no such setting (environment variable ALIASD_LOG_LEVLE)\n  hint: did you mean log.level?",
            "node.id: '0' is not a whole number from 1 on (environment variable ALIASD_NODE_ID)\n  hint: write it as in 1"
        ]
    );
    let problem = &problems(load_with(REQUIRED, Commands::Run, &[("ALIASD_NODE_ID", "$(echo 1)")]))[0];
    assert!(problem.starts_with("node.id: a command is expanded only in the configuration file"), "{problem}");
}

#[test]
fn ill_formed_values_name_setting_value_line_and_form() {
    let contents = REQUIRED.replace("id = 1", "id = 'one'\nclient_listen = 7680\ndata_dir = 'data'\nlog_kept = [1]");
    assert_eq!(
        problems(load(&contents.replace("log_kept = [1]", "log_kept = [1]\nshutdown_timeout = '5'"))),
        [
            "node.log_kept: takes one value, not array (line 5)\n  hint: see `aliasd config default` for its form",
            "node.id: 'one' is not a whole number from 1 on (line 2)\n  hint: write it as in 1",
            "node.data_dir: 'data' is not an absolute path (line 4)\n  hint: write it as in /var/lib/aliasd",
            "node.client_listen: '7680' is not an IP address and a port, such as 127.0.0.1:7680 or [::]:7680 (line 3)\n  hint: write it as in 127.0.0.1:7680",
            "node.shutdown_timeout: '5' is not a duration from 1ms to 365d with a unit, such as 500ms, 5s, 10m, 1h or 7d (line 6)\n  hint: write it as in 10s",
        ]
    );
}

#[test]
fn what_is_not_toml_names_the_line_and_never_quotes_it() {
    let contents = REQUIRED.replace("'hunter2-hunter2'", "hunter2-hunter2");
    let problem = &problems(load(&contents))[0];
    assert!(problem.contains("not TOML") && problem.contains("(line 9)"), "{problem}");
    assert!(!problem.contains("hunter2"), "{problem}");
    let missing = Config::load(Path::new("/nowhere/aliasd.toml"), Commands::Refuse, []).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("the configuration file /nowhere/aliasd.toml cannot be read: No such file or directory")
    );
}

#[test]
fn what_is_no_text_is_said_and_stops_nothing_else() {
    let (_directory, path) = file(REQUIRED);
    let no_text = || OsStr::from_bytes(b"\xff").to_owned();
    let environment = [(no_text(), OsString::from("1")), (OsString::from("TERM"), no_text())];
    Config::load(&path, Commands::Refuse, environment).unwrap();
    let environment = [(OsString::from("ALIASD_NODE_ID"), no_text())];
    assert_eq!(
        problems(Config::load(&path, Commands::Refuse, environment)),
        [
            "node.id: the value is not UTF-8 text (environment variable ALIASD_NODE_ID)\n  hint: set the variable to UTF-8 text, or unset it"
        ]
    );
    fs::write(&path, [REQUIRED.as_bytes(), b"# \xff\n"].concat()).unwrap();
    let error = Config::load(&path, Commands::Refuse, []).unwrap_err().to_string();
    assert!(error.ends_with("aliasd.toml is not UTF-8 text"), "{error}");
}

#[test]
fn settings_have_to_agree() {
    let with = |lines: &str| problems(load(&REQUIRED.replace("id = 1", &format!("id = 1\n{lines}"))));
    let plaintext = &with("insecure_plaintext = true\nclient_listen = '192.168.0.1:7680'")[0];
    assert!(plaintext.starts_with(
        "node.insecure_plaintext: serves passwords in clear at 192.168.0.1:7680, which is no loopback address"
    ));
    let unspecified = &with("peer_listen = '0.0.0.0:7681'")[0];
    assert!(unspecified.starts_with("node.peer_advertise: is needed, because nobody can dial 0.0.0.0:7681"));
    let advertised = &with("peer_advertise = '0.0.0.0:7681'\nclient_advertise = '[::]:7680'");
    assert!(
        advertised[0].starts_with("node.client_advertise: '[::]:7680' is an address to listen at"),
        "{advertised:?}"
    );
    assert!(
        advertised[1].starts_with("node.peer_advertise: '0.0.0.0:7681' is an address to listen at"),
        "{advertised:?}"
    );
    let ports = &with("http_listen = '127.0.0.1:7680'")[0];
    assert!(ports.starts_with("node.http_listen: '127.0.0.1:7680' uses the port of node.client_listen"));
    let connections = &with("client_connections_max = 100")[0];
    assert!(
        connections.starts_with("node.client_connections_per_address_max: is more than node.client_connections_max")
    );
    let timing = problems(load(&format!(
        "[cluster]\nelection_timeout_min = '200ms'\nelection_timeout_max = '200ms'\n{REQUIRED}"
    )));
    assert!(timing[0].starts_with("cluster.election_timeout_min: is less than three times cluster.heartbeat_interval"));
    assert!(timing[1].starts_with("cluster.election_timeout_max: is not longer than"));
    let pair = &problems(load(&REQUIRED.replace("[keystore]", "server_key = '/k'\n[keystore]")))[0];
    assert!(pair.starts_with("tls.server_certificate: is missing beside tls.server_key"), "{pair}");
    assert!(
        load(&REQUIRED.replace("id = 1", "id = 1\ninsecure_plaintext = true\nclient_listen = '[::1]:7680'")).is_ok()
    );
}

#[test]
fn commands_run_only_on_request() {
    let contents = REQUIRED.replace("'hunter2-hunter2'", "'$(printf \"from a command\\n\")'");
    assert_eq!(
        problems(load(&contents)),
        [
            "keystore.password: is a command, and commands run only on request (line 9)\n  hint: start aliasd with --expand-commands"
        ]
    );
    let config = load_with(&contents, Commands::Run, &[]).unwrap();
    assert_eq!(config.keystore.password.expose(), "from a command");
    // The rule of every secret in a file: one line end is cut, of whatever kind, and nothing else.
    for (printed, expected) in [("a\\r\\n", "a"), ("a\\n\\n", "a\n"), ("a\\r", "a\r")] {
        let contents = REQUIRED.replace("'hunter2-hunter2'", &format!("'''$(printf \"{printed}\")'''"));
        assert_eq!(load_with(&contents, Commands::Run, &[]).unwrap().keystore.password.expose(), expected);
    }
    let marker = tempfile::tempdir().unwrap();
    let untouched = marker.path().join("ran");
    let contents = REQUIRED.replace("'hunter2-hunter2'", &format!("'$(touch {})'", untouched.display()));
    load_with(&contents, Commands::Assume, &[]).unwrap();
    assert!(!untouched.exists());
}

#[test]
fn commands_and_passwords_stand_only_in_a_file_of_ones_own() {
    let contents = REQUIRED.replace("'hunter2-hunter2'", "'$(echo secret)'");
    let (_directory, path) = file(&contents);
    let (_other, with_password) = file(REQUIRED);
    for mode in [0o644, 0o660, 0o600 | 0o001, 0o740, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = Config::load(&path, Commands::Run, []).unwrap_err().to_string();
        assert!(error.contains(&format!("the file holds commands and has mode {mode:o}, so that others")), "{error}");
        fs::set_permissions(&with_password, fs::Permissions::from_mode(mode)).unwrap();
        let error = Config::load(&with_password, Commands::Refuse, []).unwrap_err().to_string();
        assert!(error.starts_with("keystore.password: the password stands in "), "{error}");
        assert!(error.contains(&format!("has mode {mode:o}")) && !error.contains("hunter2"), "{error}");
        // Judged on the machine that it is for, and not at all if the password does not stand in it.
        Config::load(&with_password, Commands::Assume, []).unwrap();
        Config::load(&path, Commands::Assume, []).unwrap();
    }
    for mode in [0o400, 0o600, 0o640] {
        for file in [&path, &with_password] {
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
            Config::load(file, Commands::Run, []).unwrap();
        }
    }
    if geteuid().is_root() {
        for file in [&path, &with_password] {
            chown(file, Some(Uid::from_raw(65_534)), None).unwrap();
            let error = Config::load(file, Commands::Run, []).unwrap_err().to_string();
            assert!(error.contains("belongs to user 65534, who may change it, and not to user 0"), "{error}");
        }
    }
}

#[test]
fn a_failing_command_names_the_setting_and_shows_no_output() {
    for (command, reason) in [
        ("echo leaked-output; echo leaked-output >&2; exit 3", "its command failed with exit status: 3"),
        ("true", "its command printed nothing"),
        ("printf \"\\377leaked-output\"", "what its command printed cannot be used: it is not UTF-8 text"),
        (
            "printf \"\\357\\273\\277leaked-output\"",
            "what its command printed cannot be used: it begins with a byte order mark (UTF-8)",
        ),
        ("kill -9 $$", "its command failed with signal: 9"),
    ] {
        let contents = REQUIRED.replace("'hunter2-hunter2'", &format!("'''$({command})'''"));
        let error = load_with(&contents, Commands::Run, &[]).unwrap_err();
        let printed = format!("{error} {error:?}");
        assert!(printed.contains(&format!("keystore.password: {reason}")), "{printed}");
        assert!(!printed.contains("leaked-output"), "{printed}");
    }
}

#[test]
fn a_command_that_does_not_end_is_ended_with_all_it_started() {
    let error = expand::run("sleep 600 & sleep 600", Duration::from_millis(50)).unwrap_err();
    assert_eq!(error, "its command did not end within 0.05 seconds");
}

#[test]
fn endless_output_is_an_error() {
    let error = expand::run("yes", Duration::from_secs(60)).unwrap_err();
    assert!(error.starts_with("its command"), "{error}");
}

#[test]
fn addresses_are_read_and_written_alike() {
    for text in ["db1.example.com:7680", "10.0.0.1:1", "[::1]:7680"] {
        assert_eq!(super::value::address(text).unwrap().to_string(), text);
    }
    for text in ["", "host", "host:0", "host:99999", "::1:7680", "two words:1", ":7680", "http://host:1"] {
        assert!(super::value::address(text).is_err(), "{text}");
    }
    let address = Address::from("[::1]:80".parse::<std::net::SocketAddr>().unwrap());
    assert_eq!(address.to_string(), "[::1]:80");
}

#[test]
fn no_secret_is_printed() {
    let config = load(REQUIRED).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    let error = load(&REQUIRED.replace("id = 1", "id = 0")).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

pub(super) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn the_reference_page_is_current() {
    let page = project("docs/config.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&page, super::reference()).unwrap();
    }
    let current = fs::read_to_string(&page).unwrap();
    assert!(current == super::reference(), "docs/config.md is out of date: run this test with UPDATE_DOCS=1");
}

#[test]
fn every_configuration_in_deploy_is_well_formed() {
    let mut count = 0;
    for entry in fs::read_dir(project("deploy/three-node")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            Config::load(&path, Commands::Assume, []).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            count += 1;
        }
    }
    assert_eq!(count, 3);
}
