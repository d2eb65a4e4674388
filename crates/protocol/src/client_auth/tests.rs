use super::*;
use proptest::prelude::*;
use rstest::rstest;

fn basic(credentials: &str) -> String {
    format!("Basic {}", BASE64.encode(credentials))
}

fn candidates(credentials: &str) -> Vec<(String, String)> {
    let parsed = BasicCredentials::parse(&basic(credentials)).unwrap();
    parsed.candidates().map(|(id, secret)| (id, secret.expose().to_owned())).collect()
}

fn read(authorization: Option<&str>, body: &str) -> Result<PresentedCredentials, OAuthError> {
    PresentedCredentials::read(authorization, &Params::parse(body.as_bytes()).unwrap())
}

#[rstest]
#[case("app:secret", &[("app", "secret")])]
#[case("app:a:b:c", &[("app", "a:b:c")])]
#[case("app:", &[("app", "")])]
#[case("app:a+b", &[("app", "a b"), ("app", "a+b")])]
#[case("app:100%25", &[("app", "100%"), ("app", "100%25")])]
#[case("app:50%", &[("app", "50%")])]
#[case("a%3Ab:s", &[("a:b", "s"), ("a%3Ab", "s")])]
#[case("b%C3%BC:p%C3%A4", &[("bü", "pä"), ("bü", "p%C3%A4"), ("b%C3%BC", "pä"), ("b%C3%BC", "p%C3%A4")])]
#[case("bü:pä", &[("bü", "pä")])]
#[case("app:%ff", &[("app", "%ff")])]
#[case("app%00:%00", &[("app%00", "%00")])]
fn each_half_is_read_decoded_then_raw(#[case] credentials: &str, #[case] expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|&(id, secret)| (id.to_owned(), secret.to_owned())).collect();
    assert_eq!(candidates(credentials), expected);
}

#[test]
fn padding_and_case_of_the_scheme_do_not_matter() {
    for header in ["Basic YTpi", "basic YTpiYw==", "BASIC YTpiYw", "Basic  YTpi "] {
        assert!(BasicCredentials::parse(header).is_ok(), "{header}");
    }
}

#[rstest]
#[case("Bearer abc", BasicProblem::NotBasic)]
#[case("BasicYTpi", BasicProblem::NotBasic)]
#[case("", BasicProblem::NotBasic)]
#[case("Basic", BasicProblem::NoColon)]
#[case("Basic !!!", BasicProblem::NotBase64)]
#[case("Basic a-_b", BasicProblem::NotBase64)]
#[case("Basic YTpi YTpi", BasicProblem::NotBase64)]
#[case("Basic /////w==", BasicProblem::NotUtf8)]
#[case("Basic YWJj", BasicProblem::NoColon)]
#[case("Basic OnNlY3JldA==", BasicProblem::NoClientId)]
#[case("Basic YTpiAGM=", BasicProblem::ControlCharacter)]
fn a_broken_header_is_an_invalid_client(#[case] header: &str, #[case] problem: BasicProblem) {
    assert_eq!(BasicCredentials::parse(header).unwrap_err(), problem);
    assert_eq!(read(Some(header), "").unwrap_err().code, ErrorCode::InvalidClient);
}

#[test]
fn a_header_of_any_length_is_refused_before_it_is_decoded() {
    let header = basic(&format!("a:{}", "x".repeat(MAX_BASIC_BYTES)));
    assert_eq!(BasicCredentials::parse(&header).unwrap_err(), BasicProblem::TooLong);
}

#[test]
fn the_body_tells_public_post_and_assertion_apart() {
    assert!(matches!(read(None, "grant_type=x").unwrap(), PresentedCredentials::None));
    assert!(matches!(read(None, "client_id=a&client_secret=").unwrap(),
        PresentedCredentials::Public { client_id } if client_id == "a"));
    assert!(matches!(read(None, "client_id=a&client_secret=b+c").unwrap(),
        PresentedCredentials::Post { secret, .. } if secret.expose() == "b c"));
    assert!(matches!(
        read(None, "client_assertion=x&client_assertion_type=t").unwrap(),
        PresentedCredentials::Assertion { client_id: None, .. }
    ));
}

