//! Cross-origin answers (PROTOCOL.md section 9): the exact origin, and only if the client lists it.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse};
use palatine_domain::client::Client;
use palatine_protocol::endpoints::Endpoint;
use palatine_realm::Realm;

use crate::page;
use crate::surface::{Route, route_of};

const ALLOW_METHODS: &str = "GET, POST, PUT, DELETE";
const ALLOW_HEADERS: &str = "Authorization, Content-Type, Accept, DPoP, X-Requested-With";
const EXPOSE_HEADERS: &str = "WWW-Authenticate, DPoP-Nonce, Retry-After";
/// How long a browser may keep a preflight's answer, in seconds.
const MAX_AGE_SECONDS: &str = "600";

/// How an endpoint answers scripts of other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// Public documents: any origin, without credentials.
    Anyone,
    /// Only the origins of the client that the request names.
    ByClient,
    /// Not at all.
    Nobody,
}

fn sharing(route: Option<Route>) -> Sharing {
    match route {
        Some(Route::Protocol(Endpoint::Discovery | Endpoint::Jwks)) => Sharing::Anyone,
        Some(Route::Protocol(
            Endpoint::Token
            | Endpoint::DeviceAuthorization
            | Endpoint::Userinfo
            | Endpoint::Introspection
            | Endpoint::Revocation
            | Endpoint::Registration
            | Endpoint::ClientConfiguration,
        )) => Sharing::ByClient,
        Some(
            Route::Protocol(
                Endpoint::Authorization
                | Endpoint::EndSession
                | Endpoint::CheckSession
                | Endpoint::CheckSessionInit
                | Endpoint::CookieProbe
                | Endpoint::CookieProbeResult,
            )
            | Route::Info,
        )
        | None => Sharing::Nobody,
    }
}

/// That the origin of the request is one of the client's, said by the handler as soon as it knows the client.
#[derive(Clone, Copy, Debug)]
struct Listed;

/// Lets scripts of the client's origins read the answer to this request, also when it is an error.
pub fn readable_by(request: &HttpRequest, client: &Client) {
    // Backends send no origin, and are most of those that ask.
    let Some(origin) = request.headers().get(header::ORIGIN) else { return };
    if client.web_origins().iter().any(|listed| listed.as_bytes() == origin.as_bytes()) {
        request.extensions_mut().insert(Listed);
    }
}

/// Answers preflights from the union of the realm's origins, and marks answers as readable.
pub async fn share(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let prefix = page::path_prefix(request.request());
    let sharing = sharing(route_of(request.match_info(), &prefix));
    let origin = request.headers().get(header::ORIGIN).cloned();
    if sharing == Sharing::Anyone && origin.is_none() {
        // Said to everybody, because a shared cache hands one answer to all.
        let mut response = next.call(request).await?.map_into_boxed_body();
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        return Ok(response);
    }
    let Some(origin) = origin.filter(|_| sharing != Sharing::Nobody) else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if is_preflight {
        let realm = request.extensions().get::<Realm>().cloned();
        let response = preflight(sharing, &origin, realm.as_ref()).await;
        return Ok(request.into_response(response));
    }
    let mut response = next.call(request).await?.map_into_boxed_body();
    let listed = response.request().extensions().contains::<Listed>();
    mark(response.headers_mut(), sharing, &origin, listed);
    Ok(response)
}

async fn preflight(sharing: Sharing, origin: &HeaderValue, realm: Option<&Realm>) -> HttpResponse {
    let mut response = HttpResponse::NoContent().finish();
    let listed = match (sharing, realm) {
        (Sharing::ByClient, Some(realm)) => match realm.all_web_origins().await {
            Ok(origins) => origin.to_str().is_ok_and(|origin| origins.allows(origin)),
            Err(error) => {
                tracing::error!(%error, "the realm's origins could not be read");
                false
            }
        },
        _ => false,
    };
    mark(response.headers_mut(), sharing, origin, listed);
    if listed || sharing == Sharing::Anyone {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(ALLOW_METHODS));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOW_HEADERS));
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS));
    }
    response
}

