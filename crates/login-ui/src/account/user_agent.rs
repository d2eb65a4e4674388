//! A browser and its system in plain words, out of a `User-Agent`: for people who look through their sessions. Anybody
//! can send any text; nothing is decided by it.

/// The product names of browsers, by the first token found. The order matters: Edge says that it is Chrome too, and
/// Chrome that it is Safari.
const BROWSERS: [(&str, &str); 16] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("curl/", "curl"),
];

/// The systems, by the first token found. An iPhone says that it is like Mac OS X, and Android that it is Linux.
const SYSTEMS: [(&str, &str); 9] = [
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// The browser's product name.
pub(super) fn browser(user_agent: &str) -> Option<&'static str> {
    first(&BROWSERS, user_agent)
}

/// The system's product name.
pub(super) fn system(user_agent: &str) -> Option<&'static str> {
    first(&SYSTEMS, user_agent)
}

fn first(known: &[(&str, &'static str)], user_agent: &str) -> Option<&'static str> {
    known.iter().find(|(token, _)| user_agent.contains(token)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";

    #[test]
    fn the_usual_browsers_are_told_apart_on_the_usual_systems() {
        let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)";
        let mobile_kit = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
        for (user_agent, expected_browser, expected_system) in [
            (format!("{windows} {KIT} Chrome/140.0.0.0 Safari/537.36"), "Chrome", "Windows"),
            (format!("{windows} {KIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"), "Edge", "Windows"),
            (format!("{windows} {KIT} Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0"), "Opera", "Windows"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0".to_owned(), "Firefox", "Linux"),
            (
                format!("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {mobile_kit} Version/26.0 Safari/605.1.15"),
                "Safari",
                "macOS",
            ),
            (format!("{iphone} {mobile_kit} Version/26.0 Mobile/15E148 Safari/604.1"), "Safari", "iPhone"),
            (format!("{iphone} {mobile_kit} CriOS/140.0.0.0 Mobile/15E148 Safari/604.1"), "Chrome", "iPhone"),
            (format!("{iphone} {mobile_kit} FxiOS/145.0 Mobile/15E148 Safari/604.1"), "Firefox", "iPhone"),
            (
                format!("Mozilla/5.0 (Linux; Android 10; K) {KIT} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile"),
                "Samsung Internet",
                "Android",
            ),
            (format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/140.0.0.0"), "Chrome", "ChromeOS"),
        ] {
            assert_eq!((browser(&user_agent), system(&user_agent)), (Some(expected_browser), Some(expected_system)));
        }
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        for odd in ["", "Mozilla/5.0", "<script>alert(1)</script>", "chrome", "windows"] {
            assert_eq!((browser(odd), system(odd)), (None, None), "{odd}");
        }
        assert_eq!((browser("curl/8.5.0"), system("curl/8.5.0")), (Some("curl"), None));
    }
}
