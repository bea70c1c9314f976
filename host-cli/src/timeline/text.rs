//! What records say, in words short enough for a column. Everything that comes out is escaped.

use serde_json::Value;
use wasm_agent_host::journal::{
    Answer, ApprovalRecord, Call, DecisionRecord, Remember, Verdict, arguments_to_json, item_to_json,
};
use wasm_agent_host::policy::{Action, DenialReason};

use crate::escape::escape_line;
use crate::units::{bytes, duration};

/// Longest text made of a call's arguments or outcome, in characters. `--format json` has all of it.
const VALUE_CHARS_MAX: usize = 400;

/// Shortest wait for an answer that is shown, in nanoseconds.
const WAIT_NS_MIN: u64 = 1_000_000;

/// Deepest values that are shown.
const DEPTH_MAX: usize = 4;

/// An action, from its canonical bytes; those that are none of this release's are said to be so.
pub(crate) fn action(canonical: &[u8]) -> String {
    match Action::decode(canonical) {
        Ok(action) => {
            let body = match &action {
                Action::HttpRequest(request) => request.body.map(|body| format!(" ({})", bytes(body.len))),
                _ => None,
            };
            format!("{}{}", escape_line(&action.to_string()), body.unwrap_or_default())
        }
        Err(error) => format!("an action that can't be read: {}", escape_line(&error.to_string())),
    }
}

/// A call: its function and its arguments.
pub(crate) fn call(call: &Call) -> String {
    let arguments = arguments_to_json(call);
    let arguments = named(Some(&arguments).filter(|arguments| !arguments.is_null()));
    format!("{} {arguments}", function(&call.function.name)).trim_end().to_owned()
}

/// Why an effect could happen: who approved it, and the grant that covers it.
pub(crate) fn permission(decision: &DecisionRecord, approval: Option<&ApprovalRecord>) -> String {
    let grant = decision.grant.as_deref().map(escape_line);
    match (approval, grant) {
        (Some(approval), Some(grant)) => format!("{}; {grant}", self::approval(approval)),
        (Some(approval), None) => self::approval(approval),
        (None, Some(grant)) => format!("allowed by {grant}"),
        (None, None) => verdict(decision.verdict).to_owned(),
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allow => "allowed",
        Verdict::Ask => "asked",
        Verdict::Deny => "denied",
    }
}

/// Who answered, what, after how long and why.
pub(crate) fn approval(approval: &ApprovalRecord) -> String {
    let answer = match approval.answer {
        Answer::Approved => "approved",
        Answer::Refused => "refused",
        Answer::Stopped => "refused and stopped",
        Answer::TimedOut => "no answer in time from",
        Answer::Broken => "no valid answer from",
    };
    let by = if matches!(approval.answer, Answer::TimedOut | Answer::Broken) { "" } else { " by" };
    let mut text = format!("{answer}{by} {}", escape_line(&approval.approver));
    if approval.remember == Remember::Run {
        text.push_str(" for the run");
    }
    // Who answers at once is no person: how long it took says nothing.
    if approval.waited_ns >= WAIT_NS_MIN {
        text.push_str(&format!(" after {}", duration(std::time::Duration::from_nanos(approval.waited_ns))));
    }
    if let Some(reason) = &approval.reason {
        text.push_str(&format!(": {}", escape_line(reason)));
    }
    text
}

/// Why a call was denied.
pub(crate) fn denial(decision: &DecisionRecord) -> String {
    let reason = decision.reason.as_deref().unwrap_or_default();
    let sentence = DenialReason::parse(reason).map_or_else(|| escape_line(reason), |known| known.sentence().into());
    match &decision.grant {
        Some(grant) => format!("{sentence}; {}", escape_line(grant)),
        None => sentence.into_owned(),
    }
}

/// A function without its package: `wall-clock.now`, `descriptor.open-at`, `drop descriptor`.
pub(crate) fn function(name: &str) -> String {
    let (interface, function) = name.split_once('#').unwrap_or(("", name));
    let interface = interface.rsplit('/').next().unwrap_or_default();
    let shown = if let Some(method) = function.strip_prefix("[method]").or(function.strip_prefix("[static]")) {
        method.to_owned()
    } else if let Some(resource) = function.strip_prefix("[resource-drop]") {
        format!("drop {resource}")
    } else if let Some(resource) = function.strip_prefix("[constructor]") {
        format!("new {resource}")
    } else if interface.is_empty() {
        function.to_owned()
    } else {
        format!("{interface}.{function}")
    };
    escape_line(&shown).into_owned()
}

