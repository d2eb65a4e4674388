use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn set(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

#[test]
fn a_set_keeps_its_order_and_drops_repetitions() {
    assert_eq!(set("openid  email openid profile ").to_string(), "openid email profile");
}

#[rstest]
#[case("read\"", ScopeError::Character)]
#[case("re\\ad", ScopeError::Character)]
#[case("ré", ScopeError::Character)]
#[case("a\tb", ScopeError::Character)]
#[case("a\nb", ScopeError::Character)]
#[case(&"x".repeat(MAX_SCOPE_BYTES + 1), ScopeError::TooLong)]
fn forbidden_scopes_are_refused(#[case] text: &str, #[case] problem: ScopeError) {
    assert_eq!(ScopeSet::parse(text), Err(problem));
}

#[test]
fn a_scope_is_never_empty_and_never_two() {
    assert_eq!(Scope::parse(""), Err(ScopeError::Empty));
    assert_eq!(Scope::parse("a b"), Err(ScopeError::Character));
}

#[test]
fn the_number_of_scopes_is_bounded() {
    let many = (0..=MAX_SCOPES).map(|number| format!("s{number}")).collect::<Vec<_>>().join(" ");
    assert_eq!(ScopeSet::parse(&many), Err(ScopeError::TooMany));
}

#[test]
fn a_colon_and_a_slash_have_no_meaning() {
    assert!(set("read:users https://api/x").contains("https://api/x"));
}

#[test]
fn scopes_follow_the_algebra_of_sets() {
    let (left, right) = (set("a b c"), set("c d"));
    assert_eq!(left.intersection(&right), set("c"));
    assert_eq!(left.difference(&right), set("a b"));
    assert_eq!(left.union(&right).to_string(), "a b c d");
    assert!(set("b a").is_subset_of(&left) && !right.is_subset_of(&left));
    assert_eq!(set("a b"), set("b a"));
    assert_ne!(set("a b"), set("a"));
}

#[test]
fn a_set_is_one_string_in_json() {
    assert_eq!(serde_json::to_string(&set("a b")).unwrap(), "\"a b\"");
    assert_eq!(serde_json::from_str::<ScopeSet>("\"a b\"").unwrap(), set("a b"));
    assert!(serde_json::from_str::<ScopeSet>("[\"a\"]").is_err());
}

#[test]
fn a_verifier_also_reads_an_array() {
    for json in ["\"a b\"", "[\"a\",\"b\"]", "[\"a b\"]"] {
        let read = string_or_array(&mut serde_json::Deserializer::from_str(json)).unwrap();
        assert_eq!(read, set("a b"), "{json}");
    }
    assert!(string_or_array(&mut serde_json::Deserializer::from_str("[1]")).is_err());
}

#[test]
fn identity_scopes_are_known() {
    assert!(Scope::parse("offline_access").unwrap().is_identity());
    assert!(!Scope::parse("read:users").unwrap().is_identity());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        if let Ok(scopes) = ScopeSet::parse(&text) {
            prop_assert_eq!(ScopeSet::parse(&scopes.to_string()), Ok(scopes));
        }
    }

    #[test]
    fn intersection_and_difference_part_a_set(left in "[a-e ]{0,12}", right in "[a-e ]{0,12}") {
        let (left, right) = (set(&left), set(&right));
        prop_assert_eq!(left.intersection(&right).union(&left.difference(&right)), left.clone());
        prop_assert!(left.is_subset_of(&left.union(&right)) && right.is_subset_of(&left.union(&right)));
    }
}
