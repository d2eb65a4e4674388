//! In which ways a module is run.

/// What is asked for, and how the answer is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    /// The response type.
    pub(super) response_type: &'static str,
    /// Whether the answer is posted, as in the Form Post plans, or comes as the response type has it by default.
    pub(super) form_post: bool,
}

/// Of the Basic plan.
pub(super) const BASIC: &[&str] = &["code"];

/// Of the Implicit plan.
pub(super) const IMPLICIT: &[&str] = &["id_token", "id_token token"];

/// Of the Hybrid plan.
pub(super) const HYBRID: &[&str] = &["code id_token", "code token", "code id_token token"];

impl Variant {
    /// The code flow with its default mode.
    pub(super) const CODE: Self = Self { response_type: "code", form_post: false };

    /// These response types, each in its default mode and posted.
    pub(super) fn of(response_types: &[&'static str]) -> Vec<Self> {
        let both = |&response_type| [false, true].map(|form_post| Self { response_type, form_post });
        response_types.iter().flat_map(both).collect()
    }

    /// Of all plans with an authorization request.
    pub(super) fn all() -> Vec<Self> {
        Self::of(&[BASIC, IMPLICIT, HYBRID].concat())
    }

    /// The same in the default mode, as in the Dynamic plan, which has no Form Post sibling.
    pub(super) fn by_default() -> Vec<Self> {
        Self::all().into_iter().filter(|variant| !variant.form_post).collect()
    }

    /// Those in which a code is issued.
    pub(super) fn with_code() -> Vec<Self> {
        Self::of(&[BASIC, HYBRID].concat())
    }

    /// Those in which an access token is issued.
    pub(super) fn with_userinfo() -> Vec<Self> {
        Self::all().into_iter().filter(|variant| variant.response_type != "id_token").collect()
    }

    /// Whether the response type has this word.
    pub(super) fn has(self, word: &str) -> bool {
        self.response_type.split(' ').any(|found| found == word)
    }

    /// Where a redirect carries the answer (OAuth 2.0 Multiple Response Types, sections 3 and 5).
    pub(super) fn mark(self) -> char {
        if self.response_type == "code" { '?' } else { '#' }
    }
}
