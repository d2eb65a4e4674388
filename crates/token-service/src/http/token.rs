//! The token endpoint (RFC 6749, section 3.2).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use palatine_domain::client::Client;
use palatine_domain::ids::TenantScoped as _;
use palatine_domain::usage::{UsageOutcome, Used};
use palatine_protocol::error::ErrorCode;
use palatine_protocol::params::Params;
use palatine_protocol::token::{GrantType, TokenRequest};
use palatine_realm::Realm;
use palatine_tenant_routing::limits::{self, Bucket};
use palatine_tenant_routing::{CurrentRealm, body, surface};

use super::{authenticated, caller, token_error};
use crate::TokenService;
use crate::error::may_issue;
use crate::grants::TokenError;

pub(super) async fn token(
    request: HttpRequest,
    realm: CurrentRealm,
    service: Data<TokenService>,
    payload: Payload,
) -> HttpResponse {
    if may_issue(&realm.0).is_err() {
        return surface::unavailable_json();
    }
    let mut asked = Asked::default();
    let answer = answer(&request, &realm.0, &service, payload, &mut asked).await;
    asked.count(&service, &realm.0, answer.status());
    answer
}

async fn answer(
    request: &HttpRequest,
    realm: &Realm,
    service: &Data<TokenService>,
    payload: Payload,
    asked: &mut Asked,
) -> HttpResponse {
    let params = match body::read_form(request, payload).await {
        Ok(params) => params,
        Err(error) => return surface::body_error_json(&error),
    };
    asked.grant_type = grant_type(&params);
    let client = match authenticated(request, service, realm, &params).await {
        Ok(client) => client,
        Err(refusal) => {
            asked.client = refusal.named;
            return refusal.answer;
        }
    };
    asked.client = Some(Arc::clone(client.client()));
    let client_id = client.client().client_id.as_str();
    if let Err(too_many) = limits::take(realm, Bucket::TokenPerClient, client_id).await {
        return surface::too_many_json(too_many.retry_after_seconds);
    }
    let wanted = match TokenRequest::read(&params) {
        Ok(wanted) => wanted,
        Err(error) => return surface::oauth_error(&error),
    };
    match service.token(realm, &client, wanted, &caller(request)).await {
        Ok(answer) => surface::no_store(&mut HttpResponse::Ok()).json(answer),
        Err(error) => {
            asked.waits = is_told_to_wait(&error);
            token_error(&error)
        }
    }
}

/// What usage says of a request, as far as it came to be known. Only clients and grants that there are: what somebody
/// made up is counted without a name.
#[derive(Default)]
struct Asked {
    client: Option<Arc<Client>>,
    grant_type: Option<GrantType>,
    waits: bool,
}

impl Asked {
    fn count(&self, service: &TokenService, realm: &Realm, status: StatusCode) {
        let outcome = if self.waits {
            return;
        } else if status.is_success() {
            UsageOutcome::Issued
        } else if status.is_client_error() {
            UsageOutcome::Refused
        } else {
            // Nobody was refused: something inside did not work.
            return;
        };
        service.usage().count(Used {
            tenant: realm.scope().tenant_id(),
            client: self.client.as_ref().map(|client| (client.key, &client.client_id)),
            grant_type: self.grant_type,
            outcome,
            at: service.ambient().now(),
        });
    }
}

fn grant_type(params: &Params) -> Option<GrantType> {
    params.one("grant_type").ok().flatten().and_then(GrantType::from_wire)
}

/// RFC 8628, section 3.5: a device that asks too early is to ask again, which is no refusal.
fn is_told_to_wait(error: &TokenError) -> bool {
    matches!(error, TokenError::Refused(error)
        if matches!(error.code, ErrorCode::AuthorizationPending | ErrorCode::SlowDown))
}
