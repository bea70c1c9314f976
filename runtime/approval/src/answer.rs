//! Answers of an approver, and their parser from JSON.

use serde::Deserialize;

/// Longest name of an approver in an answer, in characters. It is kept in the journal with each approval.
pub const APPROVER_CHARS_MAX: usize = 256;

/// Longest reason in an answer, in characters. It is kept in the journal with each approval.
pub const REASON_CHARS_MAX: usize = 4096;

/// The decision about one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The action may happen.
    Approve {
        /// How far the approval reaches.
        remember: Remember,
    },
    /// The action must not happen. The guest sees an ordinary error.
    Refuse {
        /// Whether the run ends here.
        stop: bool,
    },
}

/// How far an approval reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Remember {
    /// To this one call.
    #[default]
    Once,
    /// To every call of this run whose action has the same digest.
    Run,
}

/// An answer, with who gave it and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The decision.
    pub answer: Answer,
    /// Who decided it.
    pub approver: String,
    /// Why, in the approver's words.
    pub reason: Option<String>,
}

impl Settled {
    /// Reads an answer in the form of `schema/approval-answer.v1.json`.
    ///
    /// `approver` names the approver if the answer does not. Unknown keys are ignored.
    ///
    /// # Errors
    ///
    /// Anything but one JSON object with a known `decision`, and anything that follows the object.
    pub fn from_json(text: &[u8], approver: &str) -> Result<Self, AnswerError> {
        // The deserialiser would also take an array, with the fields by position.
        if text.trim_ascii_start().first() != Some(&b'{') {
            return Err(AnswerError::NotAnObject);
        }
        let wire: Wire = serde_json::from_slice(text)?;
        Ok(Self {
            answer: wire.answer()?,
            approver: within("approver", APPROVER_CHARS_MAX, wire.approver)?.unwrap_or_else(|| approver.to_owned()),
            reason: within("reason", REASON_CHARS_MAX, wire.reason)?,
        })
    }
}

/// Why an answer in JSON is not valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Nothing, or something other than an object.
    #[error("expected a JSON object with the key `decision`")]
    NotAnObject,
    /// Not JSON, more than JSON, a key twice, a value of another type, or no `decision`.
    #[error("expected one JSON object with the key `decision`")]
    Json(#[from] serde_json::Error),
    /// A word that has no meaning here.
    #[error("`{key}` is `{}`, expected {expected}", .found.escape_debug())]
    Unknown {
        /// The key.
        key: &'static str,
        /// The word that was found.
        found: String,
        /// The words that are allowed.
        expected: &'static str,
    },
    /// `stop` together with an approval.
    #[error("`stop` is only valid with the decision `refuse`")]
    StopWithApproval,
    /// A text that is longer than the journal keeps.
    #[error("`{key}` is longer than {limit_chars} characters")]
    TooLong {
        /// The key.
        key: &'static str,
        /// The most that it may have, in characters.
        limit_chars: usize,
    },
}

/// The published form. The fields are text, because serde would also read an enum from a map.
#[derive(Deserialize)]
struct Wire {
    decision: String,
    remember: Option<String>,
    stop: Option<bool>,
    approver: Option<String>,
    reason: Option<String>,
}

impl Wire {
    fn answer(&self) -> Result<Answer, AnswerError> {
        let stop = self.stop.unwrap_or(false);
        let remember = match self.remember.as_deref() {
            None | Some("once") => Remember::Once,
            Some("run") => Remember::Run,
            Some(found) => return Err(unknown("remember", found, "`once` or `run`")),
        };
        match self.decision.as_str() {
            "approve" if stop => Err(AnswerError::StopWithApproval),
            "approve" => Ok(Answer::Approve { remember }),
            "refuse" => Ok(Answer::Refuse { stop }),
            found => Err(unknown("decision", found, "`approve` or `refuse`")),
        }
    }
}

