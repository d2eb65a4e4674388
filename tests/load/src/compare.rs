//! The same questions at several sizes, each in a database of its own.

use crate::cases::{Rounds, measure};
use crate::database::Database;
use crate::error::LoadError;
use crate::report::{Measured, Tell};
use crate::seed::{Size, seed};
use crate::subject::Subject;

/// Seeds, measures and drops one size after the other. `server` is any database of the PostgreSQL to use.
pub async fn compare(
    server: &Database,
    sizes: &[Size],
    rounds: Rounds,
    tell: Tell,
) -> Result<Vec<Measured>, LoadError> {
    let mut all = Vec::new();
    for size in sizes {
        tell(&format!("{} realms, {} users:", size.realms, size.users));
        let name = format!("palatine_load_{}", size.realms);
        let database = server.fresh_beside(&name).await?;
        let measured = one(&database, *size, rounds, tell).await;
        server.drop_beside(&name).await?;
        all.push(measured?);
    }
    Ok(all)
}

async fn one(database: &Database, size: Size, rounds: Rounds, tell: Tell) -> Result<Measured, LoadError> {
    seed(database, size, tell).await?;
    let subject = Subject::start(database).await?;
    let measured = measure(&subject, size, rounds, tell).await;
    subject.stop().await;
    measured
}
