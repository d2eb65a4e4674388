//! Clients that register themselves (RFC 7591, RFC 7592; OpenID Connect Dynamic Client Registration 1.0; PROTOCOL.md
//! section 7).

use std::time::Duration;

use futures_util::future::join_all;
use palatine_domain::audit::AuditKind;
use palatine_domain::registration::InitialAccessToken;
use palatine_e2e::{
    Answer, App, Backend, ClientAuth, ClientSite, Endpoint, KeyHolder, Palatine, RealmUnderTest, Tokens, World,
    minutes, on_every_backend, on_sqlite, realms, seconds,
};
use palatine_protocol::jwk::SigningAlgorithm;
use reqwest::Method;
use serde_json::{Value, json};

const CALLBACK: &str = "https://new.example.com/callback";

/// The realm alpha with this policy of registration.
fn realm_with(policy: &str) -> String {
    let policy =
        format!("policy:\n  registration: {policy}\n  registrable_scopes: [openid, profile, email, offline_access]\n");
    realms::changed(&realms::alpha(), "policy:\n", &policy)
}

async fn open_realm(world: &World) -> RealmUnderTest {
    world.apply(&realm_with("open")).await;
    world.alpha()
}

fn metadata() -> Value {
    json!({"client_name": "New shop", "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"]})
}

async fn send(realm: &RealmUnderTest, method: Method, url: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
    let mut request = realm.wire().request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    Answer::of(request).await
}

async fn register(realm: &RealmUnderTest, token: Option<&str>, body: &Value) -> Answer {
    send(realm, Method::POST, &realm.url(Endpoint::Registration), token, Some(body)).await
}

/// What a client got when it registered.
#[track_caller]
fn created(answer: &Answer) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}"))
}

fn app(realm: &RealmUnderTest, client: &Value) -> App {
    realm.app(text(client, "client_id"), text(client, "client_secret"), CALLBACK)
}

/// Makes an initial access token, as the command does.
pub(crate) async fn initial_token(world: &World, uses_left: u32) -> String {
    let rows = world.rows("alpha").await;
    let secret = world.ambient().secret();
    let token = InitialAccessToken {
        id: world.ambient().id(),
        hash: secret.hash(),
        uses_left,
        created_at: rows.now(),
        expires_at: rows.now().plus(Duration::from_mins(10)),
    };
    rows.initial_tokens().insert(&token).await.unwrap();
    rows.commit().await.unwrap();
    secret.to_wire()
}

on_every_backend! {
    async fn a_client_registers_itself_and_signs_people_in_who_are_asked(world) {
        world.holds_its_time();
        let realm = open_realm(world).await;
        let client = created(&register(&realm, None, &metadata()).await);
        assert!(text(&client, "client_id").starts_with("c_") && text(&client, "client_id").len() == 24);
        assert_eq!(client["client_secret_expires_at"], 0);
        assert_eq!(client["client_id_issued_at"].as_i64().unwrap(), world.now().as_seconds());
        let app = app(&realm, &client);
        let mut browser = realm.browser();
        let visit = browser.open(&app.ask().scope("openid profile").url()).await;
        let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
        visit.last().assert_page(200, "New shop");
        let tokens = app.sign_in_for(&mut browser, &realm.ada(), "openid profile").await;
        assert_eq!(tokens.id_claims()["aud"], client["client_id"]);
        assert!(tokens.refresh.is_some());
        // Exactly the method that it registered.
        let post = app.authenticating(ClientAuth::Post(text(&client, "client_secret").to_owned()));
        post.refresh(tokens.refresh()).await.assert_refused(401, "invalid_client");
        assert_eq!(world.audit("alpha", AuditKind::ClientRegistered).await.len(), 1);
    }

    async fn of_64_uses_of_a_single_use_token_one_registers(world) {
        world.apply(&realm_with("token")).await;
        let (realm, token) = (world.alpha(), initial_token(world, 1).await);
        let body = metadata();
        let answers = join_all((0..64).map(|_| register(&realm, Some(&token), &body))).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
        assert_eq!((won.len(), lost.len()), (1, 63));
        for answer in lost {
            answer.assert_refused(401, "invalid_token");
        }
        assert_eq!(world.audit("alpha", AuditKind::ClientRegistered).await.len(), 1);
    }

    async fn a_client_reads_changes_and_removes_itself(world) {
        let realm = open_realm(world).await;
        let client = created(&register(&realm, None, &metadata()).await);
        let (uri, token) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
        let read = send(&realm, Method::GET, uri, Some(token), None).await.success();
        assert_eq!(read["registration_access_token"], token);
        assert!(read.get("client_secret").is_none() && read.get("client_secret_expires_at").is_none());
        for (member, value) in client.as_object().unwrap() {
            if !member.starts_with("client_secret") {
                assert_eq!(&read[member], value, "{member}");
            }
        }
        let mut change = metadata();
        change["client_id"] = client["client_id"].clone();
        change["client_name"] = "Newer shop".into();
        change["client_secret"] = client["client_secret"].clone();
        let changed = send(&realm, Method::PUT, uri, Some(token), Some(&change)).await.success();
        assert_eq!(changed["client_name"], "Newer shop");
        let next = text(&changed, "registration_access_token");
        assert_ne!(next, token);
        // The old token works for a minute more: the answer may have been lost.
        assert_eq!(send(&realm, Method::GET, uri, Some(token), None).await.success()["client_name"], "Newer shop");
        world.pass(seconds(60));
        send(&realm, Method::GET, uri, Some(token), None).await.assert_refused(401, "invalid_token");
        // The secret is the same.
        app(&realm, &client).refresh("x").await.assert_refused(400, "invalid_grant");
        assert_eq!(send(&realm, Method::DELETE, uri, Some(next), None).await.status, 204);
        send(&realm, Method::GET, uri, Some(next), None).await.assert_refused(401, "invalid_token");
        app(&realm, &client).refresh("x").await.assert_refused(401, "invalid_client");
        for kind in [AuditKind::ClientRegistrationChanged, AuditKind::ClientUnregistered] {
            assert_eq!(world.audit("alpha", kind).await.len(), 1);
        }
    }
}

