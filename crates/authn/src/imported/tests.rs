use super::*;

/// `bytes(range(16))`.
const SALT: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Made with the Python package argon2-cffi 25.1.0: `hash_secret(b"lantern gravel oboe", bytes(range(16)), …)`.
const ARGON: [&str; 4] = [
    "$argon2i$v=19$m=256,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$owBYe2WC7y3lrHzKU92eJiMEv+xGyhsAGtweeG60rco",
    "$argon2d$v=19$m=256,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$UiGQ9e0lEPqq/x+f3xPxsI9w7EW7bgnDSjtAwZTfGHM",
    "$argon2id$v=19$m=256,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$AEYgdZ14EuqzGkY/H99QV9KBJNdjqNsVcxxeRLDirdM",
    "$argon2i$v=16$m=256,t=2,p=2$AAECAwQFBgcICQoLDA0ODw$+3XwI5ASUvlIG+Ui9lx2+5Yxao53+T0cvHvacAuenZg",
];

const BCRYPT: &str = "$2b$04$QF0pQPneIhEx.w/kiSqRAeUKZPrU8GDCivrNMUHjWYXj0LFq1DjY6";
const PBKDF2: &str = "$pbkdf2-sha256$i=27500,l=32$AAECAwQFBgcICQoLDA0ODw$dp8ccAS90jWM1U7aQQGIb+P3ll40YGB1tzGCpBPdQro";

fn words(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn a_hash_has_one_text_however_it_was_written() {
    for text in ARGON.into_iter().chain([BCRYPT, PBKDF2]) {
        assert_eq!(parse(text).unwrap().as_str(), text);
        assert_eq!(parse(&format!(" {text}\n")).unwrap().as_str(), text);
    }
    let [.., first_version] = ARGON;
    assert_eq!(parse(&first_version.replace("$v=16", "")).unwrap().as_str(), first_version);
    assert_eq!(parse(&BCRYPT.replace("$2b$", "$2y$")).unwrap().as_str(), BCRYPT);
}

#[test]
fn parts_and_text_give_the_same() {
    let output = Output::decode("dp8ccAS90jWM1U7aQQGIb+P3ll40YGB1tzGCpBPdQro").unwrap();
    let parts = ImportedHash::pbkdf2(Pbkdf2Algorithm::Sha256, 27_500, &SALT, output.as_bytes()).unwrap();
    assert_eq!(parts.as_str(), PBKDF2);
    let output = Output::decode("AEYgdZ14EuqzGkY/H99QV9KBJNdjqNsVcxxeRLDirdM").unwrap();
    let parameters = Argon2Parameters {
        algorithm: Argon2Algorithm::Argon2id,
        version: 19,
        memory_kib: 256,
        iterations: 2,
        parallelism: 2,
    };
    let parts = ImportedHash::argon2(parameters, &SALT, output.as_bytes()).unwrap();
    let [_, _, argon2id, _] = ARGON;
    assert_eq!(parts.as_str(), argon2id);
}

#[test]
fn what_is_wrong_is_said_and_nothing_of_the_hash() {
    let [argon, ..] = ARGON;
    for (text, expected) in [
        ("hunter2".to_owned(), "none of argon2"),
        ("$6$rounds=5000$saltsalt$hash".to_owned(), "none of argon2"),
        (String::new(), "none of argon2"),
        (format!("$argon2{}", "x".repeat(600)), "too long"),
        (argon.replace("m=256", "m=262145"), "at most 262144 KiB"),
        (argon.replace("t=2", "t=11"), "10 passes"),
        (argon.replace("p=2", "p=65").replace("m=256", "m=1024"), "64 lanes"),
        (argon.replace("m=256", "m=1"), "make no sense"),
        (BCRYPT.replace("$04$", "$17$"), "from 4 to 16"),
        (BCRYPT.replace("$2b$", "$2x$"), "it is no PHC string"),
        (PBKDF2.replace("27500", "10000001"), "from 1 to 10000000"),
        (PBKDF2.replace("$AAEC", "$A.EC"), "is written"),
    ] {
        let words = words(&text);
        assert!(words.contains(expected), "{words}");
        assert!(!words.contains("lrHzKU92") && !words.contains("hunter2"), "{words}");
    }
    for salt in [&SALT[..7], &[0; 49]] {
        assert!(ImportedHash::pbkdf2(Pbkdf2Algorithm::Sha1, 1, salt, &[0; 20]).is_err());
    }
    for hash in [&[0; 9][..], &[0; 65]] {
        assert!(ImportedHash::pbkdf2(Pbkdf2Algorithm::Sha512, 1, &SALT, hash).is_err());
    }
    assert!(ImportedHash::pbkdf2(Pbkdf2Algorithm::Sha512, 0, &SALT, &[0; 64]).is_err());
}

#[test]
fn a_hash_does_not_print_itself() {
    assert_eq!(format!("{:?}", parse(BCRYPT).unwrap()), "ImportedHash(…)");
}
