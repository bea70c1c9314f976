//! The benchmarks of `tests/benches`, and what their harness prints.

use anyhow::{Context, Result};
use xtask::process;
use xtask::project::Project;

/// The results of the harness, once it has run.
#[derive(Debug, Default)]
pub(crate) struct Pieces(Option<Vec<Piece>>);

/// One benchmark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    name: String,
    /// The median time of one iteration.
    pub(crate) nanoseconds: f64,
    /// The median throughput, where the benchmark counts bytes.
    pub(crate) bytes_per_second: Option<f64>,
    /// Whether an iteration allocates.
    pub(crate) allocates: bool,
}

impl Pieces {
    /// The result of a benchmark. The first call runs all of them.
    ///
    /// # Errors
    /// When they can't be built or run, or none has that name.
    pub(crate) fn find(&mut self, project: &Project, name: &str) -> Result<Piece> {
        if self.0.is_none() {
            let mut command = process::cargo();
            command.current_dir(project.root()).args([
                "bench",
                "--quiet",
                "--locked",
                "--package",
                "wasm-agent-benches",
            ]);
            self.0 = Some(parse(&process::capture(&mut command)?));
        }
        let found = self.0.iter().flatten().find(|piece| piece.name == name);
        found.cloned().with_context(|| format!("`tests/benches` has no benchmark `{name}`"))
    }
}

/// Parses the tree that the harness prints. A line for each benchmark has fastest, slowest, median, mean, samples and
/// iterations. Below it may be a line with the throughput, and some with allocations.
fn parse(printed: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for line in printed.lines() {
        let columns: Vec<&str> = line.split(" │ ").map(str::trim).collect();
        let [first, _, median, ..] = columns.as_slice() else { continue };
        let name = line.trim_start_matches(['├', '╰', '─', '│', ' ']).split_whitespace().next().unwrap_or_default();
        if first.starts_with(['├', '╰']) {
            if let Some(nanoseconds) =
                scaled(median, &[("ps", 1e-3), ("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)])
            {
                pieces.push(Piece { name: name.to_owned(), nanoseconds, bytes_per_second: None, allocates: false });
            }
        } else if let Some(piece) = pieces.last_mut() {
            let units = [("B/s", 1.0), ("KB/s", 1e3), ("MB/s", 1e6), ("GB/s", 1e9), ("TB/s", 1e12)];
            piece.bytes_per_second = piece.bytes_per_second.or(scaled(median, &units));
            // An allocation less often than once in a hundred iterations is a queue that grows: the writer's, not the
            // call's.
            let allocations: Option<f64> = median.parse().ok();
            piece.allocates |= allocations.is_some_and(|count| count >= 0.01);
        }
    }
    pieces
}

/// A number with one of these units, in the base unit.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_harness_prints() {
        let pieces = parse(include_str!("pieces/sample.txt"));
        let found: Vec<_> = pieces
            .iter()
            .map(|piece| (piece.name.as_str(), piece.nanoseconds, piece.bytes_per_second, piece.allocates))
            .collect();
        assert_eq!(
            found,
            [
                ("file_64", 40.21, None, false),
                ("path", 812.3, None, true),
                ("verify", 21_080_000.0, Some(3.183e9), false)
            ]
        );
    }
}
