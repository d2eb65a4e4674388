//! The `claims` parameter (OpenID Connect Core, section 5.5): what is asked for by name, and what must hold.

use palatine_e2e::{Answered, App, Endpoint, RealmUnderTest, Tokens, claims, on_every_backend, on_sqlite, realms};
use serde_json::{Value, json};

/// The subject by which clients know somebody.
async fn subject_of(realm: &RealmUnderTest, person: &palatine_e2e::Person) -> String {
    let tokens = realm.web_app().sign_in(&mut realm.browser(), person).await;
    tokens.id_claims()["sub"].as_str().unwrap_or_default().to_owned()
}

/// Signs Ada in, asking for no scope but `openid` and for these claims.
async fn asking(realm: &RealmUnderTest, app: &App, asked: &Value) -> Tokens {
    let ask = app.ask().scope("openid").with("claims", &asked.to_string());
    app.sign_in_asking(&mut realm.browser(), &realm.ada(), ask).await
}

on_every_backend! {
    async fn a_claim_asked_for_by_name_comes_where_it_was_asked_for(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let asked = json!({
            "userinfo": {"email": {"essential": true}, "customerId": null},
            "id_token": {"name": null, "auth_time": {"essential": true}},
        });
        let tokens = asking(&realm, &app, &asked).await;
        assert_eq!(tokens.scope, "openid", "the scope itself is not granted");
        let told = |claims: &Value| {
            ["name", "given_name", "email", "email_verified", "customerId"]
                .into_iter()
                .filter(|claim| claims.get(claim).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&tokens.id_claims()), ["name"]);
        assert!(tokens.id_claims()["auth_time"].is_i64());
        let userinfo = realm.userinfo(&tokens.access).await.success();
        assert_eq!(told(&userinfo), ["email", "customerId"]);
        assert_eq!((&userinfo["email"], &userinfo["customerId"]), (&json!("ada@example.com"), &json!("cust-alpha-1")));
        assert!(told(&tokens.access_claims()).is_empty());
        let renewed = Tokens::of(&app.refresh(tokens.refresh()).await);
        assert_eq!(told(&renewed.id_claims()), ["name"], "the grant remembers");
        assert_eq!(told(&realm.userinfo(&renewed.access).await.success()), ["email", "customerId"]);
    }

    async fn by_the_browser_too(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        let asked = json!({"userinfo": {"email": null}, "id_token": {"name": null}}).to_string();
        let ask = app.ask().scope("openid").with("response_type", "code id_token token").with("claims", &asked);
        let answered = app.authorize(&mut browser, &realm.ada(), &ask).await;
        assert_eq!(claims(answered.id_token())["name"], "Ada Byron");
        assert_eq!(claims(answered.id_token())["email"], Value::Null);
        assert_eq!(realm.userinfo(answered.access_token()).await.success()["email"], "ada@example.com");
        let tokens = Tokens::of(&app.redeem(&answered.code(), &ask).await);
        assert_eq!(tokens.id_claims()["name"], "Ada Byron");
    }

    async fn a_name_needs_the_consent_that_its_scope_needs(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let asked = json!({"userinfo": {"email": null, "name": null}}).to_string();
        let ask = app.ask().scope("openid").with("claims", &asked);
        let visit = browser.open(&ask.url()).await;
        let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
        let mut boxes: Vec<String> = visit.page().form().boxes("scope").into_iter().map(str::to_owned).collect();
        boxes.sort();
        assert_eq!(boxes, ["email", "profile"]);
        let form = visit.page().form().tick("scope", "email", false);
        let visit = browser.submit(&form, "accept").await;
        let tokens = Tokens::of(&app.redeem(&Answered::at(visit.left(), &ask).code(), &ask).await);
        let userinfo = realm.userinfo(&tokens.access).await.success();
        assert_eq!((&userinfo["name"], &userinfo["email"]), (&json!("Ada Byron"), &Value::Null));
        // What was allowed is remembered, and what was left out too: asked again, the client gets as much as before.
        let silent = ask.clone().with("prompt", "none");
        let tokens = Tokens::of(&app.redeem(&Answered::at(browser.open(&silent.url()).await.left(), &silent).code(), &silent).await);
        let userinfo = realm.userinfo(&tokens.access).await.success();
        assert_eq!((&userinfo["name"], &userinfo["email"]), (&json!("Ada Byron"), &Value::Null));
        // Only a question that was asked for opens it anew.
        let anew = ask.with("prompt", "consent");
        assert_eq!(browser.open(&anew.url()).await.page().heading(), "Partner reports wants to use your account");
    }
}

