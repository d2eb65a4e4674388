use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn web(uri: &str) -> Result<RegisteredRedirectUri, RedirectUriError> {
    RegisteredRedirectUri::parse(uri, ApplicationType::Web)
}

fn native(uri: &str) -> Result<RegisteredRedirectUri, RedirectUriError> {
    RegisteredRedirectUri::parse(uri, ApplicationType::Native)
}

#[rstest]
#[case("https://acme.example.com/callback")]
#[case("https://acme.example.com")]
#[case("https://acme.example.com:8443/cb?tenant=a%20b")]
#[case("https://xn--bcher-kva.example/cb")]
#[case("https://[2001:db8::1]/cb")]
#[case("http://localhost:3000/callback")]
#[case("http://localhost:3000/callback/")]
#[case("http://127.0.0.1/callback")]
#[case("http://127.8.9.10:80/callback")]
#[case("http://[::1]:9000/cb")]
#[case("https://a.example/v1.2/..hidden/cb")]
fn a_web_client_may_register(#[case] uri: &str) {
    assert_eq!(web(uri).map(RegisteredRedirectUri::into_string).as_deref(), Ok(uri));
    assert!(native(uri).is_ok());
}

#[rstest]
#[case("myapp://callback")]
#[case("com.example.app:/oauth2redirect")]
#[case("com.example.app:cb?x=1")]
fn custom_schemes_are_for_native_clients(#[case] uri: &str) {
    assert!(native(uri).is_ok());
    assert_eq!(web(uri), Err(RedirectUriError::SchemeOfNativeClient));
}

