//! Forms that are broken, repeated, too large or of another kind: a clear answer, and nothing lost by them.

use palatine_e2e::{Answer, App, Endpoint, RealmUnderTest, Tokens, form_body, on_sqlite, realms};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder};

const FORM: &str = "application/x-www-form-urlencoded";

/// The endpoints that take forms from machines.
const FOR_MACHINES: [Endpoint; 4] =
    [Endpoint::Token, Endpoint::Introspection, Endpoint::Revocation, Endpoint::DeviceAuthorization];

/// The paths below the realm's that take forms from people.
const FOR_PEOPLE: [&str; 10] = [
    "/oauth/authorize",
    "/protocol/openid-connect/auth",
    "/oauth/logout",
    "/logout/confirm",
    "/login/6ba7b810-9dad-41d1-80b4-00c04fd430c8",
    "/consent/6ba7b810-9dad-41d1-80b4-00c04fd430c8",
    "/device",
    "/account",
    "/account/password",
    "/account/sessions",
];

/// A POST of these bytes.
fn post(realm: &RealmUnderTest, path: &str, media_type: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let url = format!("{}{path}", realm.issuer());
    realm.wire().request(Method::POST, &url).header(CONTENT_TYPE, media_type).body(body)
}

/// A POST of these bytes by an application that has proved itself.
fn by_web_app(realm: &RealmUnderTest, endpoint: Endpoint, body: impl Into<reqwest::Body>) -> RequestBuilder {
    post(realm, endpoint.canonical(), FORM, body).basic_auth("web-app", Some("alpha-web-secret"))
}

async fn assert_serves(app: &App) {
    app.refresh("unheard-of").await.assert_refused(400, "invalid_grant");
}

