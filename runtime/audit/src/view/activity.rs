//! [`Activity`]: what a call did, in terms of files, requests and output.

use wasm_agent_journal::{EffectResult, Intent, PayloadRef};
use wasm_agent_policy::{Action, GuestPath, LinkKind};

/// One record, interpreted.
#[derive(Debug)]
pub struct Interpreted<'r> {
    /// What the record is about.
    pub activity: Activity<'r>,
    /// The action that a call's decision was about, where no effect of the call has it: of a look or a denial.
    pub action: Option<Action>,
    /// The effect that the call had, or that the intent or outcome belongs to. A request's call can come before its
    /// effect.
    pub effect: Option<Effect>,
}

/// An effect, as far as the journal has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The recorded intent.
    pub intent: Intent,
    /// The action; `None` if this release does not know it.
    pub action: Option<Action>,
    /// How it ended; `None` while it is under way, or if it may have happened.
    pub result: Option<EffectResult>,
}

/// Identifies something that a tool opened. Unique in its run, unlike names and handle numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpenedId(pub(super) u64);

/// Identifies a request. Unique in its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub(super) u64);

/// A file or directory: its name, and the id it was opened under.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Its name at that moment; `None` if it no longer has one, or the journal does not say.
    pub path: Option<GuestPath>,
    /// The id, if it was opened.
    pub opened: Option<OpenedId>,
}

/// Where bytes were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// From this offset, in bytes.
    Offset(u64),
    /// At the end of the file, wherever that was.
    End,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written<'r> {
    /// These bytes. If the payload is longer than the write, its first ones.
    Bytes(PayloadRef<'r>),
    /// Zeroes.
    Zeroes,
    /// Bytes of another file, from this offset. The host copied them; they did not pass through the tool.
    FileAt(Place, u64),
    /// Bytes that did not pass through the tool. The journal does not have them.
    Unknown,
}

/// How something was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenMode {
    /// It did not exist before.
    pub created: bool,
    /// It was emptied.
    pub truncated: bool,
    /// It was opened for writing.
    pub writable: bool,
    /// It was opened as a directory.
    pub directory: bool,
}

/// The tool's own output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a record is about. A failed call changed nothing, unless the variant says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity<'r> {
    /// Nothing to do with files, requests or output.
    Other,
    /// A call whose arguments or outcome do not match its function.
    Unreadable,
    /// A call that returned an error and changed nothing.
    Failed {
        /// The file, if it was about one.
        place: Option<Place>,
    },
    /// The tool looked at the kind, size, times or link target of a file or directory.
    Looked {
        /// The file or directory.
        place: Place,
        /// Its size in bytes, if the call returned it and it is a file.
        size: Option<u64>,
    },
    /// The tool read a directory's next entry, or found that there are no more.
    Listed {
        /// The directory.
        place: Place,
        /// The entry's name; `None` at the end.
        entry: Option<&'r str>,
    },
    /// A file or directory was opened. Opening can create or empty a file.
    Opened {
        /// The file or directory.
        place: Place,
        /// How it was opened.
        mode: OpenMode,
    },
    /// The last handle to something was closed.
    Closed {
        /// The id it was opened under.
        opened: OpenedId,
    },
    /// A file was read.
    Read {
        /// The file.
        place: Place,
        /// Where the read begins, in bytes.
        offset: u64,
        /// The bytes read.
        payload: PayloadRef<'r>,
        /// The file ends after these bytes.
        end: bool,
    },
    /// Bytes were written to a file.
    Wrote {
        /// The file.
        place: Place,
        /// Where the write begins.
        at: Position,
        /// How many bytes.
        length: u64,
        /// The bytes written.
        contents: Written<'r>,
    },
    /// A write failed, now or earlier: all, some or none of its bytes are in the file.
    InDoubt {
        /// The file.
        place: Place,
        /// Where the write begins.
        at: Position,
        /// How many bytes.
        length: u64,
    },
    /// A file was made longer or shorter.
    Resized {
        /// The file.
        place: Place,
        /// Its new size, in bytes.
        size: u64,
    },
    /// A file's or directory's times were set.
    Retimed {
        /// The file or directory.
        place: Place,
    },
    /// A directory was created.
    MadeDirectory {
        /// The directory.
        path: GuestPath,
    },
    /// A link was created.
    Linked {
        /// Hard or symbolic.
        kind: LinkKind,
        /// The link.
        path: GuestPath,
        /// Of a hard link, the guest path of the file. Of a symbolic link, its text.
        target: String,
    },
    /// A file or directory was renamed.
    Renamed {
        /// The old name.
        from: GuestPath,
        /// The new name.
        to: GuestPath,
        /// It replaced something at the new name.
        replaces: bool,
        /// It is a directory.
        directory: bool,
    },
    /// A file, link or directory was removed.
    Removed {
        /// Its name.
        path: GuestPath,
        /// It was a directory.
        directory: bool,
    },
    /// The tool handed over a request. It is sent once it is allowed: see its effect.
    Requested {
        /// The request.
        exchange: ExchangeId,
    },
    /// The tool wrote part of a request's body.
    SentBody {
        /// The request.
        exchange: ExchangeId,
        /// The bytes.
        contents: Written<'r>,
        /// How many.
        length: u64,
    },
    /// A response arrived, or the request failed.
    Answered {
        /// The request.
        exchange: ExchangeId,
        /// Whether there is a response.
        response: bool,
    },
    /// The tool looked at the status or headers of a response.
    LookedAtResponse {
        /// The request.
        exchange: ExchangeId,
    },
    /// The tool read part of a response's body.
    Received {
        /// The request.
        exchange: ExchangeId,
        /// The bytes.
        payload: PayloadRef<'r>,
    },
    /// The tool read standard input.
    ReadInput {
        /// The bytes.
        payload: PayloadRef<'r>,
    },
    /// The tool printed something.
    Printed {
        /// The stream.
        output: OutputStream,
        /// The bytes.
        contents: Written<'r>,
        /// How many.
        length: u64,
    },
    /// The tool declared a reason for what follows.
    Declared {
        /// In its own words.
        why: &'r str,
    },
    /// An effect is about to happen.
    Begun,
    /// An effect ended.
    Ended,
}