on_sqlite! {
    async fn no_name_releases_what_the_client_may_not_have(world) {
        let realm = world.alpha();
        let asked = json!({"userinfo": {"email": null, "name": null}, "id_token": {"email": {"essential": true}}});
        let app = realm.app("strict-app", "alpha-strict-secret", "https://strict.example.com/callback");
        let app = app.authenticating(palatine_e2e::ClientAuth::Post("alpha-strict-secret".into()));
        let tokens = asking(&realm, &app, &asked).await;
        assert_eq!(tokens.id_claims()["email"], Value::Null);
        let userinfo = realm.userinfo(&tokens.access).await.success();
        assert_eq!(userinfo.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    }

    async fn what_an_admin_takes_away_a_name_no_longer_releases(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = asking(&realm, &app, &json!({"userinfo": {"email": null}, "id_token": {"email": null}})).await;
        assert_eq!(tokens.id_claims()["email"], "ada@example.com");
        world.apply(&realms::changed(&realms::alpha(), "default: [openid, profile, email]\n      optional: [offline", "default: [openid, profile]\n      optional: [offline")).await;
        assert_eq!(realm.userinfo(&tokens.access).await.success()["email"], Value::Null);
        assert_eq!(Tokens::of(&app.refresh(tokens.refresh()).await).id_claims()["email"], Value::Null);
    }

    async fn without_openid_a_name_means_nothing(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.partner_app(), realm.browser());
        let asked = json!({"userinfo": {"email": null}}).to_string();
        let ask = app.ask().scope("profile").with("claims", &asked);
        let visit = browser.open(&ask.url()).await;
        let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
        assert_eq!(visit.page().form().boxes("scope"), ["profile"]);
    }

    async fn a_name_of_the_protocol_or_of_nobody_adds_nothing(world) {
        let realm = world.alpha();
        let names = ["token_use", "scope", "realm_access", "roles", "groups", "client_id", "nonsense", "__proto__", "sub", "iss", "aud", "exp"];
        let member: serde_json::Map<String, Value> =
            names.iter().map(|&name| (name.to_owned(), json!({"essential": true}))).collect();
        let asked = json!({"userinfo": member, "id_token": member, "unknown": {"x": 1}});
        let tokens = asking(&realm, &realm.web_app(), &asked).await;
        let plain = asking(&realm, &realm.web_app(), &json!({})).await;
        let keys = |claims: Value| claims.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(tokens.id_claims()), keys(plain.id_claims()));
        assert_eq!(keys(realm.userinfo(&tokens.access).await.success()), ["sub"]);
    }

    async fn a_subject_that_is_named_must_be_the_one(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let (ada, grace) = (subject_of(&realm, &realm.ada()).await, subject_of(&realm, &realm.grace()).await);
        app.sign_in(&mut browser, &realm.ada()).await;
        let naming = |sub: &str| json!({"id_token": {"sub": {"value": sub}}}).to_string();
        let same = app.ask().with("claims", &naming(&ada)).with("prompt", "none");
        Answered::at(browser.open(&same.url()).await.left(), &same).code();
        let several = json!({"userinfo": {"sub": {"values": [ada, "nobody"]}}}).to_string();
        let several = same.clone().with("claims", &several);
        Answered::at(browser.open(&several.url()).await.left(), &several).code();
        for other in [naming(&grace), naming("nobody"), json!({"id_token": {"sub": {"value": 7}}}).to_string()] {
            let other = same.clone().with("claims", &other);
            assert_eq!(Answered::at(browser.open(&other.url()).await.left(), &other).error(), "login_required");
        }
        // Somebody is there to be asked: the one who is meant may sign in, and nobody else.
        let ask = app.ask().with("claims", &naming(&grace));
        let visit = browser.open(&ask.url()).await;
        let wrong = browser.type_credentials(visit.page(), &realm.ada()).await;
        assert_eq!(Answered::at(wrong.left(), &ask).error(), "login_required");
        let right = app.sign_in_asking(&mut browser, &realm.grace(), ask).await;
        assert_eq!(right.id_claims()["sub"], json!(grace));
    }

    async fn an_essential_acr_is_met_or_refused_and_a_voluntary_one_is_a_wish(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let acr = |how: Value| json!({"id_token": {"acr": how}}).to_string();
        for unmet in [json!({"essential": true, "value": "2"}), json!({"essential": true, "values": ["2", "urn:loa:3"]})] {
            for prompt in ["", "none"] {
                let ask = app.ask().with("claims", &acr(unmet.clone())).with("prompt", prompt);
                let visit = browser.open(&ask.url()).await;
                let error = Answered::at(visit.left(), &ask).error().to_owned();
                assert_eq!(error, "unmet_authentication_requirements", "{unmet}");
            }
        }
        let met = [json!({"essential": true, "values": ["2", "1"]}), json!({"essential": true}), json!({"value": "2"}), Value::Null];
        for how in met {
            let ask = app.ask().with("claims", &acr(how));
            let tokens = app.sign_in_asking(&mut browser, &realm.ada(), ask).await;
            assert_eq!(tokens.id_claims()["acr"], "1", "what the session proved");
        }
        let wish = app.ask().with("acr_values", "2 urn:loa:3");
        assert_eq!(app.sign_in_asking(&mut browser, &realm.ada(), wish).await.id_claims()["acr"], "1");
    }

    async fn hostile_claims_are_refused_at_the_redirect_uri(world) {
        let realm = world.alpha();
        let deep = format!("{}null{}", "{\"userinfo\":".repeat(1_200), "}".repeat(1_200));
        let wide: Vec<String> = (0..101).map(|number| format!("\"c{number}\":null")).collect();
        let wide = format!("{{\"userinfo\":{{{}}}}}", wide.join(","));
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(16 * 1024));
        let arrays = format!("{}{}", "[".repeat(8_000), "]".repeat(8_000));
        for asked in [deep.as_str(), &wide, &long, &arrays, "[]", "{", "null", "{\"id_token\":[]}"] {
            let ask = realm.web_app().ask().with("claims", asked);
            // By POST: some of them are longer than any URL.
            let visit = realm.browser().post_from_elsewhere(&realm.url(Endpoint::Authorization), &ask.params()).await;
            assert_eq!(Answered::at(visit.left(), &ask).error(), "invalid_request", "{}", &asked[..asked.len().min(40)]);
        }
        let largest = format!("{{\"x\":\"{}\"}}", "x".repeat(16 * 1024 - 8));
        let ask = realm.web_app().ask().with("claims", &largest);
        let visit = realm.browser().post_from_elsewhere(&realm.url(Endpoint::Authorization), &ask.params()).await;
        assert_eq!(visit.page().heading(), "Sign in to Alpha");
    }
}
