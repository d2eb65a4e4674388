//! A service that calls APIs for itself, with a cache of its token.

use palatine_domain::{Ambient, Instant};

use crate::app::App;
use crate::tokens::Tokens;
use crate::world::seconds;

/// How long before its expiry a token is replaced.
const EARLY: std::time::Duration = seconds(60);

/// A service.
pub struct Service {
    /// Its registration.
    pub app: App,
    cached: Option<(Tokens, Instant)>,
    ambient: Ambient,
    /// How often it asked the token endpoint.
    pub requests: u32,
}

impl Service {
    pub(crate) fn new(app: App, ambient: Ambient) -> Self {
        Self { app, cached: None, ambient, requests: 0 }
    }

    /// Its token: the cached one until 60 s before it expires.
    pub async fn token(&mut self) -> String {
        if let Some((tokens, expires_at)) = &self.cached
            && self.ambient.now().plus(EARLY) < *expires_at
        {
            return tokens.access.clone();
        }
        self.requests += 1;
        let asked_at = self.ambient.now();
        let tokens = self.asking(&[]).await;
        let expires_at = asked_at.plus(seconds(tokens.expires_in));
        self.cached = Some((tokens.clone(), expires_at));
        tokens.access
    }

    /// A fresh token, asked for with these parameters.
    pub async fn asking(&self, more: &[(&str, &str)]) -> Tokens {
        Tokens::of(&self.app.client_credentials(more).await)
    }
}
