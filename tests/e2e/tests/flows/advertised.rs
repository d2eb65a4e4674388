//! Discovery against behaviour: every member of the document has a test that does what it says, named in a closed table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use palatine_e2e::{
    App, Backend, ClientAuth, Endpoint, KeyHolder, Person, RealmUnderTest, Tokens, World, claims, header, on_sqlite,
    realms, seconds,
};
use palatine_protocol::jwk::SigningAlgorithm;
use serde_json::{Value, json};

/// A member, and where its behaviour is tested: file and test.
const CHECKED: &[(&str, &str, &str)] = &[
    ("issuer", "discovery.rs", "the_issuer_does_not_come_from_the_request"),
    (
        "authorization_endpoint",
        "discovery.rs",
        "the_authorization_endpoint_gives_codes_and_the_token_endpoint_tokens_under_both_spellings",
    ),
    ("device_authorization_endpoint", "device.rs", "only_clients_that_an_admin_made_devices_may_ask"),
    (
        "token_endpoint",
        "discovery.rs",
        "the_authorization_endpoint_gives_codes_and_the_token_endpoint_tokens_under_both_spellings",
    ),
    ("userinfo_endpoint", "userinfo.rs", "userinfo_is_plain_for_everybody_else"),
    ("jwks_uri", "keys.rs", "every_token_names_its_key_and_verifies_with_it"),
    (
        "introspection_endpoint",
        "introspection.rs",
        "the_owner_and_a_linked_client_learn_about_a_token_and_a_stranger_does_not",
    ),
    ("revocation_endpoint", "revocation.rs", "a_revoked_refresh_token_takes_its_grant_along"),
    ("end_session_endpoint", "logout.rs", "a_hint_of_the_browsers_session_signs_out_without_asking"),
    ("check_session_iframe", "session_iframe.rs", "the_frames_may_stand_in_any_page_and_run_their_own_script_alone"),
    ("registration_endpoint", "registration.rs", "a_closed_realm_registers_nobody_and_does_not_advertise_it"),
    ("scopes_supported", "discovery.rs", "every_advertised_scope_exists"),
    ("response_types_supported", "response_types.rs", "every_response_type_carries_what_it_names_in_fragment_and_form"),
    ("response_modes_supported", "discovery.rs", "every_advertised_response_mode_answers_and_no_other"),
    ("grant_types_supported", "discovery.rs", "every_advertised_grant_is_known_and_no_other"),
    ("acr_values_supported", "advertised.rs", "every_advertised_acr_is_reached_and_no_other"),
    ("subject_types_supported", "advertised.rs", "every_advertised_subject_type_gives_a_subject_of_its_own"),
    ("id_token_signing_alg_values_supported", "discovery.rs", "every_advertised_algorithm_signs_id_tokens"),
    ("userinfo_signing_alg_values_supported", "advertised.rs", "every_advertised_algorithm_signs_userinfo"),
    ("token_endpoint_auth_methods_supported", "discovery.rs", "every_advertised_way_to_authenticate_works"),
    ("token_endpoint_auth_signing_alg_values_supported", "private_key_jwt.rs", "every_algorithm_lets_its_owner_in"),
    (
        "introspection_endpoint_auth_methods_supported",
        "advertised.rs",
        "every_advertised_way_to_authenticate_introspects_and_revokes",
    ),
    (
        "introspection_endpoint_auth_signing_alg_values_supported",
        "advertised.rs",
        "every_advertised_assertion_algorithm_introspects_and_revokes",
    ),
    (
        "revocation_endpoint_auth_methods_supported",
        "advertised.rs",
        "every_advertised_way_to_authenticate_introspects_and_revokes",
    ),
    (
        "revocation_endpoint_auth_signing_alg_values_supported",
        "advertised.rs",
        "every_advertised_assertion_algorithm_introspects_and_revokes",
    ),
    (
        "code_challenge_methods_supported",
        "discovery.rs",
        "every_advertised_prompt_and_challenge_is_taken_and_plain_is_not",
    ),
    ("prompt_values_supported", "discovery.rs", "every_advertised_prompt_and_challenge_is_taken_and_plain_is_not"),
    ("claim_types_supported", "advertised.rs", "every_advertised_claim_comes_and_as_a_normal_one"),
    ("claims_supported", "advertised.rs", "every_advertised_claim_comes_and_as_a_normal_one"),
    ("display_values_supported", "advertised.rs", "every_advertised_display_shows_the_page"),
    ("ui_locales_supported", "advertised.rs", "every_advertised_language_is_spoken"),
    ("claims_parameter_supported", "claims_parameter.rs", "a_claim_asked_for_by_name_comes_where_it_was_asked_for"),
    (
        "request_parameter_supported",
        "request_objects.rs",
        "every_advertised_algorithm_signs_requests_by_get_and_by_post",
    ),
    ("request_uri_parameter_supported", "request_objects.rs", "a_registered_request_uri_is_fetched_and_no_other"),
    ("require_request_uri_registration", "request_objects.rs", "a_registered_request_uri_is_fetched_and_no_other"),
    (
        "require_signed_request_object",
        "request_objects.rs",
        "of_a_client_that_signs_every_request_an_unsigned_one_is_refused",
    ),
    (
        "request_object_signing_alg_values_supported",
        "request_objects.rs",
        "every_advertised_algorithm_signs_requests_by_get_and_by_post",
    ),
    (
        "authorization_response_iss_parameter_supported",
        "authorize.rs",
        "every_other_mistake_is_answered_at_the_redirect_uri",
    ),
    (
        "backchannel_logout_supported",
        "back_channel_logout.rs",
        "each_client_of_a_session_is_told_once_in_its_own_words",
    ),
    (
        "backchannel_logout_session_supported",
        "back_channel_logout.rs",
        "each_client_of_a_session_is_told_once_in_its_own_words",
    ),
    (
        "frontchannel_logout_supported",
        "front_channel_logout.rs",
        "the_page_after_sign_out_loads_a_frame_of_each_client_and_leads_on",
    ),
    (
        "frontchannel_logout_session_supported",
        "front_channel_logout.rs",
        "the_page_after_sign_out_loads_a_frame_of_each_client_and_leads_on",
    ),
];

