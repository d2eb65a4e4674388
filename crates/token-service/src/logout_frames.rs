//! What a browser loads when it was signed out (OpenID Connect Front-Channel Logout 1.0).

use palatine_domain::ids::SessionId;
use palatine_domain::logout::LogoutParty;
use palatine_protocol::logout::front_channel_url;
use palatine_protocol::redirect_uri::origin_of;
use palatine_realm::Realm;

/// The hidden frames of the clients that the browser tells that a session has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogoutFrames {
    urls: Vec<String>,
}

impl LogoutFrames {
    /// Those of the clients that have one, each once.
    pub(crate) fn of(realm: &Realm, session: SessionId, parties: &[LogoutParty]) -> Self {
        let sid = session.to_string();
        let url = |party: &LogoutParty| {
            let uri = party.logout.frontchannel_uri.as_deref()?;
            let named = party.logout.frontchannel_session_required.then_some((realm.issuer(), sid.as_str()));
            Some(front_channel_url(uri, named))
        };
        Self { urls: parties.iter().filter_map(url).collect() }
    }

    /// Whether nobody is to be told.
    pub fn is_empty(&self) -> bool {
        self.urls.is_empty()
    }

    /// What each frame loads.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// Where they lead, each origin once: the only ones that the page may load frames from.
    pub fn origins(&self) -> Vec<String> {
        let mut origins: Vec<String> = self.urls.iter().filter_map(|url| origin_of(url)).collect();
        origins.sort_unstable();
        origins.dedup();
        origins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_one_origin_are_one_source() {
        let urls = ["https://a.example/out", "https://b.example/out?x=1", "https://a.example/other"];
        let frames = LogoutFrames { urls: urls.map(str::to_owned).to_vec() };
        assert_eq!(frames.origins(), ["https://a.example", "https://b.example"]);
        assert!(!frames.is_empty() && LogoutFrames::default().is_empty());
    }
}
