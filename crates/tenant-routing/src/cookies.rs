//! Cookies of a realm (PROTOCOL.md section 6). All have the realm's path, so no realm sees another's.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::header;
use palatine_domain::SecretToken;
use palatine_domain::ids::{InteractionId, SessionId};
use palatine_domain::session::BrowserState;
use palatine_realm::Realm;

/// The session's secret; `HttpOnly`.
pub const SESSION: &str = "pal_session";
/// The browser state of OpenID Connect Session Management; readable by script, without authority.
pub const STATE: &str = "pal_state";
/// A browser known to an account; `HttpOnly`.
pub const DEVICE: &str = "pal_device";
/// Begins the name of the cookie that binds one interaction to the browser that began it; `HttpOnly`.
pub const INTERACTION_PREFIX: &str = "pal_ix_";

/// The cookie that a frame of another site sets to see whether it comes back; readable by script, worth nothing.
pub const PROBE: &str = "pal_3p";

/// Long enough for one redirect.
const PROBE_LIFE: Duration = Duration::from_mins(1);

const DEVICE_LIFE: Duration = Duration::from_hours(365 * 24);

/// How many interactions of one realm a browser may have under way.
const INTERACTIONS_KEPT: usize = 10;

/// Whether the realm's issuer is `https`: only then are cookies `Secure` and sent across sites.
fn is_secure(realm: &Realm) -> bool {
    realm.issuer().starts_with("https://")
}

fn cookie<'c>(realm: &Realm, name: impl Into<String>, value: String, same_site: SameSite) -> Cookie<'c> {
    let mut cookie = Cookie::new(name.into(), value);
    cookie.set_path(realm.path().to_owned());
    cookie.set_http_only(true);
    cookie.set_secure(is_secure(realm));
    // Without `Secure` a browser drops `SameSite=None`.
    cookie.set_same_site(if is_secure(realm) { same_site } else { SameSite::Lax });
    cookie
}

fn with_life(mut cookie: Cookie<'_>, life: Duration) -> Cookie<'_> {
    cookie.set_max_age(time::Duration::seconds(i64::try_from(life.as_secs()).unwrap_or(i64::MAX)));
    cookie
}

/// Sent with the same attributes as the cookie that it removes: a browser ignores it otherwise where a frame of another
/// site asks.
fn removal<'c>(realm: &Realm, name: impl Into<String>, same_site: SameSite) -> Cookie<'c> {
    with_life(cookie(realm, name, String::new(), same_site), Duration::ZERO)
}

/// The two cookies of a session: its secret, and the browser state. Both live as long as the browser unless
/// `remembered` says how long.
pub fn session<'c>(
    realm: &Realm,
    secret: &SecretToken,
    sid: SessionId,
    remembered: Option<Duration>,
) -> [Cookie<'c>; 2] {
    let secret = secret.to_wire();
    let state = BrowserState::of(&secret, sid);
    let secret = cookie(realm, SESSION, secret, SameSite::None);
    let mut state = cookie(realm, STATE, state.as_str().to_owned(), SameSite::None);
    state.set_http_only(false);
    match remembered {
        Some(life) => [with_life(secret, life), with_life(state, life)],
        None => [secret, state],
    }
}

/// Removes the two cookies of a session.
pub fn end_session<'c>(realm: &Realm) -> [Cookie<'c>; 2] {
    [removal(realm, SESSION, SameSite::None), removal(realm, STATE, SameSite::None)]
}

/// Probes whether the browser keeps cookies for a frame.
pub fn probe<'c>(realm: &Realm) -> Cookie<'c> {
    let mut cookie = cookie(realm, PROBE, "1".to_owned(), SameSite::None);
    cookie.set_http_only(false);
    with_life(cookie, PROBE_LIFE)
}

/// Marks the browser as known.
pub fn device<'c>(realm: &Realm, secret: &SecretToken) -> Cookie<'c> {
    with_life(cookie(realm, DEVICE, secret.to_wire(), SameSite::Lax), DEVICE_LIFE)
}

