//! Lines about a tool that are made of names in its file, of which there may be more, and longer ones, than anybody
//! reads.

use std::borrow::Cow;

/// Longest name, in bytes. A name may have a hundred thousand, and be used any number of times.
const NAME_BYTES_MAX: usize = 200;

/// Stands for what is left out.
pub(crate) const CUT: &str = "…";

/// A name as it is shown: one that is too long is cut.
pub(crate) fn clip(name: &str) -> Cow<'_, str> {
    if name.len() <= NAME_BYTES_MAX {
        return Cow::Borrowed(name);
    }
    let end = name.floor_char_boundary(NAME_BYTES_MAX);
    Cow::Owned(format!("{}{CUT}", name.get(..end).unwrap_or_default()))
}

/// So many lines and bytes of them, and how many more there would be.
#[derive(Debug)]
pub(crate) struct Lines {
    lines: Vec<String>,
    lines_max: usize,
    bytes_left: usize,
    more: usize,
}

impl Lines {
    /// No lines yet, and this many at most. The line that reaches `bytes_max` is the last.
    pub(crate) fn new(lines_max: usize, bytes_max: usize) -> Self {
        Self { lines: Vec::new(), lines_max, bytes_left: bytes_max, more: 0 }
    }

    /// Adds a line. One that is only counted is not made.
    pub(crate) fn add(&mut self, line: impl FnOnce() -> String) {
        if self.lines.len() >= self.lines_max || self.bytes_left == 0 {
            self.more = self.more.saturating_add(1);
            return;
        }
        let line = line();
        self.bytes_left = self.bytes_left.saturating_sub(line.len());
        self.lines.push(line);
    }

    /// The lines; the last one says how many are left out.
    pub(crate) fn done(mut self) -> Vec<String> {
        if self.more > 0 {
            self.lines.push(format!("and {} more", self.more));
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(clip("wasi:cli/exit@0.2.0"), "wasi:cli/exit@0.2.0");
        assert_eq!(clip(&"a".repeat(200)), "a".repeat(200));
        assert_eq!(clip(&"a".repeat(201)), format!("{}…", "a".repeat(200)));
        assert_eq!(clip(&format!("a{}", "é".repeat(50_000))), format!("a{}…", "é".repeat(99)));
    }

    #[test]
    fn lines_that_are_only_counted_are_not_made() {
        let shown = |lines_max, bytes_max| {
            let (mut lines, mut made) = (Lines::new(lines_max, bytes_max), 0);
            for _ in 0..1000 {
                lines.add(|| {
                    made += 1;
                    "four".to_owned()
                });
            }
            (made, lines.done())
        };
        assert_eq!(shown(2, 100), (2, ["four", "four", "and 998 more"].map(str::to_owned).to_vec()));
        assert_eq!(shown(100, 5), (2, ["four", "four", "and 998 more"].map(str::to_owned).to_vec()));
        assert_eq!(shown(1000, 4000), (1000, vec!["four".to_owned(); 1000]));
    }
}