on_sqlite! {
    async fn a_body_that_is_no_form_is_415_for_machines_and_people(world) {
        let realm = world.alpha();
        let bodies = [
            ("application/json", r#"{"grant_type":"client_credentials"}"#),
            ("text/plain", "grant_type=client_credentials"),
            ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--"),
            ("application/x-www-form-urlencoded-not", "a=b"),
            ("", "a=b"),
        ];
        for (media_type, body) in bodies {
            for endpoint in FOR_MACHINES {
                let answer = Answer::of(post(&realm, endpoint.canonical(), media_type, body)).await;
                answer.assert_refused(415, "invalid_request");
            }
            for path in FOR_PEOPLE {
                let answer = Answer::of(post(&realm, path, media_type, body)).await;
                answer.assert_page(415, "The request has the wrong format");
            }
        }
    }

    async fn a_media_type_may_have_parameters_and_any_case(world) {
        let realm = world.alpha();
        for media_type in ["application/x-www-form-urlencoded; charset=utf-8", "Application/X-WWW-Form-Urlencoded"] {
            let request = post(&realm, "/oauth/token", media_type, "grant_type=client_credentials");
            Tokens::of(&Answer::of(request.basic_auth("worker", Some("alpha-worker-secret"))).await);
        }
    }

    async fn parameters_that_are_no_text_are_refused(world) {
        let realm = world.alpha();
        for body in ["grant_type=%ff", "%ff=x", "grant_type=a%00b", "scope=%C3%28", "grant_type=%ed%a0%80"] {
            for endpoint in FOR_MACHINES {
                Answer::of(by_web_app(&realm, endpoint, body)).await.assert_refused(400, "invalid_request");
            }
            for path in FOR_PEOPLE {
                Answer::of(post(&realm, path, FORM, body)).await.assert_page(400, "The request could not be read");
            }
            let query = realm.wire().get(&format!("{}/oauth/authorize?{body}", realm.issuer())).await;
            query.assert_page(400, "The request could not be read");
        }
        let bytes = by_web_app(&realm, Endpoint::Token, vec![b'a', b'=', 0xFF, 0xFE]);
        Answer::of(bytes).await.assert_refused(400, "invalid_request");
    }

    async fn broken_escapes_are_taken_as_they_stand(world) {
        let realm = world.alpha();
        for body in ["grant_type=%", "grant_type=%zz", "grant_type=%2", "&&&=x&grant_type=%%%&&"] {
            let answer = Answer::of(by_web_app(&realm, Endpoint::Token, body)).await;
            answer.assert_refused(400, "unsupported_grant_type");
        }
    }

    async fn repeated_parameters_are_refused_and_nothing_is_used_up_by_them(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask();
        let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
        let code_form = format!("grant_type=authorization_code&code={code}&redirect_uri={}", ask.redirect_uri());
        let refresh_form = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh());
        let revocation = format!("token={}", tokens.refresh());
        let bodies = [
            (Endpoint::Token, format!("{code_form}&code={code}&code_verifier={}", ask.verifier)),
            (Endpoint::Token, format!("{code_form}&code_verifier={}&grant_type=", ask.verifier)),
            (Endpoint::Token, format!("{code_form}&code_verifier={}&unheard=1&unheard=2", ask.verifier)),
            (Endpoint::Token, format!("{refresh_form}&grant_type=refresh_token")),
            (Endpoint::Token, format!("{refresh_form}&scope=openid&scope=openid")),
            (Endpoint::Introspection, format!("{revocation}&{revocation}")),
            (Endpoint::Revocation, format!("{revocation}&token=")),
            (Endpoint::Revocation, format!("{revocation}&token_type_hint=a&token_type_hint=b")),
        ];
        for (endpoint, body) in bodies {
            Answer::of(by_web_app(&realm, endpoint, body)).await.assert_refused(400, "invalid_request");
        }
        let by_post = format!("{refresh_form}&client_id=web-app&client_secret=alpha-web-secret");
        for twice in ["client_id=web-app", "client_secret=alpha-web-secret", "client_secret="] {
            let request = post(&realm, "/oauth/token", FORM, format!("{by_post}&{twice}"));
            Answer::of(request).await.assert_refused(400, "invalid_request");
        }
        for path in ["/oauth/logout?client_id=a&client_id=b", "/oauth/authorize?client_id=web-app&client_id=web-app"] {
            let answer = realm.wire().get(&format!("{}{path}", realm.issuer())).await;
            answer.assert_page(400, "The request could not be read");
        }
        Tokens::of(&app.redeem(&code, &ask).await);
        Tokens::of(&app.refresh(tokens.refresh()).await);
    }

    async fn a_login_form_with_a_field_twice_is_refused_and_can_be_sent_again(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let ask = realm.web_app().ask();
        let visit = browser.open(&ask.url()).await;
        let form = visit.page().form().fill("username", "ada").fill("password", &realm.ada().password);
        for field in ["username", "password", "csrf"] {
            let mut fields = form.pressed("login");
            fields.push((field.to_owned(), "twice".to_owned()));
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            browser.post(form.action(), &fields).await.last().assert_page(400, "The request could not be read");
        }
        assert!(browser.submit(&form, "login").await.left().contains("code="));
    }

    async fn empty_parameters_count_as_absent(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        for form in [
            vec![("grant_type", "")],
            vec![("grant_type", "authorization_code"), ("code", "")],
            vec![("grant_type", "refresh_token"), ("refresh_token", "")],
            vec![],
        ] {
            app.post(Endpoint::Token, &form).await.assert_refused(400, "invalid_request");
        }
        for endpoint in [Endpoint::Introspection, Endpoint::Revocation] {
            app.post(endpoint, &[("token", "")]).await.assert_refused(400, "invalid_request");
        }
        let worker = realm.service("worker").app;
        let tokens = worker.client_credentials(&[("scope", ""), ("resource", ""), ("client_id", "")]).await;
        assert_eq!(Tokens::of(&tokens).scope, "orders:read");
    }

    async fn ten_megabytes_are_413_everywhere_and_the_node_goes_on(world) {
        let realm = world.alpha();
        let huge = "a".repeat(10_000_000);
        for endpoint in FOR_MACHINES.into_iter().chain([Endpoint::Userinfo]) {
            let request = post(&realm, endpoint.canonical(), FORM, format!("scope={huge}"));
            Answer::of(request).await.assert_refused(413, "invalid_request");
        }
        for path in FOR_PEOPLE {
            let page = Answer::of(post(&realm, path, FORM, format!("state={huge}"))).await;
            page.assert_page(413, "The request is too large");
        }
        assert_serves(&realm.web_app()).await;
    }

    async fn ten_megabytes_that_were_not_announced_are_413_too(world) {
        let realm = world.alpha();
        let mut raw = realm.wire().connect().await;
        let head = "POST /realms/alpha/oauth/token HTTP/1.1\r\nHost: localhost:8080\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n";
        raw.send(head).await;
        let chunk = format!("{:x}\r\n{}\r\n", 100_000, "a".repeat(100_000));
        let mut sent = 0;
        while sent < 100 && raw.send(&chunk).await {
            sent += 1;
        }
        raw.send("0\r\n\r\n").await;
        raw.answer().await.expect("an answer").assert_refused(413, "invalid_request");
        assert_serves(&realm.web_app()).await;
    }

    async fn ten_thousand_parameters_are_refused(world) {
        let realm = world.alpha();
        let many: Vec<String> = (0..10_000).map(|number| format!("p{number}=v")).collect();
        let many = many.join("&");
        for endpoint in FOR_MACHINES {
            let answer = Answer::of(by_web_app(&realm, endpoint, many.clone())).await;
            answer.assert_refused(400, "invalid_request");
            assert!(answer.body.contains("100 parameters"), "{}", answer.body);
        }
        for path in FOR_PEOPLE {
            let answer = Answer::of(post(&realm, path, FORM, many.clone())).await;
            answer.assert_page(400, "The request could not be read");
        }
        let query: Vec<&str> = many.split('&').take(6_000).collect();
        let query = realm.wire().get(&format!("{}/oauth/authorize?{}", realm.issuer(), query.join("&"))).await;
        assert_eq!(query.status, 431, "an address of 47 kB");
        let query: Vec<&str> = many.split('&').take(1_000).collect();
        let query = realm.wire().get(&format!("{}/oauth/authorize?{}", realm.issuer(), query.join("&"))).await;
        query.assert_page(400, "The request could not be read");
    }

    async fn long_and_deep_values_are_refused_without_harm(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let worker = realm.service("worker").app;
        let long = "a ".repeat(30_000);
        let answer = worker.client_credentials(&[("scope", long.trim())]).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(answer.error().starts_with("invalid_"), "{}", answer.body);
        let beyond = "a".repeat(70_000);
        app.post(Endpoint::Token, &[("grant_type", &beyond)]).await.assert_refused(400, "invalid_request");
        let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
        let deeper = "{\"userinfo\":".repeat(5_000);
        for claims in [deep, deeper] {
            let ask = app.ask().with("claims", &claims);
            let visit = realm.browser().post_from_elsewhere(&ask.endpoint, &ask.params()).await;
            assert!(visit.left().contains("error=invalid_request"), "{}", visit.left());
        }
    }

    async fn a_body_that_ends_early_harms_nobody(world) {
        let realm = world.alpha();
        let app = realm.web_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let mut raw = realm.wire().connect().await;
        let form = form_body(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh()),
            ("client_id", "web-app"),
            ("client_secret", "alpha-web-secret"),
        ]);
        let head = format!(
            "POST /realms/alpha/oauth/token HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: {FORM}\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len() + 1
        );
        raw.send(head).await;
        raw.finish().await;
        if let Some(answer) = raw.answer().await {
            assert!((400..500).contains(&answer.status), "{}", answer.status);
        }
        let rotated = world.stored_refresh_tokens().await;
        assert_eq!(rotated.len(), 1, "what did not arrive whole was not done");
        Tokens::of(&app.refresh(tokens.refresh()).await);
    }

    async fn a_broken_basic_header_is_invalid_client_with_a_challenge(world) {
        let realm = world.alpha();
        let headers: [&[u8]; 12] = [
            b"Basic",
            b"Basic ",
            b"Basic !!!!",
            b"Basic d2ViLWFwcA==",
            b"Basic OnNlY3JldA==",
            b"Basic //79OnNlY3JldA==",
            b"Basic d2ViLWFwcDphbHBoYQ==zzz",
            b"Basic d2ViAC1hcHA6eA==",
            b"Bearer abc",
            b"Digest username=\"web-app\"",
            b"Negotiate",
            b"web-app alpha-web-secret",
        ];
        for header in headers {
            for endpoint in FOR_MACHINES {
                let request = realm.wire().post_request(&realm.url(endpoint), &[("token", "x"), ("grant_type", "x")]);
                let request = request.header("authorization", HeaderValue::from_bytes(header).unwrap());
                let answer = Answer::of(request).await;
                answer.assert_refused(401, "invalid_client");
                let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
                assert!(challenge.starts_with("Basic realm="), "{challenge:?}");
            }
        }
        let long = format!("Basic {}", "QUJD".repeat(5_000));
        let request = realm.wire().post_request(&realm.url(Endpoint::Token), &[]).header("authorization", long);
        Answer::of(request).await.assert_refused(401, "invalid_client");
    }

    async fn an_authorization_header_that_comes_twice_or_is_no_text_is_invalid_request(world) {
        let realm = world.alpha();
        let right = "Basic d2ViLWFwcDphbHBoYS13ZWItc2VjcmV0";
        for endpoint in [Endpoint::Token, Endpoint::Introspection, Endpoint::Revocation, Endpoint::Userinfo] {
            let request = || realm.wire().post_request(&realm.url(endpoint), &[("token", "x")]);
            let twice = request().header("authorization", right).header("authorization", right);
            Answer::of(twice).await.assert_refused(400, "invalid_request");
            let unreadable = HeaderValue::from_bytes(b"Basic \xff\xfe").unwrap();
            Answer::of(request().header("authorization", unreadable)).await.assert_refused(400, "invalid_request");
        }
    }

    async fn a_registration_is_as_bounded_as_a_form(world) {
        let open = realms::changed(&realms::alpha(), "policy:\n", "policy:\n  registration: open\n");
        world.apply(&open).await;
        let realm = world.alpha();
        let register = async |body: String| {
            Answer::of(post(&realm, Endpoint::Registration.canonical(), "application/json", body)).await
        };
        let huge = format!("{{\"client_name\":\"{}\"}}", "a".repeat(10_000_000));
        register(huge).await.assert_refused(413, "invalid_request");
        let deep = |open: &str, close: &str| format!("{{\"jwks\":{}{}}}", open.repeat(5_000), close.repeat(5_000));
        let many: Vec<String> = (0..5_000).map(|number| format!("\"m{number}\":0")).collect();
        let uris = format!("{{\"redirect_uris\":[{}]}}", vec!["\"https://a.example/\""; 2_000].join(","));
        for body in [deep("[", "]"), deep("{\"a\":", "}"), uris, "[".repeat(50_000), "{\"a\":".repeat(10_000)] {
            register(body).await.assert_refused(400, "invalid_client_metadata");
        }
        // Members that nobody knows are ignored, also when there are many.
        register(format!("{{{}}}", many.join(","))).await.assert_refused(400, "invalid_redirect_uri");
        register("{\"redirect_uris\":[\"https://a.example/\"]}".to_owned()).await;
        assert_serves(&realm.web_app()).await;
    }

    async fn the_forms_of_an_account_are_as_bounded_for_whoever_is_signed_in(world) {
        let realm = world.alpha();
        let mut browser = realm.browser();
        let visit = browser.open(&realm.account("")).await;
        browser.sign_in_if_asked(visit, &realm.ada()).await;
        let long = "a".repeat(70_000);
        for (page, button) in [("", "save"), ("/password", "change")] {
            let visit = browser.open(&realm.account(page)).await;
            let form = visit.page().form_with(button);
            let fields = form.pressed(button);
            let names: Vec<String> = fields.iter().map(|(name, _)| name.clone()).filter(|name| name != "csrf").collect();
            for name in names {
                let fields: Vec<(&str, &str)> = fields
                    .iter()
                    .map(|(field, value)| (field.as_str(), if *field == name { &*long } else { value.as_str() }))
                    .collect();
                let answer = browser.post(form.action(), &fields).await;
                let status = answer.last().status;
                assert!((400..500).contains(&status), "{page} {name}: {status}");
            }
        }
        let deep = "[".repeat(30_000);
        let visit = browser.open(&realm.account("")).await;
        let answer = browser.submit(&visit.page().form_with("save").fill("name", &deep), "save").await;
        assert_eq!(answer.last().status, 422, "it is a long name");
        assert_eq!(browser.open(&realm.account("")).await.page().form_with("save").value("name"), "Ada Byron");
    }
}
