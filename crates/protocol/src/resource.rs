//! Resource indicators (RFC 8707): which APIs the token is for.

use crate::error::{ErrorCode, OAuthError};
use crate::params::Params;

/// Most resources one request may name.
pub const MAX_RESOURCES: usize = 20;
/// Longest identifier of a resource, in bytes.
pub const MAX_RESOURCE_BYTES: usize = 512;

/// Parameters that name a resource, and that alone may be repeated.
pub const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Reads `resource` and its alias `audience`, in order, without repetition. An identifier is any string of visible ASCII
/// or other non-space characters: whether an API has it is the caller's question. Errors are `invalid_target`.
pub fn read(params: &Params) -> Result<Vec<String>, OAuthError> {
    let mut resources: Vec<String> = Vec::new();
    for resource in REPEATABLE.iter().flat_map(|name| params.all(name)) {
        let is_identifier = resource.len() <= MAX_RESOURCE_BYTES
            && !resource.contains(|character: char| character.is_whitespace() || character.is_control());
        if !is_identifier {
            return Err(OAuthError::new(ErrorCode::InvalidTarget, "a resource is too long or contains a space"));
        }
        if !resources.iter().any(|known| known == resource) {
            resources.push(resource.to_owned());
        }
    }
    if resources.len() > MAX_RESOURCES {
        return Err(OAuthError::new(ErrorCode::InvalidTarget, "too many resources"));
    }
    Ok(resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audience_is_an_alias_and_both_may_be_repeated() {
        let params = Params::parse(b"audience=c&resource=https://api&resource=b&resource=b&resource=").unwrap();
        assert_eq!(read(&params).unwrap(), ["https://api", "b", "c"]);
    }

    #[test]
    fn a_resource_with_a_space_is_an_invalid_target() {
        let long = format!("resource={}", "x".repeat(MAX_RESOURCE_BYTES + 1));
        let many = (0..=MAX_RESOURCES).map(|number| format!("resource={number}")).collect::<Vec<_>>().join("&");
        for form in ["resource=a b", "resource=a%0Ab", "audience=%20", &long, &many] {
            let error = read(&Params::parse(form.as_bytes()).unwrap()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidTarget, "{form}");
        }
    }
}
