//! What was typed into the login form.

use palatine_domain::SecretText;
use palatine_pages::views::LoginProblem;
use palatine_protocol::params::{Params, Repeated};

/// The fields of the login form.
pub(super) struct Typed {
    pub(super) csrf: String,
    pub(super) identifier: String,
    pub(super) password: SecretText,
    pub(super) remember_me: bool,
}

impl Typed {
    pub(super) fn read(form: &Params) -> Result<Self, Repeated> {
        let field = |name| Ok(form.one(name)?.unwrap_or_default());
        Ok(Self {
            csrf: field("csrf")?.to_owned(),
            identifier: field("username")?.to_owned(),
            password: SecretText::new(field("password")?),
            remember_me: form.one("remember_me")?.is_some(),
        })
    }

    /// Whether both fields were filled in. A password of spaces is one.
    pub(super) fn complete(&self) -> Result<(), LoginProblem> {
        match (self.identifier.trim().is_empty(), self.password.expose().is_empty()) {
            (true, true) => Err(LoginProblem::BothMissing),
            (true, false) => Err(LoginProblem::IdentifierMissing),
            (false, true) => Err(LoginProblem::PasswordMissing),
            (false, false) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(form: &str) -> Result<Typed, Repeated> {
        Typed::read(&Params::parse(form.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_missing_is_told_by_its_field() {
        let problem = |form: &str| typed(form).unwrap().complete().err();
        assert_eq!(problem("username=ann&password=x"), None);
        assert_eq!(problem("username=ann&password=%20%20"), None);
        assert_eq!(problem("username=ann&password="), Some(LoginProblem::PasswordMissing));
        assert_eq!(problem("username=+&password=x"), Some(LoginProblem::IdentifierMissing));
        assert_eq!(problem(""), Some(LoginProblem::BothMissing));
    }

    #[test]
    fn a_field_that_comes_twice_is_refused() {
        for form in ["username=a&username=b", "password=a&password=", "csrf=a&csrf=a", "remember_me=on&remember_me=on"]
        {
            assert!(typed(form).is_err(), "{form}");
        }
    }

    #[test]
    fn remember_me_is_ticked_by_any_value_and_not_by_none() {
        assert!(typed("remember_me=on").unwrap().remember_me);
        assert!(!typed("remember_me=").unwrap().remember_me);
        assert!(!typed("").unwrap().remember_me);
    }
}
