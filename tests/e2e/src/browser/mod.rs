//! A browser in the hands of a person: cookies, redirects, forms.

mod cookies;
mod page;

use palatine_domain::Ambient;
use reqwest::Method;
use reqwest::header::{COOKIE, ORIGIN, SET_COOKIE};
use url::Url;

use crate::wire::{Answer, Wire, form_body};
use cookies::CookieJar;

pub use cookies::{Cookie, SameSite};
pub use page::{Form, Page};

/// More hops than any flow has.
const MAX_HOPS: usize = 10;

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    /// What they type as their name.
    pub username: String,
    /// What they type as their password.
    pub password: String,
}

impl Person {
    /// Somebody.
    pub fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: password.to_owned() }
    }
}

/// A browser. All of its requests are in English.
pub struct Browser {
    wire: Wire,
    cookies: CookieJar,
    address: Option<String>,
}

/// What led where.
#[derive(Debug)]
pub struct Visit {
    /// Every answer on the way, the last one included.
    pub answers: Vec<Answer>,
    /// Where it ended.
    pub landing: Landing,
}

/// Where a visit ended.
#[derive(Debug)]
pub enum Landing {
    /// At a page of ours.
    Page(Page),
    /// At another site's URL.
    Left(String),
    /// At a page whose form posts itself to another site.
    Posted {
        /// Where.
        action: String,
        /// What.
        fields: Vec<(String, String)>,
    },
}

impl Visit {
    /// The URL of the other site where it ended.
    #[track_caller]
    pub fn left(&self) -> &str {
        match &self.landing {
            Landing::Left(url) => url,
            other => panic!("still here: {other:?}"),
        }
    }

    /// The page where it ended.
    #[track_caller]
    pub fn page(&self) -> &Page {
        match &self.landing {
            Landing::Page(page) => page,
            other => panic!("no page: {other:?}"),
        }
    }

    /// What was posted to which URL of another site.
    #[track_caller]
    pub fn posted(self) -> (String, Vec<(String, String)>) {
        match self.landing {
            Landing::Posted { action, fields } => (action, fields),
            other => panic!("nothing was posted: {other:?}"),
        }
    }

    /// The last answer.
    pub fn last(&self) -> &Answer {
        self.answers.last().expect("an answer")
    }
}

impl Browser {
    pub(crate) fn new(wire: Wire, ambient: Ambient) -> Self {
        let is_secure = wire.public_url().scheme() == "https";
        Self { wire, cookies: CookieJar::new(ambient, is_secure), address: None }
    }

    /// The same browser, from another address.
    #[must_use]
    pub fn from_address(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }

    /// The same browser, at another node.
    pub fn go_to(&mut self, wire: &Wire) {
        self.wire = wire.clone();
    }

    /// Its cookies.
    pub fn cookies(&self) -> Vec<Cookie> {
        self.cookies.all()
    }

    /// A cookie by its name.
    pub fn cookie(&self, name: &str) -> Option<Cookie> {
        self.cookies.all().into_iter().find(|cookie| cookie.name == name)
    }

    /// Puts a cookie in, as somebody who stole or forged it would.
    pub fn plant(&mut self, cookie: Cookie) {
        self.cookies.put(cookie);
    }

    /// Closes all windows: cookies without an end are gone.
    pub fn close(&mut self) {
        self.cookies.end_session();
    }

    /// Forgets every cookie.
    pub fn forget(&mut self) {
        self.cookies = self.cookies.emptied();
    }

    /// One request, as it is typed into the address bar or followed from a link.
    pub async fn get(&mut self, url: &str) -> Answer {
        self.send(Method::GET, url, None, SameSite::Lax).await
    }

    /// One request of a hidden frame on another site: silent renewal.
    pub async fn get_in_foreign_frame(&mut self, url: &str) -> Answer {
        self.send(Method::GET, url, None, SameSite::None).await
    }

    /// A form on another site that posts here.
    pub async fn post_from_elsewhere(&mut self, url: &str, form: &[(&str, &str)]) -> Visit {
        let answer = self.send(Method::POST, url, Some(("https://elsewhere.example", form)), SameSite::None).await;
        self.follow(url.to_owned(), answer).await
    }

