//! `policy check` and `policy explain`, and policies that a run can't use.

use crate::desk::{Desk, NOTES};
use wasm_agent_tests::wat;

const SITE: &str = "
[[http]]
url = \"https://api.example.com/repos/acme/*/issues\"
methods = [\"GET\", \"POST\"]
secrets = [\"token\"]

[secrets.token]
env = \"API_TOKEN\"
header = \"authorization\"
value = \"Bearer {}\"
";

#[test]
fn says_what_to_do_about_a_policy_or_an_action_that_can_not_be_used() {
    let mut desk = Desk::with_notes();
    desk.write("bare.toml", NOTES.replace("\"./notes\"", "./notes"));
    for arguments in [
        "policy check nope.toml",
        "policy check policy",
        "policy check .",
        "policy check bare.toml",
        "policy explain policy.toml 'read /notes/a'",
        "run -p nope.toml edit-files.wasm",
        "run -p policy edit-files.wasm",
        "run -j none/x.journal edit-files.wasm",
    ] {
        let ran = desk.run(arguments);
        ran.fails_in_one_line(&[2]);
        assert!(ran.err().contains("\nhint: "), "{arguments}: {}", ran.err());
    }
    desk.matches("policy-next-steps");
}

#[test]
fn explains_decisions() {
    let mut desk = Desk::new();
    desk.write("policy.toml", format!("{NOTES}deny = [\"**/.env\"]\n{SITE}"));
    desk.run("policy check policy.toml");
    desk.run("policy check --format json policy.toml");
    for action in [
        "READ /notes/a.md",
        "MODIFY /notes/a.md",
        "DELETE /notes/sub/../.env",
        "DELETE /etc/passwd",
        "RENAME /notes/a.md -> /notes/b.md",
        "GET https://api.example.com/repos/acme/site/issues",
        "POST HTTPS://API.Example.com:443/repos/acme/./site/issues",
        "POST https://api.example.com/repos/other/site/issues",
        "PUT https://api.example.com/repos/acme/site/issues",
        "GET http://169.254.169.254/",
        "CHECKPOINT deploy",
    ] {
        assert_eq!(desk.run(&format!("policy explain policy.toml '{action}'")).status, 0, "{action}");
    }
    let ran = desk.run("policy explain --format json policy.toml 'DELETE /notes/.env'");
    assert_eq!(ran.out_objects()[0]["decision"], "deny");
    desk.matches("policy-explain");
}

#[test]
fn says_what_is_wrong_with_an_action() {
    let mut desk = Desk::new();
    desk.write("policy.toml", NOTES);
    for action in
        ["", "DELETE", "EAT /notes/a.md", "RENAME /notes/a.md", "GET notes", "READ notes\u{1b}[2J", "GET http://a@b/"]
    {
        let ran = desk.run(&format!("policy explain policy.toml '{action}'"));
        ran.fails_in_one_line(&[2]);
    }
    desk.matches("policy-actions");
}

#[test]
fn reports_every_error_of_a_policy() {
    let mut desk = Desk::new();
    desk.write(
        "policy.toml",
        "version = 2
colour = \"red\"

[[filesystem]]
host = \"./notes\"
guest = \"notes\"
access = \"all\"
ask = [\"sometimes\"]

[[http]]
url = \"ftp://example.com/\"
methods = [\"CONNECT\"]
secrets = [\"missing\"]

[secrets.unused]
env = \"A\"
header = \"x\\u001b[2J\"
value = \"no place\"

[limits]
memory = \"lots\"

[[test]]
action = \"READ /etc/passwd\"
expect = \"allow\"
",
    );
    desk.write("unmet.toml", format!("{NOTES}\n[[test]]\naction = \"DELETE /notes/a\"\nexpect = \"allow\"\n"));
    desk.write("toml.toml", "version = 1\n[[filesystem]\n");
    desk.write("bytes.toml", b"version = 1 # \xff\n");
    desk.write("empty.toml", "");
    desk.write("long.toml", "# long\n".repeat(1 << 20));
    for policy in
        ["policy.toml", "unmet.toml", "toml.toml", "bytes.toml", "empty.toml", "long.toml", ".", "nothing.toml"]
    {
        let checked = desk.run(&format!("policy check {policy}"));
        assert_eq!(checked.status, 2);
    }
    desk.run("policy check --format json policy.toml").err_objects();
    desk.matches("policy-errors");
}

/// Looks tight, and is not.
const LOOSE: &str = "\
version = 1

[[filesystem]]
host = \".\"
guest = \"/all\"
deny = [\".env\"]

[[filesystem]]
host = \"notes\"
guest = \"/all/notes\"
access = \"write\"
ask = [\"delete\"]

[[http]]
url = \"https://*.co.uk/**\"

[[http]]
url = \"https://api.example.com/v1/*/items\"

[[http]]
url = \"https://api.example.com/public*/**\"

[[http]]
url = \"http://build.internal/**/public/**\"
networks = [\"10.0.0.0/8\"]
";

#[test]
fn warns_of_what_looks_tighter_than_it_is() {
    let mut desk = Desk::new();
    desk.write("work/policy.toml", LOOSE);
    desk.write("home.toml", "version = 1\n\n[[filesystem]]\nhost = \".\"\nguest = \"/home\"\n");
    desk.write("tight.toml", "version = 1\n\n[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\n");
    assert_eq!(desk.run("policy check work/policy.toml").status, 0);
    assert_eq!(desk.run("policy check --deny-warnings work/policy.toml").status, 2);
    assert_eq!(desk.run("policy check --deny-warnings home.toml").status, 2);
    assert_eq!(desk.run("policy check --deny-warnings tight.toml").status, 0);
    let ran = desk.run("policy check --deny-warnings --format json work/policy.toml");
    assert_eq!(ran.status, 2);
    let kinds: Vec<String> = ran.out_objects()[0]["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["kind"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "deny-at-top",
            "ask-takes-away",
            "run-by-others",
            "shared-domain",
            "way-out",
            "free-query",
            "word-star",
            "unencrypted",
            "any-depth"
        ]
    );
    // A run says nothing of them.
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    assert!(!desk.run("run -p tight.toml --quiet -j a.journal ok.wasm").err().contains("warning"));
    desk.matches("policy-warnings");
}

/// Policies that took minutes and gigabytes to be refused.
#[test]
fn a_policy_as_large_as_it_can_be_is_refused_in_few_lines() {
    let mut desk = Desk::new();
    let equal = "[[http]]\nurl = \"https://a.test/\"\n";
    desk.write("equal.toml", format!("version = 1\n{}", equal.repeat(80_000)));
    desk.write("doubled.toml", format!("version = 1\n{}", equal.repeat(5_000)));
    let patterns: String = (0..300_000).map(|number| format!("\"{number}\",")).collect();
    desk.write(
        "patterns.toml",
        format!("version = 1\n[[filesystem]]\nhost = \"a\"\nguest = \"/a\"\ndeny = [{patterns}]\n"),
    );
    desk.write("nonsense.toml", "=\n".repeat(1 << 20));
    for policy in ["equal", "doubled", "patterns", "nonsense"] {
        let ran = desk.run(&format!("policy check {policy}.toml"));
        assert_eq!(ran.status, 2, "{policy}");
        assert!(ran.err().lines().count() <= 101, "{policy}: {}", ran.err());
    }
}

#[test]
fn a_run_wants_a_policy_it_can_use() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.write("two-errors.toml", "version = 2\ncolour = 1\n");
    desk.write("file.txt", "a file");
    desk.write("no-folder.toml", NOTES);
    desk.write("a-file.toml", NOTES.replace("./notes", "file.txt"));
    desk.write("no-secret.toml", format!("version = 1\n{SITE}"));
    desk.write(
        "no-secret-file.toml",
        format!("version = 1\n{}", SITE.replace("env = \"API_TOKEN\"", "file = \"token\"")),
    );
    desk.write("no-certificate.toml", "version = 1\n[tls]\nca = \"ca.pem\"\n");
    std::fs::create_dir_all(desk.path("data/inner")).unwrap();
    desk.write("overlap.toml", overlapping());
    for policy in
        ["two-errors", "no-folder", "a-file", "no-secret", "no-secret-file", "no-certificate", "overlap", "not-there"]
    {
        let ran = desk.run(&format!("run -p {policy}.toml -j a.journal ok.wasm"));
        assert_eq!(ran.status, 2, "{policy}: {}", ran.err());
    }
    desk.run("run -p . -j a.journal ok.wasm").fails_in_one_line(&[2]);
    let ran = desk.run_as("run -p no-secret.toml -j a.journal ok.wasm", |command| {
        command.env("API_TOKEN", "line\nbreak");
    });
    assert_eq!(ran.status, 2);
    assert!(!ran.err().contains("break"));
    assert!(!desk.path("a.journal").exists());
    desk.matches("policy-unusable");
}

#[test]
fn paths_that_only_a_shell_or_a_browser_understands_are_warnings() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.write("notes.md", "a file");
    for (name, host) in
        [("home", "~/notes"), ("variable", "$HOME/notes"), ("url", "file:///srv/notes"), ("file", "./notes.md")]
    {
        desk.write(&format!("{name}.toml"), NOTES.replace("./notes", host).replace("write", "read"));
        assert_eq!(desk.run(&format!("policy check --deny-warnings {name}.toml")).status, 2, "{name}");
        desk.run(&format!("run -p {name}.toml -j a.journal ok.wasm")).fails_in_one_line(&[2]);
    }
    // What its hint says.
    desk.write("listed.toml", NOTES.replace("./notes", ".").replace("write", "read") + "only = [\"notes.md\"]\n");
    assert_eq!(desk.run("policy check --deny-warnings listed.toml").status, 0);
    desk.matches("policy-paths");
}

/// Two grants of one folder that deny different things.
fn overlapping() -> String {
    "version = 1

[[filesystem]]
host = \"./data\"
guest = \"/data\"
deny = [\"inner/secret\"]

[[filesystem]]
host = \"./data/inner\"
guest = \"/inner\"
"
    .to_owned()
}
