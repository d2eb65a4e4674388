//! What is asked, and how long the answers take.
//!
//! Each question has several wordings, which take turns, so that no plan and no page in memory is the whole truth. The
//! first round of each is not measured: a database prepares a statement anew until it was used some times.

use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::error::LoadError;
use crate::names::{self, Name};
use crate::report::{Measured, Tell};
use crate::seed::{MAIN, Size};
use crate::subject::Subject;
use crate::timing::{Timing, millis};

/// The admin API.
const API: &str = "/admin/api/v1";

/// How much is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// Requests of each question that are measured.
    pub measured: usize,
    /// Requests of each before that.
    pub warm_up: usize,
    /// Requests that are under way at once.
    pub at_once: usize,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Operator,
    Service,
    Anybody,
}

/// What is asked.
#[derive(Clone, Debug)]
enum Ask {
    /// One of these pages in turn.
    Pages(Who, Vec<String>),
    /// A new realm.
    NewRealm,
    /// A token for the service of the largest realm.
    Token,
}

/// A question.
#[derive(Clone, Debug)]
pub struct Case {
    name: &'static str,
    ask: Ask,
}

/// The tokens of those who ask.
struct Tokens {
    operator: String,
    service: String,
}

/// All questions, about a database of that size.
pub fn all(size: Size) -> Vec<Case> {
    let mut cases = of_realms(size);
    cases.extend(of_users());
    let of_main = |rest: &str| Ask::Pages(Who::Service, vec![format!("{API}/realms/{MAIN}/{rest}")]);
    let discovery = format!("/realms/{MAIN}/.well-known/openid-configuration");
    cases.extend([
        Case { name: "clients", ask: of_main("clients") },
        Case { name: "groups", ask: of_main("groups") },
        Case { name: "roles", ask: of_main("roles") },
        Case { name: "audit log", ask: of_main("audit-events") },
        Case { name: "discovery of a warm realm", ask: Ask::Pages(Who::Anybody, vec![discovery]) },
        Case { name: "client credentials of a warm realm", ask: Ask::Token },
        Case { name: "make a realm", ask: Ask::NewRealm },
    ]);
    cases
}

fn of_realms(size: Size) -> Vec<Case> {
    let case = |name, queries: Vec<String>| {
        let paths = queries.into_iter().map(|query| format!("{API}/realms?{query}")).collect();
        Case { name, ask: Ask::Pages(Who::Operator, paths) }
    };
    let (brands, trades) = (names::brands(), names::trades());
    let numbers = (1..=50).map(|n| format!("q={}", 1 + size.realms * n / 51)).collect();
    let two = brands.iter().zip(trades.iter().cycle());
    let two = two.map(|(brand, trade)| format!("q={}%20{}", brand.plain, trade.plain)).collect();
    vec![
        case("realms", vec![String::new()]),
        case("realms: a word of half of them", vec!["q=inc".to_owned()]),
        case("realms: a word of some", questions(&trades, "")),
        case("realms: a word of few", questions(&brands, "")),
        case("realms: a number", numbers),
        case("realms: two words", two),
        case("realms: a letter", ["n", "s", "1"].map(|letter| format!("q={letter}")).into()),
        case("realms: no such word", vec!["q=zzzz".to_owned(), "q=inc%20zzzz".to_owned()]),
        case("realms: suspended", vec!["state=suspended".to_owned()]),
        case("realms: suspended, a word of half of them", vec!["q=inc&state=suspended".to_owned()]),
        case("realms: suspended, a word of some", questions(&trades, "&state=suspended")),
        case("realms: deleted, a letter", vec!["q=n&state=deleting".to_owned(), "q=s&state=deleting".to_owned()]),
    ]
}

