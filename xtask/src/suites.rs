//! The suites that only `cargo xtask test --all` runs: they take long, or need something from outside.

use anyhow::Result;
use xtask::process;
use xtask::project::Project;

use crate::crash;
use crate::summary::Summary;

/// A suite. To add one, add a line to [`SUITES`].
pub(crate) struct Suite {
    /// Its name in the output.
    pub(crate) name: &'static str,
    /// Runs it and adds up what came of it. An error counts as a failure; the next suite runs all the same.
    ///
    /// What this machine can't run or fetch is not an error: [`Summary::note_skipped`].
    pub(crate) run: fn(&Project, &mut Summary) -> Result<()>,
}

/// In the order in which they run. The guests are built, and all tests have run.
pub(crate) const SUITES: &[Suite] = &[Suite { name: "crashes at every record", run: crashes }];

/// The tests kill runs at some records, this one at all.
fn crashes(project: &Project, summary: &mut Summary) -> Result<()> {
    process::run(&mut crash::harness(project, None))?;
    summary.note_passed();
    Ok(())
}
