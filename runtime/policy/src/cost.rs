//! The worst-case cost of a decision.

use crate::action::Action;
use crate::explain::parse_action;
use crate::file::guest_path::GuestPath;
use crate::http::url::Url;
use crate::policy::Policy;

impl Policy {
    /// The worst-case cost of deciding about an action, in bytes compared: its own bytes times the bytes of the
    /// patterns it is compared with. Nothing is matched to find out.
    pub(crate) fn work_of(&self, action: &str) -> u64 {
        let Ok((action, _)) = parse_action(action) else { return 0 };
        let request = match &action {
            Action::HttpRequest(request) => self.work_of_request(&request.url),
            Action::FileRead { .. }
            | Action::FileCreate { .. }
            | Action::FileModify { .. }
            | Action::FileDelete { .. }
            | Action::FileRename { .. }
            | Action::DirCreate { .. }
            | Action::DirRemove { .. }
            | Action::LinkCreate { .. }
            | Action::HttpInvalid(_)
            | Action::Checkpoint { .. }
            | Action::Socket { .. } => 0,
        };
        action.paths().map(|path| self.work_at(&path)).fold(request, u64::saturating_add)
    }

    fn work_of_request(&self, url: &Url) -> u64 {
        let mut work = 0u64;
        let length = url.as_str().len();
        self.hosts().visit(url, |position, _| {
            let pattern = self.http().get(position).map_or(0, |grant| grant.url.canonical_text().len());
            work = work.saturating_add(product(length, pattern));
        });
        work
    }

    /// The worst-case cost of deciding about this path.
    pub(crate) fn work_at(&self, path: &GuestPath) -> u64 {
        let mut work = 0u64;
        let length = path.as_str().len();
        self.directories().visit(path.relative_to_root(), |position, _| {
            let patterns = self.filesystem().get(*position).map_or(0, |grant| grant.pattern_bytes());
            work = work.saturating_add(product(length, patterns));
        });
        work
    }
}

fn product(one: usize, other: usize) -> u64 {
    u64::try_from(one.saturating_mul(other)).unwrap_or(u64::MAX)
}
