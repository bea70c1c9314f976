//! Lists of lines with names from a tool's file. The file may have more names, and longer ones, than anybody reads.

/// A limited list of lines, which counts further lines.
#[derive(Debug)]
pub(crate) struct Lines {
    lines: Vec<String>,
    lines_max: usize,
    bytes_left: usize,
    more: usize,
}

impl Lines {
    /// An empty list with limits. The line that reaches `bytes_max` is the last.
    pub(crate) fn new(lines_max: usize, bytes_max: usize) -> Self {
        Self { lines: Vec::new(), lines_max, bytes_left: bytes_max, more: 0 }
    }

    /// Adds a line. It is not built if it is only counted.
    pub(crate) fn add(&mut self, line: impl FnOnce() -> String) {
        if self.lines.len() >= self.lines_max || self.bytes_left == 0 {
            self.more = self.more.saturating_add(1);
            return;
        }
        let line = line();
        self.bytes_left = self.bytes_left.saturating_sub(line.len());
        self.lines.push(line);
    }

    /// The lines; the last one says how many are omitted.
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
