//! The endpoints over HTTP, behind the layers of a realm.

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, header};
use actix_web::middleware::from_fn;
use actix_web::test::{self, TestRequest};
use actix_web::web::{self, Data};
use actix_web::{App, http::StatusCode};
use palatine_realm::routes::REALM_PATTERN;
use palatine_tenant_routing::{cors, observe, scope, surface};
use serde_json::{Value, json};

use crate::world::{CALLBACK, GENERATED, World};

const ORIGIN: (header::HeaderName, &str) = (header::ORIGIN, "https://app.example.com");

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: header::HeaderMap,
    body: String,
}

impl Answer {
    async fn of(response: ServiceResponse<impl MessageBody>) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
        Self { status, headers, body }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn ask(world: &World, request: TestRequest) -> Answer {
    let app = App::new()
        .app_data(Data::new(world.ambient().clone()))
        .app_data(Data::new(world.resolver.clone()))
        .app_data(Data::new(world.tokens.clone()))
        .configure(|config| palatine_token_service::http::configure_root(config, ""))
        .service(
            web::scope(REALM_PATTERN)
                .configure(palatine_token_service::http::configure)
                .default_service(web::to(surface::not_found))
                .wrap(from_fn(cors::share))
                .wrap(from_fn(scope::resolve_realm)),
        )
        .default_service(web::to(surface::not_found))
        .wrap(from_fn(observe::observe));
    Answer::of(test::call_service(&test::init_service(app).await, request.to_request()).await).await
}

fn post(path: &str, form: &[(&str, &str)]) -> TestRequest {
    TestRequest::post().uri(path).set_form(form)
}

const TOKEN: &str = "/realms/acme/oauth/token";

fn client_credentials() -> TestRequest {
    post(TOKEN, &[("grant_type", "client_credentials"), ("client_id", "app"), ("client_secret", GENERATED)])
}

#[actix_web::test]
async fn a_token_is_never_kept_and_a_script_of_the_clients_origin_reads_it() {
    let world = World::new().await;
    let answer = ask(&world, client_credentials().insert_header(ORIGIN)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN.1);
    assert_eq!(answer.json()["scope"], "profile read");
}

#[actix_web::test]
async fn an_error_is_read_by_the_clients_scripts_and_by_no_others() {
    let world = World::new().await;
    let wrong = || post(TOKEN, &[("grant_type", "password"), ("client_id", "app"), ("client_secret", "wrong")]);
    let own = ask(&world, wrong().insert_header(ORIGIN)).await;
    assert_eq!((own.status.as_u16(), own.header("access-control-allow-origin")), (401, ORIGIN.1));
    let foreign = ask(&world, wrong().insert_header((header::ORIGIN, "https://evil.example"))).await;
    assert_eq!((foreign.status.as_u16(), foreign.header("access-control-allow-origin")), (401, ""));
}

#[actix_web::test]
async fn an_expired_token_still_tells_whose_scripts_may_read_that_it_is() {
    let world = World::new().await;
    let answer = ask(&world, client_credentials()).await.json();
    let token = answer["access_token"].as_str().unwrap();
    world.db.clock.advance(std::time::Duration::from_secs(301));
    let userinfo = |token: &str| {
        let bearer = (header::AUTHORIZATION, format!("Bearer {token}"));
        TestRequest::get().uri("/realms/acme/oauth/userinfo").insert_header(ORIGIN).insert_header(bearer)
    };
    let expired = ask(&world, userinfo(token)).await;
    assert_eq!((expired.status.as_u16(), expired.header("access-control-allow-origin")), (401, ORIGIN.1));
    assert!(expired.header("www-authenticate").contains("error=\"invalid_token\""));
    let forged = ask(&world, userinfo(&format!("{token}A"))).await;
    assert_eq!((forged.status.as_u16(), forged.header("access-control-allow-origin")), (401, ""));
}

#[actix_web::test]
async fn a_preflight_is_answered_from_the_realms_origins() {
    let world = World::new().await;
    let preflight = |origin: &'static str| {
        let asks = TestRequest::default().method(Method::OPTIONS).uri(TOKEN);
        asks.insert_header((header::ORIGIN, origin)).insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, "POST"))
    };
    let known = ask(&world, preflight(ORIGIN.1)).await;
    assert_eq!((known.status.as_u16(), known.header("access-control-allow-origin")), (204, ORIGIN.1));
    assert_eq!(known.header("access-control-max-age"), "600");
    let unknown = ask(&world, preflight("https://evil.example")).await;
    assert_eq!(unknown.header("access-control-allow-origin"), "");
}

#[actix_web::test]
async fn a_method_that_an_endpoint_does_not_take_is_refused_with_those_that_it_does() {
    let world = World::new().await;
    for (method, path, allowed) in [
        (Method::GET, TOKEN, "POST"),
        (Method::OPTIONS, TOKEN, "POST"),
        (Method::DELETE, "/realms/acme/oauth/userinfo", "GET, POST"),
        (Method::POST, "/realms/acme/.well-known/openid-configuration", "GET, HEAD"),
        (Method::POST, "/realms/acme", "GET, HEAD"),
        (Method::PUT, "/realms/acme/protocol/openid-connect/auth", "GET, POST"),
    ] {
        let answer = ask(&world, TestRequest::default().method(method).uri(path)).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, allowed), "{path}");
    }
}

