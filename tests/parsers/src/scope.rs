//! Scopes (RFC 6749, section 3.3).

use palatine_protocol::scope::{MAX_SCOPE_BYTES, MAX_SCOPES, Scope, ScopeSet};

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`; a set is written and read back as the same, and its algebra holds.
pub(crate) fn scope(data: &[u8]) {
    let Some(text) = crate::text(data) else { return };
    if let Ok(scope) = Scope::parse(text) {
        assert!((1..=MAX_SCOPE_BYTES).contains(&text.len()));
        assert!(text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)));
        assert_eq!(scope.as_str(), text);
    }
    let Ok(set) = ScopeSet::parse(text) else { return };
    assert!(set.len() <= MAX_SCOPES);
    assert_eq!(ScopeSet::parse(&set.to_string()).expect("what we write can be read"), set);
    assert!(set.iter().all(|scope| text.split(' ').any(|word| word == scope.as_str())), "nothing is added");
    assert!(text.split(' ').all(|word| word.is_empty() || set.contains(word)), "nothing is lost");
    let other: ScopeSet = set.iter().step_by(2).cloned().collect();
    let both = set.intersection(&other);
    assert!(other.is_subset_of(&set) && both == other && both.is_subset_of(&set));
    assert_eq!(set.difference(&other).union(&other), set);
}
