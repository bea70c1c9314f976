//! The program in a folder of its own, with all diagnostics on, and everything that it leaves there.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use wasm_agent_tests::folder::Entry;
use wasm_agent_tests::terminal::terminal;
use wasm_agent_tests::{Folder, guests};

use crate::forms;

/// An approver that keeps what it is shown, and says yes.
const YES: &str = "#!/bin/sh\ncat >> asked.json\necho '{\"decision\": \"approve\", \"approver\": \"yes.sh\"}'\n";

/// How a question at a terminal ends.
pub(crate) const PROMPT: &[u8] = b"s> ";

/// A folder to run commands in.
pub(crate) struct Desk {
    pub(crate) folder: Folder,
    /// Where secrets are kept: not among what is searched.
    safe: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self { folder: Folder::new(), safe: tempfile::tempdir().unwrap() };
        std::fs::copy(guests::path("fetch-page"), desk.folder.path("fetch-page.wasm")).unwrap();
        // Another process writes it: one that this process has open for writing can't be run.
        let script = "printf %s \"$1\" > yes.sh && chmod 755 yes.sh";
        assert!(desk.command("sh").args(["-c", script, "sh", YES]).status().unwrap().success());
        desk
    }

    /// Keeps a secret in a file, and names it.
    pub(crate) fn keep(&self, contents: &[u8]) -> PathBuf {
        let path = self.safe.path().join("token");
        std::fs::write(&path, contents).unwrap();
        path
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(self.folder.path(""))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("WASM_AGENT_STATE", "state")
            .env("WASM_AGENT_LOG", "trace")
            .stdin(Stdio::null());
        command
    }

    /// Runs `wasm-agent` with these words.
    pub(crate) fn run(&self, words: &[&str], environment: &[(&str, &str)]) -> Output {
        self.command(program()).args(words).envs(environment.iter().copied()).output().unwrap()
    }

    /// Runs it at a terminal, says yes to every question, and returns what the screen showed.
    pub(crate) fn run_saying_yes(&self, words: &[&str], environment: &[(&str, &str)]) -> Vec<u8> {
        let (mut person, slave) = terminal();
        let mut command = self.command("setsid");
        command.args(["--wait", "--ctty"]).arg(program()).args(words).envs(environment.iter().copied());
        command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
        let mut child = command.spawn().unwrap();
        // With it goes this process's last handle on the program's end.
        drop(command);
        let mut seen = Vec::new();
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = person.read(&mut part) {
            seen.extend_from_slice(&part[..length]);
            if seen.ends_with(PROMPT) {
                person.write_all(b"y\n").unwrap();
            }
        }
        child.wait().unwrap();
        seen
    }

    /// Asserts that no file in the folder has any of a secret.
    pub(crate) fn knows_nothing_of(&self, secret: &str) {
        for (name, entry) in self.folder.snapshot("") {
            let Entry::File(contents) = entry else { continue };
            // The tool and what was compiled of it were there before there was a secret.
            if !name.to_string_lossy().contains("wasm") {
                forms::absent(secret, &contents, &format!("`{}`", name.display()));
            }
        }
    }
}

/// Asserts that a command said nothing of a secret.
pub(crate) fn says_nothing_of(secret: &str, said: &Output, what: &str) {
    forms::absent(secret, &said.stdout, &format!("standard output of {what}"));
    forms::absent(secret, &said.stderr, &format!("standard error of {what}"));
}

/// The program. It is built beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).unwrap().join("wasm-agent");
    assert!(program.is_file(), "the program is not built: run `cargo build -p wasm-agent`");
    program
}
