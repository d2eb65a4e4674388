//! What was measured, for people and for programs.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::error::LoadError;
use crate::seed::Size;
use crate::timing::{Timing, millis};

/// Hears of progress.
pub type Tell = fn(&str);

/// The limit of the server's time for the first page of a list or a search.
pub const LIMIT: Duration = Duration::from_millis(20);

/// What one size answered: each question's name, and its times.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The size.
    pub size: Size,
    /// In the order in which they were asked.
    pub timings: Vec<(&'static str, Timing)>,
}

impl Measured {
    fn of(&self, name: &str) -> Option<&Timing> {
        self.timings.iter().find(|(known, _)| *known == name).map(|(_, timing)| timing)
    }

    fn to_json(&self) -> Value {
        let questions: Map<String, Value> =
            self.timings.iter().map(|(name, timing)| ((*name).to_owned(), timing.to_json())).collect();
        json!({
            "realms": self.size.realms,
            "users": self.size.users,
            "users_in_main": self.size.in_main,
            "questions": questions,
        })
    }
}

/// The times of one size, as a table.
pub fn times(measured: &Measured) -> String {
    let mut text = heading(&["ms", "p50", "p90", "p99", "server's mean", "items"]);
    for (name, timing) in &measured.timings {
        let over = if timing.p99 > LIMIT { " (!)" } else { "" };
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {}{over} | {} | {} |",
            short(timing.p50),
            short(timing.p90),
            short(timing.p99),
            short(timing.server_mean),
            timing.items
        );
    }
    text
}

/// Several sizes beside each other: the first as it is, the others as multiples of it.
pub fn ratios(sizes: &[Measured]) -> String {
    let Some((first, others)) = sizes.split_first() else { return String::new() };
    let mut columns = vec!["p50 (p99)".to_owned(), format!("{} realms, ms", first.size.realms)];
    columns.extend(others.iter().map(|size| format!("{} realms", size.size.realms)));
    columns.extend(others.last().map(|last| format!("{} realms, ms", last.size.realms)));
    let mut text = heading(&columns.iter().map(String::as_str).collect::<Vec<_>>());
    for (name, base) in &first.timings {
        let _ = write!(text, "| {name} | {} ({})", short(base.p50), short(base.p99));
        for size in others {
            let Some(timing) = size.of(name) else { continue };
            let _ = write!(text, " | {} ({})", times_of(timing.p50, base.p50), times_of(timing.p99, base.p99));
        }
        if let Some(last) = others.last().and_then(|last| last.of(name)) {
            let over = if last.p99 > LIMIT { " (!)" } else { "" };
            let _ = write!(text, " | {} ({}){over}", short(last.p50), short(last.p99));
        }
        text.push_str(" |\n");
    }
    text
}

/// Writes all of it down for programs, if a place is given.
pub fn write_json(sizes: &[Measured], place: Option<&Path>) -> Result<(), LoadError> {
    let Some(place) = place else { return Ok(()) };
    let failed = |error| LoadError::File(place.display().to_string(), error);
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let text = json!({"sizes": sizes.iter().map(Measured::to_json).collect::<Vec<_>>()});
    std::fs::write(place, format!("{text:#}\n")).map_err(failed)
}

/// To the standard output. Who closed it does not want to know.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
}

fn heading(columns: &[&str]) -> String {
    format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()))
}

fn short(time: Duration) -> String {
    format!("{:.1}", millis(time))
}

fn times_of(time: Duration, base: Duration) -> String {
    format!("{:.1} ×", millis(time) / millis(base).max(0.001))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(realms: i64, ms: u64) -> Measured {
        let timing = Timing::of(vec![Duration::from_millis(ms)], Duration::from_millis(ms), 1);
        Measured { size: Size::new(realms, 10, 10).unwrap(), timings: vec![("realms", timing)] }
    }

    #[test]
    fn other_sizes_are_multiples_of_the_first_and_what_is_too_slow_is_marked() {
        let text = ratios(&[measured(1, 2), measured(1_000, 3), measured(100_000, 30)]);
        let last = text.lines().last().unwrap();
        assert_eq!(last, "| realms | 2.0 (2.0) | 1.5 × (1.5 ×) | 15.0 × (15.0 ×) | 30.0 (30.0) (!) |");
        assert!(!times(&measured(1, 2)).contains("(!)"));
    }
}
