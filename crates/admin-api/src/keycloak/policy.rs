//! Lifetimes, guessing of passwords, choice of passwords.

use palatine_domain::policy::{
    FollowsSession, Lifetimes, LockoutPolicy, MAX_TOKEN_SECONDS, PasswordPolicy, RealmPolicy,
};
use palatine_protocol::jwk::SigningAlgorithm;

use super::json::Object;
use super::report::Notes;

const YEAR: u64 = 366 * 86_400;

/// The policy that comes nearest.
pub(super) fn policy(notes: &Notes, root: &mut Object<'_>) -> RealmPolicy {
    let mut policy = RealmPolicy::default();
    policy.lifetimes = lifetimes(notes, root, &policy.lifetimes);
    // Keycloak's refresh tokens end with the session.
    policy.refresh.follows_session = FollowsSession::Strict;
    if root.flag("revokeRefreshToken") != Some(true) {
        let why = "a refresh token is good for one use, and a few seconds more";
        notes.changed(
            "revokeRefreshToken",
            "refresh tokens are used again and again",
            why,
            "Most libraries cope with it.",
        );
    }
    root.ignore(&["refreshTokenMaxReuse"]);
    if let Some(name) = root.words("defaultSignatureAlgorithm") {
        policy.access_tokens.algorithm =
            algorithm(notes, "defaultSignatureAlgorithm", name).unwrap_or(SigningAlgorithm::RS256);
    } else {
        policy.access_tokens.algorithm = SigningAlgorithm::RS256;
    }
    policy.lockout = lockout(notes, root, policy.lockout);
    policy.passwords = passwords(notes, root, policy.passwords);
    match policy.check() {
        Ok(()) => policy,
        Err(error) => {
            notes.lost("", "the policy of the realm", error.to_string(), "Set `policy` by hand.");
            RealmPolicy::default()
        }
    }
}

/// An algorithm that we sign with.
pub(super) fn algorithm(notes: &Notes, path: &str, name: &str) -> Option<SigningAlgorithm> {
    let known = SigningAlgorithm::from_wire(name);
    if known.is_none() {
        let why = "signatures are made by RS256, ES256, PS256 and EdDSA; the default is taken";
        notes.changed(path, format!("the algorithm `{name}`"), why, "See that whoever reads these tokens knows it.");
    }
    known
}

fn lifetimes(notes: &Notes, root: &mut Object<'_>, usual: &Lifetimes) -> Lifetimes {
    let mut given = |key: &str, least: u64, most: u64| seconds(notes, root, key, least, most);
    let token = given("accessTokenLifespan", 10, MAX_TOKEN_SECONDS).unwrap_or(usual.access_token_seconds);
    let session_max = given("ssoSessionMaxLifespan", 60, YEAR).unwrap_or(usual.session_max_seconds);
    let session_idle = given("ssoSessionIdleTimeout", 60, YEAR).unwrap_or(usual.session_idle_seconds).min(session_max);
    // Where the client's session has no limit of its own, it has the login session's.
    let refresh_absolute = given("clientSessionMaxLifespan", 60, YEAR).unwrap_or(session_max);
    let refresh_idle = given("clientSessionIdleTimeout", 60, YEAR).unwrap_or(session_idle).min(refresh_absolute);
    let lifetimes = Lifetimes {
        access_token_seconds: token,
        // Keycloak has one lifespan for both.
        id_token_seconds: token,
        code_seconds: given("accessCodeLifespan", 5, 600).unwrap_or(usual.code_seconds),
        refresh_idle_seconds: refresh_idle,
        refresh_absolute_seconds: refresh_absolute,
        offline_idle_seconds: given("offlineSessionIdleTimeout", 60, 5 * YEAR).unwrap_or(usual.offline_idle_seconds),
        session_idle_seconds: session_idle,
        session_max_seconds: session_max,
        remember_me_seconds: given("ssoSessionMaxLifespanRememberMe", 60, YEAR).unwrap_or(session_max),
        interaction_seconds: given("accessCodeLifespanLogin", 60, 3_600).unwrap_or(usual.interaction_seconds),
        device_code_seconds: given("oauth2DeviceCodeLifespan", 60, 3_600).unwrap_or(usual.device_code_seconds),
        device_interval_seconds: given("oauth2DevicePollingInterval", 1, 60).unwrap_or(usual.device_interval_seconds),
    };
    other_limits(notes, root, &lifetimes);
    limits_without_counterpart(root);
    lifetimes
}

/// Limits that Keycloak has two of, and we one.
fn other_limits(notes: &Notes, root: &mut Object<'_>, taken: &Lifetimes) {
    let mut differs = |key: &str, taken: u64| {
        let given = root.number(key).and_then(|given| u64::try_from(given).ok()).filter(|given| *given > 0);
        given.is_some_and(|given| given != taken)
    };
    if differs("accessTokenLifespanForImplicitFlow", taken.access_token_seconds) {
        let why = "access tokens of a client live equally long, however it gets them";
        notes.changed("accessTokenLifespanForImplicitFlow", "the life of access tokens of the implicit flow", why, "");
    }
    if differs("ssoSessionIdleTimeoutRememberMe", taken.remember_me_seconds) {
        let why = "a session that is remembered has one limit, in use or not";
        notes.changed("ssoSessionIdleTimeoutRememberMe", "when a remembered session that is not used ends", why, "");
    }
}

