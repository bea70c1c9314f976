//! JSON objects, one a line.

use serde_json::Value;

use super::escape::escape_json;

/// An object on one line. Its text is escaped: output that goes to a pipe often ends on a terminal.
pub(crate) fn json_line(value: &Value) -> String {
    escape_json(&value.to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_moves_no_cursor_and_stays_json() {
        let value = json!({ "a\u{7f}": "\u{9b}2J\u{202e}\u{e0041}" });
        let line = json_line(&value);
        assert_eq!(line, r#"{"a\u007f":"\u009b2J\u202e\udb40\udc41"}"#);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
    }
}
