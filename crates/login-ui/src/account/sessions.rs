//! The page of sessions.

use actix_web::HttpResponse;
use actix_web::web::Payload;
use palatine_pages::views::{AccountNotice, AccountSection, AccountSessionsPage, ErrorKind, Moment, SessionShown};
use palatine_protocol::params::Params;
use palatine_realm::routes::Page;
use palatine_token_service::account::{EndedByHolder, HeldSession};
use palatine_token_service::end_session::AfterSignOut;
use palatine_token_service::http::end_session::render_signed_out;
use palatine_token_service::logout_frames::LogoutFrames;

use super::person::{Frame, Person, done};
use super::user_agent;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The page.
pub(super) async fn show(visit: Visit) -> HttpResponse {
    visit.answered(shown(&visit).await)
}

/// Its forms.
pub(super) async fn submit(visit: Visit, payload: Payload) -> HttpResponse {
    visit.answered(submitted(&visit, payload).await)
}

async fn shown(visit: &Visit) -> Result<HttpResponse, Refusal> {
    let person = Person::at(visit, Page::AccountSessions).await?;
    let held = visit.service.held_sessions(&visit.realm, &person.holder).await?;
    let ids: Vec<String> = held.iter().map(|held| held.session.id.to_string()).collect();
    let frame = Frame::of(visit, &person);
    let view = AccountSessionsPage {
        ctx: frame.context(),
        frame: frame.around(&person, AccountSection::Sessions),
        sessions: held.iter().zip(&ids).map(|(held, id)| entry(visit, held, id)).collect(),
    };
    Ok(frame.answer(200, view.render()))
}

fn entry<'a>(visit: &Visit, held: &'a HeldSession, id: &'a str) -> SessionShown<'a> {
    let now = visit.service.ambient().now();
    let session = &held.session;
    SessionShown {
        id,
        browser: user_agent::browser(&session.user_agent),
        system: user_agent::system(&session.user_agent),
        address: &session.address,
        began: Moment { at: session.created_at, now },
        last_seen: Moment { at: session.last_seen_at, now },
        here: held.here,
        applications: held.applications.iter().map(|client| client.name.as_str()).collect(),
    }
}

async fn submitted(visit: &Visit, payload: Payload) -> Result<HttpResponse, Refusal> {
    let (person, form) = Person::form(visit, Page::AccountSessions, payload).await?;
    let Visit { realm, service, .. } = visit;
    let from = visit.provenance();
    match Wish::read(&form)? {
        Wish::End(session) => {
            // What is no id is no session of theirs either.
            let ended = match session.parse() {
                Ok(id) => service.end_held_session(realm, &person.holder, id, &from).await?,
                Err(_) => EndedByHolder::NotTheirs,
            };
            match ended {
                EndedByHolder::Elsewhere => Ok(done(realm, Page::AccountSessions, AccountNotice::SessionEnded)),
                EndedByHolder::Here(frames) => Ok(signed_out(visit, frames)),
                EndedByHolder::NotTheirs => Err(Refusal::Page(ErrorKind::NotFound)),
            }
        }
        Wish::EndOthers => {
            service.end_other_sessions(realm, &person.holder).await?;
            Ok(done(realm, Page::AccountSessions, AccountNotice::OthersEnded))
        }
        Wish::EndEverywhere => {
            let frames = service.sign_out_everywhere(realm, &person.holder, &from).await?;
            Ok(signed_out(visit, frames))
        }
    }
}

/// This browser's session is over, too.
fn signed_out(visit: &Visit, frames: LogoutFrames) -> HttpResponse {
    render_signed_out(&visit.request, &visit.realm, &AfterSignOut { frames, location: None })
}

/// The button that was pressed.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    End(String),
    EndOthers,
    EndEverywhere,
}

impl Wish {
    fn read(form: &Params) -> Result<Self, Refusal> {
        let pressed = |name| Ok::<bool, Refusal>(form.one(name)?.is_some());
        match (pressed("end")?, pressed("end_others")?, pressed("end_everywhere")?) {
            (true, false, false) => Ok(Self::End(form.one("session")?.unwrap_or_default().to_owned())),
            (false, true, false) => Ok(Self::EndOthers),
            (false, false, true) => Ok(Self::EndEverywhere),
            _ => Err(Refusal::Page(ErrorKind::InvalidRequest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_button_decides() {
        let read = |form: &str| Wish::read(&Params::parse(form.as_bytes()).unwrap());
        assert_eq!(read("end=1&session=x").unwrap(), Wish::End("x".to_owned()));
        assert_eq!(read("end_others=1").unwrap(), Wish::EndOthers);
        assert_eq!(read("end_everywhere=1&session=x").unwrap(), Wish::EndEverywhere);
        for neither in ["", "end=1&end_others=1", "end=", "end=1&end=1", "end=1&session=x&session=y"] {
            assert!(read(neither).is_err(), "{neither}");
        }
    }
}
