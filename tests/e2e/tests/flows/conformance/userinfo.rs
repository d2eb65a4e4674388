//! Userinfo, in each way in which a token is presented (OpenID Connect Core, section 5.3.1; RFC 6750, section 2).

use palatine_e2e::{Answer, on_every_backend};
use reqwest::Method;
use serde_json::Value;

use super::provider::Provider;
use super::signed_in::SignedIn;
use super::variant::Variant;

/// Signs somebody in by every variant with an access token and presents it in one way.
async fn by_every_variant(provider: &Provider, ask: impl AsyncFn(&str) -> Answer) {
    for variant in Variant::with_userinfo() {
        let signed_in = provider.client(variant).sign_in(&mut provider.realm.browser()).await;
        good(&ask(signed_in.access_token()).await, &signed_in);
    }
}

/// Section 5.3.2: JSON about the person of the ID token, with members that are not empty.
#[track_caller]
fn good(answer: &Answer, signed_in: &SignedIn) {
    let info = answer.success();
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(info["sub"], signed_in.id_claims()["sub"]);
    let empty = |value: &Value| value.is_null() || value == "";
    assert!(!info.as_object().unwrap().values().any(empty), "{info}");
}

on_every_backend! {
    async fn oidcc_userinfo_get(world) {
        let provider = Provider::of(world).await;
        by_every_variant(&provider, async |token| provider.userinfo(token).await).await;
    }

    async fn oidcc_userinfo_post_header(world) {
        let provider = Provider::of(world).await;
        by_every_variant(&provider, async |token| {
            let request = provider.realm.wire().request(Method::POST, provider.says("userinfo_endpoint"));
            Answer::of(request.bearer_auth(token)).await
        })
        .await;
    }

    async fn oidcc_userinfo_post_body(world) {
        let provider = Provider::of(world).await;
        by_every_variant(&provider, async |token| {
            provider.realm.wire().post(provider.says("userinfo_endpoint"), &[("access_token", token)]).await
        })
        .await;
    }
}
