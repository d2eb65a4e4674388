//! The logos of clients: fetched in the background, redrawn, and shown from our own origin (PROTOCOL.md section 7).

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use palatine_e2e::{
    Answer, App, Backend, ClientSite, Endpoint, Page, RealmUnderTest, World, eventually, minutes, on_every_backend,
    on_sqlite, realms, seconds,
};
use reqwest::Method;
use serde_json::{Value, json};

const CALLBACK: &str = "https://new.example.com/callback";
const RED: [u8; 3] = [200, 0, 0];
const BLUE: [u8; 3] = [0, 0, 200];

/// A picture of one colour.
pub(crate) fn picture(format: ImageFormat, (width, height): (u32, u32), colour: [u8; 3]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb(colour)).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Where a page shows the logo of a client.
pub(crate) fn logo_on(page: &Page) -> Option<String> {
    page.attributes("img.client-logo", "src").pop()
}

/// The realm of this name, which anybody may register at.
async fn open_realm(world: &World, slug: &str) -> RealmUnderTest {
    let document = if slug == "alpha" { realms::alpha() } else { realms::beta() };
    world.apply(&realms::changed(&document, "policy:\n", "policy:\n  registration: open\n")).await;
    world.realm(slug)
}

async fn registers(realm: &RealmUnderTest, logo_uri: &str) -> Value {
    let metadata = json!({"client_name": "New shop", "redirect_uris": [CALLBACK], "logo_uri": logo_uri});
    let request = realm.wire().request(Method::POST, &realm.url(Endpoint::Registration)).json(&metadata);
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.json()["logo_uri"], logo_uri);
    answer.json()
}

/// Has a client change its registration: to this logo, or to none.
async fn changes(realm: &RealmUnderTest, client: &Value, logo_uri: Option<&str>) -> Value {
    let text = |member: &str| client[member].as_str().unwrap();
    let mut metadata = json!({
        "client_id": client["client_id"],
        "client_name": "New shop",
        "redirect_uris": [CALLBACK],
    });
    if let Some(uri) = logo_uri {
        metadata["logo_uri"] = uri.into();
    }
    let request = realm.wire().request(Method::PUT, text("registration_client_uri"));
    Answer::of(request.bearer_auth(text("registration_access_token")).json(&metadata)).await.success()
}

fn app(realm: &RealmUnderTest, client: &Value) -> App {
    realm.app(client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap_or_default(), CALLBACK)
}

async fn login_page(realm: &RealmUnderTest, client: &Value) -> Page {
    let visit = realm.browser().open(&app(realm, client).ask().url()).await;
    visit.page().clone()
}

/// Size and first colour of the picture at a path.
async fn seen(realm: &RealmUnderTest, path: &str) -> ((u32, u32), [u8; 3]) {
    let answer = realm.wire().request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(header("cache-control"), "private, max-age=300");
    let png = image::load_from_memory_with_format(&answer.bytes().await.unwrap(), ImageFormat::Png).unwrap().to_rgb8();
    (png.dimensions(), png.get_pixel(0, 0).0)
}

on_every_backend! {
    async fn a_registered_logo_is_fetched_redrawn_and_shown_where_people_decide(world) {
        let (realm, site) = (open_realm(world, "alpha").await, ClientSite::open().await);
        site.serves("/logo.png", 200, "image/png", &picture(ImageFormat::Png, (300, 150), RED));
        let client = registers(&realm, &site.url("/logo.png")).await;
        assert_eq!(logo_on(&login_page(&realm, &client).await), None, "nothing was fetched yet");
        assert_eq!(site.times_asked("/logo.png"), 0, "who registers does not wait for it");
        assert_eq!(world.node().fetch_logos().await, 1);
        let (mut browser, ask) = (realm.browser(), app(&realm, &client).ask().scope("openid profile"));
        let visit = browser.open(&ask.url()).await;
        let path = logo_on(visit.page()).unwrap();
        assert!(path.starts_with("/realms/alpha/clients/"), "{path}");
        assert!(visit.last().header("content-security-policy").unwrap().contains("img-src 'self'"));
        assert_eq!(seen(&realm, &path).await, ((128, 64), RED));
        let consent = browser.sign_in_if_asked(visit, &realm.ada()).await;
        assert!(consent.page().form().has_button("accept"));
        assert_eq!(logo_on(consent.page()).as_ref(), Some(&path));
        browser.consent_if_asked(consent).await;
        let applications = browser.open(&realm.account("/applications")).await;
        assert_eq!(logo_on(applications.page()).as_ref(), Some(&path));
        assert_eq!(world.node().fetch_logos().await, 0);
        assert_eq!(site.times_asked("/logo.png"), 1);
    }

    async fn another_logo_replaces_it_and_none_removes_it(world) {
        let (realm, site) = (open_realm(world, "alpha").await, ClientSite::open().await);
        site.serves("/red", 200, "image/jpeg", &picture(ImageFormat::Jpeg, (64, 64), RED));
        site.serves("/blue", 200, "image/webp; x=y", &picture(ImageFormat::WebP, (64, 64), BLUE));
        let client = registers(&realm, &site.url("/red")).await;
        assert_eq!(world.node().fetch_logos().await, 1);
        let red = logo_on(&login_page(&realm, &client).await).unwrap();
        assert!(seen(&realm, &red).await.1[0] > 150);
        let changed = changes(&realm, &client, Some(&site.url("/blue"))).await;
        assert_eq!(logo_on(&login_page(&realm, &client).await), None, "the old one is not its logo any more");
        world.pass(minutes(1));
        assert_eq!(world.node().fetch_logos().await, 1);
        let blue = logo_on(&login_page(&realm, &client).await).unwrap();
        assert_ne!(red, blue, "another address, so that no browser shows what it kept");
        assert_eq!(seen(&realm, &blue).await, ((64, 64), BLUE));
        changes(&realm, &changed, None).await;
        assert_eq!(logo_on(&login_page(&realm, &client).await), None);
        let answer = realm.wire().get(&blue).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""));
    }

    async fn one_realm_s_logos_are_not_in_another(world) {
        let (alpha, beta) = (open_realm(world, "alpha").await, open_realm(world, "beta").await);
        let site = ClientSite::open().await;
        site.serves("/logo", 200, "image/png", &picture(ImageFormat::Png, (8, 8), RED));
        let client = registers(&alpha, &site.url("/logo")).await;
        assert_eq!(world.node().fetch_logos().await, 1);
        let path = logo_on(&login_page(&alpha, &client).await).unwrap();
        assert_eq!(seen(&alpha, &path).await, ((8, 8), RED));
        let answer = beta.wire().get(&path.replace("/alpha/", "/beta/")).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, ""));
    }
}

