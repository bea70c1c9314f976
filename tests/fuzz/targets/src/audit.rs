//! What is concluded from journals.

use std::io::{self, Cursor};

use wasm_agent_audit::diff::{Change, Diff};
use wasm_agent_audit::export::{ChromeTrace, Otlp};
use wasm_agent_audit::files::{Files, Folder};
use wasm_agent_audit::judge::Judge;
use wasm_agent_audit::redact::{TakenOut, redact, verify_redaction};
use wasm_agent_audit::stats::Stats;
use wasm_agent_audit::suggest::{Paths, Suggest, Suggested};
use wasm_agent_audit::view::View;
use wasm_agent_audit::why::{ChainBuilder, NameHistory, Target};
use wasm_agent_journal::testing::Memory;
use wasm_agent_journal::{Reader, Record};
use wasm_agent_policy::{GuestPath, Policy};

use crate::forge;

/// A policy that journals are judged by.
const POLICY: &str = "version = 1\n[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\naccess = \"write\"\n\
    deny = [\"**/.env\"]\n[[http]]\nurl = \"https://*.example.com/**\"\n";

/// Calls after which files are looked at too, as `journal files --at` does.
const AT: u64 = 5;

/// Follows a journal whose checks and seals are made to fit, however odd its records are.
///
/// # Panics
///
/// Where something that was concluded does not go with something else.
pub fn audit(data: &[u8]) {
    let journal = forge::refitted(data);
    if Reader::open(Cursor::new(&journal)).is_err() {
        return;
    }
    view(&journal);
    files(&journal, None);
    files(&journal, Some(AT));
    why(&journal);
    judge(&journal);
    suggest(&journal);
    stats(&journal);
    diff(&journal, data);
    export(&journal);
    redactions(&journal);
}

/// Hands on every record that can be read, with the reader that it came from.
fn each(journal: &[u8], mut take: impl FnMut(&Record, &mut Reader<Cursor<&[u8]>>)) {
    let Ok(mut reader) = Reader::open(Cursor::new(journal)) else { return };
    while let Ok(Some(record)) = reader.next() {
        take(&record, &mut reader);
    }
}

fn view(journal: &[u8]) {
    let mut view = View::new();
    each(journal, |record, _| drop(view.record(record)));
    let _ = (view.open_effects().len(), view.lost());
}

fn files(journal: &[u8], at: Option<u64>) {
    let mut files = Files::new(Cursor::new(Vec::new()));
    let Ok(mut reader) = Reader::open(Cursor::new(journal)) else { return };
    while let Ok(Some(record)) = reader.next() {
        // A blob that is not there ends it.
        if files.record(&record, &mut reader).is_err() || at.is_some_and(|at| files.calls() > at) {
            break;
        }
    }
    if let Ok(changes) = files.changes(&mut reader) {
        assert!(changes.iter().all(|change| change.calls.0 <= change.calls.1), "{changes:?}");
    }
    let _ = files.restore(&mut Nowhere, &mut reader, drop);
}

/// A folder that looks at names and makes nothing.
struct Nowhere;

impl Folder for Nowhere {
    type File = Cursor<Vec<u8>>;

    fn directory(&mut self, path: &GuestPath) -> io::Result<()> {
        let names = path.as_str().strip_prefix('/').unwrap().split('/');
        assert!(path.as_str() == "/" || names.into_iter().all(|name| !matches!(name, "" | "." | "..")), "{path}");
        Ok(())
    }

    fn file(&mut self, path: &GuestPath, _: u64) -> io::Result<Self::File> {
        self.directory(path)?;
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn why(journal: &[u8]) {
    for target in ["/notes/a.md", "/notes", "https://example.com/"] {
        let target = Target::parse(target).unwrap();
        let mut names = NameHistory::new(target);
        each(journal, |record, _| names.record(record));
        let mut why = ChainBuilder::new(names.finish());
        each(journal, |record, _| why.record(record));
        let _ = why.finish();
    }
}

fn judge(journal: &[u8]) {
    let policy = Policy::parse(POLICY).unwrap();
    let Ok(reader) = Reader::open(Cursor::new(journal)) else { return };
    let mut judge = Judge::new(&policy, reader.header());
    each(journal, |record, _| judge.record(record));
    let judged = judge.finish();
    assert!(judged.counts.changed <= judged.counts.decisions() && judged.counts.lost <= judged.counts.changed);
}

/// Suggests a policy, which is none, or denies something, where a journal has what its own policy does not permit.
fn suggest(journal: &[u8]) {
    let Ok(reader) = Reader::open(Cursor::new(journal)) else { return };
    for paths in [Paths::Exact, Paths::Dir, Paths::Glob] {
        let mut suggest = Suggest::new(paths, false);
        let mut refused = suggest.begin("a.journal", reader.header()).is_err();
        each(journal, |record, _| refused |= suggest.record(record).is_err());
        if refused || suggest.end().is_err() {
            continue;
        }
        let Ok(Suggested { text, .. }) = suggest.finish() else { continue };
        if let Ok(policy) = Policy::parse(&text) {
            let mut judge = Judge::new(&policy, reader.header());
            each(journal, |record, _| judge.record(record));
            let _ = judge.finish();
        }
    }
}

fn stats(journal: &[u8]) {
    let mut stats = Stats::new();
    each(journal, |record, _| stats.record(record, |record| format!("{record:?}")));
    stats.finish(u64::try_from(journal.len()).unwrap());
    let calls: u64 = stats.functions().iter().map(|(_, function)| function.calls).sum();
    assert_eq!(stats.calls().calls, calls);
    let _ = (stats.time(), stats.effects().kinds().count(), stats.slowest().len(), stats.traffic());
}

/// A journal is no other run than itself.
fn diff(journal: &[u8], data: &[u8]) {
    for (other, is_same) in [(journal, true), (data, false)] {
        let [Ok(first), Ok(second)] = [journal, other].map(|journal| Reader::open(Cursor::new(journal))) else {
            continue;
        };
        let mut diff = Diff::new(first, second, true);
        while let Ok(Some(change)) = diff.next() {
            assert!(!is_same || matches!(change, Change::Same(..)), "{change:?}");
        }
        let _ = diff.summary();
    }
}

fn export(journal: &[u8]) {
    let Ok(reader) = Reader::open(Cursor::new(journal)) else { return };
    let mut trace = ChromeTrace::new(reader.header());
    let mut otlp = Otlp::new(reader.header(), "0");
    let mut text = String::new();
    each(journal, |record, _| {
        trace.record(record);
        text.push_str(&trace.take());
        if let Some(batch) = otlp.record(record) {
            serde_json::from_str::<serde_json::Value>(&batch.json).unwrap();
        }
    });
    trace.finish();
    text.push_str(&trace.take());
    serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    serde_json::from_str::<serde_json::Value>(&otlp.finish().json).unwrap();
}

/// A redaction reads, and is proved with its original alone.
fn redactions(journal: &[u8]) {
    for taken_out in [TakenOut { bodies: true, paths: false }, TakenOut { bodies: true, paths: true }] {
        let copy = Memory::default();
        if redact(Cursor::new(journal), copy.clone(), taken_out).is_err() {
            continue;
        }
        let copy = copy.bytes();
        let open = || Ok(Cursor::new(copy.clone()));
        verify_redaction(open, Cursor::new(journal)).unwrap_or_else(|error| panic!("{error}"));
    }
}
