//! Tenants: the same names live twice, and nothing of one opens anything of the other (PROTOCOL.md section 13, traps 5–7).

use palatine_domain::audit::AuditKind;
use palatine_e2e::{
    Answer, Answered, App, Backend, Browser, Cookie, Endpoint, Person, RealmUnderTest, Tokens, World, form_body,
    on_every_backend, on_sqlite, realms,
};
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_tenants_have_their_own_people_clients_and_fields() {
    let world = World::builder(Backend::Sqlite).realm(realms::demo("acme-corp")).realm(realms::demo("widgets-inc"));
    let mut world = world.start().await;
    let acme = (world.realm("acme-corp"), ("acme-app", "acme-secret"), ("john@acme.com", "secure123"), "read:api");
    let widgets =
        (world.realm("widgets-inc"), ("widgets-app", "widgets-secret"), ("jane@widgets.com", "secure456"), "write:api");
    let fields = [
        ("acme-api", json!({"department": "engineering", "role": "admin", "customerId": "cust-acme-1"})),
        ("widgets-api", json!({"department": "sales", "role": "owner", "customerId": "cust-widgets-1"})),
    ];
    for ((realm, (client, secret), (name, password), scope), (api, custom)) in [&acme, &widgets].into_iter().zip(fields)
    {
        let host = client.trim_end_matches("-app");
        let app = realm.app(client, secret, &format!("https://{host}.example.com/callback"));
        let person = Person::new(name, password);
        let asked = format!("openid profile email {scope}");
        let tokens = app.sign_in_for(&mut realm.browser(), &person, &asked).await;
        realm.api(api).accept(&tokens.access, scope).await.unwrap();
        let info = realm.userinfo(&tokens.access).await.success();
        for (claim, value) in custom.as_object().unwrap() {
            assert_eq!(&info[claim], value, "{claim}");
        }
        assert_eq!(info["email"], *name);
        assert!(tokens.access_claims().get("realm_access").is_none(), "custom fields and roles give no right");
    }
    // Nobody of one is known to the other.
    let (realm, (client, secret), _, _) = &acme;
    let app = realm.app(client, secret, "https://acme.example.com/callback");
    let mut browser = realm.browser();
    let visit = browser.open(&app.ask().url()).await;
    let stranger = Person::new("jane@widgets.com", "secure456");
    assert_eq!(browser.type_credentials(visit.page(), &stranger).await.last().status, 422);
    let foreign = realm.app("widgets-app", "widgets-secret", "https://widgets.example.com/callback");
    realm.browser().open(&foreign.ask().url()).await.last().assert_page(400, "Unknown application");
    foreign.refresh("x").await.assert_refused(401, "invalid_client");
    world.stop().await;
}

/// An application of one realm that a token of another is brought to: with the other's own secret.
struct Both {
    alpha: RealmUnderTest,
    beta: RealmUnderTest,
    /// Alpha's application, and what it got for Ada.
    app: App,
    browser: Browser,
    tokens: Tokens,
}

async fn both(world: &World) -> Both {
    let (alpha, beta) = (world.alpha(), world.beta());
    let (app, mut browser) = (alpha.web_app(), alpha.browser());
    let tokens = app.sign_in_for(&mut browser, &alpha.ada(), "openid profile offline_access orders:read").await;
    Both { alpha, beta, app, browser, tokens }
}

