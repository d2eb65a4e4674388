//! Redirect URIs and web origins: exact ones, where Keycloak has patterns.

use palatine_domain::client::ClientKind;
use palatine_protocol::redirect_uri::{ApplicationType, RegisteredRedirectUri, origin_of};

use super::json::Object;
use super::report::Notes;
use crate::document::ClientDocument;

/// The URIs of a client as the export lists them.
pub(super) struct Listed {
    redirect: Vec<String>,
    post_logout: Vec<String>,
    origins: Vec<String>,
    root: Option<String>,
}

/// What stands for "those of the redirect URIs".
const SAME: &str = "+";

impl Listed {
    pub(super) fn read(client: &mut Object<'_>, attributes: &mut Object<'_>) -> Self {
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        let post_logout = attributes.words("post.logout.redirect.uris").unwrap_or_default();
        let post_logout = post_logout.split("##").map(str::trim).filter(|uri| !matches!(*uri, "" | "-")).collect();
        Self {
            redirect: owned(client.texts("redirectUris")),
            post_logout: owned(post_logout),
            origins: owned(client.texts("webOrigins")),
            // `${authBaseUrl}` is Keycloak's own address.
            root: client
                .words("rootUrl")
                .filter(|root| !root.contains('$'))
                .map(|root| root.trim_end_matches('/').to_owned()),
        }
    }

    /// Whether an application on a device receives some of them.
    pub(super) fn have_custom_schemes(&self) -> bool {
        let is_custom =
            |uri: &String| uri.split_once(':').is_some_and(|(scheme, _)| !matches!(scheme, "http" | "https"));
        self.redirect.iter().any(is_custom)
    }

    /// Whether all lead to the machine that they are opened on.
    pub(super) fn are_of_this_machine(&self) -> bool {
        let is_literal = |uri: &String| uri.starts_with("http://127.0.0.1") || uri.starts_with("http://[::1]");
        self.redirect.iter().all(is_literal)
    }

    /// Puts those that can be registered into the document.
    pub(super) fn put(&self, notes: &Notes, path: &str, client: &mut ClientDocument) {
        if client.kind == ClientKind::Service {
            if !self.redirect.is_empty() {
                notes.left_out(&format!("{path}/redirectUris"), "redirect URIs of a service", "nobody signs in to it");
            }
            return;
        }
        let kind = match client.kind {
            ClientKind::Native => ApplicationType::Native,
            ClientKind::Web | ClientKind::Spa | ClientKind::Service => ApplicationType::Web,
        };
        client.redirect_uris = self.registrable(notes, &format!("{path}/redirectUris"), &self.redirect, kind);
        let (same, own): (Vec<String>, Vec<String>) = self.post_logout.iter().cloned().partition(|uri| uri == SAME);
        client.post_logout_redirect_uris = if same.is_empty() { Vec::new() } else { client.redirect_uris.clone() };
        let own = self.registrable(notes, &format!("{path}/attributes/post.logout.redirect.uris"), &own, kind);
        let listed = client.post_logout_redirect_uris.clone();
        client.post_logout_redirect_uris.extend(own.into_iter().filter(|uri| !listed.contains(uri)));
        client.web_origins = self.web_origins(notes, &format!("{path}/webOrigins"), client);
    }

    /// Those that can be registered, each once.
    fn registrable(&self, notes: &Notes, path: &str, uris: &[String], kind: ApplicationType) -> Vec<String> {
        let mut registrable: Vec<String> = Vec::new();
        for listed in uris {
            let uri = match (&self.root, listed.starts_with('/')) {
                (Some(root), true) => format!("{root}{listed}"),
                (None, true) | (_, false) => listed.clone(),
            };
            match RegisteredRedirectUri::parse(&uri, kind) {
                Ok(_) if registrable.contains(&uri) => {}
                Ok(_) => registrable.push(uri),
                Err(error) => {
                    let todo = "Register every URI that the client uses, as it is.";
                    notes.lost(path, format!("the URI `{uri}`"), error.to_string(), todo);
                }
            }
        }
        registrable
    }

    /// `None`: those of the redirect URIs.
    fn web_origins(&self, notes: &Notes, path: &str, client: &ClientDocument) -> Option<Vec<String>> {
        let of_redirects = || client.redirect_uris.iter().filter_map(|uri| origin_of(uri));
        let own: Vec<&String> = self.origins.iter().filter(|origin| *origin != SAME).collect();
        let same = own.len() < self.origins.len();
        if client.redirect_uris.is_empty() && self.origins.is_empty() || same && own.is_empty() {
            return None;
        }
        let mut origins: Vec<String> = if same { of_redirects().collect() } else { Vec::new() };
        for origin in own {
            let spelled = origin.trim_end_matches('/');
            if origin_of(spelled).as_deref() == Some(spelled) {
                origins.push(spelled.to_owned());
            } else {
                let why = "an origin is written as browsers do, without patterns: https://app.example.com";
                notes.lost(path, format!("the web origin `{origin}`"), why, "List the origins of its scripts.");
            }
        }
        origins.sort();
        origins.dedup();
        Some(origins)
    }
}
