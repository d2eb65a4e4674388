//! A point in time as people read it: how long ago, and on hover exactly when.

use palatine_domain::Instant;
use time::OffsetDateTime;

use crate::context::PageContext;

/// A point in time on a page that is shown at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The point in time.
    pub at: Instant,
    /// When the page is shown.
    pub now: Instant,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Moment {
    /// How long ago: minutes up to an hour, hours up to two days, then days.
    pub(crate) fn ago(&self, ctx: &PageContext) -> String {
        match self.now.since(self.at).as_secs() {
            seconds if seconds < MINUTE => ctx.t("time-ago-now"),
            seconds if seconds < HOUR => ctx.t_count("time-ago-minutes", seconds / MINUTE),
            seconds if seconds < 2 * DAY => ctx.t_count("time-ago-hours", seconds / HOUR),
            seconds => ctx.t_count("time-ago-days", seconds / DAY),
        }
    }

    /// Exactly when, for the title: `2026-03-01 09:05 UTC`.
    pub(crate) fn exact(&self) -> String {
        self.calendar(|date| format!("{} {:02}:{:02} UTC", date.date(), date.hour(), date.minute()))
    }

    /// The same for machines, as `datetime` takes it.
    pub(crate) fn machine(&self) -> String {
        self.calendar(|date| format!("{}T{:02}:{:02}:{:02}Z", date.date(), date.hour(), date.minute(), date.second()))
    }

    fn calendar(&self, shown: impl FnOnce(OffsetDateTime) -> String) -> String {
        OffsetDateTime::from_unix_timestamp(self.at.as_seconds()).map(shown).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Branding, Locale, Theme};

    fn ago(seconds: i64) -> String {
        let ctx = PageContext {
            branding: Arc::new(Branding::platform()),
            locale: Locale::En,
            csp_nonce: String::new(),
            request_id: String::new(),
            base_path: String::new(),
            theme: Theme::Automatic,
        };
        Moment { at: Instant::EPOCH, now: Instant::from_seconds(seconds) }.ago(&ctx)
    }

    #[test]
    fn time_is_told_in_the_unit_that_fits() {
        for (seconds, words) in [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (47 * 3_600, "47 hours ago"),
            (49 * 3_600, "2 days ago"),
        ] {
            assert_eq!(ago(seconds), words);
        }
    }

    #[test]
    fn the_exact_time_is_told_in_utc() {
        let moment = |seconds| Moment { at: Instant::from_seconds(seconds), now: Instant::EPOCH };
        assert_eq!(moment(1_709_197_445).exact(), "2024-02-29 09:04 UTC");
        assert_eq!(moment(1_709_197_445).machine(), "2024-02-29T09:04:05Z");
    }
}
