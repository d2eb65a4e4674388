//! Where requests go, and where they do not.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use palatine_outbound::{AllowedPlace, GetLimits, Outbound, OutboundError, OutboundSettings, Resolve};

use crate::site::{Manner, Site, ok};

const LIMITS: GetLimits = GetLimits::json(1024);

/// Gives the answers of a list, one after the other; the last one again and again.
struct Liar {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Liar {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(parse).collect()), asked: AtomicUsize::new(0) })
    }
}

#[async_trait::async_trait]
impl Resolve for Liar {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { Ok(answers.remove(0)) } else { Ok(answers.first().cloned().unwrap_or_default()) }
    }
}

fn allowing(places: &[&str]) -> OutboundSettings {
    OutboundSettings { allowed: places.iter().map(|place| place.parse().unwrap()).collect(), ..Default::default() }
}

fn outbound(names: &Arc<Liar>, places: &[&str]) -> Outbound {
    Outbound::with_resolver(allowing(places), Arc::clone(names) as Arc<_>).unwrap()
}

async fn refusal(outbound: &Outbound, url: &str) -> OutboundError {
    outbound.get(url, &LIMITS).await.expect_err(url)
}

#[tokio::test]
async fn a_name_with_an_address_inside_is_refused_before_anything_is_connected() {
    let site = Site::plain(Manner::Says(ok("text/plain", "secret"))).await;
    let url = format!("https://innocent.example:{}/", site.port());
    for addresses in [
        &["127.0.0.1"][..],
        &["10.0.0.5"],
        &["169.254.169.254"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["fd00:ec2::254"],
        &["0.0.0.0"],
        &["93.184.216.34", "127.0.0.1"],
        &[],
    ] {
        let outbound = outbound(&Liar::new(&[addresses]), &[]);
        assert_eq!(refusal(&outbound, &url).await, OutboundError::NoPublicAddress, "{addresses:?}");
    }
    assert_eq!(site.asked(), [""; 0]);
}

#[tokio::test]
async fn an_address_in_the_url_is_checked_in_every_spelling() {
    let outbound = outbound(&Liar::new(&[&["93.184.216.34"]]), &[]);
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "0",
        "１２７.0.0.1",
    ] {
        let refusal = refusal(&outbound, &format!("https://{host}/")).await;
        assert_eq!(refusal, OutboundError::NoPublicAddress, "{host}");
    }
}

#[tokio::test]
async fn only_https_without_credentials_is_asked() {
    let outbound = outbound(&Liar::new(&[&["93.184.216.34"]]), &["keys.internal", "10.0.0.0/8"]);
    for url in
        ["http://a.example/", "ftp://a.example/", "file:///etc/passwd", "gopher://a.example/", "http://keys.internal/"]
    {
        let refusal = refusal(&outbound, url).await;
        assert!(matches!(refusal, OutboundError::NotHttps | OutboundError::Url), "{url}: {refusal}");
    }
    for url in ["https://user@a.example/", "https://user:word@a.example/", "//a.example/", "a.example", "", "https://"]
    {
        assert_eq!(refusal(&outbound, url).await, OutboundError::Url, "{url}");
    }
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    // The same port on two addresses: the second look-up of a rebinding name would lead to the other.
    let checked = Site::at("127.0.0.2:0", Manner::Says(ok("text/plain", "checked"))).await;
    let other = Site::at(&format!("127.0.0.3:{}", checked.port()), Manner::Says(ok("text/plain", "other"))).await;
    let names = Liar::new(&[&["127.0.0.2"], &["127.0.0.3"]]);
    let outbound = outbound(&names, &["http://rebinding.example"]);
    let url = format!("http://rebinding.example:{}/", checked.port());
    assert_eq!(outbound.get(&url, &LIMITS).await.unwrap().bytes, b"checked");
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
    assert_eq!(other.asked(), [""; 0]);
}

#[tokio::test]
async fn a_host_that_the_operator_named_is_reached_and_its_neighbours_are_not() {
    let site = Site::plain(Manner::Says(ok("text/plain", "inside"))).await;
    let outbound = outbound(&Liar::new(&[&["127.0.0.1"]]), &[&format!("http://keys.internal:{}", site.port())]);
    let fetched = outbound.get(&format!("http://keys.internal:{}/", site.port()), &LIMITS).await.unwrap();
    assert_eq!(fetched.bytes, b"inside");
    let port = site.port();
    for (url, error) in [
        (format!("http://keys.internal:{}/", port ^ 1), OutboundError::NotHttps),
        (format!("http://other.internal:{port}/"), OutboundError::NotHttps),
        (format!("https://other.internal:{port}/"), OutboundError::NoPublicAddress),
    ] {
        assert_eq!(refusal(&outbound, &url).await, error, "{url}");
    }
}

#[tokio::test]
async fn a_network_that_the_operator_named_lifts_the_ban_and_not_the_demand_for_https() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let outbound = outbound(&Liar::new(&[&["127.0.0.1"]]), &["127.0.0.0/8"]);
    assert_eq!(refusal(&outbound, &format!("http://a.example:{closed}/")).await, OutboundError::NotHttps);
    // It is tried.
    assert_eq!(refusal(&outbound, &format!("https://a.example:{closed}/")).await, OutboundError::Unreachable);
}

#[tokio::test]
async fn on_a_developer_s_machine_any_name_may_lead_to_a_loopback_address_and_no_further() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = |address: &str| {
        let settings = OutboundSettings { allowed: AllowedPlace::loopback().into(), ..Default::default() };
        Outbound::with_resolver(settings, Liar::new(&[&[address]])).unwrap()
    };
    let url = format!("https://suite.example:{closed}/");
    for here in ["127.0.0.1", "127.9.9.9"] {
        assert_eq!(refusal(&at(here), &url).await, OutboundError::Unreachable, "{here} is tried");
    }
    assert_eq!(refusal(&at("127.0.0.1"), &url.replace("https:", "http:")).await, OutboundError::NotHttps);
    for inside in ["10.0.0.5", "169.254.169.254", "fd00:ec2::254"] {
        assert_eq!(refusal(&at(inside), &url).await, OutboundError::NoPublicAddress, "{inside}");
    }
}

#[tokio::test]
async fn no_permission_leads_to_an_address_of_nobody() {
    let outbound = outbound(&Liar::new(&[&["0.0.0.0"]]), &["http://zero.example", "0.0.0.0/0"]);
    assert_eq!(refusal(&outbound, "http://zero.example/").await, OutboundError::NoPublicAddress);
}

#[tokio::test]
async fn the_machine_s_own_resolver_knows_localhost_and_it_is_inside() {
    let site = Site::plain(Manner::Says(ok("text/plain", "here"))).await;
    let url = format!("http://localhost:{}/", site.port());
    let strict = Outbound::new(OutboundSettings::default()).unwrap();
    assert_eq!(refusal(&strict, &url.replace("http:", "https:")).await, OutboundError::NoPublicAddress);
    let loopback = OutboundSettings { allowed: AllowedPlace::loopback().into(), ..Default::default() };
    assert_eq!(Outbound::new(loopback).unwrap().get(&url, &LIMITS).await.unwrap().bytes, b"here");
}

#[test]
fn a_refusal_tells_no_address_and_not_whether_a_name_exists() {
    let shown = OutboundError::NoPublicAddress.to_string();
    assert_eq!(shown, "the host has no public address");
}
