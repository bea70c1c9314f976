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
            other => {
                if let Some(path) = other.path() {
                    self.seen(path.as_str());
                }
            }
        }
    }

    /// The names that are most like this one.
    pub(super) fn to(&self, name: &str) -> Vec<String> {
        let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
        let most = name.len().min(NAME_BYTES_MAX) / 3;
        let mut near: Vec<(usize, &String)> = self
            .names
            .iter()
            .filter_map(|known| {
                if !last(name).is_empty() && last(known) == last(name) {
                    return Some((0, known));
                }
                Some((distance(known, name), known)).filter(|(distance, _)| *distance <= most)
            })
            .collect();
        near.sort();
        near.into_iter().take(NEAR_MAX).map(|(_, known)| known.clone()).collect()
    }
}

/// How many characters have to be put in, taken out or changed to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(NAME_BYTES_MAX).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, character) in one.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (known, up) in other.iter().zip(row.iter().skip(1)) {
            left = (left + 1).min(up + 1).min(diagonal + usize::from(*known != character));
            diagonal = *up;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (one, other, expected) in [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("flaw", "lawn", 2)] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

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
