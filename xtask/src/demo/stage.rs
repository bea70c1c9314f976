//! The folder, the policies and the runs of the demo.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};
use xtask::project::Project;

/// Approves where there is no terminal. It logs each question, so that the demo can show it.
const SCRIPT: &str = r#"#!/bin/sh
# Approves every question of the demo, and logs it in this folder.
sed 's/.*"summary":"\([^"]*\)".*/\1/' >> "$(dirname "$0")/asked.txt"
echo '{"decision": "approve", "approver": "demo script", "reason": "part of the demo"}'
"#;

/// The exit status that a step must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The tool finishes.
    Success,
    /// The tool reports a failure, because one of its calls was denied.
    Failure,
}

impl Expected {
    fn code(self) -> i32 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
        }
    }
}

/// A finished run, to be compared with its replay.
#[derive(Debug)]
struct Run {
    name: String,
    expected: Expected,
    output: Vec<u8>,
}

/// Where the demo takes place.
#[derive(Debug)]
pub(crate) struct Stage {
    program: PathBuf,
    guests: PathBuf,
    dir: PathBuf,
    token: String,
    approve: String,
    runs: Vec<Run>,
    steps: Cell<u32>,
}

impl Stage {
    /// Fills the folder with texts of this project, writes the policies, and chooses who approves.
    pub(crate) fn set(project: &Project, server: &str, token: &str, has_terminal: bool) -> Result<Self> {
        let dir = project.demo_dir();
        let step = || format!("could not prepare `{}`", dir.display());
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(step)?;
        }
        let notes = dir.join("notes");
        fs::create_dir_all(&notes).with_context(step)?;
        for name in ["README.md", "approval.wit", "intent.wit", "package.wit", "worlds.wit"] {
            fs::copy(project.root().join("wit").join(name), notes.join(name)).with_context(step)?;
        }
        fs::write(notes.join(".env"), "PASSWORD=not for tools\n").with_context(step)?;
        for (name, text) in policies(server) {
            fs::write(dir.join(format!("{name}.toml")), text).with_context(step)?;
        }
        let approve = if has_terminal { "terminal".to_owned() } else { write_script(&dir).with_context(step)? };
        Ok(Self {
            program: project.host_binary("debug"),
            guests: project.guests_dir(),
            dir,
            token: token.to_owned(),
            approve,
            runs: Vec::new(),
            steps: Cell::new(0),
        })
    }

    /// Announces the next step.
    pub(crate) fn say(&self, text: &str) {
        self.steps.set(self.steps.get() + 1);
        println!("\n{}. {text}", self.steps.get());
    }

    /// Runs a tool and keeps its output. `arguments` are options, the file name of the tool, and its own arguments.
    pub(crate) fn run(&mut self, name: &str, policy: &str, expected: Expected, arguments: &[&str]) -> Result<()> {
        let policy = format!("{policy}.toml");
        let journal = format!("{name}.journal");
        let approve = self.approve.clone();
        let mut whole = vec!["run", "--policy", &policy, "--journal", &journal, "--approve", &approve];
        whole.extend(arguments);
        let output = self.command(&whole, expected)?;
        self.runs.push(Run { name: name.to_owned(), expected, output });
        Ok(())
    }

    /// Runs a sub-command of `journal` on the journal of a run.
    pub(crate) fn journal(&self, command: &[&str], name: &str) -> Result<()> {
        let journal = format!("{name}.journal");
        let mut whole = vec!["journal"];
        whole.extend(command);
        whole.push(&journal);
        self.command(&whole, Expected::Success).map(drop)
    }

    /// The names of all runs so far, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.runs.iter().map(|run| run.name.clone()).collect()
    }

    /// Replays all runs, and compares the output of each with that of its run.
    pub(crate) fn replay_all(&self) -> Result<()> {
        for Run { name, expected, output } in &self.runs {
            let replayed = self.command(&["replay", &format!("{name}.journal")], *expected)?;
            if &replayed != output {
                bail!("the replay of `{name}` printed something else than the run");
            }
        }
        Ok(())
    }

    /// Deletes the folder that the tools worked in, and the policies.
    pub(crate) fn delete_folder(&self) -> Result<()> {
        let notes = self.dir.join("notes");
        fs::remove_dir_all(&notes).with_context(|| format!("could not delete `{}`", notes.display()))?;
        for (name, _) in policies("") {
            let policy = self.dir.join(format!("{name}.toml"));
            fs::remove_file(&policy).with_context(|| format!("could not delete `{}`", policy.display()))?;
        }
        Ok(())
    }

    /// Looks for the credential in everything that was written.
    pub(crate) fn check_token_is_nowhere(&self) -> Result<()> {
        let token = self.token.as_bytes();
        for run in &self.runs {
            let journal = self.dir.join(format!("{}.journal", run.name));
            let content = fs::read(&journal).with_context(|| format!("could not read `{}`", journal.display()))?;
            for (what, bytes) in [("journal", &content), ("output", &run.output)] {
                if bytes.windows(token.len()).any(|window| window == token) {
                    bail!("the credential is in the {what} of `{}`", run.name);
                }
            }
        }
        Ok(())
    }

    /// Shows the questions that the script answered, unless a person did.
    pub(crate) fn show_script(&self) -> Result<()> {
        if self.approve == "terminal" {
            return Ok(());
        }
        let asked = self.dir.join("asked.txt");
        let text = fs::read_to_string(&asked).with_context(|| format!("could not read `{}`", asked.display()))?;
        self.say(&format!("There is no terminal here, so {} approved:", self.dir.join("approve.sh").display()));
        for line in text.lines() {
            println!("   {}", line.escape_debug());
        }
        Ok(())
    }

    /// Runs the program in the folder of the demo, shows the command and its output, and returns the output.
    fn command(&self, arguments: &[&str], expected: Expected) -> Result<Vec<u8>> {
        let shown = show(arguments);
        println!("   $ {shown}");
        let arguments = arguments.iter().map(|argument| self.find_guest(argument));
        let state = self.dir.join("state");
        let output = Command::new(&self.program)
            .current_dir(&self.dir)
            .args(arguments)
            .env("DEMO_TOKEN", &self.token)
            // The demo leaves nothing in the user's own folders.
            .env("XDG_STATE_HOME", &state)
            .env("XDG_CACHE_HOME", &state)
            .env("XDG_DATA_HOME", &state)
            .stderr(Stdio::inherit())
            .stdin(Stdio::inherit())
            .output()
            .with_context(|| format!("could not start `{}`", self.program.display()))?;
        std::io::stdout().write_all(&output.stdout).context("could not print")?;
        if output.status.code() == Some(expected.code()) {
            Ok(output.stdout)
        } else {
            Err(anyhow!("{}", output.status).context(format!("`{shown}` did not end with {}", expected.code())))
        }
    }

    fn find_guest(&self, argument: &str) -> PathBuf {
        let guest = self.guests.join(argument);
        if argument.ends_with(".wasm") && guest.is_file() { guest } else { PathBuf::from(argument) }
    }
}

