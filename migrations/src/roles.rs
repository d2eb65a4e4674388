//! The PostgreSQL roles: made if the connection's user may, asked of a DBA otherwise.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

/// How often a change of roles is tried again when another database of the same cluster makes the same one.
const ATTEMPTS: u32 = 20;

/// What came of preparing the roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolesOutcome {
    /// They are as they must be.
    Ready,
    /// They are not, and this user may not change that. A superuser runs these statements.
    NeedsAdministrator(String),
}

/// Waits until no other process migrates this database; the lock goes with the connection.
pub async fn lock(db: &DatabaseConnection) -> Result<(), DbErr> {
    db.execute_unprepared("SELECT pg_advisory_lock(hashtext('palatine migrate'))").await.map(|_| ())
}

/// Makes `app` and `operator` what they must be, or says what is missing.
///
/// Roles belong to the cluster, so another database's migration may do the same at this moment; a lock would not reach
/// it. Losing such a race is answered by looking again.
pub async fn prepare(db: &DatabaseConnection, app: &str, operator: &str) -> Result<RolesOutcome, DbErr> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let found = Found::read(db, app, operator).await?;
        let missing = found.missing(app, operator);
        if missing.is_empty() {
            return Ok(RolesOutcome::Ready);
        }
        if !found.may_change {
            return Ok(RolesOutcome::NeedsAdministrator(missing.join("\n")));
        }
        match db.execute_unprepared(&missing.join("\n")).await {
            Ok(_) => {}
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| DbErr::Migration("the roles do not stay as they were made".to_owned())))
}

/// What the cluster has.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of the catalogue")]
struct Found {
    version: i32,
    may_change: bool,
    superuser: bool,
    app: Option<Role>,
    operator: Option<Role>,
    /// `app` may enter `operator`.
    app_may_enter: bool,
    /// `app` has `operator`'s rights without entering it.
    app_inherits: bool,
    /// The present user may enter `app`.
    user_may_enter_app: bool,
}

#[derive(Debug)]
struct Role {
    bypasses: bool,
    inherits: bool,
    can_login: bool,
}

impl Found {
    async fn read(db: &DatabaseConnection, app: &str, operator: &str) -> Result<Self, DbErr> {
        let me = one(
            db,
            "SELECT current_setting('server_version_num')::int AS version, rolsuper, rolcreaterole \
             FROM pg_roles WHERE rolname = current_user",
            [],
        )
        .await?
        .ok_or_else(|| DbErr::Migration("the present user is no role".to_owned()))?;
        let superuser = me.try_get("", "rolsuper")?;
        let mut found = Self {
            version: me.try_get("", "version")?,
            may_change: superuser || me.try_get("", "rolcreaterole")?,
            superuser,
            app: role(db, app).await?,
            operator: role(db, operator).await?,
            app_may_enter: false,
            app_inherits: false,
            user_may_enter_app: false,
        };
        if found.app.is_some() {
            found.user_may_enter_app = member(db, "current_user", app, "MEMBER").await?;
        }
        if found.app.is_some() && found.operator.is_some() {
            let named = format!("'{app}'");
            found.app_may_enter = member(db, &named, operator, "MEMBER").await?;
            found.app_inherits = member(db, &named, operator, "USAGE").await?;
        }
        Ok(found)
    }

    /// The statements that lead from here to how it must be.
    fn missing(&self, app: &str, operator: &str) -> Vec<String> {
        let mut statements = Vec::new();
        match &self.app {
            None => statements.push(format!("CREATE ROLE {app} LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS;")),
            Some(role) if role.bypasses => statements.push(format!("ALTER ROLE {app} NOSUPERUSER NOBYPASSRLS;")),
            Some(_) => {}
        }
        match &self.operator {
            None => statements.push(format!("CREATE ROLE {operator} NOLOGIN NOSUPERUSER NOBYPASSRLS;")),
            Some(role) if role.bypasses || role.can_login => {
                statements.push(format!("ALTER ROLE {operator} NOLOGIN NOSUPERUSER NOBYPASSRLS;"));
            }
            Some(_) => {}
        }
        if self.version >= 160_000 {
            if !self.app_may_enter || self.app_inherits {
                statements.push(format!("GRANT {operator} TO {app} WITH INHERIT FALSE, SET TRUE;"));
            }
        } else {
            if self.app.as_ref().is_some_and(|role| role.inherits) {
                statements.push(format!("ALTER ROLE {app} NOINHERIT;"));
            }
            if !self.app_may_enter {
                statements.push(format!("GRANT {operator} TO {app};"));
            }
        }
        // One login for both is allowed: it enters `app` to serve.
        if self.may_change && !self.superuser && !self.user_may_enter_app {
            statements.push(format!("GRANT {app} TO CURRENT_USER;"));
        }
        statements
    }
}

async fn role(db: &DatabaseConnection, name: &str) -> Result<Option<Role>, DbErr> {
    let sql = "SELECT rolsuper OR rolbypassrls AS bypasses, rolinherit, rolcanlogin FROM pg_roles WHERE rolname = $1";
    let Some(row) = one(db, sql, [name]).await? else { return Ok(None) };
    Ok(Some(Role {
        bypasses: row.try_get("", "bypasses")?,
        inherits: row.try_get("", "rolinherit")?,
        can_login: row.try_get("", "rolcanlogin")?,
    }))
}

/// `who` is SQL: `current_user`, or a quoted name. An unknown role is no member.
async fn member(db: &DatabaseConnection, who: &str, of: &str, how: &str) -> Result<bool, DbErr> {
    let sql = format!(
        "SELECT coalesce(bool_or(pg_has_role(holder.oid, target.oid, '{how}')), false) AS held \
         FROM pg_roles holder, pg_roles target WHERE holder.rolname = {who} AND target.rolname = $1"
    );
    match one(db, &sql, [of]).await? {
        Some(row) => row.try_get("", "held"),
        None => Ok(false),
    }
}

async fn one<const N: usize>(
    db: &DatabaseConnection,
    sql: &str,
    values: [&str; N],
) -> Result<Option<QueryResult>, DbErr> {
    db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values.map(Into::into))).await
}
