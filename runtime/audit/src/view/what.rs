//! [`What`]: what a call was about, in terms of files, requests and output.

use wasm_agent_journal::{EffectResult, Intent, PayloadRef};
use wasm_agent_policy::{Action, GuestPath, LinkKind};

/// What the view made of one record.
#[derive(Debug)]
pub struct Seen<'r> {
    /// What it was about.
    pub what: What<'r>,
    /// What a call's decision was about, where no effect of the call says it: an observation, or a denial.
    pub action: Option<Action>,
    /// The effect that a call had, or that an intent or outcome is of. A request's call may come before its effect.
    pub effect: Option<Effect>,
}

/// An effect, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What was about to happen, and who allowed it.
    pub intent: Intent,
    /// The action, where it is one of this release's.
    pub action: Option<Action>,
    /// How it ended; not known of one that is under way, or may have happened.
    pub result: Option<EffectResult>,
}

/// Number of something that a tool opened, unlike that of any other in its run. It outlives names and handle numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opened(pub(super) u64);

/// Number of a request, unlike that of any other in its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Exchange(pub(super) u64);

/// A file or directory, by its name and by what it was opened as.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Its name at that moment. Nothing where it has none any more, or the journal does not tell.
    pub path: Option<GuestPath>,
    /// What it was opened as, where it was.
    pub opened: Option<Opened>,
}

/// Where bytes were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// From this offset on, in bytes.
    Offset(u64),
    /// At the end that the file had by then.
    End,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents<'r> {
    /// These bytes; of a longer payload the first ones.
    Bytes(PayloadRef<'r>),
    /// Zeroes.
    Zeroes,
    /// Bytes of another file that did not pass through the tool, from this offset on.
    FileAt(Place, u64),
    /// Bytes that did not pass through the tool and are not in the journal.
    Unknown,
}

/// How something was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct How {
    /// It was not there before.
    pub created: bool,
    /// What was in it was thrown away.
    pub truncated: bool,
    /// It may be written to.
    pub writable: bool,
    /// It was asked for as a directory.
    pub directory: bool,
}

/// The tool's own output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a record was about. Of a call that failed: nothing changed, or as much as the variant says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What<'r> {
    /// No file, request or output.
    Other,
    /// A call whose arguments or outcome are not those that its function has.
    Unreadable,
    /// A call that gave an error; nothing was changed by it.
    Failed {
        /// What it was about, where it was a file.
        place: Option<Place>,
    },
    /// A file's or directory's kind, size, times or link target were looked at.
    Looked {
        /// What was looked at.
        place: Place,
        /// The size that it had, in bytes, where that was asked for and it is a file.
        size: Option<u64>,
    },
    /// A directory's next entry was read, or there was none.
    Listed {
        /// The directory.
        place: Place,
        /// The entry's name.
        entry: Option<&'r str>,
    },
    /// A file or directory was opened. A file may be created or emptied by that.
    Opened {
        /// What was opened.
        place: Place,
        /// How.
        how: How,
    },
    /// Nothing refers any more to what was opened as this.
    Closed {
        /// What it was opened as.
        opened: Opened,
    },
    /// A file was read.
    Read {
        /// The file.
        place: Place,
        /// Where, in bytes.
        offset: u64,
        /// What was read.
        payload: PayloadRef<'r>,
        /// The file ended behind it.
        end: bool,
    },
    /// Bytes were written to a file.
    Wrote {
        /// The file.
        place: Place,
        /// Where.
        at: At,
        /// How many bytes.
        length: u64,
        /// Which.
        contents: Contents<'r>,
    },
    /// An error came back for bytes that were written before or now: all, some or none of them are in the file.
    InDoubt {
        /// The file.
        place: Place,
        /// Where.
        at: At,
        /// How many bytes.
        length: u64,
    },
    /// A file was made longer or shorter.
    Resized {
        /// The file.
        place: Place,
        /// Its size, in bytes.
        size: u64,
    },
    /// A file's or directory's times were set.
    Retimed {
        /// What they were set of.
        place: Place,
    },
    /// A directory was made.
    MadeDirectory {
        /// The directory.
        path: GuestPath,
    },
    /// A link was made.
    Linked {
        /// Which kind.
        kind: LinkKind,
        /// The link.
        path: GuestPath,
        /// Hard: the guest path of the file. Symbolic: the text of the link.
        target: String,
    },
    /// Something got another name.
    Renamed {
        /// The name before.
        from: GuestPath,
        /// The name after.
        to: GuestPath,
        /// Something that had the new name was lost.
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
    /// A request was handed over. It is sent once it is allowed: see its effect.
    Requested {
        /// The request.
        exchange: Exchange,
    },
    /// A part of a request's body was handed over.
    SentBody {
        /// The request.
        exchange: Exchange,
        /// The bytes.
        contents: Contents<'r>,
        /// How many.
        length: u64,
    },
    /// The response to a request came, or it is known that none will.
    Answered {
        /// The request.
        exchange: Exchange,
        /// Whether there is a response.
        response: bool,
    },
    /// A part of a response was looked at: its status or headers.
    LookedAtResponse {
        /// The request.
        exchange: Exchange,
    },
    /// A part of a response's body was read.
    Received {
        /// The request.
        exchange: Exchange,
        /// The bytes.
        payload: PayloadRef<'r>,
    },
    /// Standard input was read.
    ReadInput {
        /// The bytes.
        payload: PayloadRef<'r>,
    },
    /// The tool printed something.
    Printed {
        /// Where to.
        output: Output,
        /// The bytes.
        contents: Contents<'r>,
        /// How many.
        length: u64,
    },
    /// The tool gave its reason for what follows.
    Declared {
        /// In its own words.
        why: &'r str,
    },
    /// An effect is about to happen.
    Begun,
    /// An effect ended.
    Ended,
}
