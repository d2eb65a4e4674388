//! The two name spaces of a realm: resource names (client ids and API identifiers) and subjects (users and clients).

use palatine_domain::ids::{ApiId, ClientKey, RowId as _};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::StoreError;
use crate::entities::{apis, resource_names, subjects};
use crate::scope::{ReadWrite, TenantTx};

/// Names only a client.
const CLIENT: &str = "client";
/// Names only an API.
const API: &str = "api";
/// Names a client and an API that are one registration.
const BOTH: &str = "both";

/// Takes a name for a client; `false` if it is taken, unless by the API that is the same registration.
pub(super) async fn claim_for_client(tx: &TenantTx<ReadWrite>, name: &str, key: ClientKey) -> Result<bool, StoreError> {
    use resource_names::{Column, Entity};
    if tx.insert_new(row(tx, name, CLIENT, Some(key), None)).await? {
        return Ok(true);
    }
    let own = tx.rows::<apis::Entity>().filter(apis::Column::Identifier.eq(name));
    if !tx.any(own.filter(apis::Column::ClientKey.eq(key.as_uuid()))).await? {
        return Ok(false);
    }
    let join = tx
        .update::<Entity>()
        .col_expr(Column::Kind, Expr::value(BOTH))
        .col_expr(Column::ClientKey, Expr::value(key.as_uuid()))
        .filter(Column::Name.eq(name))
        .filter(Column::Kind.eq(API));
    Ok(tx.run(join).await? == 1)
}

/// Takes a name for an API; `false` if it is taken, unless by the client that is the same registration.
pub(super) async fn claim_for_api(
    tx: &TenantTx<ReadWrite>,
    name: &str,
    api: ApiId,
    registration: Option<ClientKey>,
) -> Result<bool, StoreError> {
    use resource_names::{Column, Entity};
    if tx.insert_new(row(tx, name, API, None, Some(api))).await? {
        return Ok(true);
    }
    let Some(client) = registration else { return Ok(false) };
    let join = tx
        .update::<Entity>()
        .col_expr(Column::Kind, Expr::value(BOTH))
        .col_expr(Column::ApiId, Expr::value(api.as_uuid()))
        .filter(Column::Name.eq(name))
        .filter(Column::Kind.eq(CLIENT))
        .filter(Column::ClientKey.eq(client.as_uuid()));
    Ok(tx.run(join).await? == 1)
}

/// Gives back the name of a client; an API of the same registration keeps it.
pub(super) async fn release_client(tx: &TenantTx<ReadWrite>, key: ClientKey) -> Result<(), StoreError> {
    use resource_names::{Column, Entity};
    let keep = tx
        .update::<Entity>()
        .col_expr(Column::Kind, Expr::value(API))
        .col_expr(Column::ClientKey, Expr::value(None::<Uuid>))
        .filter(Column::ClientKey.eq(key.as_uuid()))
        .filter(Column::Kind.eq(BOTH));
    tx.run(keep).await?;
    tx.clear(tx.delete::<Entity>().filter(Column::ClientKey.eq(key.as_uuid()))).await?;
    let alone = tx.update::<apis::Entity>().col_expr(apis::Column::ClientKey, Expr::value(None::<Uuid>));
    tx.run(alone.filter(apis::Column::ClientKey.eq(key.as_uuid()))).await?;
    Ok(())
}

/// Gives back the name of an API; a client of the same registration keeps it.
pub(super) async fn release_api(tx: &TenantTx<ReadWrite>, api: ApiId) -> Result<(), StoreError> {
    use resource_names::{Column, Entity};
    let keep = tx
        .update::<Entity>()
        .col_expr(Column::Kind, Expr::value(CLIENT))
        .col_expr(Column::ApiId, Expr::value(None::<Uuid>))
        .filter(Column::ApiId.eq(api.as_uuid()))
        .filter(Column::Kind.eq(BOTH));
    tx.run(keep).await?;
    tx.clear(tx.delete::<Entity>().filter(Column::ApiId.eq(api.as_uuid()))).await?;
    Ok(())
}

/// Whose a subject is.
#[derive(Clone, Copy)]
pub(super) enum SubjectOf {
    User,
    Client,
}

/// Takes a subject; `false` if it is taken.
pub(super) async fn claim_subject(
    tx: &TenantTx<ReadWrite>,
    subject: &str,
    kind: SubjectOf,
    owner: Uuid,
) -> Result<bool, StoreError> {
    let kind = match kind {
        SubjectOf::User => "user",
        SubjectOf::Client => CLIENT,
    };
    let row = subjects::Model {
        tenant_id: tx.tenant_uuid(),
        subject: subject.to_owned(),
        kind: kind.to_owned(),
        owner_id: owner,
    };
    tx.insert_new(row).await
}

/// Gives back a subject, if it is the owner's.
pub(super) async fn release_subject(tx: &TenantTx<ReadWrite>, subject: &str, owner: Uuid) -> Result<(), StoreError> {
    use subjects::{Column, Entity};
    let release = tx.delete::<Entity>().filter(Column::Subject.eq(subject)).filter(Column::OwnerId.eq(owner));
    tx.clear(release).await?;
    Ok(())
}

fn row(
    tx: &TenantTx<ReadWrite>,
    name: &str,
    kind: &str,
    client: Option<ClientKey>,
    api: Option<ApiId>,
) -> resource_names::Model {
    resource_names::Model {
        tenant_id: tx.tenant_uuid(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        client_key: client.map(|key| key.as_uuid()),
        api_id: api.map(|api| api.as_uuid()),
    }
}
