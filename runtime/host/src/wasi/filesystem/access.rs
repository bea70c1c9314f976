//! The steps before a function touches a file: where the path leads, and whether that is allowed.

use std::sync::Arc;

use wasm_agent_approval::Permit;
use wasm_agent_files::{self as files, Directory, Errno, Found, Opened, Place, Target, Unresolved};
use wasm_agent_policy::{Act, Action, DecisionKind, DenialReason, GuestPath, Origin, kind};
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types;
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use super::effects::{Change, Look};
use super::errors::failed;
use super::path_rules::{PathRules, Wants, in_place};
use crate::call::{Call, Host};
use crate::gate::{Gate, NotDone};
use crate::world::{Folders, World};

/// The target of a path, and whether the call's arguments alone name it: no link led elsewhere.
pub(super) struct ResolvedPath {
    pub(super) target: Target,
    pub(super) named_in_call: bool,
}

/// Where a path starts.
pub(super) enum Base<'a> {
    Handle(&'a Fd),
    Directory(&'a Directory),
}

/// Why a path has no target that the tool can use.
enum NoTarget {
    Error(FsError),
    /// Nothing is there, or no directory where the path needs one. The tool may not be allowed to know that.
    Withheld(GuestPath, Errno),
    /// No policy can grant it.
    Barred(Box<Action>, DenialReason),
    /// The policy denies something that the path leads through.
    Denied(GuestPath),
    /// It leads out of its directory. The action at the path as it was spelled, if that is a path.
    Outside(Option<Box<Action>>),
}

impl From<FsError> for NoTarget {
    fn from(error: FsError) -> Self {
        Self::Error(error)
    }
}

impl World {
    /// The directory behind a handle; `None` behind that of a file.
    ///
    /// # Errors
    ///
    /// `no-entry` if a rename made the path of the directory too long to be decided about: the handle leads nowhere.
    pub(super) fn directory(&self, fd: &Fd) -> FsResult<Option<&Directory>> {
        if let Some(directory) = self.files.directory(fd.rep()) {
            return Ok(Some(directory));
        }
        match self.table.get(fd)? {
            Descriptor::Dir(_) => Err(types::ErrorCode::NoEntry.into()),
            Descriptor::File(_) => Ok(None),
        }
    }
}

impl Host {
    /// Finds the target of a path. It refuses, on the record, a path that leads out of its directory, through something
    /// that the policy denies, or to something that no policy can grant.
    pub(super) fn target(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        path: &str,
        follow: bool,
        wants: Wants,
    ) -> impl Future<Output = FsResult<ResolvedPath>> {
        self.target_from(call, Base::Handle(fd), path, follow, wants)
    }

    /// As [`target`](Self::target), from a handle or a directory.
    pub(super) async fn target_from(
        &mut self,
        call: &mut Call,
        base: Base<'_>,
        path: &str,
        follow: bool,
        wants: Wants,
    ) -> FsResult<ResolvedPath> {
        match self.find(call, base, path, follow, wants) {
            Ok(named) => Ok(named),
            // Boxed: few paths have no target, and the futures of the others need not have room for a question.
            Err(problem) => Err(Box::pin(self.no_target(call, wants, problem)).await),
        }
    }

    fn find(
        &mut self,
        call: &Call,
        base: Base<'_>,
        path: &str,
        follow: bool,
        wants: Wants,
    ) -> Result<ResolvedPath, NoTarget> {
        let world = self.world().map_err(FsError::trap)?;
        world.folders = Folders::Used;
        let grants = Arc::clone(&world.gate.grants);
        let base = match base {
            Base::Handle(fd) => world.directory(fd)?.ok_or_else(|| FsError::from(types::ErrorCode::NotDirectory))?,
            Base::Directory(directory) => directory,
        };
        in_place(&grants, base).map_err(failed)?;
        let rules = PathRules { grants: &grants, guard: &world.files.guard };
        let (place, found) = files::resolve(base, path, follow, &rules).map_err(|unresolved| {
            let spelled = || GuestPath::lexical(&base.path, path).ok().map(|path| Box::new(wants.action(path)));
            NoTarget::of(unresolved, spelled)
        })?;
        if let Some(reason) = rules.bar(&place, found.as_ref(), wants) {
            return Err(NoTarget::Barred(Box::new(wants.action(place.path)), reason));
        }
        let above = grants.preopen_above(&place.path).ok_or_else(|| failed(Errno::NOENT))?;
        let above = Arc::clone(&above.directory);
        let named_in_call = is_named_by(&base.path, path, &place.path);
        if wants == Wants::Identity {
            // A call that only compares files does not read anything, so this look must not serve a later open.
            world.files.last_look.forget();
        } else {
            world.files.last_look.remember(&place, found.as_ref(), call.started);
        }
        // The path demands a directory, and something else is there.
        if place.must_be_dir && found.as_ref().is_some_and(|found| !found.is_dir()) {
            return Err(NoTarget::Withheld(place.path, Errno::NOTDIR));
        }
        Ok(ResolvedPath { target: Target { place, found, above }, named_in_call })
    }

    /// The error that a tool gets for a path without a target that it can use.
    async fn no_target(&mut self, call: &mut Call, wants: Wants, problem: NoTarget) -> FsError {
        let gate = match self.gate() {
            Ok(gate) => gate,
            Err(error) => return error,
        };
        match problem {
            NoTarget::Error(error) => error,
            NoTarget::Withheld(path, errno) => self.withheld(call, path, wants, errno).await,
            NoTarget::Barred(action, reason) => {
                call.decided(gate.barred(&action, reason));
                types::ErrorCode::Access.into()
            }
            NoTarget::Denied(path) => {
                let denied = gate.denies(&Action::FileRead { path }, Origin::Foreign);
                denied.into_iter().for_each(|record| call.decided(record));
                types::ErrorCode::Access.into()
            }
            NoTarget::Outside(action) => {
                call.decided(gate.outside(action.as_deref()));
                types::ErrorCode::NotPermitted.into()
            }
        }
    }

    /// The error that a tool gets for a path that leads nowhere: `errno`, if it may know what is there. Otherwise the
    /// error would reveal whether something is there, so the gate is asked first.
    pub(super) async fn withheld(&mut self, call: &mut Call, path: GuestPath, wants: Wants, errno: Errno) -> FsError {
        let gate = match self.gate() {
            Ok(gate) => gate,
            Err(error) => return error,
        };
        if let Some(record) = gate.denies(&wants.action(path.clone()), Origin::Foreign) {
            call.decided(record);
            return types::ErrorCode::Access.into();
        }
        let read = Act::read(path);
        if gate.grants.policy().judge(read.action(), Origin::Foreign).decision == DecisionKind::Allow {
            return failed(errno);
        }
        let look = Look {
            target: None,
            named_in_call: false,
            perform: |permit: Permit<_>| {
                drop(permit);
                Err::<(), _>(errno)
            },
        };
        let (asker, decided) = (call.asker, |decision| call.noted(decision));
        match gate.effect(asker, read, Origin::Foreign, look, decided).await {
            Ok(()) => failed(errno),
            Err(not_done) => refused(not_done),
        }
    }

    /// Opens a file for reading that was looked at a moment ago, if the policy allows that; `None` if everything has to
    /// be found out again.
    pub(super) async fn open_last_look(&mut self, call: &mut Call, fd: &Fd, path: &str) -> Option<(Opened, Place)> {
        let world = self.world().ok()?;
        let gate = Arc::clone(&world.gate);
        let base = world.files.directory(fd.rep())?;
        let (place, identity) = world.files.last_look.find(base, path, call.started)?;
        in_place(&gate.grants, base).ok()?;
        let act = Act::read(place.path.clone());
        let judged = gate.grants.policy().judge(act.action(), Origin::Foreign).decision;
        if judged != DecisionKind::Allow {
            return None;
        }
        let guard = &world.files.guard;
        let open = |permit: Permit<_>| {
            // On any error, the file that was seen is gone or has changed.
            let opened = files::open_last_look(&place, identity, permit)?;
            let rules = PathRules { grants: &gate.grants, guard };
            let barred = rules.bar(&place, Some(&opened.found), Wants::Look).is_some();
            if barred { Err(Errno::ACCESS) } else { Ok(opened) }
        };
        let look = Look { target: None, named_in_call: true, perform: open };
        let mut decision = None;
        let decided = |decided| {
            decision = Some(decided);
            std::future::ready(())
        };
        let opened = gate.effect(call.asker, act, Origin::Foreign, look, decided).await.ok()?;
        call.decision = decision;
        Some((opened, place))
    }

    pub(super) fn origin(&mut self, found: Option<&Found>) -> Origin {
        let created = |found: &Found| self.world().is_ok_and(|world| world.files.created.contains(&found.identity));
        match found.map(created) {
            Some(true) => Origin::CreatedByRun,
            Some(false) | None => Origin::Foreign,
        }
    }

    /// The gate of a live run.
    pub(super) fn gate(&mut self) -> FsResult<Arc<Gate>> {
        Ok(Arc::clone(&self.world().map_err(FsError::trap)?.gate))
    }

    /// Looks at a target, if the policy allows it or a person does.
    pub(super) async fn look<D: Send>(
        &mut self,
        call: &mut Call,
        named: &ResolvedPath,
        act: Act<kind::Read>,
        perform: impl FnOnce(Permit<kind::Read>) -> Result<D, Errno> + Send,
    ) -> FsResult<D> {
        let gate = self.gate()?;
        let ResolvedPath { target, named_in_call } = named;
        let origin = self.origin(target.found.as_ref());
        let look = Look { target: Some(target), named_in_call: *named_in_call, perform };
        gate.effect(call.asker, act, origin, look, |decision| call.noted(decision)).await.map_err(refused)
    }

    /// Changes something, if the policy allows it or a person does.
    pub(super) async fn change<K: Send, D: Send>(
        &mut self,
        call: &mut Call,
        act: Act<K>,
        origin: Origin,
        change: Change<'_, K, impl FnOnce(Permit<K>) -> Result<D, Errno> + Send>,
    ) -> FsResult<D> {
        let world = self.world().map_err(FsError::trap)?;
        world.files.last_look.forget();
        let gate = Arc::clone(&world.gate);
        gate.effect(call.asker, act, origin, change, |decision| call.noted(decision)).await.map_err(refused)
    }
}

impl NoTarget {
    fn of(unresolved: Unresolved, spelled: impl FnOnce() -> Option<Box<Action>>) -> Self {
        match unresolved {
            Unresolved::Errno(errno) => Self::Error(failed(errno)),
            Unresolved::Barred(path, reason) => Self::Barred(Box::new(Action::FileRead { path }), reason),
            Unresolved::Denied(path) => Self::Denied(path),
            Unresolved::Missing(path) => Self::Withheld(path, Errno::NOENT),
            Unresolved::Outside => Self::Outside(spelled()),
        }
    }
}

/// The error that a guest gets for an effect that was not completed.
fn refused(not_done: NotDone<Errno>) -> FsError {
    match not_done {
        NotDone::Denied | NotDone::Refused(_) => types::ErrorCode::Access.into(),
        NotDone::Over(error) => FsError::trap(error),
        NotDone::Failed(errno) => failed(errno),
    }
}

/// Whether a path relative to a directory names this place by its text alone.
fn is_named_by(base: &GuestPath, path: &str, place: &GuestPath) -> bool {
    let base_text = if base.is_root() { "" } else { base.as_str() };
    let below = place.as_str().strip_prefix(base_text).and_then(|rest| rest.strip_prefix('/'));
    // Most paths are canonical, and then the comparison allocates nothing.
    below == Some(path) || GuestPath::lexical(base, path).as_ref() == Ok(place)
}
