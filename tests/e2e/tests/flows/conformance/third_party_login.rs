//! Sign-ins that begin elsewhere (OpenID Connect Core, section 4).

use palatine_e2e::{Answer, on_every_backend};
use reqwest::Method;
use serde_json::json;
use url::Url;

use super::provider::Provider;
use super::registering::{metadata, text};
use super::variant::Variant;

/// Where the suite takes them.
const BEGIN: &str = "https://www.certification.openid.net/test/a/palatine/login";

on_every_backend! {
    /// It is kept, given back, and is where the account page sends people: with the issuer, as section 4 requires.
    async fn oidcc_3rd_party_init_login(world) {
        let provider = Provider::of(world).await;
        let (party, client) = provider.registered_with_secret(Variant::CODE, &json!({"initiate_login_uri": BEGIN})).await;
        assert_eq!(client["initiate_login_uri"], BEGIN);
        let request = provider.realm.wire().request(Method::GET, text(&client, "registration_client_uri"));
        let read = Answer::of(request.bearer_auth(text(&client, "registration_access_token"))).await;
        assert_eq!(read.header("content-type"), Some("application/json"));
        assert_eq!(read.success()["initiate_login_uri"], BEGIN);

        let mut browser = provider.realm.browser();
        party.sign_in(&mut browser).await;
        let visit = browser.open(&provider.realm.account("/applications")).await;
        let page = visit.page();
        let links = page.attributes("a[href]", "href");
        let link = links.iter().find(|link| link.starts_with(BEGIN)).expect("a link to where it begins");
        let link = Url::parse(link).unwrap();
        let told: Vec<_> = link.query_pairs().into_owned().collect();
        assert_eq!(told, [("iss".to_owned(), provider.says("issuer").to_owned())]);
        // The relying party knows this issuer, and asks as ever: the person is not asked again.
        let ask = party.ask();
        let visit = browser.open(&ask.url()).await;
        party.complete(visit, &ask).await;
    }

    /// Section 4: `https` only.
    async fn oidcc_3rd_party_init_login_nohttps(world) {
        let provider = Provider::of(world).await;
        let begin = BEGIN.replace("https://", "http://");
        let wanted = metadata(Variant::CODE, &json!({"initiate_login_uri": begin}));
        let answer = provider.register(&wanted).await;
        answer.assert_refused(400, "invalid_client_metadata");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}
