//! Secrets: put in on the way out, and nowhere else. Not in the guest, not in the journal, not in what comes back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Response;
use http_body_util::Full;
use serde_json::json;
use wasm_agent_host::approval::Detail;
use wasm_agent_tests::server::{Answer, ReceivedRequest, answer};
use wasm_agent_tests::{Folder, Recorded, Scene, Script, Server};

const TOKEN: &str = "tok-3f9a/77+zz~Qx";

const CALL: &str =
    r#"open-issue({repository: "acme/site", title: "Broken link", body: "On the front page.", labels: ["docs"]})"#;

fn policy(server: &Server) -> String {
    format!(
        "[[http]]\nurl = \"{url}\"\nmethods = [\"POST\"]\nask = true\nsecrets = [\"issues\"]\n\
         networks = [\"127.0.0.0/8\"]\n\
         [secrets.issues]\nenv = \"ISSUES_TOKEN\"\nheader = \"authorization\"\nvalue = \"Bearer {{}}\"\n\
         [environment]\nset = {{ ISSUES_URL = \"{base}\" }}\n",
        url = server.url("/repos/acme/*/issues"),
        base = server.url(""),
    )
}

fn open_issue(server: &Server, approver: std::sync::Arc<Script>) -> Recorded {
    Scene::guest(&Folder::new(), "open-issue")
        .policy(policy(server))
        .secret("ISSUES_TOKEN", TOKEN)
        .call(CALL)
        .approver(approver)
        .run()
}

fn created(_: &ReceivedRequest) -> Answer {
    answer(201, r#"{"number": 7, "html_url": "https://example.test/7"}"#)
}

/// Whether any form of the token stands in these bytes.
fn leaks(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let hex: String = TOKEN.bytes().map(|byte| format!("{byte:02x}")).collect();
    let encoded = STANDARD.encode(TOKEN);
    let forms = [TOKEN, &hex, encoded.trim_end_matches('='), "tok-3f9a%2f77%2bzz~qx"];
    forms.iter().any(|form| text.contains(&form.to_lowercase()))
}

fn kept(run: &Recorded) {
    assert!(!leaks(&run.journal), "the journal has the token");
    assert!(!leaks(run.stdout.as_bytes()) && !leaks(run.stderr.as_bytes()));
    assert!(!leaks(format!("{:?}", run.outcome()).as_bytes()), "{:?}", run.outcome());
}

#[test]
fn opens_an_issue_with_a_secret_that_only_the_server_sees() {
    let server = Server::http(created);
    let approver = Script::approve();
    let run = open_issue(&server, approver.clone());
    assert_eq!(run.json(), json!({ "ok": { "number": 7, "url": "https://example.test/7" } }));
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(asked[0].target, "/repos/acme/site/issues");
    // Compressed, or in pieces, a secret that comes back would not be found.
    assert_eq!(asked[0].header("accept-encoding"), Some("identity"));
    let body: serde_json::Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(body, json!({ "title": "Broken link", "body": "On the front page.", "labels": ["docs"] }));
    kept(&run);
}

#[test]
fn shows_the_approver_the_request_without_the_secret() {
    let server = Server::http(created);
    let approver = Script::approve();
    open_issue(&server, approver.clone());
    let request = approver.asked().remove(0);
    let Detail::Http { method, url, secrets, body_bytes, .. } = &request.action.detail else { panic!("{request:?}") };
    assert_eq!((method.as_str(), url.as_str()), ("POST", server.url("/repos/acme/site/issues").as_str()));
    assert_eq!(secrets, &["issues"]);
    let sent = u64::try_from(server.asked()[0].body.len()).unwrap();
    assert_eq!(*body_bytes, Some(sent));
    let shown = serde_json::to_string(&request).unwrap();
    assert!(shown.contains("Broken link") && !leaks(shown.as_bytes()), "{shown}");
}

#[test]
fn refused_request_is_not_sent() {
    let server = Server::http(created);
    let run = open_issue(&server, Script::refuse());
    assert_eq!(run.json(), json!({ "err": "the request was denied" }));
    assert_eq!(server.connections(), 0);
    assert!(run.effects().is_empty());
}

#[test]
fn secret_that_the_server_echoes_is_masked() {
    let echo = |as_text: fn(&str) -> String| {
        Server::http(move |asked| {
            let token = asked.header("authorization").unwrap().trim_start_matches("Bearer ").to_owned();
            let text = as_text(&token);
            let body = json!({ "number": 7, "html_url": format!("https://example.test/?t={text}") }).to_string();
            Response::builder().status(201).header("x-echo", text).body(Full::from(body)).unwrap()
        })
    };
    let encodings: [fn(&str) -> String; 4] = [
        str::to_owned,
        |token| STANDARD.encode(token),
        |token| STANDARD.encode(format!("user:{token}")),
        |token| token.bytes().map(|byte| format!("{byte:02x}")).collect(),
    ];
    for encoding in encodings {
        let server = echo(encoding);
        let run = open_issue(&server, Script::approve());
        let json = run.json();
        let url = json["ok"]["url"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned();
        assert!(url.contains("***"), "{url}");
        kept(&run);
    }
}

#[test]
fn secret_that_is_not_there_is_an_error_before_the_run() {
    let server = Server::http(created);
    let scene = Scene::guest(&Folder::new(), "open-issue").policy(policy(&server)).call(CALL).set_up();
    let error = scene.unwrap_err().to_string();
    assert!(error.contains("line 8: secret `issues`: the environment has no `ISSUES_TOKEN`"), "{error}");
}
