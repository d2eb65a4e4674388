//! Where the secrets are found that a document only points at.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use palatine_domain::SecretText;

use crate::document::{Origin, SecretSource};

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where `env:` and `generated:` are looked up. By default, nowhere.
#[derive(Clone, Default)]
pub struct SecretSources {
    environment: Option<Arc<Lookup>>,
    generated: BTreeMap<String, SecretText>,
}

impl fmt::Debug for SecretSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretSources").field("generated", &self.generated.keys()).finish_non_exhaustive()
    }
}

impl SecretSources {
    /// Looks `env:NAME` up here.
    #[must_use]
    pub fn with_environment(mut self, lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.environment = Some(Arc::new(lookup));
        self
    }

    /// Answers `generated:NAME`.
    #[must_use]
    pub fn with_generated(mut self, name: impl Into<String>, secret: SecretText) -> Self {
        self.generated.insert(name.into(), secret);
        self
    }

    /// The secret; or why there is none, in words for the one who wrote the document.
    pub(crate) async fn find(&self, source: &SecretSource, origin: &Origin) -> Result<SecretText, String> {
        let secret = match source {
            SecretSource::Plain(secret) => secret.text().clone(),
            SecretSource::Environment(name) => {
                let found = self.environment.as_ref().and_then(|lookup| lookup(name));
                SecretText::new(found.ok_or_else(|| format!("the environment variable {name} is not set"))?)
            }
            SecretSource::Generated(name) => {
                let found = self.generated.get(name).cloned();
                found.ok_or_else(|| {
                    format!("nothing was generated under the name `{name}`; give a secret or env:NAME")
                })?
            }
            SecretSource::File(path) => match origin {
                Origin::Folder(folder) => read(&folder.join(path)).await?,
                Origin::Embedded => return Err("a built-in document cannot name files".to_owned()),
                Origin::Request => return Err("a request cannot name files; send the secret itself".to_owned()),
            },
        };
        if secret.expose().is_empty() { Err("this secret is empty".to_owned()) } else { Ok(secret) }
    }
}

async fn read(path: &std::path::Path) -> Result<SecretText, String> {
    let read = tokio::fs::read_to_string(path).await.map(SecretText::new);
    let text = read.map_err(|error| format!("the file {} cannot be read: {error}", path.display()))?;
    let line = text.expose().strip_suffix('\n').unwrap_or(text.expose());
    Ok(SecretText::new(line.strip_suffix('\r').unwrap_or(line)))
}
