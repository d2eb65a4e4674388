//! Client metadata on the wire: what a client registers, and what it is answered (RFC 7591, RFC 7592, OpenID Connect
//! Dynamic Client Registration 1.0, with the members of the logout specifications).
//!
//! What the members may be is decided where they get their meaning; here they have their types. Members that are not
//! known are ignored (RFC 7591 section 2), `null` is as good as absent.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{ErrorCode, OAuthError};

/// The metadata of a client, as they came or as they are answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// Where answers may go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// Default `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    /// Default `authorization_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// `web` (default) or `native`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<String>,
    /// Whom to write to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contacts: Option<Vec<String>>,
    /// The name people see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// How it uses data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Where its keys are fetched from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its keys themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// A document that lists the redirect URIs of its sector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// `public` (default) or `pairwise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<String>,
    /// Default RS256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,
    /// Default: userinfo is not signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<String>,
    /// The only algorithm of its request objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<String>,
    /// Default `client_secret_basic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<String>,
    /// The only algorithm of its assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_auth_time: Option<bool>,
    /// Best first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_acr_values: Option<Vec<String>>,
    /// Where others send people to begin a sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Default false: whether a request without a signed object is refused (RFC 9101 section 10.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_signed_request_object: Option<bool>,
    /// Where its request objects may be fetched from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_uris: Option<Vec<String>>,
    /// The scopes it may ask for, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Identifies the software.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Where a browser may go after sign-out (OpenID Connect RP-Initiated Logout section 3.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// OpenID Connect Back-Channel Logout section 2.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
    /// OpenID Connect Front-Channel Logout section 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Default false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_session_required: Option<bool>,
}

impl ClientMetadata {
    /// Reads the body of a registration. Encryption is not offered, for whatever it is asked for.
    pub fn read(body: &[u8]) -> Result<Self, OAuthError> {
        let metadata = read_object(body)?;
        refuse_encryption(&read_object(body)?)?;
        Ok(metadata)
    }
}

/// How the names of the members end by which a client asks to be sent, or says that it sends, what is encrypted: in
/// OpenID Connect Dynamic Client Registration section 2, and in every specification that added more (introspection,
/// authorization responses).
const ASKS_FOR_ENCRYPTION: [&str; 4] =
    ["_encrypted_response_alg", "_encrypted_response_enc", "_encryption_alg", "_encryption_enc"];

/// A client that asks for encryption must not believe that it got it, as it would if the member were ignored.
fn refuse_encryption(members: &Map<String, Value>) -> Result<(), OAuthError> {
    let asks = |name: &str| ASKS_FOR_ENCRYPTION.iter().any(|ending| name.ends_with(ending));
    match members.iter().find(|(name, value)| asks(name) && !value.is_null()) {
        Some((name, _)) => {
            Err(OAuthError::new(ErrorCode::InvalidClientMetadata, format!("{name}: encryption is not offered")))
        }
        None => Ok(()),
    }
}

/// What comes beside the metadata when a client is changed (RFC 7592 section 2.2).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct UpdateMembers {
    /// Must be there, and be the client's.
    pub client_id: Option<String>,
    /// May be there, and must then be the present one.
    pub client_secret: Option<String>,
    registration_access_token: Option<Value>,
    registration_client_uri: Option<Value>,
    client_secret_expires_at: Option<Value>,
    client_id_issued_at: Option<Value>,
}

impl UpdateMembers {
    /// Reads them from the body of a change.
    pub fn read(body: &[u8]) -> Result<Self, OAuthError> {
        let members: Self = read_object(body)?;
        members.check()?;
        Ok(members)
    }

    /// "This request MUST include the `client_id` […]. The updated client metadata fields request MUST NOT include the
    /// `registration_access_token`, `registration_client_uri`, `client_secret_expires_at`, or `client_id_issued_at`
    /// fields."
    fn check(&self) -> Result<(), OAuthError> {
        let ours = [
            &self.registration_access_token,
            &self.registration_client_uri,
            &self.client_secret_expires_at,
            &self.client_id_issued_at,
        ];
        if ours.into_iter().any(Option::is_some) {
            let words = "registration_access_token, registration_client_uri, client_secret_expires_at and \
                         client_id_issued_at are not the client's to change";
            return Err(OAuthError::invalid_request(words));
        }
        if self.client_id.is_none() { Err(OAuthError::invalid_request("client_id is missing")) } else { Ok(()) }
    }
}

