//! `wasi:filesystem`: what a call did to which file.

use wasm_agent_journal::Call;
use wasm_agent_policy::{Action, GuestPath, LinkKind};

use super::View;
use super::handles::Handle;
use super::items::{Answer, Items};
use super::what::{At, Contents, How, Opened, Place, What};

/// `write` among the flags that a descriptor is opened with.
const WRITE: u64 = 2;

/// `create`, `directory` and `truncate` among the flags of `open-at`.
const CREATE: u64 = 1;
const DIRECTORY: u64 = 2;
const TRUNCATE: u64 = 8;

impl View {
    /// The directories that a tool is given.
    pub(super) fn preopens<'r>(&mut self, call: &'r Call) -> Option<What<'r>> {
        let Answer::Value(mut directories) = Answer::of(call)? else { return Some(What::Other) };
        for _ in 0..directories.array()? {
            if directories.array()? != 2 {
                return None;
            }
            let (number, path) = (directories.handle()?, directories.text()?);
            self.handles.open(number, GuestPath::parse(path).ok());
        }
        Some(What::Other)
    }

    pub(super) fn filesystem<'r>(
        &mut self,
        function: &str,
        call: &'r Call,
        decided: Option<&Action>,
    ) -> Option<What<'r>> {
        let mut arguments = Items::arguments(call)?;
        let number = arguments.handle()?;
        if let "[resource-drop]descriptor" | "[resource-drop]directory-entry-stream" = function {
            return Some(self.handles.take(number).map_or(What::Other, |opened| What::Closed { opened }));
        }
        let place = self.place(number);
        let failed = || What::Failed { place: Some(place.clone()) };
        let Answer::Value(value) = Answer::of(call)? else {
            let named = path_of(function, &mut arguments).and_then(|path| self.below(number, path, decided));
            let path = named.or_else(|| place.path.clone().filter(|_| !function.ends_with("-at")));
            return Some(What::Failed { place: Some(Place { path, ..place }) });
        };
        let function = function.strip_prefix("[method]").unwrap_or(function);
        match function {
            "descriptor.open-at" => self.opened(number, arguments, value, decided),
            "descriptor.read-via-stream" => self.reader(place.opened, arguments, value),
            "descriptor.write-via-stream" => {
                let at = At::Offset(arguments.uint()?);
                self.writer(place.opened, at, value)
            }
            "descriptor.append-via-stream" => self.writer(place.opened, At::End, value),
            "descriptor.read-directory" => {
                let opened = place.opened?;
                self.entries(opened, value)
            }
            "descriptor.read" => read(place, arguments, value),
            "descriptor.write" => wrote(place, arguments, value),
            "descriptor.set-size" => Some(What::Resized { place, size: arguments.uint()? }),
            "descriptor.set-times" => Some(What::Retimed { place }),
            "descriptor.stat" => Some(What::Looked { place, size: size_of(value) }),
            "descriptor.metadata-hash" | "descriptor.get-type" | "descriptor.get-flags" => {
                Some(What::Looked { place, size: None })
            }
            "descriptor.stat-at" | "descriptor.metadata-hash-at" | "descriptor.readlink-at" => {
                let path = path_of(&format!("[method]{function}"), &mut arguments)?;
                // The hash of an entry is decided about by its directory.
                let decided = decided.filter(|_| function != "descriptor.metadata-hash-at");
                let place = Place { path: self.below(number, path, decided), opened: None };
                Some(What::Looked { place, size: if function == "descriptor.stat-at" { size_of(value) } else { None } })
            }
            "directory-entry-stream.read-directory-entry" => listed(place, value),
            "descriptor.create-directory-at"
            | "descriptor.remove-directory-at"
            | "descriptor.unlink-file-at"
            | "descriptor.rename-at"
            | "descriptor.link-at"
            | "descriptor.symlink-at"
            | "descriptor.set-times-at" => {
                let action = match decided {
                    Some(action) => Some(action.clone()),
                    None => self.asked(function, number, arguments),
                };
                Some(action.and_then(|action| self.changed(action)).unwrap_or_else(failed))
            }
            _ => Some(What::Other),
        }
    }

    /// What a descriptor, or a stream of directory entries, refers to.
    pub(super) fn place(&self, number: u32) -> Place {
        match self.handles.get(number) {
            Some(Handle::Descriptor(opened) | Handle::Entries(opened)) => self.opened_place(opened),
            _ => Place::default(),
        }
    }

    /// What something was opened as, with the name it has now.
    pub(super) fn opened_place(&self, opened: Opened) -> Place {
        Place { path: self.handles.path(opened).cloned(), opened: Some(opened) }
    }

    /// The guest path of a path argument: the one that was decided about, or the argument joined to its directory.
    fn below(&self, number: u32, path: &str, decided: Option<&Action>) -> Option<GuestPath> {
        let recorded = match decided {
            Some(Action::FileRead { path } | Action::FileCreate { path } | Action::FileModify { path, .. }) => {
                Some(path)
            }
            _ => None,
        };
        recorded.cloned().or_else(|| {
            let base = self.place(number).path?;
            GuestPath::lexical(&base, path).ok()
        })
    }

    fn opened<'r>(
        &mut self,
        directory: u32,
        mut arguments: Items<'r>,
        mut value: Items<'r>,
        decided: Option<&Action>,
    ) -> Option<What<'r>> {
        arguments.uint()?;
        let path = arguments.text()?;
        let (open, flags) = (arguments.uint()?, arguments.uint()?);
        let how = match decided {
            Some(Action::FileCreate { .. }) => How { created: true, writable: true, ..How::default() },
            Some(Action::FileModify { truncate, .. }) => How { truncated: *truncate, writable: true, ..How::default() },
            Some(_) => How { directory: open & DIRECTORY != 0, ..How::default() },
            // A journal that does not say: a file that may be new is taken to be one that was there.
            None => How {
                truncated: open & TRUNCATE != 0,
                writable: flags & WRITE != 0 || open & CREATE != 0,
                directory: open & DIRECTORY != 0,
                ..How::default()
            },
        };
        let path = self.below(directory, path, decided);
        let opened = self.handles.open(value.handle()?, path);
        Some(What::Opened { place: self.opened_place(opened), how })
    }

    fn reader<'r>(&mut self, file: Option<Opened>, mut arguments: Items<'r>, mut value: Items<'r>) -> Option<What<'r>> {
        let (number, at) = (value.handle()?, arguments.uint()?);
        if let Some(file) = file {
            self.handles.put(number, Handle::Reader { file, at });
        }
        Some(What::Other)
    }

    fn writer<'r>(&mut self, file: Option<Opened>, at: At, mut value: Items<'r>) -> Option<What<'r>> {
        let number = value.handle()?;
        if let Some(file) = file {
            self.handles.put(number, Handle::Writer { file, at, last: 0 });
        }
        Some(What::Other)
    }

    fn entries<'r>(&mut self, opened: Opened, mut value: Items<'r>) -> Option<What<'r>> {
        self.handles.put(value.handle()?, Handle::Entries(opened));
        Some(What::Other)
    }

    /// What a call asked for, where its effect is not in the journal.
    fn asked(&self, function: &str, number: u32, mut arguments: Items<'_>) -> Option<Action> {
        match function {
            "descriptor.create-directory-at" => {
                self.below(number, arguments.text()?, None).map(|path| Action::DirCreate { path })
            }
            "descriptor.remove-directory-at" => {
                self.below(number, arguments.text()?, None).map(|path| Action::DirRemove { path })
            }
            "descriptor.unlink-file-at" => {
                self.below(number, arguments.text()?, None).map(|path| Action::FileDelete { path })
            }
            "descriptor.rename-at" => {
                let from = self.below(number, arguments.text()?, None)?;
                let to = self.below(arguments.handle()?, arguments.text()?, None)?;
                Some(Action::FileRename { from, to, replaces: true, directory: false })
            }
            "descriptor.link-at" => {
                arguments.skip()?;
                let target = self.below(number, arguments.text()?, None)?;
                let path = self.below(arguments.handle()?, arguments.text()?, None)?;
                Some(Action::LinkCreate { kind: LinkKind::Hard, path, target: target.as_str().to_owned() })
            }
            "descriptor.symlink-at" => {
                let target = arguments.text()?.to_owned();
                let path = self.below(number, arguments.text()?, None)?;
                Some(Action::LinkCreate { kind: LinkKind::Symbolic, path, target })
            }
            "descriptor.set-times-at" => {
                arguments.skip()?;
                let path = self.below(number, arguments.text()?, None)?;
                Some(Action::FileModify { path, truncate: false })
            }
            _ => None,
        }
    }

    /// Takes in a change of names that took place.
    fn changed<'r>(&mut self, action: Action) -> Option<What<'r>> {
        match action {
            Action::DirCreate { path } => Some(What::MadeDirectory { path }),
            Action::DirRemove { path } => {
                self.handles.removed(&path);
                Some(What::Removed { path, directory: true })
            }
            Action::FileDelete { path } => {
                self.handles.removed(&path);
                Some(What::Removed { path, directory: false })
            }
            Action::FileRename { from, to, replaces, directory } => {
                self.handles.renamed(&from, &to, replaces);
                Some(What::Renamed { from, to, replaces, directory })
            }
            Action::LinkCreate { kind, path, target } => Some(What::Linked { kind, path, target }),
            Action::FileModify { path, .. } => Some(What::Retimed { place: Place { path: Some(path), opened: None } }),
            Action::FileRead { .. }
            | Action::FileCreate { .. }
            | Action::HttpRequest(_)
            | Action::Checkpoint { .. }
            | Action::Socket { .. } => None,
        }
    }

    /// The path that a call spells: its directory's, with the path argument resolved against it by text alone; without
    /// such an argument, that of its descriptor. Where links led elsewhere it is not the one that was decided about.
    #[must_use]
    pub fn spelled(&self, call: &Call) -> Option<GuestPath> {
        let function = call.function.name.strip_prefix("wasi:filesystem/types#")?;
        let mut arguments = Items::arguments(call)?;
        let number = arguments.handle()?;
        match path_of(function, &mut arguments) {
            Some(text) => self.below(number, text, None),
            None => self.place(number).path,
        }
    }

    /// What the gate asked the policy about a call that had no effect: whether a place may be looked at.
    pub(super) fn observed(&self, call: &Call) -> Option<Action> {
        let function = call.function.name.strip_prefix("wasi:filesystem/types#")?;
        let mut arguments = Items::arguments(call)?;
        let number = arguments.handle()?;
        let text = path_of(function, &mut arguments)?;
        let path = self.below(number, text, None)?;
        let last = text.rsplit('/').find(|part| !part.is_empty());
        let is_name = !matches!(last, None | Some("." | ".."));
        // Whoever may list a directory may have the hashes of its entries.
        let listed = path.parent().filter(|_| is_name && function.ends_with("metadata-hash-at"));
        Some(Action::FileRead { path: listed.unwrap_or(path) })
    }
}