/// Named values, as `name=value` with spaces between them; any other value alone.
pub(crate) fn named(value: Option<&Value>) -> String {
    let mut text = String::new();
    match value {
        Some(Value::Object(fields)) if !is_payload(value) => {
            for (name, value) in fields {
                if !text.is_empty() {
                    text.push(' ');
                }
                // Parameters have the names of Rust's, where `self` is taken.
                text.push_str(&escape_line(name.trim_end_matches('_')));
                text.push('=');
                compact(value, DEPTH_MAX, &mut text);
            }
        }
        Some(value) => compact(value, DEPTH_MAX, &mut text),
        None => {}
    }
    if text.chars().count() > VALUE_CHARS_MAX {
        text = text.chars().take(VALUE_CHARS_MAX).chain(['…']).collect();
    }
    text
}

/// What a call returned.
pub(crate) fn returned(call: &Call) -> String {
    let value = item_to_json(&call.outcome);
    outcome(Some(&value).filter(|value| !value.is_null()))
}

/// What a call returned: `[0, value]`, `[1, error]` or `[2, trap]` in the journal.
pub(crate) fn outcome(value: Option<&Value>) -> String {
    let Some(Value::Array(items)) = value else { return named(value) };
    match items.as_slice() {
        [Value::Number(which), result] => match which.as_u64() {
            Some(0) => named(Some(result).filter(|result| !result.is_null())),
            Some(1) => format!("error {}", named(Some(result))),
            Some(2) => format!("trap {}", named(Some(result))),
            _ => named(value),
        },
        _ => named(value),
    }
}

/// Bytes, as a journal's JSON has them: a length and a digest.
pub(crate) fn is_payload(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.get("length").is_some() && value.get("blake3").is_some())
}

fn compact(value: &Value, depth: usize, text: &mut String) {
    // More than is shown need not be made.
    if text.len() > 4 * VALUE_CHARS_MAX {
        return;
    }
    match value {
        Value::Null => text.push_str("none"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(string) => {
            text.push('"');
            text.push_str(&escape_line(string));
            text.push('"');
        }
        Value::Object(fields) if is_payload(Some(value)) => {
            text.push_str(&bytes(fields.get("length").and_then(Value::as_u64).unwrap_or_default()));
        }
        Value::Array(_) | Value::Object(_) if depth == 0 => text.push('…'),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                compact(item, depth - 1, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                text.push_str(&escape_line(name));
                text.push_str(": ");
                compact(value, depth - 1, text);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn functions_lose_their_package() {
        let shown = [
            "wasi:clocks/wall-clock#now",
            "wasi:filesystem/types#[method]descriptor.open-at",
            "wasi:io/streams#[resource-drop]input-stream",
            "wasi:http/types#[constructor]fields",
            "odd\u{1b}",
        ]
        .map(function);
        assert_eq!(shown, ["wall-clock.now", "descriptor.open-at", "drop input-stream", "new fields", "odd\\u{1b}"]);
    }

    #[test]
    fn arguments_are_short_and_harmless() {
        let value = json!({
            "path": "a\n\u{202e}",
            "self_": 3,
            "contents": { "length": 2048, "blake3": "00", "text": "…" },
            "flags": ["x", null, { "k": true }],
        });
        let expected = "contents=2 KiB flags=[\"x\", none, {k: true}] path=\"a\\n\\u{202e}\" self=3";
        assert_eq!(named(Some(&value)), expected);
        assert_eq!(named(Some(&json!("x".repeat(1000)))).chars().count(), VALUE_CHARS_MAX + 1);
    }

    #[test]
    fn an_outcome_is_a_value_or_an_error() {
        let shown =
            [json!([0, null]), json!([0, [1]]), json!([1, "no-entry"]), json!([2, "x"]), json!([3, 4]), json!(7)]
                .map(|value| outcome(Some(&value)));
        assert_eq!(shown, ["", "[1]", "error \"no-entry\"", "trap \"x\"", "[3, 4]", "7"]);
        assert_eq!(outcome(None), "");
    }

    #[test]
    fn a_denial_is_a_sentence() {
        let decision =
            DecisionRecord { verdict: Verdict::Deny, grant: None, reason: Some("no-grant".into()), action: None };
        assert_eq!(denial(&decision), "no grant covers it");
        let decision = DecisionRecord { reason: Some("new\u{7}".into()), ..decision };
        assert_eq!(denial(&decision), "new\\u{7}");
    }

    #[test]
    fn an_answer_says_who_when_and_why() {
        let record = ApprovalRecord {
            answer: Answer::Refused,
            approver: "ada".to_owned(),
            reason: Some("not\tthis".to_owned()),
            waited_ns: 3_400_000_000,
            remember: Remember::Once,
        };
        assert_eq!(approval(&record), "refused by ada after 3.4 s: not\\tthis");
        let record = ApprovalRecord { answer: Answer::TimedOut, reason: None, ..record };
        assert_eq!(approval(&record), "no answer in time from ada after 3.4 s");
    }
}
