//! Every target holds its promises: on its seeds, on mutations of them, on generated input, and within a bounded time on
//! huge ones.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "how many cases to run is for whoever runs the tests")]
#![expect(clippy::format_collect, reason = "the inputs are made once")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use palatine_parsers::{TARGETS, target};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Generated inputs of each target; `PALATINE_PARSER_CASES` says otherwise.
const CASES: u32 = 2_000;

/// What any input may take, on a slow and busy machine without optimisation: work in proportion to the input takes a
/// second or two, work that grows faster would take hours.
const BOUND: Duration = Duration::from_mins(1);

fn seeds_of(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Pieces that parsers stumble over.
const PIECES: &[&str] = &[
    "&",
    "=",
    "%",
    "%00",
    "%0d%0a",
    "%2e%2e",
    "%2F",
    "%c3%28",
    "+",
    "#",
    "?",
    "/",
    "//",
    "\\",
    ":",
    "@",
    "..",
    ".",
    ";",
    ",",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\u{0}",
    "\u{7f}",
    "\u{80}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "🦀",
    "\"",
    "'",
    "<",
    "{",
    "}",
    "[",
    "]",
    "a",
    "0",
    "-",
    "_",
    "~",
    "==",
    "http://",
    "https://",
    "127.0.0.1",
    "[::1]",
    "localhost",
    "javascript:",
    "data:",
    "app:/cb",
    "client_id=",
    "redirect_uri=",
    "response_type=code",
    "state=",
    "scope=",
    "openid",
    "code=",
    "iss=",
    "error=",
    "grant_type=",
    "authorization_code",
    "refresh_token",
    "token=",
    "claims=",
    "prompt=",
    "none",
    "login",
    "resource=",
    "code_challenge=",
    "code_challenge_method=S256",
    "Basic ",
    "Bearer ",
    "eyJhbGciOiJub25lIn0",
    "AAAA",
    "pal_session=",
    "pal_ix_",
    "de-CH",
    "q=0.5",
    "*;q=0",
    "10.0.0.1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "$argon2id$",
    "$2b$",
    "$pbkdf2-sha256$",
    "\"users\":[",
    "\"clients\":",
    "apiVersion: palatine/v1\n",
    "kind: Realm\n",
    "realm: acme\n",
    "clients:\n  a: {kind: web}\n",
    "- ",
    "&x *x",
    "!!binary ",
    "<<: *x",
    "|2\n ",
    "---\n",
];

fn generated() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        2 => "\\PC{0,12}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..8),
    ];
    vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A change of a seed: where, how, and with what.
fn mutations() -> impl Strategy<Value = Vec<(usize, u8, Vec<u8>)>> {
    let with = proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec());
    vec((any::<usize>(), 0..4_u8, with), 1..5)
}

fn mutated(mut seed: Vec<u8>, changes: Vec<(usize, u8, Vec<u8>)>) -> Vec<u8> {
    for (place, how, with) in changes {
        let at = place % (seed.len() + 1);
        let end = (at + with.len()).min(seed.len());
        match how {
            0 => drop(seed.splice(at..at, with)),
            1 => drop(seed.splice(at..end, [])),
            2 => drop(seed.splice(at..end, with)),
            _ => {
                let copy = seed.clone();
                seed.splice(at..at, copy.into_iter().take(64));
            }
        }
    }
    seed
}

fn hold(name: &str) {
    let run = target(name);
    let seeds = seeds_of(name);
    assert!(seeds.len() >= 3, "{name} has only {} seeds", seeds.len());
    for seed in &seeds {
        run(seed);
    }
    let cases = std::env::var("PALATINE_PARSER_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    // The same inputs each time: what fails on one machine fails on all.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let from_seeds = (proptest::sample::select(seeds), mutations()).prop_map(|(seed, changes)| mutated(seed, changes));
    let inputs = prop_oneof![generated(), from_seeds];
    TestRunner::new_with_rng(config, rng)
        .run(&inputs, |input| {
            run(&input);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
}

macro_rules! every_target_holds {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            hold(stringify!($name));
        })*

        #[test]
        fn every_target_is_tested_and_fuzzed() {
            let targets: BTreeSet<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
            let tested: BTreeSet<&str> = [$(stringify!($name)),*].into();
            assert_eq!(targets, tested);
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
            let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
            let fuzzed: BTreeSet<String> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
            assert!(fuzzed.iter().map(String::as_str).eq(targets), "{fuzzed:?}");
        }
    };
}

every_target_holds! {
    params authorization answer claims_parameter token_request introspection revocation end_session check_session basic
    client_credentials bearer scope redirect_uri_registered redirect_uri_match prompt pkce slug identifier resource
    cookies accept_language forwarded jwt client_key_set realm_document request_object
    client_metadata user_code device_authorization client_update registration client_assertion sector_document logo
    profile_form keycloak_export imported_hash
}

#[test]
fn no_input_takes_long_however_large() {
    const TEN_MEGABYTES: usize = 10_000_000;
    let words = |word: &str| word.repeat(TEN_MEGABYTES / word.len());
    let distinct: String = (0..200).map(|number| format!("scope{number} ")).collect();
    let nasty = [
        ("one letter", "a".repeat(TEN_MEGABYTES)),
        ("a scope again and again", words("openid ")),
        ("200 scopes again and again", words(&distinct)),
        ("spaces", " ".repeat(TEN_MEGABYTES)),
        ("10,000 parameters", (0..10_000).map(|number| format!("p{number}=v&")).collect()),
        ("one parameter 10,000 times", "state=x&".repeat(10_000)),
        ("percent signs", "%".repeat(TEN_MEGABYTES)),
        ("escapes", words("%41")),
        ("deep JSON", format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000))),
        ("deep arrays", "[".repeat(1_000_000)),
        ("deep YAML", (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect()),
        ("flow YAML", "{a: ".repeat(100_000)),
        ("aliases", format!("a: &a [x,x]\n{}", (0..40).map(|n| format!("k{n}: &k{n} [*a,*a]\n")).collect::<String>())),
        ("dots", ".".repeat(TEN_MEGABYTES)),
        ("commas", words("10.0.0.1,")),
        ("semicolons", words("pal_session=x;")),
        ("ranges", words("de-x-y-z;q=0.1,")),
        ("hyphens", format!("de{}", "-a".repeat(1_000_000))),
        ("lines", "\n".repeat(1_000_000)),
        ("a long Basic header", format!("Basic {}", "QUFB".repeat(1_000_000))),
        ("a long Bearer header", format!("Bearer {}", "A".repeat(TEN_MEGABYTES))),
        ("a long redirect URI", format!("https://a.example/{}", "a/../".repeat(1_000_000))),
    ];
    for (name, run) in TARGETS {
        for (what, input) in &nasty {
            let began = Instant::now();
            run(input.as_bytes());
            let took = began.elapsed();
            assert!(took < BOUND, "{name} took {took:?} for {what}");
        }
    }
}
