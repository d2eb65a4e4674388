//! Scopes that ask for claims (OpenID Connect Core, section 5.4).

use palatine_e2e::{World, on_every_backend};
use serde_json::Value;

use super::provider::Provider;
use super::variant::Variant;

/// Of the scope `profile`.
const PROFILE: &[&str] = &[
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

/// Of the scope `email`.
const EMAIL: &[&str] = &["email", "email_verified"];

/// Of the scope `phone`.
const PHONE: &[&str] = &["phone_number", "phone_number_verified"];

/// Every variant is given these claims for this scope, where they belong, and they are of their types.
async fn gives(world: &World, scope: &str, names: &[&str]) {
    let provider = Provider::of(world).await;
    for variant in Variant::all() {
        let party = provider.client(variant);
        let ask = party.ask().scope(scope);
        let signed_in = party.sign_in_asking(&mut provider.realm.browser(), &ask).await;
        let claims = party.claims(&signed_in).await;
        for name in names {
            assert!(is_of_its_type(name, &claims[name]), "{variant:?} {name}: {}", claims[name]);
        }
        // Section 5.4: where an access token is issued, they are userinfo's.
        if variant.response_type != "id_token" {
            let doubled: Vec<_> = names.iter().filter(|name| signed_in.id_claims().get(**name).is_some()).collect();
            assert!(doubled.is_empty(), "{variant:?} {doubled:?}");
        }
        let all = [PROFILE, EMAIL, PHONE, &["address"]].concat();
        let uncalled: Vec<_> =
            all.iter().filter(|name| !names.contains(name) && claims.get(**name).is_some()).collect();
        assert!(uncalled.is_empty(), "{variant:?} {uncalled:?}");
    }
}

/// OpenID Connect Core, sections 5.1 and 5.1.1.
fn is_of_its_type(name: &str, value: &Value) -> bool {
    match name {
        "email_verified" | "phone_number_verified" => value.is_boolean(),
        "updated_at" => value.is_number(),
        "address" => value.as_object().is_some_and(|parts| !parts.is_empty() && parts.values().all(Value::is_string)),
        "profile" | "picture" | "website" => value.as_str().is_some_and(|text| text.starts_with("https://")),
        _ => value.as_str().is_some_and(|text| !text.is_empty()),
    }
}

on_every_backend! {
    async fn oidcc_scope_profile(world) {
        gives(world, "openid profile", PROFILE).await;
    }

    async fn oidcc_scope_email(world) {
        gives(world, "openid email", EMAIL).await;
    }

    async fn oidcc_scope_address(world) {
        gives(world, "openid address", &["address"]).await;
    }

    async fn oidcc_scope_phone(world) {
        gives(world, "openid phone", PHONE).await;
    }

    async fn oidcc_scope_all(world) {
        let all = [PROFILE, EMAIL, PHONE, &["address"]].concat();
        gives(world, "openid profile email address phone", &all).await;
    }

    async fn oidcc_ensure_other_scope_order_succeeds(world) {
        gives(world, "email openid", EMAIL).await;
    }
}