fn of_users() -> Vec<Case> {
    let case = |name, queries: Vec<String>| {
        let paths = queries.into_iter().map(|query| format!("{API}/realms/{MAIN}/users?{query}")).collect();
        Case { name, ask: Ask::Pages(Who::Service, paths) }
    };
    let (given, family) = (names::given(), names::family());
    let frequent = given.get(..4).unwrap_or_default();
    let both = |given: &[Name], rest: &str| {
        let pairs = family.iter().step_by(7).zip(given.iter().cycle());
        pairs.map(|(family, given)| format!("q={}%20{}{rest}", given.plain, family.plain)).collect::<Vec<_>>()
    };
    let everybody = ["com", "example", "e", "example%20com", "com%20e"];
    let all_with = |rest: &str| everybody.map(|words| format!("q={words}{rest}")).to_vec();
    vec![
        case("users", vec![String::new()]),
        case("users: a word of nearly all", all_with("")),
        case("users: a frequent first name", questions(frequent, "")),
        case("users: any first name", questions(&given, "")),
        case("users: a last name", questions(&family, "")),
        case("users: a frequent first and a last name", both(frequent, "")),
        case("users: any first and a last name", both(&given, "")),
        case("users: two first names", vec!["q=maria%20anna".into(), "q=john%20anna".into(), "q=paul%20eva".into()]),
        case("users: no such word", vec!["q=zzzz".into(), "q=maria%20zzzz".into(), "q=com%20zzzz".into()]),
        case("users: disabled", vec!["enabled=false".to_owned()]),
        case("users: disabled, a word of nearly all", all_with("&enabled=false")),
        case("users: disabled, a frequent first name", questions(frequent, "&enabled=false")),
        case("users: disabled, any first name", questions(&given, "&enabled=false")),
        case("users: disabled, any first and a last name", both(&given, "&enabled=false")),
        case("users: enabled, any first name", questions(&given, "&enabled=true")),
        case("users: with a role, any first name", questions(&given, "&role=reviewer")),
        case("users: with a role", vec!["role=reviewer".to_owned()]),
        case("users: by the name to sign in with", vec!["identifier=maria.andersen1".to_owned()]),
    ]
}

fn questions(names: &[Name], rest: &str) -> Vec<String> {
    names.iter().map(|name| format!("q={}{rest}", name.words().first().unwrap_or(&name.plain))).collect()
}

/// Asks all of it, one question after the other.
pub async fn measure(subject: &Subject, size: Size, rounds: Rounds, tell: Tell) -> Result<Measured, LoadError> {
    let mut timings = Vec::new();
    for case in all(size) {
        // Anew for each question: a token lives some minutes.
        let tokens = Tokens { operator: subject.operator().await?, service: subject.service(MAIN).await? };
        let timing = case.measure(subject, &tokens, rounds).await?;
        tell(&format!("  {}: {:.1} ms ({:.1} ms)", case.name, millis(timing.p50), millis(timing.p99)));
        timings.push((case.name, timing));
    }
    Ok(Measured { size, timings })
}

impl Case {
    async fn measure(&self, subject: &Subject, tokens: &Tokens, rounds: Rounds) -> Result<Timing, LoadError> {
        for number in 0..rounds.warm_up {
            self.once(subject, tokens, number).await?;
        }
        let before = subject.served().await?;
        let lane = |lane: usize| async move {
            let mut answers = Vec::new();
            for number in (lane..rounds.measured).step_by(rounds.at_once) {
                answers.push(self.once(subject, tokens, rounds.warm_up + number).await?);
            }
            Ok::<_, LoadError>(answers)
        };
        let lanes: Vec<_> = (0..rounds.at_once).map(lane).collect();
        let answers = together(lanes).await?;
        let server = subject.served().await?.since(before);
        let items = answers.iter().map(|(_, items)| *items).max().unwrap_or_default();
        Ok(Timing::of(answers.into_iter().map(|(took, _)| took).collect(), server, items))
    }

    /// How long the answer took, to its last byte, and how many items it had.
    async fn once(&self, subject: &Subject, tokens: &Tokens, number: usize) -> Result<(Duration, usize), LoadError> {
        let request = self.request(subject, tokens, number);
        let begun = Instant::now();
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        let took = begun.elapsed();
        if !status.is_success() {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(LoadError::Answer { what: self.name.to_owned(), status: status.as_u16(), body });
        }
        let items = serde_json::from_slice::<Value>(&body).ok();
        let items = items.and_then(|body| body.get("items")?.as_array().map(Vec::len)).unwrap_or_default();
        Ok((took, items))
    }

    fn request(&self, subject: &Subject, tokens: &Tokens, number: usize) -> RequestBuilder {
        match &self.ask {
            Ask::Pages(who, paths) => {
                let path = paths.get(number % paths.len().max(1)).map_or("", String::as_str);
                let request = subject.get(path);
                match who {
                    Who::Operator => request.bearer_auth(&tokens.operator),
                    Who::Service => request.bearer_auth(&tokens.service),
                    Who::Anybody => request,
                }
            }
            Ask::NewRealm => {
                let name = format!("new-{}-{number}", subject.run());
                let body = json!({"realm": name, "display_name": format!("New {number} Software Inc")});
                subject.post(&format!("{API}/realms")).bearer_auth(&tokens.operator).json(&body)
            }
            Ask::Token => subject.ask_for_token(MAIN),
        }
    }
}

/// All of it at once, on this task.
async fn together<T, F>(lanes: Vec<F>) -> Result<Vec<T>, LoadError>
where
    F: Future<Output = Result<Vec<T>, LoadError>>,
{
    let mut all = Vec::new();
    for answers in futures_util::future::join_all(lanes).await {
        all.extend(answers?);
    }
    Ok(all)
}