fn limits_without_counterpart(root: &mut Object<'_>) {
    let offline = "offline tokens end when they are not used; there is no limit beyond";
    root.no_counterpart("offlineSessionMaxLifespanEnabled", "a last day of offline tokens", offline, "");
    root.ignore(&["offlineSessionMaxLifespan"]);
    for key in ["clientOfflineSessionIdleTimeout", "clientOfflineSessionMaxLifespan"] {
        root.no_counterpart(key, "limits of offline tokens by client", "offline tokens have the realm's", "");
    }
    // Keycloak writes these in every export.
    root.ignore(&[
        "accessCodeLifespanUserAction",
        "actionTokenGeneratedByAdminLifespan",
        "actionTokenGeneratedByUserLifespan",
    ]);
}

/// A number of seconds within bounds; `None` if the export names none.
fn seconds(notes: &Notes, root: &mut Object<'_>, key: &str, least: u64, most: u64) -> Option<u64> {
    let given = u64::try_from(root.number(key)?).ok().filter(|given| *given > 0)?;
    let taken = given.clamp(least, most);
    if taken != given {
        let (what, why) =
            (format!("{given} seconds"), format!("it must be from {least} to {most} seconds; {taken} are taken"));
        notes.changed(&root.at(key), what, why, "");
    }
    Some(taken)
}

/// Both slow guessing down; what exactly is counted differs.
fn lockout(notes: &Notes, root: &mut Object<'_>, usual: LockoutPolicy) -> LockoutPolicy {
    let is_on = root.flag("bruteForceProtected") == Some(true);
    let mut given =
        |key: &str| root.number(key).and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0);
    let (failures, most) = (given("failureFactor"), given("maxFailureWaitSeconds"));
    let (first, forget) = (given("waitIncrementSeconds"), given("maxDeltaTimeSeconds"));
    root.ignore(&[
        "minimumQuickLoginWaitSeconds",
        "quickLoginCheckMilliSeconds",
        "maxTemporaryLockouts",
        "bruteForceStrategy",
    ]);
    let why = "a lock ends by itself, so that a stranger cannot keep an owner out";
    root.no_counterpart("permanentLockout", "an account is locked for good after too many failures", why, "");
    if !is_on {
        let why = "it is slowed down here, unless the policy says `lockout: {enabled: false}`";
        notes.changed("bruteForceProtected", "guessing of passwords is not slowed down", why, "");
        return usual;
    }
    let why = "failures are counted per account and network, and for the account as a whole above a higher number";
    notes.changed("bruteForceProtected", "how guessing of passwords is slowed down", why, "Look at `policy.lockout`.");
    let threshold = failures.map_or(usual.address_threshold, |failures| u32::try_from(failures).unwrap_or(u32::MAX));
    LockoutPolicy {
        address_threshold: threshold,
        account_threshold: usual.account_threshold.max(threshold),
        address_max_seconds: most.unwrap_or(usual.address_max_seconds).min(YEAR),
        first_seconds: first.unwrap_or(usual.first_seconds).min(YEAR),
        forget_seconds: forget.unwrap_or(usual.forget_seconds).min(YEAR),
        ..usual
    }
}

/// `length(8) and digits(1) and notUsername(undefined)`: one length, and a measure of strength in place of the rest.
fn passwords(notes: &Notes, root: &mut Object<'_>, usual: PasswordPolicy) -> PasswordPolicy {
    let mut policy = usual;
    for rule in root.text("passwordPolicy").unwrap_or_default().split(" and ") {
        let (name, argument) = rule.trim().split_once('(').unwrap_or((rule.trim(), ""));
        match (name, argument.trim_end_matches(')').parse::<u64>()) {
            ("", _) => {}
            ("length", Ok(length)) => {
                policy.min_length = length.clamp(8, 128);
                if policy.min_length != length {
                    let (what, why) =
                        (format!("passwords of {length} characters"), "the least length is from 8 to 128");
                    notes.changed("passwordPolicy", what, why, "");
                }
            }
            ("notUsername" | "notEmail" | "hashAlgorithm" | "hashIterations", _) => {
                notes.left_out("passwordPolicy", format!("the rule `{name}`"), "this is so by itself");
            }
            _ => {
                let why = "a new password must be long enough and hard to guess, by whatever characters";
                notes.lost(
                    "passwordPolicy",
                    format!("the rule `{name}`"),
                    why,
                    "Look at `policy.passwords.min_strength`.",
                );
            }
        }
    }
    policy
}
