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
