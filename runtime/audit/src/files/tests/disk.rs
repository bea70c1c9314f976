//! A disk that is a map, and the records of what is done to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasm_agent_journal::{
    Before, Call, CallId, DecisionRecord, EffectId, EffectResult, Encoded, Event, Function, Intent, Keep, Outcome,
    Record, Verdict,
};
use wasm_agent_policy::{Action, LinkKind};

use super::*;

/// Which file of the disk, whatever its name.
pub(super) type File = usize;

/// A disk below `/w`, and the files that are told of its records.
pub(super) struct Disk {
    pub(super) files: Files<Cursor<Vec<u8>>>,
    pub(super) contents: Vec<Vec<u8>>,
    pub(super) names: BTreeMap<String, File>,
    /// Files that this run made: an intent says nothing of what is in them.
    own: Vec<bool>,
    /// Open descriptors: handle and file.
    pub(super) open: Vec<(u32, File)>,
    calls: u64,
    effects: u64,
    handles: u32,
    /// Whether contents stand in the calls, or only their digest.
    pub(super) keep: bool,
}

impl Disk {
    pub(super) fn new() -> Self {
        let mut disk = Self {
            files: Files::new(Cursor::new(Vec::new())),
            contents: Vec::new(),
            names: BTreeMap::new(),
            own: Vec::new(),
            open: Vec::new(),
            calls: 0,
            effects: 0,
            handles: 1,
            keep: true,
        };
        disk.value(
            "wasi:filesystem/preopens#get-directories",
            |out| {
                out.array(0);
            },
            |out| {
                out.array(1).array(2).u64(0).str("/w");
            },
        );
        disk
    }

    /// Puts a file on the disk before the run.
    pub(super) fn was_there(&mut self, name: &str, contents: &[u8]) {
        self.names.insert(name.to_owned(), self.contents.len());
        self.contents.push(contents.to_vec());
        self.own.push(false);
    }

    /// A call that gives a value.
    pub(super) fn value(
        &mut self,
        function: &str,
        arguments: impl FnOnce(&mut Encoded),
        value: impl FnOnce(&mut Encoded),
    ) {
        let outcome = item(|out| {
            out.array(2).u64(0);
            value(out);
        });
        let name = if function.contains('#') {
            function.to_owned()
        } else {
            format!("wasi:filesystem/types#[method]descriptor.{function}")
        };
        self.call(name, item(arguments), outcome);
    }

    /// A call of a stream that gives an error.
    pub(super) fn error(&mut self, function: &str, stream: u32) {
        let arguments = item(|out| {
            out.array(1).u64(stream.into());
        });
        let outcome = item(|out| {
            out.array(2).u64(1).u64(99);
        });
        self.call(function.to_owned(), arguments, outcome);
    }

    fn call(&mut self, name: String, arguments: Vec<u8>, outcome: Vec<u8>) {
        let call = Call {
            seq: CallId(self.calls),
            function: Arc::new(Function { name, parameters: Vec::new() }),
            at_ns: 0,
            duration_ns: 0,
            fuel: 0,
            arguments,
            outcome,
            decision: None,
        };
        self.calls += 1;
        let record = Record { index: 0, offset: 0, event: Event::Call(call) };
        self.files.record(&record, &mut NoBlobs).unwrap();
    }

    /// An effect that the next call has.
    pub(super) fn effect(&mut self, action: &Action, before: Option<Before>, ends: bool) {
        let effect = self.effects;
        self.effects += 1;
        let decision = DecisionRecord { verdict: Verdict::Allow, grant: None, reason: None, action: None };
        let intent = Intent {
            effect: EffectId(effect),
            call: CallId(self.calls),
            at_ns: 0,
            action: action.canonical_bytes(),
            action_digest: *action.digest().as_bytes(),
            decision,
            approval: None,
            irreversible: before.is_some(),
            before,
        };
        let outcome =
            Outcome { effect: EffectId(effect), at_ns: 0, result: EffectResult::Done, detail: None, extra: None };
        for event in [Event::Intent(Box::new(intent)), Event::Outcome(outcome)].into_iter().take(1 + usize::from(ends))
        {
            self.files.record(&Record { index: 0, offset: 0, event }, &mut NoBlobs).unwrap();
        }
    }

    fn before(&self, file: File) -> Option<Before> {
        let contents = &self.contents[file];
        let length = u64::try_from(contents.len()).unwrap();
        (!self.own[file]).then(|| Before { length, blake3: Some(*blake3::hash(contents).as_bytes()) })
    }

    /// Opens a file to write to it, which may make or empty it.
    pub(super) fn open(&mut self, name: &str, truncate: bool) -> usize {
        let whole = path(&format!("/w/{name}"));
        let file = match self.names.get(name) {
            None => {
                self.effect(&Action::FileCreate { path: whole }, None, true);
                self.contents.push(Vec::new());
                self.own.push(true);
                self.names.insert(name.to_owned(), self.contents.len() - 1);
                self.contents.len() - 1
            }
            Some(&file) => {
                self.effect(&Action::FileModify { path: whole, truncate }, self.before(file), true);
                if truncate {
                    self.contents[file].clear();
                }
                file
            }
        };
        let handle = self.handle();
        self.value(
            "open-at",
            |out| {
                out.array(5).u64(0).u64(1).str(name).u64(1).u64(3);
            },
            |out| {
                out.u64(handle.into());
            },
        );
        self.open.push((handle, file));
        self.open.len() - 1
    }

