//! What a realm may choose: lifetimes, limits, lockout, passwords, refresh, keys.
//!
//! Every duration is in whole seconds and says so in its name; every field has a default.

use std::time::Duration;

use palatine_protocol::jwk::SigningAlgorithm;
use palatine_protocol::scope::Scope;
use palatine_protocol::token::GrantType;
use serde::{Deserialize, Serialize};

use crate::key::PUBLISHED_AHEAD;
use crate::time::Instant;

/// All that a realm may choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RealmPolicy {
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// Rotation of refresh tokens.
    pub refresh: RefreshPolicy,
    /// Access tokens where neither API nor client decides.
    pub access_tokens: AccessTokenPolicy,
    /// Requests a minute.
    pub rate_limits: RateLimitPolicy,
    /// Guessing of passwords.
    pub lockout: LockoutPolicy,
    /// Choice of passwords.
    pub passwords: PasswordPolicy,
    /// Who may register clients.
    pub registration: RegistrationPolicy,
    /// The scopes that a client may register itself for, and has where it names none. Default: the standard ones
    /// without roles and groups.
    pub registrable_scopes: RegistrableScopes,
    /// The grants that a client may register itself for. Default: all that a person takes part in.
    pub registrable_grants: RegistrableGrants,
    /// Rotation of signing keys.
    pub keys: KeyPolicy,
    /// What happens to a scope that the client may not have.
    pub foreign_scopes: ForeignScopes,
    /// The log of what happened.
    #[serde(skip_serializing_if = "AuditPolicy::is_default")]
    pub audit: AuditPolicy,
}

/// Why a policy cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A value outside its bounds.
    #[error("{field} is {value}; it must be from {least} to {most} {unit}")]
    OutOfBounds {
        /// The field, as written in the realm document.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The least allowed.
        least: u64,
        /// The most allowed.
        most: u64,
        /// The unit of all three.
        unit: &'static str,
    },
    /// A grant that an admin alone gives to clients.
    #[error("registrable_grants: {0} is given by an admin alone; leave it out")]
    NotRegistrable(GrantType),
    /// A key would be removed while tokens signed with it still live.
    #[error(
        "keys.retention_seconds is {given} seconds; it must be at least rotation_seconds plus the longest token \
         lifetime, {needed} seconds"
    )]
    KeyTooShortLived {
        /// What was given, in seconds.
        given: u64,
        /// The least allowed, in seconds.
        needed: u64,
    },
}

impl RealmPolicy {
    /// Checks every value against its bounds, and the values against each other.
    pub fn check(&self) -> Result<(), PolicyError> {
        let seconds = |field, value: u64, least, most| in_bounds(field, value, least, most, "seconds");
        let l = &self.lifetimes;
        seconds("lifetimes.access_token_seconds", l.access_token_seconds, 10, MAX_TOKEN_SECONDS)?;
        seconds("lifetimes.id_token_seconds", l.id_token_seconds, 10, MAX_TOKEN_SECONDS)?;
        seconds("lifetimes.code_seconds", l.code_seconds, 5, 600)?;
        seconds("lifetimes.refresh_idle_seconds", l.refresh_idle_seconds, 60, YEAR)?;
        seconds("lifetimes.refresh_absolute_seconds", l.refresh_absolute_seconds, l.refresh_idle_seconds, 5 * YEAR)?;
        seconds("lifetimes.offline_idle_seconds", l.offline_idle_seconds, 60, 5 * YEAR)?;
        seconds("lifetimes.session_idle_seconds", l.session_idle_seconds, 60, YEAR)?;
        seconds("lifetimes.session_max_seconds", l.session_max_seconds, l.session_idle_seconds, YEAR)?;
        seconds("lifetimes.remember_me_seconds", l.remember_me_seconds, 60, YEAR)?;
        seconds("lifetimes.interaction_seconds", l.interaction_seconds, 60, 3_600)?;
        seconds("lifetimes.device_code_seconds", l.device_code_seconds, 60, 3_600)?;
        seconds("lifetimes.device_interval_seconds", l.device_interval_seconds, 1, 60)?;
        seconds("refresh.grace_seconds", self.refresh.grace_seconds, 0, 60)?;
        in_bounds("passwords.min_length", self.passwords.min_length, 8, 128, "characters")?;
        in_bounds("passwords.min_strength", self.passwords.min_strength, 0, 4, "(zxcvbn score)")?;
        in_bounds("audit.retention_days", self.audit.retention_days, 1, 3_660, "days")?;
        seconds("keys.rotation_seconds", self.keys.rotation_seconds, 3_600, YEAR)?;
        seconds("keys.retention_seconds", self.keys.retention_seconds, 0, 2 * YEAR)?;
        self.check_key_retention(0)
    }

