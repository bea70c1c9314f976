//! Fetches a page and prints its text.
//!
//! ```text
//! fetch-page URL
//! ```
//!
//! Prints the readable text of an HTML page, without tags, scripts and styles, and any other text as it is.
//! The tool follows redirects, not the host: each hop is a request of its own, which the policy must allow too.

#![forbid(unsafe_code)]

mod text;

use std::process::ExitCode;

use wasm_agent_sdk::http::{Request, Response};
use wasm_agent_sdk::intent;

/// Largest page that is read, in bytes. Nobody would read a larger one.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// How many redirects are followed before they are taken for a loop.
const REDIRECTS_MAX: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url] = arguments.as_slice() else {
        eprintln!("usage: fetch-page URL");
        return ExitCode::from(2);
    };
    match fetch(url) {
        Ok(response) => {
            let content = String::from_utf8_lossy(&response.body);
            let is_html = response.header("content-type").is_some_and(|kind| kind.contains("html"));
            if is_html {
                println!("{}", text::from_html(&content));
            } else {
                println!("{content}");
            }
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("error: could not fetch `{url}`: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn fetch(url: &str) -> Result<Response, String> {
    intent::declare("to read the page that was asked for");
    let mut url = url.to_owned();
    for _ in 0..=REDIRECTS_MAX {
        let response = Request::get(&url)
            .and_then(|request| request.header("accept", "text/html, text/plain;q=0.9, */*;q=0.1").send(PAGE_BYTES_MAX))
            .map_err(|error| error.to_string())?;
        match response.status {
            200..=299 => return Ok(response),
            301 | 302 | 303 | 307 | 308 => {
                let location = response.header("location").ok_or("a redirect does not say where to")?;
                url = resolve(&url, location);
                intent::declare(&format!("redirected to {url}"));
            }
            status => return Err(format!("the server answered {status}")),
        }
    }
    Err(format!("more than {REDIRECTS_MAX} redirects"))
}

/// Makes the target of a redirect absolute. Dot segments are left to the host, which removes them.
fn resolve(base: &str, location: &str) -> String {
    if location.contains("://") {
        return location.to_owned();
    }
    let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
    if let Some(rest) = location.strip_prefix("//") {
        return format!("{scheme}://{rest}");
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if location.starts_with('/') {
        return format!("{scheme}://{authority}{location}");
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let slash = if folder.is_empty() { "" } else { "/" };
    format!("{scheme}://{authority}/{folder}{slash}{location}")
}

#[cfg(test)]
mod tests {
    use super::resolve;

    #[test]
    fn resolves_redirects_against_the_page() {
        let base = "https://example.test/a/b?q=1";
        for (location, expected) in [
            ("https://other.test/", "https://other.test/"),
            ("//other.test/x", "https://other.test/x"),
            ("/c", "https://example.test/c"),
            ("c", "https://example.test/a/c"),
        ] {
            assert_eq!(resolve(base, location), expected);
        }
        assert_eq!(resolve("http://example.test", "c"), "http://example.test/c");
    }
}
