//! Pictures of a realm's pages.

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use palatine_domain::audit::AuditKind;
use palatine_e2e::{Admin, Answer};
use reqwest::Method;

use super::described::assert_problem;
use super::on_both;

const LOGO: &str = "/realms/alpha/branding/pictures/logo";

fn drawn(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let picture = DynamicImage::from(RgbaImage::from_pixel(width, height, Rgba([200, 30, 60, 255])));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.to_rgb8().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn put(admin: &Admin, path: &str, media_type: &str, bytes: Vec<u8>, if_match: Option<&str>) -> Answer {
    admin.ask_with(Method::PUT, path, Some((media_type, bytes)), if_match).await
}

on_both! {
    async fn a_realms_pictures_are_written_anew_and_shown_on_its_pages_alone(world) {
        let alpha = world.alpha();
        let boss = Admin::service(&alpha, "boss").await;
        let mut browser = alpha.browser();
        let plain = browser.open(&alpha.web_app().ask().url()).await.page().html.clone();
        assert!(!plain.contains("/pictures/") && plain.contains("image/svg+xml"), "{plain}");
        for (kind, format, media_type) in [
            ("logo", ImageFormat::WebP, "image/webp"),
            ("background", ImageFormat::Jpeg, "image/jpeg"),
            ("favicon", ImageFormat::Png, "image/png"),
        ] {
            let path = format!("/realms/alpha/branding/pictures/{kind}");
            let answer = put(&boss, &path, media_type, drawn(format, 1_400, 700), Some("*")).await;
            let told = answer.success();
            let kept = if kind == "background" { "image/jpeg" } else { "image/png" };
            assert_eq!((told["kind"].as_str(), told["media_type"].as_str()), (Some(kind), Some(kept)));
            assert!(told["size"].as_u64().unwrap() <= 256 * 1024);
            let shown = alpha.wire().get(told["path"].as_str().unwrap()).await;
            assert_eq!((shown.status, shown.header("content-type")), (200, Some(kept)));
            assert_eq!(shown.header("content-security-policy"), Some("sandbox; default-src 'none'"));
            assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
        }
        let page = alpha.browser().open(&alpha.web_app().ask().url()).await.page().html.clone();
        for shown in [
            r#"class="logo" src="/realms/alpha/pictures/logo?v="#,
            r#"rel="icon" href="/realms/alpha/pictures/favicon?v="#,
            r#"class="narrow pictured""#,
            "--brand-picture:url(/realms/alpha/pictures/background?v=",
        ] {
            assert!(page.contains(shown), "{shown} in {page}");
        }
        let beta = world.beta();
        assert!(!beta.browser().open(&beta.web_app().ask().url()).await.page().html.contains("/pictures/"));
        assert_eq!(beta.wire().get("/realms/beta/pictures/logo").await.status, 404);
        assert_eq!(beta.wire().get("/realms/beta/pictures/none").await.status, 404);
        let listed = boss.get("/realms/alpha/branding/pictures").await.success();
        assert_eq!(listed["items"].as_array().unwrap().len(), 3);
        assert_eq!(world.audit("alpha", AuditKind::ConfigurationChanged).await.len(), 3);

        assert_eq!(boss.delete(LOGO).await.status, 204);
        assert_problem(&boss.get(LOGO).await, 404, "not-found", "it is gone");
        assert!(!alpha.browser().open(&alpha.web_app().ask().url()).await.page().html.contains("pictures/logo"));
    }

    async fn who_puts_a_picture_says_which_one_it_replaces(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let png = || drawn(ImageFormat::Png, 40, 20);
        assert_problem(&put(&boss, LOGO, "image/png", png(), None).await, 428, "precondition-required", "no If-Match");
        let first = put(&boss, LOGO, "image/png", png(), Some("*")).await;
        let version = first.header("etag").unwrap().to_owned();
        let second = put(&boss, LOGO, "image/png", drawn(ImageFormat::Png, 60, 20), Some(&version)).await;
        assert_ne!(second.header("etag"), Some(version.as_str()));
        let late = put(&boss, LOGO, "image/png", png(), Some(&version)).await;
        assert_problem(&late, 412, "precondition-failed", "it has changed");
    }

    async fn what_is_no_picture_or_too_large_is_refused(world) {
        let boss = Admin::service(&world.alpha(), "boss").await;
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
        for (media_type, bytes, status, word) in [
            ("image/svg+xml", svg.clone(), 415, "unsupported-media-type"),
            ("application/json", b"{}".to_vec(), 415, "unsupported-media-type"),
            ("image/png", svg, 422, "invalid"),
            ("image/png", Vec::new(), 422, "invalid"),
            ("image/jpeg", drawn(ImageFormat::Png, 8, 8), 422, "invalid"),
            ("image/png", drawn(ImageFormat::Png, 2_049, 8), 422, "invalid"),
            ("image/png", vec![0; 2 * 1024 * 1024 + 1], 413, "too-large"),
        ] {
            assert_problem(&put(&boss, LOGO, media_type, bytes, Some("*")).await, status, word, media_type);
        }
        let nowhere = put(&boss, "/realms/alpha/branding/pictures/banner", "image/png", drawn(ImageFormat::Png, 8, 8), Some("*"));
        assert_problem(&nowhere.await, 404, "not-found", "no such kind");
        assert!(boss.get("/realms/alpha/branding/pictures").await.success()["items"].as_array().unwrap().is_empty());
    }
}
