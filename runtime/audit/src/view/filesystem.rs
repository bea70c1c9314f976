//! `wasi:filesystem`: what a call did to which file.

use wasm_agent_calls::filesystem::{DESCRIPTOR_FLAGS, DESCRIPTOR_STAT, DIRECTORY_ENTRY, OPEN_FLAGS, types};
use wasm_agent_calls::{Function, find};
use wasm_agent_journal::Call;
use wasm_agent_policy::{Action, GuestPath, LinkKind};

use super::View;
use super::activity::{Activity, OpenMode, OpenedId, Place, Position, Written};
use super::handles::Handle;
use super::items::{Arguments, CallOutcome, Items};

/// Flags that a descriptor is opened with.
const WRITE: u64 = DESCRIPTOR_FLAGS.bit("write");

/// Flags of `open-at`.
const CREATE: u64 = OPEN_FLAGS.bit("create");
const DIRECTORY: u64 = OPEN_FLAGS.bit("directory");
const TRUNCATE: u64 = OPEN_FLAGS.bit("truncate");

impl View {
    /// The directories that a tool is given at its start.
    pub(super) fn preopens<'r>(&mut self, call: &'r Call) -> Option<Activity<'r>> {
        let CallOutcome::Value(mut directories) = CallOutcome::of(call)? else { return Some(Activity::Other) };
        for _ in 0..directories.array()? {
            if directories.array()? != 2 {
                return None;
            }
            let (number, path) = (directories.handle()?, directories.text()?);
            self.handles.open(number, GuestPath::parse(path).ok());
        }
        Some(Activity::Other)
    }

    pub(super) fn filesystem<'r>(
        &mut self,
        function: &'static Function,
        call: &'r Call,
        decided: Option<&Action>,
    ) -> Option<Activity<'r>> {
        let arguments = Arguments::of(function, call)?;
        let number = arguments.handle()?;
        if function.is_drop() {
            return Some(self.handles.take(number).map_or(Activity::Other, |opened| Activity::Closed { opened }));
        }
        let place = self.place(number);
        let failed = || Activity::Failed { place: Some(place.clone()) };
        let CallOutcome::Value(value) = CallOutcome::of(call)? else {
            let named = path_of(function, &arguments).and_then(|path| self.below(number, path, decided));
            let path = named.or_else(|| place.path.clone().filter(|_| path_parameter(function).is_none()));
            return Some(Activity::Failed { place: Some(Place { path, ..place }) });
        };
        match function.id {
            types::DESCRIPTOR_OPEN_AT => self.opened(number, &arguments, value, decided),
            types::DESCRIPTOR_READ_VIA_STREAM => self.reader(place.opened, &arguments, value),
            types::DESCRIPTOR_WRITE_VIA_STREAM => {
                let at = Position::Offset(arguments.at("offset")?.uint()?);
                self.writer(place.opened, at, value)
            }
            types::DESCRIPTOR_APPEND_VIA_STREAM => self.writer(place.opened, Position::End, value),
            types::DESCRIPTOR_READ_DIRECTORY => {
                let opened = place.opened?;
                self.entries(opened, value)
            }
            types::DESCRIPTOR_READ => read(place, &arguments, value),
            types::DESCRIPTOR_WRITE => wrote(place, &arguments, value),
            types::DESCRIPTOR_SET_SIZE => Some(Activity::Resized { place, size: arguments.at("size")?.uint()? }),
            types::DESCRIPTOR_SET_TIMES => Some(Activity::Retimed { place }),
            types::DESCRIPTOR_STAT => Some(Activity::Looked { place, size: size_of(value) }),
            types::DESCRIPTOR_METADATA_HASH | types::DESCRIPTOR_GET_TYPE | types::DESCRIPTOR_GET_FLAGS => {
                Some(Activity::Looked { place, size: None })
            }
            types::DESCRIPTOR_STAT_AT | types::DESCRIPTOR_METADATA_HASH_AT | types::DESCRIPTOR_READLINK_AT => {
                let path = path_of(function, &arguments)?;
                // For the hash of an entry, the policy decides about its directory.
                let decided = decided.filter(|_| function.id != types::DESCRIPTOR_METADATA_HASH_AT);
                let place = Place { path: self.below(number, path, decided), opened: None };
                let size = if function.id == types::DESCRIPTOR_STAT_AT { size_of(value) } else { None };
                Some(Activity::Looked { place, size })
            }
            types::DIRECTORY_ENTRY_STREAM_READ_DIRECTORY_ENTRY => listed(place, value),
            types::DESCRIPTOR_CREATE_DIRECTORY_AT
            | types::DESCRIPTOR_REMOVE_DIRECTORY_AT
            | types::DESCRIPTOR_UNLINK_FILE_AT
            | types::DESCRIPTOR_RENAME_AT
            | types::DESCRIPTOR_LINK_AT
            | types::DESCRIPTOR_SYMLINK_AT
            | types::DESCRIPTOR_SET_TIMES_AT => {
                let action = match decided {
                    Some(action) => Some(action.clone()),
                    None => self.asked(function, number, &arguments),
                };
                Some(action.and_then(|action| self.changed(action)).unwrap_or_else(failed))
            }
            _ => Some(Activity::Other),
        }
    }

    /// What a descriptor or a stream of directory entries refers to.
    pub(super) fn place(&self, number: u32) -> Place {
        match self.handles.get(number) {
            Some(Handle::Descriptor(opened) | Handle::Entries(opened)) => self.opened_place(opened),
            _ => Place::default(),
        }
    }

    /// Something that was opened, with the name it has now.
    pub(super) fn opened_place(&self, opened: OpenedId) -> Place {
        Place { path: self.handles.path(opened).cloned(), opened: Some(opened) }
    }

    /// The guest path of a path argument: the one that the policy decided about, or else the argument joined to its
    /// directory.
    fn below(&self, number: u32, path: &str, decided: Option<&Action>) -> Option<GuestPath> {
        let recorded = match decided {
            Some(Action::FileRead { path } | Action::FileCreate { path } | Action::FileModify { path, .. }) => {
                Some(path)
            }
            // These can have two paths, and the argument does not say which one it is.
            Some(
                Action::FileDelete { .. }
                | Action::FileRename { .. }
                | Action::DirCreate { .. }
                | Action::DirRemove { .. }
                | Action::LinkCreate { .. }
                | Action::HttpRequest(_)
                | Action::HttpInvalid(_)
                | Action::Checkpoint { .. }
                | Action::Socket { .. },
            )
            | None => None,
        };
        recorded.cloned().or_else(|| {
            let base = self.place(number).path?;
            GuestPath::lexical(&base, path).ok()
        })
    }

    fn opened<'r>(
        &mut self,
        directory: u32,
        arguments: &Arguments<'r>,
        mut value: Items<'r>,
        decided: Option<&Action>,
    ) -> Option<Activity<'r>> {
        arguments.at("path-flags")?.uint()?;
        let path = arguments.at("path")?.text()?;
        let (open, flags) = (arguments.at("open-flags")?.uint()?, arguments.at("flags")?.uint()?);
        let mode = match decided {
            Some(Action::FileCreate { .. }) => OpenMode { created: true, writable: true, ..OpenMode::default() },
            Some(Action::FileModify { truncate, .. }) => {
                OpenMode { truncated: *truncate, writable: true, ..OpenMode::default() }
            }
            Some(
                Action::FileRead { .. }
                | Action::FileDelete { .. }
                | Action::FileRename { .. }
                | Action::DirCreate { .. }
                | Action::DirRemove { .. }
                | Action::LinkCreate { .. }
                | Action::HttpRequest(_)
                | Action::HttpInvalid(_)
                | Action::Checkpoint { .. }
                | Action::Socket { .. },
            ) => OpenMode { directory: open & DIRECTORY != 0, ..OpenMode::default() },
            // The journal does not say whether the file is new: assume that it existed.
            None => OpenMode {
                truncated: open & TRUNCATE != 0,
                writable: flags & WRITE != 0 || open & CREATE != 0,
                directory: open & DIRECTORY != 0,
                ..OpenMode::default()
            },
        };
        let path = self.below(directory, path, decided);
        let opened = self.handles.open(value.handle()?, path);
        Some(Activity::Opened { place: self.opened_place(opened), mode })
    }

    fn reader<'r>(
        &mut self,
        file: Option<OpenedId>,
        arguments: &Arguments<'r>,
        mut value: Items<'r>,
    ) -> Option<Activity<'r>> {
        let (number, at) = (value.handle()?, arguments.at("offset")?.uint()?);
        if let Some(file) = file {
            self.handles.put(number, Handle::Reader { file, at });
        }
        Some(Activity::Other)
    }

    fn writer<'r>(&mut self, file: Option<OpenedId>, at: Position, mut value: Items<'r>) -> Option<Activity<'r>> {
        let number = value.handle()?;
        if let Some(file) = file {
            self.handles.put(number, Handle::Writer { file, at, last: 0 });
        }
        Some(Activity::Other)
    }

    fn entries<'r>(&mut self, opened: OpenedId, mut value: Items<'r>) -> Option<Activity<'r>> {
        self.handles.put(value.handle()?, Handle::Entries(opened));
        Some(Activity::Other)
    }

    /// The action that a call asked for, if the journal does not have its effect.
    fn asked(&self, function: &'static Function, number: u32, arguments: &Arguments<'_>) -> Option<Action> {
        let path = self.below(number, path_of(function, arguments)?, None)?;
        let new = || self.below(arguments.at("new-descriptor")?.handle()?, arguments.at("new-path")?.text()?, None);
        Some(match function.id {
            types::DESCRIPTOR_CREATE_DIRECTORY_AT => Action::DirCreate { path },
            types::DESCRIPTOR_REMOVE_DIRECTORY_AT => Action::DirRemove { path },
            types::DESCRIPTOR_UNLINK_FILE_AT => Action::FileDelete { path },
            types::DESCRIPTOR_RENAME_AT => {
                Action::FileRename { from: path, to: new()?, replaces: true, directory: false }
            }
            types::DESCRIPTOR_LINK_AT => {
                Action::LinkCreate { kind: LinkKind::Hard, path: new()?, target: path.as_str().to_owned() }
            }
            types::DESCRIPTOR_SYMLINK_AT => {
                let target = arguments.at("old-path")?.text()?.to_owned();
                Action::LinkCreate { kind: LinkKind::Symbolic, path, target }
            }
            types::DESCRIPTOR_SET_TIMES_AT => Action::FileModify { path, truncate: false },
            _ => return None,
        })
    }

    /// Applies a change of names.
    fn changed<'r>(&mut self, action: Action) -> Option<Activity<'r>> {
        match action {
            Action::DirCreate { path } => Some(Activity::MadeDirectory { path }),
            Action::DirRemove { path } => {
                self.handles.removed(&path);
                Some(Activity::Removed { path, directory: true })
            }
            Action::FileDelete { path } => {
                self.handles.removed(&path);
                Some(Activity::Removed { path, directory: false })
            }
            Action::FileRename { from, to, replaces, directory } => {
                self.handles.renamed(&from, &to, replaces);
                Some(Activity::Renamed { from, to, replaces, directory })
            }
            Action::LinkCreate { kind, path, target } => Some(Activity::Linked { kind, path, target }),
            Action::FileModify { path, .. } => {
                Some(Activity::Retimed { place: Place { path: Some(path), opened: None } })
            }
            Action::FileRead { .. }
            | Action::FileCreate { .. }
            | Action::HttpRequest(_)
            | Action::HttpInvalid(_)
            | Action::Checkpoint { .. }
            | Action::Socket { .. } => None,
        }
    }

    /// The path as the tool spelled it: its directory's path joined with the path argument, without following links. If
    /// the call has no path argument, the path of its descriptor. Links can make it differ from the path that the
    /// policy decided about.
    #[must_use]
    pub fn spelled(&self, call: &Call) -> Option<GuestPath> {
        let (function, arguments) = of_file(call)?;
        let number = arguments.handle()?;
        match path_of(function, &arguments) {
            Some(text) => self.below(number, text, None),
            None => self.place(number).path,
        }
    }

    /// The action that the policy decided about for a call without an effect: reading a path.
    pub(super) fn observed(&self, call: &Call) -> Option<Action> {
        let (function, arguments) = of_file(call)?;
        let number = arguments.handle()?;
        let text = path_of(function, &arguments)?;
        let path = self.below(number, text, None)?;
        let last = text.rsplit('/').find(|part| !part.is_empty());
        let is_name = !matches!(last, None | Some("." | ".."));
        // Permission to list a directory includes the hashes of its entries.
        let listed = path.parent().filter(|_| is_name && function.id == types::DESCRIPTOR_METADATA_HASH_AT);
        Some(Action::FileRead { path: listed.unwrap_or(path) })
    }
}

