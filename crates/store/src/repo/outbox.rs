//! Effects outside that are still to happen. A worker claims them across tenants, as operator.

use palatine_domain::audit::OutboxEntry;
use palatine_domain::ids::RowId as _;

use crate::StoreError;
use crate::entities::document::Document;
use crate::entities::outbox::Model;
use crate::scope::ReadWrite;

repository! {
    /// Effects outside that are to happen after the transaction that decided them.
    Outbox, outbox
}

impl Outbox<'_, ReadWrite> {
    /// Decides an effect: it happens if the transaction commits, at least once.
    pub async fn enqueue(&self, entry: &OutboxEntry) -> Result<(), StoreError> {
        let row = Model {
            tenant_id: self.tx.tenant_uuid(),
            id: entry.id.as_uuid(),
            kind: entry.kind.clone(),
            payload: Document::of(&entry.payload)?,
            due_at: entry.due_at.as_micros(),
            attempts: entry.attempts,
            created_at: entry.created_at.as_micros(),
            done_at: None,
        };
        self.tx.insert(row, "outbox entry").await?;
        self.tx.fill_outbox();
        Ok(())
    }
}