#[test]
fn two_methods_at_once_are_an_invalid_request() {
    let header = basic("a:b");
    let assertion = "client_assertion=x&client_assertion_type=t";
    for (authorization, body) in [
        (Some(header.as_str()), "client_id=a&client_secret=b"),
        (Some(header.as_str()), assertion),
        (None, &format!("client_id=a&client_secret=b&{assertion}")),
    ] {
        assert_eq!(read(authorization, body).unwrap_err().code, ErrorCode::InvalidRequest, "{body}");
    }
}

#[rstest]
#[case("client_secret=b")]
#[case("client_id=a&client_id=a")]
#[case("client_id=a&client_secret=b&client_secret=b")]
#[case("client_id=a&client_assertion=x")]
#[case("client_id=a&client_assertion_type=x")]
fn incomplete_or_repeated_credentials_are_an_invalid_request(#[case] body: &str) {
    assert_eq!(read(None, body).unwrap_err().code, ErrorCode::InvalidRequest);
}

#[test]
fn client_id_beside_basic_must_be_one_of_its_readings() {
    let header = basic("a%2Bb:s");
    for (body, expected) in [("client_id=a%2Bb", "a+b"), ("client_id=a%252Bb", "a%2Bb")] {
        let PresentedCredentials::Basic(credentials) = read(Some(&header), body).unwrap() else { panic!("{body}") };
        assert_eq!(credentials.candidates().map(|(id, _)| id).collect::<Vec<_>>(), [expected]);
    }
    assert_eq!(read(Some(&header), "client_id=other").unwrap_err().code, ErrorCode::InvalidRequest);
}

#[test]
fn no_credential_is_printed() {
    let header = basic("app:canary");
    let shown = format!("{:?} {:?}", read(Some(&header), ""), read(None, "client_id=a&client_secret=canary"));
    assert!(!shown.contains("canary"));
}

#[test]
fn a_challenge_cannot_be_broken_out_of() {
    assert_eq!(basic_challenge("dev"), "Basic realm=\"dev\", charset=\"UTF-8\"");
    assert_eq!(basic_challenge("a\"\r\n"), "Basic realm=\"a'??\", charset=\"UTF-8\"");
}

proptest! {
    #[test]
    fn any_header_is_read_or_refused(header in any::<String>(), raw in any::<Vec<u8>>()) {
        let _ = BasicCredentials::parse(&header);
        if let Ok(credentials) = BasicCredentials::parse(&format!("Basic {}", BASE64.encode(raw))) {
            prop_assert!((1..=4).contains(&credentials.candidates().count()));
        }
    }

    #[test]
    fn what_a_client_encodes_is_among_the_candidates(id in "[^\0-\x1f\x7f-\u{9f}:]{1,12}", secret in "[^\0-\x1f\x7f-\u{9f}]{0,12}") {
        let mut encoded = String::new();
        crate::encoding::percent_encode(&id, &mut encoded);
        encoded.push(':');
        crate::encoding::percent_encode(&secret, &mut encoded);
        prop_assert!(candidates(&encoded).contains(&(id.clone(), secret.clone())));
        let raw = format!("{id}:{secret}");
        prop_assert!(candidates(&raw).contains(&(id, secret)));
    }
}

#[test]
fn clients_are_named_whatever_is_wrong_with_their_credentials() {
    let named = |headers: &[&str], body: &str| {
        let headers: Vec<String> = headers.iter().map(|credentials| basic(credentials)).collect();
        named_clients(headers.iter().map(String::as_str), &Params::parse(body.as_bytes()).unwrap())
    };
    assert_eq!(named(&["app:secret"], "client_id=app&client_secret=x"), ["app"]);
    assert_eq!(named(&["app:secret"], "client_id=other&client_id=app"), ["app", "other"]);
    assert_eq!(named(&["a%3Ab:s", "app:"], ""), ["a:b", "a%3Ab", "app"]);
    assert_eq!(named(&["no colon"], "client_id=&client_secret=x"), [""; 0]);
    assert_eq!(named(&[], "client_id=1&client_id=2&client_id=3&client_id=4&client_id=5").len(), MAX_NAMED_CLIENTS);
}
