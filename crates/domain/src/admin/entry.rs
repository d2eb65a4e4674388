//! Entries: an operator in a realm that is not theirs, for a while and for a reason.

use std::time::Duration;

use super::Permissions;
use crate::ids::OperatorEntryId;
use crate::time::Instant;

/// The longest that an entry lasts.
pub const LONGEST_ENTRY: Duration = Duration::from_hours(1);

/// That an operator has entered a realm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorEntry {
    /// Its row, in the realm that was entered.
    pub id: OperatorEntryId,
    /// Who: their `sub` in the realm `system`.
    pub operator: String,
    /// What they are called, for those who read about it.
    pub operator_name: String,
    /// What for, in the operator's words.
    pub reason: String,
    /// Whether they may change something.
    pub writes: bool,
    /// When it began.
    pub created_at: Instant,
    /// When it is over by itself.
    pub expires_at: Instant,
    /// When the operator left, if they did.
    pub ended_at: Option<Instant>,
}

impl OperatorEntry {
    /// Whether it allows anything.
    pub fn is_active(&self, now: Instant) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }

    /// What it allows while it is active.
    pub const fn permissions(&self) -> Permissions {
        if self.writes { Permissions::ALL_OF_REALM } else { Permissions::READ_OF_REALM }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RowId as _;

    #[test]
    fn an_entry_is_over_when_it_was_left_or_its_time_has_come() {
        let start = Instant::from_seconds(1_000);
        let entry = OperatorEntry {
            id: OperatorEntryId::from_uuid(uuid::Uuid::from_u128(1)),
            operator: "op".to_owned(),
            operator_name: "Operator".to_owned(),
            reason: "ticket 7".to_owned(),
            writes: false,
            created_at: start,
            expires_at: start.plus(LONGEST_ENTRY),
            ended_at: None,
        };
        assert!(entry.is_active(start) && !entry.is_active(entry.expires_at));
        assert!(!OperatorEntry { ended_at: Some(start), ..entry.clone() }.is_active(start));
        assert_eq!(entry.permissions(), Permissions::READ_OF_REALM);
        assert_eq!(OperatorEntry { writes: true, ..entry }.permissions(), Permissions::ALL_OF_REALM);
    }
}
