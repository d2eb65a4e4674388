//! One request of somebody at their own account: who they are, and what every account page is given.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_pages::PageContext;
use palatine_pages::views::{AccountFrame, AccountNotice, AccountPaths, AccountSection, ErrorKind};
use palatine_protocol::params::Params;
use palatine_realm::Realm;
use palatine_realm::routes::Page;
use palatine_tenant_routing::csp::PageKind;
use palatine_tenant_routing::limits::{self, Bucket};
use palatine_tenant_routing::{ClientAddress, cookies, csrf, page as answer, surface};
use palatine_token_service::account::AccountHolder;
use palatine_token_service::end_session::LOGOUT_FORM;
use palatine_token_service::http::render::render_outcome;

use super::ACCOUNT_FORM;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The parameter of a page's address that says what has just been done.
const DONE: &str = "done";

/// Somebody at their own account, with the cookie that their forms are bound to.
pub(super) struct Person {
    pub(super) holder: AccountHolder,
    cookie: String,
}

impl Person {
    /// Who is there; whoever is not signed in is sent to the login page and comes back to `page`.
    pub(super) async fn at(visit: &Visit, page: Page) -> Result<Self, Refusal> {
        let cookie = cookies::value(&visit.request, cookies::SESSION);
        let browser = visit.browser().await?;
        if let (Some(cookie), Some(browser)) = (cookie, browser)
            && let Some(holder) = visit.service.account_holder(&visit.realm, &browser).await?
        {
            return Ok(Self { holder, cookie });
        }
        Err(Refusal::SignInFirst(Box::new(sign_in(visit, page).await?)))
    }

    /// Reads a form that this person sent from one of these pages.
    pub(super) async fn form(visit: &Visit, page: Page, payload: Payload) -> Result<(Self, Params), Refusal> {
        let form = visit.own_form(payload).await?;
        let person = Self::at(visit, page).await?;
        let presented = form.one("csrf")?.unwrap_or_default();
        if csrf::matches(&visit.realm, &person.cookie, ACCOUNT_FORM, presented) {
            Ok((person, form))
        } else {
            Err(Refusal::Page(ErrorKind::StaleForm))
        }
    }
}

/// A sign-in that leads to `page`. It costs a row, so it is limited like one that an application asks for.
async fn sign_in(visit: &Visit, page: Page) -> Result<HttpResponse, Refusal> {
    let prefix = ClientAddress::current(&visit.request).prefix();
    if let Err(too_many) = limits::take(&visit.realm, Bucket::Authorize, &prefix).await {
        let retry_after = Some(too_many.retry_after_seconds);
        return Ok(surface::error_page(&visit.request, ErrorKind::TooManyRequests, retry_after, &[]));
    }
    let begun = visit.service.sign_in_for(&visit.realm, page).await?;
    Ok(render_outcome(&visit.request, &visit.realm, begun))
}

/// What the frame of an account page borrows.
pub(super) struct Frame {
    context: PageContext,
    csrf: String,
    sign_out_csrf: String,
    paths: [String; 5],
    notice: Option<AccountNotice>,
}

impl Frame {
    /// For a page that is shown to this person now.
    pub(super) fn of(visit: &Visit, person: &Person) -> Self {
        let path = |page| visit.realm.page_path(page);
        Self {
            context: visit.context(&[]),
            csrf: csrf::token(&visit.realm, &person.cookie, ACCOUNT_FORM),
            sign_out_csrf: csrf::token(&visit.realm, &person.cookie, LOGOUT_FORM),
            paths: [
                path(Page::Account),
                path(Page::AccountPassword),
                path(Page::AccountSessions),
                path(Page::AccountApplications),
                path(Page::LogoutConfirm),
            ],
            notice: notice(visit.request.query_string()),
        }
    }

    pub(super) fn context(&self) -> &PageContext {
        &self.context
    }

    pub(super) fn around<'a>(&'a self, person: &'a Person, section: AccountSection) -> AccountFrame<'a> {
        let [profile, password, sessions, applications, sign_out] = &self.paths;
        AccountFrame {
            user: &person.holder.user().username,
            section,
            paths: AccountPaths { profile, password, sessions, applications, sign_out },
            csrf: &self.csrf,
            sign_out_csrf: &self.sign_out_csrf,
            notice: self.notice,
        }
    }

    /// The page as an answer.
    pub(super) fn answer(&self, status: u16, document: String) -> HttpResponse {
        answer::html(status, PageKind::Plain, &self.context.csp_nonce, document)
    }
}

/// What the page's address says was done. Somebody can make such an address up, and learns and changes nothing by it.
fn notice(query: &str) -> Option<AccountNotice> {
    let params = Params::parse(query.as_bytes()).ok()?;
    let word = params.one(DONE).ok()??;
    AccountNotice::ALL.into_iter().find(|notice| notice.word() == word)
}

/// Back to a page that says what was done.
pub(super) fn done(realm: &Realm, page: Page, notice: AccountNotice) -> HttpResponse {
    answer::see_other(&format!("{}?{DONE}={}", realm.page_path(page), notice.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_was_done_and_nothing_that_somebody_made_up() {
        for expected in AccountNotice::ALL {
            assert_eq!(notice(&format!("done={}", expected.word())), Some(expected));
        }
        for query in ["", "done=", "done=Your+account+was+hacked", "done=saved&done=saved", "%ff"] {
            assert_eq!(notice(query), None, "{query}");
        }
    }
}
