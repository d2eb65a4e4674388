//! What holds for every page, whatever text is in it.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail by panicking")]

mod samples;

use std::collections::HashSet;

use palatine_pages::views::{BackLink, LoginPage, LoginProblem, LogoutFramesPage, SignedOutPage};
use palatine_pages::{Branding, Locale, PageContext, Theme, static_asset};
use samples::{HOSTILE, Sample};
use scraper::{ElementRef, Html, Selector};

const NONCE: &str = "c2FtcGxlLW5vbmNl";

fn select<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    document.select(&Selector::parse(selector).unwrap()).collect()
}

fn each(check: impl Fn(&str, &Html, &str)) {
    let samples = samples::all("/id", Theme::Automatic);
    assert!(samples.len() > 60);
    for Sample { name, html } in samples {
        check(&name, &Html::parse_document(&html), &html);
    }
}

#[test]
fn every_page_names_its_language_its_title_and_one_heading() {
    each(|name, document, _| {
        let root = document.root_element();
        assert!(["en", "de"].contains(&root.attr("lang").unwrap()), "{name}");
        assert_eq!(root.attr("dir"), Some("ltr"), "{name}");
        let title: String = select(document, "head > title")[0].text().collect();
        assert!(!title.trim().is_empty(), "{name}");
        if !name.starts_with("form_post") {
            assert_eq!(select(document, "h1").len(), 1, "{name}");
            assert_eq!(select(document, "main").len(), 1, "{name}");
            assert_eq!(select(document, "header").len(), 1, "{name}");
        }
    });
}

#[test]
fn text_from_outside_is_never_markup() {
    each(|name, document, html| {
        assert!(!html.contains("<script>alert"), "{name}");
        assert!(select(document, "img").iter().all(|e| e.attr("src") != Some("x")), "{name}");
        let scripts = select(document, "script").len();
        assert_eq!(scripts, 1, "{name}");
    });
    let hostile = samples::all("/id", Theme::Automatic).into_iter().filter(|s| s.name.ends_with("-hostile"));
    for Sample { name, html } in hostile {
        let document = Html::parse_document(&html);
        let texts: String = document.root_element().text().collect();
        let values: String = select(&document, "[value]").iter().filter_map(|e| e.attr("value")).collect();
        let cut: String = HOSTILE.chars().take(40).collect();
        assert!(texts.contains(&cut) || values.contains(HOSTILE), "{name} shows the text as it is");
    }
}

#[test]
fn no_page_needs_inline_script_or_style_without_the_nonce() {
    each(|name, document, _| {
        for element in select(document, "*") {
            for (attribute, value) in element.value().attrs() {
                assert!(!attribute.starts_with("on"), "{name}: {attribute}");
                assert_ne!(attribute, "style", "{name}");
                assert!(!value.trim_start().to_ascii_lowercase().starts_with("javascript:"), "{name}");
            }
        }
        for element in select(document, "script, style") {
            assert_eq!(element.attr("nonce"), Some(NONCE), "{name}");
        }
    });
}

#[test]
fn every_field_has_a_label_and_every_reference_an_end() {
    each(|name, document, _| {
        let ids: Vec<&str> = select(document, "[id]").iter().filter_map(|e| e.attr("id")).collect();
        let unique: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id stands twice");
        for field in select(document, "input:not([type=hidden]), select, textarea") {
            let id = field.attr("id").unwrap();
            assert_eq!(select(document, &format!("label[for=\"{id}\"]")).len(), 1, "{name}: {id}");
        }
        for attribute in ["for", "aria-describedby", "aria-labelledby", "aria-controls"] {
            for element in select(document, &format!("[{attribute}]")) {
                for id in element.attr(attribute).unwrap().split_ascii_whitespace() {
                    assert!(unique.contains(id), "{name}: {attribute} {id}");
                }
            }
        }
        for anchor in select(document, "a[href^='#']") {
            assert!(unique.contains(anchor.attr("href").unwrap().trim_start_matches('#')), "{name}");
        }
        for button in select(document, "button[type=submit], a") {
            assert!(!button.text().collect::<String>().trim().is_empty(), "{name}: a button without words");
        }
    });
}

