//! Looks at files and changes to them, as effects: how they are shown, recorded and performed.

use std::marker::PhantomData;

use wasm_agent_approval::{Detail, PREVIEW_BYTES_MAX, Permit, Preview};
use wasm_agent_files::{Errno, FileType, Found, Target};
use wasm_agent_journal::{Before, DecisionRecord, EffectResult};
use wasm_agent_policy::{Action, kind};

use crate::gate::{Effect, Extra};

/// A change to a file.
pub(super) struct Change<'a, K, F> {
    /// The target that is changed, if something is there.
    pub(super) shown: Option<&'a Target>,
    /// The target that is lost, which may be another one.
    pub(super) lost: Option<&'a Target>,
    /// Performs it.
    pub(super) perform: F,
    pub(super) kind: PhantomData<fn() -> K>,
}

impl<'a, K, F> Change<'a, K, F> {
    /// A change to something that exists.
    pub(super) fn of(target: &'a Target, perform: F) -> Self {
        Self { shown: Some(target), lost: Some(target), perform, kind: PhantomData }
    }

    /// A change where nothing exists yet.
    pub(super) fn new(perform: F) -> Self {
        Self { shown: None, lost: None, perform, kind: PhantomData }
    }
}

impl<K: Send, D: Send, F: FnOnce(Permit<K>) -> Result<D, Errno> + Send> Effect for Change<'_, K, F> {
    type Kind = K;
    type Done = D;
    type Failed = Errno;

    fn detail(&self, action: &Action) -> Detail {
        detail(action, self.shown)
    }

    fn before(&self) -> Option<Before> {
        self.lost.and_then(before)
    }

    async fn perform(self, permit: Permit<K>) -> Result<D, Errno> {
        (self.perform)(permit)
    }

    fn outcome(result: &Result<D, Errno>) -> (EffectResult, Extra) {
        outcome(result)
    }
}

/// A look at a file.
pub(super) struct Look<'a, F> {
    pub(super) target: Option<&'a Target>,
    /// Whether the call's arguments alone name the target.
    pub(super) named_in_call: bool,
    /// Performs it.
    pub(super) perform: F,
}

impl<D: Send, F: FnOnce(Permit<kind::Read>) -> Result<D, Errno> + Send> Effect for Look<'_, F> {
    type Kind = kind::Read;
    type Done = D;
    type Failed = Errno;

    const LOOKS: bool = true;

    /// If the call's arguments do not name the target, the record of the decision does: a look has no intent that
    /// would.
    fn annotate(&self, action: &Action, decision: DecisionRecord) -> DecisionRecord {
        let action = if self.named_in_call { None } else { Some(action.canonical_bytes()) };
        DecisionRecord { action, ..decision }
    }

    fn detail(&self, action: &Action) -> Detail {
        detail(action, self.target)
    }

    async fn perform(self, permit: Permit<kind::Read>) -> Result<D, Errno> {
        (self.perform)(permit)
    }

    fn outcome(result: &Result<D, Errno>) -> (EffectResult, Extra) {
        outcome(result)
    }
}

fn outcome<D>(result: &Result<D, Errno>) -> (EffectResult, Extra) {
    match result {
        Ok(_) => (EffectResult::Done, Extra::default()),
        Err(errno) => {
            let detail = Some(std::io::Error::from(*errno).to_string());
            (EffectResult::Failed, Extra { detail, fields: None })
        }
    }
}

/// What an approver sees of an action on a file.
fn detail(action: &Action, target: Option<&Target>) -> Detail {
    let (path, to) = match action {
        Action::FileRename { from, to, .. } => (from.as_str().to_owned(), Some(to.as_str().to_owned())),
        Action::LinkCreate { path, target, .. } => (path.as_str().to_owned(), Some(target.clone())),
        Action::FileRead { path }
        | Action::FileCreate { path }
        | Action::FileModify { path, .. }
        | Action::FileDelete { path }
        | Action::DirCreate { path }
        | Action::DirRemove { path } => (path.as_str().to_owned(), None),
        Action::HttpRequest(_) | Action::HttpInvalid(_) | Action::Checkpoint { .. } | Action::Socket { .. } => {
            (action.to_string(), None)
        }
    };
    let file = target.and_then(|target| Some((target, target.found.as_ref()?)));
    let file = file.filter(|(_, found)| found.kind == FileType::RegularFile);
    Detail::File {
        path,
        to,
        size: file.map(|(_, found)| found.size),
        preview: file.and_then(|(target, found)| preview(target, found)),
    }
}

/// Largest file whose contents are digested before they are lost, in bytes. It bounds how long an effect waits for the
/// digest.
const DIGESTED_BYTES_MAX: u64 = 64 << 20;

/// A file's state just before it is changed or removed for good; `None` if it is not a file, or can't be read.
fn before(target: &Target) -> Option<Before> {
    target.contents(DIGESTED_BYTES_MAX).map(|lost| Before { length: lost.length, blake3: lost.blake3 })
}

/// The beginning of a file, for the approver who decides whether it may be lost.
fn preview(target: &Target, found: &Found) -> Option<Preview> {
    let head = target.head(u64::try_from(PREVIEW_BYTES_MAX).ok()?)?;
    Some(Preview::new(&head, found.size))
}
