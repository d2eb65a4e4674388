//! A field of a form as a template writes it down.

/// One labelled field, with what is wrong with it.
pub(crate) struct Input {
    /// Its `name`, and its `id` after `field-`.
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) kind: InputKind,
    pub(crate) hint: Option<String>,
    pub(crate) error: Option<String>,
    /// What a browser may fill in (HTML, section 4.10.18.7.1).
    pub(crate) autocomplete: &'static str,
}

/// What kind of field it is.
pub(crate) enum InputKind {
    /// One line; `mode` is the keyboard that a telephone shows.
    Line { mode: &'static str },
    /// Several lines.
    Lines,
    /// One of a list.
    Choice(Vec<InputOption>),
}

/// An entry of a list.
pub(crate) struct InputOption {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) selected: bool,
}

/// Fields that belong together.
pub(crate) struct InputGroup {
    pub(crate) legend: String,
    pub(crate) inputs: Vec<Input>,
}

impl Input {
    /// The ids of what describes it, for `aria-describedby`.
    pub(crate) fn described_by(&self) -> Option<String> {
        let hint = self.hint.as_ref().map(|_| format!("hint-{}", self.name));
        let error = self.error.as_ref().map(|_| format!("error-{}", self.name));
        let ids: Vec<String> = error.into_iter().chain(hint).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// A list with an empty entry first. A value that is none of it (an import stored it) is kept as an entry of its own.
pub(crate) fn choice(value: &str, entries: impl Iterator<Item = (String, String)>) -> InputKind {
    let mut options = vec![InputOption { value: String::new(), label: "–".to_owned(), selected: value.is_empty() }];
    options.extend(entries.map(|(entry, label)| InputOption { selected: entry == value, value: entry, label }));
    if !options.iter().any(|option| option.selected) {
        options.push(InputOption { value: value.to_owned(), label: value.to_owned(), selected: true });
    }
    InputKind::Choice(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_none_of_the_list_stays_selected() {
        let entries = || ["a", "b"].into_iter().map(|entry| (entry.to_owned(), entry.to_uppercase()));
        for (value, count) in [("", 3), ("b", 3), ("c", 4)] {
            let InputKind::Choice(options) = choice(value, entries()) else { panic!("a list") };
            let selected: Vec<&str> = options.iter().filter(|o| o.selected).map(|o| o.value.as_str()).collect();
            assert_eq!((selected, options.len()), (vec![value], count));
        }
    }
}
