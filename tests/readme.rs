//! The README as a newcomer follows it: its policy, its script and every command, with the output it promises.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use wasm_agent_tests::guests;

/// A command of the README, the output that follows it there, and its exit status.
#[derive(Debug)]
struct Step {
    command: String,
    output: String,
    status: i32,
}

/// The contents of all code blocks of a language.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{language}") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(block.join("\n") + "\n");
        }
    }
    blocks
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in blocks(readme, "console").iter().flat_map(|block| block.lines()) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.to_owned(), output: String::new(), status: 0 }),
            (None, Some(step)) => match line.strip_prefix("? ") {
                Some(status) => step.status = status.parse().unwrap(),
                None => step.output += &format!("{line}\n"),
            },
            (None, None) => panic!("output before the first command: {line}"),
        }
    }
    steps
}

/// Numbers and digests differ from run to run; how they stand in the line does not.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let numeric = digits.starts_with(|c: char| c.is_ascii_digit())
            || (digits.len() >= 16 && digits.chars().all(|c| c.is_ascii_hexdigit()));
        out += if numeric { "#" } else { digits };
        out += &word[digits.len()..];
    }
    // A size can be a whole number.
    out.replace("#.#", "#")
}

fn run(step: &Step, dir: &Path) -> (String, i32) {
    let path = format!("{}:/usr/bin:/bin", guests::target().join("debug").display());
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {} ; }} 2>&1", step.command)])
        .current_dir(dir)
        .env_clear()
        .env("PATH", path)
        .env("HOME", dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

#[test]
fn every_command_does_what_it_says() {
    let readme = fs::read_to_string(guests::root().join("README.md")).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    fs::create_dir(dir.join("notes")).unwrap();
    fs::write(dir.join("notes/today.md"), "The colour of the sky.\n").unwrap();
    for tool in ["edit-files", "search"] {
        fs::copy(guests::path(tool), dir.join(format!("{tool}.wasm"))).unwrap();
    }
    fs::write(dir.join("policy.toml"), &blocks(&readme, "toml")[0]).unwrap();
    fs::write(dir.join("approve.sh"), &blocks(&readme, "sh")[0]).unwrap();
    fs::set_permissions(dir.join("approve.sh"), fs::Permissions::from_mode(0o755)).unwrap();

    let mut tried = 0;
    // What builds the project is not run from inside of it.
    for step in steps(&readme).iter().filter(|step| !step.command.starts_with("cargo ")) {
        let (output, status) = run(step, dir);
        assert_eq!(without_numbers(&output), without_numbers(&step.output), "$ {}", step.command);
        assert_eq!(status, step.status, "$ {}", step.command);
        tried += 1;
    }
    assert!(tried >= 8, "only {tried} commands found");
}

#[test]
fn every_policy_is_one() {
    let readme = fs::read_to_string(guests::root().join("README.md")).unwrap();
    let blocks = blocks(&readme, "toml");
    wasm_agent_host::policy::Policy::parse(&blocks[0]).unwrap();
    for fragment in &blocks[1..] {
        wasm_agent_host::policy::Policy::parse(&format!("version = 1\n{fragment}")).unwrap();
    }
}

#[test]
fn every_link_leads_somewhere() {
    let root = guests::root();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let links: Vec<&str> = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 5);
    for link in links {
        assert!(root.join(link).exists(), "{link}");
    }
}