/// Writes the script, and returns the approver that runs it.
fn write_script(dir: &Path) -> std::io::Result<String> {
    use std::os::unix::fs::PermissionsExt;

    let script = dir.join("approve.sh");
    fs::write(&script, SCRIPT)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(format!("exec:{}", script.display()))
}

/// The command as you could type it.
fn show(arguments: &[&str]) -> String {
    let mut shown = "wasm-agent".to_owned();
    for argument in arguments {
        shown.push(' ');
        if argument.contains([' ', '"', '(']) {
            shown.push_str(&format!("'{argument}'"));
        } else {
            shown.push_str(argument);
        }
    }
    shown
}

/// The policies, by name. Each grants what its tool needs, and no more.
fn policies(server: &str) -> [(&'static str, String); 4] {
    let folder = "[[filesystem]]\nhost = \"./notes\"\nguest = \"/notes\"\ndeny = [\"**/.env\"]\n";
    let loopback = "networks = [\"127.0.0.0/8\"]";
    [
        ("read", format!("version = 1\n\n{folder}")),
        (
            "edit",
            format!(
                "version = 1\n\n{folder}access = \"write\"\nask = [\"create\", \"modify\", \"delete\", \"rename\"]\n"
            ),
        ),
        ("fetch", format!("version = 1\n\n[[http]]\nurl = \"{server}/notes/**\"\nmethods = [\"GET\"]\n{loopback}\n")),
        (
            "issue",
            format!(
                "version = 1\n\n\
                 [[http]]\nurl = \"{server}/api/repos/acme/*/issues\"\nmethods = [\"POST\"]\nask = true\n\
                 secrets = [\"issues\"]\n{loopback}\n\n[secrets.issues]\nenv = \"DEMO_TOKEN\"\n\
                 header = \"authorization\"\nvalue = \"Bearer {{}}\"\n\n\
                 [environment]\nset = {{ ISSUES_URL = \"{server}/api\" }}\n"
            ),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_agent_policy::{Policy, Surroundings};

    #[test]
    fn every_policy_of_the_demo_loads_without_a_warning() {
        for (name, text) in policies("http://127.0.0.1:8080") {
            let policy = Policy::parse(&text).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
            let warnings = policy.warnings(&Surroundings::default());
            assert!(warnings.count() == 0, "{name}: {warnings:#?}");
        }
    }

    #[test]
    fn quotes_what_a_shell_would_take_apart() {
        assert_eq!(show(&["run", "--call", "f(\"a b\")"]), "wasm-agent run --call 'f(\"a b\")'");
    }
}
