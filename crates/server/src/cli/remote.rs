//! The admin API of a server, asked from the command line: whoever asks proves it by a token, as everybody else does.
//!
//! An operator's token is one of the realm `system`. With it a realm is entered first, with the command's own reason, and
//! left again afterwards.

use std::path::Path;
use std::time::Duration;

use palatine_admin_api::http::BASE;
use palatine_admin_api::ops::apply::{ApplyOptions, Prepared, Prune, RealmFailure, Reason, ReportView};
use palatine_domain::SecretText;
use palatine_protocol::claims::unverified_issuer;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Host, Url};

use super::ServerArgs;
use crate::config::Environment;
use crate::refusal::Refusal;

/// How long one answer may take: longer than any server lets a request take.
const TIMEOUT: Duration = Duration::from_mins(15);

/// How long an entry lasts at most, in seconds; it is ended as soon as the work is done.
const ENTRY_SECONDS: u64 = 3_600;

/// The realm where operators sign in.
const SYSTEM: &str = "system";

/// A server, and who asks.
pub(super) struct Remote {
    client: Client,
    /// Its public URL, without a `/` at the end.
    server: String,
    credentials: Credentials,
}

enum Credentials {
    /// An access token that is there already.
    Token(SecretText),
    /// A service, of each realm or of a certain one.
    Service { id: String, secret: SecretText, realm: Option<String> },
}

/// What a command wants to do in a realm.
#[derive(Clone, Copy)]
enum Aim<'a> {
    Look,
    Change(&'a Reason),
}

/// Somebody who may act in a realm.
struct Visit<'a> {
    remote: &'a Remote,
    realm: &'a str,
    token: SecretText,
    /// An operator's, to be ended.
    entry: Option<String>,
}

/// Why the server did not do it.
struct Refused {
    words: String,
    /// What is wrong with the document: JSON pointers and words.
    wrong: Vec<(String, String)>,
}

/// A problem document (RFC 9457) as far as we read it.
#[derive(Deserialize)]
struct Problem {
    title: String,
    detail: String,
    #[serde(default)]
    errors: Vec<Wrong>,
}

#[derive(Deserialize)]
struct Wrong {
    pointer: String,
    detail: String,
}

impl From<String> for Refused {
    fn from(words: String) -> Self {
        Self { words, wrong: Vec::new() }
    }
}

impl Remote {
    /// The server that was named, and who asks: by a token, or by a client of a realm.
    pub(super) fn new(args: &ServerArgs, server: &Url, environment: &Environment) -> Result<Self, Refusal> {
        check_server(server)?;
        let tls = palatine_outbound::tls_config(args.ca_file.as_deref())
            .map_err(|error| Refusal::Command(format!("--ca-file: {error}")))?;
        let client = Client::builder()
            .user_agent(concat!("palatine/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(TIMEOUT)
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| Refusal::Command(format!("no connection can be made: {error}")))?;
        let server = server.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, server, credentials: Credentials::of(args, environment)? })
    }

    /// Makes a realm what its document says.
    pub(super) async fn apply(
        &self,
        prepared: &Prepared,
        options: ApplyOptions,
        reason: &Reason,
    ) -> Result<ReportView, RealmFailure> {
        match self.try_apply(prepared, options, reason).await {
            Ok(report) => Ok(report),
            Err(Refused { words, wrong }) if wrong.is_empty() => Err(prepared.refused(words)),
            Err(Refused { wrong, .. }) => Err(prepared.wrong(wrong)),
        }
    }

    async fn try_apply(
        &self,
        prepared: &Prepared,
        options: ApplyOptions,
        reason: &Reason,
    ) -> Result<ReportView, Refused> {
        let yaml = prepared.to_yaml().map_err(|error| error.to_string())?;
        let visit = self.visit(prepared.realm(), Aim::Change(reason)).await?;
        let path = format!("/realms/{}/document", prepared.realm());
        let request = visit.request(Method::PUT, &path).query(&query(options));
        let answer = send(request.header(CONTENT_TYPE, "application/yaml").body(yaml)).await;
        visit.leave().await;
        let answer = answer?;
        serde_json::from_str(&answer)
            .map_err(|_| "this answer makes no sense; is it a Palatine server?".to_owned().into())
    }

    /// A realm as its document.
    pub(super) async fn export(&self, realm: &str, users: bool) -> Result<String, String> {
        let visit = self.visit(realm, Aim::Look).await.map_err(|refused| refused.words)?;
        let request = visit.request(Method::GET, &format!("/realms/{realm}/document")).query(&[("users", users)]);
        let answer = send(request).await;
        visit.leave().await;
        answer.map_err(|refused| refused.words)
    }

    /// Gets a token for what is to be done; an operator enters, if the realm is there.
    async fn visit<'a>(&'a self, realm: &'a str, aim: Aim<'_>) -> Result<Visit<'a>, Refused> {
        let token = self.token(realm, aim).await?;
        let mut visit = Visit { remote: self, realm, token, entry: None };
        let of_system = |issuer: String| issuer.ends_with(&format!("/realms/{SYSTEM}"));
        let is_operator = realm != SYSTEM && unverified_issuer(visit.token.expose()).is_some_and(of_system);
        if is_operator && visit.exists().await? {
            visit.enter(aim).await?;
        }
        Ok(visit)
    }

    async fn token(&self, realm: &str, aim: Aim<'_>) -> Result<SecretText, Refused> {
        let (id, secret, realm) = match &self.credentials {
            Credentials::Token(token) => return Ok(token.clone()),
            Credentials::Service { id, secret, realm: own } => (id, secret, own.as_deref().unwrap_or(realm)),
        };
        let scope = match aim {
            Aim::Look => "admin:read",
            Aim::Change(_) => "admin:write",
        };
        let url = format!("{}/realms/{realm}/oauth/token", self.server);
        let request = self.client.post(url).basic_auth(encoded(id), Some(encoded(secret.expose())));
        let answer = send(request.form(&[("grant_type", "client_credentials"), ("scope", scope)])).await?;
        let token = serde_json::from_str::<Value>(&answer).ok();
        let token = token.as_ref().and_then(|answer| answer.get("access_token")?.as_str());
        token.map(SecretText::new).ok_or_else(|| "the token endpoint gave no token".to_owned().into())
    }
}