fn unknown(key: &'static str, found: &str, expected: &'static str) -> AnswerError {
    AnswerError::Unknown { key, found: found.chars().take(40).collect(), expected }
}

fn within(key: &'static str, limit_chars: usize, text: Option<String>) -> Result<Option<String>, AnswerError> {
    match text {
        Some(text) if text.chars().count() > limit_chars => Err(AnswerError::TooLong { key, limit_chars }),
        // An empty reason says nothing, and an approver needs a name.
        text => Ok(text.filter(|text| !text.is_empty())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settled, AnswerError> {
        Settled::from_json(text.as_bytes(), "exec:ask")
    }

    #[test]
    fn needs_only_the_decision() {
        let settled = read(" {\"decision\": \"approve\"}\n").unwrap();
        let once = Answer::Approve { remember: Remember::Once };
        assert_eq!(settled.answer, once);
        assert_eq!(settled.approver, "exec:ask");
        assert_eq!(settled.reason, None);
    }

    #[test]
    fn reads_every_key_and_passes_over_others() {
        let settled =
            read(r#"{"decision": "approve", "remember": "run", "approver": "ann", "reason": "fine", "ticket": 7}"#)
                .unwrap();
        let for_the_run = Answer::Approve { remember: Remember::Run };
        assert_eq!(settled.answer, for_the_run);
        assert_eq!(settled.approver, "ann");
        assert_eq!(settled.reason.as_deref(), Some("fine"));
    }

    #[test]
    fn reads_refusals() {
        let refuse = |stop| Answer::Refuse { stop };
        let read = |text| read(text).unwrap().answer;
        assert_eq!(read(r#"{"decision": "refuse"}"#), refuse(false));
        assert_eq!(read(r#"{"decision": "refuse", "stop": true}"#), refuse(true));
        assert_eq!(read(r#"{"decision": "refuse", "remember": "run", "stop": null, "reason": null}"#), refuse(false));
    }

    #[test]
    fn takes_nothing_else_for_an_answer() {
        let long = format!(r#"{{"decision": "approve", "reason": "{}"}}"#, "x".repeat(4097));
        let rows = [
            "",
            "approve",
            "\"approve\"",
            "null",
            "true",
            "{}",
            "[\"approve\", null, null, null, null]",
            r#"{"decision": "Approve"}"#,
            r#"{"decision": "approved"}"#,
            r#"{"decision": true}"#,
            r#"{"decision": {"approve": null}}"#,
            r#"{"decision": ["approve"]}"#,
            r#"{"decision": "approve", "decision": "refuse"}"#,
            r#"{"decision": "refuse", "decision": "approve"}"#,
            r#"{"decision": "approve"} {"decision": "approve"}"#,
            r#"{"decision": "approve"} ok"#,
            r#"{"decision": "approve""#,
            r#"{"decision": "approve",}"#,
            r#"{'decision': 'approve'}"#,
            r#"{"decision": "approve", "remember": "forever"}"#,
            r#"{"decision": "approve", "remember": 1}"#,
            r#"{"decision": "approve", "stop": true}"#,
            r#"{"decision": "approve", "approver": ["ann"]}"#,
            "\u{feff}{\"decision\": \"approve\"}",
            &long,
        ];
        for row in rows {
            assert!(read(row).is_err(), "{row}");
        }
        assert!(Settled::from_json(b"{\"decision\": \"approve\", \"reason\": \"\xff\"}", "").is_err());
    }

    #[test]
    fn names_the_word_that_it_does_not_know() {
        let error = read("{\"decision\": \"\\u001b[2Jyes\"}").unwrap_err();
        assert_eq!(error.to_string(), "`decision` is `\\u{1b}[2Jyes`, expected `approve` or `refuse`");
    }

    #[test]
    fn falls_back_to_the_approver_that_was_asked() {
        let settled = read(r#"{"decision": "refuse", "approver": ""}"#).unwrap();
        assert_eq!(settled.approver, "exec:ask");
    }
}