/// But the frames of applications after sign-out, which the policy names.
#[test]
fn nothing_is_loaded_from_another_origin() {
    each(|name, document, _| {
        for element in select(document, "[src]:not(iframe[hidden]), link[href]") {
            let url = element.attr("src").or(element.attr("href")).unwrap();
            let file = url.strip_prefix("/id/static/");
            let is_asset = file.is_some_and(|file| static_asset(file).is_some());
            let is_logo = element.value().name() == "img" && url == samples::LOGO;
            let is_the_realms = url.starts_with("/realms/acme/pictures/");
            assert!(is_asset || is_logo || is_the_realms, "{name}: {url}");
        }
    });
}

#[test]
fn a_password_is_never_sent_to_the_browser() {
    each(|name, document, _| {
        for field in select(document, "input[type=password]") {
            assert_eq!(field.attr("value"), None, "{name}");
            assert!(matches!(field.attr("autocomplete"), Some("current-password" | "new-password")), "{name}");
        }
    });
}

#[test]
fn the_first_view_is_under_30_kilobytes() {
    let texts = samples::texts().swap_remove(0);
    let ctx = samples::context(Branding::new(&texts.realm), "", Theme::Automatic);
    let html = samples::login(&ctx, &texts).render();
    let assets: usize =
        ["app.css", "app.js", "favicon.svg"].iter().map(|name| static_asset(name).unwrap().bytes.len()).sum();
    assert!(html.len() + assets < 30_000, "{} + {assets}", html.len());
}

fn with_login(change: impl for<'a> Fn(LoginPage<'a>) -> LoginPage<'a>) -> Html {
    let texts = samples::texts().swap_remove(0);
    let ctx = samples::context(Branding::new(&texts.realm), "", Theme::Automatic);
    Html::parse_document(&change(samples::login(&ctx, &texts)).render())
}

#[test]
fn the_sign_in_form_has_the_agreed_names_and_words() {
    let document = with_login(|page| page);
    assert_eq!(select(&document, "title")[0].inner_html(), "Sign in to Acme");
    assert_eq!(select(&document, "h1")[0].inner_html(), "Sign in to Acme");
    assert_eq!(select(&document, "form[method=post][action='/realms/acme/login/4f1c']").len(), 1);
    for field in
        ["#username[name=username][autocomplete=username]", "#password[name=password]", "[name=csrf][value=c3Jm]"]
    {
        assert_eq!(select(&document, field).len(), 1, "{field}");
    }
    assert_eq!(select(&document, "button[type=submit][name=login]").len(), 1);
    assert_eq!(select(&document, ".summary").len(), 0);
    assert!(select(&document, "a").is_empty(), "no link leads to a page that does not exist");
}

#[test]
fn after_wrong_credentials_the_identifier_stays_and_the_summary_takes_focus() {
    let document =
        with_login(|page| LoginPage { identifier: "jo\"hn", problem: Some(LoginProblem::WrongCredentials), ..page });
    assert_eq!(select(&document, "#username")[0].attr("value"), Some("jo\"hn"));
    let focused = select(&document, "[autofocus]");
    assert_eq!(focused.len(), 1);
    assert_eq!((focused[0].attr("class"), focused[0].attr("tabindex")), (Some("summary"), Some("-1")));
    for field in ["#username", "#password"] {
        let field = select(&document, field)[0];
        assert_eq!(
            (field.attr("aria-invalid"), field.attr("aria-describedby")),
            (Some("true"), Some("password-error"))
        );
    }
}

#[test]
fn the_first_empty_field_takes_focus() {
    let fresh = with_login(|page| page);
    assert_eq!(select(&fresh, "[autofocus]")[0].attr("id"), Some("username"));
    let hinted = with_login(|page| LoginPage { identifier: "john", ..page });
    assert_eq!(select(&hinted, "[autofocus]")[0].attr("id"), Some("password"));
}

