//! Clients that register themselves as the suite does: for one response type, with a key that has no name.

use palatine_e2e::{Answer, ClientAuth, KeyHolder, World, seconds};
use palatine_protocol::jwk::SigningAlgorithm;
use serde_json::{Value, json};

use super::provider::{CALLBACK, Provider};
use super::relying_party::RelyingParty;
use super::variant::Variant;

/// A key that has no name, since there is only one.
pub(super) fn unnamed_key() -> KeyHolder {
    KeyHolder::new(SigningAlgorithm::RS256, "")
}

/// The set of this public key.
pub(super) fn public(key: &KeyHolder) -> Value {
    let mut jwk = key.jwk();
    if key.kid.is_empty() {
        jwk.as_object_mut().unwrap().remove("kid");
    }
    json!({ "keys": [jwk] })
}

/// What the suite registers for a variant, with this added.
pub(super) fn metadata(variant: Variant, more: &Value) -> Value {
    let browser = variant.has("id_token") || variant.has("token");
    let grants = [variant.has("code").then_some("authorization_code"), browser.then_some("implicit")];
    let mut metadata = json!({
        "client_name": "Conformance suite",
        "grant_types": grants.into_iter().flatten().collect::<Vec<_>>(),
        "response_types": [variant.response_type],
        "redirect_uris": [CALLBACK],
        "contacts": ["certification@example.com"],
    });
    let members = metadata.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    metadata
}

/// The grants of a variant, and the one of refresh tokens.
pub(super) fn refreshing(variant: Variant) -> Value {
    let mut grants = metadata(variant, &json!({}))["grant_types"].clone();
    grants.as_array_mut().unwrap().push(json!("refresh_token"));
    json!({ "grant_types": grants })
}

/// A provider that takes registrations, past the seconds in which assertions may be from before it began to remember.
pub(super) async fn open_provider(world: &World) -> Provider {
    world.pass(seconds(60));
    Provider::of(world).await
}

impl Provider {
    /// A client that authenticates by this key.
    pub(super) async fn registered(&self, variant: Variant, key: &KeyHolder, more: &Value) -> (RelyingParty, Value) {
        let by_key = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": public(key)});
        let mut wanted = metadata(variant, &by_key);
        if more.get("jwks_uri").is_some() {
            wanted.as_object_mut().unwrap().remove("jwks");
        }
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let client = created(&self.register(&wanted).await, &wanted);
        let mut party = self.relying_party(text(&client, "client_id"), ClientAuth::Nothing, variant);
        text(&wanted["redirect_uris"], 0).clone_into(&mut party.app.redirect_uri);
        party.key = Some(key.clone());
        (party, client)
    }

    /// A client that authenticates by its secret, by HTTP Basic.
    pub(super) async fn registered_with_secret(&self, variant: Variant, more: &Value) -> (RelyingParty, Value) {
        let wanted = metadata(variant, more);
        let client = created(&self.register(&wanted).await, &wanted);
        let secret = ClientAuth::Basic(text(&client, "client_secret").to_owned());
        (self.relying_party(text(&client, "client_id"), secret, variant), client)
    }
}

/// OpenID Connect Dynamic Client Registration, section 3.2: 201, and all that was registered comes back.
#[track_caller]
fn created(answer: &Answer, wanted: &Value) -> Value {
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let client = answer.json();
    for (member, value) in wanted.as_object().unwrap() {
        assert_eq!(&client[member], value, "{member}");
    }
    client
}

/// A text in an object or a list.
#[track_caller]
pub(super) fn text<I: serde_json::value::Index + std::fmt::Display>(value: &Value, at: I) -> &str {
    value[&at].as_str().unwrap_or_else(|| panic!("no {at} in {value}"))
}
