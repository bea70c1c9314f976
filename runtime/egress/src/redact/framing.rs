//! Where a stream declares a part complete, so that it can be passed on before the stream's end.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// How a body is divided.
///
/// Boundaries depend on the body alone, and each is behind a line end. A secret with a line end is refused when it is
/// loaded, so no secret crosses a boundary, and a tool that sees one part learns nothing of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Nothing is complete before the end.
    Whole,
    /// Events, each ended by a blank line (WHATWG HTML, section 9.2.5). A line that is a JSON object or array is
    /// complete too: it is not part of any event.
    Events(Line, Json),
    /// One value a line: JSON lines, and the sequences of RFC 7464.
    Lines,
    /// JSON objects or arrays, each ended by a line end. APIs that let a client watch something send one after the
    /// other, and call it JSON.
    Values(Json),
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

/// Where in a JSON object or array the parser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// Before it.
    Before,
    /// Within it, that many brackets deep.
    Within(u32),
    /// In a string within it.
    Text(u32),
    /// After a backslash in a string within it.
    Escape(u32),
    /// After it, on the same line.
    Behind,
    /// In something else.
    Other,
}

impl Framing {
    /// The framing that a response's headers declare.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/event-stream" => Self::Events(Line::Empty, Json::Before),
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/json-seq"
            | "application/stream+json" => Self::Lines,
            kind if kind.ends_with("+json-seq") => Self::Lines,
            "application/json" => Self::Values(Json::Before),
            kind if kind.ends_with("+json") => Self::Values(Json::Before),
            _ => Self::Whole,
        }
    }

    /// The number of bytes up to the first boundary in `data`; `None` if there is none.
    pub(super) fn next(&mut self, data: &[u8]) -> Option<usize> {
        match self {
            Self::Whole => None,
            Self::Lines => memchr::memchr(b'\n', data).map(|end| end + 1),
            Self::Events(line, json) => {
                let mut bytes = data.iter();
                let end = bytes.position(|byte| {
                    if line.begins(*byte) {
                        *json = Json::Before;
                    }
                    let ends_value = json.ends(*byte);
                    line.ends_event(*byte) || ends_value
                });
                end.map(|end| end + 1)
            }
            Self::Values(json) => data.iter().position(|byte| json.ends(*byte)).map(|end| end + 1),
        }
    }
}

impl Line {
    /// Whether a byte is the first of a line. A line feed after a carriage return is not: it belongs to the line end.
    const fn begins(self, byte: u8) -> bool {
        match self {
            Self::Empty => true,
            Self::Returned | Self::Ended => byte != b'\n',
            Self::Filled => false,
        }
    }

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

impl Json {
    /// Advances by one byte. Returns whether it is the end of the line on which an object or array ends.
    ///
    /// Only brackets and strings are told apart. What is not JSON is passed on later than it could be, or divided at
    /// one of its line ends.
    fn ends(&mut self, byte: u8) -> bool {
        let (next, ends) = match (*self, byte) {
            (Self::Before, b'{' | b'[') => (Self::Within(1), false),
            (Self::Before | Self::Behind, b' ' | b'\t' | b'\r') | (Self::Before, b'\n') => (*self, false),
            (Self::Behind, b'\n') => (Self::Before, true),
            (Self::Within(depth), b'{' | b'[') => (depth.checked_add(1).map_or(Self::Other, Self::Within), false),
            (Self::Within(1), b'}' | b']') => (Self::Behind, false),
            (Self::Within(depth), b'}' | b']') => (Self::Within(depth.saturating_sub(1)), false),
            (Self::Within(depth), b'"') => (Self::Text(depth), false),
            (Self::Within(_), _) => (*self, false),
            (Self::Text(depth), b'"') => (Self::Within(depth), false),
            (Self::Text(depth), b'\\') => (Self::Escape(depth), false),
            // No string has a line end.
            (Self::Text(_) | Self::Escape(_), b'\n') => (Self::Other, false),
            (Self::Text(depth) | Self::Escape(depth), _) => (Self::Text(depth), false),
            (Self::Before | Self::Behind | Self::Other, _) => (Self::Other, false),
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
    fn json_values_end_with_their_line() {
        for kind in ["application/json", "application/json;stream=watch", "Application/Problem+JSON; charset=utf-8"] {
            let values = |text| parts(kind, text);
            assert_eq!(values("{\"a\": 1}\n[2]\r\n{"), ["{\"a\": 1}\n", "[2]\r\n", "{"], "{kind}");
            assert_eq!(values("{\n \"a\": [\n1]\n}\n\n{}\n"), ["{\n \"a\": [\n1]\n}\n", "\n{}\n", ""]);
            assert_eq!(values("{\"}\\\"]\": \"[\"}\n."), ["{\"}\\\"]\": \"[\"}\n", "."]);
            // Two values on a line, text without brackets, a string with a line end.
            for whole in ["{} {}\n{}\n", "a\n{}\n", "1\n2\n", "\"a\"\n{}\n", "{\"a\n\"}\n{}\n", "{\"\\\n\"}\n{}\n"] {
                assert_eq!(values(whole), [whole], "{whole:?}");
            }
        }
    }

    #[test]
    fn a_line_of_json_between_events_is_complete() {
        let events = |text| parts("text/event-stream", text);
        assert_eq!(events("{\"id\": 1}\n{\"id\""), ["{\"id\": 1}\n", "{\"id\""]);
        assert_eq!(events("data: 1\n{\"id\":\n1}\ndata: 2\n\n"), ["data: 1\n{\"id\":\n1}\ndata: 2\n\n", ""]);
        assert_eq!(events("data: {}\ndata: []\n\n[]\r\n."), ["data: {}\ndata: []\n\n", "[]\r\n", "."]);
        assert_eq!(events(": 1\r\r{}\n: 2\r{}\r\n{}"), [": 1\r\r", "{}\n", ": 2\r{}\r\n", "{}"]);
    }

    #[test]
    fn anything_else_is_whole() {
        for kind in ["text/plain", "text/json", "application/json5", "text/event-stream-x", ""] {
            for text in ["a\n\nb", "{}\n{}\n"] {
                assert_eq!(parts(kind, text), [text], "{kind}");
            }
        }
    }
}
