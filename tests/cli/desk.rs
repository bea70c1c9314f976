//! A test's working folder, and the transcript of its commands and their output.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use wasm_agent_tests::guests;

use crate::filter;

/// Writes snapshots instead of comparing with them.
const UPDATE_VARIABLE: &str = "UPDATE_SNAPSHOTS";

/// A policy that lets a tool change the folder `notes`, and asks about it.
pub(crate) const NOTES: &str = "\
version = 1

[[filesystem]]
host = \"./notes\"
guest = \"/notes\"
access = \"write\"
";

/// An approver's program that approves everything.
pub(crate) const YES: &str =
    "#!/bin/sh\ncat > /dev/null\necho '{\"decision\": \"approve\", \"approver\": \"yes.sh\"}'\n";

/// The program. It is built beside the tests.
pub(crate) fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().and_then(Path::parent).unwrap().join("wasm-agent");
    assert!(program.is_file(), "the program is not built: run `cargo build -p wasm-agent`");
    program
}

/// A folder to run commands in, and their transcript.
pub(crate) struct Desk {
    dir: TempDir,
    transcript: String,
    /// Texts that differ in every run, and their replacements in the transcript.
    hidden: Vec<(String, &'static str)>,
}

/// The output and status of a command.
pub(crate) struct Ran {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) status: i32,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let hidden = vec![(dir.path().to_str().unwrap().to_owned(), "~")];
        Self { dir, transcript: String::new(), hidden }
    }

    /// Replaces a text in the transcript.
    pub(crate) fn hide(&mut self, text: String, shown: &'static str) {
        self.hidden.push((text, shown));
    }

    /// A desk with a note, a policy that lets a tool change it, and `edit-files`.
    pub(crate) fn with_notes() -> Self {
        let desk = Self::new();
        desk.write("notes/today.md", "The colour of the sky.\n");
        desk.write("policy.toml", NOTES);
        desk.guest("edit-files");
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, and makes the folders around it.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Writes a file that can be run.
    ///
    /// Another process writes it. If this one did, a process that another test starts at the same time could inherit
    /// the open file, and then it can't be run.
    pub(crate) fn script(&self, name: &str, contents: &str) {
        let mut command = self.command("sh");
        command.args(["-c", "printf %s \"$1\" > \"$0\" && chmod 755 \"$0\"", name, contents]);
        assert!(command.status().unwrap().success());
    }

    pub(crate) fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Creates a sparse file of this length.
    pub(crate) fn sparse(&self, name: &str, bytes: u64) {
        fs::OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap().set_len(bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Copies a guest component into the folder.
    pub(crate) fn guest(&self, name: &str) {
        fs::copy(guests::path(name), self.path(&format!("{name}.wasm"))).unwrap();
    }

    /// Compiles a component or core module from its text into the folder.
    pub(crate) fn tool(&self, name: &str, text: &str) {
        self.write(name, wasm_agent_tests::wat::parse_str(text));
    }

    /// A command in this folder, with a minimal environment.
    ///
    /// All tests share compiled code: most of them use the same few tools.
    pub(crate) fn command(&self, start: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(start);
        command
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.dir.path())
            .env("WASM_AGENT_STATE", guests::target().join("test-state"))
            .stdin(Stdio::null());
        command
    }

    /// Runs `wasm-agent` with arguments that are separated by spaces, or quoted by `'`.
    pub(crate) fn run(&mut self, arguments: &str) -> Ran {
        self.run_as(arguments, |_| {})
    }

    /// Runs `wasm-agent` after `change`, which can set variables, for example.
    pub(crate) fn run_as(&mut self, arguments: &str, change: impl FnOnce(&mut Command)) -> Ran {
        let mut command = self.command(program());
        command.args(words(arguments));
        change(&mut command);
        let ran = Ran::from(command.output().unwrap());
        self.note(arguments, &ran);
        ran
    }

    /// Runs `wasm-agent` without adding it to the transcript.
    pub(crate) fn quietly(&self, arguments: &str) -> Ran {
        Ran::from(self.command(program()).args(words(arguments)).output().unwrap())
    }

    /// Runs `wasm-agent` in a new session, which has no terminal.
    pub(crate) fn run_without_terminal(&mut self, arguments: &str) -> Ran {
        let mut command = self.command("setsid");
        let ran = Ran::from(command.arg("--wait").arg(program()).args(words(arguments)).output().unwrap());
        self.note(arguments, &ran);
        ran
    }

    /// Adds a command to the transcript.
    pub(crate) fn note(&mut self, arguments: &str, ran: &Ran) {
        let command = self.hidden.iter().fold(arguments.to_owned(), |text, (what, shown)| text.replace(what, shown));
        self.transcript += &format!("$ wasm-agent {command}\n");
        for (mark, bytes) in [("1| ", &ran.stdout), ("2| ", &ran.stderr)] {
            for line in filter::lines(bytes, &self.hidden) {
                self.transcript += format!("{mark}{line}").trim_end();
                self.transcript.push('\n');
            }
        }
        self.transcript += &format!("? {}\n\n", ran.status);
    }

    /// The transcript so far.
    pub(crate) fn transcript(&self) -> &str {
        &self.transcript
    }

    /// Begins a new transcript.
    pub(crate) fn forget(&mut self) {
        self.transcript.clear();
    }

    /// Compares the transcript with a snapshot.
    pub(crate) fn matches(&self, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cli/snapshots/{name}.txt"));
        let said = self.transcript.trim_end().to_owned() + "\n";
        if std::env::var_os(UPDATE_VARIABLE).is_some() {
            fs::write(&path, said).unwrap();
            return;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let lines = expected.lines().zip(said.lines()).position(|(expected, said)| expected != said);
        let line = lines.unwrap_or_else(|| expected.lines().count().min(said.lines().count())) + 1;
        assert!(expected == said, "other than line {line} of snapshot `{name}`:\n{said}\nexpected:\n{expected}");
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let status = output.status.code().expect("ended by a signal");
        let ran = Self { stdout: output.stdout, stderr: output.stderr, status };
        let err = String::from_utf8_lossy(&ran.stderr);
        assert!(!err.contains("panicked"), "{err}");
        ran
    }
}

impl Ran {
    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8(self.stderr.clone()).unwrap()
    }

    /// The lines of standard output, all of which are JSON objects.
    pub(crate) fn out_objects(&self) -> Vec<Value> {
        objects(&self.out())
    }

    /// The lines of standard error, all of which are JSON objects.
    pub(crate) fn err_objects(&self) -> Vec<Value> {
        objects(&self.err())
    }

    /// Asserts that it ended with one of these statuses, one error line, and at most one hint.
    pub(crate) fn fails_in_one_line(&self, statuses: &[i32]) {
        let err = self.err();
        let lines: Vec<&str> = err.lines().collect();
        assert!(statuses.contains(&self.status), "ended with {}: {err}", self.status);
        assert!(lines.first().is_some_and(|line| line.starts_with("error: ")), "{err}");
        assert!(lines[1..].iter().all(|line| line.starts_with("hint: ")) && lines.len() <= 2, "{err}");
    }
}

fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(value.is_object(), "{line}");
            value
        })
        .collect()
}

/// Splits arguments like a shell, as far as tests need it.
fn words(arguments: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (part, quoted) in arguments.split('\'').zip([false, true].into_iter().cycle()) {
        if quoted {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
