//! Grants: what a person allowed a client, and the codes that carry it.

use std::collections::BTreeSet;

use palatine_protocol::pkce::CodeChallenge;
use palatine_protocol::scope::ScopeSet;
use serde::{Deserialize, Serialize};

use crate::ids::{ClientKey, CodeId, GrantId, SessionId, UserId};
use crate::secret::TokenHash;
use crate::session::Acr;
use crate::time::Instant;

/// Every issuance to a person belongs to a grant: ending it ends all that was issued under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its row; begins the `jti` of its access tokens.
    pub id: GrantId,
    /// To whom.
    pub client: ClientKey,
    /// By whom.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// What was granted.
    pub scope: ScopeSet,
    /// Claims that it releases by name, beside what its scope releases.
    pub claims: GrantedClaims,
    /// The APIs named in `resource` (RFC 8707), as asked; empty if none was.
    pub resources: Vec<String>,
    /// `nonce` of the request, for the first ID token.
    pub nonce: Option<String>,
    /// `auth_time` of the session when granted.
    pub authenticated_at: Instant,
    /// `acr` of the session when granted.
    pub acr: Acr,
    /// `amr` of the session when granted, joined by spaces.
    pub amr: String,
    /// Confirmation that binds its tokens to a key (RFC 7800); none yet.
    pub cnf: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When and why it was ended.
    pub ended: Option<(Instant, EndReason)>,
}

/// Claims that were asked for by name and allowed (OpenID Connect Core, section 5.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GrantedClaims {
    /// From userinfo.
    pub userinfo: BTreeSet<String>,
    /// In ID tokens.
    pub id_token: BTreeSet<String>,
}

impl GrantedClaims {
    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }
}

/// Why a grant, a session or a refresh family was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The person signed out.
    SignOut,
    /// The client revoked a token (RFC 7009).
    Revoked,
    /// A code was used twice (RFC 6749, section 4.1.2).
    CodeReused,
    /// A refresh token was replayed (RFC 9700, section 4.14.2).
    TokenReplayed,
    /// An admin ended it, or disabled its user or client.
    Admin,
    /// Another account signed in in the same browser.
    Replaced,
    /// The person chose another password.
    PasswordChanged,
    /// The person took back what they allowed the client.
    ConsentWithdrawn,
}

impl EndReason {
    /// Every reason.
    const ALL: [Self; 8] = [
        Self::SignOut,
        Self::Revoked,
        Self::CodeReused,
        Self::TokenReplayed,
        Self::Admin,
        Self::Replaced,
        Self::PasswordChanged,
        Self::ConsentWithdrawn,
    ];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignOut => "sign_out",
            Self::Revoked => "revoked",
            Self::CodeReused => "code_reused",
            Self::TokenReplayed => "token_replayed",
            Self::Admin => "admin",
            Self::Replaced => "replaced",
            Self::PasswordChanged => "password_changed",
            Self::ConsentWithdrawn => "consent_withdrawn",
        }
    }

    /// From the stored word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// An authorization code (RFC 6749, section 4.1.2): 256 bits, kept by hash, consumed by one guarded write.
#[derive(Clone, Debug)]
pub struct AuthorizationCode {
    /// Its row.
    pub id: CodeId,
    /// The hash of the code.
    pub hash: TokenHash,
    /// What it carries.
    pub grant: GrantId,
    /// The only client that may use it.
    pub client: ClientKey,
    /// The URI it was sent to.
    pub redirect_uri: String,
    /// Whether the authorization request named that URI; the token request must then repeat it (section 4.1.3).
    pub redirect_uri_given: bool,
    /// The PKCE challenge (RFC 7636, section 4.3).
    pub challenge: Option<CodeChallenge>,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops working.
    pub expires_at: Instant,
    /// When it was used.
    pub consumed_at: Option<Instant>,
}
