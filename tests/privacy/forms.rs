//! The spellings of a secret, made here and not by the host that has to find them.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// Fewest characters of a spelling that are taken to be it.
const WINDOW: usize = 8;

/// The same of a spelling in hexadecimal: identifiers and digests have eight digits of one by chance, once in some
/// thousand runs.
const HEX_WINDOW: usize = 12;

/// A secret in every spelling, with the name of each.
pub(crate) fn spellings(secret: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, text: String| all.push((name.to_owned(), text));
    add("plain", secret.to_owned());
    add("upper case", secret.to_uppercase());
    add("hex", hex(secret, |byte| format!("{byte:02x}")));
    add("upper hex", hex(secret, |byte| format!("{byte:02X}")));
    add("hex with colons", hex(secret, |byte| format!("{byte:02x}:")));
    add("percent", percent(secret, |byte| format!("%{byte:02X}")));
    add("lower percent", percent(secret, |byte| format!("%{byte:02x}")));
    add("all percent", hex(secret, |byte| format!("%{byte:02X}")));
    add("percent twice", percent(secret, |byte| format!("%25{byte:02X}")));
    add("form", percent(secret, |byte| format!("%{byte:02X}")).replace("%20", "+"));
    let json = serde_json::to_string(secret).unwrap();
    let json = json.trim_start_matches('"').strip_suffix('"').unwrap().to_owned();
    add("JSON with slashes", json.replace('/', "\\/"));
    add("JSON", json);
    add("all JSON escapes", hex(secret, |byte| format!("\\u{byte:04x}")));
    add("JavaScript escapes", hex(secret, |byte| format!("\\x{byte:02x}")));
    let html = secret.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
    add("HTML", html.replace('\'', "&#39;"));
    add("HTML by number", hex(secret, |byte| format!("&#{byte};")));
    add("HTML by hex number", hex(secret, |byte| format!("&#x{byte:X};")));
    for before in ["", "u", "us", "user:"] {
        for after in ["", "/", "//", ":pass"] {
            let text = format!("{before}{secret}{after}");
            let name = |what: &str| format!("{what} behind `{before}`, before `{after}`");
            add(&name("base64"), STANDARD.encode(&text));
            add(&name("base64 without padding"), STANDARD_NO_PAD.encode(&text));
            add(&name("base64 for URLs"), URL_SAFE.encode(&text));
            add(&name("base64 in a URL"), percent(&STANDARD.encode(&text), |byte| format!("%{byte:02X}")));
            add(&name("base64 in JSON"), STANDARD.encode(&text).replace('/', "\\/"));
        }
    }
    let folded: Vec<String> = STANDARD.encode(secret).as_bytes().chunks(10).map(ascii).collect();
    add("base64 in lines", folded.join("\r\n"));
    add("base64 in lines in JSON", folded.join("\\n"));
    all
}

fn ascii(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn hex(text: &str, one: impl Fn(u8) -> String) -> String {
    text.bytes().map(one).collect()
}

fn percent(text: &str, code: impl Fn(u8) -> String) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { code(byte) }).collect()
}

/// The parts of spellings that only the secret determines: of base64, without what it shares with its neighbours.
fn telling(secret: &str) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = spellings(secret)
        .into_iter()
        .filter(|(name, _)| !name.contains("base64"))
        .map(|(name, text)| (name, text.into_bytes()))
        .collect();
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        for offset in 0..3 {
            let text = engine.encode([vec![0; offset], secret.as_bytes().to_vec()].concat());
            let (start, end) = ((offset * 8).div_ceil(6), (offset + secret.len()) * 8 / 6);
            let inner = &text[start..end];
            all.push((format!("base64 at {offset}"), inner.as_bytes().to_vec()));
            all.push((format!("base64 in a URL at {offset}"), percent(inner, |byte| format!("%{byte:02X}")).into()));
        }
    }
    all
}

/// Which part of which spelling stands in these bytes, if any does, and what stands around it.
pub(crate) fn found(secret: &str, bytes: &[u8]) -> Option<String> {
    let telling = telling(secret);
    let (hex, other): (Vec<_>, Vec<_>) = telling.iter().partition(|(_, text)| text.iter().all(u8::is_ascii_hexdigit));
    let first = |spellings: &[&(String, Vec<u8>)], length: usize| {
        let windows: HashSet<&[u8]> = spellings.iter().flat_map(|(_, text)| text.windows(length)).collect();
        bytes.windows(length).position(|window| windows.contains(window)).map(|at| (at, length))
    };
    let (at, length) = first(&other, WINDOW).or_else(|| first(&hex, HEX_WINDOW))?;
    let part = &bytes[at..at + length];
    let (name, _) = telling.iter().find(|(_, text)| text.windows(length).any(|window| window == part))?;
    let around = &bytes[at.saturating_sub(200)..bytes.len().min(at + 200)];
    let part = String::from_utf8_lossy(part);
    Some(format!("`{part}` of the {name} spelling: {}", String::from_utf8_lossy(around)))
}

/// Asserts that no part of a secret stands in these bytes.
pub(crate) fn absent(secret: &str, bytes: &[u8], place: &str) {
    if let Some(found) = found(secret, bytes) {
        panic!("{place} has {found}");
    }
}

#[test]
fn finds_each_spelling() {
    let secret = "tok-3f9a/77+zz~Qx";
    for (name, text) in spellings(secret) {
        assert!(found(secret, format!("before {text} after").as_bytes()).is_some(), "{name}: {text}");
    }
    assert_eq!(found(secret, b"tok-3f9, 746f6b2, nothing of it"), None);
}
