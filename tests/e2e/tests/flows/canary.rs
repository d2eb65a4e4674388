//! Secrets planted in every place that takes one, and the search for them in everything that leaves the process: its
//! log, its audit trail, its metrics, its pages, its redirects (PROTOCOL.md section 13, trap 16).
use std::path::Path;

use palatine_e2e::{
    Answer, Answered, App, Browser, ClientAuth, Dev, Endpoint, Palatine, Person, RealmUnderTest, Tokens, Visit,
    eventually, form_body, seconds,
};

const SECRET: &str = "canary-client-secret-4f7d1c";
const WRONG_SECRET: &str = "canary-wrong-secret-8b2e90";
const PASSWORD: &str = "canary-password-orchid-51c3";
const WRONG_PASSWORD: &str = "canary-wrong-password-77aa";
const REDIRECT_URI: &str = "https://canary.example.com/callback";

fn document() -> String {
    format!(
        r#"
apiVersion: palatine/v1
kind: Realm
realm: canary
display_name: Canary
policy:
  rate_limits:
    enabled: false
clients:
  bird:
    kind: web
    secret: "{SECRET}"
    grants: [authorization_code, refresh_token, client_credentials, password, "urn:ietf:params:oauth:grant-type:device_code"]
    scopes: {{default: [openid], optional: [profile, email, offline_access]}}
    redirect_uris: ["{REDIRECT_URI}"]
  guest-bird:
    kind: web
    secret: "{SECRET}"
    first_party: false
    consent_required: true
    scopes: {{default: [openid]}}
    redirect_uris: ["{REDIRECT_URI}"]
users:
  robin:
    email: robin@example.com
    initial_password: "{PASSWORD}"
"#
    )
}

/// What was seen, and what must not be in it.
#[derive(Default)]
struct Watch {
    /// Secret, and what it is.
    secrets: Vec<(String, &'static str)>,
    /// Every answer.
    answers: Vec<Answer>,
}

impl Watch {
    fn secret(&mut self, what: &'static str, value: &str) {
        assert!(value.len() > 15, "{what} is too short to be searched for");
        self.secrets.push((value.to_owned(), what));
    }

    fn saw(&mut self, visit: &Visit) {
        self.answers.extend(visit.answers.iter().cloned());
    }

    fn tokens(&mut self, answer: &Answer) -> Tokens {
        let tokens = Tokens::of(answer);
        self.secret("an access token", &tokens.access);
        if let Some(refresh) = &tokens.refresh {
            self.secret("a refresh token", refresh);
            // The part that nobody else knows.
            self.secret("the end of a refresh token", refresh.rsplit('.').next().unwrap());
        }
        tokens
    }

    fn cookies(&mut self, browser: &Browser) {
        for cookie in browser.cookies() {
            if cookie.name != "pal_state" {
                self.secret("a cookie", &cookie.value);
            }
        }
    }

    fn assert_absent(&self, place: &str, text: &[u8]) {
        for (secret, what) in &self.secrets {
            let found = text.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{what} is in {place}");
        }
    }
}

/// A person signs in, and an application uses everything it got, rightly and wrongly.
async fn use_everything(realm: &RealmUnderTest, watch: &mut Watch) {
    let (app, robin) = (realm.app("bird", SECRET, REDIRECT_URI), Person::new("robin@example.com", PASSWORD));
    let mut browser = realm.browser();
    let ask = app.ask().scope("openid profile email offline_access");
    watch.secret("a verifier", &ask.verifier);
    let login = browser.open(&ask.url()).await;
    watch.saw(&login);
    watch.cookies(&browser);
    for person in
        [Person::new("robin", WRONG_PASSWORD), Person::new(WRONG_PASSWORD, PASSWORD), Person::new(PASSWORD, "")]
    {
        let again = browser.type_credentials(login.page(), &person).await;
        // What was typed as a name is shown again, whatever it was.
        if person.username == "robin" {
            watch.saw(&again);
        }
    }
    let visit = browser.type_credentials(login.page(), &robin).await;
    let code = Answered::at(visit.left(), &ask).code();
    watch.saw(&visit);
    watch.cookies(&browser);
    watch.secret("a code", &code);
    let wrong_verifier = ask.clone().with("redirect_uri", "https://canary.example.com/other");
    watch.answers.push(app.redeem(&code, &wrong_verifier).await);
    let answer = app.redeem(&code, &ask).await;
    let tokens = watch.tokens(&answer);
    watch.answers.push(app.redeem(&code, &ask).await);
    use_up(realm, &app, &tokens, &mut browser, watch).await;
    consent(realm, &robin, &mut browser, watch).await;
}

async fn use_up(realm: &RealmUnderTest, app: &App, tokens: &Tokens, browser: &mut Browser, watch: &mut Watch) {
    let another = app.ask();
    watch.secret("a verifier", &another.verifier);
    let code = app.authorize(browser, &Person::new("robin", PASSWORD), &another).await.code();
    watch.secret("a code", &code);
    let fresh = app.redeem(&code, &another).await;
    let fresh = watch.tokens(&fresh);
    let renewed = app.refresh(fresh.refresh()).await;
    let renewed = watch.tokens(&renewed);
    let own = app.client_credentials(&[]).await;
    watch.tokens(&own);
    let waiting = app.post(Endpoint::DeviceAuthorization, &[]).await.success();
    let device_code = waiting["device_code"].as_str().unwrap();
    watch.secret("a device code", device_code);
    let device = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device_code)];
    watch.answers.push(app.post(Endpoint::Token, &device).await);
    let direct = app.password(&Person::new("robin", PASSWORD), &[]).await;
    watch.tokens(&direct);
    for person in [Person::new("robin", WRONG_PASSWORD), Person::new(WRONG_PASSWORD, PASSWORD)] {
        watch.answers.push(app.password(&person, &[]).await);
    }
    watch.answers.push(realm.userinfo(&renewed.access).await);
    watch.answers.push(app.introspect(&renewed.access).await);
    watch.answers.push(app.introspect(renewed.refresh()).await);
    watch.answers.push(app.refresh(tokens.refresh()).await);
    let imposter = app.authenticating(ClientAuth::Basic(WRONG_SECRET.to_owned()));
    watch.answers.push(imposter.refresh(renewed.refresh()).await);
    watch.answers.push(app.authenticating(ClientAuth::Post(WRONG_SECRET.to_owned())).refresh("x").await);
    // Where no secret belongs.
    let stray = form_body(&[
        ("client_secret", SECRET),
        ("password", PASSWORD),
        ("code", &code),
        ("access_token", &renewed.access),
    ]);
    for path in ["/oauth/token", "/oauth/userinfo", "/oauth/authorize", "/nothing", "/oauth/logout", ""] {
        watch.answers.push(realm.wire().get(&format!("{}{path}?{stray}", realm.issuer())).await);
        let request = realm.wire().post_request(&format!("{}{path}", realm.issuer()), &[("unheard", SECRET)]);
        let request = request.header("authorization", format!("Bearer {}", renewed.access));
        watch.answers.push(
            Answer::of(request.header("x-custom", PASSWORD).header("referer", format!("https://x.example/{code}")))
                .await,
        );
    }
    watch.answers.push(app.revoke(renewed.refresh()).await);
    watch.answers.push(app.refresh(renewed.refresh()).await);
}

