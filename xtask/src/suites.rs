//! The suites that only `cargo xtask test --all` runs: they take long, or need something from outside.

use std::path::Path;

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
    Suite { name: ENGINE_PROGRAMS, run: engine_programs },
    Suite { name: "programs in eight languages", run: |project, summary| languages::check(project, false, summary) },
    Suite { name: "crashes at every record", run: crashes },
    Suite { name: "the adapter for WASI 0.1 comes from its sources", run: adapter },
];

const WASI_TESTSUITE: &str = "programs of wasi-testsuite";
const ENGINE_PROGRAMS: &str = "the engine's own test programs";

/// The environment variable with the folder of the engine's programs, for the tests.
const ENGINE_VARIABLE: &str = "WASM_AGENT_ENGINE_PROGRAMS";

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
    conformance(project, summary, "programs_of_wasi_testsuite", (testsuite::FOLDER_VARIABLE, folder.as_path()))
}

/// Compares them as well. Nobody publishes them built, so somebody has to have built them.
fn engine_programs(project: &Project, summary: &mut Summary) -> Result<()> {
    let Some(folder) = std::env::var_os(ENGINE_VARIABLE) else {
        let hint = format!("{ENGINE_VARIABLE} can name a folder with them: `p1_*.wasm`, `p2_*.component.wasm`");
        summary.note_skipped(ENGINE_PROGRAMS, hint);
        return Ok(());
    };
    conformance(project, summary, "programs_of_the_engine", (ENGINE_VARIABLE, Path::new(&folder)))
}

/// Runs one test of conformance, which finds its programs in a folder.
fn conformance(project: &Project, summary: &mut Summary, test: &str, folder: (&str, &Path)) -> Result<()> {
    let mut tests = tests_command::workspace(project);
    tests.env(folder.0, folder.1);
    // Of the whole workspace, as other features of the engine would build it again.
    tests.args(["--workspace", "--test", "conformance", test, "--", "--ignored"]);
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
