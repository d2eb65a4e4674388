//! Discovery: what the document says, and that what it says works (OpenID Connect Discovery; RFC 8414).

use palatine_domain::tenant::TenantState;
use palatine_e2e::{
    Answer, Answered, App, Backend, ClientAuth, Endpoint, Landing, Tokens, World, header, on_sqlite, realms,
};
use reqwest::Method;
use serde_json::Value;

/// The words of a list.
fn words(document: &Value, name: &str) -> Vec<String> {
    let list = document[name].as_array().unwrap_or_else(|| panic!("{name} is a list"));
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

on_sqlite! {
    async fn both_spellings_give_the_same_document(world) {
        let realm = world.alpha();
        let openid = realm.wire().get(&realm.url(Endpoint::Discovery)).await;
        let oauth = realm.wire().get("/.well-known/oauth-authorization-server/realms/alpha").await;
        assert_eq!(openid.success(), oauth.success());
        assert_eq!(openid.success()["issuer"], realm.issuer());
        for answer in [openid, oauth] {
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        }
    }

    async fn the_issuer_does_not_come_from_the_request(world) {
        let realm = world.alpha();
        let request = realm.wire().request(Method::GET, &realm.url(Endpoint::Discovery));
        let forged = request
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https")
            .header("forwarded", "host=evil.example;proto=https");
        assert_eq!(Answer::of(forged).await.success()["issuer"], realm.issuer());
    }

    async fn every_advertised_url_is_served(world) {
        let realm = world.alpha();
        let document = realm.discovery().await;
        let is_url = |name: &str| name.ends_with("_endpoint") || ["jwks_uri", "check_session_iframe"].contains(&name);
        let urls = document.as_object().unwrap().iter().filter(|(name, _)| is_url(name));
        let mut served = 0;
        for url in urls.filter_map(|(_, value)| value.as_str()) {
            assert!(url.starts_with(&realm.issuer()), "{url}");
            let got = realm.wire().get(url).await.status;
            let posted = realm.wire().post(url, &[]).await.status;
            assert!(![404, 405].contains(&got) || ![404, 405].contains(&posted), "{url}: {got}, {posted}");
            served += 1;
        }
        assert_eq!(served, 9);
    }

    async fn the_authorization_endpoint_gives_codes_and_the_token_endpoint_tokens_under_both_spellings(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let authorization = realm.urls(Endpoint::Authorization);
        let token = realm.urls(Endpoint::Token);
        assert_eq!((authorization.len(), token.len()), (2, 2));
        for (authorization, token) in authorization.into_iter().zip(token) {
            let mut ask = app.ask();
            ask.endpoint = authorization;
            let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
            let form = [
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", ask.redirect_uri()),
                ("code_verifier", &ask.verifier),
            ];
            Tokens::of(&app.post_to(&token, &form).await);
        }
    }

    async fn every_advertised_response_mode_answers_and_no_other(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        app.sign_in(&mut browser, &realm.ada()).await;
        for mode in words(&realm.discovery().await, "response_modes_supported") {
            let ask = app.ask().with("response_mode", &mode);
            let visit = browser.open(&ask.url()).await;
            let answered = match mode.as_str() {
                "form_post" => Answered::posted(visit.posted().1, &ask),
                _ => Answered::at(visit.left(), &ask),
            };
            assert!(!answered.code().is_empty(), "{mode}");
        }
        let ask = app.ask().with("response_mode", "jwt");
        assert_eq!(Answered::at(browser.open(&ask.url()).await.left(), &ask).error(), "invalid_request");
    }

    async fn response_types_that_are_not_advertised_are_refused(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let advertised = words(&realm.discovery().await, "response_types_supported");
        for kind in ["token", "none", "code none", "code code", "xyz"] {
            assert!(!advertised.iter().any(|known| known == kind));
            let ask = app.ask().with("response_type", kind);
            let visit = browser.open(&ask.url()).await;
            assert_eq!(Answered::at(visit.left(), &ask).error(), "unsupported_response_type", "{kind}");
        }
    }

    async fn every_advertised_response_type_mode_and_prompt_go_together_as_advertised(world) {
        let realm = world.alpha();
        let document = realm.discovery().await;
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        let [types, modes, prompts] = ["response_types_supported", "response_modes_supported", "prompt_values_supported"]
            .map(|name| words(&document, name));
        assert_eq!((types.len(), modes.len(), prompts.len()), (6, 3, 4));
        for (kind, mode) in types.iter().flat_map(|kind| modes.iter().map(move |mode| (kind, mode))) {
            for prompt in &prompts {
                let ask = app.ask().scope("openid").with("response_type", kind).with("response_mode", mode);
                let ask = ask.with("prompt", prompt);
                let mut visit = browser.open(&ask.url()).await;
                if mode == "query" && kind != "code" {
                    assert_eq!(Answered::at(visit.left(), &ask).error(), "invalid_request", "{kind}");
                    continue;
                }
                if prompt == "select_account" {
                    visit = browser.submit(&visit.page().form(), "continue").await;
                }
                let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
                let visit = browser.consent_if_asked(visit).await;
                let answered = match (mode.as_str(), visit.landing) {
                    ("form_post", Landing::Posted { fields, .. }) => Answered::posted(fields, &ask),
                    ("query" | "fragment", Landing::Left(url)) => Answered::at(&url, &ask),
                    (_, landing) => panic!("{kind} {mode} {prompt}: {landing:?}"),
                };
                assert_eq!(answered.get("error"), None, "{kind} {mode} {prompt}");
            }
        }
    }

    async fn every_advertised_grant_is_known_and_no_other(world) {
        let app = world.alpha().web_app();
        let advertised = words(&world.alpha().discovery().await, "grant_types_supported");
        for grant in &advertised {
            // RFC 6749, section 4.2: the implicit grant has no token request.
            if grant == "implicit" {
                continue;
            }
            let code = app.post(Endpoint::Token, &[("grant_type", grant)]).await.error();
            assert_ne!(code, "unsupported_grant_type", "{grant}");
        }
        for grant in ["implicit", "xyz"] {
            assert!(grant == "implicit" || !advertised.iter().any(|known| known == grant));
            app.post(Endpoint::Token, &[("grant_type", grant)]).await.assert_refused(400, "unsupported_grant_type");
        }
    }

    async fn every_advertised_way_to_authenticate_works(world) {
        let realm = world.alpha();
        let advertised = words(&realm.discovery().await, "token_endpoint_auth_methods_supported");
        // `private_key_jwt.rs` shows that the third works.
        assert_eq!(advertised, ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
        let secret = "alpha-web-secret".to_owned();
        let web = realm.web_app();
        let apps = [web.clone(), web.authenticating(ClientAuth::Post(secret)), realm.native_app()];
        for app in apps {
            let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
            Tokens::of(&app.refresh(tokens.refresh()).await);
        }
        let assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let form = [("grant_type", "client_credentials"), ("client_assertion_type", assertion), ("client_assertion", "x")];
        let nobody = web.authenticating(ClientAuth::Nothing);
        nobody.post(Endpoint::Token, &form).await.assert_refused(401, "invalid_client");
    }

    async fn every_advertised_prompt_and_challenge_is_taken_and_plain_is_not(world) {
        let realm = world.alpha();
        let document = realm.discovery().await;
        let app = realm.web_app();
        for prompt in words(&document, "prompt_values_supported") {
            let mut browser = realm.browser();
            app.sign_in(&mut browser, &realm.ada()).await;
            let ask = app.ask().with("prompt", &prompt);
            let mut visit = browser.open(&ask.url()).await;
            if prompt == "select_account" {
                visit = browser.submit(&visit.page().form(), "continue").await;
            }
            let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
            let visit = browser.consent_if_asked(visit).await;
            assert!(!Answered::at(visit.left(), &ask).code().is_empty(), "{prompt}");
        }
        assert_eq!(words(&document, "code_challenge_methods_supported"), ["S256"]);
        let ask = app.ask();
        let plain = ask.clone().with("code_challenge", &ask.verifier).with("code_challenge_method", "plain");
        let visit = realm.browser().open(&plain.url()).await;
        assert_eq!(Answered::at(visit.left(), &plain).error(), "invalid_request");
    }

    async fn every_advertised_algorithm_signs_id_tokens(world) {
        let realm = world.alpha();
        let advertised = words(&realm.discovery().await, "id_token_signing_alg_values_supported");
        assert_eq!(advertised, ["RS256", "ES256", "PS256", "EdDSA"]);
        for algorithm in &advertised {
            let with = format!("id_token_algorithm: {algorithm}");
            world.apply(&realms::changed(&realms::alpha(), "id_token_algorithm: ES256", &with)).await;
            let tokens = realm.es_app().sign_in(&mut realm.browser(), &realm.ada()).await;
            assert_eq!(&header(tokens.id())["alg"], algorithm.as_str());
        }
    }

    async fn every_advertised_scope_exists(world) {
        let realm = world.alpha();
        let scopes = words(&realm.discovery().await, "scopes_supported");
        let document = realms::changed(
            &realms::alpha(),
            "optional: [offline_access, phone, address,",
            "optional: [offline_access, phone, address, roles, groups,",
        );
        world.apply(&document).await;
        let tokens = realm.web_app().sign_in_for(&mut realm.browser(), &realm.ada(), &scopes.join(" ")).await;
        let mut sorted: Vec<&str> = scopes.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        assert_eq!(tokens.scopes(), sorted);
    }

    async fn a_name_that_is_not_the_slug_names_no_realm(world) {
        let wire = world.alpha().wire().clone();
        for slug in ["nobody", "ALPHA", "Alpha", "%61lpha", "alpha%20", "alpha%2f", "system%00"] {
            for path in Endpoint::Discovery.paths().iter().chain(Endpoint::Token.paths()) {
                let answer = wire.get(&format!("/realms/{slug}{path}")).await;
                assert_eq!(answer.status, 404, "{slug}{path}");
            }
            let answer = wire.get(&format!("/.well-known/oauth-authorization-server/realms/{slug}")).await;
            assert_eq!(answer.status, 404, "{slug}");
        }
    }

    async fn a_suspended_realm_still_publishes_its_documents(world) {
        let realm = world.alpha();
        let before = realm.jwks().await;
        world.set_state("alpha", TenantState::Suspended).await;
        assert_eq!(realm.jwks().await, before);
        assert_eq!(realm.discovery().await["issuer"], realm.issuer());
    }

    async fn the_realm_says_what_it_is_with_and_without_a_slash(world) {
        let realm = world.alpha();
        let info = realm.wire().get(&realm.issuer()).await.success();
        assert_eq!(realm.wire().get(&format!("{}/", realm.issuer())).await.success(), info);
        assert_eq!(info["realm"], "alpha");
        assert!(info["public_key"].as_str().is_some_and(|key| key.len() > 300), "{info}");
        assert_eq!(info["token-service"], format!("{}/protocol/openid-connect", realm.issuer()));
        assert!(info["account-service"].is_string(), "{info}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_prefix_belongs_to_the_issuer_and_to_every_url() {
    let world =
        World::builder(Backend::Sqlite).public_url("https://id.example.com/auth").realm(realms::alpha()).start();
    let mut world = world.await;
    let realm = world.alpha();
    assert_eq!(realm.issuer(), "https://id.example.com/auth/realms/alpha");
    let document = realm.discovery().await;
    assert_eq!(document["issuer"], realm.issuer());
    let oauth = realm.wire().get("/.well-known/oauth-authorization-server/auth/realms/alpha").await;
    assert_eq!(oauth.success(), document);
    assert_eq!(realm.wire().get("/realms/alpha/.well-known/openid-configuration").await.status, 404);
    let app: App = realm.web_app();
    let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
    assert_eq!(tokens.access_claims()["iss"], realm.issuer());
    world.stop().await;
}
