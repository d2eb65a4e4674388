//! A chunk of an import, done by a worker.

use std::collections::BTreeMap;

use palatine_domain::import::{ImportProblem, ImportedChunk};
use palatine_realm::Realm;
use palatine_store::{ClaimedChunk, StoreError, TenantWrite};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::access::{AdminActor, Remembered};
use crate::ops::error::{FieldError, OpError};
use crate::ops::object::{self, Object};
use crate::ops::users::{named, with_imported_hash};

/// How often a chunk is tried. An import one of whose chunks cannot be done is given up.
pub const MAX_ATTEMPTS: u32 = 5;

/// What a chunk holds.
#[derive(Serialize, Deserialize)]
pub(super) struct Chunk {
    /// Who asked.
    pub(super) who: Remembered,
    /// Whom it is about.
    pub(super) people: Vec<Person>,
}

/// Somebody who is to be taken.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Person {
    /// Who of all of the import's, counted from 1.
    pub(super) item: u64,
    /// What they are to be.
    pub(super) document: Map<String, Value>,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkEnd {
    /// It was done.
    Done,
    /// Another did it, or the import is over.
    Overtaken,
    /// Nothing of it can be read: the import is given up.
    GivenUp,
}

/// Takes the people of a chunk, all in one transaction: afterwards either they are there and counted, or nothing was
/// done. Who cannot be taken is told, and left out.
pub async fn take_chunk(realm: &Realm, chunk: &ClaimedChunk) -> Result<ChunkEnd, StoreError> {
    let Ok(Chunk { who, people }) = serde_json::from_value(chunk.payload.clone()) else {
        return give_up(realm, chunk).await;
    };
    if chunk.attempt > MAX_ATTEMPTS {
        return give_up(realm, chunk).await;
    }
    let mut refused = BTreeMap::new();
    loop {
        let tx = realm.write().await?;
        tx.lock_tenant().await?;
        let actor = who.clone().recall(&tx, realm).await?;
        match take_all(realm, &actor, &tx, &people, &mut refused).await {
            Ok(done) => {
                let came =
                    ImportedChunk { done, failed: refused.len() as u64, problems: refused.into_values().collect() };
                if !tx.import_jobs().finish_chunk(chunk.job, chunk.number, &came).await? {
                    return Ok(ChunkEnd::Overtaken);
                }
                tx.commit().await?;
                return Ok(ChunkEnd::Done);
            }
            // What was written before the refusal may be half of something: begin again without that person.
            Err(Stopped::Refused) => {}
            Err(Stopped::Store(error)) => return Err(error),
        }
    }
}

/// Why a round ended early.
enum Stopped {
    /// One more person cannot be taken.
    Refused,
    Store(StoreError),
}

/// Takes all who were not refused yet; how many.
async fn take_all(
    realm: &Realm,
    actor: &AdminActor,
    tx: &TenantWrite,
    people: &[Person],
    refused: &mut BTreeMap<u64, ImportProblem>,
) -> Result<u64, Stopped> {
    let mut done = 0;
    for person in people {
        if refused.contains_key(&person.item) {
            continue;
        }
        match take(realm, actor, tx, person).await {
            Ok(()) => done += 1,
            Err(error) => {
                let message = words(error).map_err(Stopped::Store)?;
                let name = person.document.get("username").and_then(Value::as_str).map(str::to_owned);
                refused.insert(person.item, ImportProblem { item: person.item, name, message });
                return Err(Stopped::Refused);
            }
        }
    }
    Ok(done)
}

async fn take(realm: &Realm, actor: &AdminActor, tx: &TenantWrite, person: &Person) -> Result<(), OpError> {
    let body = Value::Object(person.document.clone());
    let object = Object::NewUser(named(&body)?);
    object::create_in(realm, actor, tx, &object, with_imported_hash(body)?).await?;
    Ok(())
}

/// What is wrong with somebody; or that it is not about them.
fn words(error: OpError) -> Result<String, StoreError> {
    let of_field = |field: FieldError| match field.pointer.as_str() {
        "" => field.message,
        pointer => format!("{pointer}: {}", field.message),
    };
    match error {
        OpError::Invalid(fields) => Ok(fields.into_iter().map(of_field).collect::<Vec<_>>().join("; ")),
        OpError::Forbidden(forbidden) => Ok(forbidden.to_string()),
        OpError::Conflict(words) => Ok(words),
        OpError::Store(error) => Err(error),
        OpError::Access(_)
        | OpError::NotFound
        | OpError::Changed
        | OpError::Contended
        | OpError::Hash(_)
        | OpError::Keys(_) => Ok("the realm changed meanwhile; import this person again".to_owned()),
    }
}

async fn give_up(realm: &Realm, chunk: &ClaimedChunk) -> Result<ChunkEnd, StoreError> {
    let tx = realm.write().await?;
    tx.import_jobs().fail(chunk.job).await?;
    tx.commit().await?;
    Ok(ChunkEnd::GivenUp)
}
