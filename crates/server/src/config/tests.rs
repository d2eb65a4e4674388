//! The settings as an operator gives them, and the answers to what is wrong.

use std::fmt::Write as _;

use figment::error::Kind;
use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;

use super::*;

fn lines(error: &ConfigError) -> Vec<String> {
    error.0.iter().map(ToString::to_string).collect()
}

fn refused(toml: &str) -> Vec<String> {
    lines(&Config::parse(toml).unwrap_err())
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(Sources { environment: Environment::of(variables), ..Sources::default() })
}

#[test]
fn the_defaults_of_the_file_are_those_of_the_crates() {
    let config = Config::parse("").unwrap();
    let shown = |value: &dyn std::fmt::Debug| format!("{value:?}").replace("Some(SecretText(…))", "None");
    assert_eq!(shown(&config.database), shown(&StoreSettings::default()));
    assert_eq!(config.database.url.expose(), StoreSettings::default().url.expose());
    assert_eq!(shown(&config.redis), shown(&EphemeralSettings::default()));
    assert_eq!(config.redis_url(), "");
    assert_eq!(shown(&config.realms), shown(&ResolverSettings::new(UNKNOWN_URL.parse().unwrap())));
    assert_eq!(config.hashing, HashSettings::default());
    assert_eq!(config.outbound, OutboundSettings::default());
}

/// The names that a section's type knows, as serde says them.
fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let unknown = Dict::from([("no such field".to_owned(), Value::from(1))]);
    match Value::from(unknown).deserialize::<T>().err().map(|error| error.kind) {
        Some(Kind::UnknownField(_, fields)) => fields,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_setting_of_every_section_stands_in_the_default_file() {
    let sections: [(&str, &[&str]); 13] = [
        ("server", fields_of::<ServerSettings>()),
        ("database", fields_of::<StoreSettings>()),
        ("redis", fields_of::<EphemeralSettings>()),
        ("realms", fields_of::<ResolverSettings>()),
        ("hashing", fields_of::<HashSettings>()),
        ("master_key", fields_of::<MasterKeySettings>()),
        ("outbound", fields_of::<OutboundSettings>()),
        ("jobs", fields_of::<JobSettings>()),
        ("courier", fields_of::<CourierSettings>()),
        ("usage", fields_of::<UsageSettings>()),
        ("log", fields_of::<LogSettings>()),
        ("telemetry", fields_of::<TelemetrySettings>()),
        ("metrics", fields_of::<MetricsSettings>()),
    ];
    let examples = known::examples();
    assert_eq!(examples.len(), sections.len());
    for (section, fields) in sections {
        for field in fields {
            let key = match (section, *field) {
                ("redis", "redis_url") => "url",
                // It belongs to the server.
                ("realms", "public_url") => continue,
                (_, field) => field,
            };
            assert!(known::example(&examples, &[section, key]).is_some(), "{section}.{key}");
        }
    }
    for field in fields_of::<TlsSettings>() {
        assert!(known::example(&examples, &["server", "tls", field]).is_some(), "server.tls.{field}");
    }
}

#[test]
fn every_setting_of_the_default_file_can_be_used() {
    let mut text = String::new();
    for line in DEFAULT_FILE.lines() {
        let setting = line.strip_prefix('#').filter(|rest| rest.contains(" = ") && !rest.starts_with(' '));
        // An example of a secret or of its file is not there.
        let example = setting.filter(|setting| !setting.contains("_file = ") && !setting.starts_with("key = "));
        writeln!(text, "{}", example.unwrap_or(line)).unwrap();
    }
    assert_eq!(Config::parse(&text).unwrap().server.workers, Some(4));
}

#[test]
fn flags_win_over_the_environment_the_environment_over_the_file_and_the_file_over_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("palatine.toml");
    std::fs::write(&file, "[server]\nlisten = '127.0.0.1:1'\nmanagement = '127.0.0.1:2'\nreplicas = 1").unwrap();
    let config = Config::load(Sources {
        file: Some(file),
        environment: Environment::of(&[
            ("PALATINE__SERVER__LISTEN", "127.0.0.1:3"),
            ("PALATINE__SERVER__KEEP_ALIVE_SECONDS", "7"),
        ]),
        command: Vec::new(),
        flags: vec![("server.listen", "127.0.0.1:5".to_owned())],
    })
    .unwrap();
    assert_eq!(config.server.listen.unwrap().port(), 5);
    assert_eq!(config.server.management.port(), 2);
    assert_eq!(config.server.keep_alive_seconds, 7);
    assert_eq!(config.server.head_timeout_seconds, 5);
}