/// Binds an interaction to the browser.
pub fn interaction<'c>(realm: &Realm, id: InteractionId, secret: &SecretToken) -> Cookie<'c> {
    let name = format!("{INTERACTION_PREFIX}{id}");
    with_life(cookie(realm, name, secret.to_wire(), SameSite::Lax), realm.policy().lifetimes.interaction())
}

/// Removes an interaction's cookie.
pub fn end_interaction<'c>(realm: &Realm, id: InteractionId) -> Cookie<'c> {
    removal(realm, format!("{INTERACTION_PREFIX}{id}"), SameSite::Lax)
}

/// The interactions of the request's cookies that make room for another: all but the newest. Applications that send
/// people here again and again would else fill the browser's header until no server takes it.
pub fn crowded_out(request: &HttpRequest) -> Vec<InteractionId> {
    let ids = pairs(request).filter_map(|(name, _)| name.strip_prefix(INTERACTION_PREFIX)?.parse().ok());
    let mut ids: Vec<InteractionId> = ids.collect();
    // They begin with the time at which they were made.
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.split_off(ids.len().min(INTERACTIONS_KEPT - 1))
}

/// The value of a cookie of the request. A name that comes twice is not believed: a sibling domain may have added it.
pub fn value(request: &HttpRequest, name: &str) -> Option<String> {
    let mut found = pairs(request).filter(|(candidate, _)| *candidate == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) if !value.is_empty() => Some(value.to_owned()),
        _ => None,
    }
}

/// The cookies of the request as they came, nothing decoded: ours need none. Those of other applications on the same
/// host that are no text do not take ours along.
fn pairs(request: &HttpRequest) -> impl Iterator<Item = (&str, &str)> {
    let lines = request.headers().get_all(header::COOKIE);
    let pieces = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pieces.filter_map(|piece| std::str::from_utf8(piece).ok()?.trim().split_once('='))
}

/// The value of the cookie that binds an interaction.
pub fn interaction_value(request: &HttpRequest, id: InteractionId) -> Option<String> {
    value(request, &format!("{INTERACTION_PREFIX}{id}"))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;

    use super::*;

    fn request(lines: &[&[u8]]) -> HttpRequest {
        let with = |request: TestRequest, line: &&[u8]| {
            request.append_header((header::COOKIE, HeaderValue::from_bytes(line).unwrap()))
        };
        lines.iter().fold(TestRequest::default(), with).to_http_request()
    }

    #[test]
    fn a_cookie_is_found_by_its_exact_name() {
        let request = request(&[b"a=1; pal_session=secret;b=2", b"PAL_STATE=x; pal_state_=y"]);
        assert_eq!(value(&request, SESSION).as_deref(), Some("secret"));
        assert_eq!(value(&request, "b").as_deref(), Some("2"));
        assert_eq!(value(&request, STATE), None);
    }

    #[test]
    fn a_name_that_comes_twice_is_not_believed_nor_an_empty_or_encoded_one() {
        let cases: [&[&[u8]]; 5] = [
            &[b"pal_session=mine; pal_session=tossed"],
            &[b"pal_session=mine", b"pal_session=mine"],
            &[b"pal_session="],
            &[b"pal_session"],
            &[b"pal%5Fsession=tossed"],
        ];
        for lines in cases {
            assert_eq!(value(&request(lines), SESSION), None, "{lines:?}");
        }
    }

    #[test]
    fn a_cookie_of_another_application_that_is_no_text_takes_nothing_along() {
        assert_eq!(value(&request(&[b"legacy=\xe4; pal_session=s"]), SESSION).as_deref(), Some("s"));
    }

    #[test]
    fn the_newest_interactions_are_kept() {
        let id = |number: u32| format!("{number:08x}-0000-7000-8000-000000000000").parse::<InteractionId>().unwrap();
        let line = |numbers: std::ops::Range<u32>| {
            let cookies: Vec<String> = numbers.map(|n| format!("{INTERACTION_PREFIX}{}=s", id(n))).collect();
            request(&[cookies.join("; ").as_bytes(), b"pal_ix_nonsense=s; pal_session=s"])
        };
        assert_eq!(crowded_out(&line(1..10)), []);
        assert_eq!(crowded_out(&line(1..13)), [id(3), id(2), id(1)]);
    }
}
