//! What stands between a file and every function that touches one: where the path leads, and who allows it.

use std::sync::Arc;

use wasm_agent_approval::Permit;
use wasm_agent_files::{self as files, Errno, Found, Target, Unresolved};
use wasm_agent_policy::{Act, Action, DecisionKind, DenialReason, GuestPath, Origin, kind};
use wasmtime_wasi::p2::bindings::filesystem::types;
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use super::effects::{Change, Look};
use super::walls::{Walls, Wants, in_place};
use crate::call::{Call, Host};
use crate::gate::{Gate, NotDone};

/// What a path means, and whether the call's arguments tell that: no link led elsewhere.
pub(super) struct Named {
    pub(super) target: Target,
    pub(super) told: bool,
}

/// Why a path means nothing that a tool can use.
enum NoTarget {
    Error(FsError),
    /// It ends at what is not there or not a directory, which the tool may not know.
    Withheld(GuestPath, Errno),
    /// Nothing opens it, whatever the policy says.
    Barred(Box<Action>, DenialReason),
    /// The policy denies what it leads through.
    Denied(GuestPath),
    Outside,
}

impl From<FsError> for NoTarget {
    fn from(error: FsError) -> Self {
        Self::Error(error)
    }
}

impl Host {
    /// Finds what a path means, and refuses on the record one that leads out, through what is denied, or to what no
    /// policy grants.
    pub(super) async fn target(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        path: &str,
        follow: bool,
        wants: Wants,
    ) -> FsResult<Named> {
        match self.find(call, fd, path, follow, wants) {
            Ok(named) => Ok(named),
            // Boxed: few paths lead nowhere, and the others are not to carry the room for a question.
            Err(nowhere) => Err(Box::pin(self.nowhere(call, wants, nowhere)).await),
        }
    }

    fn find(&mut self, call: &Call, fd: &Fd, path: &str, follow: bool, wants: Wants) -> Result<Named, NoTarget> {
        let world = self.world().map_err(FsError::trap)?;
        let grants = Arc::clone(&world.gate.grants);
        let Some(base) = world.files.directory(fd.rep()) else {
            // A descriptor that is not one at all is the engine's to report; what is left is a file.
            return Err(FsError::from(types::ErrorCode::NotDirectory).into());
        };
        in_place(&grants, base).map_err(failed)?;
        let walls = Walls { grants: &grants, guard: &world.files.guard };
        let (place, found) = files::resolve(base, path, follow, &walls)?;
        if let Some(reason) = walls.bar(&place, found.as_ref(), wants) {
            return Err(NoTarget::Barred(Box::new(wants.action(place.path)), reason));
        }
        let above = grants.preopen_above(&place.path).ok_or_else(|| failed(Errno::NOENT))?;
        let above = Arc::clone(&above.directory);
        let told = is_told(&base.path, path, &place.path);
        if wants == Wants::Identity {
            // Telling files apart is not looking at them, so this look must not count for a later open.
            world.files.last_look.forget();
        } else {
            world.files.last_look.remember(&place, found.as_ref(), call.started);
        }
        // What is not a directory is refused where the path wants one.
        if place.must_be_dir && found.as_ref().is_some_and(|found| !found.is_dir()) {
            return Err(NoTarget::Withheld(place.path, Errno::NOTDIR));
        }
        Ok(Named { target: Target { place, found, above }, told })
    }

    /// What a tool is told of a path that means nothing it can use.
    async fn nowhere(&mut self, call: &mut Call, wants: Wants, nowhere: NoTarget) -> FsError {
        let gate = match self.gate() {
            Ok(gate) => gate,
            Err(error) => return error,
        };
        match nowhere {
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
            NoTarget::Outside => {
                call.decided(gate.outside());
                types::ErrorCode::NotPermitted.into()
            }
        }
    }

    /// What a tool is told of a path that leads nowhere: `errno`, where it may know what is there. Otherwise it would
    /// learn from this whether there is anything, so it is asked for first.
    async fn withheld(&mut self, call: &mut Call, path: GuestPath, wants: Wants, errno: Errno) -> FsError {
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
            told: false,
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

    /// Opens a file to read it that was looked at a moment ago, where the policy allows that; nothing where all of it
    /// is to be found out.
    pub(super) async fn open_seen(&mut self, call: &mut Call, fd: &Fd, path: &str) -> Option<std::fs::File> {
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
            // Whatever goes wrong: the file that was seen is not there any more, or not so.
            let opened = files::open_last_look(&place, identity, permit)?;
            let walls = Walls { grants: &gate.grants, guard };
            let barred = walls.bar(&place, Some(&opened.found), Wants::Look).is_some();
            if barred { Err(Errno::ACCESS) } else { Ok(opened.file) }
        };
        let look = Look { target: None, told: true, perform: open };
        let mut decision = None;
        let decided = |decided| {
            decision = Some(decided);
            std::future::ready(())
        };
        let opened = gate.effect(call.asker, act, Origin::Foreign, look, decided).await.ok()?;
        call.decision = decision;
        Some(opened)
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

    /// Looks at what a path means, if the policy allows it or a person does.
    pub(super) async fn look<D: Send>(
        &mut self,
        call: &mut Call,
        named: &Named,
        act: Act<kind::Read>,
        perform: impl FnOnce(Permit<kind::Read>) -> Result<D, Errno> + Send,
    ) -> FsResult<D> {
        let gate = self.gate()?;
        let Named { target, told } = named;
        let origin = self.origin(target.found.as_ref());
        let look = Look { target: Some(target), told: *told, perform };
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

impl From<Unresolved> for NoTarget {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Errno(errno) => Self::Error(failed(errno)),
            Unresolved::Barred(path, reason) => Self::Barred(Box::new(Action::FileRead { path }), reason),
            Unresolved::Denied(path) => Self::Denied(path),
            Unresolved::Missing(path) => Self::Withheld(path, Errno::NOENT),
            Unresolved::Outside => Self::Outside,
        }
    }
}

/// The error a guest gets for an effect that did not come to its end.
fn refused(not_done: NotDone<Errno>) -> FsError {
    match not_done {
        NotDone::Denied | NotDone::Refused(_) => types::ErrorCode::Access.into(),
        NotDone::Over(error) => FsError::trap(error),
        NotDone::Failed(errno) => failed(errno),
    }
}

/// The error a guest gets for what the operating system reports.
pub(super) fn failed(errno: Errno) -> FsError {
    // Said of a file that another one took the place of: `std` knows this error of sockets only.
    if errno == Errno::AGAIN {
        return types::ErrorCode::WouldBlock.into();
    }
    FsError::from(std::io::Error::from(errno))
}

/// Whether a path from a directory means this place by its text alone.
fn is_told(base: &GuestPath, path: &str, place: &GuestPath) -> bool {
    let base_text = if base.is_root() { "" } else { base.as_str() };
    let below = place.as_str().strip_prefix(base_text).and_then(|rest| rest.strip_prefix('/'));
    // Most paths are canonical, and then the comparison takes no memory.
    below == Some(path) || GuestPath::lexical(base, path).as_ref() == Ok(place)
}