#[test]
fn a_value_of_the_environment_has_the_type_of_its_setting() {
    let config = from_environment(&[
        ("PALATINE__DATABASE__URL", "1234"),
        ("PALATINE__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.0/16"),
        ("PALATINE__DATABASE__ROLES__APP", "other_app"),
        ("PALATINE__TELEMETRY__SAMPLE_RATIO", "1"),
        ("PALATINE__SERVER__WORKERS", "3"),
    ]);
    assert_eq!(
        lines(&config.unwrap_err()),
        ["database.url (environment variable PALATINE__DATABASE__URL): this cannot be used: expected \
          sqlite://path/to/file.db or postgres://user:password@host/database"]
    );
    let config = from_environment(&[
        ("PALATINE__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.0/16"),
        ("PALATINE__DATABASE__ROLES__APP", "other_app"),
        ("PALATINE__SERVER__WORKERS", "3"),
    ])
    .unwrap();
    assert_eq!(config.database.roles.app.as_str(), "other_app");
    assert_eq!(config.server.workers, Some(3));
    assert!(format!("{:?}", config.server.trusted_proxies).contains("192.168.0.0/16"));
}

#[test]
fn unknown_settings_name_themselves_their_place_and_what_was_meant() {
    assert_eq!(
        refused("# a comment\n[server]\nlisen = '127.0.0.1:1'\n"),
        ["server.lisen (configuration, line 3): unknown setting; did you mean `server.listen`?"]
    );
    let error = from_environment(&[("PALATINE__HASHING__MEMORY_KB", "1")]).unwrap_err();
    assert_eq!(
        lines(&error),
        ["hashing.memory_kb (environment variable PALATINE__HASHING__MEMORY_KB): unknown setting; did you mean \
          `hashing.memory_kib`?"]
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let problems = refused(
        "[server]\nlisten = 'everywhere'\nworkers = -1\n[log]\nformat = 'xml'\n[hashing]\niterations = 'two'\n\
         [database.roles]\napp = 'Not A Role'\n[telemetry]\nsample_ratio = 2.5",
    );
    let text = problems.join("\n");
    for expected in [
        "server.listen (configuration, line 2): \"everywhere\" cannot be used: expected an address and a port, such as",
        "server.workers (configuration, line 3): -1 cannot be used: expected a whole number, not negative",
        "log.format (configuration, line 5): \"xml\" cannot be used: use \"text\" or \"json\"",
        "hashing.iterations (configuration, line 7): \"two\" cannot be used: expected a whole number, not negative",
        "telemetry.sample_ratio (configuration, line 11): 2.5 cannot be used: expected a number from 0.0 to 1.0",
    ] {
        assert!(text.contains(expected), "{expected}\n---\n{text}");
    }
    assert!(text.contains("database.roles") && text.contains("is no role name"), "{text}");
    assert_eq!(problems.len(), 6, "{text}");
}

#[test]
fn what_is_no_toml_and_what_is_not_there_are_named() {
    let problems = refused("[server\nlisten = 1");
    assert!(problems.len() == 1 && problems[0].starts_with("configuration: this is not TOML: "), "{problems:?}");
    let error = Config::load(Sources { file: Some("/nonexistent/palatine.toml".into()), ..Sources::default() });
    let problems = lines(&error.unwrap_err());
    assert!(problems[0].starts_with("/nonexistent/palatine.toml: the configuration file cannot be read"));
}

#[test]
fn a_secret_is_never_repeated() {
    let text = refused(
        "[database]\nurl = 'mysql://user:hunter2@host/db'\n[redis]\nurl = 'http://:hunter2@host'\n\
         [master_key]\nkey = 'hunter2'",
    )
    .join("\n");
    assert!(text.contains("database.url") && text.contains("redis.url") && text.contains("master_key"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let text = refused("[master_key]\nprevious = ['hunter2', 7]").join("\n");
    assert!(text.contains("master_key.previous") && !text.contains("hunter2"), "{text}");
}

#[test]
fn secrets_come_from_files_and_a_later_layer_wins_over_an_earlier_file() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("url");
    std::fs::write(&secret, "postgres://file/db\n").unwrap();
    let file = folder.path().join("palatine.toml");
    std::fs::write(&file, format!("[database]\nurl_file = {secret:?}")).unwrap();
    let with = |variables: &[(&str, &str)]| {
        let environment = Environment::of(variables);
        Config::load(Sources { file: Some(file.clone()), environment, ..Sources::default() }).unwrap()
    };
    assert_eq!(with(&[]).database.url.expose(), "postgres://file/db");
    let overridden = with(&[("PALATINE__DATABASE__URL", "postgres://environment/db")]);
    assert_eq!(overridden.database.url.expose(), "postgres://environment/db");
}

#[test]
fn more_than_one_node_needs_a_database_and_a_redis_that_can_be_shared() {
    let problems = refused("[server]\nreplicas = 2");
    assert_eq!(problems.len(), 2);
    assert!(problems[0].contains("2 nodes cannot share an SQLite file"), "{problems:?}");
    assert!(problems[1].contains("2 nodes need a Redis"), "{problems:?}");
    let shared = "[server]\nreplicas = 2\n[database]\nurl = 'postgres://h/d'\n[redis]\nurl = 'redis://h'";
    assert_eq!(Config::parse(shared).unwrap().server.replicas, 2);
}

#[test]
fn health_and_metrics_need_a_port_of_their_own() {
    let problems = refused("[server]\nlisten = '127.0.0.1:9000'");
    assert!(problems[0].starts_with("server.management") && problems[0].contains("a port of their own"));
    Config::parse("[server]\nlisten = '127.0.0.1:0'\nmanagement = '127.0.0.1:0'").unwrap();
}

#[test]
fn realms_are_served_over_plain_http_or_tls_or_both_and_somewhere() {
    let problems = refused("[server]\nlisten = ''");
    assert_eq!(
        problems,
        ["server.listen (configuration, line 2): neither this nor `server.tls.listen` says where realms are served"]
    );
    let problems = refused("[server.tls]\nlisten = '127.0.0.1:8080'");
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].contains("127.0.0.1:8080 is `server.listen` too; TLS and plain HTTP need a port each"));
    assert!(problems[1].starts_with("server.tls.certificate_file: `server.tls.listen` needs this"), "{problems:?}");
    assert!(problems[2].starts_with("server.tls.key_file: `server.tls.listen` needs this"), "{problems:?}");
    let problems = refused("[server.tls]\ncertificate_file = '/x'\nlisten = '127.0.0.1:9000'\nminimum_version = '1.1'");
    let text = problems.join("\n");
    assert!(text.contains("server.tls.minimum_version") && text.contains("use \"1.2\" or \"1.3\""), "{text}");
    let problems = refused("[server.tls]\nkey_file = '/x'");
    assert!(problems[0].contains("server.tls.key_file (configuration, line 2): nothing is served over TLS"));
}