impl Visit<'_> {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.remote
            .client
            .request(method, format!("{}{BASE}{path}", self.remote.server))
            .bearer_auth(self.token.expose())
    }

    async fn exists(&self) -> Result<bool, Refused> {
        let (status, answer) = exchange(self.request(Method::GET, &format!("/realms/{}", self.realm))).await?;
        match status {
            404 => Ok(false),
            status => judged(status, answer).map(|_| true),
        }
    }

    async fn enter(&mut self, aim: Aim<'_>) -> Result<(), Refused> {
        let (reason, writes) = match aim {
            Aim::Look => ("palatine export", false),
            Aim::Change(reason) => (reason.as_str(), true),
        };
        let entry = json!({ "reason": reason, "ttl_seconds": ENTRY_SECONDS, "writes": writes });
        let answer = send(self.request(Method::POST, &format!("/realms/{}/entries", self.realm)).json(&entry)).await?;
        let entry = serde_json::from_str::<Value>(&answer).ok();
        self.entry = entry.and_then(|entry| Some(entry.get("id")?.as_str()?.to_owned()));
        Ok(())
    }

    /// Whoever cannot leave is out when the time is over.
    async fn leave(self) {
        let Some(entry) = &self.entry else { return };
        if let Err(refused) =
            send(self.request(Method::DELETE, &format!("/realms/{}/entries/{entry}", self.realm))).await
        {
            tracing::warn!(realm = self.realm, why = refused.words, "the realm could not be left before the time");
        }
    }
}

impl Credentials {
    fn of(args: &ServerArgs, environment: &Environment) -> Result<Self, Refusal> {
        if let Some(file) = &args.token_file {
            return Ok(Self::Token(read(file)?));
        }
        if let Some(id) = &args.client_id {
            let secret = match &args.client_secret_file {
                Some(file) => read(file)?,
                None => environment.get("PALATINE_CLIENT_SECRET").map(SecretText::new).ok_or_else(|| {
                    Refusal::Command("the client's secret is missing: --client-secret-file FILE, or PALATINE_CLIENT_SECRET in the environment".to_owned())
                })?,
            };
            return Ok(Self::Service { id: id.clone(), secret, realm: args.client_realm.clone() });
        }
        let token = environment.get("PALATINE_TOKEN").map(|token| Self::Token(SecretText::new(token.trim())));
        token.ok_or_else(|| {
            let words = "say who asks: --client-id with --client-secret-file, --token-file FILE, or an access token as \
                         PALATINE_TOKEN in the environment";
            Refusal::Command(words.to_owned())
        })
    }
}

