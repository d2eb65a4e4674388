//! The one table of content security policies, and the headers that every page carries.

/// Which row of the table a page takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind<'a> {
    /// Login, consent, sign-out question: a form whose answer may redirect to any application.
    Interaction,
    /// A page whose forms, if it has any, lead to pages of ours alone: the account, signed out, an error, the
    /// developer's start page.
    Plain,
    /// The page that posts an authorization response to the client (OAuth 2.0 Form Post Response Mode).
    FormPost {
        /// The redirect URI's origin, if it has one. Its own pages may ask silently in a frame, where a redirect would
        /// be followed too; nobody else's may put this page into theirs.
        to: Option<&'a str>,
    },
    /// The page after sign-out that loads hidden frames of applications (OpenID Connect Front-Channel Logout).
    LogoutFrames {
        /// The origins that they are loaded from.
        of: &'a [String],
    },
    /// The documentation of the admin API: scripts of ours, which set styles of elements themselves.
    ApiDocs,
    /// A hidden frame in any application's page: it shows nothing, and its script asks us alone.
    Frame,
}

impl PageKind<'_> {
    /// The policy, with `nonce` for the page's one script and style block; of a frame, which is the same for everybody
    /// and may be kept, that is the hash of its script.
    ///
    /// Interaction pages have no `form-action`: browsers apply it to every hop of the redirect that follows a form,
    /// and that one leads to the application.
    pub fn policy(self, nonce: &str) -> String {
        match self {
            Self::Interaction => format!(
                "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; \
                 base-uri 'none'; frame-ancestors 'none'"
            ),
            Self::Plain => format!(
                "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; \
                 base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
            ),
            Self::FormPost { to } => {
                let framed_by = to.filter(|origin| is_one_source(origin)).unwrap_or("'none'");
                format!("default-src 'none'; script-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors {framed_by}")
            }
            Self::LogoutFrames { of } => {
                let sources: Vec<&str> = of.iter().map(String::as_str).filter(|origin| is_one_source(origin)).collect();
                let sources = if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") };
                format!("{}; frame-src {sources}", Self::Plain.policy(nonce))
            }
            Self::ApiDocs => "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                              img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                              frame-ancestors 'none'"
                .to_owned(),
            Self::Frame => format!(
                "default-src 'none'; script-src '{nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors *"
            ),
        }
    }

    /// `X-Frame-Options` (RFC 7034), for browsers that do not know `frame-ancestors`. It cannot name an origin.
    pub fn frame_options(self) -> Option<&'static str> {
        match self {
            Self::Interaction
            | Self::Plain
            | Self::LogoutFrames { .. }
            | Self::ApiDocs
            | Self::FormPost { to: None } => Some("DENY"),
            Self::FormPost { to: Some(_) } | Self::Frame => None,
        }
    }
}

/// Whether an origin is one source of a policy and nothing else: a host may have a semicolon or a comma in it, which
/// would begin another directive.
fn is_one_source(origin: &str) -> bool {
    origin.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_allows_inline_script_or_framing() {
        for kind in [PageKind::Interaction, PageKind::Plain, PageKind::FormPost { to: None }] {
            let policy = kind.policy("n0nce");
            assert!(!policy.contains("unsafe"), "{kind:?}");
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{kind:?}");
        }
    }

    #[test]
    fn an_answer_by_form_may_be_framed_by_whom_it_is_for_alone() {
        let policy = PageKind::FormPost { to: Some("https://app.example") }.policy("n0nce");
        assert!(policy.ends_with("frame-ancestors https://app.example"), "{policy}");
        for odd in ["https://a;sandbox", "https://a,b", "https://a'b"] {
            assert!(PageKind::FormPost { to: Some(odd) }.policy("n").ends_with("frame-ancestors 'none'"), "{odd}");
        }
        assert!(PageKind::FormPost { to: Some("https://app.example") }.frame_options().is_none());
        assert_eq!(PageKind::FormPost { to: None }.frame_options(), Some("DENY"));
        assert_eq!(PageKind::Interaction.frame_options(), Some("DENY"));
    }

    #[test]
    fn the_page_after_sign_out_loads_frames_of_the_registered_origins_alone() {
        let of = ["https://a.example", "https://b;sandbox", "http://localhost:3000"].map(str::to_owned);
        let policy = PageKind::LogoutFrames { of: &of }.policy("n0nce");
        assert!(policy.ends_with("; frame-src https://a.example http://localhost:3000"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(PageKind::LogoutFrames { of: &[] }.policy("n").ends_with("frame-src 'none'"));
        assert_eq!(PageKind::LogoutFrames { of: &of }.frame_options(), Some("DENY"));
    }

    #[test]
    fn a_frame_runs_one_script_and_asks_us_alone() {
        let policy = PageKind::Frame.policy("sha256-abc=");
        assert!(policy.contains("script-src 'sha256-abc='; connect-src 'self'"), "{policy}");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }

    #[test]
    fn pages_whose_form_leads_to_an_application_do_not_restrict_form_action() {
        assert!(!PageKind::Interaction.policy("n").contains("form-action"));
        assert!(!PageKind::FormPost { to: None }.policy("n").contains("form-action"));
    }
}
