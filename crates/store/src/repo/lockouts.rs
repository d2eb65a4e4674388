//! Counters of failed sign-ins.

use palatine_domain::lockout::{LockoutCounter, LockoutScope};
use palatine_domain::policy::LockoutPolicy;
use palatine_domain::{Instant, TokenHash};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _, UpdateMany};

use crate::StoreError;
use crate::entities::lockouts::{Column, Entity, Model};
use crate::scope::ReadWrite;

repository! {
    /// Counters of failed sign-ins, by the hash of the account's name and a [`LockoutScope`] with its key: the address
    /// prefix, the known browser's id, or nothing for the account itself.
    Lockouts, lockouts
}

/// A counter of an account: what it counts, its key, and how far it is.
pub type CountedFailures = (LockoutScope, String, LockoutCounter);

impl<A> Lockouts<'_, A> {
    /// The counters of an account that have counted something, by what they count.
    pub async fn of_account(&self, account: &TokenHash) -> Result<Vec<CountedFailures>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::Account.eq(account.as_bytes().to_vec()));
        let rows = rows.filter(Column::Failures.gt(0)).order_by_asc(Column::Scope).order_by_asc(Column::Key);
        let counted = |row: &Model| {
            let corrupt = || StoreError::corrupt("lockouts", "scope", &row.scope);
            let scope = LockoutScope::parse(&row.scope).ok_or_else(corrupt)?;
            Ok((scope, row.key.clone(), counter_of(row)?))
        };
        rows.all(self.tx.conn()).await?.iter().map(counted).collect()
    }
}

impl Lockouts<'_, ReadWrite> {
    /// Lets all counters of these accounts begin again, whoever has guessed; how many had counted something.
    pub async fn unlock(&self, accounts: &[TokenHash]) -> Result<u64, StoreError> {
        // Not deleted: an attempt under way may be about to lock the row.
        let reset = self
            .begin_again()
            .filter(Column::Account.is_in(accounts.iter().map(|account| account.as_bytes().to_vec())))
            .filter(Column::Failures.gt(0));
        self.tx.run(reset).await
    }

    /// Counts one more attempt as failed before it is made, on all counters or on none: `Err` says until when no
    /// attempt may be made. Parallel attempts are counted one after the other.
    pub async fn reserve(
        &self,
        account: &TokenHash,
        counters: &[(LockoutScope, String)],
        policy: &LockoutPolicy,
        now: Instant,
    ) -> Result<Result<(), Instant>, StoreError> {
        if !policy.enabled || counters.is_empty() {
            return Ok(Ok(()));
        }
        // Always in the same order, so that two attempts on the same counters never wait for each other.
        let mut counters = counters.to_vec();
        counters.sort_by(|a, b| (a.0.as_str(), &a.1).cmp(&(b.0.as_str(), &b.1)));
        counters.dedup();
        let fresh = LockoutCounter { failures: 0, counted_at: now, locked_until: Instant::EPOCH };
        // A row that is not there cannot be locked.
        self.tx.insert_many_new(counters.iter().map(|counter| self.row(account, counter, fresh))).await?;
        let before = self.locked(account, &counters).await?;

        let mut after = Vec::with_capacity(counters.len());
        let mut locked_until = None;
        for counter in &counters {
            let row = before.iter().find(|row| row.scope == counter.0.as_str() && row.key == counter.1);
            let counted = row.map(counter_of).transpose()?;
            match LockoutCounter::reserve(counted, counter.0, now, policy) {
                Ok(next) => after.push(self.row(account, counter, next)),
                Err(until) => locked_until = locked_until.max(Some(until)),
            }
        }
        if let Some(until) = locked_until {
            return Ok(Err(until));
        }
        let count = OnConflict::columns([Column::TenantId, Column::Account, Column::Scope, Column::Key])
            .update_columns([Column::Failures, Column::CountedAt, Column::LockedUntil])
            .to_owned();
        self.tx.upsert(after, count).await?;
        Ok(Ok(()))
    }

    /// After a success: the counters begin again.
    pub async fn release(&self, account: &TokenHash, counters: &[(LockoutScope, String)]) -> Result<(), StoreError> {
        if counters.is_empty() {
            return Ok(());
        }
        // Not deleted: an attempt under way may be about to lock the row.
        let reset = self.begin_again().filter(Column::Account.eq(account.as_bytes().to_vec()));
        self.tx.run(reset.filter(any_of(counters))).await?;
        Ok(())
    }

    fn begin_again(&self) -> UpdateMany<Entity> {
        self.tx
            .update::<Entity>()
            .col_expr(Column::Failures, Expr::value(0))
            .col_expr(Column::LockedUntil, Expr::value(Instant::EPOCH.as_micros()))
    }

    /// The counters' rows, locked in the order of their keys until the transaction ends.
    async fn locked(&self, account: &TokenHash, counters: &[(LockoutScope, String)]) -> Result<Vec<Model>, StoreError> {
        let rows = self.tx.rows::<Entity>().filter(Column::Account.eq(account.as_bytes().to_vec()));
        let rows = rows.filter(any_of(counters)).order_by_asc(Column::Scope).order_by_asc(Column::Key);
        Ok(rows.lock_exclusive().all(self.tx.conn()).await?)
    }

    fn row(&self, account: &TokenHash, counter: &(LockoutScope, String), is: LockoutCounter) -> Model {
        Model {
            tenant_id: self.tx.tenant_uuid(),
            account: account.as_bytes().to_vec(),
            scope: counter.0.as_str().to_owned(),
            key: counter.1.clone(),
            failures: i32::try_from(is.failures).unwrap_or(i32::MAX),
            counted_at: is.counted_at.as_micros(),
            locked_until: is.locked_until.as_micros(),
        }
    }
}

fn any_of(counters: &[(LockoutScope, String)]) -> Condition {
    counters.iter().fold(Condition::any(), |any, (scope, key)| {
        any.add(Condition::all().add(Column::Scope.eq(scope.as_str())).add(Column::Key.eq(key.as_str())))
    })
}

fn counter_of(row: &Model) -> Result<LockoutCounter, StoreError> {
    let failures = u32::try_from(row.failures)
        .map_err(|_| StoreError::corrupt("lockouts", "failures", format_args!("{} {}", row.scope, row.key)))?;
    Ok(LockoutCounter {
        failures,
        counted_at: Instant::from_micros(row.counted_at),
        locked_until: Instant::from_micros(row.locked_until),
    })
}