/// The words of a list, which has some.
fn words(document: &Value, name: &str) -> Vec<String> {
    let list = document[name].as_array().unwrap_or_else(|| panic!("{name} is a list"));
    assert!(!list.is_empty(), "{name}");
    list.iter().map(|word| word.as_str().expect("a word").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_member_of_the_document_has_a_test_of_what_it_says() {
    let open = realms::changed(&realms::alpha(), "policy:\n", "policy:\n  registration: open\n");
    let mut world = World::builder(Backend::Sqlite).realm(open).start().await;
    let document = world.alpha().discovery().await;
    let served: BTreeSet<&str> = document.as_object().unwrap().keys().map(String::as_str).collect();
    let checked: BTreeSet<&str> = CHECKED.iter().map(|(member, ..)| *member).collect();
    assert_eq!(checked.len(), CHECKED.len(), "each once");
    let unchecked: Vec<_> = served.difference(&checked).collect();
    let unserved: Vec<_> = checked.difference(&served).collect();
    assert!(unchecked.is_empty() && unserved.is_empty(), "unchecked: {unchecked:?}; not served: {unserved:?}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows");
    for (member, file, test) in CHECKED {
        let text = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(&format!("async fn {test}(")), "{member}: {file} has no {test}");
    }
    world.stop().await;
}

/// A client of `alpha` that signs its assertions, by this key.
fn with_keyed_client(key: &KeyHolder) -> String {
    let client = format!(
        "  keyed-app:\n    kind: web\n    auth_method: private_key_jwt\n    keys: {{jwks: {}}}\n    \
         scopes: {{default: [openid]}}\n    redirect_uris: [\"{KEYED}\"]\n  # Services.\n",
        key.jwks()
    );
    realms::changed(&realms::alpha(), "  # Services.\n", &client)
}

const KEYED: &str = "https://keyed.example.com/callback";

/// An application that authenticates in this way.
fn authenticating(realm: &RealmUnderTest, method: &str, key: &KeyHolder) -> App {
    match method {
        "client_secret_basic" => realm.web_app(),
        "client_secret_post" => realm.web_app().authenticating(ClientAuth::Post("alpha-web-secret".to_owned())),
        "private_key_jwt" => realm.keyed_app("keyed-app", key, KEYED),
        "none" => realm.spa_app(),
        other => panic!("nobody here authenticates by {other}"),
    }
}

async fn signed_in(realm: &RealmUnderTest, app: &App) -> Tokens {
    app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid").await
}

async fn introspects(realm: &RealmUnderTest, app: &App) {
    let tokens = signed_in(realm, app).await;
    assert!(app.finds_active(&tokens.access).await, "{:?}", app.auth);
}

async fn revokes(realm: &RealmUnderTest, app: &App) {
    let tokens = signed_in(realm, app).await;
    assert_eq!(realm.userinfo(&tokens.access).await.status, 200);
    assert_eq!(app.revoke(&tokens.access).await.status, 200, "{:?}", app.auth);
    realm.userinfo(&tokens.access).await.assert_refused(401, "invalid_token");
}

on_sqlite! {
    async fn every_advertised_way_to_authenticate_introspects_and_revokes(world) {
        let key = KeyHolder::new(SigningAlgorithm::ES256, "k");
        world.apply(&with_keyed_client(&key)).await;
        world.pass(seconds(60));
        let realm = world.alpha();
        let document = realm.discovery().await;
        for method in words(&document, "introspection_endpoint_auth_methods_supported") {
            introspects(&realm, &authenticating(&realm, &method, &key)).await;
        }
        for method in words(&document, "revocation_endpoint_auth_methods_supported") {
            revokes(&realm, &authenticating(&realm, &method, &key)).await;
        }
        // What is not advertised is not taken: nobody introspects by a name alone.
        let token = signed_in(&realm, &realm.spa_app()).await.access;
        realm.spa_app().introspect(&token).await.assert_refused(401, "invalid_client");
    }

    async fn every_advertised_assertion_algorithm_introspects_and_revokes(world) {
        let realm = world.alpha();
        let document = realm.discovery().await;
        let [introspection, revocation] = ["introspection", "revocation"]
            .map(|endpoint| words(&document, &format!("{endpoint}_endpoint_auth_signing_alg_values_supported")));
        assert_eq!(introspection, revocation);
        for algorithm in introspection {
            let algorithm: SigningAlgorithm = serde_json::from_value(json!(algorithm)).unwrap();
            let key = KeyHolder::new(algorithm, algorithm.as_str());
            world.apply(&with_keyed_client(&key)).await;
            world.pass(seconds(60));
            let app = authenticating(&realm, "private_key_jwt", &key);
            introspects(&realm, &app).await;
            revokes(&realm, &app).await;
        }
    }

    async fn every_advertised_acr_is_reached_and_no_other(world) {
        let realm = world.alpha();
        let advertised = words(&realm.discovery().await, "acr_values_supported");
        for acr in &advertised {
            let ask = realm.web_app().ask().with("acr_values", acr);
            let tokens = realm.web_app().sign_in_asking(&mut realm.browser(), &realm.ada(), ask).await;
            assert_eq!(tokens.id_claims()["acr"], json!(acr));
            let essential = json!({"id_token": {"acr": {"essential": true, "values": [acr]}}});
            let ask = realm.web_app().ask().with("claims", &essential.to_string());
            let tokens = realm.web_app().sign_in_asking(&mut realm.browser(), &realm.ada(), ask).await;
            assert_eq!(tokens.id_claims()["acr"], json!(acr));
        }
        for other in ["0", "2", "urn:mace:incommon:iap:silver"] {
            assert!(!advertised.iter().any(|acr| acr == other));
            let essential = json!({"id_token": {"acr": {"essential": true, "values": [other]}}});
            let ask = realm.web_app().ask().with("claims", &essential.to_string());
            let answered = realm.web_app().authorize(&mut realm.browser(), &realm.ada(), &ask).await;
            assert_eq!(answered.error(), "unmet_authentication_requirements", "{other}");
        }
    }

    async fn every_advertised_display_shows_the_page(world) {
        let realm = world.alpha();
        for display in words(&realm.discovery().await, "display_values_supported") {
            let ask = realm.web_app().ask().with("display", &display);
            let mut browser = realm.browser();
            let visit = browser.open(&ask.url()).await;
            assert_eq!(visit.page().heading(), "Sign in to Alpha", "{display}");
            let visit = browser.type_credentials(visit.page(), &realm.ada()).await;
            assert!(visit.left().contains("code="), "{display}");
        }
    }

    async fn every_advertised_language_is_spoken(world) {
        let realm = world.alpha();
        let languages = words(&realm.discovery().await, "ui_locales_supported");
        let mut headings = BTreeSet::new();
        for language in &languages {
            let visit = realm.browser().open(&realm.web_app().ask().with("ui_locales", language).url()).await;
            let page = visit.page();
            assert!(page.html.contains(&format!("<html lang=\"{language}\"")), "{language}");
            headings.insert(page.heading());
        }
        assert_eq!(headings.len(), languages.len(), "each in its own words: {headings:?}");
    }

    async fn every_advertised_subject_type_gives_a_subject_of_its_own(world) {
        let realm = world.alpha();
        let mut subjects = BTreeMap::new();
        for kind in words(&realm.discovery().await, "subject_types_supported") {
            let members = format!("subject: {{type: {kind}}}");
            world.apply(&realms::with_members(&realms::alpha(), "es-app", &members)).await;
            let sub = signed_in(&realm, &realm.es_app()).await.id_claims()["sub"].clone();
            assert_eq!(signed_in(&realm, &realm.es_app()).await.id_claims()["sub"], sub, "{kind}: always the same");
            subjects.insert(kind, sub);
        }
        let elsewhere = signed_in(&realm, &realm.web_app()).await.id_claims()["sub"].clone();
        assert_eq!(subjects.keys().collect::<Vec<_>>(), ["pairwise", "public"]);
        assert_eq!(subjects["public"], elsewhere, "the same for all clients");
        assert_ne!(subjects["pairwise"], elsewhere, "of its sector alone");
    }

    async fn every_advertised_algorithm_signs_userinfo(world) {
        let realm = world.alpha();
        for algorithm in words(&realm.discovery().await, "userinfo_signing_alg_values_supported") {
            let members = format!("userinfo_algorithm: {algorithm}");
            world.apply(&realms::with_members(&realms::alpha(), "es-app", &members)).await;
            let tokens = signed_in(&realm, &realm.es_app()).await;
            let answer = realm.userinfo(&tokens.access).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwt")));
            assert_eq!(header(&answer.body)["alg"], json!(algorithm));
            assert_eq!(claims(&answer.body)["sub"], tokens.id_claims()["sub"]);
        }
    }

    async fn every_advertised_claim_comes_and_as_a_normal_one(world) {
        // A person who has every one of them, and a client that may see it all.
        world.apply(include_str!("../../../../deploy/conformance/realm.yaml")).await;
        let realm = world.realm("conformance");
        let callback = "https://www.certification.openid.net/test/a/palatine/callback";
        let app = realm.app("conformance-1", "conformance-secret-one", callback);
        let ask = app.ask().scope("openid profile email address phone").with("response_type", "code id_token token");
        let person = Person::new("conformance@example.com", "conformance-password-123");
        let answered = app.authorize(&mut realm.browser(), &person, &ask).await;
        let tokens = Tokens::of(&app.redeem(&answered.code(), &ask).await);
        let info = realm.userinfo(&tokens.access).await.success();
        let all = [claims(answered.id_token()), tokens.id_claims(), info];
        let come: BTreeSet<&str> =
            all.iter().flat_map(|claims| claims.as_object().unwrap().keys()).map(String::as_str).collect();
        let document = realm.discovery().await;
        for claim in words(&document, "claims_supported") {
            assert!(come.contains(claim.as_str()), "{claim} is advertised and does not come: {come:?}");
        }
        assert_eq!(words(&document, "claim_types_supported"), ["normal"]);
        for other in ["_claim_names", "_claim_sources"] {
            assert!(!come.contains(other), "{other} is of aggregated or distributed claims");
        }
        assert_eq!(realm.url(Endpoint::Userinfo), document["userinfo_endpoint"]);
    }
}
