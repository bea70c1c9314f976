//! The question to an approver, as plain data, in the form that is published as JSON.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasm_agent_ids::ToolDigest;
use wasm_agent_policy::Pending;

use super::Preview;

/// Version of the published request, raised when a field changes its meaning or goes away.
///
/// New fields do not raise it: a program must ignore fields that it does not know.
pub const REQUEST_VERSION: u32 = 1;

/// One question to an approver.
///
/// Published as `schema/approval-request.v1.json`. All text in it is as the guest gave it: escape it before showing it.
/// It names secrets but never holds their values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    /// Always [`REQUEST_VERSION`].
    pub version: u32,
    /// The run that waits for the answer, in hexadecimal.
    pub run: String,
    /// Number of the host call that waits, as in the journal.
    pub call: u64,
    /// The component that asks.
    pub component: ComponentSummary,
    /// Digest of the policy's text, in hexadecimal.
    pub policy: String,
    /// The action.
    pub action: ActionSummary,
    /// The grant that decided, as reports name it, with its line.
    pub grant: Option<String>,
    /// The tool's own reason. Nothing has checked it: it may be untrue.
    pub intent: Option<String>,
    /// Time left to answer, in milliseconds. No answer by then is a refusal.
    pub expires_in_ms: u64,
}

/// The component that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentSummary {
    /// Name that the operator gave it, usually the file's.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// The action, in one line and in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionSummary {
    /// Name of the kind of action, such as `file.modify`.
    pub kind: String,
    /// The action in one line, as in reports.
    pub summary: String,
    /// Digest of the action's canonical bytes, in hexadecimal. An approval holds for this digest only.
    pub digest: String,
    /// Everything else that a person needs to see.
    pub detail: Detail,
}

/// What an action does, as far as it can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Detail {
    /// An effect on a file or directory.
    File {
        /// Path as the guest sees it.
        path: String,
        /// New path, or the target of a link.
        to: Option<String>,
        /// Size of what is there now, in bytes.
        size: Option<u64>,
        /// The content that is at stake.
        preview: Option<Preview>,
    },
    /// An HTTP request.
    Http {
        /// The method.
        method: String,
        /// The URL, in the canonical form that the policy matched.
        url: String,
        /// Path and query as they are sent, if they are sent in the tool's own spelling. It differs from `url` in
        /// percent-encoding only.
        sent: Option<String>,
        /// Headers in the guest's order, as pairs of name and value, without any secret.
        headers: Vec<(String, String)>,
        /// Names of the secrets that the host adds.
        secrets: Vec<String>,
        /// The beginning of the body.
        body: Option<Preview>,
        /// Length of the whole body, in bytes, where it is known.
        body_bytes: Option<u64>,
        /// BLAKE3 digest of the whole body, in hexadecimal, where it is known.
        body_blake3: Option<String>,
    },
    /// A question that the tool itself asks before a step that only it understands.
    Checkpoint {
        /// One line.
        title: String,
        /// The rest, of any length.
        detail: String,
    },
}

/// What an approver learns besides the action itself.
#[derive(Debug, Clone)]
pub struct Question {
    /// The component's name, as the operator gave it.
    pub component: String,
    /// The component.
    pub tool: ToolDigest,
    /// The policy.
    pub policy: wasm_agent_ids::PolicyDigest,
    /// The grant that decided, as reports name it.
    pub grant: Option<String>,
    /// The tool's own reason.
    pub intent: Option<String>,
    /// What the action does, as far as it can be shown.
    pub detail: Detail,
}

impl ApprovalRequest {
    /// The question about an action. What it says of the action, the run and the call is taken from `pending`.
    #[must_use]
    pub fn new<K>(pending: &Pending<K>, question: Question, timeout: Duration) -> Self {
        let (action, asker) = (pending.action(), pending.asker());
        Self {
            version: REQUEST_VERSION,
            run: asker.run.to_string(),
            call: asker.call.0,
            component: ComponentSummary { name: question.component, sha256: question.tool.to_string() },
            policy: question.policy.to_string(),
            action: ActionSummary {
                kind: action.kind().to_owned(),
                summary: action.to_string(),
                digest: action.digest().to_string(),
                detail: question.detail,
            },
            grant: question.grant,
            intent: question.intent,
            expires_in_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// Requests for tests.
#[cfg(any(test, feature = "testing"))]
pub mod samples {
    use super::*;

    /// A request that has every optional part.
    #[must_use]
    pub fn post_issue() -> ApprovalRequest {
        ApprovalRequest {
            version: REQUEST_VERSION,
            run: "00112233445566778899aabbccddeeff".to_owned(),
            call: 42,
            component: ComponentSummary { name: "open-issue".to_owned(), sha256: "ab".repeat(32) },
            policy: "cd".repeat(32),
            action: ActionSummary {
                kind: "http.request".to_owned(),
                summary: "http.request POST https://api.example.com/issues".to_owned(),
                digest: "ef".repeat(32),
                detail: Detail::Http {
                    method: "POST".to_owned(),
                    url: "https://api.example.com/issues".to_owned(),
                    sent: None,
                    headers: vec![("accept".to_owned(), "*/*".to_owned())],
                    secrets: vec!["github".to_owned()],
                    body: Some(Preview::new(b"{}", 2)),
                    body_bytes: Some(2),
                    body_blake3: Some("01".repeat(32)),
                },
            },
            grant: Some("http grant `https://api.example.com/issues` (line 7)".to_owned()),
            intent: Some("report the broken link".to_owned()),
            expires_in_ms: 600_000,
        }
    }

    /// A request for a file, that has none of the optional parts.
    #[must_use]
    pub fn delete_file() -> ApprovalRequest {
        let mut request = post_issue();
        request.action = ActionSummary {
            kind: "file.delete".to_owned(),
            summary: "file.delete /notes/a.md".to_owned(),
            digest: "12".repeat(32),
            detail: Detail::File { path: "/notes/a.md".to_owned(), to: None, size: None, preview: None },
        };
        request.grant = None;
        request.intent = None;
        request
    }

    /// A request that the tool itself makes.
    #[must_use]
    pub fn checkpoint() -> ApprovalRequest {
        let mut request = delete_file();
        request.action.kind = "checkpoint".to_owned();
        request.action.detail =
            Detail::Checkpoint { title: "rewrite 12 files".to_owned(), detail: "a.md\nb.md".to_owned() };
        request
    }
}