on_sqlite! {
    async fn what_is_no_small_picture_of_a_public_place_is_not_shown_and_changes_nothing_else(world) {
        let (realm, site) = (open_realm(world, "alpha").await, ClientSite::open().await);
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        let png = picture(ImageFormat::Png, (8, 8), RED);
        site.serves("/svg", 200, "image/svg+xml", svg);
        site.serves("/svg.png", 200, "image/png", svg);
        site.serves("/text.png", 200, "image/png", b"not a picture");
        site.serves("/wide.png", 200, "image/png", &picture(ImageFormat::Png, (4_000, 8), RED));
        site.serves("/heavy.png", 200, "image/png", &[png.clone(), vec![0; 300 * 1024]].concat());
        site.serves("/moved.png", 302, "image/png", &png);
        site.serves("/untyped.png", 200, "application/octet-stream", &png);
        let mut uris: Vec<String> = ["/svg", "/svg.png", "/text.png", "/wide.png", "/heavy.png", "/moved.png", "/untyped.png"]
            .map(|path| site.url(path))
            .into();
        uris.extend(["https://10.0.0.1/logo.png", "https://169.254.169.254/logo.png"].map(str::to_owned));
        let mut clients = Vec::new();
        for uri in &uris {
            clients.push(registers(&realm, uri).await);
        }
        assert_eq!(world.node().fetch_logos().await, 0);
        for (client, uri) in clients.iter().zip(&uris) {
            let page = login_page(&realm, client).await;
            assert!(page.text().contains("New shop"), "{uri}");
            assert!(!page.html.contains("<img"), "{uri}");
        }
        app(&realm, &clients[0]).sign_in_for(&mut realm.browser(), &realm.ada(), "openid").await;
        for path in ["/svg", "/moved.png", "/heavy.png"] {
            assert_eq!(site.times_asked(path), 1, "{path}");
        }
    }

    async fn a_failure_is_tried_again_a_few_times_until_the_client_names_another_place(world) {
        let (realm, site) = (open_realm(world, "alpha").await, ClientSite::open().await);
        let client = registers(&realm, &site.url("/late")).await;
        for attempt in 1..=7_usize {
            assert_eq!(world.node().fetch_logos().await, 0);
            assert_eq!(world.node().fetch_logos().await, 0, "not at once");
            assert_eq!(site.times_asked("/late"), attempt.min(5));
            world.pass(minutes(6 * 60));
        }
        let red = picture(ImageFormat::Png, (8, 8), RED);
        site.serves("/late", 200, "image/png", &red);
        site.serves("/other", 200, "image/png", &red);
        assert_eq!(world.node().fetch_logos().await, 0, "it was given up");
        changes(&realm, &client, Some(&site.url("/other"))).await;
        assert_eq!(world.node().fetch_logos().await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_fetches_by_itself() {
    let builder = World::builder(Backend::Sqlite).realm(realms::alpha());
    let mut world = builder.configure(|config| config.jobs.client_logos_seconds = 1).start().await;
    let (realm, site) = (open_realm(&world, "alpha").await, ClientSite::open().await);
    site.serves("/logo", 200, "image/png", &picture(ImageFormat::Png, (8, 8), RED));
    let client = registers(&realm, &site.url("/logo")).await;
    let shown = async || logo_on(&login_page(&realm, &client).await).is_some();
    eventually("the logo is shown", seconds(20), shown).await;
    world.stop().await;
}
