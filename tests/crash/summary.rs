//! What came of the trials, as a table.

use std::collections::BTreeMap;
use std::fmt;

use crate::check::Found;
use crate::plan::Trial;
use crate::stage::FSYNCS;

/// Failures that are told in full.
const FAILURES_SHOWN_MAX: usize = 20;

/// The trials so far.
#[derive(Default)]
pub struct Summary {
    kinds: BTreeMap<&'static str, Row>,
    /// How to repeat each trial that failed, and why it did.
    pub failures: Vec<String>,
}

#[derive(Clone, Copy, Default)]
struct Row {
    tried: u64,
    over_before: u64,
    headless: u64,
    with_tail: u64,
    torn: u64,
    recovered: u64,
    with_open_effects: u64,
    failed: u64,
}

impl Summary {
    /// Adds a trial.
    pub fn enter(&mut self, trial: &Trial, found: Result<Found, String>) {
        let row = self.kinds.entry(trial.point.kind()).or_default();
        row.tried += 1;
        match found {
            Ok(found) => {
                row.over_before += u64::from(!found.killed);
                row.headless += u64::from(found.headless);
                row.with_tail += u64::from(found.tail);
                row.torn += u64::from(found.torn);
                row.recovered += u64::from(found.recovered);
                row.with_open_effects += u64::from(found.open > 0);
            }
            Err(problem) => {
                row.failed += 1;
                let (fsync, _) = FSYNCS.iter().find(|(_, fsync)| *fsync == trial.fsync).unwrap();
                self.failures.push(format!("{} --fsync {fsync} {}: {problem}", trial.story.name(), trial.point));
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads =
            ["points", "not reached", "no header", "past a seal", "torn", "recovered", "may have happened", "failed"];
        write!(f, "{:36}", "")?;
        for head in heads {
            write!(f, "  {head:>11}")?;
        }
        writeln!(f)?;
        let mut sum = Row::default();
        for (kind, row) in &self.kinds {
            line(f, kind, row)?;
            sum.tried += row.tried;
            sum.over_before += row.over_before;
            sum.headless += row.headless;
            sum.with_tail += row.with_tail;
            sum.torn += row.torn;
            sum.recovered += row.recovered;
            sum.with_open_effects += row.with_open_effects;
            sum.failed += row.failed;
        }
        line(f, "in all", &sum)?;
        for failure in self.failures.iter().take(FAILURES_SHOWN_MAX) {
            writeln!(f, "failed: {failure}")?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, kind: &str, row: &Row) -> fmt::Result {
    write!(f, "{kind:36}")?;
    let Row { tried, over_before, headless, with_tail, torn, recovered, with_open_effects, failed } = *row;
    for number in [tried, over_before, headless, with_tail, torn, recovered] {
        write!(f, "  {number:>11}")?;
    }
    writeln!(f, "  {with_open_effects:>17}  {failed:>11}")
}