    /// "Key life ≥ rotation interval + longest token life": of the realm, or of a client whose access tokens live
    /// `client_seconds`.
    pub fn check_key_retention(&self, client_seconds: u64) -> Result<(), PolicyError> {
        let longest = self.lifetimes.longest_token_seconds().max(client_seconds);
        if let Some(grant) = self.registrable_grants.0.iter().find(|grant| !REGISTRABLE.contains(grant)) {
            return Err(PolicyError::NotRegistrable(*grant));
        }
        let needed = self.keys.rotation_seconds + longest;
        if self.keys.retention_seconds < needed {
            return Err(PolicyError::KeyTooShortLived { given: self.keys.retention_seconds, needed });
        }
        Ok(())
    }

    /// How long a key is published after it has ceased to sign: what its retention leaves, and in any case the longest
    /// life that any policy allows. So a lifetime that was shortened, or a client's own, changed a moment before a
    /// rotation, takes no key away from a token that lives.
    pub fn key_overlap(&self) -> Duration {
        let left = self.keys.retention_seconds.saturating_sub(self.keys.rotation_seconds);
        Duration::from_secs(left.max(MAX_TOKEN_SECONDS))
    }

    /// When the successor of a key that signs from `active_from` on is to be made, so that it can be published ahead.
    pub fn key_rotates_at(&self, active_from: Instant) -> Instant {
        active_from.plus(Duration::from_secs(self.keys.rotation_seconds)).minus(PUBLISHED_AHEAD)
    }
}

/// The longest life of anything that a signing key signs, under any policy, in seconds.
pub const MAX_TOKEN_SECONDS: u64 = 86_400;

const YEAR: u64 = 366 * 86_400;

fn in_bounds(field: &'static str, value: u64, least: u64, most: u64, unit: &'static str) -> Result<(), PolicyError> {
    if (least..=most).contains(&value) {
        Ok(())
    } else {
        Err(PolicyError::OutOfBounds { field, value, least, most, unit })
    }
}

/// How long things live, in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lifetimes {
    /// An access token. Default 300.
    pub access_token_seconds: u64,
    /// An ID token. Default 300.
    pub id_token_seconds: u64,
    /// An authorization code. Default 60.
    pub code_seconds: u64,
    /// A refresh family without use. Default 7 days.
    pub refresh_idle_seconds: u64,
    /// A refresh family in all. Default 30 days.
    pub refresh_absolute_seconds: u64,
    /// An offline family without use; it has no absolute limit. Default 30 days.
    pub offline_idle_seconds: u64,
    /// A login session without use. Default 30 minutes.
    pub session_idle_seconds: u64,
    /// A login session in all. Default 10 hours.
    pub session_max_seconds: u64,
    /// A login session with "remember me", idle and in all. Default 30 days.
    pub remember_me_seconds: u64,
    /// A sign-in in progress. Default 10 minutes.
    pub interaction_seconds: u64,
    /// The codes of a device that waits for its person. Default 10 minutes.
    pub device_code_seconds: u64,
    /// The least time between two questions of such a device. Default 5.
    pub device_interval_seconds: u64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token_seconds: 300,
            id_token_seconds: 300,
            code_seconds: 60,
            refresh_idle_seconds: 7 * 86_400,
            refresh_absolute_seconds: 30 * 86_400,
            offline_idle_seconds: 30 * 86_400,
            session_idle_seconds: 30 * 60,
            session_max_seconds: 10 * 3_600,
            remember_me_seconds: 30 * 86_400,
            interaction_seconds: 600,
            device_code_seconds: 600,
            device_interval_seconds: 5,
        }
    }
}

impl Lifetimes {
    /// The longest life of anything that a signing key signs, in seconds.
    pub fn longest_token_seconds(&self) -> u64 {
        self.access_token_seconds.max(self.id_token_seconds)
    }

    /// The longest that a login session may live.
    pub fn longest_session(&self) -> Duration {
        Duration::from_secs(self.session_max_seconds.max(self.remember_me_seconds))
    }

    /// An authorization code's life.
    pub fn code(&self) -> Duration {
        Duration::from_secs(self.code_seconds)
    }

