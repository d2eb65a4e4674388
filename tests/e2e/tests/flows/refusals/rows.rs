//! The table: who asks which route how, and what is answered. A new route needs its rows here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use palatine_e2e::{Endpoint, Wire, challenge_of, form_body};
use palatine_realm::routes::{PageRoute, RealmRoute};
use reqwest::{Method, RequestBuilder};

use super::facts::{Facts, ONLY_BETA};

/// An id in the shape of an interaction's that none has.
pub(crate) const MADE_UP_ID: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Without any credential.
    Nobody,
    /// With one that is wrong.
    WrongCredential,
    /// With one that is right in the other realm.
    ForeignCredential,
    /// With the right one, or none where none is needed, for a thing of the other realm.
    ForeignId,
}

impl Who {
    pub(crate) const ALL: [Self; 4] = [Self::Nobody, Self::WrongCredential, Self::ForeignCredential, Self::ForeignId];
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// OAuth JSON.
    Oauth(u16, &'static str),
    /// RFC 6750, section 3: 401 with a challenge that names no error, since no credentials came.
    Challenge,
    /// A page that says this.
    Page(u16, &'static str),
    /// RFC 7662, section 2.2, of a token that the caller may not know of.
    Inactive,
    /// RFC 7009, section 2.2: 200 for a token that is unknown.
    Empty,
    /// A public document with this member: there is nothing to be let in to.
    Document(&'static str),
    /// 404 without a body, where a picture would be.
    NoPicture,
    /// A frame that is the same for everybody.
    Frame,
    /// 303 to somewhere that begins so: the first step of whoever is not signed in, or signed out.
    Redirect(&'static str),
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) route: RealmRoute,
    pub(crate) method: Method,
    pub(crate) who: Who,
    /// In the path, where it has an interaction.
    interaction: String,
    /// In the path, where it has a client's key.
    client: String,
    /// The query of a GET, the form of a POST.
    params: Vec<(&'static str, String)>,
    authorization: Option<String>,
    cookie: Option<String>,
    pub(crate) expected: Expected,
}

impl Row {
    /// The request, to alpha.
    pub(crate) fn request(&self, wire: &Wire, pattern: &str) -> RequestBuilder {
        let path = format!(
            "/realms/alpha{}",
            pattern
                .replace("{interaction}", &self.interaction)
                .replace("{client_id}", ONLY_BETA)
                .replace("{client}", &self.client)
                .replace("{picture}", "logo")
        );
        let params: Vec<(&str, &str)> = self.params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut request = if self.method == Method::POST {
            wire.post_request(&path, &params)
        } else {
            wire.request(self.method.clone(), &format!("{path}?{}", form_body(&params)))
        };
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        request
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.params.push((name, value.to_owned()));
        self
    }

    fn basic(mut self, id: &str, secret: &str) -> Self {
        self.authorization = Some(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
        self
    }

    fn bearer(mut self, token: &str) -> Self {
        self.authorization = Some(format!("Bearer {token}"));
        self
    }

    fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookie = Some(format!("{name}={value}"));
        self
    }

    fn interaction(mut self, id: &str) -> Self {
        id.clone_into(&mut self.interaction);
        self
    }
}

fn row(route: RealmRoute, method: &Method, who: Who, expected: Expected) -> Row {
    Row {
        route,
        method: method.clone(),
        who,
        interaction: MADE_UP_ID.to_owned(),
        client: MADE_UP_ID.to_owned(),
        params: Vec::new(),
        authorization: None,
        cookie: None,
        expected,
    }
}

/// The table.
pub(crate) fn rows(facts: &Facts) -> Vec<Row> {
    let (get, post) = (Method::GET, Method::POST);
    let mut rows = Vec::new();
    for (route, member) in [
        (RealmRoute::Info, "realm"),
        (RealmRoute::Protocol(Endpoint::Discovery), "issuer"),
        (RealmRoute::Protocol(Endpoint::Jwks), "keys"),
    ] {
        rows.extend(documents(facts, route, member));
    }
    rows.extend([&get, &post].into_iter().flat_map(|method| authorization(facts, method)));
    rows.extend(clients(Endpoint::Token, &post, ("grant_type", "client_credentials")));
    rows.push(
        row(RealmRoute::Protocol(Endpoint::Token), &post, Who::ForeignId, Expected::Oauth(400, "invalid_grant"))
            .basic("web-app", "alpha-web-secret")
            .with("grant_type", "authorization_code")
            .with("code", &facts.beta.code)
            .with("code_verifier", &facts.beta.verifier)
            .with("redirect_uri", "https://shop.example.com/callback"),
    );
    rows.extend(clients(Endpoint::Introspection, &post, ("token", &facts.beta.access)));
    rows.push(
        row(RealmRoute::Protocol(Endpoint::Introspection), &post, Who::ForeignId, Expected::Inactive)
            .basic("web-app", "alpha-web-secret")
            .with("token", &facts.beta.access),
    );
    rows.extend(clients(Endpoint::Revocation, &post, ("token", &facts.beta.refresh)));
    rows.push(
        row(RealmRoute::Protocol(Endpoint::Revocation), &post, Who::ForeignId, Expected::Empty)
            .basic("web-app", "alpha-web-secret")
            .with("token", &facts.beta.refresh),
    );
    rows.extend([&get, &post].into_iter().flat_map(|method| userinfo(facts, method)));
    rows.extend([&get, &post].into_iter().flat_map(|method| end_session(facts, method)));
    rows.extend(registration(facts));
    for page in [PageRoute::Login, PageRoute::SelectAccount, PageRoute::Consent, PageRoute::DeviceConfirm] {
        rows.extend([&get, &post].into_iter().flat_map(|method| interaction(facts, page, method)));
    }
    for endpoint in [Endpoint::CheckSession, Endpoint::CookieProbe, Endpoint::CookieProbeResult] {
        rows.extend(frames(facts, endpoint));
    }
    rows.extend(check_session_init(facts));
    rows.extend(clients(Endpoint::DeviceAuthorization, &post, ("scope", "openid")));
    rows.push(
        row(
            RealmRoute::Protocol(Endpoint::DeviceAuthorization),
            &post,
            Who::ForeignId,
            Expected::Oauth(401, "invalid_client"),
        )
        .with("client_id", ONLY_BETA),
    );
    rows.extend(device_entry(facts));
    rows.extend(device_qr(facts));
    rows.extend(client_logo(facts));
    rows.extend(picture(facts));
    rows.extend(logout_confirm(facts));
    rows.extend(signed_out(facts));
    for page in
        [PageRoute::Account, PageRoute::AccountPassword, PageRoute::AccountSessions, PageRoute::AccountApplications]
    {
        rows.extend(account_read(facts, page));
        rows.extend(account_written(facts, page));
    }
    rows
}

fn documents(facts: &Facts, route: RealmRoute, member: &'static str) -> [Row; 4] {
    let of = |who| row(route, &Method::GET, who, Expected::Document(member));
    [
        of(Who::Nobody),
        of(Who::WrongCredential).bearer("nonsense"),
        of(Who::ForeignCredential).bearer(&facts.beta.access).cookie("pal_session", &facts.beta.session),
        of(Who::ForeignId).with("client_id", ONLY_BETA),
    ]
}

fn authorization(facts: &Facts, method: &Method) -> [Row; 4] {
    let of = |who, expected| row(RealmRoute::Protocol(Endpoint::Authorization), method, who, expected);
    let asking = |row: Row, client_id: &str, redirect_uri: &str| {
        row.with("response_type", "code")
            .with("client_id", client_id)
            .with("redirect_uri", redirect_uri)
            .with("scope", "openid")
            .with("code_challenge", &challenge_of(&"v".repeat(43)))
            .with("code_challenge_method", "S256")
    };
    // A POST is answered with its GET form first, whoever asks.
    let next =
        if *method == Method::POST { "/realms/alpha/protocol/openid-connect/auth?" } else { "/realms/alpha/login/" };
    let shop = "https://shop.example.com/callback";
    [
        of(Who::Nobody, Expected::Page(400, "Missing parameter: client_id")),
        asking(of(Who::WrongCredential, Expected::Redirect(next)), "web-app", shop).cookie("pal_session", "forged"),
        asking(of(Who::ForeignCredential, Expected::Redirect(next)), "web-app", shop)
            .cookie("pal_session", &facts.beta.session),
        asking(of(Who::ForeignId, Expected::Page(400, "Unknown application")), ONLY_BETA, "https://tulip.invalid/"),
    ]
}

/// An endpoint for clients alone.
fn clients(endpoint: Endpoint, method: &Method, param: (&'static str, &str)) -> [Row; 3] {
    let refused = Expected::Oauth(401, "invalid_client");
    let of = |who| row(RealmRoute::Protocol(endpoint), method, who, refused.clone()).with(param.0, param.1);
    [
        of(Who::Nobody),
        of(Who::WrongCredential).basic("web-app", "nonsense"),
        of(Who::ForeignCredential).basic("web-app", "beta-web-secret"),
    ]
}

fn userinfo(facts: &Facts, method: &Method) -> [Row; 4] {
    let of = |who, expected| row(RealmRoute::Protocol(Endpoint::Userinfo), method, who, expected);
    let invalid = Expected::Oauth(401, "invalid_token");
    [
        of(Who::Nobody, Expected::Challenge),
        of(Who::WrongCredential, invalid.clone()).bearer("nonsense"),
        of(Who::ForeignCredential, invalid.clone()).bearer(&facts.beta.access),
        of(Who::ForeignId, invalid).bearer(&facts.beta.id),
    ]
}

fn end_session(facts: &Facts, method: &Method) -> [Row; 4] {
    let of = |who, expected| row(RealmRoute::Protocol(Endpoint::EndSession), method, who, expected);
    let done = Expected::Redirect("/realms/alpha/logout/done");
    [
        of(Who::Nobody, done.clone()),
        of(Who::WrongCredential, done.clone()).cookie("pal_session", "forged"),
        of(Who::ForeignCredential, done).cookie("pal_session", &facts.beta.session),
        of(Who::ForeignId, Expected::Page(200, "Do you want to sign out?"))
            .cookie("pal_session", &facts.alpha.session)
            .with("id_token_hint", &facts.beta.id),
    ]
}

/// Hidden frames say the same to everybody.
fn frames(facts: &Facts, endpoint: Endpoint) -> [Row; 4] {
    let expected = match endpoint {
        Endpoint::CookieProbe => Expected::Redirect("/realms/alpha/protocol/openid-connect/3p-cookies/step2.html"),
        _ => Expected::Frame,
    };
    let of = |who| row(RealmRoute::Protocol(endpoint), &Method::GET, who, expected.clone());
    [
        of(Who::Nobody),
        of(Who::WrongCredential).cookie("pal_session", "forged"),
        of(Who::ForeignCredential).cookie("pal_session", &facts.beta.session),
        of(Who::ForeignId).with("client_id", ONLY_BETA),
    ]
}

fn check_session_init(facts: &Facts) -> [Row; 4] {
    let route = RealmRoute::Protocol(Endpoint::CheckSessionInit);
    let of = |who, expected| row(route, &Method::GET, who, expected);
    let denied = Expected::Oauth(403, "access_denied");
    [
        of(Who::Nobody, Expected::Oauth(400, "invalid_request")),
        of(Who::WrongCredential, denied.clone()).with("client_id", "web-app").with("origin", "https://evil.example"),
        of(Who::ForeignCredential, denied.clone())
            .cookie("pal_session", &facts.beta.session)
            .with("client_id", "web-app")
            .with("origin", "https://tulip.invalid"),
        of(Who::ForeignId, denied).with("client_id", ONLY_BETA).with("origin", "https://tulip.invalid"),
    ]
}

/// In a realm that is closed to registration, whoever asks. `registration.rs` tells who is let in where it is open.
fn registration(facts: &Facts) -> Vec<Row> {
    let asked = [
        (Endpoint::Registration, Method::POST),
        (Endpoint::ClientConfiguration, Method::GET),
        (Endpoint::ClientConfiguration, Method::PUT),
        (Endpoint::ClientConfiguration, Method::DELETE),
    ];
    let of = |(endpoint, method): (Endpoint, Method)| {
        let of = |who| row(RealmRoute::Protocol(endpoint), &method, who, Expected::Oauth(403, "access_denied"));
        [
            of(Who::Nobody),
            of(Who::WrongCredential).bearer("nonsense"),
            of(Who::ForeignCredential).bearer(&facts.beta.access),
            of(Who::ForeignId).bearer(&facts.beta.refresh),
        ]
    };
    asked.into_iter().flat_map(of).collect()
}

fn interaction(facts: &Facts, page: PageRoute, method: &Method) -> [Row; 4] {
    let of = |who, words| row(RealmRoute::Page(page), method, who, Expected::Page(400, words));
    let (ours, theirs) = (&facts.alpha, &facts.beta);
    let name = |id: &str| format!("pal_ix_{id}");
    [
        of(Who::Nobody, "Cookies are turned off").interaction(&ours.interaction),
        of(Who::WrongCredential, "This sign-in has expired")
            .interaction(&ours.interaction)
            .cookie(&name(&ours.interaction), "forged"),
        of(Who::ForeignCredential, "This sign-in has expired")
            .interaction(&ours.interaction)
            .cookie(&name(&ours.interaction), &theirs.interaction_cookie),
        // What has just vanished here, as far as its id tells.
        of(Who::ForeignId, "This step is already done")
            .interaction(&theirs.interaction)
            .cookie(&name(&theirs.interaction), &theirs.interaction_cookie)
            .with("csrf", &theirs.interaction_csrf),
    ]
}

fn device_entry(facts: &Facts) -> [Row; 8] {
    let route = RealmRoute::Page(PageRoute::Device);
    let shown = |who| row(route, &Method::GET, who, Expected::Page(200, "Type the code that your device shows."));
    let typed = |who| row(route, &Method::POST, who, Expected::Page(422, "There is a problem"));
    let both = |row: Row, code: &str| row.with("user_code", code);
    let (wrong, theirs) = ("BBBB-BBBB", facts.beta.user_code.as_str());
    [
        shown(Who::Nobody),
        both(shown(Who::WrongCredential), wrong).cookie("pal_session", "forged"),
        both(shown(Who::ForeignCredential), wrong).cookie("pal_session", &facts.beta.session),
        both(shown(Who::ForeignId), theirs),
        typed(Who::Nobody),
        both(typed(Who::WrongCredential), wrong).cookie("pal_session", "forged"),
        both(typed(Who::ForeignCredential), theirs).cookie("pal_session", &facts.beta.session),
        both(typed(Who::ForeignId), theirs).cookie("pal_session", &facts.alpha.session),
    ]
}

/// The logos of a realm's clients are for everybody, and the other realm's are not there.
fn client_logo(facts: &Facts) -> [Row; 4] {
    let route = RealmRoute::Page(PageRoute::ClientLogo);
    let of = |who| row(route, &Method::GET, who, Expected::NoPicture);
    let theirs = Row { client: facts.beta.client_with_logo.clone(), ..of(Who::ForeignId) };
    [
        of(Who::Nobody),
        of(Who::WrongCredential).cookie("pal_session", "forged"),
        of(Who::ForeignCredential).cookie("pal_session", &facts.beta.session),
        theirs,
    ]
}

/// The pictures of a realm's pages are for everybody; the one that only another realm has is not there.
fn picture(facts: &Facts) -> [Row; 4] {
    let route = RealmRoute::Page(PageRoute::Picture);
    let of = |who| row(route, &Method::GET, who, Expected::NoPicture);
    [
        of(Who::Nobody),
        of(Who::WrongCredential).cookie("pal_session", "forged"),
        of(Who::ForeignCredential).cookie("pal_session", &facts.beta.session),
        of(Who::ForeignId),
    ]
}

/// A picture of what the address says; what it says is nobody's secret, and without a code there is nothing to draw.
fn device_qr(facts: &Facts) -> [Row; 4] {
    let route = RealmRoute::Page(PageRoute::DeviceQr);
    let of = |who| row(route, &Method::GET, who, Expected::Page(400, "The request could not be read"));
    [
        of(Who::Nobody),
        of(Who::WrongCredential).with("user_code", "nonsense"),
        of(Who::ForeignCredential).cookie("pal_session", &facts.beta.session),
        of(Who::ForeignId).with("user_code", &facts.beta.access),
    ]
}

fn logout_confirm(facts: &Facts) -> [Row; 4] {
    let of = |who, expected| row(RealmRoute::Page(PageRoute::LogoutConfirm), &Method::POST, who, expected);
    let stale = Expected::Page(400, "This form is out of date");
    [
        of(Who::Nobody, Expected::Redirect("/realms/alpha/logout/done")),
        of(Who::WrongCredential, stale.clone()).cookie("pal_session", &facts.alpha.session).with("csrf", "nonsense"),
        of(Who::ForeignCredential, stale.clone())
            .cookie("pal_session", &facts.beta.session)
            .with("csrf", &facts.beta.logout_csrf),
        of(Who::ForeignId, stale)
            .cookie("pal_session", &facts.alpha.session)
            .with("csrf", &facts.beta.logout_csrf)
            .with("id_token_hint", &facts.beta.id),
    ]
}

fn signed_out(facts: &Facts) -> [Row; 4] {
    let route = RealmRoute::Page(PageRoute::SignedOut);
    let of = |who| row(route, &Method::GET, who, Expected::Page(200, "You are signed out"));
    [
        of(Who::Nobody),
        of(Who::WrongCredential).cookie("pal_session", "forged"),
        of(Who::ForeignCredential).cookie("pal_session", &facts.beta.session),
        of(Who::ForeignId).with("client_id", ONLY_BETA).with("id_token_hint", &facts.beta.id),
    ]
}

/// Whoever is not signed in here signs in first; an account page names nothing of anybody else's.
fn account_read(facts: &Facts, page: PageRoute) -> [Row; 4] {
    let of = |who, expected| row(RealmRoute::Page(page), &Method::GET, who, expected);
    let sign_in = Expected::Redirect("/realms/alpha/login/");
    [
        of(Who::Nobody, sign_in.clone()),
        of(Who::WrongCredential, sign_in.clone()).cookie("pal_session", "forged"),
        of(Who::ForeignCredential, sign_in).cookie("pal_session", &facts.beta.session),
        of(Who::ForeignId, Expected::Page(200, "ada"))
            .cookie("pal_session", &facts.alpha.session)
            .with("session", &facts.beta.sid)
            .with("client", ONLY_BETA),
    ]
}

fn account_written(facts: &Facts, page: PageRoute) -> [Row; 4] {
    let of = |who, expected| {
        let row = row(RealmRoute::Page(page), &Method::POST, who, expected);
        row.with("session", &facts.beta.sid).with("client", ONLY_BETA).with("end", "1").with("remove", "1")
    };
    let sign_in = Expected::Redirect("/realms/alpha/login/");
    let foreign = match page {
        PageRoute::AccountSessions | PageRoute::AccountApplications => Expected::Page(404, "Page not found"),
        PageRoute::AccountPassword => Expected::Page(422, "Enter your current password"),
        // Nothing of the profile was sent, and for a state that there never was.
        _ => Expected::Page(409, "Your account was changed in the meantime"),
    };
    [
        of(Who::Nobody, sign_in.clone()).with("csrf", &facts.alpha.account_csrf),
        of(Who::WrongCredential, Expected::Page(400, "This form is out of date"))
            .cookie("pal_session", &facts.alpha.session)
            .with("csrf", &facts.beta.account_csrf),
        of(Who::ForeignCredential, sign_in)
            .cookie("pal_session", &facts.beta.session)
            .with("csrf", &facts.beta.account_csrf),
        of(Who::ForeignId, foreign).cookie("pal_session", &facts.alpha.session).with("csrf", &facts.alpha.account_csrf),
    ]
}