#[test]
fn only_optional_scopes_have_a_box() {
    let samples = samples::all("", Theme::Automatic);
    let html = &samples.iter().find(|s| s.name == "consent-plain").unwrap().html;
    let document = Html::parse_document(html);
    let boxes: Vec<_> = select(&document, "input[name=scope]")
        .iter()
        .map(|e| (e.attr("value").unwrap(), e.attr("checked").is_some()))
        .collect();
    assert_eq!(boxes, [("profile", true), ("email", false), ("offline_access", true), ("john@acme.com", true)]);
    assert_eq!(select(&document, "button[name=accept]").len(), 1);
    assert_eq!(select(&document, "button[name=cancel]").len(), 1);
    assert!(html.contains("Know who you are") && html.contains("See your invoices"));
}

#[test]
fn a_link_that_would_run_something_is_not_shown() {
    let ctx = samples::context(Branding::platform(), "", Theme::Automatic);
    for url in ["javascript:alert(1)", "data:text/html,x", "//evil.example"] {
        let html = SignedOutPage { ctx: &ctx, back: Some(BackLink { application: "Shop", url }) }.render();
        assert!(select(&Html::parse_document(&html), "a").is_empty(), "{url}");
        let html = LogoutFramesPage { ctx: &ctx, frames: &[], after: Some(url) }.render();
        assert!(select(&Html::parse_document(&html), "a").is_empty(), "{url}");
    }
}

#[test]
fn the_page_after_sign_out_holds_a_hidden_frame_for_each_application_and_a_way_on() {
    let ctx = samples::context(Branding::platform(), "", Theme::Automatic);
    let frames = ["https://a.example/out?iss=x&sid=y", "https://b.example/out"].map(str::to_owned);
    let after = "https://a.example/bye?state=s";
    let document = Html::parse_document(&LogoutFramesPage { ctx: &ctx, frames: &frames, after: Some(after) }.render());
    let shown = select(&document, "iframe[hidden]");
    assert_eq!(shown.iter().filter_map(|frame| frame.attr("src")).collect::<Vec<_>>(), frames);
    let ways = select(&document, "a[data-continue]");
    assert_eq!(ways.iter().filter_map(|link| link.attr("href")).collect::<Vec<_>>(), [after]);
    let alone = LogoutFramesPage { ctx: &ctx, frames: &frames, after: None }.render();
    assert!(select(&Html::parse_document(&alone), "a").is_empty());
}

#[test]
fn a_page_speaks_the_language_of_its_request() {
    let texts = samples::texts().swap_remove(0);
    let ctx = samples::context(Branding::new("Acme"), "", Theme::Dark);
    let ctx = PageContext { locale: Locale::negotiate(None, Some("de-AT, en;q=0.5")), ..ctx };
    let document = Html::parse_document(&samples::login(&ctx, &texts).render());
    assert_eq!(select(&document, "title")[0].inner_html(), "Bei Acme anmelden");
    assert_eq!(document.root_element().attr("lang"), Some("de"));
    assert_eq!(document.root_element().attr("data-theme"), Some("dark"));
}

/// A hash changes with each change of a file; what stands around it should not.
fn without_hashes(html: &str) -> String {
    let mut text = html.to_owned();
    for name in ["app.css", "app.js", "favicon.svg"] {
        text = text.replace(&palatine_pages::asset_path(name), &format!("/static/{name}"));
    }
    text
}

#[test]
fn the_error_page_looks_as_it_did() {
    let samples = samples::all("", Theme::Automatic);
    for name in ["error-plain", "error-hostile", "error-too_many_requests"] {
        let sample = samples.iter().find(|s| s.name == name).unwrap();
        insta::assert_snapshot!(name, without_hashes(&sample.html));
    }
}

#[test]
fn the_form_post_page_looks_as_it_did() {
    let samples = samples::all("", Theme::Automatic);
    for name in ["form_post-plain", "form_post-hostile"] {
        let sample = samples.iter().find(|s| s.name == name).unwrap();
        insta::assert_snapshot!(name, sample.html);
    }
}
