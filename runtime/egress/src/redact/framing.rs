//! Where a stream declares a part complete, so that it can be passed on before the stream's end.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// How a body is divided.
///
/// Each boundary is behind a line end. A secret with a line end is refused when it is loaded, so no secret crosses a
/// boundary, and a tool that sees one part learns nothing of the next.
///
/// Nothing but line ends decides where a boundary is. The body can have a secret in it, as it was sent or spelled in
/// any way, and a boundary that other characters decide would show which characters it has. So JSON is not parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Nothing is complete before the end.
    Whole,
    /// Events, each ended by a blank line (WHATWG HTML, section 9.2.5).
    Events(Line),
    /// One value a line: JSON lines, and the sequences of RFC 7464.
    Lines,
}

/// Where in a line of an event stream the parser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// At its beginning.
    Empty,
    /// After a carriage return that ended a line.
    Returned,
    /// After a carriage return that ended an event.
    Ended,
    /// Within the line.
    Filled,
}

impl Framing {
    /// The framing that a response's headers declare.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/event-stream" => Self::Events(Line::Empty),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/json-seq"
            | "application/stream+json" => Self::Lines,
            kind if kind.ends_with("+json-seq") => Self::Lines,
            _ => Self::Whole,
        }
    }

    /// The number of bytes up to the first boundary in `data`; `None` if there is none.
    pub(super) fn next(&mut self, data: &[u8]) -> Option<usize> {
        match self {
            Self::Whole => None,
            Self::Lines => memchr::memchr(b'\n', data).map(|end| end + 1),
            Self::Events(line) => data.iter().position(|byte| line.ends_event(*byte)).map(|end| end + 1),
        }
    }
}

impl Line {
    /// Advances by one byte. Returns whether it ends an event, or is the second half of the line end that did.
    fn ends_event(&mut self, byte: u8) -> bool {
        let (next, ends) = match (*self, byte) {
            (Self::Returned, b'\n') => (Self::Empty, false),
            (Self::Ended, b'\n') => (Self::Empty, true),
            (Self::Filled, b'\n') => (Self::Empty, false),
            (Self::Empty, b'\n') => (Self::Empty, true),
            (Self::Filled, b'\r') => (Self::Returned, false),
            (Self::Empty | Self::Returned | Self::Ended, b'\r') => (Self::Ended, true),
            _ => (Self::Filled, false),
        };
        *self = next;
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(kind: &'static str, text: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static(kind));
        let mut framing = Framing::of(&headers);
        let mut rest = text.as_bytes();
        let mut parts = Vec::new();
        while let Some(end) = framing.next(rest) {
            parts.push(String::from_utf8(rest[..end].to_vec()).unwrap());
            rest = &rest[end..];
        }
        parts.push(String::from_utf8(rest.to_vec()).unwrap());
        parts
    }

    #[test]
    fn events_end_with_a_blank_line_however_lines_end() {
        let events = |text| parts("Text/Event-Stream; charset=utf-8", text);
        assert_eq!(events("data: 1\ndata: 2\n\ndata: 3\n"), ["data: 1\ndata: 2\n\n", "data: 3\n"]);
        assert_eq!(events("data: 1\r\rdata: 2"), ["data: 1\r\r", "data: 2"]);
        // The carriage return completes the event; the line feed after it belongs to the same event.
        assert_eq!(events("data: 1\r\n\r\ndata: 2\r\n"), ["data: 1\r\n\r", "\n", "data: 2\r\n"]);
        assert_eq!(events("data: 1\r\n\ndata: 2\n\r"), ["data: 1\r\n\n", "data: 2\n\r", ""]);
        assert_eq!(events("\n\n"), ["\n", "\n", ""]);
    }

    #[test]
    fn lines_end_with_a_line_feed() {
        for kind in ["application/x-ndjson", "application/jsonl", "application/json-seq", "application/geo+json-seq"] {
            assert_eq!(parts(kind, "{}\n\n[\r1]\n2"), ["{}\n", "\n", "[\r1]\n", "2"], "{kind}");
        }
    }

    #[test]
    fn anything_else_is_whole() {
        for kind in ["text/plain", "application/json", "application/problem+json", "text/event-stream-x", ""] {
            for text in ["a\n\nb", "{}\n{}\n"] {
                assert_eq!(parts(kind, text), [text], "{kind}");
            }
        }
    }
}
