//! The house rules that a machine can check: floors, scoping, raw SQL, where time and randomness come from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The floors of docs/ARCHITECTURE.md. A crate uses lower floors, never its own or a higher one.
const FLOORS: &[(&str, u8)] = &[
    ("palatine-protocol", 0),
    ("palatine-domain", 1),
    ("palatine-migrations", 1),
    ("palatine-store", 2),
    ("palatine-outbound", 2),
    ("palatine-ephemeral", 2),
    ("palatine-realm", 3),
    ("palatine-authn", 3),
    ("palatine-pages", 4),
    ("palatine-tenant-routing", 5),
    ("palatine-token-service", 6),
    ("palatine-login-ui", 7),
    ("palatine-admin-api", 7),
    ("palatine-server", 9),
    ("palatine-e2e", 10),
    ("palatine-load", 10),
    ("palatine-parsers", 10),
];

/// Libraries and the floors that may name them directly.
const GUARDED: &[(&str, std::ops::RangeInclusive<u8>)] = &[
    ("actix-web", 5..=10),
    ("askama", 4..=4),
    ("sea-orm", 2..=2),
    ("sea-orm-migration", 1..=2),
    ("sqlx", 2..=10),
    ("redis", 2..=10),
    ("argon2", 3..=3),
    ("tokio", 2..=10),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every dependency of every crate of the house that a build uses: (crate, dependency).
fn dependencies() -> Vec<(String, String)> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    let mut found = Vec::new();
    for package in &metadata.packages {
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development) {
            found.push((package.name.to_string(), dependency.name.clone()));
        }
    }
    found
}

fn floor_of(name: &str) -> u8 {
    let found = FLOORS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{name} has no floor: add it to FLOORS and to docs/ARCHITECTURE.md")).1
}

#[test]
fn a_crate_uses_lower_floors_alone() {
    let upward: Vec<String> = dependencies()
        .into_iter()
        .filter(|(_, dependency)| dependency.starts_with("palatine-"))
        .filter(|(name, dependency)| floor_of(dependency) >= floor_of(name))
        .map(|(name, dependency)| format!("{name} -> {dependency}"))
        .collect();
    assert!(upward.is_empty(), "{upward:?}");
}

#[test]
fn every_floor_names_a_crate_that_exists() {
    let names: Vec<String> = dependencies().into_iter().map(|(name, _)| name).collect();
    for (name, _) in FLOORS {
        assert!(names.iter().any(|known| known == name), "{name} is gone: take it out of FLOORS");
    }
}

#[test]
fn a_library_is_named_where_its_floor_begins_and_ends() {
    for (name, dependency) in dependencies() {
        for (library, floors) in GUARDED {
            if dependency == *library {
                assert!(floors.contains(&floor_of(&name)), "{name} must not depend on {library}");
            }
        }
    }
}

#[test]
fn only_the_store_and_the_tests_use_the_migrations() {
    let users: Vec<String> =
        dependencies().into_iter().filter(|(_, to)| to == "palatine-migrations").map(|(name, _)| name).collect();
    assert_eq!(users, ["palatine-store", "palatine-e2e"]);
}

/// The Rust files below `folder` that ship, with their text cut at the first test module.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_stem().is_some_and(|stem| stem == "tests") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let code: String =
                    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                let name = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
                files.insert(name.replace("/tests/e2e/../../", ""), code);
            }
        }
    }
    files
}

/// The files, of those below `folders`, that contain one of `words` although they are not among `allowed`.
fn strays(folders: &[&str], words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for folder in folders {
        for (name, code) in sources(folder) {
            if allowed.iter().any(|allowed| name.ends_with(allowed)) {
                continue;
            }
            for word in words {
                if code.contains(word) {
                    found.push(format!("{name}: {word}"));
                }
            }
        }
    }
    found
}

#[test]
fn rows_are_reached_through_the_tenant_filter_alone() {
    let words = ["Entity::find", "Entity::insert", "Entity::update_many", "Entity::delete_many", "::find_by_id("];
    let allowed = ["entities/scoped.rs", "src/store.rs", "src/operator.rs", "src/sweeps.rs"];
    assert_eq!(strays(&["crates/store/src/repo", "crates/store/src/entities"], &words, &allowed), Vec::<String>::new());
}

#[test]
fn raw_sql_lives_in_the_scope_and_the_migrations_alone() {
    let words =
        ["Statement::from_", "execute_unprepared(", "sqlx::query(", "sqlx::query_as(", "sqlx::raw_sql(", "raw_sql!("];
    let folders = ["crates"];
    let allowed = ["crates/store/src/scope.rs", "crates/store/src/migrate.rs", "crates/store/src/pools.rs"];
    assert_eq!(strays(&folders, &words, &allowed), Vec::<String>::new());
}

#[test]
fn only_the_stores_scope_is_scoped_to_a_tenant() {
    let implementations = strays(&["crates"], &["TenantScoped for"], &[]);
    assert_eq!(implementations, ["crates/store/src/scope.rs: TenantScoped for"]);
}

#[test]
fn a_tenants_scope_is_made_in_the_store_alone() {
    let made = strays(&["crates"], &["TenantScope::new("], &[]);
    assert!(made.iter().all(|place| place.starts_with("crates/store/src/")), "{made:?}");
}

#[test]
fn time_and_randomness_come_in_through_one_file() {
    let words = ["SystemTime::now", "Uuid::now_v7", "Uuid::new_v4", "getrandom::", "rand::", "OsRng"];
    // The cryptographic library draws what a signature or a key pair needs from its own generator.
    let allowed = ["crates/domain/src/entropy.rs", "crates/realm/src/keys/pair.rs"];
    assert_eq!(strays(&["crates"], &words, &allowed), Vec::<String>::new());
}

#[test]
fn the_environment_is_read_by_the_configuration_alone() {
    let found = strays(&["crates"], &["std::env::var", "env::var("], &[]);
    assert!(found.iter().all(|place| place.starts_with("crates/server/src/config")), "{found:?}");
}

#[test]
fn no_work_is_left_for_later_without_a_number() {
    let found = strays(&["crates", "migrations/src", "tests/e2e/src"], &["todo!(", "unimplemented!(", "#[ignore"], &[]);
    assert_eq!(found, Vec::<String>::new());
}
