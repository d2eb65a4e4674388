//! The way to a node: what is meant for the public URL is sent there, as a proxy would.

use std::net::SocketAddr;
use std::sync::{Arc, RwLock};

use reqwest::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HOST, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

/// Sends requests to one node. Follows no redirect and keeps no cookie.
#[derive(Clone)]
pub struct Wire {
    client: reqwest::Client,
    public_url: Url,
    address: Arc<RwLock<SocketAddr>>,
    over: Over,
}

/// How the node is reached.
#[derive(Clone, Copy)]
enum Over {
    /// Over plain HTTP, by its address, with the public URL's `Host`.
    Http,
    /// Over TLS, as `localhost`.
    Tls,
}

impl Wire {
    /// To the node at `address`, which is called `public_url`.
    pub fn new(public_url: Url, address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self::made(client, public_url, address, Over::Http)
    }

    /// To the node whose TLS listener is at `address`, by a client that trusts its certificate.
    pub fn over_tls(client: reqwest::ClientBuilder, public_url: Url, address: SocketAddr) -> Self {
        Self::made(client, public_url, address, Over::Tls)
    }

    fn made(client: reqwest::ClientBuilder, public_url: Url, address: SocketAddr, over: Over) -> Self {
        let client = client.build().expect("an HTTP client");
        Self { client, public_url, address: Arc::new(RwLock::new(address)), over }
    }

    /// After a restart, the node is elsewhere.
    pub(crate) fn moved_to(&self, address: SocketAddr) {
        *self.address.write().unwrap() = address;
    }

    /// Where the node is.
    pub(crate) fn address(&self) -> SocketAddr {
        *self.address.read().unwrap()
    }

    /// The public URL.
    pub fn public_url(&self) -> &Url {
        &self.public_url
    }

    /// The origin of the public URL, as browsers write it.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// What comes after the origin of a URL of ours; `None` if it is another site's.
    pub fn path_of<'u>(&self, url: &'u str) -> Option<&'u str> {
        if url.starts_with('/') && !url.starts_with("//") {
            return Some(url);
        }
        url.strip_prefix(&self.origin()).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
    }

    /// Begins a request to a URL of ours, or to a path.
    pub fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let path = self.path_of(url).unwrap_or_else(|| panic!("{url} is not ours"));
        let path = path.split('#').next().unwrap_or_default();
        let address = self.address();
        let request = match self.over {
            Over::Http => {
                let host = &self.origin()[self.origin().find("//").unwrap() + 2..];
                self.client.request(method, format!("http://{address}{path}")).header(HOST, host)
            }
            Over::Tls => self.client.request(method, format!("https://localhost:{}{path}", address.port())),
        };
        request.header(ACCEPT_LANGUAGE, "en")
    }

    /// GET.
    pub async fn get(&self, url: &str) -> Answer {
        Answer::of(self.request(Method::GET, url)).await
    }

    /// POST of a form.
    pub async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        Answer::of(self.post_request(url, form)).await
    }

    /// POST of a form, to which headers can be added.
    pub fn post_request(&self, url: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.request(Method::POST, url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form_body(form))
    }
}

/// Pairs as `application/x-www-form-urlencoded`, repeated ones included.
pub fn form_body(form: &[(&str, &str)]) -> String {
    form.iter()
        .fold(Serializer::new(String::new()), |mut body, (name, value)| {
            body.append_pair(name, value);
            body
        })
        .finish()
}

/// An answer that has arrived whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, as text.
    pub body: String,
}

impl Answer {
    /// Sends a request and reads its answer.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the node answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.expect("the whole body");
        Self { status, headers, body }
    }

    /// A header that is there at most once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(values.len() <= 1, "{name} came {} times", values.len());
        values.first().map(|value| value.to_str().expect("a readable header"))
    }

    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    /// `Location`.
    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.body))
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{} {error}: {}", self.status, self.body))
    }

    /// The body of a success.
    pub fn success(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()
    }

    /// The member `error` of a refusal in OAuth JSON.
    pub fn error(&self) -> String {
        assert!(self.status >= 400, "{} {}", self.status, self.body);
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// Asserts a refusal in OAuth JSON: the status, the code, nobody may keep it, and nothing else inside.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.error().as_str()), (status, code), "{}", self.body);
        assert_eq!(self.header("cache-control"), Some("no-store"), "{}", self.body);
        let body = self.json();
        let members: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert!(members.iter().all(|name| ["error", "error_description"].contains(&name.as_str())), "{members:?}");
    }

    /// Asserts a page for people with this status that says these words.
    #[track_caller]
    pub fn assert_page(&self, status: u16, words: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(self.body.contains(words), "the page does not say {words:?}: {}", self.body);
    }
}
