//! Requests whose parameters their client signed (OpenID Connect Core, section 6): by value, or at a URI that the client
//! registered. Signed only: "`none`" is not offered.

use std::borrow::Cow;
use std::time::Duration;

use palatine_domain::client::Client;
use palatine_outbound::GetLimits;
use palatine_protocol::authorization::AnswerContext;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::params::Params;
use palatine_protocol::request_object::{Carrier, Expected, MAX_REQUEST_OBJECT_BYTES, RequestObject, is_as_promised};
use palatine_protocol::resource;
use palatine_realm::Realm;

use super::{AuthorizeError, Callback, checks};
use crate::TokenService;

/// How far a client's clock may differ from ours, in seconds.
const LEEWAY_SECONDS: i64 = 30;

/// What fetching a request object may cost.
const FETCH: GetLimits = GetLimits {
    timeout: Duration::from_secs(5),
    max_bytes: MAX_REQUEST_OBJECT_BYTES,
    accept: "application/oauth-authz-req+jwt, application/jwt",
};

impl TokenService {
    /// The parameters that count: those of the request object, where there is one, before those beside it. Takes no
    /// transaction; may fetch the object and the client's keys.
    pub(super) async fn counting_params<'p>(
        &self,
        realm: &Realm,
        client: &Client,
        params: &'p Params,
    ) -> Result<Cow<'p, Params>, AuthorizeError> {
        match self.superseded(realm, client, params).await {
            Ok(params) => Ok(params),
            Err(error) => Err(refusal(realm, client, params, error)),
        }
    }

    async fn superseded<'p>(
        &self,
        realm: &Realm,
        client: &Client,
        params: &'p Params,
    ) -> Result<Cow<'p, Params>, OAuthError> {
        let object = match Carrier::of(params)? {
            None => return may_be_unsigned(client).map(|()| Cow::Borrowed(params)),
            Some(Carrier::Value(object)) => Cow::Borrowed(object),
            Some(Carrier::Uri(uri)) => Cow::Owned(self.fetched_object(client, uri).await?),
        };
        params.refuse_repeated(&resource::REPEATABLE)?;
        let algorithm = client.settings.keys.request_object_algorithm;
        let verified = self.verify_jws(realm, client, &object, algorithm).await.map_err(|error| {
            OAuthError::new(ErrorCode::InvalidRequestObject, format!("the request object is not believed: {error}"))
        })?;
        let expected = Expected {
            client_id: client.client_id.as_str(),
            issuer: realm.issuer(),
            now: self.ambient.now().as_seconds(),
            leeway: LEEWAY_SECONDS,
        };
        let object = RequestObject::read(verified.typ.as_deref(), verified.claims, &expected)?;
        object.supersede(params).map(Cow::Owned)
    }

    /// Section 6.2, for URIs that were registered alone: nobody makes the server fetch what they like.
    async fn fetched_object(&self, client: &Client, uri: &str) -> Result<String, OAuthError> {
        let invalid = |words: String| OAuthError::new(ErrorCode::InvalidRequestUri, words);
        if !client.settings.sign_in.request_uris.iter().any(|registered| registered == uri) {
            return Err(invalid("request_uri is not registered".to_owned()));
        }
        let (url, fragment) = uri.split_once('#').map_or((uri, None), |(url, fragment)| (url, Some(fragment)));
        let answer = self.outbound.get(url, &FETCH).await;
        let answer = answer.map_err(|error| invalid(format!("request_uri cannot be fetched: {error}")))?;
        if answer.status != 200 {
            return Err(invalid(format!("request_uri answers with status {}", answer.status)));
        }
        if !is_as_promised(fragment, &answer.bytes) {
            return Err(invalid("what is at request_uri has another hash than its fragment".to_owned()));
        }
        let object = String::from_utf8(answer.bytes);
        object.map(|object| object.trim().to_owned()).map_err(|_| invalid("request_uri gives no JWT".to_owned()))
    }
}

/// RFC 9101, section 10.5: of a client that "is required to use signed Request Objects", a request without one is
/// somebody else's.
fn may_be_unsigned(client: &Client) -> Result<(), OAuthError> {
    if client.settings.sign_in.require_signed_request_object {
        let words = "this client signs its requests: request or request_uri is missing";
        return Err(OAuthError::new(ErrorCode::InvalidRequestObject, words));
    }
    Ok(())
}

/// What is wrong with an object is answered where the parameters beside it say: those inside are not believed.
fn refusal(realm: &Realm, client: &Client, params: &Params, error: OAuthError) -> AuthorizeError {
    let asked = params.one("redirect_uri").ok().flatten();
    match checks::redirect_uri(client, asked) {
        Ok(redirect_uri) => {
            let context = AnswerContext::read(params);
            Callback::new(realm, redirect_uri, context.response_mode, context.state).refuse(error)
        }
        Err(page) => {
            tracing::info!(client = %client.client_id, %error, "a request object was refused");
            page
        }
    }
}