/// Steps to the path that a function acts on, behind its descriptor.
fn path_of<'r>(function: &str, arguments: &mut Items<'r>) -> Option<&'r str> {
    match function {
        "[method]descriptor.open-at"
        | "[method]descriptor.stat-at"
        | "[method]descriptor.metadata-hash-at"
        | "[method]descriptor.set-times-at"
        | "[method]descriptor.link-at" => arguments.skip()?,
        "[method]descriptor.symlink-at" => arguments.skip()?,
        "[method]descriptor.readlink-at"
        | "[method]descriptor.create-directory-at"
        | "[method]descriptor.remove-directory-at"
        | "[method]descriptor.unlink-file-at"
        | "[method]descriptor.rename-at" => {}
        _ => return None,
    }
    arguments.text()
}

fn read<'r>(place: Place, mut arguments: Items<'r>, mut value: Items<'r>) -> Option<What<'r>> {
    arguments.uint()?;
    let offset = arguments.uint()?;
    if value.array()? != 2 {
        return None;
    }
    Some(What::Read { place, offset, payload: value.payload()?, end: value.bool()? })
}

/// A write through the descriptor says how much it wrote, which may be less than it was given.
fn wrote<'r>(place: Place, mut arguments: Items<'r>, mut value: Items<'r>) -> Option<What<'r>> {
    let payload = arguments.payload()?;
    let at = At::Offset(arguments.uint()?);
    let length = value.uint()?.min(payload.length());
    Some(What::Wrote { place, at, length, contents: Contents::Bytes(payload) })
}

/// The size in what `stat` gives, of a file.
fn size_of(mut stat: Items<'_>) -> Option<u64> {
    if stat.array()? != 6 || stat.text()? != "regular-file" {
        return None;
    }
    stat.skip()?;
    stat.uint()
}

fn listed<'r>(place: Place, mut value: Items<'r>) -> Option<What<'r>> {
    let entry = value.option(|entry| {
        if entry.array()? != 2 {
            return None;
        }
        entry.skip()?;
        entry.text()
    })?;
    Some(What::Listed { place, entry })
}