    pub(super) fn handle(&mut self) -> u32 {
        self.handles += 1;
        self.handles - 1
    }

    pub(super) fn write(&mut self, open: usize, offset: usize, bytes: &[u8]) {
        let (handle, file) = self.open[open];
        let keep = self.keep;
        self.value(
            "write",
            |out| {
                out.array(3).u64(handle.into());
                if keep {
                    out.bytes_inline(bytes)
                } else {
                    out.payload(bytes.to_vec(), Keep::DigestOnly)
                };
                out.u64(u64::try_from(offset).unwrap());
            },
            |out| {
                out.u64(u64::try_from(bytes.len()).unwrap());
            },
        );
        let contents = &mut self.contents[file];
        if !bytes.is_empty() && contents.len() < offset + bytes.len() {
            contents.resize(offset + bytes.len(), 0);
        }
        if !bytes.is_empty() {
            contents[offset..offset + bytes.len()].copy_from_slice(bytes);
        }
    }

    /// Appends through a stream.
    pub(super) fn append(&mut self, open: usize, bytes: &[u8]) {
        let (handle, file) = self.open[open];
        let stream = self.handle();
        self.value(
            "append-via-stream",
            |out| {
                out.array(1).u64(handle.into());
            },
            |out| {
                out.u64(stream.into());
            },
        );
        self.value(
            "wasi:io/streams#[method]output-stream.write",
            |out| {
                out.array(2).u64(stream.into()).bytes_inline(bytes);
            },
            |out| {
                out.null();
            },
        );
        self.drop("wasi:io/streams#[resource-drop]output-stream", stream);
        self.contents[file].extend_from_slice(bytes);
    }

    pub(super) fn read(&mut self, open: usize, offset: usize, length: usize) {
        let (handle, file) = self.open[open];
        let contents = &self.contents[file];
        let end = (offset + length).min(contents.len());
        let bytes = contents.get(offset..end).unwrap_or_default().to_vec();
        self.value(
            "read",
            |out| {
                out.array(3).u64(handle.into()).u64(u64::try_from(length).unwrap()).u64(u64::try_from(offset).unwrap());
            },
            |out| {
                out.array(2).bytes_inline(&bytes).bool(bytes.is_empty() && length > 0);
            },
        );
    }

    pub(super) fn resize(&mut self, open: usize, size: usize) {
        let (handle, file) = self.open[open];
        self.value(
            "set-size",
            |out| {
                out.array(2).u64(handle.into()).u64(u64::try_from(size).unwrap());
            },
            |out| {
                out.null();
            },
        );
        self.contents[file].resize(size, 0);
    }

    pub(super) fn close(&mut self, open: usize) {
        let (handle, _) = self.open.remove(open);
        self.drop("wasi:filesystem/types#[resource-drop]descriptor", handle);
    }

    fn drop(&mut self, function: &str, handle: u32) {
        self.value(
            function,
            |out| {
                out.array(1).u64(handle.into());
            },
            |out| {
                out.null();
            },
        );
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let Some(&file) = self.names.get(from) else { return };
        let replaced = self.names.get(to).copied();
        let action = Action::FileRename {
            from: path(&format!("/w/{from}")),
            to: path(&format!("/w/{to}")),
            replaces: replaced.is_some(),
            directory: false,
        };
        self.effect(&action, replaced.and_then(|replaced| self.before(replaced)), true);
        self.paths("rename-at", from, Some(to));
        if replaced != Some(file) {
            self.names.remove(from);
            self.names.insert(to.to_owned(), file);
        }
    }

    pub(super) fn link(&mut self, from: &str, to: &str) {
        let Some(&file) = self.names.get(from).filter(|_| !self.names.contains_key(to)) else { return };
        let action =
            Action::LinkCreate { kind: LinkKind::Hard, path: path(&format!("/w/{to}")), target: format!("/w/{from}") };
        self.effect(&action, None, true);
        self.value(
            "link-at",
            |out| {
                out.array(5).u64(0).u64(0).str(from).u64(0).str(to);
            },
            |out| {
                out.null();
            },
        );
        self.names.insert(to.to_owned(), file);
    }

    pub(super) fn delete(&mut self, name: &str) {
        let Some(&file) = self.names.get(name) else { return };
        self.effect(&Action::FileDelete { path: path(&format!("/w/{name}")) }, self.before(file), true);
        self.paths("unlink-file-at", name, None);
        self.names.remove(name);
    }

    fn paths(&mut self, function: &str, from: &str, to: Option<&str>) {
        self.value(
            function,
            |out| {
                out.array(if to.is_some() { 4 } else { 2 }).u64(0).str(from);
                if let Some(to) = to {
                    out.u64(0).str(to);
                }
            },
            |out| {
                out.null();
            },
        );
    }

    /// What is on the disk, by guest path.
    pub(super) fn all(&self) -> BTreeMap<String, Vec<u8>> {
        self.names.iter().map(|(name, file)| (format!("/w/{name}"), self.contents[*file].clone())).collect()
    }
}

pub(super) fn item(write: impl FnOnce(&mut Encoded)) -> Vec<u8> {
    let mut encoded = Encoded::new();
    write(&mut encoded);
    assert!(encoded.is_whole());
    encoded.to_record()
}