#[test]
fn a_certificate_that_is_not_there_is_named_with_the_flag_that_gave_it() {
    let flags = vec![
        ("server.tls.listen", "127.0.0.1:0".to_owned()),
        ("server.tls.certificate_file", "/nonexistent/cert.pem".to_owned()),
        ("server.tls.key_file", "/nonexistent/key.pem".to_owned()),
    ];
    let problems = lines(&Config::load(Sources { flags, ..Sources::default() }).unwrap_err());
    assert_eq!(problems.len(), 1);
    let expected = "server.tls.certificate_file (--tls-certificate): /nonexistent/cert.pem cannot be read: ";
    assert!(problems[0].starts_with(expected), "{problems:?}");
}

#[test]
fn a_log_level_that_is_none_is_named_and_not_taken_for_a_module() {
    let error = from_environment(&[("PALATINE__LOG__LEVEL", "loud")]).unwrap_err();
    assert_eq!(
        lines(&error),
        [
            "log.level (environment variable PALATINE__LOG__LEVEL): \"loud\" cannot be used: \"loud\" is neither a level nor \
          a module with one; expected off, error, warn, info, debug, trace, or levels by module such as \
          info,palatine_store=debug"
        ]
    );
    for bad in [
        "",
        "palatine_store=debug,inf",
        "info palatine_store=debug",
        "info, palatine_store=debug",
        "palatine_store=loud",
        "info,",
    ] {
        let problems = refused(&format!("[log]\nlevel = '{bad}'"));
        assert!(problems.len() == 1 && problems[0].starts_with("log.level (configuration, line 2): "), "{problems:?}");
    }
    for good in
        ["off", "INFO", "debug,palatine_store=trace", "palatine_store=debug", "warn,[request{realm=acme}]=debug"]
    {
        assert_eq!(Config::parse(&format!("[log]\nlevel = '{good}'")).unwrap().log.level, good);
    }
}

#[test]
fn a_place_outside_that_is_none_is_named() {
    let problems = refused("[outbound]\nallowed = ['https://a.example/path']");
    assert!(
        problems.iter().any(|line| line.contains("outbound.allowed") && line.contains("expected host")),
        "{problems:?}"
    );
    let problems = refused("[outbound]\ntimeout_seconds = 0");
    assert!(problems.iter().any(|line| line.contains("outbound.timeout_seconds") && line.contains("1 to 120")));
    let config = from_environment(&[("PALATINE__OUTBOUND__ALLOWED", "http://localhost:3000,10.0.0.0/8")]).unwrap();
    assert_eq!(config.outbound.allowed.len(), 2);
}