#[actix_web::test]
async fn a_slug_that_is_written_otherwise_names_no_realm_whatever_the_router_makes_of_it() {
    let world = World::new().await;
    for path in [
        "/realms/%61cme/oauth/token",
        "/realms/ACME/oauth/token",
        "/realms/acme%2F/oauth/token",
        "/%72ealms/acme/oauth/token",
        "/realms/acme./oauth/token",
        "/realms/nobody/oauth/token",
    ] {
        let answer = ask(&world, post(path, &[("grant_type", "client_credentials")])).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"], "invalid_request", "{path}");
    }
    let info = ask(&world, TestRequest::get().uri("/realms/nobody")).await;
    assert_eq!((info.status.as_u16(), &info.json()["error"]), (404, &json!("invalid_request")));
}

#[actix_web::test]
async fn requests_of_one_client_are_limited_at_the_token_endpoint_alone() {
    let world = World::with_policy(json!({ "rate_limits": { "token_per_client_per_minute": 2 } })).await;
    let introspect = || {
        let form = [("token", "x"), ("client_id", "app"), ("client_secret", GENERATED)];
        post("/realms/acme/oauth/introspect", &form)
    };
    for _ in 0..2 {
        assert_eq!(ask(&world, client_credentials()).await.status, StatusCode::OK);
    }
    let refused = ask(&world, client_credentials()).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (429, &json!("temporarily_unavailable")));
    assert_eq!(refused.header("retry-after"), "30");
    let introspected = ask(&world, introspect()).await;
    assert_eq!((introspected.status.as_u16(), introspected.body.as_str()), (200, r#"{"active":false}"#));
}

#[actix_web::test]
async fn a_challenge_comes_with_basic_alone() {
    let world = World::new().await;
    let form = [("grant_type", "client_credentials")];
    let by_basic = post(TOKEN, &form).insert_header((header::AUTHORIZATION, "Basic YXBwOndyb25n"));
    let by_basic = ask(&world, by_basic).await;
    assert_eq!(by_basic.status, StatusCode::UNAUTHORIZED);
    assert!(by_basic.header("www-authenticate").starts_with("Basic realm=\"acme\""));
    let by_nothing = ask(&world, post(TOKEN, &form)).await;
    assert_eq!((by_nothing.status.as_u16(), by_nothing.header("www-authenticate")), (401, ""));
    let twice = post(TOKEN, &form);
    let twice = twice.append_header((header::AUTHORIZATION, "Basic YXBwOndyb25n"));
    let twice = ask(&world, twice.append_header((header::AUTHORIZATION, "Basic YXBwOndyb25n"))).await;
    assert_eq!((twice.status.as_u16(), &twice.json()["error"]), (400, &json!("invalid_request")));
}

#[actix_web::test]
async fn a_mistake_in_a_posted_request_is_answered_at_once() {
    let world = World::new().await;
    let path = "/realms/acme/protocol/openid-connect/auth";
    let form = [("client_id", "app"), ("redirect_uri", CALLBACK), ("response_type", "nonsense"), ("state", "s")];
    let answer = ask(&world, post(path, &form)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let location = answer.header("location");
    assert!(location.starts_with(&format!("{CALLBACK}?error=unsupported_response_type&")), "{location}");
    let evil = ask(&world, post(path, &[("client_id", "app"), ("redirect_uri", "https://evil.example/")])).await;
    assert_eq!((evil.status.as_u16(), evil.header("location")), (400, ""));
}

#[actix_web::test]
async fn a_browser_keeps_a_bounded_number_of_interactions() {
    let world = World::new().await;
    let cookies: Vec<String> =
        (1..=12).map(|number| format!("pal_ix_{number:08x}-0000-7000-8000-000000000000=s")).collect();
    let query = format!("/realms/acme/oauth/authorize?client_id=app&redirect_uri={CALLBACK}&response_type=code");
    let asks = TestRequest::get().uri(&query).insert_header((header::COOKIE, cookies.join("; ")));
    let answer = ask(&world, asks).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let set: Vec<&str> = answer.headers.get_all(header::SET_COOKIE).map(|value| value.to_str().unwrap()).collect();
    let removed = set.iter().filter(|cookie| cookie.contains("Max-Age=0")).count();
    assert_eq!((set.len(), removed), (4, 3), "{set:?}");
    assert!(set.iter().all(|cookie| cookie.contains("HttpOnly") && cookie.contains("Secure")), "{set:?}");
}

#[actix_web::test]
async fn a_page_cuts_no_application_off_from_its_popup() {
    let world = World::new().await;
    let answer = ask(&world, TestRequest::get().uri("/realms/acme/oauth/authorize")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.header("cross-origin-opener-policy"), "");
    assert_eq!((answer.header("x-frame-options"), answer.header("x-content-type-options")), ("DENY", "nosniff"));
}

#[actix_web::test]
async fn the_documents_are_anybodys_and_the_same_at_both_addresses() {
    let world = World::new().await;
    let below = ask(&world, TestRequest::get().uri("/realms/acme/.well-known/openid-configuration")).await;
    let at_origin = TestRequest::get().uri("/.well-known/oauth-authorization-server/realms/acme");
    let at_origin = ask(&world, at_origin).await;
    assert_eq!(below.body, at_origin.body);
    for answer in [below, at_origin] {
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
    let encoded = TestRequest::get().uri("/.well-known/oauth-authorization-server/realms/%61cme");
    assert_eq!(ask(&world, encoded).await.status, StatusCode::NOT_FOUND);
}
