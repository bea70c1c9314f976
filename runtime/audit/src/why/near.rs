//! Names that are much like one that nothing is known of.

use std::collections::BTreeSet;

use wasm_agent_policy::Action;

/// Most names that are kept to look among.
const NAMES_MAX: usize = 4096;

/// Longest name that is kept, in bytes. Comparing takes the product of two lengths.
const NAME_BYTES_MAX: usize = 512;

/// Most names that are proposed.
const NEAR_MAX: usize = 3;

/// Names that effects and reads were about.
#[derive(Debug, Default)]
pub(super) struct Near {
    names: BTreeSet<String>,
}

impl Near {
    pub(super) fn seen(&mut self, name: &str) {
        if self.names.len() < NAMES_MAX && name.len() <= NAME_BYTES_MAX && !self.names.contains(name) {
            self.names.insert(name.to_owned());
        }
    }

    pub(super) fn acted(&mut self, action: &Action) {
        match action {
            Action::FileRename { from, to, .. } => {
                self.seen(from.as_str());
                self.seen(to.as_str());
            }
            Action::HttpRequest(request) => self.seen(request.url.as_str()),
            Action::FileRead { path }
            | Action::FileCreate { path }
            | Action::FileModify { path, .. }
            | Action::FileDelete { path }
            | Action::DirCreate { path }
            | Action::DirRemove { path }
            | Action::LinkCreate { path, .. } => self.seen(path.as_str()),
            Action::Checkpoint { .. } | Action::Socket { .. } => {}
        }
    }

    /// The names that are most like this one.
    pub(super) fn to(&self, name: &str) -> Vec<String> {
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let most = name.len().min(NAME_BYTES_MAX) / 3;
        let compared: String = name.chars().take(NAME_BYTES_MAX).collect();
        let mut near: Vec<(usize, &String)> = self
            .names
            .iter()
            .filter_map(|known| {
                if !last(name).is_empty() && last(known) == last(name) {
                    return Some((0, known));
                }
                Some((strsim::levenshtein(known, &compared), known)).filter(|(distance, _)| *distance <= most)
            })
            .collect();
        near.sort();
        near.into_iter().take(NEAR_MAX).map(|(_, known)| known.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_are_proposed_first() {
        let mut near = Near::default();
        for name in ["/notes/today.md", "/notes/sub/a.md", "/notes/b.md", "https://example.com/"] {
            near.seen(name);
        }
        assert_eq!(near.to("/notes/tody.md"), ["/notes/today.md", "/notes/b.md"]);
        assert_eq!(near.to("/elsewhere/a.md")[0], "/notes/sub/a.md");
        assert!(near.to("/x").is_empty());
    }
}
