//! Claims about a person, by the scopes that release them (OpenID Connect Core, section 5.4).

use palatine_domain::user::User;
use palatine_protocol::claims::ExtraClaims;
use palatine_protocol::scope::{self, ScopeSet};
use palatine_realm::Realm;
use serde_json::Value;

/// The claims that `scope` releases, without `sub`. Absent and empty facts are left out, never `null` or `""`.
pub(super) fn of_user(realm: &Realm, user: &User, scope: &ScopeSet) -> ExtraClaims {
    let mut claims = ExtraClaims::new();
    if scope.contains(scope::PROFILE) {
        profile(&mut claims, user);
    }
    if scope.contains(scope::EMAIL) && text(&mut claims, "email", user.email.as_deref()) {
        claims.insert("email_verified".to_owned(), user.email_verified.into());
    }
    let number = user.profile.phone_number.as_deref();
    if scope.contains(scope::PHONE) && text(&mut claims, "phone_number", number) {
        let verified = user.profile.phone_number_verified.unwrap_or(false);
        claims.insert("phone_number_verified".to_owned(), verified.into());
    }
    if scope.contains(scope::ADDRESS) {
        address(&mut claims, user);
    }
    for field in &realm.settings().custom_fields {
        // A declaration is checked when it is stored; a reserved name is left out here all the same.
        if let (true, Ok(()), Some(value)) =
            (scope.contains(&field.scope), field.check(), user.custom.get(&field.name).filter(|value| says(value)))
        {
            claims.insert(field.claim.clone(), value.clone());
        }
    }
    claims
}

/// Section 5.4: "requests access to the End-User's default profile Claims".
fn profile(claims: &mut ExtraClaims, user: &User) {
    let profile = &user.profile;
    let texts = [
        ("name", &profile.name),
        ("given_name", &profile.given_name),
        ("family_name", &profile.family_name),
        ("middle_name", &profile.middle_name),
        ("nickname", &profile.nickname),
        ("profile", &profile.profile),
        ("picture", &profile.picture),
        ("website", &profile.website),
        ("gender", &profile.gender),
        ("birthdate", &profile.birthdate),
        ("zoneinfo", &profile.zoneinfo),
        ("locale", &profile.locale),
    ];
    for (claim, value) in texts {
        text(claims, claim, value.as_deref());
    }
    text(claims, "preferred_username", Some(&user.username));
    claims.insert("updated_at".to_owned(), user.updated_at.as_seconds().into());
}

/// Section 5.1.1: an object, of which "implementations MAY return only a subset".
fn address(claims: &mut ExtraClaims, user: &User) {
    let parts = user.profile.address.iter().flatten().filter(|(_, part)| !part.is_empty());
    let address: ExtraClaims = parts.map(|(name, part)| (name.clone(), part.as_str().into())).collect();
    if !address.is_empty() {
        claims.insert("address".to_owned(), Value::Object(address));
    }
}

/// Whether there was anything to say.
fn text(claims: &mut ExtraClaims, name: &str, value: Option<&str>) -> bool {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return false };
    claims.insert(name.to_owned(), value.into());
    true
}

/// Section 5.3.2: "If a Claim is not returned, that Claim Name SHOULD be omitted".
fn says(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}
