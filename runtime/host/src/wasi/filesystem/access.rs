//! What stands between a file and every function that touches one: where the path leads, and who allows it.

use std::io::Read;
use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;
use wasm_agent_journal::{Before, DecisionRecord, EffectResult};
use wasm_agent_policy::{Action, Decision, GuestPath, Origin};
use wasmtime_wasi::p2::bindings::filesystem::types;
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use super::walls::{Walls, Wants, in_place};
use crate::approval::{Detail, PREVIEW_BYTES_MAX, Preview};
use crate::files::{self, Found, Place, Unresolved};
use crate::gate::{Denied, Effect, Host, Why};

/// What an effect on a file is performed with, and what is known of the file.
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) found: Option<Found>,
    /// Whether the call's arguments tell the place: no link led elsewhere.
    told: bool,
}

impl Target {
    pub(super) fn existing(&self) -> FsResult<&Found> {
        self.found.as_ref().ok_or_else(|| types::ErrorCode::NoEntry.into())
    }
}

/// Why a path means nothing that a tool can use.
enum NoTarget {
    Error(FsError),
    /// It ends at what is not there or not a directory, which the tool may not know.
    Withheld(GuestPath, Errno),
}

impl From<FsError> for NoTarget {
    fn from(error: FsError) -> Self {
        Self::Error(error)
    }
}

impl Host {
    /// Finds what a path means, and refuses on the record one that leads out, through what is denied, or to what no
    /// policy grants.
    pub(super) async fn target(&mut self, fd: &Fd, path: &str, follow: bool, wants: Wants) -> FsResult<Target> {
        match self.find(fd, path, follow, wants) {
            Ok(target) => Ok(target),
            Err(NoTarget::Error(error)) => Err(error),
            // Boxed: few paths lead nowhere, and the others are not to carry the room for a question.
            Err(NoTarget::Withheld(path, errno)) => Err(Box::pin(self.withheld(path, wants, errno)).await),
        }
    }

    fn find(&mut self, fd: &Fd, path: &str, follow: bool, wants: Wants) -> Result<Target, NoTarget> {
        let context = Arc::clone(&self.context);
        let started = self.started();
        let live = self.live().map_err(FsError::trap)?;
        let Some(base) = live.files.directory(fd.rep()) else {
            // A descriptor that is not one at all is the engine's to report; what is left is a file.
            return Err(FsError::from(types::ErrorCode::NotDirectory).into());
        };
        in_place(&context.grants, base).map_err(failed)?;
        let walls = Walls { grants: &context.grants, guard: &live.files.guard };
        let (action, reason) = match files::resolve(base, path, follow, &walls) {
            Ok((place, found)) => match walls.bar(&place, found.as_ref(), wants) {
                Some(reason) => (wants.action(place.path), reason),
                None => {
                    let told = is_told(&base.path, path, &place.path);
                    match started {
                        // Who asks which file it is has not been let look at it.
                        Some(_) if wants == Wants::Identity => live.files.seen.forget(),
                        Some(started) => live.files.seen.remember(&place, found.as_ref(), started),
                        None => {}
                    }
                    // What is not a directory is refused where the path wants one.
                    return match &found {
                        Some(found) if place.must_be_dir && !found.is_dir() => {
                            Err(NoTarget::Withheld(place.path, Errno::NOTDIR))
                        }
                        _ => Ok(Target { place, found, told }),
                    };
                }
            },
            Err(Unresolved::Errno(errno)) => return Err(failed(errno).into()),
            Err(Unresolved::Barred(path, reason)) => (Action::FileRead { path }, reason),
            Err(Unresolved::Denied(path)) => {
                let (_, record) = context.check(&Action::FileRead { path }, Origin::Foreign);
                self.decided(record);
                return Err(FsError::from(types::ErrorCode::Access).into());
            }
            Err(Unresolved::Missing(path)) => return Err(NoTarget::Withheld(path, Errno::NOENT)),
            Err(Unresolved::Outside) => {
                self.decided(context.outside());
                return Err(FsError::from(types::ErrorCode::NotPermitted).into());
            }
        };
        self.decided(context.barred(&action, reason));
        Err(FsError::from(types::ErrorCode::Access).into())
    }

