//! Rate limits of a realm (PROTOCOL.md section 9): which buckets there are, how large, and by what they are keyed.

use std::time::Duration;

use palatine_domain::policy::RateLimitPolicy;
use palatine_ephemeral::{Decision, Limit};
use palatine_realm::Realm;

/// A bucket, shared by all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Attempts to sign in, by address prefix.
    Login,
    /// Clients that failed to prove who they are, by client and address prefix.
    TokenFailures,
    /// Token requests, by client.
    TokenPerClient,
    /// Authorization requests, by address prefix.
    Authorize,
    /// Registrations of clients, by address prefix.
    Registration,
    /// All requests of the realm.
    Realm,
    /// Codes of devices that are typed, by address prefix.
    UserCodes,
    /// The same, of the realm.
    UserCodesOfRealm,
    /// Wrong ones, by address prefix.
    UserCodeFailures,
}

impl Bucket {
    /// What it is called in keys and metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::TokenFailures => "token-failures",
            Self::TokenPerClient => "token",
            Self::Authorize => "authorize",
            Self::Registration => "registration",
            Self::Realm => "realm",
            Self::UserCodes => "user-codes",
            Self::UserCodesOfRealm => "user-codes-realm",
            Self::UserCodeFailures => "user-code-failures",
        }
    }

    /// The limit, with the realm's size.
    fn limit(self, policy: &RateLimitPolicy) -> Limit {
        let capacity = match self {
            Self::Login => policy.login_per_minute,
            Self::TokenFailures => policy.token_failures_per_minute,
            Self::TokenPerClient => policy.token_per_client_per_minute,
            Self::Authorize => policy.authorize_per_minute,
            Self::Registration => policy.registration_per_minute,
            Self::Realm => policy.realm_per_minute,
            Self::UserCodes => policy.user_codes_per_minute,
            Self::UserCodesOfRealm => policy.user_codes_of_realm_per_minute,
            Self::UserCodeFailures => {
                return Limit::new(self.name(), policy.user_code_failures_per_hour, Duration::from_hours(1));
            }
        };
        Limit::per_minute(self.name(), capacity)
    }
}

/// A request that came too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// When the next one would be taken, in whole seconds, at least 1: the value of `Retry-After`.
    pub retry_after_seconds: u64,
}

impl TooMany {
    fn after(wait: Duration) -> Self {
        let rounded_up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Self { retry_after_seconds: rounded_up.max(1) }
    }
}

/// Takes one request out of the bucket.
pub async fn take(realm: &Realm, bucket: Bucket, key: &str) -> Result<(), TooMany> {
    let policy = &realm.policy().rate_limits;
    if !policy.enabled {
        return Ok(());
    }
    decided(bucket, realm.ephemeral().take(&bucket.limit(policy), key).await)
}

/// Puts one back that was taken beforehand and should not count: for limits on failures.
pub async fn refund(realm: &Realm, bucket: Bucket, key: &str) {
    let policy = &realm.policy().rate_limits;
    if policy.enabled {
        realm.ephemeral().refund(&bucket.limit(policy), key).await;
    }
}

fn decided(bucket: Bucket, decision: Decision) -> Result<(), TooMany> {
    match decision {
        Decision::Allowed { .. } => Ok(()),
        Decision::Refused { retry_after } => {
            metrics::counter!("palatine_rate_limited_total", "bucket" => bucket.name()).increment(1);
            Err(TooMany::after(retry_after))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_told_in_whole_seconds_rounded_up_and_never_none() {
        let told = |millis| TooMany::after(Duration::from_millis(millis)).retry_after_seconds;
        assert_eq!([told(0), told(1), told(1_000), told(1_001), told(60_000)], [1, 1, 1, 2, 60]);
    }

    #[test]
    fn every_bucket_has_a_name_and_the_size_that_the_realm_chose() {
        let policy = RateLimitPolicy {
            enabled: true,
            login_per_minute: 1,
            token_failures_per_minute: 2,
            token_per_client_per_minute: 3,
            authorize_per_minute: 4,
            registration_per_minute: 9,
            realm_per_minute: 5,
            user_codes_per_minute: 6,
            user_codes_of_realm_per_minute: 7,
            user_code_failures_per_hour: 8,
        };
        let buckets = [
            Bucket::Login,
            Bucket::TokenFailures,
            Bucket::TokenPerClient,
            Bucket::Authorize,
            Bucket::Registration,
            Bucket::Realm,
            Bucket::UserCodes,
            Bucket::UserCodesOfRealm,
            Bucket::UserCodeFailures,
        ];
        let limits = buckets.map(|bucket| bucket.limit(&policy));
        assert_eq!(limits.map(|limit| limit.capacity), [1, 2, 3, 4, 9, 5, 6, 7, 8]);
        let names: std::collections::HashSet<_> = limits.iter().map(|limit| limit.name).collect();
        assert_eq!(names.len(), buckets.len());
    }
}
