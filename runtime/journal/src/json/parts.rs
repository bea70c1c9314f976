//! The JSON objects inside a record's object. Members are declared in the order of their names.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::hex::HexText;
use super::item::Item;
use crate::event::{ApprovalRecord, Before, DecisionRecord, Header, Invocation, Redaction, RunResult};

#[derive(Serialize)]
pub(super) struct ComponentPart<'a> {
    name: &'a str,
    sha256: HexText<'a>,
}

impl<'a> ComponentPart<'a> {
    pub(super) fn new(header: &'a Header) -> Self {
        Self { name: &header.component_name, sha256: HexText(header.component_sha256.as_bytes()) }
    }
}

#[derive(Serialize)]
pub(super) struct PolicyPart<'a> {
    digest: HexText<'a>,
    text: &'a str,
}

impl<'a> PolicyPart<'a> {
    pub(super) fn new(header: &'a Header) -> Self {
        Self { digest: HexText(header.policy_digest.as_bytes()), text: &header.policy_text }
    }
}

#[derive(Serialize)]
pub(super) struct InvocationPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<&'a str>,
    kind: &'static str,
}

impl<'a> InvocationPart<'a> {
    pub(super) fn new(invocation: &'a Invocation) -> Self {
        match invocation {
            Invocation::Command => Self { arguments: None, export: None, kind: "command" },
            Invocation::Call { export, arguments } => {
                Self { arguments: Some(arguments), export: Some(export), kind: "call" }
            }
        }
    }
}

/// Limits by name. Of two with one name the last counts.
pub(super) struct LimitsPart<'a>(pub(super) &'a [(String, u64)]);

impl Serialize for LimitsPart<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let limits: BTreeMap<&str, u64> = self.0.iter().map(|(name, limit)| (name.as_str(), *limit)).collect();
        serializer.collect_map(limits)
    }
}

#[derive(Serialize)]
pub(super) struct RedactionPart<'a> {
    records: u64,
    seal: HexText<'a>,
    signed_by: Option<HexText<'a>>,
    taken_out: &'a [String],
}

impl<'a> RedactionPart<'a> {
    pub(super) fn new(redaction: &'a Redaction) -> Self {
        Self {
            records: redaction.records,
            seal: HexText(&redaction.seal),
            signed_by: redaction.signed_by.as_ref().map(|key| HexText(key.as_bytes())),
            taken_out: &redaction.taken_out,
        }
    }
}

#[derive(Serialize)]
pub(super) struct DecisionPart<'a> {
    /// Left out where there is none, as in most decisions: a member in every call would only make the lines longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Item<'a>>,
    grant: Option<&'a str>,
    reason: Option<&'a str>,
    verdict: &'static str,
}

impl<'a> DecisionPart<'a> {
    pub(super) fn new(decision: &'a DecisionRecord) -> Self {
        Self {
            action: decision.action.as_deref().map(Item),
            grant: decision.grant.as_deref(),
            reason: decision.reason.as_deref(),
            verdict: decision.verdict.name(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ApprovalPart<'a> {
    answer: &'static str,
    approver: &'a str,
    reason: Option<&'a str>,
    remember: &'static str,
    waited_ns: u64,
}

impl<'a> ApprovalPart<'a> {
    pub(super) fn new(approval: &'a ApprovalRecord) -> Self {
        Self {
            answer: approval.answer.name(),
            approver: &approval.approver,
            reason: approval.reason.as_deref(),
            remember: approval.remember.name(),
            waited_ns: approval.waited_ns,
        }
    }
}

#[derive(Serialize)]
pub(super) struct BeforePart<'a> {
    blake3: Option<HexText<'a>>,
    length: u64,
}

impl<'a> BeforePart<'a> {
    pub(super) fn new(before: &'a Before) -> Self {
        Self { blake3: before.blake3.as_ref().map(|digest| HexText(digest)), length: before.length }
    }
}

#[derive(Serialize)]
pub(super) struct ResultPart<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    /// Present, perhaps as `null`, in what a typed export returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    json: Option<Option<&'a str>>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wave: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    which: Option<&'a str>,
}

impl<'a> ResultPart<'a> {
    pub(super) fn new(result: &'a RunResult) -> Self {
        let part = Self { code: None, json: None, kind: result.name(), message: None, wave: None, which: None };
        match result {
            RunResult::Exited { code } => Self { code: Some(*code), ..part },
            RunResult::Returned { wave, json } => Self { json: Some(json.as_deref()), wave: Some(wave), ..part },
            RunResult::Trapped { message } | RunResult::Stopped { message } | RunResult::HostFailed { message } => {
                Self { message: Some(message), ..part }
            }
            RunResult::Limit { which } => Self { which: Some(which), ..part },
        }
    }
}
