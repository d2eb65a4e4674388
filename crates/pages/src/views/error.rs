//! The page for what cannot be answered otherwise.

use askama::Template;

use crate::context::PageContext;
use crate::text;

/// What happened, what now, the request id; technical details folded.
#[derive(Clone, Debug, Template)]
#[template(path = "error/error.html")]
pub struct ErrorPage<'a> {
    /// Look, language, nonce, and the request id that the page shows.
    pub ctx: &'a PageContext,
    /// What happened: decides title, explanation, advice and status.
    pub kind: ErrorKind,
    /// Seconds until another try makes sense, as in `Retry-After`; told beside the advice.
    pub retry_after: Option<u64>,
    /// Where "Start again" leads, if there is such a place. A URL that would run something is not linked.
    pub start_again: Option<&'a str>,
    /// Facts for an engineer, folded under "Details" after the kind's code and the status. Facts that the visitor's own
    /// request carried (`client_id`, `redirect_uri`), never anything from inside.
    pub details: Vec<Detail<'a>>,
}

/// One folded fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detail<'a> {
    /// Its name, as the protocol spells it.
    pub name: &'a str,
    /// Its value.
    pub value: &'a str,
}

macro_rules! kinds {
    ($($(#[$doc:meta])+ $kind:ident = $code:literal, $status:literal;)+) => {
        /// What happened. Each kind has its words in the catalogue: `error-{code}-title`, `-what` and `-next`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorKind {
            $($(#[$doc])+ $kind,)+
        }

        impl ErrorKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// A stable word for logs, tests and the folded details.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code,)+ }
            }

            /// The HTTP status to answer with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$kind => $status,)+ }
            }
        }
    };
}

kinds! {
    /// The path names no realm.
    UnknownRealm = "unknown_realm", 404;
    /// The realm is suspended.
    SuspendedRealm = "suspended_realm", 403;
    /// No page at this path.
    NotFound = "not_found", 404;
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405;
    /// The request could not be read: a malformed form or query, a parameter sent twice.
    InvalidRequest = "invalid_request", 400;
    /// `client_id` is missing from an authorization request.
    MissingClient = "missing_client", 400;
    /// `client_id` names no client of this realm that may sign users in.
    UnknownClient = "unknown_client", 400;
    /// `redirect_uri` is missing or not registered for the client.
    InvalidRedirectUri = "invalid_redirect_uri", 400;
    /// `post_logout_redirect_uri` is not registered for the client.
    InvalidPostLogoutRedirectUri = "invalid_post_logout_redirect_uri", 400;
    /// The sign-in took too long, or was begun in another browser.
    ExpiredInteraction = "expired_interaction", 400;
    /// A device's code is over, or was used, or is not known any more.
    ExpiredDevice = "expired_device", 400;
    /// The form was sent twice, or after its step was over: by the back button or another tab.
    AlreadyDone = "already_done", 400;
    /// The form's token does not fit the session: an old tab, a sign-out in between.
    StaleForm = "stale_form", 400;
    /// The form came from another site.
    ForeignForm = "foreign_form", 403;
    /// The browser sent back none of our cookies.
    CookiesOff = "cookies_off", 400;
    /// The signed-in user may not do this.
    AccessDenied = "access_denied", 403;
    /// A rate limit; set `retry_after`.
    TooManyRequests = "too_many_requests", 429;
    /// The body is larger than this endpoint takes.
    PayloadTooLarge = "payload_too_large", 413;
    /// The body is not a form.
    UnsupportedMediaType = "unsupported_media_type", 415;
    /// `Host` names a server that this is not (RFC 9110, section 15.5.20).
    MisdirectedRequest = "misdirected_request", 421;
    /// Something broke on our side.
    ServerError = "server_error", 500;
    /// A store that is needed does not answer; set `retry_after`.
    Unavailable = "unavailable", 503;
}

impl<'a> ErrorPage<'a> {
    /// A page without advice on time, link or details.
    pub fn new(ctx: &'a PageContext, kind: ErrorKind) -> Self {
        Self { ctx, kind, retry_after: None, start_again: None, details: Vec::new() }
    }

    pub(crate) fn words(&self, part: &str) -> String {
        self.ctx.t(&format!("error-{}-{part}", self.kind.code()))
    }

    pub(crate) fn retry_words(&self) -> Option<String> {
        self.retry_after.map(|seconds| self.ctx.t_retry(seconds))
    }

    pub(crate) fn safe_start_again(&self) -> Option<&str> {
        self.start_again.and_then(text::link)
    }
}
