//! A cookie jar by RFC 6265bis, as far as one host needs it.

use std::time::Duration;

use palatine_domain::{Ambient, Instant};

/// A cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The path below which it is sent.
    pub path: String,
    /// Whether it travels over https alone.
    pub secure: bool,
    /// Whether scripts cannot read it.
    pub http_only: bool,
    /// From where it is sent.
    pub same_site: SameSite,
    /// Its life, as the server said it; `None`: as long as the browser runs.
    pub max_age: Option<Duration>,
    /// When it ends.
    pub expires_at: Option<Instant>,
}

/// `SameSite`: also, from where a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SameSite {
    /// From anywhere; a request by a frame or a form of another site.
    None,
    /// From links; a request that another site linked to.
    Lax,
    /// From the site itself; a request by one of its own pages.
    Strict,
}

pub(super) struct CookieJar {
    cookies: Vec<Cookie>,
    ambient: Ambient,
    is_secure: bool,
}

impl CookieJar {
    pub(super) fn new(ambient: Ambient, is_secure: bool) -> Self {
        Self { cookies: Vec::new(), ambient, is_secure }
    }

    pub(super) fn emptied(&self) -> Self {
        Self::new(self.ambient.clone(), self.is_secure)
    }

    pub(super) fn all(&self) -> Vec<Cookie> {
        let now = self.ambient.now();
        self.cookies.iter().filter(|cookie| cookie.expires_at.is_none_or(|end| now < end)).cloned().collect()
    }

    pub(super) fn end_session(&mut self) {
        self.cookies.retain(|cookie| cookie.expires_at.is_some());
    }

    /// Takes a `Set-Cookie` header in.
    pub(super) fn take(&mut self, header: &str, request_path: &str) {
        let cookie = read(header, request_path, self.ambient.now());
        assert!(!cookie.secure || self.is_secure, "a browser drops a Secure cookie that came over http: {header}");
        let none_needs_secure = cookie.same_site != SameSite::None || cookie.secure;
        assert!(none_needs_secure, "a browser drops SameSite=None without Secure: {header}");
        self.put(cookie);
    }

    pub(super) fn put(&mut self, cookie: Cookie) {
        self.cookies.retain(|known| (&known.name, &known.path) != (&cookie.name, &cookie.path));
        if cookie.expires_at.is_none_or(|end| self.ambient.now() < end) {
            self.cookies.push(cookie);
        }
    }

    /// The `Cookie` header of a request to a path that was sent from there.
    pub(super) fn header(&self, path: &str, sent_from: SameSite) -> Option<String> {
        let sent = |cookie: &Cookie| path_matches(path, &cookie.path) && cookie.same_site <= sent_from;
        let pairs: Vec<String> =
            self.all().into_iter().filter(sent).map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// RFC 6265, section 5.1.4.
fn path_matches(request: &str, cookie: &str) -> bool {
    request == cookie || request.strip_prefix(cookie).is_some_and(|rest| cookie.ends_with('/') || rest.starts_with('/'))
}

fn read(header: &str, request_path: &str, now: Instant) -> Cookie {
    let mut parts = header.split(';').map(str::trim);
    let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("name=value");
    let folder = request_path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        path: folder.to_owned(),
        secure: false,
        http_only: false,
        same_site: SameSite::Lax,
        max_age: None,
        expires_at: None,
    };
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        match attribute.to_ascii_lowercase().as_str() {
            "path" => value.clone_into(&mut cookie.path),
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => {
                cookie.same_site = match value {
                    "None" => SameSite::None,
                    "Lax" => SameSite::Lax,
                    "Strict" => SameSite::Strict,
                    other => panic!("SameSite={other}"),
                }
            }
            "max-age" => {
                let life = Duration::from_secs(value.parse().expect("seconds"));
                cookie.max_age = Some(life);
                cookie.expires_at = Some(now.plus(life));
            }
            "domain" => panic!("a cookie of ours is for its host alone: {header}"),
            other => panic!("an attribute that no cookie of ours needs: {other}"),
        }
    }
    cookie
}
