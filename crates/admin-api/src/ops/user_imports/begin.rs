//! Begins an import.

use palatine_domain::admin::Permission;
use palatine_domain::audit::{Actor, AuditKind};
use palatine_domain::import::{ImportJob, ImportState};
use serde_json::{Map, Value, json};

use super::ImportView;
use super::chunk::{Chunk, Person};
use crate::access::{About, Caller};
use crate::ops::error::{FieldError, OpError};

/// How many people one import has at most.
pub const MAX_PEOPLE: usize = 50_000;

/// How many people are taken in one transaction, during which nobody else changes the realm.
const PEOPLE_IN_CHUNK: usize = 20;

/// How many things that are wrong are told at once.
const TOLD: usize = 100;

/// Begins to import people, each described as one who is made alone, with a `username` and perhaps a `password_hash`.
///
/// What is wrong with one person does not keep the others from being taken: it is told by the import. Only what could
/// not be kept meanwhile is refused here: a password that is no hash.
pub async fn begin(caller: &Caller, people: Vec<Value>) -> Result<ImportView, OpError> {
    let (actor, tx) = caller.write(Permission::UsersWrite).await?;
    let people = checked(people)?;
    let ambient = caller.realm().ambient();
    let job = ImportJob {
        id: ambient.id(),
        state: ImportState::Queued,
        total: people.len() as u64,
        done: 0,
        failed: 0,
        created_by: words(actor.actor()),
        created_at: tx.now(),
        updated_at: tx.now(),
        finished_at: None,
        problems: Vec::new(),
    };
    let chunks: Result<Vec<Value>, _> = people
        .chunks(PEOPLE_IN_CHUNK)
        .map(|people| serde_json::to_value(Chunk { who: actor.remembered(), people: people.to_vec() }))
        .collect();
    let chunks = chunks.map_err(|error| OpError::invalid("", error.to_string()))?;
    tx.import_jobs().create(&job, &chunks).await?;
    let details = json!({ "import": job.id, "people": job.total });
    actor.audit(&tx, AuditKind::ImportStarted, About::default(), details).await?;
    tx.commit().await?;
    Ok(ImportView::of(job))
}

fn checked(people: Vec<Value>) -> Result<Vec<Person>, OpError> {
    if people.is_empty() || people.len() > MAX_PEOPLE {
        return Err(OpError::invalid("/users", format!("an import has 1 to {MAX_PEOPLE} people")));
    }
    let mut wrong = Vec::new();
    let mut good = Vec::with_capacity(people.len());
    for (index, person) in people.into_iter().enumerate() {
        match person {
            Value::Object(document) => match in_the_open(&document) {
                None => good.push(Person { item: index as u64 + 1, document }),
                Some(member) => {
                    let message = "only hashes are imported: send `password_hash`".to_owned();
                    wrong.push(FieldError { pointer: format!("/users/{index}/{member}"), message });
                }
            },
            _ => wrong.push(FieldError {
                pointer: format!("/users/{index}"),
                message: "a person is a JSON object with a `username`".to_owned(),
            }),
        }
        if wrong.len() == TOLD {
            break;
        }
    }
    if wrong.is_empty() { Ok(good) } else { Err(OpError::Invalid(wrong)) }
}

/// A password that would be kept as it is until its turn comes.
fn in_the_open(document: &Map<String, Value>) -> Option<&'static str> {
    ["password", "initial_password"].into_iter().find(|member| document.contains_key(*member))
}

fn words(actor: &Actor) -> String {
    match actor {
        Actor::Anonymous => "anonymous".to_owned(),
        Actor::User(user) => format!("user {user}"),
        Actor::Client(client) => format!("client {client}"),
        Actor::Operator(words) => format!("operator {words}"),
        Actor::System => "system".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_no_hash_is_never_kept() {
        let people = vec![json!({ "username": "a" }), json!({ "username": "b", "password": "x" }), json!("c")];
        let Err(OpError::Invalid(fields)) = checked(people) else { panic!("it was taken") };
        let pointers: Vec<&str> = fields.iter().map(|field| field.pointer.as_str()).collect();
        assert_eq!(pointers, ["/users/1/password", "/users/2"]);
    }

    #[test]
    fn an_import_has_somebody_in_it_and_not_too_many() {
        assert!(checked(Vec::new()).is_err());
        assert!(checked(vec![json!({}); MAX_PEOPLE + 1]).is_err());
        assert_eq!(checked(vec![json!({}); 2]).map(|people| people[1].item).unwrap(), 2);
    }
}
