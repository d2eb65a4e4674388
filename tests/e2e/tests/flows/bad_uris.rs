//! Hostile redirect URIs, of sign-in and of sign-out: a page that says so, and never a redirect.

use palatine_e2e::{Answered, Endpoint, RealmUnderTest, on_sqlite};

/// What somebody might take for `https://shop.example.com/callback`.
const LIKE_THE_REGISTERED: &[&str] = &[
    "https://shop.example.com/callback/",
    "https://shop.example.com/callback?",
    "https://shop.example.com/callback?x=y",
    "https://shop.example.com/callback#",
    "https://shop.example.com/callback#x",
    "https://shop.example.com/callbac",
    "https://shop.example.com/callback.evil",
    "https://shop.example.com/Callback",
    "https://SHOP.example.com/callback",
    "HTTPS://shop.example.com/callback",
    "http://shop.example.com/callback",
    "https://shop.example.com:443/callback",
    "https://shop.example.com:8443/callback",
    "https://shop.example.com./callback",
    "https://shop.example.com//callback",
    "https://shop.example.com/./callback",
    "https://shop.example.com/x/../callback",
    "https://shop.example.com/callback/..;/",
    "https://shop.example.com/callback/..;/evil",
    "https://shop.example.com/..;/callback",
    "https://shop.example.com/callback/%2e%2e/evil",
    "https://shop.example.com/%63allback",
    "https://shop.example.com%2Fcallback",
    "https://shop.example.com/callback%00",
    "https://shop.example.com/callback%0d%0aSet-Cookie:x=y",
    "https://shop.example.com/callback\r\nSet-Cookie: x=y",
    "https://shop.example.com\\callback",
    "https:\\\\shop.example.com\\callback",
    "https://shop.example.com\\@evil.example/callback",
    "https://shop.example.com@evil.example/callback",
    "https://user:password@shop.example.com/callback",
    "https://@shop.example.com/callback",
    "https://shop.example.com.evil.example/callback",
    "https://evil.example/https://shop.example.com/callback",
    "https://evil.example/?https://shop.example.com/callback",
    "https://evil.example#https://shop.example.com/callback",
    "https://shop\u{2024}example.com/callback",
    "https://ѕhop.example.com/callback",
    "//shop.example.com/callback",
    "/callback",
    "callback",
    "shop.example.com/callback",
    " https://shop.example.com/callback",
    "https://shop.example.com/callback ",
    "https://shop.example.com/callback https://evil.example/",
    "https://*.example.com/callback",
    "javascript:alert(1)",
    "JavaScript:alert(1)//https://shop.example.com/callback",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "about:blank",
    "urn:ietf:wg:oauth:2.0:oob",
    "http://localhost:3000/callback/",
    "http://localhost:3001/callback",
    "http://localhost/callback",
    "http://127.0.0.1:3000/callback",
    "http://localhost.evil.example:3000/callback",
    "https://localhost:3000/callback",
    "\"><script>alert(1)</script>",
    "${jndi:ldap://evil.example}",
];

/// What somebody might take for `myapp://callback`, `http://127.0.0.1/callback` or `http://[::1]/callback`.
const LIKE_THE_NATIVE: &[&str] = &[
    "myapp://callback/",
    "myapp:callback",
    "myapp:///callback",
    "MYAPP://callback",
    "myapp://callback#x",
    "myapp://callback@evil.example",
    "myappx://callback",
    "http://localhost:8123/callback",
    "http://127.0.0.1:80@evil.example/callback",
    "http://127.0.0.1:99999/callback",
    "http://127.0.0.1:0/callback",
    "http://127.0.0.1:08/callback",
    "http://127.0.0.1:/callback",
    "http://127.0.0.1:8123/callback/",
    "http://127.0.0.1:8123/callback?x=y",
    "http://127.0.0.1:8123/callback#x",
    "http://127.0.0.1.evil.example:8123/callback",
    "http://127.0.0.2:8123/callback",
    "http://127.1:8123/callback",
    "http://2130706433:8123/callback",
    "http://0x7f.0.0.1:8123/callback",
    "http://0.0.0.0:8123/callback",
    "https://127.0.0.1:8123/callback",
    "http://[::1]:8123/callback/",
    "http://[0:0:0:0:0:0:0:1]:8123/callback",
    "http://[::ffff:127.0.0.1]:8123/callback",
    "http://user@127.0.0.1:8123/callback",
];

async fn assert_refused(realm: &RealmUnderTest, client_id: &str, redirect_uri: &str) {
    let ask = realm.web_app().ask().with("client_id", client_id).with("redirect_uri", redirect_uri);
    for answer in [realm.browser().get(&ask.url()).await, realm.wire().post(&ask.endpoint, &ask.params()).await] {
        answer.assert_page(400, "Invalid parameter: redirect_uri");
        assert!(answer.header("location").is_none());
        let executable = [format!("href=\"{redirect_uri}"), format!("action=\"{redirect_uri}"), "<script>alert".into()];
        assert!(executable.iter().all(|text| !answer.body.contains(text)), "{redirect_uri}: {}", answer.body);
        assert!(!answer.headers.contains_key("set-cookie"), "{redirect_uri}");
    }
}

on_sqlite! {
    async fn a_redirect_uri_that_is_not_the_registered_one_is_refused_on_a_page(world) {
        for redirect_uri in LIKE_THE_REGISTERED {
            assert_refused(&world.alpha(), "web-app", redirect_uri).await;
        }
    }

    async fn a_native_redirect_uri_is_free_in_its_port_and_in_nothing_else(world) {
        let realm = world.alpha();
        for redirect_uri in LIKE_THE_NATIVE {
            assert_refused(&realm, "native-app", redirect_uri).await;
        }
        for good in ["myapp://callback", "http://127.0.0.1:8123/callback", "http://[::1]:1/callback", "http://127.0.0.1/callback"] {
            let mut app = realm.native_app();
            good.clone_into(&mut app.redirect_uri);
            let ask = app.ask().with("prompt", "none");
            let visit = realm.browser().open(&ask.url()).await;
            assert_eq!(Answered::at(visit.left(), &ask).error(), "login_required");
        }
    }

    async fn the_redirect_uri_of_the_token_request_is_compared_as_strictly(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let ask = app.ask();
        let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
        for redirect_uri in LIKE_THE_REGISTERED.iter().take(20) {
            let answer = app.redeem(&code, &ask.clone().with("redirect_uri", redirect_uri)).await;
            answer.assert_refused(400, "invalid_grant");
        }
    }

    async fn a_post_logout_redirect_uri_that_is_not_registered_leads_nowhere(world) {
        let realm = world.alpha();
        let (app, mut browser) = (realm.web_app(), realm.browser());
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        for uri in LIKE_THE_REGISTERED.iter().map(|uri| uri.replace("/callback", "/bye")) {
            let parameters = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", &uri)];
            let url = format!("{}?{}", realm.url(Endpoint::EndSession), palatine_e2e::form_body(&parameters));
            let answer = browser.get(&url).await;
            answer.assert_page(400, "Invalid parameter: post_logout_redirect_uri");
        }
        let callback = [("id_token_hint", tokens.id()), ("post_logout_redirect_uri", app.redirect_uri.as_str())];
        let url = format!("{}?{}", realm.url(Endpoint::EndSession), palatine_e2e::form_body(&callback));
        browser.get(&url).await.assert_page(400, "Invalid parameter: post_logout_redirect_uri");
        assert!(browser.open(&app.ask().with("prompt", "none").url()).await.left().contains("code="));
    }
}