on_sqlite! {
    async fn a_closed_realm_registers_nobody_and_does_not_advertise_it(world) {
        let realm = world.alpha();
        assert!(realm.discovery().await.get("registration_endpoint").is_none());
        register(&realm, None, &metadata()).await.assert_refused(403, "access_denied");
        let realm = open_realm(world).await;
        let advertised = realm.discovery().await["registration_endpoint"].clone();
        assert_eq!(advertised, realm.url(Endpoint::Registration));
        let client = created(&register(&realm, None, &metadata()).await);
        world.apply(&realms::alpha()).await;
        let (uri, token) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
        send(&realm, Method::GET, uri, Some(token), None).await.assert_refused(403, "access_denied");
    }

    async fn both_spellings_are_one_endpoint(world) {
        let realm = open_realm(world).await;
        for url in realm.urls(Endpoint::Registration) {
            let client = created(&send(&realm, Method::POST, &url, None, Some(&metadata())).await);
            let token = text(&client, "registration_access_token");
            let own = format!("{url}/{}", text(&client, "client_id"));
            assert_eq!(send(&realm, Method::GET, &own, Some(token), None).await.status, 200, "{own}");
        }
    }

    async fn a_realm_may_ask_for_a_token_with_an_expiry_and_a_count(world) {
        world.apply(&realm_with("token")).await;
        let realm = world.alpha();
        let none = register(&realm, None, &metadata()).await;
        assert_eq!((none.status, none.body.as_str()), (401, ""));
        assert!(none.header("www-authenticate").unwrap().starts_with("Bearer "));
        register(&realm, Some("made-up"), &metadata()).await.assert_refused(401, "invalid_token");
        let twice = initial_token(world, 2).await;
        // What fails uses nothing up.
        register(&realm, Some(&twice), &json!({})).await.assert_refused(400, "invalid_redirect_uri");
        for _ in 0..2 {
            created(&register(&realm, Some(&twice), &metadata()).await);
        }
        register(&realm, Some(&twice), &metadata()).await.assert_refused(401, "invalid_token");
        let late = initial_token(world, 1).await;
        world.pass(minutes(10));
        register(&realm, Some(&late), &metadata()).await.assert_refused(401, "invalid_token");
    }

    async fn what_is_left_out_is_filled_in_and_echoed(world) {
        let realm = open_realm(world).await;
        let client = created(&register(&realm, None, &json!({"redirect_uris": [CALLBACK], "made_up": 1})).await);
        for (member, value) in [
            ("grant_types", json!(["authorization_code"])),
            ("response_types", json!(["code"])),
            ("application_type", json!("web")),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("id_token_signed_response_alg", json!("RS256")),
            ("subject_type", json!("public")),
            ("require_auth_time", json!(false)),
            ("require_signed_request_object", json!(false)),
            ("scope", json!("email offline_access openid profile")),
        ] {
            let sorted = |value: &Value| {
                let mut words: Vec<String> = value.to_string().trim_matches('"').split(' ').map(str::to_owned).collect();
                words.sort();
                words
            };
            assert_eq!(sorted(&client[member]), sorted(&value), "{member}");
        }
        assert!(client.get("made_up").is_none());
    }

    async fn all_that_is_registered_comes_back(world) {
        let realm = open_realm(world).await;
        let owner = KeyHolder::new(SigningAlgorithm::ES256, "k");
        let all = json!({
            "redirect_uris": [CALLBACK],
            "response_types": ["code"],
            "grant_types": ["authorization_code"],
            "application_type": "web",
            "contacts": ["ada@example.com"],
            "client_name": "New shop",
            "logo_uri": "https://new.example.com/logo.png",
            "client_uri": "https://new.example.com/",
            "policy_uri": "https://new.example.com/policy",
            "tos_uri": "https://new.example.com/tos",
            "jwks": owner.jwks(),
            "subject_type": "pairwise",
            "id_token_signed_response_alg": "ES256",
            "userinfo_signed_response_alg": "ES256",
            "request_object_signing_alg": "ES256",
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "default_max_age": 3600,
            "require_auth_time": true,
            "require_signed_request_object": true,
            "default_acr_values": ["1"],
            "initiate_login_uri": "https://new.example.com/login",
            "request_uris": ["https://new.example.com/request"],
            "scope": "openid profile",
            "software_id": "shop",
            "software_version": "7",
            "post_logout_redirect_uris": ["https://new.example.com/bye"],
            "backchannel_logout_uri": "https://new.example.com/backchannel",
            "backchannel_logout_session_required": true,
            "frontchannel_logout_uri": "https://new.example.com/frontchannel",
            "frontchannel_logout_session_required": true,
        });
        let client = created(&register(&realm, None, &all).await);
        for (member, value) in all.as_object().unwrap() {
            assert_eq!(&client[member], value, "{member}");
        }
        assert!(client.get("client_secret").is_none());
        // And may be written back as it was read.
        let (uri, token) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
        let mut back = send(&realm, Method::GET, uri, Some(token), None).await.success();
        for ours in ["registration_access_token", "registration_client_uri", "client_id_issued_at"] {
            back.as_object_mut().unwrap().remove(ours);
        }
        let changed = send(&realm, Method::PUT, uri, Some(token), Some(&back)).await.success();
        for (member, value) in all.as_object().unwrap() {
            assert_eq!(&changed[member], value, "{member}");
        }
    }

    async fn bad_metadata_are_refused_by_the_code_of_their_kind(world) {
        let realm = open_realm(world).await;
        for (change, code) in [
            (json!({"redirect_uris": ["http://new.example.com/cb"]}), "invalid_redirect_uri"),
            (json!({"redirect_uris": ["javascript:alert(1)"]}), "invalid_redirect_uri"),
            (json!({"redirect_uris": "https://new.example.com/cb"}), "invalid_client_metadata"),
            (json!({"token_endpoint_auth_method": "client_secret_jwt"}), "invalid_client_metadata"),
            (json!({"id_token_encrypted_response_alg": "RSA-OAEP"}), "invalid_client_metadata"),
            (json!({"introspection_encrypted_response_alg": "RSA-OAEP"}), "invalid_client_metadata"),
            (json!({"authorization_encrypted_response_enc": "A128GCM"}), "invalid_client_metadata"),
            (json!({"request_object_encryption_enc": "A128GCM"}), "invalid_client_metadata"),
            (json!({"require_signed_request_object": true}), "invalid_client_metadata"),
            (json!({"scope": "openid orders:write"}), "invalid_client_metadata"),
            (json!({"grant_types": ["client_credentials"], "response_types": []}), "invalid_client_metadata"),
        ] {
            let mut body = metadata();
            for (member, value) in change.as_object().unwrap() {
                body[member] = value.clone();
            }
            register(&realm, None, &body).await.assert_refused(400, code);
        }
        let url = realm.url(Endpoint::Registration);
        let form = realm.wire().post(&url, &[("client_name", "x")]).await;
        form.assert_refused(415, "invalid_request");
        for body in ["", "{", "[]", "null"] {
            let request = realm.wire().request(Method::POST, &url).header("content-type", "application/json");
            Answer::of(request.body(body)).await.assert_refused(400, "invalid_client_metadata");
        }
        let huge = json!({"client_name": "x".repeat(1_000_000)});
        assert_eq!(register(&realm, None, &huge).await.status, 413);
    }

    async fn a_sector_document_must_list_every_redirect_uri(world) {
        let realm = open_realm(world).await;
        let site = ClientSite::open().await;
        let mut body = metadata();
        body["sector_identifier_uri"] = site.url("/sector").into();
        register(&realm, None, &body).await.assert_refused(400, "invalid_client_metadata");
        for document in [json!([]), json!(["https://other.example.com/cb"]), json!({"redirect_uris": [CALLBACK]})] {
            site.serves_json("/sector", &document);
            register(&realm, None, &body).await.assert_refused(400, "invalid_client_metadata");
        }
        site.serves_json("/sector", &json!(["https://other.example.com/cb", CALLBACK]));
        created(&register(&realm, None, &body).await);
        for uri in ["https://10.0.0.1/sector", "https://169.254.169.254/", "https://user:word@new.example.com/"] {
            body["sector_identifier_uri"] = uri.into();
            let answer = register(&realm, None, &body).await;
            answer.assert_refused(400, "invalid_client_metadata");
            assert!(!answer.body.contains("10.0.0.1"), "{}", answer.body);
        }
    }

    async fn a_registration_token_is_bound_to_its_client_and_realm(world) {
        let realm = open_realm(world).await;
        world.apply(&realms::changed(&realms::beta(), "policy:\n", "policy:\n  registration: open\n")).await;
        let (one, two) = (created(&register(&realm, None, &metadata()).await), created(&register(&realm, None, &metadata()).await));
        let token = text(&one, "registration_access_token");
        let uri = text(&two, "registration_client_uri");
        for method in [Method::GET, Method::DELETE] {
            send(&realm, method, uri, Some(token), None).await.assert_refused(401, "invalid_token");
        }
        let mut change = metadata();
        change["client_id"] = two["client_id"].clone();
        send(&realm, Method::PUT, uri, Some(token), Some(&change)).await.assert_refused(401, "invalid_token");
        let own = text(&one, "registration_client_uri");
        send(&realm, Method::PUT, own, Some(token), Some(&change)).await.assert_refused(400, "invalid_request");
        // A client that an admin made has no such token, whatever is presented.
        let made = format!("{}/web-app", realm.url(Endpoint::Registration));
        for token in [token, "alpha-web-secret"] {
            send(&realm, Method::GET, &made, Some(token), None).await.assert_refused(401, "invalid_token");
        }
        let there = own.replace("/realms/alpha/", "/realms/beta/");
        send(&realm, Method::GET, &there, Some(token), None).await.assert_refused(401, "invalid_token");
        // Other tokens are none.
        let tokens = realm.web_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        send(&realm, Method::GET, own, Some(&tokens.access), None).await.assert_refused(401, "invalid_token");
        send(&realm, Method::GET, own, Some(token), None).await.success();
    }

    async fn a_client_cannot_give_itself_what_an_admin_alone_may(world) {
        let realm = open_realm(world).await;
        let client = created(&register(&realm, None, &metadata()).await);
        let (uri, token) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
        let mut change = metadata();
        change["client_id"] = client["client_id"].clone();
        for (member, value) in [
            ("first_party", json!(true)),
            ("consent_required", json!(false)),
            ("registered", json!(false)),
            ("all_roles_in_tokens", json!(true)),
            ("roles", json!(["realm-admin"])),
            ("apis", json!(["orders-api"])),
            ("access_token_seconds", json!(86_400)),
            ("strict_auth_method", json!(false)),
        ] {
            change[member] = value;
        }
        let changed = send(&realm, Method::PUT, uri, Some(token), Some(&change)).await.success();
        let rows = world.rows("alpha").await;
        let client_id = palatine_domain::client::ClientId::parse(text(&changed, "client_id")).unwrap();
        let stored = rows.clients().by_client_id(&client_id).await.unwrap().unwrap();
        let settings = &stored.settings;
        assert!(settings.registered && settings.consent_required && settings.strict_auth_method);
        assert!(!settings.first_party && !settings.all_roles_in_tokens);
        assert!(stored.linked_apis.is_empty() && settings.access_token_seconds.is_none());
        drop(rows);
        let token = text(&changed, "registration_access_token");
        for scope in ["openid orders:read", "openid roles"] {
            change["scope"] = scope.into();
            let answer = send(&realm, Method::PUT, uri, Some(token), Some(&change)).await;
            answer.assert_refused(400, "invalid_client_metadata");
        }
    }

    async fn a_change_names_the_client_and_its_present_secret(world) {
        let realm = open_realm(world).await;
        let client = created(&register(&realm, None, &metadata()).await);
        let (uri, token) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
        let put = async |change: Value| {
            let mut body = metadata();
            for (member, value) in change.as_object().unwrap() {
                body[member] = value.clone();
            }
            send(&realm, Method::PUT, uri, Some(token), Some(&body)).await
        };
        let id = client["client_id"].clone();
        put(json!({})).await.assert_refused(400, "invalid_request");
        put(json!({"client_id": "c_other"})).await.assert_refused(400, "invalid_request");
        put(json!({"client_id": id, "client_secret": "my own choice"})).await.assert_refused(400, "invalid_request");
        for ours in ["registration_access_token", "registration_client_uri", "client_id_issued_at"] {
            put(json!({"client_id": id, ours: "x"})).await.assert_refused(400, "invalid_request");
        }
        assert_eq!(put(json!({"client_id": id})).await.status, 200);
    }

    async fn a_disabled_client_does_not_look_after_itself(world) {
        let realm = open_realm(world).await;
        let client = created(&register(&realm, None, &metadata()).await);
        let (uri, token) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
        let rows = world.rows("alpha").await;
        let client_id = palatine_domain::client::ClientId::parse(text(&client, "client_id")).unwrap();
        let mut stored = rows.clients().by_client_id(&client_id).await.unwrap().unwrap();
        stored.enabled = false;
        assert!(rows.clients().update(&stored).await.unwrap());
        rows.commit().await.unwrap();
        for method in [Method::GET, Method::DELETE] {
            send(&realm, method, uri, Some(token), None).await.assert_refused(401, "invalid_token");
        }
    }

    async fn a_public_client_gets_no_secret_and_must_use_pkce(world) {
        let realm = open_realm(world).await;
        let mut body = metadata();
        body["token_endpoint_auth_method"] = "none".into();
        let client = created(&register(&realm, None, &body).await);
        assert!(client.get("client_secret").is_none() && client.get("client_secret_expires_at").is_none());
        let app = realm.app(text(&client, "client_id"), "", CALLBACK).authenticating(ClientAuth::Public);
        let tokens = app.sign_in_for(&mut realm.browser(), &realm.ada(), "openid").await;
        Tokens::of(&app.refresh(tokens.refresh()).await);
        // With another method it gets one.
        let (uri, token) = (text(&client, "registration_client_uri"), text(&client, "registration_access_token"));
        let mut change = metadata();
        change["client_id"] = client["client_id"].clone();
        let changed = send(&realm, Method::PUT, uri, Some(token), Some(&change)).await.success();
        self::app(&realm, &changed).refresh("x").await.assert_refused(400, "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn registrations_are_limited_by_address() {
    let limited = realms::changed(
        &realm_with("open"),
        "    enabled: false\n",
        "    enabled: true\n    registration_per_minute: 2\n",
    );
    let mut world = World::builder(Backend::Sqlite).realm(limited).start().await;
    let realm = world.alpha();
    for _ in 0..2 {
        created(&register(&realm, None, &metadata()).await);
    }
    let answer = register(&realm, None, &metadata()).await;
    answer.assert_refused(429, "temporarily_unavailable");
    assert!(answer.header("retry-after").is_some());
    world.stop().await;
}

#[tokio::test]
async fn the_command_makes_a_token_that_is_shown_once() {
    let palatine = Palatine::default();
    let dev = palatine.dev("data").await;
    palatine
        .write("gated.yaml", "apiVersion: palatine/v1\nkind: Realm\nrealm: gated\npolicy:\n  registration: token\n");
    palatine.done(&["apply", "-f", "gated.yaml", "--data-dir", "data"]).await;
    let make = ["registration-token", "gated", "--expires", "1h", "--count", "2", "--data-dir", "data"];
    let token = palatine.done(&make).await.trim().to_owned();
    assert_eq!(token.len(), 43, "the token alone, so that it can be piped");
    let realm = dev.realm("gated");
    for _ in 0..2 {
        created(&register(&realm, Some(&token), &metadata()).await);
    }
    register(&realm, Some(&token), &metadata()).await.assert_refused(401, "invalid_token");
    let refusal = palatine.refused(&["registration-token", "nowhere", "--data-dir", "data"], 2).await;
    assert!(refusal.contains("there is no realm nowhere"), "{refusal}");
    dev.stop().await;
}
