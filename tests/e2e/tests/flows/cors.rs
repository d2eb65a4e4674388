//! Scripts of other origins (PROTOCOL.md section 9): the exact origin, and only if the client lists it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_e2e::{Answer, App, Endpoint, RealmUnderTest, form_body, on_sqlite, realms};
use reqwest::Method;

const SPA: &str = "https://spa.example.com";

/// What the answer lets scripts of other origins do.
#[derive(Debug, PartialEq, Eq)]
struct Shared {
    origin: Option<String>,
    credentials: Option<String>,
}

fn shared(answer: &Answer) -> Shared {
    let text = |name: &str| answer.header(name).map(str::to_owned);
    Shared { origin: text("access-control-allow-origin"), credentials: text("access-control-allow-credentials") }
}

fn with(origin: &str) -> Shared {
    Shared { origin: Some(origin.to_owned()), credentials: Some("true".to_owned()) }
}

const NOT: Shared = Shared { origin: None, credentials: None };

async fn preflight(realm: &RealmUnderTest, endpoint: Endpoint, origin: &str) -> Answer {
    preflight_of(realm, &realm.url(endpoint), origin).await
}

async fn preflight_of(realm: &RealmUnderTest, url: &str, origin: &str) -> Answer {
    let request = realm.wire().request(Method::OPTIONS, url);
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    Answer::of(request.header("access-control-request-headers", "authorization,content-type")).await
}

async fn post(app: &App, endpoint: Endpoint, origin: &str, form: &[(&str, &str)]) -> Answer {
    Answer::of(app.request(&endpoint.url(&app.issuer), form).header("origin", origin)).await
}

const BY_CLIENT: [Endpoint; 4] = [Endpoint::Token, Endpoint::Userinfo, Endpoint::Introspection, Endpoint::Revocation];

