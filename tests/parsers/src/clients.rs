//! What strangers say of the clients that they register, and what such a client signs and serves.

use palatine_domain::Instant;
use palatine_domain::client::ClientAuthMethod;
use palatine_pages::picture;
use palatine_protocol::redirect_uri::{ApplicationType, RegisteredRedirectUri, origin_of};
use palatine_protocol::registration::ClientMetadata;
use palatine_protocol::token::GrantType;
use palatine_realm::VerifiedJws;
use palatine_token_service::client_auth::check_assertion_claims;
use palatine_token_service::registration::{check_sector_document, settings_of};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::tokens;

/// Whoever registers gets no more than the realm lets anybody have, and no URI that leads elsewhere than it seems.
pub(crate) fn registration(data: &[u8]) {
    let Ok(metadata) = ClientMetadata::read(data) else { return };
    let realm = tokens::realm();
    let Ok(settings) = settings_of(realm, &metadata) else { return };
    assert!(settings.registered && settings.consent_required && settings.strict_auth_method && !settings.first_party);
    let registrable = &realm.policy().registrable_grants.0;
    assert!(settings.grant_types.iter().all(|grant| registrable.contains(grant)), "{:?}", settings.grant_types);
    assert!(!settings.grant_types.contains(&GrantType::Password));
    let has_keys = settings.keys.jwks.is_some() || settings.keys.jwks_uri.is_some();
    assert!(has_keys || settings.auth_method != ClientAuthMethod::PrivateKeyJwt);
    assert!(has_keys || !settings.sign_in.require_signed_request_object);
    let application = match metadata.application_type.as_deref() {
        Some("native") => ApplicationType::Native,
        _ => ApplicationType::Web,
    };
    for uri in settings.redirect_uris.iter().chain(&settings.post_logout_redirect_uris) {
        assert!(RegisteredRedirectUri::parse(uri, application).is_ok(), "{uri}");
        assert!(!uri.contains('#') && !uri.starts_with("javascript:") && !uri.starts_with("data:"), "{uri}");
    }
    let fetched = [&settings.keys.jwks_uri, &settings.subject.sector_identifier_uri];
    for uri in fetched.into_iter().flatten().chain(&settings.sign_in.request_uris) {
        let url = url::Url::parse(uri).expect("a URL");
        assert!(url.scheme() == "https" || url.scheme() == "http", "{uri}");
        assert!(url.username().is_empty() && url.password().is_none(), "{uri}");
    }
    let about = &settings.about;
    for uri in [&about.client_uri, &about.logo_uri, &about.policy_uri, &about.tos_uri].into_iter().flatten() {
        let url = url::Url::parse(uri).expect("a URL");
        assert!(["https", "http"].contains(&url.scheme()), "a link that people are shown: {uri}");
    }
    if let Some(frame) = &settings.logout.frontchannel_uri {
        assert!(settings.redirect_uris.iter().any(|uri| origin_of(uri) == origin_of(frame)), "{frame}");
    }
}

/// A header's type and a body's claims, as they are once the signature was found right.
#[derive(Deserialize)]
struct Assertion {
    #[serde(default)]
    typ: Option<String>,
    claims: Map<String, Value>,
}

/// An assertion that is taken is by the client, about the client and for us, and is not taken for long.
pub(crate) fn client_assertion(data: &[u8]) {
    const NOW: i64 = 1_800_000_000;
    let Ok(Assertion { typ, claims }) = serde_json::from_slice(data) else { return };
    let ours = ["https://op.example".to_owned(), "https://op.example/token".to_owned()];
    let algorithm = palatine_protocol::jwk::SigningAlgorithm::ES256;
    let jws = VerifiedJws { typ: typ.clone(), algorithm, claims: claims.clone() };
    let Ok(sound) = check_assertion_claims(jws, "app", &ours, Instant::from_seconds(NOW)) else { return };
    let kinds = ["jwt", "client-authentication+jwt"];
    assert!(typ.is_none_or(|typ| kinds.iter().any(|kind| typ.eq_ignore_ascii_case(kind))));
    assert!(claims["iss"] == "app" && claims["sub"] == "app", "{claims:?}");
    let audiences = match &claims["aud"] {
        Value::Array(several) => several.clone(),
        one => vec![one.clone()],
    };
    assert!(!audiences.is_empty() && audiences.iter().all(|audience| ours.iter().any(|own| audience == own.as_str())));
    assert!(claims["jti"] == *sound.jti && (1..=512).contains(&sound.jti.len()));
    // Five minutes, and half a minute by which each clock may be wrong.
    let left = sound.until.as_seconds() - NOW;
    assert!((0..=360).contains(&left) && sound.issued_at.as_seconds() <= NOW + 60, "{sound:?}");
}

/// A document of a sector lists what is registered, letter by letter.
pub(crate) fn sector_document(data: &[u8]) {
    let registered = ["https://app.example/cb".to_owned(), "https://other.example/cb".to_owned()];
    if check_sector_document(data, &registered).is_err() {
        return;
    }
    let document: Value = serde_json::from_slice(data).expect("it is JSON");
    let listed = document.as_array().expect("an array");
    for uri in &registered {
        assert!(listed.iter().any(|listed| listed == uri.as_str()), "{document}");
    }
}

/// `P`, `J` or `W` for the content type, then the bytes: whatever comes, what is shown is a small PNG of our own.
pub(crate) fn logo(data: &[u8]) {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let Some((kind, bytes)) = data.split_first() else { return };
    let content_type = match kind {
        b'P' => "image/png",
        b'J' => "image/jpeg",
        b'W' => "image/webp",
        _ => return,
    };
    let format = picture::format_of(content_type).expect("a format that is read");
    let Ok(png) = picture::redrawn(bytes, format) else { return };
    assert!(png.starts_with(SIGNATURE) && png.len() <= 256 * 1024, "{} bytes", png.len());
    // The first chunk is IHDR: width and height.
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    assert!((1..=128).contains(&side(16)) && (1..=128).contains(&side(20)));
    let again = picture::redrawn(&png, picture::format_of("image/png").expect("PNG")).expect("it is a picture");
    assert!(again.starts_with(SIGNATURE));
}
