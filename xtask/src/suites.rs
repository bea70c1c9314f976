//! The suites that only `cargo xtask test --all` runs: they take long, or need something from outside.

use anyhow::Result;
use xtask::process;
use xtask::project::Project;

use crate::summary::Summary;
use crate::{adapter, crash, languages, tests_command, testsuite};

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
pub(crate) const SUITES: &[Suite] = &[
    Suite { name: WASI_TESTSUITE, run: wasi_testsuite },
    Suite { name: "programs in eight languages", run: |project, summary| languages::check(project, false, summary) },
    Suite { name: "crashes at every record", run: crashes },
    Suite { name: "the adapter for WASI 0.1 comes from its sources", run: adapter },
];

const WASI_TESTSUITE: &str = "programs of wasi-testsuite";

/// Compares them under the bare engine and under the host.
fn wasi_testsuite(project: &Project, summary: &mut Summary) -> Result<()> {
    let folder = match testsuite::fetch(&project.cache()) {
        Ok(folder) => folder,
        Err(error) => {
            let hint = format!("{} can name a folder with the programs", testsuite::FOLDER_VARIABLE);
            summary.note_skipped(WASI_TESTSUITE, format!("{error:#}; {hint}"));
            return Ok(());
        }
    };
    let mut tests = tests_command::workspace(project);
    tests.env(testsuite::FOLDER_VARIABLE, folder);
    // Of the whole workspace, as other features of the engine would build it again.
    tests.args(["--workspace", "--test", "conformance", "programs_of_wasi_testsuite", "--", "--ignored"]);
    tests_command::test(&mut tests, summary)
}

/// The tests kill runs at some records, this one at all.
fn crashes(project: &Project, summary: &mut Summary) -> Result<()> {
    process::run(&mut crash::harness(project, None))?;
    summary.note_passed();
    Ok(())
}

/// The adapter is checked in. This shows that it is what its sources make.
fn adapter(project: &Project, summary: &mut Summary) -> Result<()> {
    adapter::run(project, true)?;
    summary.note_passed();
    Ok(())
}
