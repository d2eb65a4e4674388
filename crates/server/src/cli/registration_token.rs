//! `palatine registration-token`: an initial access token, with which so many clients may register themselves.

use std::time::Duration;

use palatine_admin_api::ops::initial_tokens::{MAX_LIFE_SECONDS, audited};
use palatine_domain::audit::{Actor, AuditEvent, AuditKind};
use palatine_domain::policy::RegistrationPolicy;
use palatine_domain::registration::{InitialAccessToken, MAX_INITIAL_TOKEN_USES};
use palatine_domain::{Ambient, RealmSlug, SecretToken};
use palatine_store::Store;

use super::{RegistrationTokenArgs, data_folder, on_runtime, say};
use crate::config::Config;
use crate::refusal::Refusal;

/// The longest life of a token.
const LONGEST: Duration = Duration::from_secs(MAX_LIFE_SECONDS);

pub(super) fn run(args: &RegistrationTokenArgs) -> Result<(), Refusal> {
    let config = data_folder::config_of(&args.store)?;
    let (token, policy) = on_runtime(&config, make(&config, args))?;
    // The token alone goes to the standard output, so that it can be piped.
    say(&token.to_wire());
    eprintln!("palatine: it registers {} in {} and is not shown again", counted(args.count), args.realm);
    if policy != RegistrationPolicy::Token {
        eprintln!("palatine: the realm asks for none: set `registration: token` in its policy");
    }
    Ok(())
}

async fn make(config: &Config, args: &RegistrationTokenArgs) -> Result<(SecretToken, RegistrationPolicy), Refusal> {
    let ambient = Ambient::system();
    let store = Store::connect(&config.database, ambient.clone()).await?;
    let pending = store.pending_migrations().await?;
    if !pending.is_empty() {
        return Err(Refusal::PendingMigrations(pending));
    }
    let found = store.tenant_by_slug(&args.realm).await?;
    let (scope, _) = found.ok_or_else(|| Refusal::Documents(format!("there is no realm {}", args.realm)))?;
    let secret = ambient.secret();
    let tx = store.write(&scope).await?;
    let token = InitialAccessToken {
        id: ambient.id(),
        hash: secret.hash(),
        uses_left: args.count,
        created_at: tx.now(),
        expires_at: tx.now().plus(args.expires),
    };
    tx.initial_tokens().insert(&token).await?;
    tx.audit().append(&event(&ambient, &token, &args.reason)).await?;
    let policy = tx.settings().get().await?.policy.registration;
    tx.commit().await?;
    store.close().await;
    Ok((secret, policy))
}

fn event(ambient: &Ambient, token: &InitialAccessToken, reason: &str) -> AuditEvent {
    AuditEvent {
        id: ambient.id(),
        at: token.created_at,
        kind: AuditKind::InitialTokenCreated,
        actor: Actor::Operator(reason.to_owned()),
        user: None,
        client: None,
        session: None,
        address: None,
        request_id: None,
        details: audited(token),
    }
}

fn counted(count: u32) -> String {
    if count == 1 { "one client".to_owned() } else { format!("{count} clients") }
}

/// A duration such as `30m`, `24h` or `7d`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number of minutes, hours or days, such as 30m, 24h or 7d, at most 366d".to_owned();
    let number = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let seconds: u64 = match text.strip_prefix(number) {
        Some("m") => 60,
        Some("h") => 3_600,
        Some("d") => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let duration = number.checked_mul(seconds).map(Duration::from_secs);
    duration.filter(|duration| (Duration::from_mins(1)..=LONGEST).contains(duration)).ok_or_else(wrong)
}

/// How many clients a token registers.
pub(super) fn parse_count(text: &str) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (1..=MAX_INITIAL_TOKEN_USES).contains(count));
    count.ok_or_else(|| format!("expected a number from 1 to {MAX_INITIAL_TOKEN_USES}"))
}

/// The name of a realm.
pub(super) fn parse_realm(text: &str) -> Result<RealmSlug, String> {
    RealmSlug::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_says_its_unit() {
        assert_eq!(parse_duration("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(parse_duration("24h"), Ok(Duration::from_hours(24)));
        assert_eq!(parse_duration("7d"), Ok(Duration::from_hours(7 * 24)));
        for bad in ["", "7", "d", "0d", "-1d", "1w", "367d", "99999999999999999999d", "1.5h", "30 m"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_count_has_bounds() {
        assert_eq!(parse_count("1"), Ok(1));
        for bad in ["0", "-1", "10001", "x"] {
            assert!(parse_count(bad).is_err(), "{bad}");
        }
    }
}