on_every_backend! {
    async fn one_email_and_one_client_id_live_in_two_realms_independently(world) {
        let both = both(world).await;
        let betas = both.beta.web_app().sign_in(&mut both.beta.browser(), &both.beta.ada()).await;
        assert_ne!(betas.id_claims()["sub"], both.tokens.id_claims()["sub"]);
        assert_ne!(betas.id_claims()["iss"], both.tokens.id_claims()["iss"]);
        let info = both.beta.userinfo(&betas.access).await.success();
        assert_eq!((&info["customerId"], &info["department"]), (&json!("cust-beta-1"), &json!("engineering of beta")));
        // Alpha's password and secret are not beta's.
        let mut browser = both.beta.browser();
        let visit = browser.open(&both.beta.web_app().ask().url()).await;
        assert_eq!(browser.type_credentials(visit.page(), &both.alpha.ada()).await.last().status, 422);
        let with_alphas_secret = both.beta.app("web-app", "alpha-web-secret", "https://shop.example.com/callback");
        with_alphas_secret.refresh("x").await.assert_refused(401, "invalid_client");
    }

    async fn every_token_of_one_realm_is_refused_at_every_endpoint_of_the_other(world) {
        let both = both(world).await;
        let ask = both.app.ask();
        let mut browser = both.browser;
        let code = both.app.authorize(&mut browser, &both.alpha.ada(), &ask).await.code();
        let service = both.alpha.service("worker").token().await;
        let app = both.beta.web_app();
        let tokens = &both.tokens;
        for artefact in [&code, &tokens.access, tokens.refresh.as_ref().unwrap(), tokens.id.as_ref().unwrap(), &service] {
            app.redeem(artefact, &ask).await.assert_refused(400, "invalid_grant");
            app.refresh(artefact).await.assert_refused(400, "invalid_grant");
            both.beta.userinfo(artefact).await.assert_refused(401, "invalid_token");
            assert!(!app.finds_active(artefact).await);
            assert!(!both.beta.service("orders-backend").app.finds_active(artefact).await);
            assert_eq!(app.revoke(artefact).await.status, 200, "unknown here");
            app.post(Endpoint::EndSession, &[("refresh_token", artefact)]).await.assert_refused(400, "invalid_grant");
        }
        // None of that did any harm in its own realm.
        Tokens::of(&both.app.redeem(&code, &ask).await);
        Tokens::of(&both.app.refresh(tokens.refresh()).await);
        assert_eq!(both.alpha.userinfo(&tokens.access).await.status, 200);
        assert_eq!(world.audit("beta", AuditKind::CodeReused).await.len(), 0);
    }

    async fn cookies_of_one_realm_sign_nobody_in_in_the_other(world) {
        let both = both(world).await;
        let ask = both.beta.web_app().ask().with("prompt", "none");
        let mut browser = both.browser;
        assert_eq!(Answered::at(browser.open(&ask.url()).await.left(), &ask).error(), "login_required");
        // Not even when they are carried over by hand.
        for cookie in browser.cookies() {
            browser.plant(Cookie { path: "/realms/beta".into(), ..cookie });
        }
        assert_eq!(Answered::at(browser.open(&ask.url()).await.left(), &ask).error(), "login_required");
    }
}

