//! How a client proves who it is (RFC 6749, section 2.3; PROTOCOL.md section 4).

use palatine_e2e::{Answer, App, Backend, ClientAuth, Endpoint, Tokens, World, form_body, on_sqlite, realms};
use reqwest::header::AUTHORIZATION;
use serde_json::json;

/// `client_id`s and secrets with every character that some client writes in another way.
const AWKWARD: &[(&str, &str)] = &[
    ("plain", "plain"),
    ("plus+id", "p+q"),
    ("percent%41id", "100%"),
    ("%2Bencoded-looking", "%2B+%zz"),
    ("spaced", "two words"),
    ("umlaut", "äöü€😀"),
    ("colons", "a:b:c"),
    ("co:lon", "x:y"),
    ("symbols!*'()", "!\"#$&'()*,-./;<=>?@[]^_`{|}~"),
];

fn awkward_realm() -> String {
    let clients = AWKWARD.iter().map(|(client_id, secret)| {
        let secret = json!(format!("plain:{secret}"));
        format!("  {}: {{kind: service, secret: {secret}, scopes: {{default: [work]}}}}\n", json!(client_id))
    });
    let head = "apiVersion: palatine/v1\nkind: Realm\nrealm: alpha\nprofile: insecure-demo\n\
                policy: {rate_limits: {enabled: false}}\nscopes: {work: Work}\nclients:\n";
    clients.fold(head.to_owned(), |document, client| document + &client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn basic_credentials_are_read_encoded_and_raw() {
    let mut world = World::builder(Backend::Sqlite).realm(awkward_realm()).start().await;
    for (client_id, secret) in AWKWARD {
        let app = world.alpha().app(client_id, secret, "");
        let mut ways = vec![ClientAuth::Basic((*secret).to_owned()), ClientAuth::Post((*secret).to_owned())];
        // Raw, the first colon ends the client_id.
        if !client_id.contains(':') {
            ways.push(ClientAuth::RawBasic((*secret).to_owned()));
        }
        for way in ways {
            let shown = format!("{client_id} {way:?}");
            let answer = app.authenticating(way).client_credentials(&[]).await;
            assert_eq!(answer.status, 200, "{shown}: {}", answer.body);
        }
        let wrong = app.authenticating(ClientAuth::Basic(format!("{secret}x")));
        wrong.client_credentials(&[]).await.assert_refused(401, "invalid_client");
    }
    world.stop().await;
}

fn with_header(app: &App, header: &str, form: &[(&str, &str)]) -> impl Future<Output = Answer> {
    let request = app.wire.post_request(&Endpoint::Token.url(&app.issuer), form).header(AUTHORIZATION, header);
    Answer::of(request)
}

on_sqlite! {
    async fn a_failure_by_basic_is_challenged_and_one_by_post_is_not(world) {
        let app = world.alpha().web_app();
        let basic = app.authenticating(ClientAuth::Basic("wrong".into())).client_credentials(&[]).await;
        basic.assert_refused(401, "invalid_client");
        assert!(basic.header("www-authenticate").unwrap().starts_with("Basic realm="));
        let post = app.authenticating(ClientAuth::Post("wrong".into())).client_credentials(&[]).await;
        post.assert_refused(401, "invalid_client");
        assert_eq!(post.header("www-authenticate"), None);
    }

    async fn unknown_disabled_and_wrong_are_one_answer(world) {
        let realm = world.alpha();
        let document = realms::changed(&realms::alpha(), "stranger:\n    kind", "stranger:\n    enabled: false\n    kind");
        world.apply(&document).await;
        let unknown = realm.app("nobody", "x", "").client_credentials(&[]).await;
        let wrong = realm.app("worker", "x", "").client_credentials(&[]).await;
        let disabled = realm.service("stranger").app.client_credentials(&[]).await;
        for answer in [&unknown, &wrong, &disabled] {
            assert_eq!((answer.status, &answer.body), (401, &unknown.body));
        }
    }

    async fn any_of_several_secrets_matches(world) {
        let realm = world.alpha();
        for secret in ["alpha-es-old", "alpha-es-new"] {
            let app = realm.es_app().authenticating(ClientAuth::Basic(secret.into()));
            app.sign_in(&mut realm.browser(), &realm.ada()).await;
        }
    }

    async fn a_deleted_secret_no_longer_matches_and_the_other_still_does(world) {
        let realm = world.alpha();
        let (old, new) = (realm.app("es-app", "alpha-es-old", ""), realm.es_app());
        old.refresh("x").await.assert_refused(400, "invalid_grant");
        let rows = world.rows("alpha").await;
        let client_id = palatine_domain::client::ClientId::parse("es-app").unwrap();
        let client = rows.clients().by_client_id(&client_id).await.unwrap().unwrap();
        let secret = client.secrets.iter().find(|secret| secret.label == "old").unwrap();
        assert!(rows.clients().remove_secret(secret.id).await.unwrap());
        rows.commit().await.unwrap();
        old.refresh("x").await.assert_refused(401, "invalid_client");
        new.refresh("x").await.assert_refused(400, "invalid_grant");
    }

    async fn a_strict_client_uses_its_own_method_alone(world) {
        let realm = world.alpha();
        let secret = "alpha-strict-secret";
        let app = realm.app("strict-app", secret, "https://strict.example.com/callback");
        app.refresh("x").await.assert_refused(401, "invalid_client");
        let post = app.authenticating(ClientAuth::Post(secret.into()));
        post.refresh("x").await.assert_refused(400, "invalid_grant");
    }

    async fn the_client_id_may_stand_beside_basic_if_it_is_the_same(world) {
        let app = world.alpha().service("worker").app;
        Tokens::of(&app.client_credentials(&[("client_id", "worker")]).await);
        app.client_credentials(&[("client_id", "stranger")]).await.assert_refused(400, "invalid_request");
    }

    async fn two_methods_at_once_are_refused(world) {
        let app = world.alpha().service("worker").app;
        app.client_credentials(&[("client_secret", "alpha-worker-secret")]).await.assert_refused(400, "invalid_request");
        let form = [("grant_type", "client_credentials")];
        let good = app.request("/realms/alpha/oauth/token", &form).build().unwrap();
        let header = good.headers().get(AUTHORIZATION).unwrap().clone();
        let twice = app.request("/realms/alpha/oauth/token", &form).header(AUTHORIZATION, header);
        Answer::of(twice).await.assert_refused(400, "invalid_request");
    }

    async fn a_broken_basic_header_is_no_authentication(world) {
        let app = world.alpha().service("worker").app;
        let form = [("grant_type", "client_credentials")];
        for header in ["Basic", "Basic ", "Basic ###", "Basic d29ya2Vy", "Basic Og==", "Basic /////w==", "Bearer abc"] {
            let answer = with_header(&app, header, &form).await;
            answer.assert_refused(401, "invalid_client");
        }
    }

    async fn a_confidential_client_is_not_let_in_by_its_id(world) {
        let realm = world.alpha();
        for auth in [ClientAuth::Public, ClientAuth::Post(String::new()), ClientAuth::Nothing] {
            let answer = realm.web_app().authenticating(auth).refresh("x").await;
            answer.assert_refused(401, "invalid_client");
        }
    }

    async fn a_grant_that_a_client_may_not_use_is_refused(world) {
        let realm = world.alpha();
        realm.web_app().client_credentials(&[]).await.assert_refused(400, "unauthorized_client");
        realm.service("worker").app.refresh("x").await.assert_refused(400, "unauthorized_client");
        realm.native_app().client_credentials(&[]).await.assert_refused(400, "unauthorized_client");
        let ask = realm.app("worker", "", "").ask().without("redirect_uri");
        realm.browser().open(&ask.url()).await.last().assert_page(400, "Invalid parameter: redirect_uri");
    }

    async fn missing_and_repeated_parameters_are_named(world) {
        let app = world.alpha().web_app();
        app.post(Endpoint::Token, &[]).await.assert_refused(400, "invalid_request");
        app.post(Endpoint::Token, &[("grant_type", "")]).await.assert_refused(400, "invalid_request");
        app.post(Endpoint::Token, &[("grant_type", "authorization_code")]).await.assert_refused(400, "invalid_request");
        let repeated = [("grant_type", "refresh_token"), ("refresh_token", "a"), ("refresh_token", "a")];
        let answer = app.post(Endpoint::Token, &repeated).await;
        answer.assert_refused(400, "invalid_request");
        assert!(answer.json()["error_description"].as_str().unwrap().contains("refresh_token"));
    }

    async fn unknown_parameters_and_those_of_other_grants_are_ignored(world) {
        let app = world.alpha().service("worker").app;
        Tokens::of(&app.client_credentials(&[("code", "x"), ("nonsense", "y"), ("redirect_uri", "z")]).await);
        let realm = world.alpha();
        let (app, ask) = (realm.web_app(), realm.web_app().ask());
        let code = app.authorize(&mut realm.browser(), &realm.ada(), &ask).await.code();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", ask.redirect_uri()),
            ("code_verifier", &ask.verifier),
            ("scope", "openid something:else"),
        ];
        Tokens::of(&app.post(Endpoint::Token, &form).await);
    }

    async fn the_credentials_are_never_taken_from_the_query(world) {
        let realm = world.alpha();
        let query = form_body(&[("client_id", "worker"), ("client_secret", "alpha-worker-secret")]);
        let url = format!("{}?{query}", realm.url(Endpoint::Token));
        let answer = realm.wire().post(&url, &[("grant_type", "client_credentials")]).await;
        answer.assert_refused(401, "invalid_client");
    }
}
