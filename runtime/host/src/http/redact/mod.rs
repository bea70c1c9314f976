//! Keeps secrets from coming back: a server that echoes one gets it masked before the guest, or the journal, sees it.
//!
//! Masks have the length of what they hide, so that lengths and digests around them stay true. What is found is what
//! [`pattern`] describes: a server that means to tell the guest a secret can do it in a code of the two's own, and no
//! search helps against that. It does against servers that report the request they got.

mod body;
mod pattern;

use std::ops::Range;

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use body::Masked;
use pattern::{Found, Pattern};

/// What stands for each hidden byte.
const MASK: u8 = b'*';

/// Fewest bytes that a secret must have. Anything shorter comes up by chance: letters in either case, in a body of
/// 16 MiB, about once in a thousand with six characters, and never with eight.
pub(crate) const SECRET_BYTES_MIN: usize = 8;

/// What is looked for: secrets in every encoding.
#[derive(Default)]
pub(crate) struct Needles {
    patterns: Vec<Pattern>,
    /// For each two bytes whether something may begin with them: nearly nothing does, and is passed over quickly.
    begins: Vec<bool>,
}

/// What a text holds.
struct Search {
    /// Where secrets are.
    found: Vec<Range<usize>>,
    /// Where the first one may begin whose end is missing.
    open: usize,
}

impl Needles {
    /// Looks for these values.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let patterns: Vec<Pattern> = values.into_iter().flat_map(Pattern::of).collect();
        let pairs = (0..=u8::MAX).flat_map(|first| (0..=u8::MAX).map(move |second| (first, second)));
        let begins = if patterns.is_empty() {
            Vec::new()
        } else {
            pairs.map(|(first, second)| patterns.iter().any(|pattern| pattern.may_begin(first, second))).collect()
        };
        Self { patterns, begins }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Masks every occurrence. Answers whether there was one.
    pub(crate) fn mask(&self, bytes: &mut [u8]) -> bool {
        let Search { found, .. } = self.search(bytes, true);
        cover(bytes, &found);
        !found.is_empty()
    }

    /// A text with every occurrence masked.
    pub(crate) fn masked(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.mask(&mut bytes);
        // A mask may end in the middle of a character that is no part of any secret.
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Finds every occurrence, those that overlap with others too. `is_last` says that no more of the text comes.
    fn search(&self, bytes: &[u8], is_last: bool) -> Search {
        let mut search = Search { found: Vec::new(), open: bytes.len() };
        if self.is_empty() {
            return search;
        }
        for start in 0..bytes.len() {
            let rest = bytes.get(start..).unwrap_or_default();
            if let [first, second, ..] = rest
                && !self.begins.get(usize::from(*first) << 8 | usize::from(*second)).is_none_or(|begins| *begins)
            {
                continue;
            }
            for pattern in &self.patterns {
                match pattern.at(rest) {
                    Found::Whole(length) => search.found.push(start..start + length),
                    Found::Perhaps if !is_last => search.open = search.open.min(start),
                    Found::Perhaps | Found::No => {}
                }
            }
        }
        search
    }
}

fn cover(bytes: &mut [u8], found: &[Range<usize>]) {
    for range in found {
        if let Some(hidden) = bytes.get_mut(range.clone()) {
            hidden.fill(MASK);
        }
    }
}

/// Masks secrets in the names and values of headers.
pub(crate) fn mask_headers(needles: &Needles, headers: &mut HeaderMap) {
    if needles.is_empty() {
        return;
    }
    let mut masked = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter() {
        masked.append(mask_name(needles, name), mask_value(needles, value));
    }
    *headers = masked;
}

fn mask_name(needles: &Needles, name: &HeaderName) -> HeaderName {
    let mut bytes = name.as_str().as_bytes().to_vec();
    if !needles.mask(&mut bytes) {
        return name.clone();
    }
    // A name with a mask in it is one still.
    HeaderName::from_bytes(&bytes).unwrap_or(HeaderName::from_static("x-masked"))
}

fn mask_value(needles: &Needles, value: &HeaderValue) -> HeaderValue {
    let mut bytes = value.as_bytes().to_vec();
    if !needles.mask(&mut bytes) {
        return value.clone();
    }
    HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static("***"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;

    const SECRET: &[u8] = b"s3cr3t/token+42";

    fn masked(text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        Needles::new([SECRET]).mask(&mut bytes);
        bytes
    }

    #[test]
    fn hides_every_form_and_keeps_the_length() {
        for text in ["token is s3cr3t/token+42!", "s3cr3t%2Ftoken%2B42", "s3cr3t%2ftoken%2b42", "733363723374"] {
            let out = masked(text.as_bytes());
            assert_eq!(out.len(), text.len());
        }
        assert_eq!(masked(b"a s3cr3t/token+42 b"), b"a *************** b");
        assert_eq!(masked(b"x=s3cr3t%2Ftoken%2B42"), [b"x=".as_slice(), &b"*".repeat(19)].concat());
        assert_eq!(masked(b"nothing here"), b"nothing here");
    }

    #[test]
    fn hides_base64_wherever_the_secret_begins() {
        for before in ["", "u", "us", "user:", "user22:"] {
            let plain = [before.as_bytes(), SECRET, b"after"].concat();
            let encoded = STANDARD_NO_PAD.encode(&plain);
            let out = String::from_utf8(masked(encoded.as_bytes())).unwrap();
            assert!(out.contains("********************"), "{before}: {out}");
        }
    }

    #[test]
    fn hides_secrets_that_overlap() {
        let needles = Needles::new([b"abcdefgh".as_slice(), b"efghijkl", b"abcdefghijklmnop"]);
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
        mask_headers(&Needles::new([b"s3cr3t-Token-42".as_slice()]), &mut headers);
        let text = format!("{headers:?}");
        assert_eq!(text, r#"{"x-***************": "***************", "x-other": "1"}"#);
    }
}
