//! Tools that send requests: what is sent, what is refused, and what is shown of secrets.

use wasm_agent_tests::Server;
use wasm_agent_tests::server::answer;

use crate::desk::{Desk, YES};

const SECRET: &str = "s3cr3t-t0k3n";

fn desk(server: &Server) -> Desk {
    let mut desk = Desk::new();
    desk.hide(server.address().to_string(), "127.0.0.1:PORT");
    desk.script("yes.sh", YES);
    desk.guest("open-issue");
    desk.guest("fetch-page");
    desk.write(
        "policy.toml",
        format!(
            r#"version = 1

[[http]]
url = "{0}/repos/acme/*/issues"
methods = ["POST"]
networks = ["127.0.0.0/8"]
secrets = ["token"]

[[http]]
url = "{0}/pages/**"
networks = ["127.0.0.0/8"]

[secrets.token]
env = "API_TOKEN"
header = "authorization"
value = "Bearer {{}}"

[environment]
set = {{ ISSUES_URL = "{0}" }}
"#,
            server.url("")
        ),
    );
    desk
}

#[test]
fn a_secret_is_sent_and_never_shown() {
    let server = Server::http(|asked| {
        let told = asked.header("authorization").unwrap_or_default().to_owned();
        answer(201, format!(r#"{{"number": 7, "html_url": "http://issues.example/7?{told}"}}"#))
    });
    let mut desk = desk(&server);
    let call =
        r#"--call 'open-issue({repository: "acme/site", title: "Broken", body: "", labels: []})' open-issue.wasm"#;
    desk.run_as(&format!("run -p policy.toml -j a.journal --approve exec:./yes.sh {call}"), |command| {
        command.env("API_TOKEN", SECRET);
    });
    assert_eq!(server.asked()[0].header("authorization"), Some(format!("Bearer {SECRET}").as_str()));
    desk.run("journal show a.journal");
    desk.run("journal show --calls all --format json a.journal");
    desk.run("replay a.journal");
    assert_eq!(server.asked().len(), 1);
    let journal = String::from_utf8_lossy(&desk.read("a.journal")).into_owned();
    assert!(!journal.contains(SECRET) && !desk.transcript().contains(SECRET));
    desk.forget();
    desk.run("journal show a.journal");
    desk.matches("requests-secret");
}

#[test]
fn shows_what_was_refused() {
    let server = Server::text("a page");
    let mut desk = desk(&server);
    desk.write("policy.toml", String::from_utf8(desk.read("policy.toml")).unwrap().replace("env = ", "file = "));
    desk.write("API_TOKEN", SECRET);
    for (journal, path) in [("page", "/pages/one"), ("other", "/private")] {
        let url = server.url(path);
        let ran = desk.quietly(&format!("run -p policy.toml -j {journal}.journal fetch-page.wasm -- {url}"));
        assert_eq!(ran.status, i32::from(path == "/private"), "{}", ran.err());
        desk.run(&format!("journal show {journal}.journal"));
    }
    assert_eq!(server.asked().len(), 1);
    desk.matches("requests");
}

#[test]
fn a_proxy_that_only_the_environment_names_is_a_warning() {
    let server = Server::text("a page");
    let mut desk = desk(&server);
    let policy = String::from_utf8(desk.read("policy.toml")).unwrap().replace("env = ", "file = ");
    desk.write("policy.toml", &policy);
    desk.write("API_TOKEN", SECRET);
    let url = server.url("/pages/one");
    let mut run = |variable: &str, value: &str| {
        let ran = desk.run_as(&format!("run -p policy.toml --quiet fetch-page.wasm -- {url}"), |command| {
            command.env(variable, value);
        });
        ran.err()
    };
    let warned = run("https_proxy", "http://user:hunter2@127.0.0.1:9");
    assert!(warned.contains("`https_proxy` is not used") && warned.contains("[network]"), "{warned}");
    assert!(!warned.contains("hunter2"));
    for (variable, value) in [("ALL_PROXY", ""), ("NO_PROXY", "*")] {
        assert_eq!(run(variable, value), "");
    }
    desk.write(
        "policy.toml",
        policy.replace("[environment]", "[network]\nproxy = \"http://127.0.0.1:9\"\n[environment]"),
    );
    let ran = desk.run_as(&format!("run -p policy.toml --quiet fetch-page.wasm -- {url}"), |command| {
        command.env("HTTP_PROXY", "http://127.0.0.1:9");
    });
    assert_eq!(ran.status, 1);
    assert!(!ran.err().contains("warning"), "{}", ran.err());
}
