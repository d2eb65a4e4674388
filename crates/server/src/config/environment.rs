//! The one place where the process's environment is read.

/// Begins every environment variable of ours.
pub(super) const PREFIX: &str = "PALATINE__";

/// Variables and their values.
#[derive(Clone, Default)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// Those of this process. What is not Unicode cannot be a setting and is left out.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os();
        Self(
            variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect(),
        )
    }

    /// These variables, for tests.
    pub fn of(variables: &[(&str, &str)]) -> Self {
        Self(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// One variable.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Without the variables that set something in these sections; and the names of those.
    pub(crate) fn without_sections(self, sections: &[&str]) -> (Self, Vec<String>) {
        let section_of = |name: &str| Some(name.strip_prefix(PREFIX)?.split("__").next()?.to_lowercase());
        let is_out = |name: &str| section_of(name).is_some_and(|section| sections.contains(&section.as_str()));
        let (out, rest): (Vec<_>, Vec<_>) = self.0.into_iter().partition(|(name, _)| is_out(name));
        (Self(rest), out.into_iter().map(|(name, _)| name).collect())
    }

    pub(super) fn variables(&self) -> &[(String, String)] {
        &self.0
    }
}

/// Values may be secrets.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_that_a_command_decides_are_taken_out_and_named() {
        let all = [("PALATINE__DATABASE__URL", "a"), ("PALATINE__LOG__LEVEL", "b"), ("PALATINE__REDIS__URL_FILE", "c")];
        let (rest, out) = Environment::of(&all).without_sections(&["database", "redis"]);
        assert_eq!(out, ["PALATINE__DATABASE__URL", "PALATINE__REDIS__URL_FILE"]);
        assert_eq!(rest.get("PALATINE__LOG__LEVEL"), Some("b"));
        assert_eq!(rest.get("PALATINE__DATABASE__URL"), None);
        assert!(!format!("{rest:?}").contains('b'));
    }
}
