//! What seeded people and realms are called: few names that many have, and many that few have.

use palatine_domain::identifier::NormalisedIdentifier;

/// A name, and how it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As people write it.
    pub shown: String,
    /// In the letters of usernames, e-mail addresses and URLs.
    pub plain: String,
}

impl Name {
    fn new(shown: impl Into<String>, plain: impl Into<String>) -> Self {
        Self { shown: shown.into(), plain: plain.into() }
    }

    /// The words that find it: those of the store, which is compared with the seeder by a test.
    pub fn words(&self) -> Vec<String> {
        let normal = NormalisedIdentifier::parse(&self.shown).map(|normal| normal.as_str().to_owned());
        let normal = normal.unwrap_or_default();
        normal.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// First names, the most frequent first.
pub fn given() -> Vec<Name> {
    GIVEN.iter().map(|name| Name::new(*name, plain(name))).collect()
}

/// Last names, the most frequent first.
pub fn family() -> Vec<Name> {
    joined(FAMILY_BEGIN, FAMILY_END)
}

/// The first words of companies.
pub fn brands() -> Vec<Name> {
    joined(BRAND_BEGIN, BRAND_END)
}

/// What companies do, the most frequent first.
pub fn trades() -> Vec<Name> {
    TRADES.iter().map(|name| Name::new(*name, plain(name))).collect()
}

/// What companies are, the most frequent first.
pub const FORMS: [&str; 4] = ["Inc", "GmbH", "Ltd", "SA"];

/// Where the mailboxes of seeded people are.
pub const MAIL_HOSTS: [&str; 4] = ["example.com", "mail.example.com", "example.org", "post.example.net"];

/// The index of a name for each of `slots` slots: the n-th of `names` has a part that falls as `1 / (n + flat)` does.
/// `flat` is how many of the first are about equally frequent.
pub fn slots(names: usize, flat: u32, slots: i32) -> Vec<i32> {
    let weight = |rank: usize| 1.0 / (f64::from(u32::try_from(rank).unwrap_or(u32::MAX)) + f64::from(flat));
    let total: f64 = (0..names).map(weight).sum();
    let mut rank = 0;
    let mut reached = weight(0) / total;
    (0..slots)
        .map(|slot| {
            while (f64::from(slot) + 0.5) / f64::from(slots) > reached && rank + 1 < names {
                rank += 1;
                reached += weight(rank) / total;
            }
            i32::try_from(rank).unwrap_or(i32::MAX)
        })
        .collect()
}

fn joined(begin: &[&str], end: &[&str]) -> Vec<Name> {
    let all = end.iter().flat_map(|end| begin.iter().map(move |begin| format!("{begin}{end}")));
    all.map(|name| Name::new(name.clone(), plain(&name))).collect()
}

fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'é' | 'è' => plain.push('e'),
            'í' => plain.push('i'),
            'ø' => plain.push('o'),
            letter if letter.is_ascii_alphanumeric() => plain.push(letter),
            _ => {}
        }
    }
    plain
}

const GIVEN: &[&str] = &[
    "Maria",
    "Anna",
    "John",
    "Mohammed",
    "Michael",
    "David",
    "Elena",
    "Thomas",
    "James",
    "Sarah",
    "Peter",
    "Laura",
    "Daniel",
    "Julia",
    "Paul",
    "Emma",
    "Robert",
    "Sofia",
    "Andrew",
    "Eva",
    "Martin",
    "Katharina",
    "José",
    "Ahmed",
    "Lukas",
    "Marie",
    "Alexander",
    "Nina",
    "Stefan",
    "Olga",
    "William",
    "Lisa",
    "Ali",
    "Ingrid",
    "George",
    "Jürgen",
    "Fatima",
    "Carlos",
    "Hannah",
    "Richard",
    "Nadia",
    "Jonas",
    "Chiara",
    "Marco",
    "Yusuf",
    "Léa",
    "Felix",
    "Ruth",
    "Oliver",
    "Sandra",
    "Simon",
    "Björn",
    "Mia",
    "Victor",
    "Irene",
    "Hugo",
    "Amina",
    "Erik",
    "Clara",
    "Tobias",
    "Anne-Marie",
    "Jean-Luc",
    "Søren",
    "Agnes",
    "Leon",
    "Petra",
    "Ivan",
    "Zoe",
    "Karl",
    "Greta",
    "Samuel",
    "Ida",
    "Hassan",
    "Luca",
    "Beatrice",
    "Emil",
    "Teresa",
    "Noah",
    "Vera",
    "Otto",
    "Miriam",
    "Arthur",
    "Elif",
    "Rafael",
    "Linnea",
    "Gregor",
    "Dora",
    "Kenji",
    "Priya",
    "Quentin",
    "Xenia",
    "Wanda",
    "Ursula",
    "Théo",
    "Frieda",
    "Boris",
];

const FAMILY_BEGIN: &[&str] = &[
    "Ander", "Berg", "Carl", "Dahl", "Eng", "Fisch", "Groß", "Hart", "Isak", "Jans", "Kauf", "Lind", "Mül", "Nord",
    "Olm", "Peter", "Quist", "Rosen", "Sand", "Tal", "Ull", "Vogel", "Wal", "Zimmer", "Ash", "Brad", "Clif", "Dun",
    "Eller", "Field", "Grant", "Holm", "Inger", "Jarl", "Kings", "Lang", "Marsh", "Nev", "Oak", "Pemb",
];

const FAMILY_END: &[&str] = &[
    "sen", "mann", "son", "berg", "er", "ström", "ley", "ford", "wood", "bach", "hoff", "stein", "dahl", "feld",
    "gren", "holt", "ing", "kamp", "land", "meyer", "ner", "ov", "pole", "quist", "rup", "stad", "ton", "um", "vik",
    "worth", "wick", "zer", "burg", "by", "croft", "den", "enko", "escu", "fant", "gaard", "ham", "ini", "kov", "lund",
    "more", "nova", "oja", "pont", "rath", "shaw", "thal", "uri", "ville", "wald", "yard", "zak", "bury", "cki",
    "dorf", "ell",
];

const BRAND_BEGIN: &[&str] = &[
    "Nor", "Al", "Ber", "Cor", "Del", "Er", "Fen", "Gal", "Hal", "Im", "Jun", "Kel", "Lum", "Mar", "Nev", "Or", "Pax",
    "Quil", "Ros", "Sol",
];

const BRAND_END: &[&str] = &[
    "da", "vex", "mont", "via", "tek", "lux", "ria", "gard", "wick", "stone", "ford", "mere", "dale", "bury", "ton",
    "ley", "nova", "cora", "den", "field",
];

const TRADES: &[&str] = &[
    "Software",
    "Foods",
    "Energy",
    "Logistics",
    "Bank",
    "Media",
    "Travel",
    "Health",
    "Motors",
    "Textiles",
    "Bäckerei",
    "Optics",
    "Paper",
    "Steel",
    "Toys",
    "Wines",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_spelling_for_usernames() {
        for name in given().iter().chain(&family()).chain(&brands()).chain(&trades()) {
            assert!(name.plain.chars().all(|c| c.is_ascii_lowercase()) && !name.plain.is_empty(), "{name:?}");
            assert!(!name.words().is_empty(), "{name:?}");
        }
    }

    #[test]
    fn the_first_name_is_frequent_and_the_last_is_there() {
        let slots = slots(96, 1, 4_096);
        let of = |rank| slots.iter().filter(|slot| **slot == rank).count();
        assert!(of(0) > 600 && of(0) < 1_000, "{}", of(0));
        assert!((0..96).all(|rank| of(rank) > 0));
    }
}
