//! Bodies and preconditions.

use actix_web::http::header::IF_MATCH;
use actix_web::web::{BytesMut, Payload};
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::StreamExt as _;
use serde_json::Value;

use super::{Problem, ProblemKind};
use crate::ops::object::Expected;

/// The longest JSON body of a single object, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The JSON of a body.
pub(crate) async fn json(request: &HttpRequest, payload: Payload) -> Result<Value, Problem> {
    of_type(request, payload, &["application/json"], MAX_BODY_BYTES).await
}

/// A merge patch; plain JSON is taken for one.
pub(crate) async fn patch(request: &HttpRequest, payload: Payload) -> Result<Value, Problem> {
    let value =
        of_type(request, payload, &["application/merge-patch+json", "application/json"], MAX_BODY_BYTES).await?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Problem::new(ProblemKind::Malformed, "a patch is a JSON object with the members to change"))
    }
}

async fn of_type(request: &HttpRequest, payload: Payload, types: &[&str], most: usize) -> Result<Value, Problem> {
    let bytes = read(payload, most).await?;
    if !types.iter().any(|wanted| request.content_type().eq_ignore_ascii_case(wanted)) {
        let words = format!("send the body as {}", types.first().copied().unwrap_or_default());
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, words));
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| Problem::new(ProblemKind::Malformed, format!("the body is no JSON: {error}")))
}

/// The bytes of a body, at most so many.
pub(crate) async fn read(mut payload: Payload, most: usize) -> Result<BytesMut, Problem> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(ProblemKind::Malformed, "the body could not be read"))?;
        if body.len() + chunk.len() > most {
            return Err(Problem::new(ProblemKind::TooLarge, format!("a body has at most {most} bytes here")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// `If-Match`, without which nothing is changed.
pub(crate) fn expected(request: &HttpRequest) -> Result<Expected, Problem> {
    let missing = || {
        let words = "send If-Match with the ETag of what you read, or * to change it whatever it is";
        Problem::new(ProblemKind::PreconditionRequired, words)
    };
    let header = request.headers().get(IF_MATCH).ok_or_else(missing)?;
    let text = header.to_str().map_err(|_| Problem::new(ProblemKind::Malformed, "If-Match cannot be read"))?;
    Ok(Expected::parse(text))
}