    /// A sign-in in progress.
    pub fn interaction(&self) -> Duration {
        Duration::from_secs(self.interaction_seconds)
    }
}

/// Rotation of refresh tokens (PROTOCOL.md section 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RefreshPolicy {
    /// For how long a used token still yields its one successor, in seconds. Default 10, 0 to 60.
    pub grace_seconds: u64,
    /// Whether a family also dies when its session merely expires. Default `lenient`: it does not.
    pub follows_session: FollowsSession,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self { grace_seconds: 10, follows_session: FollowsSession::Lenient }
    }
}

/// What the expiry of a session means for the refresh families born in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FollowsSession {
    /// Only its end (sign-out, admin, password change) ends them.
    Lenient,
    /// Its expiry ends them too.
    Strict,
}

/// Shape and algorithm of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccessTokenPolicy {
    /// The profile. Default `rfc9068`.
    pub profile: AccessTokenProfile,
    /// The algorithm. Default ES256.
    pub algorithm: SigningAlgorithm,
}

impl Default for AccessTokenPolicy {
    fn default() -> Self {
        Self { profile: AccessTokenProfile::Rfc9068, algorithm: SigningAlgorithm::ES256 }
    }
}

/// The shape of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenProfile {
    /// `typ: at+jwt` (RFC 9068, section 2.1).
    Rfc9068,
    /// `typ: JWT`, for resource servers that know no other; `aud` is then never a bare client id.
    Jwt,
}

/// Whether a realm's rate limits are on. Their sizes are the platform's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimitPolicy {
    /// On by default.
    pub enabled: bool,
    /// Attempts to sign in per (realm, address). Default 20 a minute.
    pub login_per_minute: u32,
    /// Failed token requests per (client, address). Default 100 a minute.
    pub token_failures_per_minute: u32,
    /// Token requests per client. Default 6,000 a minute.
    pub token_per_client_per_minute: u32,
    /// Authorization requests per address. Default 60 a minute.
    pub authorize_per_minute: u32,
    /// Registrations of clients, and changes of them, per address. Default 10 a minute.
    pub registration_per_minute: u32,
    /// All requests of the realm. Default 60,000 a minute.
    pub realm_per_minute: u32,
    /// Codes of devices that are typed, per address. Default 10 a minute.
    pub user_codes_per_minute: u32,
    /// The same, in the whole realm. Default 600 a minute.
    pub user_codes_of_realm_per_minute: u32,
    /// Wrong ones per address: whoever guesses on waits. Default 30 an hour.
    pub user_code_failures_per_hour: u32,
}

impl Default for RateLimitPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            login_per_minute: 20,
            token_failures_per_minute: 100,
            token_per_client_per_minute: 6_000,
            authorize_per_minute: 60,
            registration_per_minute: 10,
            realm_per_minute: 60_000,
            user_codes_per_minute: 10,
            user_codes_of_realm_per_minute: 600,
            user_code_failures_per_hour: 30,
        }
    }
}

/// How guessing of passwords is slowed down; see [`crate::lockout`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LockoutPolicy {
    /// On by default.
    pub enabled: bool,
    /// From which failure on an (account, address prefix) or (account, known browser) pair waits. Default 5.
    pub address_threshold: u32,
    /// The longest wait of such a pair, in seconds. Default 900.
    pub address_max_seconds: u64,
    /// From which failure on the account as a whole waits. Default 50.
    pub account_threshold: u32,
    /// The longest wait of an account, in seconds. Default 300.
    pub account_max_seconds: u64,
    /// The first wait, doubled by each further failure, in seconds. Default 60.
    pub first_seconds: u64,
    /// After which time without a failure all is forgotten, in seconds. Default 12 hours.
    pub forget_seconds: u64,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            address_threshold: 5,
            address_max_seconds: 900,
            account_threshold: 50,
            account_max_seconds: 300,
            first_seconds: 60,
            forget_seconds: 12 * 3_600,
        }
    }
}

/// Which passwords may be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PasswordPolicy {
    /// The least number of characters. Default 8; the most is 128 characters and 512 bytes.
    pub min_length: u64,
    /// The least zxcvbn score, 0 to 4. Default 2.
    pub min_strength: u64,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 8, min_strength: 2 }
    }
}

/// Who may register clients (RFC 7591).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationPolicy {
    /// Nobody.
    #[default]
    Closed,
    /// Whoever has an initial access token.
    Token,
    /// Anybody: for development.
    Open,
}

