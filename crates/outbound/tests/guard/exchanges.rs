//! What is sent and what is read.

use std::time::{Duration, Instant};

use palatine_outbound::{AllowedPlace, GetLimits, Outbound, OutboundError, OutboundSettings};

use crate::site::{Manner, Site, ok};

const LIMITS: GetLimits = GetLimits::json(1024);

fn outbound() -> Outbound {
    Outbound::new(OutboundSettings { allowed: AllowedPlace::loopback().into(), ..Default::default() }).unwrap()
}

fn url(site: &Site) -> String {
    format!("http://{}/document?x=1#part", site.address)
}

#[tokio::test]
async fn a_document_comes_with_its_status_and_type() {
    let site = Site::plain(Manner::Says(ok("Application/JSON; charset=utf-8", "{}"))).await;
    let fetched = outbound().get(&url(&site), &LIMITS).await.unwrap();
    assert_eq!((fetched.status, fetched.content_type.as_deref()), (200, Some("application/json")));
    assert_eq!(fetched.bytes, b"{}");
    let asked = &site.asked()[0];
    assert!(asked.starts_with("GET /document?x=1 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("accept: application/json\r\n") && asked.contains("user-agent: Palatine/"), "{asked}");
    for absent in ["cookie", "referer", "accept-encoding", "authorization"] {
        assert!(!asked.contains(absent), "{asked}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let target = Site::plain(Manner::Says(ok("text/plain", "target"))).await;
    let location = format!("HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", target.address);
    let site = Site::plain(Manner::Says(location.into_bytes())).await;
    assert_eq!(outbound().get(&url(&site), &LIMITS).await.unwrap().status, 302);
    assert_eq!(target.asked(), [""; 0]);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_given_up_whether_it_says_so_or_not() {
    for manner in [Manner::Says(ok("text/plain", &"x".repeat(1025))), Manner::Floods] {
        let site = Site::plain(manner).await;
        assert_eq!(outbound().get(&url(&site), &LIMITS).await, Err(OutboundError::TooLarge));
    }
    let site = Site::plain(Manner::Says(ok("text/plain", &"x".repeat(1024)))).await;
    assert_eq!(outbound().get(&url(&site), &LIMITS).await.unwrap().bytes.len(), 1024);
}

#[tokio::test]
async fn the_operator_s_limit_holds_where_a_fetch_would_take_more() {
    let settings = OutboundSettings {
        allowed: AllowedPlace::loopback().into(),
        max_response_bytes: 10,
        ..OutboundSettings::default()
    };
    let site = Site::plain(Manner::Says(ok("text/plain", "eleven long"))).await;
    let fetched = Outbound::new(settings).unwrap().get(&url(&site), &LIMITS).await;
    assert_eq!(fetched, Err(OutboundError::TooLarge));
}

#[tokio::test]
async fn a_slow_site_is_given_up() {
    let limits = GetLimits { timeout: Duration::from_millis(200), ..LIMITS };
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx".to_vec();
    for manner in [Manner::StallsAfter(Vec::new()), Manner::StallsAfter(head)] {
        let site = Site::plain(manner).await;
        let began = Instant::now();
        assert_eq!(outbound().get(&url(&site), &limits).await, Err(OutboundError::TimedOut));
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_broken_answer_and_a_closed_port_are_unreachable() {
    let site = Site::plain(Manner::Says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec())).await;
    assert_eq!(outbound().get(&url(&site), &LIMITS).await, Err(OutboundError::Unreachable));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(outbound().get(&format!("http://{closed}/"), &LIMITS).await, Err(OutboundError::Unreachable));
}

#[tokio::test]
async fn a_form_is_posted_and_its_status_comes_back() {
    let site = Site::plain(Manner::Says(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())).await;
    let pairs = [("logout_token", "a.b.c"), ("x", "ü &=")];
    let status = outbound().post_form(&url(&site), &pairs, Duration::from_secs(5)).await.unwrap();
    assert_eq!(status, 204);
    let asked = &site.asked()[0];
    assert!(asked.starts_with("POST /document?x=1 HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("content-type: application/x-www-form-urlencoded\r\n"), "{asked}");
    assert!(asked.ends_with("logout_token=a.b.c&x=%C3%BC+%26%3D"), "{asked}");
}

#[test]
fn it_works_on_one_runtime_after_another() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let of_site = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let site = of_site.block_on(Site::plain(Manner::Says(ok("text/plain", "x"))));
    let outbound = outbound();
    for _ in 0..3 {
        // Each runtime is gone before the next asks: nothing of it may be left in the client.
        assert_eq!(runtime().block_on(outbound.get(&url(&site), &LIMITS)).unwrap().status, 200);
    }
}