/// The function and arguments of a call on a file.
fn of_file(call: &Call) -> Option<(&'static Function, Arguments<'_>)> {
    let function = find(&call.function.name).filter(|function| function.interface == types::INTERFACE)?;
    Some((function, Arguments::of(function, call)?))
}

/// The parameter with the path that a function acts on.
fn path_parameter(function: &Function) -> Option<&'static str> {
    let name = match function.id {
        types::DESCRIPTOR_RENAME_AT | types::DESCRIPTOR_LINK_AT => "old-path",
        // Its old path is the text of the link, which can be anything.
        types::DESCRIPTOR_SYMLINK_AT => "new-path",
        _ => "path",
    };
    function.position(name).map(|_| name)
}

/// The path that a function acts on.
fn path_of<'r>(function: &Function, arguments: &Arguments<'r>) -> Option<&'r str> {
    arguments.at(path_parameter(function)?)?.text()
}

fn read<'r>(place: Place, arguments: &Arguments<'r>, mut value: Items<'r>) -> Option<Activity<'r>> {
    let offset = arguments.at("offset")?.uint()?;
    if value.array()? != 2 {
        return None;
    }
    Some(Activity::Read { place, offset, payload: value.payload()?, end: value.bool()? })
}

/// A write through the descriptor returns how much it wrote, which can be less than it was given.
fn wrote<'r>(place: Place, arguments: &Arguments<'r>, mut value: Items<'r>) -> Option<Activity<'r>> {
    let payload = arguments.at("buffer")?.payload()?;
    let at = Position::Offset(arguments.at("offset")?.uint()?);
    let length = value.uint()?.min(payload.length());
    Some(Activity::Wrote { place, at, length, contents: Written::Bytes(payload) })
}

/// The size that `stat` returned, if it is a file's.
fn size_of(stat: Items<'_>) -> Option<u64> {
    let is_file = stat.field(&DESCRIPTOR_STAT, "type")?.text()? == "regular-file";
    is_file.then(|| stat.field(&DESCRIPTOR_STAT, "size"))??.uint()
}

fn listed<'r>(place: Place, mut value: Items<'r>) -> Option<Activity<'r>> {
    let entry = value.option(|entry| entry.field(&DIRECTORY_ENTRY, "name")?.text())?;
    Some(Activity::Listed { place, entry })
}
