//! Makes headers that are too large, too many, or not headers.
//!
//! ```text
//! huge-header syntax | value | values | name | list | many-small | many-large
//! ```
//!
//! Held when the host keeps less than a mebibyte of them. The host may also end it, except for `syntax`, which
//! has an error of its own.

use std::process::ExitCode;

use hostile::wasi::http::types::Fields;
use hostile::{Attack, arguments, usage};

/// What a list of headers must not reach, in bytes.
const HEADERS_BYTES_MAX: usize = 1 << 20;

/// The least room that a header takes besides its text, in bytes: what HTTP/2 counts for one.
const HEADER_BYTES: usize = 32;

fn main() -> ExitCode {
    let Some([kind]) = arguments(["syntax | value | values | name | list | many-small | many-large"]) else {
        return usage();
    };
    let mut attack = Attack::start();
    attack.control("an ordinary header", Fields::new().append("accept", b"*/*"));
    let huge = vec![b'a'; HEADERS_BYTES_MAX];
    match kind.as_str() {
        "syntax" => break_syntax(&mut attack),
        "value" => attack.attempt("one huge value", Fields::new().append("x-huge", &huge)),
        "values" => attack.attempt("one huge value, set", Fields::new().set("x-huge", &[huge])),
        "name" => attack.attempt("one huge name", Fields::new().append(&"a".repeat(HEADERS_BYTES_MAX), b"")),
        "list" => attack.attempt("one huge list", Fields::from_list(&[("x-huge".to_owned(), huge)])),
        "many-small" => fill(&mut attack, "many small headers", "x-small", b""),
        "many-large" => fill(&mut attack, "many large headers", "x-large", &[b'a'; 8192]),
        _ => return usage(),
    }
    attack.finish()
}

/// Makes headers that would end where the guest says, and continue as other headers.
fn break_syntax(attack: &mut Attack) {
    for (what, name, value) in [
        ("a line end in a value", "x-a", "1\r\nhost: evil.test"),
        ("a line feed in a value", "x-a", "1\nx-b: 2"),
        ("a NUL in a value", "x-a", "1\0"),
        ("a line end in a name", "x-a\r\nx-b", "1"),
        ("a colon in a name", "x-a: 1", "1"),
        ("no name", "", "1"),
        ("a name that is not ASCII", "x-é", "1"),
    ] {
        attack.attempt(what, Fields::new().append(name, value.as_bytes()));
    }
}

/// Adds headers until the host refuses, which must happen before there are too many.
fn fill(attack: &mut Attack, what: &str, name: &str, value: &[u8]) {
    let fields = Fields::new();
    let mut bytes = 0;
    while bytes < HEADERS_BYTES_MAX {
        if let Err(error) = fields.append(name, value) {
            attack.held(&format!("{what}: ended after {bytes} bytes: {error:?}"));
            return;
        }
        bytes += name.len() + value.len() + HEADER_BYTES;
    }
    attack.broken(&format!("{what}: {bytes} bytes"));
}
