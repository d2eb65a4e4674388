//! What was changed, as it is told: on the command line, and in the answer of the API, which are the same.

use serde::{Deserialize, Serialize};

use super::RealmReport;
use crate::engine::Change;
use crate::engine::difference::Difference;

/// What came of a realm document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportView {
    /// The realm.
    pub realm: String,
    /// Whether it did not exist before.
    pub created: bool,
    /// Whether nothing was kept: only told.
    pub dry_run: bool,
    /// What was created, updated and removed, in the order in which it was written.
    pub changes: Vec<ChangeView>,
}

/// Something that was created, updated or removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChangeView {
    /// What kind of thing, in words.
    pub what: String,
    /// Its name; of a secret, a client's role and a mapper, its owner and its own with a `/` between.
    pub name: String,
    /// `created`, `updated` or `removed`.
    pub act: String,
    /// What differs in its part of the realm document. Never a secret.
    pub differences: Vec<Difference>,
}

impl ReportView {
    /// Of what an application did, or would have done.
    pub fn of(report: &RealmReport, dry_run: bool) -> Self {
        Self {
            realm: report.slug.as_str().to_owned(),
            created: report.created,
            dry_run,
            changes: report.changes.iter().map(ChangeView::of).collect(),
        }
    }

    /// For people: the changes, and of a dry run what differs, line by line.
    pub fn to_text(&self) -> String {
        let mut text = match (self.changes.len(), self.dry_run) {
            (0, _) => return format!("{}: nothing to change", self.realm),
            (number, true) => format!("{}: {}; nothing was written", self.realm, counted(number)),
            (number, false) => format!("{}: {}", self.realm, counted(number)),
        };
        for ChangeView { what, name, act, differences } in &self.changes {
            text.extend(["\n  ", what, " ", name, " ", act]);
            for difference in differences.iter().filter(|_| self.dry_run) {
                text.push_str(&lines(difference));
            }
        }
        text
    }
}

impl ChangeView {
    fn of(change: &Change) -> Self {
        Self {
            what: change.what.as_str().to_owned(),
            name: change.name.clone(),
            act: change.kind.as_str().to_owned(),
            differences: change.differences(),
        }
    }
}

fn counted(changes: usize) -> String {
    if changes == 1 { "1 change".to_owned() } else { format!("{changes} changes") }
}

fn lines(difference: &Difference) -> String {
    let line = |sign: char, value: &Option<serde_json::Value>| {
        value.as_ref().map(|value| format!("\n    {sign} {}: {value}", difference.at)).unwrap_or_default()
    };
    line('-', &difference.before) + &line('+', &difference.after)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(changes: usize, dry_run: bool) -> ReportView {
        let difference = Difference { at: "/name".into(), before: Some(json!("Old")), after: Some(json!("New")) };
        let change = ChangeView {
            what: "client".into(),
            name: "shop".into(),
            act: "updated".into(),
            differences: vec![difference],
        };
        ReportView { realm: "acme".into(), created: false, dry_run, changes: vec![change; changes] }
    }

    #[test]
    fn one_change_is_one_change() {
        assert_eq!(report(0, false).to_text(), "acme: nothing to change");
        assert_eq!(report(1, false).to_text(), "acme: 1 change\n  client shop updated");
        assert!(report(2, false).to_text().starts_with("acme: 2 changes\n"));
    }

    #[test]
    fn a_dry_run_tells_what_differs_and_is_read_back_as_it_was_sent() {
        let dry = report(1, true);
        assert_eq!(
            dry.to_text(),
            "acme: 1 change; nothing was written\n  client shop updated\n    - /name: \"Old\"\n    + /name: \"New\""
        );
        let sent = serde_json::to_string(&dry).unwrap();
        assert_eq!(serde_json::from_str::<ReportView>(&sent).unwrap(), dry);
    }
}
