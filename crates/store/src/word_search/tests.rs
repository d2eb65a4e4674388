//! Whichever way a search goes, it finds the same: here the bounds are so small that few rows go all ways.

use palatine_domain::ids::{RowId as _, UserId};
use palatine_domain::tenant::TenantState;
use palatine_domain::user::{User, UserProfile};
use palatine_domain::{Instant, RealmSlug};

use super::Bounds;
use crate::support::{TestStore, on_both_databases};
use crate::{OperatorProof, TenantFilter, UserFilter};

const WAYS: [Bounds; 5] = [
    Bounds::USUAL,
    Bounds { few: 0, walked: 0 },
    Bounds { few: 0, walked: 9 },
    Bounds { few: 0, walked: 99 },
    Bounds { few: 12, walked: 3 },
];

const PAGE: u64 = 4;

/// Whether each word of the text begins one of the words.
fn fits(text: &str, words: &[String]) -> bool {
    text.split_whitespace().all(|begin| words.iter().any(|word| word.starts_with(begin)))
}

/// The words of the n-th user or realm: some have several that begin alike.
fn words(n: u64) -> Vec<String> {
    let some = [(2, "ann"), (3, "ben"), (5, "annabel"), (7, "cara")];
    some.iter()
        .filter(|(of, _)| n.is_multiple_of(*of))
        .map(|(_, word)| (*word).to_owned())
        .chain([format!("no{n}")])
        .collect()
}

fn user(n: u64, id: UserId) -> User {
    User {
        id,
        subject: format!("subject-{n}"),
        enabled: !n.is_multiple_of(4),
        username: format!("no{n}"),
        email: None,
        email_verified: false,
        profile: UserProfile { name: Some(words(n).join(" ")), ..UserProfile::default() },
        custom: std::collections::BTreeMap::new(),
        created_at: Instant::EPOCH,
        updated_at: Instant::EPOCH,
    }
}

const TEXTS: [&str; 8] = ["", "ann", "a", "ann ben", "ben cara", "an be ca", "no7", "zoe ann"];

on_both_databases! {
    async fn users_are_found_whichever_way_a_search_goes(db) {
        let (scope, other) = (db.tenant("one").await, db.tenant("two").await);
        let mut users = Vec::new();
        for scope in [&other, &scope] {
            users.clear();
            let tx = db.store.write(scope).await.unwrap();
            for n in 1..=42 {
                let user = user(n, db.store.ambient().id());
                tx.users().insert(&user).await.unwrap();
                users.push((n, user.id, user.enabled));
            }
            tx.commit().await.unwrap();
        }
        users.sort_by_key(|(_, id, _)| *id);
        let tx = db.store.read(&scope).await.unwrap();
        for text in TEXTS {
            for enabled in [None, Some(true), Some(false)] {
                let fitting = users.iter().filter(|(n, _, is)| fits(text, &words(*n)) && enabled.is_none_or(|e| e == *is));
                let expected: Vec<_> = fitting.map(|(_, id, _)| id.as_uuid()).collect();
                let filter = UserFilter { text: text.to_owned(), enabled, ..UserFilter::default() };
                for bounds in WAYS {
                    let mut found = Vec::new();
                    loop {
                        let after = found.last().copied().map(UserId::from_uuid);
                        let page = tx.users().found(&filter, bounds, after, PAGE).await.unwrap();
                        found.extend(&page);
                        if page.is_empty() {
                            break;
                        }
                    }
                    assert_eq!(found, expected, "{filter:?} {bounds:?}");
                }
            }
        }
    }

    async fn tenants_are_found_whichever_way_a_search_goes(db) {
        let mut tenants = Vec::new();
        for n in 1..=21 {
            let slug = words(n).join("-");
            db.tenant(&slug).await;
            let operator = db.store.as_operator(OperatorProof::command("test")).await.unwrap();
            let tenant = operator.tenant(&RealmSlug::parse(&slug).unwrap()).await.unwrap().unwrap();
            let state = if n.is_multiple_of(4) { TenantState::Suspended } else { TenantState::Active };
            assert!(operator.set_state(tenant.id, state).await.unwrap());
            operator.commit().await.unwrap();
            tenants.push((n, slug, state));
        }
        tenants.sort_by(|one, next| one.1.cmp(&next.1));
        let operator = db.store.as_operator(OperatorProof::command("test")).await.unwrap();
        for text in TEXTS {
            for state in [None, Some(TenantState::Active), Some(TenantState::Suspended), Some(TenantState::Deleting)] {
                let fitting = tenants.iter().filter(|(n, _, is)| fits(text, &words(*n)) && state.is_none_or(|s| s == *is));
                let expected: Vec<_> = fitting.map(|(_, slug, _)| slug.clone()).collect();
                let filter = TenantFilter { text: text.to_owned(), state };
                for bounds in WAYS {
                    let mut found: Vec<String> = Vec::new();
                    loop {
                        let after = found.last().map(|slug| RealmSlug::parse(slug).unwrap());
                        let page = operator.found_tenants(&filter, bounds, after.as_ref(), PAGE).await.unwrap();
                        if page.is_empty() {
                            break;
                        }
                        found.extend(page);
                    }
                    assert_eq!(found, expected, "{filter:?} {bounds:?}");
                }
            }
        }
    }
}
