//! Response types with tokens in them (OAuth 2.0 Multiple Response Types; OpenID Connect Core, sections 3.2 and 3.3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use palatine_domain::audit::AuditKind;
use palatine_e2e::{
    Answered, App, Ask, Browser, ClientAuth, Landing, RealmUnderTest, Tokens, on_every_backend, on_sqlite, realms,
    seconds,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Every response type that puts a token into the response.
const FRONT_CHANNEL: [&str; 5] = ["code id_token", "code token", "code id_token token", "id_token", "id_token token"];

/// The words of a response type.
fn has(response_type: &str, word: &str) -> bool {
    response_type.split(' ').any(|found| found == word)
}

/// `at_hash` and `c_hash` of an ID token with RS256 or ES256, computed anew.
fn half_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(token.as_bytes())[..16])
}

/// The claims of an ID token, after what a relying party verifies (OpenID Connect Core, section 3.2.2.11).
async fn verified(realm: &RealmUnderTest, app: &App, ask: &Ask, id_token: &str) -> Value {
    let claims = realm.api(&app.client_id).with_typ("JWT").verify(id_token).await.expect("a good ID token");
    assert_eq!(claims["aud"], app.client_id);
    assert_eq!(claims["nonce"], ask.nonce);
    claims
}

/// Asks a browser in which somebody is signed in, and reads the answer wherever it is.
async fn answer(browser: &mut Browser, ask: &Ask) -> Answered {
    let visit = browser.open(&ask.url()).await;
    match &visit.landing {
        Landing::Posted { fields, .. } => Answered::posted(fields.clone(), ask),
        _ => Answered::at(visit.left(), ask),
    }
}

/// A request of that type.
fn ask_for(app: &App, response_type: &str) -> Ask {
    app.ask().with("response_type", response_type).scope("openid")
}

on_every_backend! {
    async fn every_response_type_carries_what_it_names_in_fragment_and_form(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        for response_type in FRONT_CHANNEL {
            for mode in ["fragment", "form_post"] {
                let ask = ask_for(&app, response_type).with("response_mode", mode);
                let answered = answer(&mut browser, &ask).await;
                let access = has(response_type, "token").then(|| answered.access_token());
                let code = has(response_type, "code").then(|| answered.code());
                if let Some(access) = access {
                    assert_eq!(answered.get("token_type"), Some("Bearer"));
                    assert_eq!(answered.get("expires_in"), Some("300"));
                    assert_eq!(answered.get("scope"), Some("openid"));
                    assert_eq!(realm.userinfo(access).await.success()["sub"], palatine_e2e::claims(access)["sub"]);
                }
                let mut sub = None;
                if has(response_type, "id_token") {
                    let claims = verified(&realm, &app, &ask, answered.id_token()).await;
                    assert_eq!(claims["at_hash"].as_str(), access.map(half_hash).as_deref(), "{response_type}");
                    assert_eq!(claims["c_hash"].as_str(), code.as_deref().map(half_hash).as_deref(), "{response_type}");
                    sub = Some(claims["sub"].clone());
                }
                let Some(code) = code else { continue };
                let tokens = Tokens::of(&app.redeem(&code, &ask).await);
                let claims = verified(&realm, &app, &ask, tokens.id()).await;
                assert_eq!(claims["at_hash"].as_str(), Some(half_hash(&tokens.access).as_str()));
                assert_eq!(claims["c_hash"], Value::Null, "no code comes beside it");
                assert!(sub.is_none_or(|sub| sub == claims["sub"]), "both are about the same person");
                tokens.refresh();
            }
        }
    }

    async fn the_reuse_of_a_code_ends_the_token_that_came_beside_it(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        let ask = ask_for(&app, "code token");
        let answered = app.authorize(&mut browser, &realm.ada(), &ask).await;
        let access = answered.access_token();
        let tokens = Tokens::of(&app.redeem(&answered.code(), &ask).await);
        assert!(app.finds_active(access).await && app.finds_active(&tokens.access).await);
        app.redeem(&answered.code(), &ask).await.assert_refused(400, "invalid_grant");
        assert!(!app.finds_active(access).await && !app.finds_active(&tokens.access).await);
        realm.userinfo(access).await.assert_refused(401, "invalid_token");
    }

    async fn of_64_uses_of_a_code_beside_a_token_one_succeeds_and_both_tokens_end(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        let ask = ask_for(&app, "code id_token token");
        let answered = app.authorize(&mut browser, &realm.ada(), &ask).await;
        let code = answered.code();
        let answers = join_all((0..64).map(|_| app.redeem(&code, &ask))).await;
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        assert_eq!(world.audit("alpha", AuditKind::CodeReused).await.len(), 63);
        for access in [answered.access_token(), &Tokens::of(won[0]).access] {
            assert!(!app.finds_active(access).await);
        }
    }

    async fn a_token_by_the_browser_ends_with_its_session_and_its_revocation(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        let ask = ask_for(&app, "id_token token");
        let first = app.authorize(&mut browser, &realm.ada(), &ask).await;
        let second = answer(&mut browser, &ask).await;
        assert_eq!(app.revoke(first.access_token()).await.status, 200);
        assert!(!app.finds_active(first.access_token()).await);
        assert!(app.finds_active(second.access_token()).await, "another grant lives on");
        let url = format!("{}?id_token_hint={}", realm.url(palatine_e2e::Endpoint::EndSession), second.id_token());
        browser.open(&url).await;
        assert!(!app.finds_active(second.access_token()).await);
        let visit = browser.open(&ask.clone().with("prompt", "none").url()).await;
        assert_eq!(Answered::at(visit.left(), &ask).error(), "login_required");
    }
}