    /// What a tool is told of a path that leads nowhere: `errno`, where it may know what is there. Otherwise it would
    /// learn from this whether there is anything, so it is asked for first.
    async fn withheld(&mut self, path: GuestPath, wants: Wants, errno: Errno) -> FsError {
        let (decision, record) = self.context.check(&wants.action(path.clone()), Origin::Foreign);
        if matches!(decision, Decision::Deny(_)) {
            self.decided(record);
            return types::ErrorCode::Access.into();
        }
        let read = Action::FileRead { path };
        if matches!(self.context.check(&read, Origin::Foreign).0, Decision::Allow(_)) {
            return failed(errno);
        }
        match self.permit(&read, Origin::Foreign, None).await {
            Ok(effect) => self.outcome(effect, &Err(errno)).err().unwrap_or_else(|| failed(errno)),
            Err(error) => error,
        }
    }

    /// Opens a file to read it that was looked at a moment ago, where the policy allows that; nothing where all of it
    /// is to be found out.
    pub(super) fn open_seen(&mut self, fd: &Fd, path: &str) -> Option<std::fs::File> {
        let now = self.started()?;
        let grants = Arc::clone(&self.context.grants);
        let live = self.live().ok()?;
        let base = live.files.directory(fd.rep())?;
        let (place, identity) = live.files.seen.find(base, path, now)?;
        in_place(&grants, base).ok()?;
        let action = Action::FileRead { path: place.path.clone() };
        let (Decision::Allow(_), record) = self.context.check(&action, Origin::Foreign) else { return None };
        // Whatever goes wrong: the file that was seen is not there any more, or not so.
        let opened = files::open_file(&place, (true, false), Some(identity), false).ok()?;
        let walls = Walls { grants: &grants, guard: &self.live().ok()?.files.guard };
        if walls.bar(&place, Some(&opened.found), Wants::Look).is_some() {
            return None;
        }
        self.decided(record);
        Some(opened.file)
    }

    /// Whether a place is still where its path says, and what stands there what was decided about, after an answer that
    /// may have taken its time.
    pub(super) fn unchanged(&self, target: &Target) -> Result<(), Errno> {
        in_place(&self.context.grants, &target.place.dir)?;
        let now = files::look(&target.place)?.map(|found| found.identity);
        let then = target.found.as_ref().map(|found| found.identity);
        if now == then { Ok(()) } else { Err(Errno::AGAIN) }
    }

    pub(super) fn origin(&mut self, found: Option<&Found>) -> Origin {
        let created = |found: &Found| self.live().is_ok_and(|live| live.files.created.contains(&found.identity));
        match found.map(created) {
            Some(true) => Origin::CreatedByRun,
            Some(false) | None => Origin::Foreign,
        }
    }

    /// Asks for an observation: allowed by the policy alone, or by a person where the policy wants that.
    ///
    /// The record names the action where the call's arguments do not: it has no intent that would.
    pub(super) async fn observe(&mut self, action: &Action, target: &Target) -> FsResult<()> {
        let origin = self.origin(target.found.as_ref());
        let (decision, record) = self.context.check(action, origin);
        match decision {
            Decision::Allow(_) => {
                let action = if target.told { None } else { Some(action.canonical_bytes()) };
                self.decided(DecisionRecord { action, ..record });
                Ok(())
            }
            Decision::Ask { .. } | Decision::Deny(_) => {
                let effect = self.permit(action, origin, Some(target)).await?;
                // An answer takes its time.
                self.outcome(effect, &in_place(&self.context.grants, &target.place.dir))
            }
        }
    }

    /// Asks for an effect on a file.
    pub(super) async fn permit(
        &mut self,
        action: &Action,
        origin: Origin,
        target: Option<&Target>,
    ) -> FsResult<Effect> {
        self.permit_losing(action, origin, target, target).await
    }

