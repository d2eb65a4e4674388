//! The `claims` parameter (OpenID Connect Core section 5.5): which claims a client wants, where, and how much.

use std::collections::BTreeMap;

use crate::error::OAuthError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longest `claims`, in bytes.
pub const MAX_CLAIMS_BYTES: usize = 16 * 1024;
/// Most claims of one member.
pub const MAX_CLAIMS: usize = 100;

/// What was asked for, by the place where it is delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// From the userinfo endpoint.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, ClaimRequest>,
    /// In the ID token.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, ClaimRequest>,
}

/// How one claim is asked for (section 5.5.1).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// `essential`: the client cannot do its task smoothly without it.
    #[serde(default)]
    pub essential: bool,
    /// `value` and `values`: what it is to be, one of them; empty: anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl std::fmt::Debug for ClaimRequest {
    /// A value may name a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClaimRequest(essential: {}, {} values)", self.essential, self.values.len())
    }
}

impl ClaimRequest {
    /// Whether a claim may have this value.
    pub fn admits(&self, value: &str) -> bool {
        self.values.is_empty() || self.values.iter().any(|asked| asked == value)
    }
}

impl ClaimsRequest {
    /// Reads the parameter. Members and properties that are not understood are ignored, as the section says.
    pub fn read(text: &str) -> Result<Self, OAuthError> {
        if text.len() > MAX_CLAIMS_BYTES {
            return Err(OAuthError::invalid_request(format!("claims is longer than {MAX_CLAIMS_BYTES} bytes")));
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Self::of(&members),
            _ => Err(OAuthError::invalid_request("claims is not a JSON object")),
        }
    }

    fn of(members: &Map<String, Value>) -> Result<Self, OAuthError> {
        Ok(Self { userinfo: member(members, "userinfo")?, id_token: member(members, "id_token")? })
    }

    /// Whether the answer may be about this subject (section 3.1.2.2): "If the `sub` (subject) Claim is requested with a
    /// specific value for the ID Token, the Authorization Server MUST only send a positive response if the End-User
    /// identified by that `sub` value has an active session".
    pub fn admits_subject(&self, sub: &str) -> bool {
        self.constraints_on("sub").all(|asked| asked.admits(sub))
    }

    /// Whether a certain subject is asked for.
    pub fn names_subject(&self) -> bool {
        self.constraints_on("sub").any(|asked| !asked.values.is_empty())
    }

    /// What `acr` must be one of (section 5.5.1.1): an essential claim of the ID token with values.
    pub fn essential_acr(&self) -> Option<&ClaimRequest> {
        self.id_token.get("acr").filter(|asked| asked.essential && !asked.values.is_empty())
    }

    fn constraints_on<'a>(&'a self, claim: &'a str) -> impl Iterator<Item = &'a ClaimRequest> {
        [&self.id_token, &self.userinfo].into_iter().filter_map(move |member| member.get(claim))
    }
}

fn member(members: &Map<String, Value>, name: &str) -> Result<BTreeMap<String, ClaimRequest>, OAuthError> {
    let asked = match members.get(name) {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(asked)) => asked,
        Some(_) => return Err(OAuthError::invalid_request(format!("the member {name} of claims is not an object"))),
    };
    if asked.len() > MAX_CLAIMS {
        let words = format!("the member {name} of claims asks for more than {MAX_CLAIMS} claims");
        return Err(OAuthError::invalid_request(words));
    }
    asked.iter().map(|(claim, how)| Ok((claim.clone(), claim_request(how)?))).collect()
}

/// `null`, or an object.
fn claim_request(how: &Value) -> Result<ClaimRequest, OAuthError> {
    let how = match how {
        Value::Null => return Ok(ClaimRequest::default()),
        Value::Object(how) => how,
        _ => return Err(OAuthError::invalid_request("a claim in claims is neither null nor an object")),
    };
    let essential = match how.get("essential") {
        None => false,
        Some(Value::Bool(essential)) => *essential,
        Some(_) => return Err(OAuthError::invalid_request("essential in claims is neither true nor false")),
    };
    let mut values: Vec<Value> = how.get("value").cloned().into_iter().collect();
    match how.get("values") {
        None => {}
        Some(Value::Array(several)) => values.extend(several.iter().cloned()),
        Some(_) => return Err(OAuthError::invalid_request("values in claims is not an array")),
    }
    Ok(ClaimRequest { essential, values })
}