/// The scopes of clients that register themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct RegistrableScopes(pub Vec<Scope>);

impl Default for RegistrableScopes {
    fn default() -> Self {
        let usual = ["openid", "profile", "email", "address", "phone", "offline_access"];
        Self(usual.iter().filter_map(|scope| Scope::parse(scope).ok()).collect())
    }
}

/// The grants of clients that register themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct RegistrableGrants(pub Vec<GrantType>);

/// The grants that a realm may open to clients that register themselves: in each of them a person decides.
const REGISTRABLE: [GrantType; 4] =
    [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::Implicit, GrantType::DeviceCode];

impl Default for RegistrableGrants {
    fn default() -> Self {
        Self(REGISTRABLE.to_vec())
    }
}

/// Rotation of signing keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeyPolicy {
    /// How long a key signs, in seconds. Default 90 days.
    pub rotation_seconds: u64,
    /// How long a key lives in all, signing and verifying, in seconds. Default 97 days. A key that has ceased to sign
    /// stays published for a day in any case, the longest that a token can live.
    pub retention_seconds: u64,
}

impl Default for KeyPolicy {
    fn default() -> Self {
        Self { rotation_seconds: 90 * 86_400, retention_seconds: 97 * 86_400 }
    }
}

/// The log of what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditPolicy {
    /// How long an event is kept, in days; it may be there some weeks longer. Default 400.
    pub retention_days: u64,
}

/// How long audit events are kept where a realm chose nothing, in days.
pub const AUDIT_RETENTION_DAYS: u64 = 400;

impl Default for AuditPolicy {
    fn default() -> Self {
        Self { retention_days: AUDIT_RETENTION_DAYS }
    }
}

impl AuditPolicy {
    /// Whether nothing was chosen.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What happens to a scope that the client may not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ForeignScopes {
    /// The request is refused with `invalid_scope`.
    #[default]
    Refuse,
    /// It is left out, and the answer's `scope` shows it.
    Narrow,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_valid_policy() {
        assert_eq!(RealmPolicy::default().check(), Ok(()));
    }

    #[test]
    fn audit_events_are_kept_for_a_day_at_least_and_ten_years_at_most() {
        let policy = |retention_days| RealmPolicy { audit: AuditPolicy { retention_days }, ..RealmPolicy::default() };
        assert!(policy(1).check().is_ok() && policy(3_660).check().is_ok());
        for days in [0, 3_661] {
            assert!(policy(days).check().unwrap_err().to_string().contains("days"), "{days}");
        }
        let unsaid = serde_json::to_value(RealmPolicy::default()).unwrap();
        assert_eq!(unsaid.get("audit"), None, "a program that does not know of it reads what is stored");
    }

    #[test]
    fn a_client_does_not_register_itself_for_grants_without_a_person() {
        for grant in [GrantType::ClientCredentials, GrantType::Password] {
            let registrable_grants = RegistrableGrants(vec![grant]);
            let policy = RealmPolicy { registrable_grants, ..RealmPolicy::default() };
            assert_eq!(policy.check(), Err(PolicyError::NotRegistrable(grant)));
        }
        assert_eq!(RegistrableScopes::default().0.len(), 6);
    }

    #[test]
    fn a_key_must_outlive_the_tokens_it_signed() {
        let mut policy = RealmPolicy::default();
        policy.keys.retention_seconds = policy.keys.rotation_seconds + 299;
        let refusal = policy.check().unwrap_err();
        assert!(refusal.to_string().contains("seconds"));
        assert!(matches!(refusal, PolicyError::KeyTooShortLived { .. }));
        policy.keys.retention_seconds += 1;
        assert_eq!(policy.check(), Ok(()));
        assert_eq!(policy.check_key_retention(300), Ok(()));
        let refusal = policy.check_key_retention(301).unwrap_err();
        let needed = policy.keys.retention_seconds + 1;
        assert_eq!(refusal, PolicyError::KeyTooShortLived { given: policy.keys.retention_seconds, needed });
    }

    #[test]
    fn an_old_key_stays_published_for_the_longest_life_of_any_token() {
        let mut policy = RealmPolicy::default();
        assert_eq!(policy.key_overlap(), Duration::from_hours(7 * 24));
        policy.keys.retention_seconds = policy.keys.rotation_seconds + 300;
        assert_eq!(policy.key_overlap(), Duration::from_secs(MAX_TOKEN_SECONDS));
    }
}
