//! What there is to be stolen: somebody signed in in both realms, with an interaction of each under way.

use palatine_domain::asset::{Asset, AssetKind};
use palatine_domain::client::ClientId;
use palatine_e2e::{Answer, Browser, Endpoint, RealmUnderTest, Tokens, World, realms};

/// What one realm has.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfRealm {
    /// `pal_session` of somebody signed in.
    pub(crate) session: String,
    /// A live refresh token, an access token and an ID token of theirs.
    pub(crate) refresh: String,
    pub(crate) access: String,
    pub(crate) id: String,
    /// A code that nobody has redeemed, and its verifier.
    pub(crate) code: String,
    pub(crate) verifier: String,
    /// An interaction under way, its cookie, and the token of its form.
    pub(crate) interaction: String,
    pub(crate) interaction_cookie: String,
    pub(crate) interaction_csrf: String,
    /// What a device shows that waits for its person.
    pub(crate) user_code: String,
    /// The token of the form of the sign-out question.
    pub(crate) logout_csrf: String,
    /// The token of the account's forms, and the id of the session.
    pub(crate) account_csrf: String,
    pub(crate) sid: String,
    /// The key of a client with a logo.
    pub(crate) client_with_logo: String,
}

/// What both realms have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) alpha: OfRealm,
    pub(crate) beta: OfRealm,
}

/// A client that beta has and alpha does not.
pub(crate) const ONLY_BETA: &str = "tulip-kiosk";

/// Its logo.
const LOGO: &str = "https://tulip.example.com/logo.png";

/// Gives that client its logo, as if it had been fetched, and the realm one of its own.
async fn with_logo(world: &World) -> String {
    let rows = world.rows("beta").await;
    let client = rows.clients().by_client_id(&ClientId::parse(ONLY_BETA).unwrap()).await.unwrap().unwrap();
    assert!(rows.client_logos().keep(client.key, LOGO, b"a picture of beta".to_vec()).await.unwrap());
    let own = Asset::new(AssetKind::Logo, "image/png", b"a picture of beta".to_vec(), world.now());
    rows.assets().put(&own).await.unwrap();
    rows.commit().await.unwrap();
    client.key.to_string()
}

impl Facts {
    pub(crate) async fn gather(world: &World) -> Self {
        let more = format!(
            "  {ONLY_BETA}:\n    name: Flowers of the South\n    kind: web\n    secret: \"beta-tulip-secret\"\n    scopes: {{default: \
             [openid]}}\n    redirect_uris: [\"https://tulip.example.com/callback\"]\n    about: {{logo_uri: \"{LOGO}\"}}\n  stranger:\n"
        );
        world.apply(&realms::changed(&realms::beta(), "  stranger:\n", &more)).await;
        let beta = OfRealm { client_with_logo: with_logo(world).await, ..OfRealm::gather(&world.beta()).await };
        Self { alpha: OfRealm::gather(&world.alpha()).await, beta }
    }

    /// Nothing of beta is in an answer of alpha.
    pub(crate) fn assert_tells_nothing(&self, answer: &Answer, what: &str) {
        let headers: Vec<String> = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        let all = format!("{}\n{}", answer.body, headers.join("\n"));
        let needles = ["/realms/beta", "beta-", "of beta", "cust-beta", "Flowers of the South", "tulip.example.com"];
        for needle in needles {
            assert!(!all.contains(needle), "{needle} in {what}");
        }
        for (of, secrets) in [("alpha", &self.alpha), ("beta", &self.beta)] {
            for secret in [&secrets.session, &secrets.interaction_cookie, &secrets.access, &secrets.refresh] {
                assert!(!all.contains(secret.as_str()), "a secret of {of} in {what}");
            }
        }
    }

    /// Everybody is as they were.
    pub(crate) async fn assert_nothing_was_lost(&self, world: &World) {
        for (realm, of) in [(world.alpha(), &self.alpha), (world.beta(), &self.beta)] {
            let app = realm.web_app();
            assert!(app.finds_active(&of.access).await && app.finds_active(&of.refresh).await, "{}", realm.slug());
            assert_eq!(realm.userinfo(&of.access).await.success()["email"], "ada@example.com");
            let form = [
                ("grant_type", "authorization_code"),
                ("code", of.code.as_str()),
                ("redirect_uri", app.redirect_uri.as_str()),
                ("code_verifier", of.verifier.as_str()),
            ];
            Tokens::of(&app.post(Endpoint::Token, &form).await);
            Tokens::of(&app.refresh(&of.refresh).await);
            let silent = app.ask().with("prompt", "none").url();
            let request = realm.wire().request(reqwest::Method::GET, &silent);
            let answer = Answer::of(request.header("cookie", format!("pal_session={}", of.session))).await;
            assert!(answer.location().contains("code="), "{}: {}", realm.slug(), answer.location());
        }
    }
}

impl OfRealm {
    async fn gather(realm: &RealmUnderTest) -> Self {
        let app = realm.web_app();
        let mut browser = realm.browser();
        let tokens = app.sign_in(&mut browser, &realm.ada()).await;
        let ask = app.ask();
        let code = app.authorize(&mut browser, &realm.ada(), &ask).await.code();
        let account = browser.open(&realm.account("")).await;
        let question = browser.open(&realm.url(Endpoint::EndSession)).await;
        let mut another = realm.browser();
        let login = another.open(&app.ask().url()).await;
        let (_, interaction) = login.page().url.rsplit_once('/').unwrap();
        let device = realm.tv_app().post(Endpoint::DeviceAuthorization, &[]).await.success();
        Self {
            user_code: device["user_code"].as_str().unwrap().to_owned(),
            session: value(&browser, "pal_session"),
            access: tokens.access.clone(),
            refresh: tokens.refresh().to_owned(),
            id: tokens.id().to_owned(),
            code,
            verifier: ask.verifier,
            interaction: interaction.to_owned(),
            interaction_cookie: value(&another, &format!("pal_ix_{interaction}")),
            interaction_csrf: login.page().form().value("csrf").to_owned(),
            account_csrf: account.page().form_with("save").value("csrf").to_owned(),
            client_with_logo: String::new(),
            sid: tokens.id_claims()["sid"].as_str().unwrap().to_owned(),
            logout_csrf: question.page().form().value("csrf").to_owned(),
        }
    }
}

fn value(browser: &Browser, name: &str) -> String {
    browser.cookie(name).unwrap_or_else(|| panic!("no cookie {name}")).value
}
