//! The bounds of a body, and its reading as a form.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes};
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::StreamExt as _;
use palatine_protocol::params::{MAX_FORM_BYTES, Params, ParamsError};

/// The largest body that is read as JSON, in bytes: a client's metadata, with its keys.
pub const MAX_JSON_BYTES: usize = 128 * 1024;

/// Why a body is no form.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is larger than [`MAX_FORM_BYTES`], or [`MAX_JSON_BYTES`].
    #[error("the body is larger than this endpoint takes")]
    TooLarge,
    /// Its media type is another.
    #[error("send the parameters as application/x-www-form-urlencoded")]
    NotAForm,
    /// Its media type is another, where JSON is taken.
    #[error("send the metadata as application/json")]
    NotJson,
    /// It ended before it was whole.
    #[error("the body could not be read")]
    Broken,
    /// Its parameters cannot be taken.
    #[error(transparent)]
    Params(#[from] ParamsError),
}

/// Reads the body of `request` as `application/x-www-form-urlencoded`. An empty body is an empty form.
pub async fn read_form(request: &HttpRequest, payload: web::Payload) -> Result<Params, BodyError> {
    let bytes = read_bytes(payload, MAX_FORM_BYTES).await?;
    if bytes.is_empty() {
        return Ok(Params::parse(b"")?);
    }
    if !request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(BodyError::NotAForm);
    }
    Ok(Params::parse(&bytes)?)
}

/// Reads the body as a form if it says that it is one: for endpoints where a form is one of several ways.
pub async fn read_optional_form(request: &HttpRequest, payload: web::Payload) -> Result<Option<Params>, BodyError> {
    let bytes = read_bytes(payload, MAX_FORM_BYTES).await?;
    let is_form = request.headers().contains_key(CONTENT_TYPE)
        && request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if is_form { Ok(Some(Params::parse(&bytes)?)) } else { Ok(None) }
}

/// Reads the body of `request` as `application/json`: its bytes, for whoever knows what they are to mean.
pub async fn read_json(request: &HttpRequest, payload: web::Payload) -> Result<Bytes, BodyError> {
    let bytes = read_bytes(payload, MAX_JSON_BYTES).await?;
    if request.content_type().eq_ignore_ascii_case("application/json") { Ok(bytes) } else { Err(BodyError::NotJson) }
}

async fn read_bytes(mut payload: web::Payload, most: usize) -> Result<Bytes, BodyError> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if body.len() + chunk.len() > most {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