on_sqlite! {
    async fn the_order_of_words_does_not_matter_and_the_fragment_is_the_default(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        for response_type in ["token id_token code", "id_token code", "token id_token"] {
            let ask = ask_for(&app, response_type);
            let visit = browser.open(&ask.url()).await;
            assert!(visit.left().starts_with(&format!("{}#", app.redirect_uri)), "{response_type}");
            assert_eq!(visit.last().header("cache-control"), Some("no-store"));
            Answered::at(visit.left(), &ask);
        }
    }

    async fn a_token_never_travels_in_a_query(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        for response_type in FRONT_CHANNEL {
            let ask = ask_for(&app, response_type).with("response_mode", "query");
            let visit = browser.open(&ask.url()).await;
            assert!(visit.left().starts_with(&format!("{}#", app.redirect_uri)), "{response_type}");
            assert_eq!(Answered::at(visit.left(), &ask).error(), "invalid_request");
        }
    }

    async fn a_client_asks_only_for_what_it_lists(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        realm.web_app().sign_in(&mut browser, &realm.ada()).await;
        for response_type in FRONT_CHANNEL {
            let ask = ask_for(&realm.web_app(), response_type);
            assert_eq!(answer(&mut browser, &ask).await.error(), "unauthorized_client", "{response_type}");
        }
        for response_type in ["code", "code token", "code id_token token"] {
            let ask = ask_for(&realm.page_app(), response_type);
            assert_eq!(answer(&mut browser, &ask).await.error(), "unauthorized_client", "{response_type}");
        }
        // An error about a token goes where the token would have gone.
        let ask = ask_for(&realm.web_app(), "token");
        let visit = browser.open(&ask.url()).await;
        assert!(visit.left().contains("callback#"), "{}", visit.left());
        assert_eq!(Answered::at(visit.left(), &ask).error(), "unsupported_response_type");
    }

    async fn a_nonce_is_needed_where_the_response_has_an_id_token_and_only_there(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        for response_type in FRONT_CHANNEL {
            let ask = ask_for(&app, response_type).without("nonce");
            let answered = answer(&mut browser, &ask).await;
            if has(response_type, "id_token") {
                assert_eq!(answered.error(), "invalid_request", "{response_type}");
            } else {
                let tokens = Tokens::of(&app.redeem(&answered.code(), &ask).await);
                assert_eq!(tokens.id_claims()["nonce"], Value::Null);
            }
        }
    }

    async fn an_id_token_needs_the_scope_openid(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        for response_type in ["id_token", "code id_token"] {
            let ask = ask_for(&app, response_type).scope("profile");
            assert_eq!(answer(&mut browser, &ask).await.error(), "invalid_request", "{response_type}");
        }
        let ask = ask_for(&app, "code token").scope("profile");
        let answered = answer(&mut browser, &ask).await;
        realm.userinfo(answered.access_token()).await.assert_refused(403, "insufficient_scope");
    }

    async fn a_lone_id_token_has_the_claims_of_the_scope_and_one_with_company_has_not(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        for response_type in FRONT_CHANNEL.into_iter().filter(|response_type| has(response_type, "id_token")) {
            let ask = ask_for(&app, response_type).scope("openid profile email");
            let claims = verified(&realm, &app, &ask, answer(&mut browser, &ask).await.id_token()).await;
            let is_alone = response_type == "id_token";
            assert_eq!(claims["name"].as_str(), is_alone.then_some("Ada Byron"), "{response_type}");
            assert_eq!(claims["email"].as_str(), is_alone.then_some("ada@example.com"), "{response_type}");
        }
    }

    async fn without_a_code_offline_access_is_ignored(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        let ask = ask_for(&app, "id_token token").scope("openid offline_access");
        assert_eq!(answer(&mut browser, &ask).await.get("scope"), Some("openid"));
        let ask = ask_for(&app, "code token").scope("openid offline_access");
        let mut words: Vec<String> =
            answer(&mut browser, &ask).await.get("scope").unwrap_or_default().split(' ').map(str::to_owned).collect();
        words.sort();
        assert_eq!(words, ["offline_access", "openid"]);
    }

    async fn a_public_client_needs_pkce_for_its_code_and_none_without_one(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.page_app(), realm.browser());
        let ask = ask_for(&app, "code id_token");
        let answered = app.authorize(&mut browser, &realm.ada(), &ask).await;
        let stolen = App { auth: ClientAuth::Public, ..app.clone() };
        let mut guessed = ask.clone();
        guessed.verifier = "x".repeat(43);
        stolen.redeem(&answered.code(), &guessed).await.assert_refused(400, "invalid_grant");
        Tokens::of(&app.redeem(&answered.code(), &ask).await);
        let bare = ask.without_pkce();
        assert_eq!(answer(&mut browser, &bare).await.error(), "invalid_request");
        for response_type in ["id_token", "id_token token"] {
            let ask = ask_for(&app, response_type).without_pkce();
            verified(&realm, &app, &ask, answer(&mut browser, &ask).await.id_token()).await;
        }
    }

    async fn an_access_token_by_the_browser_is_for_the_apis_of_its_scope(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        app.sign_in_for(&mut browser, &realm.ada(), "openid").await;
        let ask = ask_for(&app, "code token").scope("openid orders:read billing:read").with("resource", "orders-api");
        let answered = answer(&mut browser, &ask).await;
        let claims = realm.api("orders-api").accept(answered.access_token(), "orders:read").await.expect("for the API");
        assert_eq!(claims["token_use"], "user");
        assert!(!answered.get("scope").unwrap_or_default().contains("billing:read"));
        // These two want different kinds of tokens; a code can wait for the choice, a token cannot.
        let both = ask.with("resource", "orders-api").and("resource", "legacy-api");
        let both = both.scope("openid orders:read legacy:read");
        assert_eq!(answer(&mut browser, &both).await.error(), "invalid_target");
        answer(&mut browser, &both.with("response_type", "code")).await.code();
    }

    async fn what_is_unticked_is_in_no_token(world) {
        let document = realms::changed(
            &realms::alpha(),
            "    secret: \"alpha-hybrid-secret\"\n",
            "    secret: \"alpha-hybrid-secret\"\n    consent_required: true\n",
        );
        world.apply(&document).await;
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        let ask = ask_for(&app, "id_token token").scope("openid profile email orders:read");
        let visit = browser.open(&ask.url()).await;
        let visit = browser.sign_in_if_asked(visit, &realm.ada()).await;
        let form = visit.page().form().tick("scope", "email", false).tick("scope", "orders:read", false);
        let visit = browser.submit(&form, "accept").await;
        let answered = Answered::at(visit.left(), &ask);
        let mut words: Vec<&str> = answered.get("scope").unwrap_or_default().split(' ').collect();
        words.sort_unstable();
        assert_eq!(words, ["openid", "profile"]);
        assert_eq!(realm.userinfo(answered.access_token()).await.success()["email"], Value::Null);
    }

    async fn a_front_channel_token_expires_as_it_says(world) {
        world.holds_its_time();
        let realm = world.alpha();
        let (app, mut browser) = (realm.hybrid_app(), realm.browser());
        let ask = ask_for(&app, "id_token token");
        let answered = app.authorize(&mut browser, &realm.ada(), &ask).await;
        world.pass(seconds(299));
        assert!(app.finds_active(answered.access_token()).await);
        world.pass(seconds(2));
        assert!(!app.finds_active(answered.access_token()).await);
    }

    async fn of_another_realm_is_neither_token_nor_code(world) {
        let (alpha, beta) = (world.alpha(), world.beta());
        let app = alpha.hybrid_app();
        let ask = ask_for(&app, "code id_token token");
        let answered = app.authorize(&mut alpha.browser(), &alpha.ada(), &ask).await;
        beta.userinfo(answered.access_token()).await.assert_refused(401, "invalid_token");
        beta.hybrid_app().redeem(&answered.code(), &ask).await.assert_refused(400, "invalid_grant");
        assert!(!beta.hybrid_app().finds_active(answered.access_token()).await);
    }
}
