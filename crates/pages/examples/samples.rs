//! Writes every sample page into a folder, to be opened in a browser:
//! `cargo run -p palatine-pages --example samples -- target/samples [dark]`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a tool of the workshop: it may stop with a backtrace")]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::fs;
use std::path::PathBuf;

use palatine_pages::{Theme, asset_path, static_asset};

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).expect("a folder to write into"));
    let theme = Theme::from_cookie(std::env::args().nth(2).as_deref());
    fs::create_dir_all(folder.join("static"))?;
    for name in ["app.css", "app.js", "favicon.svg"] {
        let path = asset_path(name);
        let file = path.trim_start_matches('/');
        fs::write(folder.join(file), static_asset(file.trim_start_matches("static/")).unwrap().bytes)?;
    }
    for sample in samples::all(".", theme) {
        fs::write(folder.join(format!("{}.html", sample.name)), sample.html)?;
    }
    Ok(())
}
