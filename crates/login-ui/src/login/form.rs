//! The login page as it is shown: the first time, or again with what went wrong.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use palatine_domain::client::Client;
use palatine_domain::interaction::Interaction;
use palatine_pages::views::{ApplicationLinks, Destination, LoginPage, LoginProblem, RememberMe};
use palatine_realm::Realm;
use palatine_realm::routes::Page;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::{csrf, page};
use palatine_token_service::interact::OpenInteraction;
use palatine_token_service::own_page;

use super::LOGIN_FORM;
use super::typed::Typed;
use crate::logo;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The form, for one interaction.
pub(super) struct LoginForm<'a> {
    visit: &'a Visit,
    open: &'a OpenInteraction,
    identifier: &'a str,
    remember_me: bool,
    reauthentication: bool,
    problem: Option<LoginProblem>,
    retry_after: Option<u64>,
}

impl<'a> LoginForm<'a> {
    /// As it is shown first, filled in with `login_hint`. `reauthentication` asks who is there although a session
    /// exists.
    pub(super) fn first(visit: &'a Visit, open: &'a OpenInteraction, reauthentication: bool) -> Self {
        let identifier = open.interaction().request.login_hint.as_deref().unwrap_or_default();
        Self { visit, open, identifier, remember_me: false, reauthentication, problem: None, retry_after: None }
    }

    /// As it is shown again, with what was typed, but for the password. `retry_after` in seconds.
    pub(super) fn again(
        visit: &'a Visit,
        open: &'a OpenInteraction,
        typed: &'a Typed,
        problem: LoginProblem,
        retry_after: Option<u64>,
    ) -> Self {
        Self {
            visit,
            open,
            identifier: &typed.identifier,
            remember_me: typed.remember_me,
            reauthentication: false,
            problem: Some(problem),
            retry_after,
        }
    }

    /// The page.
    pub(super) async fn answer(self) -> Result<HttpResponse, Refusal> {
        let Visit { realm, service, .. } = self.visit;
        let interaction = self.open.interaction();
        let client = service.interaction_client(realm, interaction).await?;
        let logo = match &client {
            Some(client) => logo::path(realm, client).await,
            None => None,
        };
        let context = self.visit.context(&interaction.request.ui_locales);
        let view = LoginPage {
            ctx: &context,
            destination: destination(interaction, client.as_deref(), logo.as_deref()),
            action: &realm.page_path(Page::Login(interaction.id)),
            csrf: &csrf::token(realm, self.open.cookie(), LOGIN_FORM),
            identifier: self.identifier,
            remember_me: remember_me(realm, self.remember_me),
            reauthentication: self.reauthentication,
            problem: self.problem,
        };
        let status = self.problem.map_or(200, status);
        let mut response = page::html(status, PageKind::Interaction, &context.csp_nonce, view.render());
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        Ok(response)
    }
}

/// Where the sign-in leads.
fn destination<'a>(interaction: &Interaction, client: Option<&'a Client>, logo: Option<&'a str>) -> Destination<'a> {
    match client {
        _ if own_page::is_destination_of(interaction) => Destination::Account,
        Some(client) => Destination::Application { name: &client.name, links: links(client), logo },
        None => Destination::Unknown,
    }
}

/// What a client registered for people to read.
pub(crate) fn links(client: &Client) -> ApplicationLinks<'_> {
    let about = &client.settings.about;
    ApplicationLinks { policy: about.policy_uri.as_deref(), terms: about.tos_uri.as_deref() }
}

/// Whether the realm lets a session outlive the browser.
pub(super) fn offers_remember_me(realm: &Realm) -> bool {
    realm.policy().lifetimes.remember_me_seconds > 0
}

fn remember_me(realm: &Realm, ticked: bool) -> RememberMe {
    match (offers_remember_me(realm), ticked) {
        (false, _) => RememberMe::NotOffered,
        (true, false) => RememberMe::Unticked,
        (true, true) => RememberMe::Ticked,
    }
}

/// The status of a form that is shown again; the crate's documentation says why these.
fn status(problem: LoginProblem) -> u16 {
    match problem {
        LoginProblem::WrongCredentials
        | LoginProblem::IdentifierMissing
        | LoginProblem::PasswordMissing
        | LoginProblem::BothMissing => 422,
        LoginProblem::StaleForm => 400,
        LoginProblem::TooManyAttempts { .. } => 429,
        LoginProblem::Unavailable => 503,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_an_error_status_and_none_is_a_challenge() {
        let problems = [
            LoginProblem::WrongCredentials,
            LoginProblem::IdentifierMissing,
            LoginProblem::PasswordMissing,
            LoginProblem::BothMissing,
            LoginProblem::TooManyAttempts { retry_after: 7 },
            LoginProblem::StaleForm,
            LoginProblem::Unavailable,
        ];
        for problem in problems {
            let status = status(problem);
            assert!(status >= 400 && status != 401, "{problem:?}");
        }
    }
}
