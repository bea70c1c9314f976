//! Records as short texts for a column. All results are escaped.

use serde_json::Value;
use wasm_agent_calls::words::{self, Outcome, Typed};
use wasm_agent_host::journal::{
    Answer, ApprovalRecord, Call, DecisionRecord, Function, Remember, Stop, Tail, Verdict, item_to_json,
};
use wasm_agent_host::policy::{Action, DenialReason};

use super::value::together;
pub(crate) use super::value::{alone, is_payload};
use crate::show::escape::escape_line;
use crate::show::units::{bytes, count, duration};

/// Why a run was stopped.
pub(crate) fn stopped(stop: Stop<'_>) -> String {
    match stop {
        Stop::Refused(action) => format!("the approver refused `{}` and ended the run", escape_line(action)),
        Stop::Cancelled(reason) => format!("cancelled: {}", escape_line(reason)),
    }
}

/// Shortest wait for an answer that is shown, in nanoseconds.
const WAIT_NS_MIN: u64 = 1_000_000;

/// An action, from its canonical bytes. If this release can't read it, a text that says so.
pub(crate) fn action(canonical: &[u8]) -> String {
    match Action::decode(canonical) {
        Ok(action) => {
            let body = match &action {
                Action::HttpRequest(request) => request.body.map(|body| format!(" ({})", bytes(body.len))),
                Action::FileRead { .. }
                | Action::FileCreate { .. }
                | Action::FileModify { .. }
                | Action::FileDelete { .. }
                | Action::FileRename { .. }
                | Action::DirCreate { .. }
                | Action::DirRemove { .. }
                | Action::LinkCreate { .. }
                | Action::HttpInvalid(_)
                | Action::Checkpoint { .. }
                | Action::Socket { .. } => None,
            };
            format!("{}{}", escape_line(&action.to_string()), body.unwrap_or_default())
        }
        Err(error) => format!("an action that can't be read: {}", escape_line(&error.to_string())),
    }
}

/// A call: its function and its arguments.
pub(crate) fn call(call: &Call) -> String {
    let arguments = arguments(&call.function, &call.arguments);
    format!("{} {arguments}", function(&call.function.name)).trim_end().to_owned()
}

/// A call's arguments, as `name=value` with spaces between them.
pub(crate) fn arguments(function: &Function, recorded: &[u8]) -> String {
    let recorded = item_to_json(recorded);
    match words::arguments(&function.name, &function.parameters, &recorded) {
        Some(arguments) => together(arguments),
        None => named(Some(&recorded).filter(|recorded| !recorded.is_null())),
    }
}

/// Why an effect was allowed: who approved it, and the grant that covers it.
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

/// The answer, who gave it, after how long, and why.
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
    // A program answers at once: the wait says nothing then.
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
    // Why the URL is refused says more than that it is.
    if let Some(Ok(Action::HttpInvalid(request))) = decision.action.as_deref().map(Action::decode) {
        return escape_line(request.why()).into_owned();
    }
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

/// The records after the last seal, in words.
pub(crate) fn tail_text(tail: &Tail) -> String {
    let mut text = count(tail.records, "record");
    if tail.torn_bytes > 0 {
        text.push_str(&format!(", and {} of an incomplete one", bytes(tail.torn_bytes)));
    }
    text
}

/// Named values, as `name=value` with spaces between them; any other value alone.
pub(crate) fn named(value: Option<&Value>) -> String {
    match value {
        Some(Value::Object(fields)) if !is_payload(value) => {
            together(fields.iter().map(|(name, value)| (name.as_str(), Typed::unknown(value))))
        }
        Some(value) => alone(&Typed::unknown(value)),
        None => String::new(),
    }
}

/// The outcome of a call.
pub(crate) fn returned(call: &Call) -> String {
    outcome(&call.function.name, Some(&item_to_json(&call.outcome)).filter(|value| !value.is_null()))
}

/// The outcome of a function: `[0, value]`, `[1, error]` or `[2, trap]` in the journal.
fn outcome(function: &str, value: Option<&Value>) -> String {
    let Some(value) = value else { return String::new() };
    match words::outcome(function, value) {
        Outcome::Value(None) => String::new(),
        Outcome::Value(Some(value)) => alone(&value),
        Outcome::Error(error) => format!("error {}", alone(&error)),
        Outcome::Trap(text) => format!("trap {}", alone(&text)),
        Outcome::Unknown(value) => named(Some(value)),
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
        assert_eq!(named(Some(&json!("x".repeat(1000)))).chars().count(), 401);
    }

    #[test]
    fn an_outcome_is_a_value_or_an_error() {
        let shown =
            [json!([0, null]), json!([0, [1]]), json!([1, "no-entry"]), json!([2, "x"]), json!([3, 4]), json!(7)]
                .map(|value| outcome("", Some(&value)));
        assert_eq!(shown, ["", "[1]", "error \"no-entry\"", "trap \"x\"", "[3, 4]", "7"]);
        assert_eq!(outcome("", None), "");
    }

    #[test]
    fn known_functions_are_shown_in_the_words_of_wit() {
        let file = |name: &str| format!("wasi:filesystem/types#[method]descriptor.{name}");
        let shown = |name: &str, recorded: &Value| {
            let parameters: Vec<String> = ["fd", "path_flags", "path", "open_flags", "flags"].map(str::to_owned).into();
            together(words::arguments(&file(name), &parameters, recorded).unwrap())
        };
        assert_eq!(
            shown("open-at", &json!([3, 1, "a", 9, 34])),
            "self=3 path-flags=symlink-follow path=\"a\" open-flags=create,truncate flags=write,mutate-directory"
        );
        assert!(shown("open-at", &json!([3, 0, "a", 0, 1])).contains("path-flags=none path=\"a\" open-flags=none"));
        assert_eq!(
            shown("set-times", &json!([3, "now", ["timestamp", [1, 2]]])),
            "self=3 data-access-timestamp=now data-modification-timestamp=timestamp({seconds: 1, nanoseconds: 2})"
        );
        let stat = json!([0, ["regular-file", 1, 7, null, null, null]]);
        assert!(outcome(&file("stat"), Some(&stat)).starts_with("type=regular-file link-count=1 size=7 "));
        assert_eq!(outcome(&file("stat"), Some(&json!([1, "no-entry"]))), "error no-entry");
        assert_eq!(outcome("wasi:io/streams#[method]input-stream.read", Some(&json!([1, null]))), "error closed");
        // A value that is not a case of its type is shown as text.
        assert_eq!(outcome(&file("stat"), Some(&json!([1, "no-such-word"]))), "error \"no-such-word\"");
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
