//! The `sub` by which a client knows a person (OpenID Connect Core, section 8).

use std::sync::Arc;

use palatine_domain::client::{Client, SubjectType};
use palatine_domain::user::User;
use palatine_realm::{PairwiseSubjects, Realm, SealError};

/// Makes the subjects that one client sees. Made before a transaction opens, since the realm's salt may have to be
/// read, or made.
#[derive(Clone, Debug)]
pub struct Subjects(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Public,
    Pairwise { sector: String, of_realm: Arc<PairwiseSubjects> },
}

impl Subjects {
    /// Those of a client.
    pub async fn of(realm: &Realm, client: &Client) -> Result<Self, SealError> {
        Ok(Self(match client.settings.subject.subject_type {
            SubjectType::Public => Kind::Public,
            SubjectType::Pairwise => {
                Kind::Pairwise { sector: sector(client), of_realm: realm.pairwise_subjects().await? }
            }
        }))
    }

    /// What the client knows the person by.
    pub fn subject(&self, user: &User) -> String {
        match &self.0 {
            Kind::Public => user.subject.clone(),
            Kind::Pairwise { sector, of_realm } => of_realm.subject(sector, &user.subject),
        }
    }

    /// Whether a `sub` that was once told to the client means this person. A client that became pairwise was told the
    /// public one before.
    pub fn means(&self, user: &User, subject: &str) -> bool {
        subject == user.subject || subject == self.subject(user)
    }
}

/// A client whose sector cannot be told, which its configuration does not allow, is a sector of its own: it must not
/// share subjects with anybody. The name holds a space, as no host does.
fn sector(client: &Client) -> String {
    client.settings.sector().unwrap_or_else(|_| format!("client {}", client.client_id))
}

/// The `sub` by which the client knows the person: in ID tokens, userinfo, access tokens, introspection, logout tokens.
///
/// May open transactions of its own: ask before opening one.
pub async fn subject(realm: &Realm, client: &Client, user: &User) -> Result<String, SealError> {
    Ok(Subjects::of(realm, client).await?.subject(user))
}
