//! Which spellings are found.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use http::{HeaderMap, HeaderValue};

use super::*;

const SECRET: &str = "s3cr3t/token+42";

fn needles(secrets: &[&str]) -> Arc<Needles> {
    Arc::new(Needles::new(7, secrets.iter().map(|secret| secret.as_bytes())))
}

fn masked(secret: &str, text: &str) -> String {
    needles(&[secret]).masked(text)
}

fn each(secret: &str, code: impl Fn(u8) -> String) -> String {
    secret.bytes().map(code).collect()
}

/// Escapes a text several times over.
fn nested(levels: usize, secret: &str, escape: impl Fn(&str) -> String) -> String {
    (0..levels).fold(secret.to_owned(), |text, _| escape(&text))
}

fn percent(text: &str) -> String {
    each(text, |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
}

fn backslashes(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('/', "\\/")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('+', "&#43;").replace('/', "&sol;")
}

/// All spellings that `POLICY.md` lists.
fn spellings(secret: &str) -> Vec<String> {
    let base64 = STANDARD.encode(secret);
    let folded = |end: &str| {
        base64.as_bytes().chunks(7).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join(end)
    };
    let mut all = vec![
        secret.to_owned(),
        secret.to_uppercase(),
        each(secret, |byte| format!("%{byte:02x}")),
        each(secret, |byte| format!("%u00{byte:02x}")),
        each(secret, |byte| format!("\\u00{byte:02X}")),
        each(secret, |byte| format!("\\\\u00{byte:02X}")),
        each(secret, |byte| format!("\\U000000{byte:02X}")),
        each(secret, |byte| format!("\\u{{{byte:x}}}")),
        each(secret, |byte| format!("\\u{{0000{byte:x}}}")),
        each(secret, |byte| format!("\\x{byte:02x}")),
        each(secret, |byte| format!("\\x{{{byte:02x}}}")),
        each(secret, |byte| format!("\\{byte:03o}")),
        each(secret, |byte| format!("&#{byte};")),
        each(secret, |byte| format!("&#x{byte:x};")),
        each(secret, |byte| format!("&#X{byte:X}")),
        each(secret, |byte| format!("&#0000{byte}")),
        each(secret, |byte| format!("&amp;#{byte};")),
        each(secret, |byte| format!("&amp;amp;#x{byte:02X};")),
        each(secret, |byte| format!("={byte:02X}")),
        secret.chars().map(|character| format!("{character}=\r\n")).collect(),
        secret.replace('+', " "),
        secret.replace('+', "%20"),
        html(&backslashes(&percent(secret))),
        percent(&html(&backslashes(secret))),
    ];
    for levels in 1..=6 {
        all.push(nested(levels, secret, percent));
        all.push(nested(levels, secret, backslashes));
        all.push(nested(levels, secret, html));
    }
    for separator in [
        "", " ", ":", "-", ", ", "\\x", "x", "0x", ", 0x", " 0X", "h ", "\n", "\r\n    ", ".", "_", "%", " | ", "\t",
        "', '",
    ] {
        all.push(each(secret, |byte| format!("{byte:02x}{separator}")));
        all.push(each(secret, |byte| format!("{separator}{byte:02X}")));
    }
    all.extend([URL_SAFE_NO_PAD.encode(secret), percent(&base64), html(&base64), backslashes(&base64)]);
    all.extend(
        ["\n", "\r\n", "\n ", "\r\n\t", " ", "\\n", "\\r\\n", "=\r\n", "&#10;", "%0A", "%0D%0A", "\\\\n"].map(folded),
    );
    all
}

#[test]
fn hides_every_spelling_and_keeps_the_length() {
    for secret in [SECRET, "tok-3f9a77zzQx", "???>>>~~", r#"p"w\d <&'> 100%41 =/+ end"#, "aaaaaaaa", "00000000x0"] {
        for spelling in spellings(secret) {
            let text = format!("you said <{spelling}> to us");
            let out = masked(secret, &text);
            assert_eq!(out.len(), text.len(), "{text}");
            let left = out.trim_start_matches("you said <").trim_end_matches("> to us");
            // The rest is of no use: half an escape, and base64 padding.
            let left: String = left.chars().filter(|character| *character != '*').collect();
            assert!(left.len() <= 12 && !left.contains(secret), "{text} became {out}");
            assert!(out.contains("********"), "{text} became {out}");
        }
    }
}

#[test]
fn hides_all_of_a_secret_and_nothing_around_it() {
    for (text, expected) in [
        ("a s3cr3t/token+42 b", "a *************** b"),
        ("x=s3cr3t%2Ftoken%2B42&y", "x=*******************&y"),
        ("S3CR3T\\/TOKEN\\u002b42", "*********************"),
        ("nothing here", "nothing here"),
        ("s3cr3t/token+4", "s3cr3t/token+4"),
        ("3cr3t/token+42", "3cr3t/token+42"),
    ] {
        assert_eq!(masked(SECRET, text), expected);
    }
}

#[test]
fn hides_base64_wherever_the_secret_begins() {
    for before in ["", "u", "us", "user:", "user22:"] {
        for after in ["", "a", "after", "\n"] {
            let encoded = STANDARD_NO_PAD.encode([before, SECRET, after].concat());
            let out = masked(SECRET, &format!("Basic {encoded}"));
            let hidden = out.matches('*').count();
            // From the first character that has a bit of the secret to the last one.
            let (first, last) = (before.len() * 8 / 6, ((before.len() + SECRET.len()) * 8).div_ceil(6));
            assert_eq!(hidden, last - first, "{before}{after}: {out}");
        }
    }
}

#[test]
fn a_digit_that_only_looks_like_a_mark_counts() {
    // The secret's last hexadecimal digit is a zero, and an `x` follows it.
    let secret = "tok-3f9a77zzp";
    assert!(each(secret, |byte| format!("{byte:02x}")).ends_with("70"));
    for after in ["x", "xyz", "h", "0x"] {
        let text = format!("{}{after}", each(secret, |byte| format!("{byte:02x}")));
        assert_eq!(masked(secret, &text), format!("{}{after}", "*".repeat(26)));
    }
}

#[test]
fn a_secret_that_looks_escaped_is_found_as_it_is_and_unescaped() {
    let secret = "100%25&amp;\\n/ab";
    for text in [secret, "100%2525%26amp%3B%5Cn%2Fab", "100%25&amp;amp;\\\\n\\/ab", "100%&\\n/ab"] {
        assert_eq!(masked(secret, &format!("<{text}>")), format!("<{}>", "*".repeat(text.len())));
    }
    // The secret with its escapes decoded is so short that it would occur by chance.
    assert_eq!(masked("%61%62%63", "abc %61bc"), "abc %61bc");
    assert_eq!(masked("%61%62%63", "%61%62%63"), "*********");
}

#[test]
fn hides_secrets_that_overlap() {
    let needles = needles(&["abcdefgh", "efghijkl", "abcdefghijklmnop"]);
    for (text, expected) in [
        ("xabcdefghx", "x********x"),
        ("xabcdefghijklx", "x************x"),
        ("xabcdefghijklmnopx", "x****************x"),
    ] {
        assert_eq!(needles.masked(text), expected);
    }
}

#[test]
fn hides_secrets_in_names_of_headers() {
    let mut headers = HeaderMap::new();
    headers.append("x-s3cr3t-token-42", HeaderValue::from_static("s3cr3t-Token-42"));
    headers.append("x-other", HeaderValue::from_static("1"));
    mask_headers(&mut Search::new(needles(&["s3cr3t-Token-42"])), &mut headers);
    let text = format!("{headers:?}");
    assert_eq!(text, r#"{"x-***************": "***************", "x-other": "1"}"#);
}

#[test]
fn work_is_linear_in_the_text_and_knows_no_secret() {
    let work = |secret: &str, text: &str| {
        let mut search = Search::new(needles(&[secret]));
        search.mask(&mut text.as_bytes().to_vec());
        search.steps()
    };
    let long = "x9".repeat(SECRET_BYTES_MAX / 2);
    for unit in
        ["+", "0", "0x", "a", "%25", "%2525252525252525", "\\", "&", "&amp;", "=\n", "=3D", "tok-3f9a77zzQ-", "p%20q "]
    {
        let (short, twice) = (unit.repeat(2000 / unit.len()), unit.repeat(4000 / unit.len()));
        let (once, both) = (work("tok-3f9a77zzQx", &short), work("tok-3f9a77zzQx", &twice));
        assert!(both <= 2 * once + 1000, "{unit}: {once} and {both}");
        // At most ten readings of each byte of each of eighteen levels.
        assert!(both <= 4000 * 5 * 2 * 18, "{unit}: {both}");
        for secret in ["tok-3f9a77zzQy", "12345678", "%61%62%63%64%65%66%67%68%69", long.as_str()] {
            assert_eq!(work(secret, &twice), both, "{unit}: {secret}");
        }
    }
}
