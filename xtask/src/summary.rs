//! Adds up what the test binaries report.

use std::fmt;

/// How many tests passed, failed and were skipped, over any number of test binaries.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// A line for each suite that failed as a whole or was skipped.
    notes: Vec<String>,
}

impl Summary {
    /// Reads one line of output. Only the line that ends a test binary's report counts.
    pub(crate) fn read_line(&mut self, line: &str) {
        let Some(counts) = line.trim_start().strip_prefix("test result: ") else {
            return;
        };
        // "ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s"
        for part in counts.split([';', '.']) {
            let Some((count, what)) = part.trim().split_once(' ') else {
                continue;
            };
            let Ok(count) = count.parse::<u64>() else {
                continue;
            };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }

    /// Notes how the test command ended. If it failed without a failed test, it did not run all of them.
    pub(crate) fn note_end(&mut self, succeeded: bool) {
        if !succeeded && self.failed == 0 {
            self.failed = 1;
        }
    }

    /// Counts a check that is not a test binary.
    pub(crate) fn note_passed(&mut self) {
        self.passed += 1;
    }

    /// Counts a check that failed, and says why at the end.
    pub(crate) fn note_failed(&mut self, what: &str, why: impl fmt::Display) {
        self.failed += 1;
        self.notes.push(format!("failed: {what}: {why}"));
    }

    /// Counts a check that this machine can't run, and says why at the end.
    pub(crate) fn note_skipped(&mut self, what: &str, why: impl fmt::Display) {
        self.skipped += 1;
        self.notes.push(format!("skipped: {what}: {why}"));
    }

    /// Whether at least one test ran and none failed.
    pub(crate) fn is_success(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped, notes } = self;
        for note in notes {
            writeln!(f, "{note}")?;
        }
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_the_reports_of_several_binaries() {
        let mut summary = Summary::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.12s",
            "test a::b ... ok",
            "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.00s",
        ] {
            summary.read_line(line);
        }
        assert_eq!(summary.to_string(), "7 passed, 2 failed, 1 skipped");
        assert!(!summary.is_success());
    }

    #[test]
    fn ignores_what_a_test_prints() {
        let mut summary = Summary::default();
        summary.read_line("the tool said: test result: ok. 9 passed; 0 failed");
        assert_eq!(summary, Summary::default());
    }

    #[test]
    fn counts_a_build_that_failed_as_a_failure() {
        let mut summary = Summary::default();
        summary.read_line("test result: ok. 3 passed; 0 failed; 0 ignored");
        assert!(summary.is_success());
        summary.note_end(false);
        assert!(!summary.is_success());
        assert_eq!(summary.to_string(), "3 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn says_which_suites_failed_or_were_skipped() {
        let mut summary = Summary::default();
        summary.note_passed();
        summary.note_skipped("programs", "no network");
        assert!(summary.is_success());
        summary.note_failed("crash", "exit status: 1");
        assert!(!summary.is_success());
        assert_eq!(
            summary.to_string(),
            "skipped: programs: no network\nfailed: crash: exit status: 1\n1 passed, 1 failed, 1 skipped"
        );
    }

    #[test]
    fn does_not_call_an_empty_run_a_success() {
        let mut summary = Summary::default();
        summary.note_end(true);
        assert!(!summary.is_success());
    }
}