on_sqlite! {
    async fn a_hint_of_one_realm_is_none_in_the_other(world) {
        let both = both(world).await;
        let mut browser = both.beta.browser();
        let betas = both.beta.web_app().sign_in(&mut browser, &both.beta.ada()).await;
        let hint = ("id_token_hint", both.tokens.id());
        let logout = both.beta.url(Endpoint::EndSession);
        let visit = browser.open(&format!("{logout}?{}", form_body(&[hint]))).await;
        assert_eq!(visit.page().heading(), "Do you want to sign out?");
        let visit = both.beta.browser().open(&format!("{logout}?{}", form_body(&[hint]))).await;
        assert_eq!(visit.page().heading(), "You are signed out");
        Tokens::of(&both.app.refresh(both.tokens.refresh()).await);
        Tokens::of(&both.beta.web_app().refresh(betas.refresh()).await);
        let ask = both.beta.web_app().ask().with("prompt", "none").with("id_token_hint", both.tokens.id());
        assert_eq!(Answered::at(browser.open(&ask.url()).await.left(), &ask).error(), "login_required");
    }

    async fn a_page_of_one_realm_is_not_found_in_the_other_and_its_form_is_not_taken(world) {
        let (alpha, beta) = (world.alpha(), world.beta());
        let mut browser = alpha.browser();
        let page = browser.open(&alpha.web_app().ask().url()).await.page().clone();
        for cookie in browser.cookies() {
            browser.plant(Cookie { path: "/realms/beta".into(), ..cookie });
        }
        let moved = page.url.replace("/realms/alpha/", "/realms/beta/");
        let visit = browser.open(&moved).await;
        assert_eq!(visit.last().status, 400);
        let form = page.form();
        let ada = beta.ada();
        let fields = [("csrf", form.value("csrf")), ("username", &ada.username), ("password", &ada.password)];
        let visit = browser.post(&form.action().replace("/realms/alpha/", "/realms/beta/"), &fields).await;
        assert_eq!(visit.last().status, 400);
        // The token of one realm's form does not fit a form of the other, in one browser with one cookie value.
        let betas = browser.open(&beta.web_app().ask().url()).await.page().clone();
        let fields = [("csrf", form.value("csrf")), ("username", &ada.username), ("password", &ada.password)];
        assert_eq!(browser.post(betas.form().action(), &fields).await.last().status, 400);
        assert!(browser.type_credentials(&betas, &ada).await.left().contains("code="));
    }

    async fn a_posted_request_of_one_realm_is_not_found_in_the_other(world) {
        let (alpha, beta) = (world.alpha(), world.beta());
        let ask = alpha.web_app().ask();
        let answer = alpha.wire().post(&alpha.url(Endpoint::Authorization), &ask.params()).await;
        let moved = answer.location().replace("/realms/alpha/", "/realms/beta/");
        let visit = beta.browser().open(&moved).await;
        assert_eq!(visit.last().status, 400);
        assert_eq!(alpha.browser().open(answer.location()).await.page().heading(), "Sign in to Alpha");
    }

    async fn a_tenant_that_body_or_headers_name_decides_nothing(world) {
        let (alpha, beta) = (world.alpha(), world.beta());
        let beta_id = world.scope("beta").await;
        let beta_id = palatine_domain::ids::TenantScoped::tenant_id(&beta_id).to_string();
        let app = alpha.service("worker").app;
        let form = [
            ("grant_type", "client_credentials"),
            ("realm", "beta"),
            ("tenant", "beta"),
            ("tenant_id", &beta_id),
            ("issuer", &beta.issuer()),
            ("iss", &beta.issuer()),
        ];
        let request = app
            .request(&alpha.url(Endpoint::Token), &form)
            .header("x-tenant-id", &beta_id)
            .header("x-realm", "beta")
            .header("x-forwarded-prefix", "/realms/beta")
            .header("x-original-url", "/realms/beta/oauth/token")
            .header("x-rewrite-url", "/realms/beta/oauth/token");
        let tokens = Tokens::of(&Answer::of(request).await);
        assert_eq!(tokens.access_claims()["iss"], alpha.issuer());
        alpha.api("orders-api").verify(&tokens.access).await.unwrap();
    }

    async fn the_path_decides_and_tricks_with_it_lead_nowhere(world) {
        let wire = world.alpha().wire().clone();
        let paths = [
            "/realms/alpha%2f..%2fbeta/oauth/token",
            "/realms/alpha;beta/oauth/token",
            "/realms//alpha/oauth/token",
            "/realms/alpha//oauth/token",
            "//realms/alpha/oauth/token",
            "/realms/alpha/oauth/token/",
            "/realms/alpha/OAUTH/token",
            "/realms/alpha/oauth%2ftoken",
            "/REALMS/alpha/oauth/token",
        ];
        for path in paths {
            let address = world.node().address();
            let answer = raw(address, path).await;
            assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        }
        assert_eq!(Answer::of(wire.request(Method::GET, "/realms/alpha/oauth/token")).await.status, 405);
    }
}

/// Sends a request whose path no client library would leave as it is; gives the status line.
async fn raw(address: std::net::SocketAddr, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(address).await.expect("the node listens");
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.expect("it answers");
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}
