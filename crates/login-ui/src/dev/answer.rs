//! What an authorization response says.

use palatine_protocol::params::{Params, Repeated};

/// An answer at the redirect URI, after its `state` was found right.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<'a> {
    /// A code.
    Code(&'a str),
    /// RFC 6749, section 4.1.2.1.
    Error { error: &'a str, description: Option<&'a str> },
    /// `iss` is not the realm's, or is missing although every response of ours carries it.
    ForeignIssuer(&'a str),
    /// Neither a code nor an error.
    Nothing,
}

/// RFC 9207, section 2.4: "clients MUST extract the value of the iss parameter […] and compare" it before anything
/// else in the response is used, errors included.
pub(super) fn read<'a>(query: &'a Params, issuer: &str) -> Result<Answer<'a>, Repeated> {
    let iss = query.one("iss")?.unwrap_or_default();
    if iss != issuer {
        return Ok(Answer::ForeignIssuer(iss));
    }
    Ok(match (query.one("error")?, query.one("code")?) {
        (Some(error), _) => Answer::Error { error, description: query.one("error_description")? },
        (None, Some(code)) => Answer::Code(code),
        (None, None) => Answer::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(query: &str, look: impl FnOnce(Result<Answer<'_>, Repeated>) -> T) -> T {
        look(read(&Params::parse(query.as_bytes()).unwrap(), "https://op/realms/a"))
    }

    #[test]
    fn an_answer_of_another_issuer_is_not_used() {
        for query in ["code=c&iss=https%3A%2F%2Fop%2Frealms%2Fb", "code=c", "error=access_denied"] {
            with(query, |answer| assert!(matches!(answer, Ok(Answer::ForeignIssuer(_))), "{query}"));
        }
    }

    #[test]
    fn an_error_wins_over_a_code() {
        with("code=c&error=login_required&error_description=x&iss=https%3A%2F%2Fop%2Frealms%2Fa", |answer| {
            assert_eq!(answer, Ok(Answer::Error { error: "login_required", description: Some("x") }));
        });
        with("code=c&iss=https%3A%2F%2Fop%2Frealms%2Fa", |answer| assert_eq!(answer, Ok(Answer::Code("c"))));
        with("iss=https%3A%2F%2Fop%2Frealms%2Fa", |answer| assert_eq!(answer, Ok(Answer::Nothing)));
    }

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        with("code=c&code=d&iss=https%3A%2F%2Fop%2Frealms%2Fa", |answer| assert!(answer.is_err()));
    }
}