    /// A form of one of our own pages, whatever its fields.
    pub async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Visit {
        let origin = self.wire.origin();
        let answer = self.send(Method::POST, url, Some((&origin, form)), SameSite::Strict).await;
        self.follow(url.to_owned(), answer).await
    }

    /// Opens a URL and follows redirects to a page, or away.
    pub async fn open(&mut self, url: &str) -> Visit {
        let answer = self.get(url).await;
        self.follow(url.to_owned(), answer).await
    }

    /// Sends a form of one of our pages by its button.
    pub async fn submit(&mut self, form: &Form, button: &str) -> Visit {
        let fields = form.pressed(button);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(form.action(), &fields).await
    }

    /// Fills in the sign-in form of a page.
    pub async fn type_credentials(&mut self, page: &Page, person: &Person) -> Visit {
        let form = page.form().fill("username", &person.username).fill("password", &person.password);
        self.submit(&form, "login").await
    }

    /// Signs in if the visit ended at the sign-in page.
    pub async fn sign_in_if_asked(&mut self, visit: Visit, person: &Person) -> Visit {
        match &visit.landing {
            Landing::Page(page) if page.heading().starts_with("Sign in to ") => {
                self.type_credentials(page, person).await
            }
            _ => visit,
        }
    }

    /// Accepts if the visit ended at the consent page.
    pub async fn consent_if_asked(&mut self, visit: Visit) -> Visit {
        match &visit.landing {
            Landing::Page(page) if page.form_if_any().is_some_and(|form| form.has_button("accept")) => {
                self.submit(&page.form(), "accept").await
            }
            _ => visit,
        }
    }

    async fn follow(&mut self, mut url: String, mut answer: Answer) -> Visit {
        let mut answers = Vec::new();
        for _ in 0..MAX_HOPS {
            let hop = answer.clone();
            answers.push(hop);
            if !(300..400).contains(&answer.status) {
                return Visit { answers, landing: self.land(url, &answer) };
            }
            let next = answer.location().to_owned();
            let next = if next.starts_with('/') { next } else { self.absolute(&url, &next) };
            if self.wire.path_of(&next).is_none() {
                return Visit { answers, landing: Landing::Left(next) };
            }
            // After a POST, every redirect of ours is a 303: a GET.
            assert!([302, 303].contains(&answer.status), "{} to {next}", answer.status);
            answer = self.get(&next).await;
            url = next;
        }
        panic!("the redirects do not end: {url}")
    }

    fn absolute(&self, base: &str, location: &str) -> String {
        let base = self.wire.public_url().join(base).expect("a URL");
        match Url::parse(location) {
            // Left as it came: what is compared is the text.
            Ok(_) => location.to_owned(),
            Err(_) => base.join(location).expect("a URL").into(),
        }
    }

    fn land(&self, url: String, answer: &Answer) -> Landing {
        let page = Page::new(url, answer);
        match page.form_if_any() {
            Some(form) if self.wire.path_of(form.action()).is_none() => {
                Landing::Posted { action: form.action().to_owned(), fields: form.fields() }
            }
            _ => Landing::Page(page),
        }
    }

    async fn send(
        &mut self,
        method: Method,
        url: &str,
        form: Option<(&str, &[(&str, &str)])>,
        sent_from: SameSite,
    ) -> Answer {
        let path = self.wire.path_of(url).unwrap_or_else(|| panic!("{url} is not ours"));
        let path = path.split(['?', '#']).next().unwrap_or_default().to_owned();
        let mut request = self.wire.request(method, url);
        if let Some(cookies) = self.cookies.header(&path, sent_from) {
            request = request.header(COOKIE, cookies);
        }
        if let Some(address) = &self.address {
            request = request.header("x-forwarded-for", address);
        }
        if let Some((origin, form)) = form {
            let site = if origin == self.wire.origin() { "same-origin" } else { "cross-site" };
            request = request
                .header(ORIGIN, origin)
                .header("sec-fetch-site", site)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form_body(form));
        }
        let answer = Answer::of(request).await;
        for header in answer.all(SET_COOKIE.as_str()) {
            self.cookies.take(header, &path);
        }
        answer
    }
}