    /// Asks for an effect by which what stands at `lost` is lost, which need not be what it is about.
    pub(super) async fn permit_losing(
        &mut self,
        action: &Action,
        origin: Origin,
        target: Option<&Target>,
        lost: Option<&Target>,
    ) -> FsResult<Effect> {
        self.live().map_err(FsError::trap)?.files.seen.forget();
        let context = Arc::clone(&self.context);
        let (shown, before) = (|| detail(action, target), || lost.and_then(before));
        let effect = context.permit(self.call(), action, origin, shown, before).await;
        match effect {
            Ok(effect) => {
                self.decided(effect.decision.clone());
                Ok(effect)
            }
            Err(Denied { decision, why }) => {
                self.decided(decision);
                match why {
                    Why::Policy | Why::Refused(_) => Err(types::ErrorCode::Access.into()),
                    Why::Over(error) => Err(FsError::trap(error)),
                }
            }
        }
    }

    /// Records how an effect on a file ended.
    pub(super) fn outcome(&mut self, effect: Effect, result: &Result<(), Errno>) -> FsResult<()> {
        let (ended, detail) = match result {
            Ok(()) => (EffectResult::Done, None),
            Err(errno) => (EffectResult::Failed, Some(std::io::Error::from(*errno).to_string())),
        };
        let Effect { number, permit, .. } = effect;
        self.context.outcome(number, ended, detail.as_deref(), None).map_err(FsError::trap)?;
        drop(permit);
        result.map_err(failed)
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

/// What an approver is shown of an action on a file.
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
        Action::HttpRequest(_) | Action::Checkpoint { .. } | Action::Socket { .. } => (action.to_string(), None),
    };
    let file = target.and_then(|target| Some((&target.place, target.found.as_ref()?)));
    let file = file.filter(|(_, found)| found.kind == FileType::RegularFile);
    Detail::File {
        path,
        to,
        size: file.map(|(_, found)| found.size),
        preview: file.and_then(|(place, found)| preview(place, found)),
    }
}

/// Whether a path from a directory means this place by its text alone.
fn is_told(base: &GuestPath, path: &str, place: &GuestPath) -> bool {
    let base_text = if base.is_root() { "" } else { base.as_str() };
    let below = place.as_str().strip_prefix(base_text).and_then(|rest| rest.strip_prefix('/'));
    // Most paths are canonical, and then the comparison takes no memory.
    below == Some(path) || GuestPath::lexical(base, path).as_ref() == Ok(place)
}

/// Largest file whose contents are digested before they are lost, in bytes. It bounds how long an effect waits for
/// that.
const DIGESTED_BYTES_MAX: u64 = 64 << 20;

/// A file as it is now, just before it is changed or removed for good; nothing for what is no file, or can't be read.
fn before(target: &Target) -> Option<Before> {
    let found = target.found.as_ref().filter(|found| found.kind == FileType::RegularFile)?;
    let opened = files::open_file(&target.place, (true, false), Some(found.identity), false).ok()?;
    let length = opened.found.size;
    if length > DIGESTED_BYTES_MAX {
        return Some(Before { length, blake3: None });
    }
    let mut hasher = blake3::Hasher::new();
    // It may grow meanwhile: what is digested is as long as what is said to be its length.
    hasher.update_reader(opened.file.take(length)).ok()?;
    let blake3 = (hasher.count() == length).then(|| *hasher.finalize().as_bytes());
    Some(Before { length, blake3 })
}

/// The beginning of a file as it is now, for whoever is asked whether it may be lost.
fn preview(place: &Place, found: &Found) -> Option<Preview> {
    let opened = files::open_file(place, (true, false), Some(found.identity), false).ok()?;
    let mut head = Vec::new();
    opened.file.take(u64::try_from(PREVIEW_BYTES_MAX).ok()?).read_to_end(&mut head).ok()?;
    Some(Preview::new(&head, found.size))
}
