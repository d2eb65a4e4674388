//! Every route, and everybody who is not to be let in: nobody, a wrong credential, another tenant's credential, another
//! tenant's id. Exact statuses and shapes, nothing of the other tenant in the answer, and nothing changed by it.
mod facts;
mod rows;
mod unknown;

use std::collections::BTreeSet;

use palatine_e2e::{Answer, on_sqlite};
use palatine_realm::routes::RealmRoute;

use facts::Facts;
use rows::{Expected, Row, Who, rows};

#[test]
fn every_route_has_a_row_for_everybody_who_is_not_let_in() {
    let rows = rows(&Facts::default());
    for route in RealmRoute::all() {
        let methods: BTreeSet<&str> =
            rows.iter().filter(|row| row.route == route).map(|row| row.method.as_str()).collect();
        assert!(!methods.is_empty(), "{route:?} has no row: add it to rows.rs");
        for method in methods {
            for who in Who::ALL {
                let of = |row: &&Row| (row.route, row.method.as_str(), row.who) == (route, method, who);
                assert_eq!(rows.iter().filter(of).count(), 1, "{route:?} {method} {who:?}");
            }
        }
    }
}

on_sqlite! {
    async fn whoever_is_not_to_be_let_in_is_refused_at_every_route_under_both_spellings(world) {
        let facts = Facts::gather(world).await;
        for row in rows(&facts) {
            for pattern in row.route.patterns() {
                let answer = Answer::of(row.request(world.alpha().wire(), pattern)).await;
                let what = format!("{} {pattern} {:?}: {} {}", row.method, row.who, answer.status, answer.body);
                assert_as_expected(&row.expected, &answer, &what);
                facts.assert_tells_nothing(&answer, &what);
            }
        }
        facts.assert_nothing_was_lost(world).await;
    }

    async fn a_foreign_id_is_answered_as_one_that_never_was(world) {
        let facts = Facts::gather(world).await;
        let wire = world.alpha().wire().clone();
        for (foreign, never) in unknown::twins(&facts) {
            let foreign_answer = Answer::of(foreign.request(&wire)).await;
            let never_answer = Answer::of(never.request(&wire)).await;
            assert_eq!(foreign_answer.status, never_answer.status, "{foreign:?}");
            assert_eq!(unknown::shape(&foreign_answer, &foreign.id), unknown::shape(&never_answer, &never.id));
        }
    }

    async fn an_unknown_realm_is_404_at_every_route_with_one_body(world) {
        let wire = world.alpha().wire().clone();
        for route in RealmRoute::all() {
            for pattern in route.patterns() {
                for method in ["GET", "POST"] {
                    let mut bodies = BTreeSet::new();
                    for slug in ["nowhere", "elsewhere", "admin", "system", "%61lpha", "Alpha", "a_b"] {
                        let path = format!("/realms/{slug}{}", pattern.replace("{interaction}", rows::MADE_UP_ID).replace("{client_id}", "c_1").replace("{client}", rows::MADE_UP_ID).replace("{picture}", "logo"));
                        let answer = Answer::of(wire.request(method.parse().unwrap(), &path)).await;
                        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
                        bodies.insert(unknown::shape(&answer, slug));
                    }
                    assert_eq!(bodies.len(), 1, "{method} {pattern}: {bodies:?}");
                }
            }
        }
    }

    async fn a_method_that_a_route_does_not_take_is_405_and_says_which_it_takes(world) {
        let facts = Facts::default();
        let wire = world.alpha().wire().clone();
        let rows = rows(&facts);
        for route in RealmRoute::all() {
            let taken: BTreeSet<&str> =
                rows.iter().filter(|row| row.route == route).map(|row| row.method.as_str()).collect();
            for pattern in route.patterns() {
                let path = format!("/realms/alpha{}", pattern.replace("{interaction}", rows::MADE_UP_ID).replace("{client_id}", "c_1").replace("{client}", rows::MADE_UP_ID).replace("{picture}", "logo"));
                for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
                    if taken.contains(method) {
                        continue;
                    }
                    let answer = Answer::of(wire.request(method.parse().unwrap(), &path)).await;
                    assert_eq!(answer.status, 405, "{method} {path}: {}", answer.body);
                    let allowed = answer.header("allow").unwrap_or_else(|| panic!("{method} {path}: no Allow"));
                    let allowed: BTreeSet<&str> = allowed.split(", ").filter(|name| *name != "HEAD").collect();
                    assert_eq!(allowed, taken, "{path}");
                }
                for method in ["HEAD", "OPTIONS", "TRACE", "CONNECTED"] {
                    let answer = Answer::of(wire.request(method.parse().unwrap(), &path)).await;
                    assert!(answer.status < 500, "{method} {path}: {}", answer.status);
                }
            }
        }
    }
}

fn assert_as_expected(expected: &Expected, answer: &Answer, what: &str) {
    match expected {
        Expected::Oauth(status, code) => {
            assert_eq!((answer.status, answer.error().as_str()), (*status, *code), "{what}");
            answer.assert_refused(*status, code);
            if *status == 401 {
                assert!(!answer.body.contains("secret"), "{what}");
            }
        }
        Expected::Challenge => {
            assert_eq!((answer.status, answer.body.as_str()), (401, ""), "{what}");
            let challenge = answer.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"), "{what}: {challenge}");
        }
        Expected::Page(status, words) => {
            assert_eq!(answer.status, *status, "{what}");
            answer.assert_page(*status, words);
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        }
        Expected::Inactive => assert_eq!(answer.success(), serde_json::json!({ "active": false }), "{what}"),
        Expected::Empty => assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{what}"),
        Expected::Document(member) => {
            let issuer = answer.success()[member].to_string();
            assert!(!issuer.is_empty() && issuer != "null", "{what}");
        }
        Expected::NoPicture => assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{what}"),
        Expected::Frame => {
            assert_eq!(answer.status, 200, "{what}");
            assert!(answer.body.starts_with("<!doctype html>") && !answer.body.contains("alpha"), "{what}");
        }
        Expected::Redirect(to) => {
            assert_eq!(answer.status, 303, "{what}");
            assert!(answer.location().starts_with(to), "{what}: {}", answer.location());
        }
    }
}