/// Reads a JSON object. An array, which serde would take for the members in their order, is none.
fn read_object<T: DeserializeOwned>(body: &[u8]) -> Result<T, OAuthError> {
    let refused = |what: String| OAuthError::new(ErrorCode::InvalidClientMetadata, what);
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(refused("the metadata are no JSON object".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| refused(format!("the metadata cannot be read: {error}")))
}

/// The answer to a registration, a reading or a change (RFC 7591 section 3.2.1, RFC 7592 section 3).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClientInformation {
    /// Its name.
    pub client_id: String,
    /// Its secret, when it was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// When it registered, in seconds.
    pub client_id_issued_at: i64,
    /// Beside a secret: 0, it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<i64>,
    /// What it manages itself with.
    pub registration_access_token: String,
    /// And where.
    pub registration_client_uri: String,
    /// All that is registered, defaults filled in.
    #[serde(flatten)]
    pub metadata: ClientMetadata,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &Value) -> Result<ClientMetadata, OAuthError> {
        ClientMetadata::read(body.to_string().as_bytes())
    }

    #[test]
    fn unknown_members_and_null_are_ignored() {
        let metadata =
            read(&json!({"client_name": null, "client_name#de": "Laden", "made_up": [1], "scope": "openid"}));
        assert_eq!(metadata.unwrap(), ClientMetadata { scope: Some("openid".to_owned()), ..ClientMetadata::default() });
    }

    #[test]
    fn a_member_of_another_type_and_a_body_of_another_shape_are_refused() {
        let wrong = [
            json!({"redirect_uris": "https://app.example/cb"}),
            json!({"redirect_uris": [1]}),
            json!({"default_max_age": -1}),
            json!({"require_auth_time": "yes"}),
            json!("text"),
            json!(7),
            json!([]),
            json!([["https://app.example/cb"]]),
        ];
        for body in wrong {
            assert_eq!(read(&body).unwrap_err().code, ErrorCode::InvalidClientMetadata, "{body}");
        }
        for body in ["", "{", r#"{"scope":"a","scope":"b"}"#, "\u{0}"] {
            assert!(ClientMetadata::read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn whatever_asks_for_encryption_is_refused_and_null_asks_for_none() {
        for subject in ["id_token", "userinfo", "introspection", "authorization", "made_up"] {
            for ending in ["encrypted_response_alg", "encrypted_response_enc"] {
                let member = format!("{subject}_{ending}");
                let refused = read(&json!({ &member: "A128GCM" })).unwrap_err();
                assert_eq!(refused.code, ErrorCode::InvalidClientMetadata, "{member}");
                assert!(format!("{refused:?}").contains("encryption is not offered"), "{refused:?}");
                assert!(read(&json!({ member: null })).is_ok());
            }
        }
        for member in ["request_object_encryption_alg", "request_object_encryption_enc", "made_up_encryption_alg"] {
            assert!(read(&json!({ member: ["RSA-OAEP"] })).is_err(), "{member}");
        }
    }

    #[test]
    fn a_change_names_the_client_and_nothing_that_is_ours() {
        let read = |body: &Value| UpdateMembers::read(body.to_string().as_bytes());
        assert!(read(&json!({"client_id": "c", "client_secret": "s", "client_name": "x"})).is_ok());
        assert_eq!(read(&json!({})).unwrap_err().code, ErrorCode::InvalidRequest);
        for ours in
            ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
        {
            assert_eq!(
                read(&json!({"client_id": "c", ours: 0})).unwrap_err().code,
                ErrorCode::InvalidRequest,
                "{ours}"
            );
        }
    }

    #[test]
    fn the_answer_has_what_is_registered_and_nothing_that_is_not() {
        let information = ClientInformation {
            client_id: "c_1".to_owned(),
            client_secret: None,
            client_id_issued_at: 7,
            client_secret_expires_at: None,
            registration_access_token: "t".to_owned(),
            registration_client_uri: "https://op/c_1".to_owned(),
            metadata: ClientMetadata { client_name: Some("App".to_owned()), ..ClientMetadata::default() },
        };
        let expected = json!({
            "client_id": "c_1",
            "client_id_issued_at": 7,
            "registration_access_token": "t",
            "registration_client_uri": "https://op/c_1",
            "client_name": "App",
        });
        assert_eq!(serde_json::to_value(information).unwrap(), expected);
    }
}
