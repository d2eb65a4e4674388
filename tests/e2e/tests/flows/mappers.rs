//! Claim mappers: what an admin adds to tokens and userinfo, and what no mapper can.

use palatine_domain::client::ClientId;
use palatine_domain::mapper::{ClaimMapper, ClaimPath, ClaimRule, ClaimSource, ClaimTarget, MapperOwner, MapperRule};
use palatine_e2e::{RealmUnderTest, Tokens, World, on_every_backend, on_sqlite, realms};
use palatine_protocol::claims::RESERVED_CLAIMS;
use serde_json::{Value, json};

const MAPPERS: &str = "scopes:
  org:
    description: See where you work
    mappers:
      unit: {type: user_attribute, field: department, claim: org.unit, in: [access_token, userinfo]}
      number: {type: user_attribute, field: level, claim: org.level, json_type: string, in: [userinfo]}
      uri: {type: user_property, property: username, claim: \"https://example.com/login\", in: [id_token]}
      list: {type: user_property, property: email, claim: mails, multivalued: true, in: [userinfo]}
      dotted: {type: hardcoded, claim: 'a\\.b', value: {plan: gold}, in: [access_token]}
      rights: {type: role_list, claim: org.rights, prefix: ROLE_, in: [access_token]}
      teams: {type: group_list, claim: teams, full_path: false, in: [access_token]}
  also-billing:
    mappers: {billing: {type: audience, audience: billing-api}}
  also-legacy:
    mappers: {legacy: {type: audience, audience: legacy-api}}
  also-worker:
    mappers: {worker: {type: audience, audience: worker}}
roles: {clerk: {}}
groups: {staff: {roles: [clerk], groups: {board: {}}}}
clients:
";

fn document() -> String {
    let document = realms::changed(&realms::alpha(), "clients:\n", MAPPERS);
    let document = realms::changed(&document, "custom_fields:\n", "custom_fields:\n  level: {type: number}\n");
    let document = realms::changed(&document, "  ada:\n", "  ada:\n    groups: [staff/board]\n");
    let document = realms::changed(&document, "custom: {", "custom: {level: 7, ");
    let more = "optional: [org, also-billing, also-legacy, also-worker, offline_access, phone,";
    let document = realms::changed(&document, "optional: [offline_access, phone,", more);
    let of_client =
        "es-app:\n    mappers: {tier: {type: hardcoded, claim: tier, value: 3, in: [id_token, access_token]}}";
    realms::changed(&document, "es-app:", of_client)
}

async fn applied(world: &World) -> RealmUnderTest {
    world.apply(&document()).await;
    world.alpha()
}

async fn signed_in(realm: &RealmUnderTest, scope: &str) -> Tokens {
    realm.web_app().sign_in_for(&mut realm.browser(), &realm.ada(), scope).await
}

on_every_backend! {
    async fn the_mappers_of_a_scope_work_where_it_was_granted_and_each_where_it_says(world) {
        let realm = applied(world).await;
        let tokens = signed_in(&realm, "openid org").await;
        let access = tokens.access_claims();
        assert_eq!(access["org"], json!({"unit": "engineering of alpha", "rights": ["ROLE_clerk"]}));
        assert_eq!((&access["a.b"], &access["teams"]), (&json!({"plan": "gold"}), &json!(["staff", "board"])));
        assert!(access.get("mails").is_none() && access.get("groups").is_none(), "{access}");
        assert_eq!(tokens.id_claims()["https://example.com/login"], "ada");
        assert!(tokens.id_claims().get("org").is_none());
        let userinfo = realm.userinfo(&tokens.access).await.success();
        assert_eq!(userinfo["org"], json!({"unit": "engineering of alpha", "level": "7"}));
        assert_eq!(userinfo["mails"], json!(["ada@example.com"]));
        assert!(userinfo.get("a.b").is_none(), "{userinfo}");

        let without = signed_in(&realm, "openid profile").await;
        assert!(without.access_claims().get("org").is_none() && without.id_claims().get("https://example.com/login").is_none());
    }
}

on_sqlite! {
    async fn the_mappers_of_a_client_work_for_it_alone(world) {
        let realm = applied(world).await;
        let tokens = realm.es_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        assert_eq!((&tokens.access_claims()["tier"], &tokens.id_claims()["tier"]), (&json!(3), &json!(3)));
        assert!(signed_in(&realm, "openid").await.access_claims().get("tier").is_none());
    }

    async fn an_audience_mapper_adds_an_api_or_a_client_under_the_rules_of_audiences(world) {
        let realm = applied(world).await;
        let audience = async |scope: &str| signed_in(&realm, scope).await.access_claims()["aud"].clone();
        assert_eq!(audience("openid orders:read also-billing").await, json!(["billing-api", "orders-api"]));
        assert_eq!(audience("openid also-billing").await, json!("billing-api"), "then no own id");
        assert_eq!(audience("openid orders:read also-worker").await, json!(["orders-api", "worker"]));
        // Whoever names resources gets a token for those alone.
        let ask = realm.web_app().ask().scope("openid orders:read also-billing").with("resource", "orders-api");
        let named = realm.web_app().sign_in_asking(&mut realm.browser(), &realm.ada(), ask).await;
        assert_eq!(named.access_claims()["aud"], "orders-api");
        // APIs that disagree cannot share a token, whoever put them together.
        let (app, ask) = (realm.web_app(), realm.web_app().ask().scope("openid orders:read also-legacy"));
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        app.redeem(&code, &ask).await.assert_refused(400, "invalid_target");
        // With the profile `jwt` no audience is a bare client_id.
        assert_eq!(audience("openid legacy:read also-worker").await, json!("legacy-api"));
    }

    async fn a_mapper_that_was_stored_with_a_reserved_claim_writes_nothing(world) {
        let realm = applied(world).await;
        let before = signed_in(&realm, "openid profile email phone").await;
        let plain = (before.access_claims(), before.id_claims(), realm.userinfo(&before.access).await.success());
        let rows = world.rows("alpha").await;
        let client = rows.clients().by_client_id(&ClientId::parse("web-app").expect("an id")).await;
        let client = MapperOwner::Client(client.expect("a store").expect("a client").key);
        let scopes = rows.scopes().list().await.expect("a store");
        let profile = scopes.iter().find(|scope| scope.scope.as_str() == "profile").expect("the scope");
        for claim in RESERVED_CLAIMS {
            for (owner, path) in [(client, claim.to_owned()), (MapperOwner::Scope(profile.id), format!("{claim}.roles"))] {
                let rule = MapperRule::Claim(ClaimRule {
                    source: ClaimSource::Hardcoded(json!(["root"])),
                    claim: ClaimPath::parse(&path).expect("a path"),
                    json_type: None,
                    multivalued: false,
                    targets: vec![ClaimTarget::AccessToken, ClaimTarget::IdToken, ClaimTarget::Userinfo],
                });
                let mapper = ClaimMapper { id: world.ambient().id(), owner, name: path, rule };
                rows.claim_mappers().insert(&mapper).await.expect("a mapper");
            }
        }
        rows.commit().await.expect("a commit");
        let after = signed_in(&realm, "openid profile email phone").await;
        let now = (after.access_claims(), after.id_claims(), realm.userinfo(&after.access).await.success());
        for (before, after) in [(&plain.0, &now.0), (&plain.1, &now.1), (&plain.2, &now.2)] {
            assert_eq!(names(before), names(after));
            for (name, value) in after.as_object().expect("claims") {
                assert!(!value.to_string().contains("root"), "{name}: {value}");
            }
        }
    }

    async fn a_mapped_claim_takes_no_place_in_an_introspection_answer(world) {
        let mapper = "es-app:\n    mappers:\n      u: {type: hardcoded, claim: username, value: root, in: [access_token]}\n      \
                      a: {type: hardcoded, claim: active, value: false, in: [access_token]}\n      \
                      d: {type: hardcoded, claim: department, value: x, in: [access_token]}";
        world.apply(&realms::changed(&realms::alpha(), "es-app:", mapper)).await;
        let realm = world.alpha();
        let app = realm.es_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        assert_eq!(tokens.access_claims()["username"], "root", "in the token it stands");
        let answer = app.introspect(&tokens.access).await;
        assert_eq!(answer.body.matches("\"active\"").count(), 1, "{}", answer.body);
        let found = answer.success();
        assert_eq!((&found["active"], &found["username"], &found["department"]), (&json!(true), &json!("ada"), &json!("x")));
    }

    async fn custom_fields_are_in_userinfo_and_in_access_tokens_by_a_mapper_alone(world) {
        let realm = applied(world).await;
        let tokens = signed_in(&realm, "openid profile").await;
        let userinfo = realm.userinfo(&tokens.access).await.success();
        assert_eq!((&userinfo["department"], &userinfo["customerId"]), (&json!("engineering of alpha"), &json!("cust-alpha-1")));
        assert_eq!(userinfo["level"], json!(7), "a number stays one");
        assert!(tokens.access_claims().get("department").is_none());
        assert!(tokens.id_claims().get("department").is_none());
        let without_profile = signed_in(&realm, "openid email").await;
        assert!(realm.userinfo(&without_profile.access).await.success().get("department").is_none());
        let es = realm.es_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        assert_eq!(es.id_claims()["customerId"], "cust-alpha-1");
    }
}

fn names(claims: &Value) -> Vec<&String> {
    claims.as_object().expect("claims").keys().collect()
}