/// Secrets travel there.
fn check_server(server: &Url) -> Result<(), Refusal> {
    let local = match server.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let plain = server.query().is_none() && server.fragment().is_none() && server.username().is_empty();
    if plain && (server.scheme() == "https" || (server.scheme() == "http" && local)) {
        return Ok(());
    }
    let words =
        "give the server's public URL, such as https://id.example.com (plain http is taken for this machine alone)";
    Err(Refusal::Command(format!("--server {server}: {words}")))
}

fn read(file: &Path) -> Result<SecretText, Refusal> {
    let text =
        std::fs::read_to_string(file).map_err(|error| Refusal::File { path: file.to_owned(), verb: "read", error })?;
    Ok(SecretText::new(text.trim()))
}

/// RFC 6749, section 2.3.1: both are form-encoded before they become a user name and a password.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn query(options: ApplyOptions) -> [(&'static str, bool); 3] {
    let prune = options.prune != Prune::Nothing;
    [("dry_run", options.dry_run), ("prune", prune), ("prune_users", options.prune == Prune::UsersToo)]
}

async fn send(request: RequestBuilder) -> Result<String, Refused> {
    let (status, answer) = exchange(request).await?;
    judged(status, answer)
}

async fn exchange(request: RequestBuilder) -> Result<(u16, String), Refused> {
    let answer = request.send().await.map_err(|error| unreachable(&error))?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await.map_err(|error| unreachable(&error))?))
}

fn judged(status: u16, answer: String) -> Result<String, Refused> {
    if (200..300).contains(&status) {
        return Ok(answer);
    }
    if let Ok(Problem { title, detail, errors }) = serde_json::from_str(&answer) {
        let wrong = errors.into_iter().map(|wrong| (wrong.pointer, wrong.detail)).collect();
        return Err(Refused { words: format!("the server answers {status}: {title}: {detail}"), wrong });
    }
    if status == 413 {
        return Err("the document is longer than the server, or a proxy before it, takes".to_owned().into());
    }
    // The token endpoint's own form (RFC 6749, section 5.2).
    let error = serde_json::from_str::<Value>(&answer).unwrap_or_default();
    let member = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(format!("the server answers {status}: {} {}", member("error"), member("error_description"))
        .trim_end()
        .to_owned()
        .into())
}

fn unreachable(error: &reqwest::Error) -> Refused {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    format!("the server does not answer: {cause}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_travel_over_tls_or_not_at_all_from_this_machine() {
        for good in
            ["https://id.example.com", "https://id.example.com/auth/", "http://localhost:8080", "http://[::1]:1/"]
        {
            assert!(check_server(&good.parse().unwrap()).is_ok(), "{good}");
        }
        for bad in
            ["http://id.example.com", "ftp://localhost", "https://me@id.example.com", "https://id.example.com/?x"]
        {
            let refusal = check_server(&bad.parse().unwrap()).unwrap_err().to_string();
            assert!(refusal.contains("https://id.example.com (plain"), "{bad}: {refusal}");
        }
    }

    #[test]
    fn whoever_asks_says_by_what() {
        let none = Environment::of(&[]);
        let refusal = Credentials::of(&ServerArgs::default(), &none).err().unwrap().to_string();
        assert!(refusal.contains("--client-id") && refusal.contains("PALATINE_TOKEN"), "{refusal}");
        let token = Environment::of(&[("PALATINE_TOKEN", " t \n")]);
        let found = Credentials::of(&ServerArgs::default(), &token).ok().unwrap();
        assert!(matches!(found, Credentials::Token(token) if token.expose() == "t"));
        let service = ServerArgs { client_id: Some("ci".to_owned()), ..ServerArgs::default() };
        assert!(Credentials::of(&service, &token).err().unwrap().to_string().contains("PALATINE_CLIENT_SECRET"));
    }

    #[test]
    fn what_the_server_says_is_passed_on() {
        let problem = r#"{"title":"Not allowed","detail":"this needs the permission users:write","status":403}"#;
        let refused = judged(403, problem.to_owned()).err().unwrap();
        assert_eq!(refused.words, "the server answers 403: Not allowed: this needs the permission users:write");
        let refused = judged(401, r#"{"error":"invalid_client"}"#.to_owned()).err().unwrap();
        assert_eq!(refused.words, "the server answers 401: invalid_client");
        assert!(judged(413, "<html>".to_owned()).err().unwrap().words.contains("longer than the server"));
        assert_eq!(judged(502, "<html>".to_owned()).err().unwrap().words, "the server answers 502:");
    }
}