#[rstest]
#[case("", RedirectUriError::Empty)]
#[case("/callback", RedirectUriError::NotAbsolute)]
#[case("//evil.example/cb", RedirectUriError::NotAbsolute)]
#[case("https:acme.example.com/cb", RedirectUriError::NotAbsolute)]
#[case("https:/acme.example.com/cb", RedirectUriError::NotAbsolute)]
#[case("https:///acme.example.com/cb", RedirectUriError::Host)]
#[case("https://", RedirectUriError::Host)]
#[case("HTTPS://acme.example.com/cb", RedirectUriError::NotAbsolute)]
#[case("MyApp://callback", RedirectUriError::NotAbsolute)]
#[case("https://ACME.example.com/cb", RedirectUriError::Host)]
#[case("https://a.example/cb#", RedirectUriError::Fragment)]
#[case("https://a.example/cb#x=y", RedirectUriError::Fragment)]
#[case("https://user@a.example/cb", RedirectUriError::UserInformation)]
#[case("https://a.example:443@evil.example/cb", RedirectUriError::UserInformation)]
#[case("https://a.example%40evil.example/cb", RedirectUriError::Host)]
#[case("myapp://user@callback", RedirectUriError::UserInformation)]
#[case("https://a.example\\@evil.example/cb", RedirectUriError::Character)]
#[case("https:\\\\evil.example", RedirectUriError::Character)]
#[case("https://a.example/%5c..", RedirectUriError::Encoding)]
#[case("https://a.example/%0d%0aSet-Cookie:x", RedirectUriError::Encoding)]
#[case("https://a.example/%00", RedirectUriError::Encoding)]
#[case("https://a.example/%zz", RedirectUriError::Encoding)]
#[case("https://a.example/cb%", RedirectUriError::Encoding)]
#[case("https://a.example/a b", RedirectUriError::Character)]
#[case("https://a.example/a\nb", RedirectUriError::Character)]
#[case(" https://a.example/cb", RedirectUriError::Character)]
#[case("https://bücher.example/cb", RedirectUriError::Character)]
#[case("https://a.example/<script>", RedirectUriError::Character)]
#[case("https://*.example.com/cb", RedirectUriError::Wildcard)]
#[case("https://a.example/*", RedirectUriError::Wildcard)]
#[case("https://a.example/../cb", RedirectUriError::DotSegment)]
#[case("https://a.example/x/..;/cb", RedirectUriError::DotSegment)]
#[case("https://a.example/x/..;a=b/cb", RedirectUriError::DotSegment)]
#[case("https://a.example/x/..%3b/cb", RedirectUriError::DotSegment)]
#[case("https://a.example/%2e%2E/cb", RedirectUriError::DotSegment)]
#[case("https://a.example/x%2f..%2Fcb", RedirectUriError::DotSegment)]
#[case("https://a.example/./cb", RedirectUriError::DotSegment)]
#[case("https://a.example:/cb", RedirectUriError::Port)]
#[case("https://a.example:0/cb", RedirectUriError::Port)]
#[case("https://a.example:65536/cb", RedirectUriError::Port)]
#[case("https://a.example:0443/cb", RedirectUriError::Port)]
#[case("https://a.example:+443/cb", RedirectUriError::Port)]
#[case("http://a.example/cb", RedirectUriError::InsecureHttp)]
#[case("http://localhost.evil.example/cb", RedirectUriError::InsecureHttp)]
#[case("http://127.0.0.1.evil.example/cb", RedirectUriError::InsecureHttp)]
#[case("http://10.0.0.1/cb", RedirectUriError::InsecureHttp)]
#[case("http://0x7f.1/cb", RedirectUriError::Host)]
#[case("http://2130706433/cb", RedirectUriError::Host)]
#[case("http://127.1/cb", RedirectUriError::Host)]
#[case("http://[::ffff:127.0.0.1]/cb", RedirectUriError::Host)]
#[case("http://[0:0::1]/cb", RedirectUriError::Host)]
#[case("https://a.example/cb?iss=https://evil.example", RedirectUriError::ResponseParameter)]
#[case("https://a.example/cb?x=1&st%61te=2", RedirectUriError::ResponseParameter)]
#[case("https://a.example/cb?code", RedirectUriError::ResponseParameter)]
#[case("javascript:alert(1)", RedirectUriError::Scheme)]
#[case("JavaScript:alert(1)", RedirectUriError::Scheme)]
#[case("java%73cript:alert(1)", RedirectUriError::NotAbsolute)]
#[case("data:text/html,x", RedirectUriError::Scheme)]
#[case("vbscript:x", RedirectUriError::Scheme)]
#[case("file:///etc/passwd", RedirectUriError::Scheme)]
#[case("blob:https://a.example/x", RedirectUriError::Scheme)]
#[case("urn:ietf:wg:oauth:2.0:oob", RedirectUriError::Scheme)]
fn nobody_may_register(#[case] uri: &str, #[case] problem: RedirectUriError) {
    assert_eq!(native(uri), Err(problem), "{uri}");
    assert!(web(uri).is_err(), "{uri}");
}

#[test]
fn a_uri_has_a_greatest_length() {
    let uri = format!("https://a.example/{}", "x".repeat(MAX_REDIRECT_URI_BYTES));
    assert_eq!(web(&uri), Err(RedirectUriError::TooLong));
}

#[rstest]
#[case("http://localhost:3000/callback/")]
#[case("http://localhost:3000/Callback")]
#[case("http://LOCALHOST:3000/callback")]
#[case("http://localhost:3001/callback")]
#[case("http://localhost:3000/callback?x=1")]
#[case("http://localhost:3000/callback#x")]
#[case("http://localhost:3000/%63allback")]
#[case("http://localhost:3000/x/../callback")]
#[case("http://localhost:3000/callback/..;/")]
#[case("http://localhost:3000//callback")]
#[case("http://localhost:3000\\callback")]
#[case("http://localhost:3000@evil.example/callback")]
#[case("http://user@localhost:3000/callback")]
#[case(" http://localhost:3000/callback")]
#[case("http://localhost:3000/callback\n")]
#[case("https://localhost:3000/callback")]
#[case("javascript:alert(1)//http://localhost:3000/callback")]
fn a_near_miss_is_a_miss(#[case] asked: &str) {
    for is_native in [false, true] {
        assert!(!matches("http://localhost:3000/callback", asked, is_native), "{asked}");
    }
    assert!(matches("http://localhost:3000/callback", "http://localhost:3000/callback", false));
}

