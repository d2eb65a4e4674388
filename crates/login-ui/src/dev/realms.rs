//! What the start page lists. `server` fills it from the demo files.

use std::sync::Arc;

use palatine_domain::RealmSlug;

use super::desk::Desk;

/// The start page's contents and the test client's memory; all clones are one.
#[derive(Clone)]
pub struct DevSite {
    realms: Arc<[DevRealmInfo]>,
    desk: Arc<Desk>,
}

/// A demo realm.
#[derive(Clone, Debug)]
pub struct DevRealmInfo {
    /// Its slug.
    pub slug: RealmSlug,
    /// Its name.
    pub display_name: String,
    /// People who can sign in.
    pub users: Vec<DevUserInfo>,
    /// Its clients.
    pub clients: Vec<DevClientInfo>,
}

/// A demo user, as the demo file has it.
#[derive(Clone)]
pub struct DevUserInfo {
    /// What to type as username.
    pub identifier: String,
    /// The initial password; none if the file names none.
    pub password: Option<String>,
}

/// A demo client, as the demo file has it.
#[derive(Clone)]
pub struct DevClientInfo {
    /// `client_id`.
    pub client_id: String,
    /// What kind of application it is: `web`, `native`, `service`, ….
    pub kind: String,
    /// Its secret; none for a public client.
    pub secret: Option<String>,
    /// The scopes allowed to it, with spaces between.
    pub scope: String,
}

impl DevSite {
    /// From the realms to list, in the order shown.
    pub fn new(realms: Vec<DevRealmInfo>) -> Self {
        Self { realms: realms.into(), desk: Arc::new(Desk::default()) }
    }

    pub(super) fn realms(&self) -> &[DevRealmInfo] {
        &self.realms
    }

    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }
}

// Demo passwords and secrets are known to everybody; they stay out of logs all the same.

impl std::fmt::Debug for DevSite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevSite").field("realms", &self.realms.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DevUserInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevUserInfo").field("identifier", &self.identifier).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DevClientInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DevClientInfo").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
