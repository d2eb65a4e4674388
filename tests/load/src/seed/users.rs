//! Users: each with the rows that the store writes for one, and a few of them disabled, in a group or with a role.

use sqlx::PgConnection;

use super::realms::pool;
use super::{Size, steps};
use crate::database::run;
use crate::error::LoadError;
use crate::names;
use crate::report::Tell;

/// How many users a statement makes.
const STEP: i64 = 100_000;

/// How many slots first and last names have; see [`names::slots`].
const GIVEN_SLOTS: i32 = 4_096;
const FAMILY_SLOTS: i32 = 16_384;

const PEOPLE: &str = "
CREATE TEMPORARY TABLE seeded_people (
    tenant_id uuid NOT NULL, id uuid NOT NULL, n bigint NOT NULL, subject text NOT NULL, given text NOT NULL,
    family text NOT NULL, username text NOT NULL, email text, words text[] NOT NULL)";

/// The n-th user: of the first realm, up to `$3`; of one of the `$4` others then. Without an e-mail address is one in
/// twenty. The id's time is that of the account.
const DRAW: &str = "
INSERT INTO seeded_people
SELECT realm.id, (lpad(to_hex(1767225600000 + person * 1000), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15))::uuid,
    person, md5('subject ' || person)::uuid::text, given.shown, family.shown, username,
    CASE WHEN person % 20 <> 0 THEN username || '@' || host END,
    given.words || family.words || ARRAY[given.plain, family.plain || person]
        || CASE WHEN person % 20 <> 0 THEN string_to_array(host, '.') ELSE '{}' END
FROM generate_series($1, $2) AS person
JOIN seeded_realms realm ON realm.n = CASE WHEN person <= $3 THEN 1 ELSE 2 + (person - $3 - 1) * $4 / greatest($5 - $3, 1) END
JOIN seeded_given given ON given.slot = hashint8extended(person, 11) & 4095
JOIN seeded_family family ON family.slot = hashint8extended(person, 12) & 16383
CROSS JOIN LATERAL (
    SELECT md5('user ' || person) AS h, given.plain || '.' || family.plain || person AS username,
        ($6::text[])[1 + (hashint8extended(person, 13) & 3)] AS host
) AS made";

/// One in fifty is disabled.
const USERS: &str = "
INSERT INTO users (tenant_id, id, subject, enabled, username, email, email_verified, profile, custom, created_at, updated_at)
SELECT tenant_id, id, subject, n % 50 <> 7, username, email, email IS NOT NULL AND n % 3 <> 0,
    jsonb_build_object('name', given || ' ' || family, 'given_name', given, 'family_name', family), '{}',
    1767225600000000 + n * 1000000, 1767225600000000 + n * 1000000
FROM seeded_people ORDER BY tenant_id, id";

const IDENTIFIERS: &str = "
INSERT INTO user_identifiers (tenant_id, value, user_id, kinds)
SELECT tenant_id, username, id, 1 FROM seeded_people
UNION ALL SELECT tenant_id, email, id, 2 FROM seeded_people WHERE email IS NOT NULL
ORDER BY 1, 2";

const SUBJECTS: &str = "
INSERT INTO subjects (tenant_id, subject, kind, owner_id)
SELECT tenant_id, subject, 'user', id FROM seeded_people ORDER BY tenant_id, subject";

const WORDS: &str = "
INSERT INTO user_search (tenant_id, token, user_id)
SELECT DISTINCT tenant_id, token COLLATE \"C\", id FROM seeded_people CROSS JOIN unnest(words) AS token ORDER BY 1, 2, 3";

/// One in five.
const MEMBERS: &str = "
INSERT INTO user_groups (tenant_id, user_id, group_id)
SELECT tenant_id, people.id, groups.id FROM seeded_people people JOIN groups USING (tenant_id)
WHERE groups.name = 'staff' AND people.n % 5 = 1";

/// One in two hundred.
const HOLDERS: &str = "
INSERT INTO user_roles (tenant_id, user_id, role_id)
SELECT tenant_id, people.id, roles.id FROM seeded_people people JOIN roles USING (tenant_id)
WHERE roles.name = 'reviewer' AND people.n % 200 = 3";

/// Makes the users of the realms that were seeded by this connection.
pub(super) async fn seed(conn: &mut PgConnection, size: Size, tell: Tell) -> Result<(), LoadError> {
    let (given, family) = (names::given(), names::family());
    pool(conn, "seeded_given", &given, &names::slots(given.len(), 1, GIVEN_SLOTS)).await?;
    pool(conn, "seeded_family", &family, &names::slots(family.len(), 40, FAMILY_SLOTS)).await?;
    run(conn, format!("{PEOPLE}; ANALYZE seeded_realms")).await?;
    for (from, to) in steps(1, size.users, STEP) {
        run(conn, "TRUNCATE seeded_people".to_owned()).await?;
        sqlx::query(DRAW)
            .bind(from)
            .bind(to)
            .bind(size.in_main)
            .bind(size.realms - 1)
            .bind(size.users)
            .bind(names::MAIL_HOSTS.map(str::to_owned))
            .execute(&mut *conn)
            .await?;
        run(conn, "ANALYZE seeded_people".to_owned()).await?;
        for statement in [USERS, IDENTIFIERS, SUBJECTS, WORDS, MEMBERS, HOLDERS] {
            sqlx::query(statement).execute(&mut *conn).await?;
        }
        if size.users > STEP {
            tell(&format!("  users: {to} of {}", size.users));
        }
    }
    Ok(())
}