on_sqlite! {
    async fn a_preflight_is_answered_for_the_origins_of_the_realms_clients(world) {
        let realm = world.alpha();
        for endpoint in BY_CLIENT {
            for origin in [SPA, "https://shop.example.com", "http://localhost:3000"] {
                let answer = preflight(&realm, endpoint, origin).await;
                assert_eq!((answer.status, shared(&answer)), (204, with(origin)), "{endpoint:?}");
                assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST, PUT, DELETE"));
                let headers = "Authorization, Content-Type, Accept, DPoP, X-Requested-With";
                assert_eq!(answer.header("access-control-allow-headers"), Some(headers));
                assert_eq!(answer.header("access-control-max-age"), Some("600"));
                assert_eq!(answer.header("vary"), Some("Origin"));
            }
            for origin in ["https://evil.example", "null", "http://spa.example.com", "https://spa.example.com:444"] {
                let answer = preflight(&realm, endpoint, origin).await;
                assert_eq!(shared(&answer), NOT, "{endpoint:?} {origin}");
                assert_eq!(answer.header("access-control-allow-methods"), None);
            }
        }
        assert_eq!(shared(&preflight(&world.realm("beta"), Endpoint::Token, SPA).await), with(SPA), "its own spa-app");
    }

    async fn an_answer_is_readable_by_its_own_clients_origins_alone(world) {
        let realm = world.alpha();
        let app = realm.spa_app();
        let tokens = app.sign_in(&mut realm.browser(), &realm.ada()).await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
        let answer = post(&app, Endpoint::Token, SPA, &form).await;
        assert_eq!((answer.status, shared(&answer)), (200, with(SPA)));
        assert_eq!(answer.header("access-control-expose-headers"), Some("WWW-Authenticate, DPoP-Nonce, Retry-After"));
        // Another client's origin, although a preflight lets it ask.
        let answer = post(&app, Endpoint::Token, "https://shop.example.com", &form).await;
        assert_eq!(shared(&answer), NOT);
        assert_eq!(answer.header("vary"), Some("Origin"));
    }

    async fn errors_are_readable_too(world) {
        let realm = world.alpha();
        let app = realm.spa_app();
        let wrong = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let answer = post(&app, Endpoint::Token, SPA, &wrong).await;
        assert_eq!((answer.status, shared(&answer)), (400, with(SPA)));
        let shop = "https://shop.example.com";
        let impostor = realm.app("web-app", "wrong", "");
        let answer = post(&impostor, Endpoint::Token, shop, &wrong).await;
        assert_eq!((answer.status, shared(&answer)), (401, with(shop)));
        let answer = post(&app, Endpoint::Revocation, SPA, &[]).await;
        assert_eq!((answer.status, shared(&answer)), (400, with(SPA)));
        let nobody = realm.app("nobody", "x", "");
        assert_eq!(shared(&post(&nobody, Endpoint::Token, SPA, &wrong).await), NOT);
    }

    async fn credentials_that_cannot_be_taken_are_refused_readably_for_the_client_they_name(world) {
        let realm = world.alpha();
        let basic = |id: &str| format!("Basic {}", STANDARD.encode(format!("{id}:x")));
        let shop = "https://shop.example.com";
        let refused = [
            // Two methods at once.
            (vec![basic("web-app")], vec![("client_id", "web-app"), ("client_secret", "x")], shop),
            (vec![], vec![("client_id", "spa-app"), ("client_secret", "x"), ("client_assertion", "x")], SPA),
            // Two names: either may read that.
            (vec![basic("web-app")], vec![("client_id", "spa-app")], shop),
            (vec![basic("web-app")], vec![("client_id", "spa-app")], SPA),
            (vec![], vec![("client_id", "spa-app"), ("client_id", "spa-app")], SPA),
            (vec![basic("web-app"), basic("web-app")], vec![], shop),
        ];
        for (headers, mut form, origin) in refused {
            form.push(("grant_type", "client_credentials"));
            for endpoint in [Endpoint::Token, Endpoint::Revocation, Endpoint::Introspection] {
                let ask = async |origin: &str| {
                    let request = realm.wire().request(Method::POST, &realm.url(endpoint)).header("origin", origin);
                    let request = headers.iter().fold(request, |request, value| request.header("authorization", value));
                    let request = request.header("content-type", "application/x-www-form-urlencoded");
                    Answer::of(request.body(form_body(&form))).await
                };
                let answer = ask(origin).await;
                answer.assert_refused(400, "invalid_request");
                assert_eq!(shared(&answer), with(origin), "{endpoint:?} {form:?}");
                assert_eq!(shared(&ask("https://evil.example").await), NOT, "{endpoint:?} {form:?}");
            }
        }
    }

    async fn userinfo_is_readable_by_the_origins_of_the_tokens_client(world) {
        let realm = world.alpha();
        let tokens = realm.spa_app().sign_in(&mut realm.browser(), &realm.ada()).await;
        for (origin, expected) in [(SPA, with(SPA)), ("https://shop.example.com", NOT), ("null", NOT)] {
            let request = realm.wire().request(Method::GET, &realm.url(Endpoint::Userinfo));
            let answer = Answer::of(request.bearer_auth(&tokens.access).header("origin", origin)).await;
            assert_eq!((answer.status, shared(&answer)), (200, expected), "{origin}");
        }
    }

    async fn public_documents_are_for_everybody_without_credentials(world) {
        let realm = world.alpha();
        let anyone = || Shared { origin: Some("*".to_owned()), credentials: None };
        let oauth = "/.well-known/oauth-authorization-server/realms/alpha".to_owned();
        let urls = [realm.url(Endpoint::Discovery), realm.url(Endpoint::Jwks), oauth];
        for url in &urls {
            let request = realm.wire().request(Method::GET, url).header("origin", "https://evil.example");
            assert_eq!(shared(&Answer::of(request).await), anyone(), "{url}");
        }
        for url in &urls {
            let answer = preflight_of(&realm, url, "https://evil.example").await;
            assert_eq!((answer.status, shared(&answer)), (204, anyone()), "{url}");
            assert_eq!(answer.header("access-control-allow-methods"), Some("GET, POST, PUT, DELETE"), "{url}");
        }
    }

    async fn pages_are_not_shared(world) {
        let realm = world.alpha();
        for endpoint in [Endpoint::Authorization, Endpoint::EndSession] {
            let request = realm.wire().request(Method::GET, &realm.url(endpoint)).header("origin", SPA);
            assert_eq!(shared(&Answer::of(request).await), NOT);
            assert_eq!(shared(&preflight(&realm, endpoint, SPA).await), NOT);
        }
    }

    async fn a_client_may_list_other_origins_than_those_of_its_redirects(world) {
        let document = realms::changed(
            &realms::alpha(),
            "name: Browser shop\n    kind: spa\n",
            "name: Browser shop\n    kind: spa\n    web_origins: [\"https://other.example.com\"]\n",
        );
        world.apply(&document).await;
        let realm = world.alpha();
        assert_eq!(shared(&preflight(&realm, Endpoint::Token, SPA).await), NOT);
        let other = "https://other.example.com";
        assert_eq!(shared(&preflight(&realm, Endpoint::Token, other).await), with(other));
    }
}
