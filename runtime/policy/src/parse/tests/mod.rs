//! Every error with its exact text, and a policy without errors.

use crate::{Access, DecisionKind, Limits, Policy, SecretSource};
use std::time::Duration;

mod filesystem;
mod http;
mod proxy;
mod settings;
mod size;

/// Everything that is wrong with a policy, as it is shown.
fn errors(text: &str) -> String {
    match Policy::parse(text) {
        Ok(_) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

/// The policy that the documentation shows, with every section.
const WHOLE: &str = r#"version = 1

[tool]
sha256 = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

[[filesystem]]
host = "./notes"
guest = "/notes"
access = "write"
deny = ["**/.git/**", "**/.env"]
ask = ["modify", "delete", "rename"]

[[http]]
url = "https://api.example.com/repos/**"
methods = ["GET", "HEAD"]

[[http]]
url = "https://api.example.com/repos/acme/*/issues"
methods = ["POST"]
ask = true
secrets = ["github"]

[secrets.github]
env = "GITHUB_TOKEN"
header = "Authorization"
value = "Bearer {}"

[environment]
set = { LANG = "C.UTF-8" }

[limits]
memory = "64MiB"
time = "10s"
fuel = 1_000_000
request-body = "1KiB"
response-body = 4096
output = "2MiB"
journal = "3MiB"
handles = 10
http-requests = 2
http-requests-total = 40
files = "5MiB"
file-count = 6
denials = 7

[approval]
timeout = "5m"

[tls]
ca = "extra.pem"

[[test]]
action = "POST https://api.example.com/repos/acme/site/issues"
expect = "ask"
"#;

#[test]
fn reads_every_section() {
    let policy = Policy::parse(WHOLE).unwrap();
    assert_eq!(policy.text(), WHOLE);
    assert_eq!(policy.tool_sha256().unwrap()[..3], [0, 1, 2]);
    assert_eq!(policy.tool_sha256().unwrap()[31], 0x1f);

    let [notes] = policy.filesystem() else { panic!() };
    assert_eq!((notes.host.as_str(), notes.guest.as_str()), ("./notes", "/notes"));
    assert_eq!((notes.access, notes.line), (Access::Write, 6));
    assert_eq!(policy.grant_label(notes.id), "filesystem grant `/notes` (line 6)");

    let [read, post] = policy.http() else { panic!() };
    assert_eq!(policy.grant_label(read.id), "http grant `https://api.example.com/repos/**` (line 13)");
    assert_eq!(post.secrets(), ["github"]);
    let [secret] = policy.secrets() else { panic!() };
    assert_eq!(secret.source, SecretSource::Env("GITHUB_TOKEN".into()));
    assert_eq!(secret.header, "authorization");
    assert_eq!(secret.header_value("x"), "Bearer x");

    assert_eq!(policy.environment().get("LANG").map(String::as_str), Some("C.UTF-8"));
    let limits = policy.limits();
    assert_eq!((limits.memory_bytes, limits.fuel), (64 << 20, Some(1_000_000)));
    assert_eq!(limits.time, Duration::from_secs(10));
    assert_eq!((limits.request_body_bytes, limits.response_body_bytes), (1024, 4096));
    assert_eq!((limits.output_bytes, limits.journal_bytes), (2 << 20, 3 << 20));
    assert_eq!((limits.handles, limits.http_requests, limits.http_requests_total), (10, 2, 40));
    assert_eq!((limits.files_bytes, limits.file_count, limits.denials), (5 << 20, 6, 7));
    assert_eq!(policy.approval_timeout(), Duration::from_secs(300));
    assert_eq!(policy.ca_file(), Some("extra.pem"));
    let line = usize::try_from(policy.ca_line().unwrap()).unwrap();
    assert_eq!(policy.text().lines().nth(line - 1), Some("ca = \"extra.pem\""));
}

#[test]
fn grants_nothing_by_default() {
    for policy in [Policy::deny_all(), Policy::parse("version = 1\n").unwrap()] {
        assert_eq!(policy.text(), "version = 1\n");
        assert_eq!(policy.limits(), &Limits::default());
        assert_eq!(policy.approval_timeout(), Duration::from_secs(600));
        for action in ["READ /", "READ /notes/a", "GET https://example.com/", "socket.use tcp"] {
            assert_eq!(policy.explain(action).unwrap().decision, DecisionKind::Deny, "{action}");
        }
        assert_eq!(policy.explain("CHECKPOINT x").unwrap().decision, DecisionKind::Ask);
    }
    assert_eq!(Policy::deny_all().digest(), Policy::parse("version = 1\n").unwrap().digest());
}

#[test]
fn refuses_nesting_without_end() {
    for text in [
        format!("a{} = 1", ".a".repeat(100_000)),
        format!("a = {}", "[".repeat(100_000)),
        format!("[a{}]", ".a".repeat(100_000)),
    ] {
        assert!(errors(&text).contains("recurs"));
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_policy_or_an_error(text in "[\\[\\]{}=\"a-z0-9#.,\\n \u{e9}]{0,60}") {
        let _ = errors(&text);
    }

    #[test]
    fn any_value_is_understood_or_an_error(
        key in "(url|methods|networks|secrets|guest|host|deny|ask|action|expect)",
        value in "(\"[a-z*/:.\\[\\]%@?0-9]{0,16}\"|\\[\"[a-z*/:.%0-9]{0,16}\"\\]|true|7)",
        table in "(http|filesystem|test|secrets.a)",
    ) {
        let brackets = if table.contains('.') { ("[", "]") } else { ("[[", "]]") };
        let text = format!("version = 1\n{}{table}{}\n{key} = {value}\n", brackets.0, brackets.1);
        proptest::prop_assert!(!errors(&text).is_empty() || key == "url");
    }
}

/// The documentation shows a policy that loads, and defaults that are the defaults.
#[test]
fn the_documented_policy_loads() {
    let (_, rest) = include_str!("../../../POLICY.md").split_once("```toml\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let policy = Policy::parse(text).unwrap();
    assert_eq!(policy.limits(), &Limits::default());
    assert_eq!(policy.approval_timeout(), Policy::deny_all().approval_timeout());
    let implied = text.replace("ask = [\"create\", \"modify\", \"delete\", \"rename\"]", "").replace("ask = true", "");
    let implied = Policy::parse(&implied).unwrap();
    for action in ["MODIFY /notes/a", "RENAME /notes/a -> /notes/b", "POST https://api.example.com/repos/acme/x/issues"]
    {
        assert_eq!(policy.explain(action).unwrap().decision, DecisionKind::Ask, "{action}");
        assert_eq!(implied.explain(action).unwrap().decision, DecisionKind::Ask, "{action}");
    }
}