async fn consent(realm: &RealmUnderTest, robin: &Person, browser: &mut Browser, watch: &mut Watch) {
    let guest = realm.app("guest-bird", SECRET, REDIRECT_URI);
    let ask = guest.ask().scope("openid");
    watch.secret("a verifier", &ask.verifier);
    let visit = browser.open(&ask.url()).await;
    watch.saw(&visit);
    let visit = browser.sign_in_if_asked(visit, robin).await;
    watch.cookies(browser);
    let visit = browser.consent_if_asked(visit).await;
    watch.saw(&visit);
    let code = Answered::at(visit.left(), &ask).code();
    watch.secret("a code", &code);
    let answer = guest.redeem(&code, &ask).await;
    let tokens = watch.tokens(&answer);
    let url = format!("{}?id_token_hint={}", realm.url(Endpoint::EndSession), tokens.id());
    let visit = browser.open(&url).await;
    watch.saw(&visit);
    watch.answers.push(guest.refresh(tokens.refresh()).await);
}

/// An answer, without the two places that are there to carry secrets: a cookie, and the code to the client.
fn shown(answer: &Answer) -> String {
    let lines = answer.headers.iter().filter(|(name, value)| {
        let to_the_client = value.to_str().is_ok_and(|value| value.starts_with(REDIRECT_URI));
        *name != "set-cookie" && !(*name == "location" && to_the_client)
    });
    let lines: Vec<String> = lines.map(|(name, value)| format!("{name}: {value:?}")).collect();
    format!("{}\n{}", lines.join("\n"), answer.body)
}

/// Everything that the node wrote into its folder, but for the key that it needs.
fn stored(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| !path.ends_with("master.key")).flat_map(|path| std::fs::read(path).unwrap()).collect()
}

async fn metrics(dev: &Dev) -> String {
    let answer = dev.management("/metrics").await;
    assert_eq!(answer.status, 200);
    answer.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_leaves_the_process_but_by_the_way_it_is_meant_to_go() {
    let palatine = Palatine::default().with("PALATINE__LOG__LEVEL", "debug");
    let dev = palatine.dev("data").await;
    palatine.write("canary.yaml", &document());
    let said = palatine.run(&["apply", "--data-dir", "data", "-f", "canary.yaml"]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let realm = dev.realm("canary");
    eventually("the realm is served", seconds(15), async || {
        dev.wire().get(&realm.url(Endpoint::Discovery)).await.status == 200
    })
    .await;
    let mut watch = Watch::default();
    for (secret, what) in [
        (SECRET, "a client's secret"),
        (WRONG_SECRET, "a wrong secret"),
        (PASSWORD, "a password"),
        (WRONG_PASSWORD, "a wrong password"),
    ] {
        watch.secret(what, secret);
    }
    use_everything(&realm, &mut watch).await;

    watch.assert_absent("what apply says", format!("{}{}", said.stdout, said.stderr).as_bytes());
    for answer in &watch.answers {
        watch.assert_absent(&format!("an answer: {} {}", answer.status, answer.body), shown(answer).as_bytes());
    }
    watch.assert_absent("the metrics", metrics(&dev).await.as_bytes());
    let locations = watch.answers.iter().filter_map(|answer| answer.header("location"));
    let with_code: Vec<&str> = locations.filter(|location| location.contains("code=")).collect();
    assert!(!with_code.is_empty() && with_code.iter().all(|location| location.starts_with(REDIRECT_URI)));
    assert!(watch.answers.len() > 25, "{}", watch.answers.len());
    assert!(watch.secrets.len() > 20, "{}", watch.secrets.len());

    let ended = dev.stop().await;
    assert!(ended.stderr.contains("DEBUG"), "the log is at its level: {}", ended.stderr);
    assert!(ended.stderr.contains("/realms/canary/"), "requests are in the log: {}", ended.stderr);
    watch.assert_absent("the log", ended.stderr.as_bytes());
    watch.assert_absent("the standard output", ended.stdout.as_bytes());
    let database = stored(&palatine.path("data"));
    assert!(String::from_utf8_lossy(&database).contains("robin@example.com"), "the rows are there");
    // Audit events and every other row.
    watch.assert_absent("the database", &database);
}