#[rstest]
#[case("http://127.0.0.1/callback", "http://127.0.0.1:51004/callback", true)]
#[case("http://127.0.0.1:80/callback", "http://127.0.0.1:51004/callback", true)]
#[case("http://127.0.0.1:80/callback", "http://127.0.0.1/callback", true)]
#[case("http://[::1]/cb?x=1", "http://[::1]:65535/cb?x=1", true)]
#[case("http://127.0.0.1", "http://127.0.0.1:51004", true)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1:51004/other", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1:51004/callback/", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1:51004/callback#f", false)]
#[case("http://127.0.0.1/callback", "http://[::1]:51004/callback", false)]
#[case("http://127.0.0.1/callback", "http://localhost:51004/callback", false)]
#[case("http://127.0.0.1/callback", "https://127.0.0.1:51004/callback", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1:0/callback", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1:/callback", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1:99999/callback", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1:80@evil.example/callback", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1.evil.example/callback", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.1@evil.example/callback", false)]
#[case("http://127.0.0.1/callback", "http://127.0.0.12/callback", false)]
#[case("http://127.0.0.2/callback", "http://127.0.0.2:51004/callback", false)]
#[case("http://localhost/callback", "http://localhost:51004/callback", false)]
fn native_clients_have_the_port_of_loopback_literals_free(
    #[case] registered: &str,
    #[case] asked: &str,
    #[case] is_match: bool,
) {
    assert_eq!(matches(registered, asked, true), is_match, "{asked}");
    assert!(!matches(registered, asked, false), "{asked}");
}

#[rstest]
#[case("https://a.example/cb?x", Some("https://a.example"))]
#[case("https://a.example:443/cb", Some("https://a.example"))]
#[case("http://localhost:3000/callback", Some("http://localhost:3000"))]
#[case("http://[::1]:9/x", Some("http://[::1]:9"))]
#[case("myapp://callback", None)]
#[case("nonsense", None)]
fn an_origin_is_spelled_as_browsers_do(#[case] uri: &str, #[case] origin: Option<&str>) {
    assert_eq!(origin_of(uri).as_deref(), origin);
}

proptest! {
    #[test]
    fn any_text_is_taken_or_refused(uri in any::<String>()) {
        let _ = (web(&uri), native(&uri), origin_of(&uri));
    }

    #[test]
    fn what_is_registered_survives_a_parser_unchanged(tail in "[a-zA-Z0-9%./;?&=:@#\\\\*-]{0,24}") {
        let uri = format!("https://a.example{tail}");
        if web(&uri).is_ok() {
            let parsed = Url::parse(&uri).unwrap();
            prop_assert_eq!(parsed.scheme(), "https");
            prop_assert!(parsed.host_str().is_some_and(|host| host.starts_with("a.example")));
            prop_assert!(parsed.username().is_empty() && parsed.password().is_none() && parsed.fragment().is_none());
            let path = tail.find(['/', '?']).map_or("", |start| &tail[start..]);
            prop_assert!(parsed.as_str().ends_with(path), "{} became {}", uri, parsed);
        }
    }

    #[test]
    fn a_match_is_equality_but_for_a_loopback_port(asked in "(http|https)://(127\\.0\\.0\\.1|localhost|evil)[a-z0-9:@/.?#]{0,16}") {
        let registered = "http://127.0.0.1/cb";
        prop_assert_eq!(matches(registered, &asked, false), registered == asked);
        if matches(registered, &asked, true) {
            let parsed = Url::parse(&asked).unwrap();
            prop_assert_eq!(parsed.host_str(), Some("127.0.0.1"));
            prop_assert_eq!(parsed.path(), "/cb");
            prop_assert!(parsed.username().is_empty());
        }
    }
}
