//! Who calls: the token of a request, and the realm in its path.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use palatine_protocol::bearer::BearerPresentation;
use palatine_tenant_routing::limits::{self, Bucket};
use palatine_tenant_routing::{ClientAddress, RequestId};

use super::{AdminApi, BASE, Problem, ProblemKind};
use crate::access::{AccessError, Asked, Caller, Operator, Origin};

/// Somebody who asks something of the realm in the path.
pub(crate) struct Call {
    pub(crate) caller: Caller,
    pub(crate) api: Data<AdminApi>,
}

/// An operator who asks something of the platform.
pub(crate) struct OperatorCall {
    pub(crate) operator: Operator,
    pub(crate) origin: Origin,
    pub(crate) api: Data<AdminApi>,
}

/// Somebody who asks something of the realm in the path, or an operator who may make it.
pub(crate) enum DocumentCall {
    /// It is there.
    Realm(Call),
    /// It is not; its name would be this.
    NoRealm(Box<OperatorCall>, String),
}

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for Call {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let api = api(&request)?;
            let token = token(&request)?;
            let slug = raw_slug(&request, api.gate.resolver().path_prefix()).unwrap_or_default();
            let caller = api.gate.caller(&slug, &token, origin(&request)).await?;
            limited(caller.realm()).await?;
            Ok(Self { caller, api })
        })
    }
}

impl FromRequest for DocumentCall {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let api = api(&request)?;
            let token = token(&request)?;
            let slug = raw_slug(&request, api.gate.resolver().path_prefix()).unwrap_or_default();
            match api.gate.asked(&slug, &token, origin(&request)).await? {
                Asked::Realm(caller) => {
                    limited(caller.realm()).await?;
                    Ok(Self::Realm(Call { caller, api }))
                }
                Asked::NoRealm(operator) => {
                    let call = OperatorCall { operator: *operator, origin: origin(&request), api };
                    Ok(Self::NoRealm(Box::new(call), slug))
                }
            }
        })
    }
}

impl FromRequest for OperatorCall {
    type Error = Problem;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let api = api(&request)?;
            let operator = api.gate.operator(&token(&request)?).await?;
            Ok(Self { operator, origin: origin(&request), api })
        })
    }
}

fn api(request: &HttpRequest) -> Result<Data<AdminApi>, Problem> {
    let api = request.app_data::<Data<AdminApi>>().cloned();
    api.ok_or_else(|| Problem::new(ProblemKind::Internal, "the server was wired without the admin API"))
}

/// The one bearer token, from the header alone (RFC 6750, section 2.1).
fn token(request: &HttpRequest) -> Result<String, Problem> {
    let mut values = request.headers().get_all(AUTHORIZATION);
    let first = values.next();
    if values.next().is_some() {
        return Err(Problem::new(ProblemKind::Malformed, "the header Authorization came more than once"));
    }
    let text = match first.map(|value| value.to_str()) {
        None => return Err(AccessError::NoToken.into()),
        Some(Ok(text)) => text,
        Some(Err(_)) => return Err(AccessError::InvalidToken.into()),
    };
    match BearerPresentation::read(Some(text), None) {
        Ok(Some(presented)) => Ok(presented.token().to_owned()),
        Ok(None) => Err(AccessError::NoToken.into()),
        Err(_) => Err(AccessError::InvalidToken.into()),
    }
}

/// The segment of the realm as it came over the wire: a percent-encoded slug is another slug, and unknown.
fn raw_slug(request: &HttpRequest, prefix: &str) -> Option<String> {
    let below = request.uri().path().strip_prefix(prefix)?.strip_prefix(BASE)?.strip_prefix("/realms/")?;
    below.split('/').next().map(str::to_owned)
}

fn origin(request: &HttpRequest) -> Origin {
    Origin {
        address: Some(ClientAddress::current(request).to_string()),
        request_id: Some(RequestId::current(request).to_string()),
    }
}

/// The realm's own ceiling counts for its administration, too.
async fn limited(realm: &palatine_realm::Realm) -> Result<(), Problem> {
    let taken = limits::take(realm, Bucket::Realm, "all").await;
    taken.map_err(|too_many| Problem::too_many(too_many.retry_after_seconds))
}
