//! Every page with every kind of text in it: used by the tests and by `examples/samples.rs`.

mod account;

use std::sync::Arc;

use palatine_pages::views::{
    ApplicationLinks, BackLink, ConsentPage, Destination, Detail, DevClient, DevDocument, DevRealm, DevResultPage,
    DevStartPage, DevToken, DevUser, DeviceConfirmPage, DeviceDonePage, DeviceEnd, DevicePage, DeviceProblem,
    ErrorKind, ErrorPage, FormPostPage, LoginPage, LoginProblem, LogoutConfirmPage, LogoutFramesPage, Outcome,
    RememberMe, RequestedScope, ScopeChoice, SelectAccountPage, SignedOutPage, Verdict,
};
use palatine_pages::{Branding, Locale, PageContext, Theme};

/// One page.
pub(crate) struct Sample {
    /// Its file name: `{page}-{texts}` or `{page}-{state}`.
    pub(crate) name: String,
    /// The document.
    pub(crate) html: String,
}

/// The texts that fill a page.
pub(crate) struct Texts {
    pub(crate) name: &'static str,
    pub(crate) realm: String,
    pub(crate) application: String,
    pub(crate) user: String,
    pub(crate) description: String,
}

/// What a page must show as words, and never as markup.
pub(crate) const HOSTILE: &str = r#"<script>alert("xss")</script>'"><img src=x onerror=alert(1)>&lt;{{ 7*7 }}"#;

pub(crate) fn texts() -> Vec<Texts> {
    let of = |name, realm: &str, application: &str, user: &str, description: &str| Texts {
        name,
        realm: realm.to_owned(),
        application: application.to_owned(),
        user: user.to_owned(),
        description: description.to_owned(),
    };
    let long = "Extraordinarily".repeat(134);
    vec![
        of("plain", "Acme", "Billing", "john@acme.com", "See your invoices and download them"),
        of("hostile", HOSTILE, HOSTILE, HOSTILE, HOSTILE),
        of("long", &long, &long, &long, &long),
        of("rtl", "شركة النور", "نظام الفواتير", "سارة@example.com", "الاطلاع على فواتيرك"),
    ]
}

/// The context of a sample page.
pub(crate) fn context(branding: Branding, base_path: &str, theme: Theme) -> PageContext {
    PageContext {
        branding: Arc::new(branding),
        locale: Locale::En,
        csp_nonce: "c2FtcGxlLW5vbmNl".to_owned(),
        request_id: "0199d2f0-5b7e-7c11-9d53-6a1f0a6f2b10".to_owned(),
        base_path: base_path.to_owned(),
        theme,
    }
}

fn branded(texts: &Texts) -> Branding {
    Branding::new(&texts.realm)
        .with_legal_link("Terms", "https://acme.example/terms")
        .and_then(|b| b.with_legal_link("Privacy", "https://acme.example/privacy"))
        .unwrap()
}

/// Where the logo of the application is.
pub(crate) const LOGO: &str = "/realms/acme/clients/4f1c/logo?v=1";

/// Every page with every text, and every state of the pages that have several.
pub(crate) fn all(base_path: &str, theme: Theme) -> Vec<Sample> {
    let mut samples = Vec::new();
    for texts in texts() {
        samples.extend(pages(&context(branded(&texts), base_path, theme), &texts));
    }
    let plain = texts().swap_remove(0);
    let ctx = context(branded(&plain), base_path, theme);
    samples.extend(account::states(&ctx, &plain));
    for (state, problem) in problems() {
        let page = LoginPage { problem: Some(problem), identifier: "john@acme.com", ..login(&ctx, &plain) };
        samples.push(Sample { name: format!("login-{state}"), html: page.render() });
    }
    let with_logo =
        Destination::Application { name: &plain.application, links: ApplicationLinks::default(), logo: Some(LOGO) };
    let page = LoginPage { destination: with_logo, ..login(&ctx, &plain) };
    samples.push(Sample { name: "login-logo".to_owned(), html: page.render() });
    let pictured = branded(&plain)
        .with_logo("/realms/acme/pictures/logo?v=1")
        .and_then(|branding| branding.with_picture("/realms/acme/pictures/background?v=1"))
        .and_then(|branding| branding.with_favicon("/realms/acme/pictures/favicon?v=1"))
        .unwrap();
    let pictured = context(pictured, base_path, theme);
    samples.push(Sample { name: "login-pictured".to_owned(), html: login(&pictured, &plain).render() });
    let again = LoginPage { reauthentication: true, identifier: "john@acme.com", ..login(&ctx, &plain) };
    samples.push(Sample { name: "login-again".to_owned(), html: again.render() });
    for (state, problem) in device_problems() {
        let page = DevicePage { ctx: &ctx, action: "/realms/acme/device", user_code: "WDJB", problem: Some(problem) };
        samples.push(Sample { name: format!("device-{state}"), html: page.render() });
    }
    for kind in ErrorKind::ALL {
        let page = ErrorPage::new(&ctx, *kind);
        samples.push(Sample { name: format!("error-{}", kind.code()), html: page.render() });
    }
    let tinted = branded(&plain).with_accent("#ffd400".parse().unwrap()).with_background("#12372a".parse().unwrap());
    let ctx = context(tinted, base_path, theme);
    samples.push(Sample { name: "login-tinted".to_owned(), html: login(&ctx, &plain).render() });
    let ctx = PageContext { locale: Locale::De, ..context(branded(&plain), base_path, theme) };
    samples.push(Sample { name: "login-german".to_owned(), html: login(&ctx, &plain).render() });
    let ctx = context(Branding::platform(), base_path, theme);
    samples.push(Sample { name: "start-empty".to_owned(), html: DevStartPage { ctx: &ctx, realms: vec![] }.render() });
    samples
}

