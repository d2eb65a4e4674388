//! The seeder: a migrated PostgreSQL with any number of realms and users, by statements that write thousands of rows.
//!
//! One realm is made by the engine that makes every realm, from a document, and the others are copies of its rows: so a
//! seeded realm has what a realm has. Users are written by statements of the seeder's own, with the names and words that
//! the store would give them. What is seeded depends on the sizes alone: the same sizes, the same rows.

mod copy;
mod documents;
mod realms;
mod users;

use std::time::Instant;

use sqlx::PgConnection;

use crate::database::{Database, run};
use crate::error::LoadError;
use crate::report::Tell;

pub use documents::{MAIN, OPERATOR, SERVICE, SYSTEM};

/// How much is to be seeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Realms of customers; the realm of operators comes on top.
    pub realms: i64,
    /// Users of all of them together.
    pub users: i64,
    /// Users of the first realm, [`MAIN`]; the others share the rest evenly.
    pub in_main: i64,
}

impl Size {
    /// All users are somewhere.
    pub fn new(realms: i64, users: i64, in_main: i64) -> Result<Self, LoadError> {
        if realms < 1 || users < 0 || in_main < 0 {
            return Err(LoadError::Size("there is at least one realm"));
        }
        if realms > 1_000_000 || users > 50_000_000 {
            return Err(LoadError::Size("at most 1,000,000 realms and 50,000,000 users"));
        }
        let in_main = if realms == 1 { users } else { in_main.min(users) };
        Ok(Self { realms, users, in_main })
    }

    /// What a database was seeded with.
    pub async fn of(database: &Database) -> Result<Self, LoadError> {
        let mut conn = database.connect().await?;
        let count = "SELECT (SELECT count(*) FROM tenants WHERE slug <> $1), (SELECT count(*) FROM users), \
                     (SELECT count(*) FROM users JOIN tenants ON tenants.id = users.tenant_id WHERE slug = $2)";
        let (realms, users, in_main) = sqlx::query_as(count).bind(SYSTEM).bind(MAIN).fetch_one(&mut conn).await?;
        Ok(Self { realms, users, in_main })
    }

    /// So few rows that each may be checked by its foreign keys.
    fn is_small(self) -> bool {
        self.realms <= 100 && self.users <= 10_000
    }
}

/// Migrates and fills a database that has no realms.
pub async fn seed(database: &Database, size: Size, tell: Tell) -> Result<(), LoadError> {
    palatine_store::Store::migrate(&database.owners()).await?;
    let mut conn = database.connect().await?;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM tenants)").fetch_one(&mut conn).await?;
    if there {
        return Err(LoadError::NotEmpty);
    }
    documents::apply(database).await?;
    settle(&mut conn, size).await?;
    let begun = Instant::now();
    realms::seed(&mut conn, size, tell).await?;
    told(tell, "realms", size.realms, begun);
    let begun = Instant::now();
    users::seed(&mut conn, size, tell).await?;
    told(tell, "users", size.users, begun);
    // What autovacuum would have done by the time that a database has grown to this.
    let begun = Instant::now();
    run(&mut conn, "VACUUM (ANALYZE)".to_owned()).await?;
    tell(&format!("vacuumed and analysed in {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(())
}

/// A seeding that breaks off is begun again: nothing waits for the disk. Foreign keys are not asked row by row where there
/// are many rows, as far as the owner may decide that; the tests seed few, and ask them.
async fn settle(conn: &mut PgConnection, size: Size) -> Result<(), LoadError> {
    run(conn, "SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET work_mem = '64MB'".to_owned())
        .await?;
    let may: bool =
        sqlx::query_scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetch_one(&mut *conn).await?;
    if may && !size.is_small() {
        run(conn, "SET session_replication_role = replica".to_owned()).await?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn told(tell: Tell, what: &str, count: i64, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    tell(&format!("{count} {what} in {seconds:.1} s: {:.0}/s", count as f64 / seconds.max(0.001)));
}

/// From, to: all of the numbers from one to another in steps; none if there are none.
fn steps(first: i64, last: i64, step: i64) -> impl Iterator<Item = (i64, i64)> {
    let count = (last - first + step) / step;
    (0..count.max(0)).map(move |n| (first + n * step, (first + (n + 1) * step - 1).min(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_cover_all_and_no_more() {
        assert_eq!(steps(1, 7, 3).collect::<Vec<_>>(), [(1, 3), (4, 6), (7, 7)]);
        assert_eq!(steps(2, 1, 3).count(), 0);
    }

    #[test]
    fn one_realm_has_all_users() {
        assert_eq!(Size::new(1, 10, 3).unwrap().in_main, 10);
        assert_eq!(Size::new(2, 10, 30).unwrap().in_main, 10);
        assert!(Size::new(0, 10, 3).is_err());
    }
}
