//! The page that shows the tokens of a browser, verified anew each time.

use actix_web::HttpResponse;
use palatine_pages::views::{DevDocument, DevResultPage, ErrorKind};
use palatine_protocol::claims::ExtraClaims;
use palatine_protocol::endpoints::Endpoint;
use palatine_protocol::error::{ErrorCode, OAuthError};
use palatine_protocol::token::TokenResponse;
use palatine_realm::{KeyRing, Realm};
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{csrf, page};
use palatine_token_service::built_in::DEV_CLIENT_ID;
use palatine_token_service::userinfo::UserinfoError;
use serde::Serialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::desk::SignedIn;
use super::flow::REFRESH_FORM;
use super::refusal::Refusal;
use super::report::{Expected, Report};
use super::visit::{DevVisit, browser};
use super::{REFRESH, START, start_url};

/// The page.
pub(super) async fn show(visit: DevVisit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

async fn shown(visit: &DevVisit) -> Result<HttpResponse, Refusal> {
    let cookie = visit.cookie()?;
    let held = visit.site.desk().signed_in(&browser(&cookie), visit.now());
    let held = held.ok_or_else(|| Refusal::page(ErrorKind::ExpiredInteraction))?;
    let realm = visit.realm(held.realm.as_str()).await?;
    let userinfo = userinfo(visit, &realm, &held.tokens.access_token).await?;
    let reports = reports(visit, &realm, &*realm.keys().await?, &held, userinfo.as_ref().ok());
    let refresh_action = held.tokens.refresh_token.is_some().then(|| visit.path(REFRESH));
    let context = visit.context();
    let response_json = pretty(&without_tokens(&held.tokens));
    let userinfo_json = match &userinfo {
        Ok(claims) => pretty(claims),
        Err(error) => pretty(error),
    };
    let view = DevResultPage {
        ctx: &context,
        user: userinfo.as_ref().map_or("somebody", name),
        issuer: realm.issuer(),
        tokens: reports.iter().map(Report::view).collect(),
        documents: vec![
            DevDocument { title: "Token response", json: &response_json },
            DevDocument { title: "Userinfo", json: &userinfo_json },
        ],
        refresh_action: refresh_action.as_deref(),
        csrf: &csrf::token(&realm, &cookie, REFRESH_FORM),
        sign_out_url: &sign_out_url(visit, &realm, &held.tokens),
        start_url: &visit.path(START),
    };
    Ok(page::html(200, PageKind::Plain, &context.csp_nonce, view.render()))
}

/// What userinfo answers to the access token: claims, or an error to be shown.
async fn userinfo(visit: &DevVisit, realm: &Realm, token: &str) -> Result<Result<ExtraClaims, OAuthError>, Refusal> {
    let Some(claims) = visit.service.read_access_token(realm, token).await? else {
        return Ok(Err(OAuthError::new(ErrorCode::InvalidToken, "the access token is invalid or has expired")));
    };
    match visit.service.userinfo_claims(realm, &claims).await {
        Ok(claims) => Ok(Ok(claims)),
        Err(UserinfoError::Refused(error)) => Ok(Err(error)),
        Err(UserinfoError::Failed(error)) => Err(error.into()),
    }
}

fn reports(
    visit: &DevVisit,
    realm: &Realm,
    keys: &KeyRing,
    held: &SignedIn,
    userinfo: Option<&ExtraClaims>,
) -> Vec<Report> {
    let tokens = &held.tokens;
    let expected = Expected {
        issuer: realm.issuer(),
        client_id: DEV_CLIENT_ID,
        nonce: &held.nonce,
        refreshed: held.refreshed,
        access_token: &tokens.access_token,
        userinfo_subject: userinfo.and_then(|claims| claims.get("sub")).and_then(Value::as_str),
        now: visit.now(),
    };
    let id_token = tokens.id_token.as_deref().map(|token| Report::of_id_token(token, keys, &expected));
    let access_token = Report::of_access_token(&tokens.access_token, keys, &expected);
    let refresh_token = tokens.refresh_token.as_deref().map(Report::of_refresh_token);
    id_token.into_iter().chain([access_token]).chain(refresh_token).collect()
}

/// Who signed in, as people call them.
fn name(claims: &ExtraClaims) -> &str {
    let named = ["name", "preferred_username", "email", "sub"].iter().find_map(|claim| claims.get(*claim)?.as_str());
    named.unwrap_or("somebody")
}

/// The token response; the tokens themselves are shown apart.
fn without_tokens(tokens: &TokenResponse) -> Value {
    let mut shown = json!(tokens);
    for token in ["access_token", "id_token", "refresh_token"] {
        if let Some(value) = shown.get_mut(token) {
            *value = json!("(see above)");
        }
    }
    shown
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// Where "Sign out" leads: with the ID token as a hint nobody is asked.
fn sign_out_url(visit: &DevVisit, realm: &Realm, tokens: &TokenResponse) -> String {
    let after = start_url(visit.resolver.public_url());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", DEV_CLIENT_ID).append_pair("post_logout_redirect_uri", &after);
    if let Some(hint) = &tokens.id_token {
        query.append_pair("id_token_hint", hint);
    }
    format!("{}?{}", realm.url(Endpoint::EndSession), query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_called_by_the_best_name_there_is() {
        let called = |claims: Value| name(claims.as_object().unwrap()).to_owned();
        assert_eq!(called(json!({"sub": "u", "email": "a@b", "name": "Ann"})), "Ann");
        assert_eq!(called(json!({"sub": "u", "email": "a@b"})), "a@b");
        assert_eq!(called(json!({"sub": "u", "name": 7})), "u");
    }

    #[test]
    fn the_token_response_is_shown_without_its_tokens() {
        let tokens: TokenResponse = serde_json::from_value(json!({
            "access_token": "canary", "id_token": "canary", "token_type": "Bearer", "expires_in": 300, "scope": "openid"
        }))
        .unwrap();
        let shown = pretty(&without_tokens(&tokens));
        assert!(!shown.contains("canary") && shown.contains("300"));
        assert!(!shown.contains("refresh_token"));
    }
}