fn problems() -> Vec<(&'static str, LoginProblem)> {
    vec![
        ("wrong", LoginProblem::WrongCredentials),
        ("no_username", LoginProblem::IdentifierMissing),
        ("no_password", LoginProblem::PasswordMissing),
        ("empty", LoginProblem::BothMissing),
        ("too_many", LoginProblem::TooManyAttempts { retry_after: 42 }),
        ("stale", LoginProblem::StaleForm),
        ("unavailable", LoginProblem::Unavailable),
    ]
}

fn device_problems() -> [(&'static str, DeviceProblem); 4] {
    [
        ("empty", DeviceProblem::CodeMissing),
        ("unknown", DeviceProblem::CodeUnknown),
        ("too_many", DeviceProblem::TooManyAttempts { retry_after: 42 }),
        ("unavailable", DeviceProblem::Unavailable),
    ]
}

/// The sign-in page as it is first seen.
pub(crate) fn login<'a>(ctx: &'a PageContext, texts: &'a Texts) -> LoginPage<'a> {
    LoginPage {
        ctx,
        destination: Destination::Application {
            name: &texts.application,
            links: ApplicationLinks { policy: None, terms: None },
            logo: None,
        },
        action: "/realms/acme/login/4f1c",
        csrf: "c3Jm",
        identifier: "",
        remember_me: RememberMe::Unticked,
        reauthentication: false,
        problem: None,
    }
}

fn pages(ctx: &PageContext, texts: &Texts) -> Vec<Sample> {
    let Texts { application, user, description, .. } = texts;
    let page = |name: &str, html| Sample { name: format!("{name}-{}", texts.name), html };
    let scope = |name, description, choice| RequestedScope { name, description, choice };
    let consent = ConsentPage {
        ctx,
        application,
        user,
        action: "/realms/acme/consent",
        csrf: "c3Jm",
        links: ApplicationLinks { policy: Some("https://billing.example/privacy"), terms: Some("javascript:alert(1)") },
        logo: Some(LOGO),
        scopes: vec![
            scope("openid", None, ScopeChoice::Required),
            scope("profile", None, ScopeChoice::Ticked),
            scope("email", None, ScopeChoice::Unticked),
            scope("offline_access", None, ScopeChoice::Ticked),
            scope("read:invoices", Some(description.as_str()), ScopeChoice::Required),
            scope(user, Some(" "), ScopeChoice::Ticked),
        ],
    };
    let select_account = SelectAccountPage {
        ctx,
        application: Some(application),
        user,
        action: "/realms/acme/login/4f1c/account",
        csrf: "c3Jm",
    };
    let device = DevicePage { ctx, action: "/realms/acme/device", user_code: description, problem: None };
    let device_confirm = DeviceConfirmPage {
        ctx,
        application,
        user,
        user_code: "WDJB-MJHT",
        action: "/realms/acme/device/confirm/4f1c",
        csrf: "c3Jm",
        scopes: vec![
            scope("profile", None, ScopeChoice::Required),
            scope("read:invoices", Some(description.as_str()), ScopeChoice::Required),
        ],
    };
    let device_done = |end| DeviceDonePage { ctx, application, end }.render();
    let logout = LogoutConfirmPage {
        ctx,
        application: Some(application),
        user: Some(user),
        action: "/realms/acme/protocol/openid-connect/logout",
        csrf: "c3Jm",
        hidden: vec![("state", description), ("client_id", application)],
    };
    let signed_out =
        SignedOutPage { ctx, back: Some(BackLink { application, url: "https://acme.example.com/goodbye" }) };
    let frames = [
        "https://acme.example.com/signed-out?iss=https%3A%2F%2Fid.example%2Frealms%2Facme&sid=1".to_owned(),
        "https://app.example/out?x=\"><script>alert(1)</script>".to_owned(),
    ];
    let logout_frames =
        LogoutFramesPage { ctx, frames: &frames, after: Some("https://acme.example.com/goodbye?state=1") };
    let error = ErrorPage {
        retry_after: Some(90),
        start_again: Some("/realms/acme/account"),
        details: vec![
            Detail { name: "client_id", value: application },
            Detail { name: "redirect_uri", value: description },
        ],
        ..ErrorPage::new(ctx, ErrorKind::InvalidRedirectUri)
    };
    let form_post = FormPostPage {
        locale: ctx.locale,
        csp_nonce: &ctx.csp_nonce,
        action: "https://app.example/callback?x=\"><script>alert(1)</script>",
        parameters: vec![("code", "abc.def"), ("state", description), ("iss", "https://id.example/realms/acme")],
    };
    vec![
        page("login", LoginPage { identifier: user, ..login(ctx, texts) }.render()),
        page("consent", consent.render()),
        page("select_account", select_account.render()),
        page("device", device.render()),
        page("device_confirm", device_confirm.render()),
        page("device_connected", device_done(DeviceEnd::Connected)),
        page("device_cancelled", device_done(DeviceEnd::Cancelled)),
        page("logout", logout.render()),
        page("signed_out", signed_out.render()),
        page("logout_frames", logout_frames.render()),
        page("error", error.render()),
        page("form_post", form_post.render()),
        page("account_profile", account::profile(ctx, texts).render()),
        page("account_password", account::password(ctx, texts).render()),
        page("account_sessions", account::sessions(ctx, texts).render()),
        page("account_applications", account::applications(ctx, texts).render()),
        page("start", start(ctx, texts).render()),
        page("result", result(ctx, texts).render()),
    ]
}

fn start<'a>(ctx: &'a PageContext, texts: &'a Texts) -> DevStartPage<'a> {
    let client = |client_id, kind, secret, scope| DevClient { client_id, kind, secret, scope };
    let realm = |display_name, slug, issuer, clients| DevRealm {
        display_name,
        slug,
        issuer,
        sign_in_url: "/dev/sign-in?realm=dev",
        users: vec![
            DevUser { identifier: "dev@example.com", password: Some("dev-password-123") },
            DevUser { identifier: &texts.user, password: None },
        ],
        clients,
    };
    DevStartPage {
        ctx,
        realms: vec![
            realm(
                "Dev",
                "dev",
                "http://localhost:8080/realms/dev",
                vec![
                    client("test-app", "web", Some("test-secret"), "openid profile email offline_access"),
                    client("mobile-app", "native", None, "openid profile email offline_access"),
                    client(
                        "notification-service",
                        "service",
                        Some("notification-secret"),
                        "read:users write:notifications",
                    ),
                ],
            ),
            realm(
                &texts.realm,
                "acme-corp",
                "http://localhost:8080/realms/acme-corp",
                vec![client(&texts.application, "web", Some(&texts.description), "openid profile email read:api")],
            ),
        ],
    }
}

fn result<'a>(ctx: &'a PageContext, texts: &'a Texts) -> DevResultPage<'a> {
    let verdict = |check, outcome, detail| Verdict { check, outcome, detail };
    DevResultPage {
        ctx,
        user: &texts.user,
        issuer: "http://localhost:8080/realms/dev",
        tokens: vec![
            DevToken {
                title: "ID token",
                encoded: "eyJhbGciOiJSUzI1NiIsImtpZCI6IjNmIn0.eyJpc3MiOiJodHRwOi8vbG9jYWxob3N0OjgwODAvcmVhbG1zL2RldiJ9.c2lnbmF0dXJl",
                header: Some("{\n  \"alg\": \"RS256\",\n  \"kid\": \"3f9a\"\n}"),
                claims: Some(
                    "{\n  \"iss\": \"http://localhost:8080/realms/dev\",\n  \"sub\": \"c1a7\",\n  \"aud\": \"palatine-dev\",\n  \"exp\": 1790000300\n}",
                ),
                verdicts: vec![
                    verdict("Signature", Outcome::Passed, "RS256, key 3f9a"),
                    verdict("Issuer", Outcome::Passed, "http://localhost:8080/realms/dev"),
                    verdict("Audience", Outcome::Passed, "palatine-dev"),
                    verdict("Expiry", Outcome::Passed, "in 300 seconds"),
                    verdict("Nonce", Outcome::Failed, &texts.description),
                ],
            },
            DevToken {
                title: "Refresh token",
                encoded: "eyJ0eXAiOiJSZWZyZXNoIn0.e30.c2VjcmV0",
                header: None,
                claims: None,
                verdicts: vec![],
            },
        ],
        documents: vec![DevDocument { title: "Userinfo", json: &texts.description }],
        refresh_action: Some("/dev/refresh"),
        csrf: "c3Jm",
        sign_out_url: "/dev/sign-out",
        start_url: "/dev",
    }
}
