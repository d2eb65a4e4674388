//! A realm that came from a Keycloak, over HTTP: its people and its applications go on with what they had.

use palatine_admin_api::keycloak;
use palatine_e2e::{
    App, Endpoint, Palatine, Person, RealmUnderTest, Tokens, World, eventually, on_every_backend, seconds,
};
use serde_json::json;

const EXPORT: &str = include_str!("../../../../crates/admin-api/tests/keycloak/acme-realm.json");
const USERS: &str = include_str!("../../../../crates/admin-api/tests/keycloak/acme-users-0.json");

/// By argon2id, by PBKDF2 with each of its hash functions, and by PBKDF2 in another file.
fn people() -> [Person; 5] {
    [
        Person::new("ada", "lantern gravel oboe"),
        Person::new("ben@acme.example", "cobalt thimble orchard"),
        Person::new("cleo", "marble kettle violin"),
        Person::new("dora", "velvet anchor tundra"),
        Person::new("finn", "pewter lagoon sonnet"),
    ]
}

async fn imported(world: &World) -> RealmUnderTest {
    let conversion = keycloak::convert(&[EXPORT, USERS], None).unwrap();
    world.apply(&conversion.document.to_yaml().unwrap()).await;
    world.realm("acme-shop")
}

fn shop(realm: &RealmUnderTest) -> App {
    realm.app("shop", "shop-secret-of-old", "https://shop.acme.example/callback")
}

on_every_backend! {
    async fn people_sign_in_with_the_passwords_they_had(world) {
        let realm = imported(world).await;
        for person in people() {
            for _ in 0..2 {
                let tokens = shop(&realm).sign_in_for(&mut realm.browser(), &person, "openid profile").await;
                assert!(tokens.id_claims()["sub"].as_str().unwrap().starts_with("5f0f4dcb-0000-4000-8000-"));
            }
            let wrong = Person::new(&person.username, "not this one");
            let mut browser = realm.browser();
            let visit = browser.open(&shop(&realm).ask().scope("openid").url()).await;
            let visit = browser.type_credentials(visit.page(), &wrong).await;
            assert!(!visit.page().alert().is_empty(), "{}", person.username);
        }
    }

    async fn tokens_say_what_they_said_about_a_person(world) {
        let realm = imported(world).await;
        let [ada, ..] = people();
        let scope = "openid profile email roles loyalty";
        let tokens = shop(&realm).sign_in_for(&mut realm.browser(), &ada, scope).await;
        let (access, id) = (tokens.access_claims(), tokens.id_claims());
        assert_eq!(id["sub"], json!("5f0f4dcb-0000-4000-8000-000000000064"));
        assert_eq!((&id["preferred_username"], &id["email"], &id["name"]), (&json!("ada"), &json!("ada@acme.example"), &json!("Ada Example")));
        // By the mappers of the client and of the scope.
        assert_eq!((&access["org"]["unit"], &access["tier"]), (&json!("Sales"), &json!(3)));
        // The shop may show the roles `manager` and what it brings along; the token is for `orders`, too.
        assert_eq!(access["realm_access"]["roles"], json!(["clerk", "manager"]));
        assert!(access["aud"].as_array().unwrap().contains(&json!("orders")), "{access}");
        let userinfo = realm.userinfo(&tokens.access).await.success();
        assert!(userinfo.get("badge_number").is_none() && userinfo.get("floor").is_none(), "{userinfo}");
    }

    async fn applications_keep_their_secrets(world) {
        let realm = imported(world).await;
        let orders = realm.app("orders", "orders-secret-of-old", "https://orders.acme.example/");
        let tokens = Tokens::of(&orders.client_credentials(&[("scope", "roles")]).await);
        assert_eq!(tokens.expires_in, 120);
        assert_eq!(tokens.access_claims()["resource_access"]["orders"]["roles"], json!(["viewer"]));
        let wrong = realm.app("orders", "another-secret", "https://orders.acme.example/");
        wrong.client_credentials(&[]).await.assert_refused(401, "invalid_client");
        let ask = shop(&realm).ask().scope("openid");
        let ask = ask.with("redirect_uri", "https://shop.acme.example/other");
        let visit = realm.browser().open(&ask.url()).await;
        assert_eq!(visit.last().status, 400, "what a wildcard let through is not registered");
    }
}

#[tokio::test]
async fn the_command_imports_an_export_and_says_what_did_not_come_along() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    palatine.write("acme-realm.json", EXPORT);
    palatine.write("acme-users-0.json", USERS);
    let import =
        ["import", "keycloak", "acme-realm.json", "acme-users-0.json", "--realm", "acme", "--data-dir", "data"];
    let dry =
        palatine.done(&[&import[..], &["--dry-run", "--write", "acme.yaml", "--report", "acme.json"]].concat()).await;
    assert!(dry.contains("Not imported (") && dry.contains("the URI `https://shop.acme.example/*`"), "{dry}");
    assert!(!dry.contains("acme: ") && !dry.contains("shop-secret-of-old") && !dry.contains("NEVERSHOWN"), "{dry}");
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(palatine.path("acme.json")).unwrap()).unwrap();
    assert!(report["items"].as_array().unwrap().len() > 30);
    let kept = palatine.refused(&[&import[..], &["--dry-run", "--write", "acme.yaml"]].concat(), 1).await;
    assert!(kept.contains("acme.yaml cannot be written"), "{kept}");

    let done = palatine.done(&import).await;
    assert!(done.contains("acme: ") && done.contains("  user ada created"), "{done}");
    let realm = dev.realm("acme");
    eventually("the realm is served", seconds(15), async || {
        dev.wire().get(&realm.url(Endpoint::Discovery)).await.status == 200
    })
    .await;
    let [ada, ..] = people();
    shop(&realm).sign_in_for(&mut realm.browser(), &ada, "openid profile").await;
    // The file that was written says the same, and the password that is ours by now stays.
    assert_eq!(palatine.done(&["apply", "--data-dir", "data", "-f", "acme.yaml"]).await, "acme: nothing to change\n");
    shop(&realm).sign_in_for(&mut realm.browser(), &ada, "openid profile").await;

    palatine.write("master.json", "{\"realm\":\"master\"}");
    let refused = palatine.refused(&["import", "keycloak", "master.json", "--data-dir", "data"], 1).await;
    assert!(refused.contains("cannot be called `master`") && refused.contains("--realm"), "{refused}");
    palatine.write("no.json", "no");
    let refused = palatine.refused(&["import", "keycloak", "no.json", "--data-dir", "data"], 1).await;
    assert!(refused.contains("this is no JSON"), "{refused}");
    dev.stop().await;
}