/// Adds the headers of an answer. Never `*` together with credentials.
fn mark(headers: &mut HeaderMap, sharing: Sharing, origin: &HeaderValue, listed: bool) {
    match sharing {
        Sharing::Nobody => {}
        Sharing::Anyone => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        Sharing::ByClient => {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
            if listed {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                // These endpoints read no cookies; keycloak-js asks with credentials all the same.
                headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSE_HEADERS));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, web};

    use super::*;

    const TOKEN: &str = "/realms/acme/oauth/token";
    const KEYS: &str = "/realms/acme/protocol/openid-connect/certs";

    /// Answers `TOKEN` as if the named client had the origin that its `listed` parameter says.
    async fn answer(request: TestRequest) -> ServiceResponse<BoxBody> {
        let token = |request: HttpRequest| async move {
            if request.query_string() == "listed" {
                request.extensions_mut().insert(Listed);
            }
            HttpResponse::BadRequest().finish()
        };
        let scope = web::scope("/realms/{realm}")
            .route("/oauth/token", web::post().to(token))
            .route("/protocol/openid-connect/certs", web::get().to(HttpResponse::Ok))
            .wrap(from_fn(share));
        call_service(&init_service(App::new().service(scope)).await, request.to_request()).await
    }

    fn header<'r>(response: &'r ServiceResponse<BoxBody>, name: &header::HeaderName) -> Option<&'r str> {
        response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    #[actix_web::test]
    async fn an_origin_of_the_client_reads_errors_too_and_by_its_exact_name() {
        let listed = TestRequest::post().uri(&format!("{TOKEN}?listed"));
        let response = answer(listed.insert_header((header::ORIGIN, "https://app.example"))).await;
        assert_eq!(header(&response, &header::ACCESS_CONTROL_ALLOW_ORIGIN), Some("https://app.example"));
        assert_eq!(header(&response, &header::ACCESS_CONTROL_ALLOW_CREDENTIALS), Some("true"));
        assert_eq!(header(&response, &header::VARY), Some("Origin"));
    }

    #[actix_web::test]
    async fn any_other_origin_reads_nothing() {
        let foreign = TestRequest::post().uri(TOKEN).insert_header((header::ORIGIN, "https://evil.example"));
        let response = answer(foreign).await;
        assert_eq!(header(&response, &header::ACCESS_CONTROL_ALLOW_ORIGIN), None);
        assert_eq!(header(&response, &header::ACCESS_CONTROL_ALLOW_CREDENTIALS), None);
    }

    #[actix_web::test]
    async fn public_documents_are_everybodys_without_credentials_whoever_asks() {
        let asks = [TestRequest::get(), TestRequest::get().insert_header((header::ORIGIN, "https://any.example"))];
        for ask in asks {
            let response = answer(ask.uri(KEYS)).await;
            assert_eq!(header(&response, &header::ACCESS_CONTROL_ALLOW_ORIGIN), Some("*"));
            assert_eq!(header(&response, &header::ACCESS_CONTROL_ALLOW_CREDENTIALS), None);
        }
    }

    #[actix_web::test]
    async fn a_preflight_of_a_public_document_is_answered() {
        let preflight = TestRequest::default().method(Method::OPTIONS).uri(KEYS);
        let preflight = preflight.insert_header((header::ORIGIN, "https://any.example"));
        let response = answer(preflight.insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, "GET"))).await;
        assert_eq!(response.status(), 204);
        assert_eq!(header(&response, &header::ACCESS_CONTROL_MAX_AGE), Some(MAX_AGE_SECONDS));
        assert_eq!(header(&response, &header::ACCESS_CONTROL_ALLOW_CREDENTIALS), None);
    }

    #[test]
    fn pages_are_shared_with_nobody() {
        for endpoint in [Endpoint::Authorization, Endpoint::EndSession, Endpoint::CheckSessionInit] {
            assert_eq!(sharing(Some(Route::Protocol(endpoint))), Sharing::Nobody);
        }
        assert_eq!((sharing(None), sharing(Some(Route::Info))), (Sharing::Nobody, Sharing::Nobody));
    }
}
