//! Similar names, to suggest in place of one that the journal does not have.

use std::collections::BTreeSet;

use wasm_agent_policy::Action;

/// Most names to choose from.
const NAMES_MAX: usize = 4096;

/// Longest name, in bytes. Comparing two names takes time in the product of their lengths.
const NAME_BYTES_MAX: usize = 512;

/// Most names suggested.
const SUGGESTED_MAX: usize = 3;

/// The names of effects and reads.
#[derive(Debug, Default)]
pub(super) struct SimilarNames {
    names: BTreeSet<String>,
}

impl SimilarNames {
    pub(super) fn add(&mut self, name: &str) {
        if self.names.len() < NAMES_MAX && name.len() <= NAME_BYTES_MAX && !self.names.contains(name) {
            self.names.insert(name.to_owned());
        }
    }

    pub(super) fn add_action(&mut self, action: &Action) {
        match action {
            Action::FileRename { from, to, .. } => {
                self.add(from.as_str());
                self.add(to.as_str());
            }
            Action::HttpRequest(request) => self.add(request.url.as_str()),
            Action::FileRead { path }
            | Action::FileCreate { path }
            | Action::FileModify { path, .. }
            | Action::FileDelete { path }
            | Action::DirCreate { path }
            | Action::DirRemove { path }
            | Action::LinkCreate { path, .. } => self.add(path.as_str()),
            Action::HttpInvalid(_) | Action::Checkpoint { .. } | Action::Socket { .. } => {}
        }
    }

    /// The names most similar to this one.
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
        near.into_iter().take(SUGGESTED_MAX).map(|(_, known)| known.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_are_proposed_first() {
        let mut names = SimilarNames::default();
        for name in ["/notes/today.md", "/notes/sub/a.md", "/notes/b.md", "https://example.com/"] {
            names.add(name);
        }
        assert_eq!(names.to("/notes/tody.md"), ["/notes/today.md", "/notes/b.md"]);
        assert_eq!(names.to("/elsewhere/a.md")[0], "/notes/sub/a.md");
        assert!(names.to("/x").is_empty());
    }
}
