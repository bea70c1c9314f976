//! [`Suggest`]: the smallest policy that allows what runs did.
//!
//! It keeps the directories of the recorded policies, each limited to what was used; the requested URLs; and the
//! secrets and networks that these requests needed. What can't be undone asks, whatever the recorded policies said.
//! What was denied or refused is not granted. Nothing is wider than what happened, unless [`Paths`] says so.

mod mounts;
mod patterns;
mod render;
mod requests;
mod room;
mod settings;
mod uses;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use wasm_agent_journal::{Header, Record};
use wasm_agent_policy::{Action, DecisionKind, FILESYSTEM_GRANTS_MAX, PATTERNS_MAX, POLICY_BYTES_MAX, Policy};

use crate::decisions::{Decisions, RecordedDecision};
use mounts::Mounts;
use requests::Requests;
use room::Room;
use settings::Settings;
use uses::Uses;

pub use patterns::Paths;
pub use room::SuggestError;

/// Most different actions listed as not granted, and most characters of each: a title can have a megabyte.
const LEFT_OUT_MAX: usize = 50;
const LEFT_OUT_CHARS_MAX: usize = 300;

/// A policy that allows what runs did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggested {
    /// The policy's text.
    pub text: String,
    /// How many permitted decisions it covers.
    pub decisions: u64,
    /// How many recorded decisions it leaves out: denied, refused or never answered.
    pub left_out: u64,
    /// Decisions whose action the journals do not have.
    pub unknown: u64,
}

/// Collects what runs did, and makes a policy of it.
#[derive(Debug)]
pub struct Suggest {
    paths: Paths,
    mounts: Mounts,
    requests: Requests,
    settings: Settings,
    checkpoints: Uses,
    journals: Vec<String>,
    run: Option<Decisions>,
    left_out: BTreeMap<String, Uses>,
    left_out_count: u64,
    decisions: u64,
    unknown: u64,
    room: Room,
}

impl Suggest {
    /// Begins without journals. With `pin`, the policy is for the recorded tool only.
    #[must_use]
    pub fn new(paths: Paths, pin: bool) -> Self {
        Self {
            paths,
            mounts: Mounts::default(),
            requests: Requests::default(),
            settings: Settings::new(pin),
            checkpoints: Uses::default(),
            journals: Vec::new(),
            run: None,
            left_out: BTreeMap::new(),
            left_out_count: 0,
            decisions: 0,
            unknown: 0,
            room: Room::default(),
        }
    }

    /// Begins a journal. Comments in the policy call it `name`.
    ///
    /// # Errors
    ///
    /// When its policy can't be parsed, or conflicts with those of earlier journals.
    pub fn begin(&mut self, name: &str, header: &Header) -> Result<(), SuggestError> {
        let policy = Policy::parse(&header.policy_text)
            .map_err(|errors| SuggestError::Policy { journal: name.to_owned(), errors })?;
        self.mounts.begin(name, &policy)?;
        self.settings.begin(name, header, &policy)?;
        self.requests.begin(name, &policy)?;
        self.journals.push(name.to_owned());
        self.run = Some(Decisions::new(header));
        Ok(())
    }

    /// Takes the next record of the journal.
    ///
    /// # Errors
    ///
    /// When there are too many names, or requests to one URL got different secrets.
    pub fn record(&mut self, record: &Record) -> Result<(), SuggestError> {
        let mut whole = Vec::new();
        if let Some(run) = &mut self.run {
            run.record(record, &mut |decided| whole.push(decided));
        }
        whole.iter().try_for_each(|decided| self.decided(decided))
    }

    /// Ends the journal.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn end(&mut self) -> Result<(), SuggestError> {
        let mut left = Vec::new();
        if let Some(run) = &mut self.run {
            run.finish(&mut |decided| left.push(decided));
            self.unknown = self.unknown.saturating_add(run.unknown());
        }
        let done = left.iter().try_for_each(|decided| self.decided(decided));
        self.run = None;
        done
    }

    /// Makes the policy.
    ///
    /// # Errors
    ///
    /// When it exceeds the limits of a policy.
    pub fn finish(self) -> Result<Suggested, SuggestError> {
        let (directories, patterns) = self.mounts.counts();
        if directories > FILESYSTEM_GRANTS_MAX || patterns > PATTERNS_MAX {
            return Err(SuggestError::TooMany);
        }
        let mut grants = self.requests.grants(self.paths);
        let mut text = render::policy(&self, &grants);
        if self.paths != Paths::Exact
            && let Ok(policy) = Policy::parse(&text)
        {
            self.requests.provide(&policy, &mut grants);
            text = render::policy(&self, &grants);
        }
        if text.len() > POLICY_BYTES_MAX {
            return Err(SuggestError::TooMany);
        }
        Ok(Suggested { text, decisions: self.decisions, left_out: self.left_out_count, unknown: self.unknown })
    }

    fn decided(&mut self, decided: &RecordedDecision) -> Result<(), SuggestError> {
        let at = (self.journals.len().saturating_sub(1), decided.call);
        let Some(action) = decided.action.as_ref().filter(|_| decided.was_permitted()) else {
            self.leave_out(decided, at);
            return Ok(());
        };
        self.decisions = self.decisions.saturating_add(1);
        match action {
            Action::HttpRequest(request) => {
                let Some(policy) = self.run.as_ref().and_then(Decisions::policy) else { return Ok(()) };
                let name = self.journals.last().map_or("", String::as_str);
                self.requests.request(name, policy, request, decided, at, &mut self.room)
            }
            Action::Checkpoint { .. } => {
                self.checkpoints.add(action.kind(), at);
                Ok(())
            }
            // Nothing grants these.
            Action::HttpInvalid(_) | Action::Socket { .. } => Ok(()),
            Action::FileRead { .. }
            | Action::FileCreate { .. }
            | Action::FileModify { .. }
            | Action::FileDelete { .. }
            | Action::FileRename { .. }
            | Action::DirCreate { .. }
            | Action::DirRemove { .. }
            | Action::LinkCreate { .. } => self.mounts.file(action, decided, at, &mut self.room),
        }
    }

    fn leave_out(&mut self, decided: &RecordedDecision, at: (usize, u64)) {
        self.left_out_count = self.left_out_count.saturating_add(1);
        let Some(action) = &decided.action else { return };
        let why = if decided.decision == DecisionKind::Deny { "denied" } else { "not approved" };
        let mut text = action.to_string();
        if let Some((end, _)) = text.char_indices().nth(LEFT_OUT_CHARS_MAX) {
            text.truncate(end);
            text.push('…');
        }
        if self.left_out.len() < LEFT_OUT_MAX || self.left_out.contains_key(&text) {
            self.left_out.entry(text).or_default().add(why, at);
        }
    }
}
