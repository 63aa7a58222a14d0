use super::*;

const MINIMAL: &str = r#"
[aliasd]
endpoints = "a.example:7680, b.example"
ca = "/etc/ca.pem"
certificate = "/etc/gateway.pem"
key = "/etc/gateway-key.pem"
"#;

fn read(text: &str) -> Result<Config, ConfigError> {
    schema::parse(text).and_then(Config::of_texts)
}

fn said(text: &str) -> String {
    read(text).expect_err("something is wrong").to_string()
}

#[test]
fn the_default_file_is_a_configuration_once_what_is_required_is_there() {
    let mut text = DEFAULT_FILE.to_owned();
    for name in ["endpoints", "ca", "certificate", "key"] {
        // The last of each name is that of [aliasd]; [tls] stands before it.
        let at = text.rfind(&format!("\n#{name} = ")).expect("the setting is listed");
        text.remove(at + 1);
    }
    let config = read(&text).expect("it is one");
    assert_eq!(config.listen.port(), 7687);
    assert_eq!(config.message_bytes_max, 64 << 20);
    assert_eq!(config.endpoints.len(), 3);
    assert!(config.certificate.is_none() && config.advertise.is_none());
}

#[test]
fn every_setting_of_the_default_file_is_read() {
    for (name, example) in schema::examples() {
        let (section, key) = name.split_once('.').expect("a section and a key");
        assert!(!example.text.is_empty(), "{name} has a value");
        // A number that no setting takes: all but names of users and members say so.
        let wrong = said(&format!("[{section}]\n{key} = \"\"\n"));
        assert!(wrong.contains(&format!("{name}: '' is not ")), "{wrong}");
    }
}

#[test]
fn a_minimal_file_is_enough() {
    let config = read(MINIMAL).expect("it is a configuration");
    assert_eq!(config.endpoints, ["a.example:7680", "b.example"]);
    assert!(matches!(config.login, Login::Certificate(_)));
}

#[test]
fn what_is_wrong_is_said_with_line_and_way_out_and_all_at_once() {
    let text = said("[gateway]\nlisten = \"here\"\nconnections_max = 0\ncolour = 1\n[remote]\nca = []");
    for expected in [
        "gateway.colour: there is no such setting (line 4)\n  hint: `aliasd-gateway config default` lists every setting",
        "remote.ca: takes one value, not array (line 6)\n  hint: see `aliasd-gateway config default` for its form",
        "gateway.listen: 'here' is not an IP address and a port, such as 127.0.0.1:7687 or [::]:7687 (line 2)",
        "gateway.connections_max: '0' is not a whole number from 1 to 1000000 (line 3)",
        "aliasd.endpoints: is required and missing",
        "aliasd.certificate: is required and missing: the gateway has to log in to the cluster",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(said("[gateway]\nendpoints = 'a'").contains("did you mean aliasd.endpoints?"));
    assert!(said("[gateway\n").contains("not TOML"));
    let once = said("[aliasd]\nendpoints = ['a']");
    assert_eq!(once.matches("aliasd.endpoints: ").count(), 1, "{once}");
}

#[test]
fn passwords_cross_no_network_in_clear_unless_that_is_asked_for() {
    let open = format!("[gateway]\nlisten = \"0.0.0.0:7687\"\n{MINIMAL}");
    assert!(said(&open).contains("gateway.listen: serves passwords in clear at 0.0.0.0:7687"));
    let asked_for = open.replace("[gateway]", "[gateway]\ninsecure_plaintext = true");
    assert!(read(&asked_for).is_ok());
    let tls = format!("[tls]\ncertificate = \"/a\"\nkey = \"/b\"\n{open}");
    assert!(read(&tls).is_ok());
}

#[test]
fn the_gateway_logs_in_in_one_way() {
    let with = |more: &str| format!("{MINIMAL}{more}");
    assert!(said(&with("user = \"g\"\npassword_file = \"/p\"")).contains("logs in with one of them"));
    let nobody = "[aliasd]\nendpoints = \"a\"\nca = \"/ca\"";
    assert!(said(nobody).contains("has to log in to the cluster"));
    assert!(said(&format!("{nobody}\nuser = \"g\"")).contains("aliasd.password_file: is missing beside aliasd.user"));
    assert!(read(&format!("{nobody}\nuser = \"g\"\npassword_file = \"/p\"")).is_ok());
    assert!(said(&MINIMAL.replace("key = ", "user = ")).contains("aliasd.key: is missing beside aliasd.certificate"));
    assert!(said(&MINIMAL.replace("ca = \"/etc/ca.pem\"", "")).contains("aliasd.ca: is required"));
}
