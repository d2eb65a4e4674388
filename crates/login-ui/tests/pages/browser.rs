//! A browser without script: keeps cookies, fills in forms.

use std::cell::RefCell;
use std::collections::BTreeMap;

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::cookie::{Cookie, time};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::test::{self, TestRequest};
use actix_web::{Error, web};
use scraper::{Html, Selector};
use url::form_urlencoded;

use crate::site::{ACME, ORIGIN, PASSWORD};

/// A browser in front of the pages.
pub(crate) struct Browser<'s, S> {
    service: &'s S,
    pub(crate) cookies: RefCell<BTreeMap<String, String>>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// A form of a page, to be changed and sent.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) fields: Vec<(String, String)>,
}

impl<'s, S, B> Browser<'s, S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    pub(crate) fn new(service: &'s S) -> Self {
        Self { service, cookies: RefCell::default() }
    }

    /// Sends a request with the cookies, and takes those of the answer.
    pub(crate) async fn send(&self, mut request: TestRequest) -> Shown {
        for (name, value) in &*self.cookies.borrow() {
            request = request.cookie(Cookie::new(name.clone(), value.clone()));
        }
        let response = test::call_service(self.service, request.to_request()).await;
        for cookie in response.response().cookies() {
            if cookie.max_age().is_some_and(time::SignedDuration::is_zero) {
                self.cookies.borrow_mut().remove(cookie.name());
            } else {
                self.cookies.borrow_mut().insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        assert_eq!(headers.get(header::CACHE_CONTROL).map(|v| v.to_str().unwrap()), Some("no-store"));
        let body = String::from_utf8(test::read_body(response).await.to_vec()).unwrap();
        Shown { status, headers, body }
    }

    /// Opens a path or one of our URLs.
    pub(crate) async fn open(&self, url: &str) -> Shown {
        self.send(TestRequest::get().uri(url.strip_prefix(ORIGIN).unwrap_or(url))).await
    }

    /// Opens a path and follows redirects, as long as they are ours.
    pub(crate) async fn visit(&self, url: &str) -> Shown {
        let mut shown = self.open(url).await;
        while let Some(location) = shown.location().filter(|to| to.starts_with('/') || to.starts_with(ORIGIN)) {
            shown = self.open(&location).await;
        }
        shown
    }

    /// Sends a form from one of our pages.
    pub(crate) async fn submit(&self, form: &Form) -> Shown {
        self.submit_from(form, ORIGIN).await
    }

    /// Sends a form from a page of `origin`.
    pub(crate) async fn submit_from(&self, form: &Form, origin: &str) -> Shown {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
        self.post(&form.action, "application/x-www-form-urlencoded", body, origin).await
    }

    pub(crate) async fn post(&self, path: &str, media_type: &str, body: impl Into<web::Bytes>, origin: &str) -> Shown {
        let request = TestRequest::post().uri(path).insert_header((header::CONTENT_TYPE, media_type.to_owned()));
        self.send(request.insert_header((header::ORIGIN, origin.to_owned())).set_payload(body)).await
    }

    /// Begins a sign-in at an application, up to the first page.
    pub(crate) async fn begin(&self, client: &str, more: &str) -> Shown {
        self.visit(&authorization(client, more)).await
    }

    /// Signs ann in at an application; the answer to the form.
    pub(crate) async fn sign_in(&self, client: &str, more: &str) -> Shown {
        let page = self.begin(client, more).await;
        self.submit(&page.form().with("username", "ann").with("password", PASSWORD)).await
    }
}

/// An authorization request of an application, as a path.
pub(crate) fn authorization(client: &str, more: &str) -> String {
    let scope = if more.contains("scope=") { "" } else { "&scope=openid" };
    format!(
        "{ACME}/protocol/openid-connect/auth?response_type=code&client_id={client}\
         &redirect_uri=https%3A%2F%2F{client}.example.com%2Fcb&state=s{scope}{more}"
    )
}

impl Shown {
    pub(crate) fn location(&self) -> Option<String> {
        self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned())
    }

    /// The application's URL that the browser is sent to.
    pub(crate) fn sent_to(&self) -> url::Url {
        assert_eq!(self.status, 303, "{}", self.body);
        self.location().unwrap().parse().unwrap()
    }

    /// A parameter of the answer that the application gets.
    pub(crate) fn answered(&self, name: &str) -> Option<String> {
        self.sent_to().query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    /// The page's heading.
    pub(crate) fn heading(&self) -> String {
        let page = Html::parse_document(&self.body);
        let heading = page.select(&Selector::parse("h1").unwrap()).next();
        heading.map(|heading| heading.text().collect::<String>().trim().to_owned()).unwrap_or_default()
    }

    /// The page's form, with what is filled in and ticked.
    pub(crate) fn form(&self) -> Form {
        let page = Html::parse_document(&self.body);
        let form = page.select(&Selector::parse("form[method=post]").unwrap()).next();
        let form = form.unwrap_or_else(|| panic!("no form: {} {}", self.status, self.body));
        let named = Selector::parse("input[name]").unwrap();
        let inputs = form.select(&named).map(|input| input.value());
        let sent = inputs.filter(|input| input.attr("type") != Some("checkbox") || input.attr("checked").is_some());
        let field = |input: &scraper::node::Element| {
            (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap_or_default().to_owned())
        };
        Form { action: form.value().attr("action").unwrap().to_owned(), fields: sent.map(field).collect() }
    }

    /// The nonce of the page's policy, which is new each time.
    pub(crate) fn nonce(&self) -> String {
        let policy = self.headers.get(header::CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap();
        let (_, after) = policy.split_once("'nonce-").unwrap();
        after.split_once('\'').unwrap().0.to_owned()
    }
}

impl Form {
    /// With another value in a field; a field that the form does not have is added.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a value of a field: a box unticked.
    pub(crate) fn without(mut self, name: &str, value: &str) -> Self {
        let before = self.fields.len();
        self.fields.retain(|field| field != &(name.to_owned(), value.to_owned()));
        assert!(self.fields.len() < before, "the form has no {name}={value}");
        self
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        &self.fields.iter().find(|(field, _)| field == name).unwrap().1
    }
}
