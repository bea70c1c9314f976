//! What stands between a file and every function that touches one: where the path leads, and who allows it.

use std::io::Read;
use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;
use wasm_agent_journal::EffectResult;
use wasm_agent_policy::{Action, Decision, GuestPath, Origin};
use wasmtime_wasi::p2::bindings::filesystem::types;
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use crate::approval::{Detail, PREVIEW_BYTES_MAX, Preview};
use crate::files::{self, Found, Place, Unresolved};
use crate::gate::{Denied, Effect, Host, Why};

/// What an effect on a file is performed with, and what is known of the file.
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) found: Option<Found>,
}

impl Target {
    pub(super) fn existing(&self) -> FsResult<&Found> {
        self.found.as_ref().ok_or_else(|| types::ErrorCode::NoEntry.into())
    }
}

impl Host {
    /// Finds what a path means, and refuses one that leads out, on the record.
    pub(super) fn target(&mut self, fd: &Fd, path: &str, follow: bool) -> FsResult<Target> {
        let grants = Arc::clone(&self.context.grants);
        let denied = |path: &GuestPath| !grants.policy().may_go_through(path);
        let live = self.live().map_err(FsError::trap)?;
        let Some(base) = live.files.directory(fd.rep()) else {
            // A descriptor that is not one at all is the engine's to report; what is left is a file.
            return Err(types::ErrorCode::NotDirectory.into());
        };
        match files::resolve(base, path, follow, &denied) {
            Ok(place) => {
                let found = files::look(&place).map_err(failed)?;
                Ok(Target { place, found })
            }
            Err(Unresolved::Errno(errno)) => Err(failed(errno)),
            Err(Unresolved::Denied(path)) => Err(self.denied_on_the_way(path)),
            Err(Unresolved::Outside) => {
                let record = self.context.outside();
                self.decided(record);
                Err(types::ErrorCode::NotPermitted.into())
            }
        }
    }

    /// Denies what a path leads through, on the record.
    fn denied_on_the_way(&mut self, path: GuestPath) -> FsError {
        let action = Action::FileRead { path };
        let (_, record) = self.context.check(&action, Origin::Foreign);
        let Denied { decision, why } = self.context.denied(&action, record);
        self.decided(decision);
        match why {
            Why::Policy | Why::Refused(_) => types::ErrorCode::Access.into(),
            Why::Over(error) => FsError::trap(error),
        }
    }

    /// Whether what stands at a place is still what was decided about, after an answer that may have taken its time.
    pub(super) fn unchanged(target: &Target) -> Result<(), Errno> {
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
    pub(super) async fn observe(&mut self, action: &Action, target: Option<&Target>) -> FsResult<()> {
        let origin = self.origin(target.and_then(|target| target.found.as_ref()));
        let (decision, record) = self.context.check(action, origin);
        match decision {
            Decision::Allow(_) => {
                self.decided(record);
                Ok(())
            }
            Decision::Ask { .. } | Decision::Deny(_) => {
                let effect = self.permit(action, origin, target).await?;
                self.outcome(effect, &Ok(()))
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
        let context = Arc::clone(&self.context);
        let effect = context.permit(self.call(), action, origin, || detail(action, target)).await;
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

/// The beginning of a file as it is now, for whoever is asked whether it may be lost.
fn preview(place: &Place, found: &Found) -> Option<Preview> {
    let opened = files::open_file(place, (true, false), Some(found.identity), false).ok()?;
    let mut head = Vec::new();
    opened.file.take(u64::try_from(PREVIEW_BYTES_MAX).ok()?).read_to_end(&mut head).ok()?;
    Some(Preview::new(&head, found.size))
}
