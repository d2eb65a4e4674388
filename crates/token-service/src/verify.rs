//! Our own verifier: takes exactly one kind of token, told apart by `typ` and `token_use` (PROTOCOL.md section 5).

use palatine_domain::Instant;
use palatine_protocol::claims::{AccessTokenClaims, IdTokenClaims, TYP_ACCESS_TOKEN, TYP_JWT};
use palatine_realm::{Expiry, KeyRing};
use serde_json::Value;

/// Takes an access token of this realm that has not expired. Any other kind of token is none.
pub fn access_token(keys: &KeyRing, token: &str, now: Instant) -> Option<AccessTokenClaims> {
    of_access(keys, token, Expiry::Required(now))
}

/// The client that an access token of this realm was issued to, also if it has expired: whose scripts may read that it
/// has. Gives no access.
pub fn client_of_access_token(keys: &KeyRing, token: &str) -> Option<String> {
    of_access(keys, token, Expiry::Ignored).map(|claims| claims.client_id)
}

fn of_access(keys: &KeyRing, token: &str, expiry: Expiry) -> Option<AccessTokenClaims> {
    let verified = keys.verify(token, expiry).ok()?;
    // An ID token has the same `typ` as a token of profile `jwt`; only access tokens say what they are used for.
    let typ_fits = matches!(verified.typ.as_deref(), Some(TYP_ACCESS_TOKEN | TYP_JWT));
    if !typ_fits || !verified.claims.contains_key("token_use") {
        return None;
    }
    serde_json::from_value(Value::Object(verified.claims)).ok()
}

/// Takes an ID token of this realm as a hint: it may have expired (OpenID Connect RP-Initiated Logout, section 2), and
/// its key may have left the key set.
pub fn id_token_hint(keys: &KeyRing, token: &str) -> Option<IdTokenClaims> {
    let verified = keys.verify_hint(token).ok()?;
    if verified.typ.as_deref() != Some(TYP_JWT) || verified.claims.contains_key("token_use") {
        return None;
    }
    serde_json::from_value(Value::Object(verified.claims)).ok()
}