/// The scope that releases a standard claim (section 5.4); `None` for the protocol's own claims and for unknown ones.
pub fn scope_of_standard_claim(claim: &str) -> Option<&'static str> {
    match claim {
        "name" | "family_name" | "given_name" | "middle_name" | "nickname" | "preferred_username" | "profile"
        | "picture" | "website" | "gender" | "birthdate" | "zoneinfo" | "locale" | "updated_at" => Some("profile"),
        "email" | "email_verified" => Some("email"),
        "address" => Some("address"),
        "phone_number" | "phone_number_verified" => Some("phone"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use proptest::prelude::*;
    use rstest::rstest;

    fn read(text: &str) -> ClaimsRequest {
        ClaimsRequest::read(text).unwrap()
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let asked = read(
            r#"{"userinfo": {"given_name": {"essential": true}, "nickname": null, "email": {"essential": true},
                "http://example.info/claims/groups": null},
                "id_token": {"auth_time": {"essential": true}, "acr": {"values": ["urn:mace:incommon:iap:silver"]}}}"#,
        );
        assert!(asked.userinfo["given_name"].essential && !asked.userinfo["nickname"].essential);
        assert_eq!(asked.userinfo.len(), 4);
        assert!(asked.id_token["auth_time"].essential);
        assert!(asked.essential_acr().is_none(), "it is voluntary");
        assert!(!asked.names_subject() && asked.admits_subject("anybody"));
        let stored = serde_json::to_string(&asked).unwrap();
        assert_eq!(serde_json::from_str::<ClaimsRequest>(&stored).unwrap(), asked);
    }

    #[test]
    fn a_subject_is_admitted_by_every_member_that_names_one() {
        let one = read(r#"{"id_token": {"sub": {"value": "a"}}}"#);
        assert!(one.names_subject() && one.admits_subject("a") && !one.admits_subject("b"));
        let both = read(r#"{"id_token": {"sub": {"values": ["a", "b"]}}, "userinfo": {"sub": {"value": "b"}}}"#);
        assert!(both.admits_subject("b") && !both.admits_subject("a"));
        let nobody = read(r#"{"id_token": {"sub": {"value": {"name": "a"}}}}"#);
        assert!(nobody.names_subject() && !nobody.admits_subject("a"));
    }

    #[test]
    fn only_an_essential_acr_with_values_binds() {
        for voluntary in [r#"{"acr": null}"#, r#"{"acr": {"essential": true}}"#, r#"{"acr": {"value": "2"}}"#] {
            assert!(read(&format!(r#"{{"id_token": {voluntary}}}"#)).essential_acr().is_none(), "{voluntary}");
        }
        let asked = read(r#"{"id_token": {"acr": {"essential": true, "values": ["1", "2"]}}}"#);
        let acr = asked.essential_acr().unwrap();
        assert!(acr.admits("1") && !acr.admits("3"));
    }

    #[rstest]
    #[case("[]")]
    #[case("{")]
    #[case("null")]
    #[case(r#"{"userinfo": []}"#)]
    #[case(r#"{"id_token": "sub"}"#)]
    #[case(r#"{"id_token": {"email": true}}"#)]
    #[case(r#"{"id_token": {"email": {"essential": "yes"}}}"#)]
    #[case(r#"{"id_token": {"acr": {"values": "1"}}}"#)]
    fn what_is_no_request_is_refused(#[case] text: &str) {
        assert_eq!(ClaimsRequest::read(text).unwrap_err().code, ErrorCode::InvalidRequest, "{text}");
    }

    #[test]
    fn what_is_not_understood_is_ignored() {
        let asked =
            read(r#"{"verified": [1], "userinfo": null, "id_token": {"x": {"purpose": "y", "essential": true}}}"#);
        assert!(asked.userinfo.is_empty() && asked.id_token["x"].essential);
    }

    #[test]
    fn long_wide_and_deep_requests_are_refused() {
        let wide: Vec<String> = (0..=MAX_CLAIMS).map(|number| format!("\"c{number}\":null")).collect();
        let wide = format!("{{\"userinfo\":{{{}}}}}", wide.join(","));
        let deep = format!("{}1{}", "{\"userinfo\":".repeat(1_000), "}".repeat(1_000));
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(MAX_CLAIMS_BYTES));
        for text in [wide, deep, long] {
            assert_eq!(ClaimsRequest::read(&text).unwrap_err().code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let asked = read(r#"{"id_token": {"sub": {"value": "canary"}}}"#);
        assert!(!format!("{asked:?}").contains("canary"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]{}:,\"a-z0-9 ]{0,60}") {
            let _ = ClaimsRequest::read(&text);
        }
    }
}
