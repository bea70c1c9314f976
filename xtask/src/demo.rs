//! `cargo xtask demo`: the main job on real input, from a granted folder to a replay without it.
//!
//! Each command is printed as you could type it. The demo checks its own claims: it fails when a call that must be
//! denied is not, when a journal does not verify, or when a replay differs from its run.

mod stage;

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::{Result, bail};
use xtask::project::Project;
use xtask::server::{Answer, ReceivedRequest, Server};
use xtask::{guests, process};

use stage::{Expected, Stage};

/// The credential that the host adds to requests. No tool may see it, and no journal may contain it.
const TOKEN: &str = "demo-7f3a9c51d2e8";

/// The page that the tools find on the server.
const PAGE: &str = "<!doctype html><title>Changes</title><style>p { color: red }</style>\
    <h1>Release notes</h1><p>The journal &amp; its <b>replay</b>.</p><script>steal()</script>";

/// Runs the demo, and asks at the terminal if there is one.
///
/// # Errors
/// When something can't be set up or built, or when a step does not end as it should.
pub(crate) fn run(project: &Project) -> Result<ExitCode> {
    guests::build(project, None)?;
    println!("program: building; the first time, this compiles the engine and takes minutes");
    process::run(process::cargo().current_dir(project.root()).args(["build", "--locked", "--package", "wasm-agent"]))?;
    let server = Server::start(respond)?;
    let mut stage = Stage::set(project, &server.url(), TOKEN, std::io::stdin().is_terminal())?;

    stage.say("A tool counts the words of a folder. `.env` is in the folder, and denied, so the tool does not see it.");
    stage.run("count", "read", Expected::Success, &["count-words.wasm", "--", "/notes", "3"])?;

    stage.say("A tool edits files. Overwriting can't be undone, so each waits for an approval.");
    stage.run("edit", "edit", Expected::Success, &["edit-files.wasm", "--", "/notes", "journal", "record"])?;

    stage.say("A tool fetches a page.");
    let page = format!("{}/notes/changes.html", server.url());
    stage.run("fetch", "fetch", Expected::Success, &["fetch-page.wasm", "--", &page])?;

    stage.say("The same tool asks for a page that the allowlist does not name. It is denied, and never sent.");
    let private = format!("{}/private/keys.html", server.url());
    stage.run("denied", "fetch", Expected::Failure, &["fetch-page.wasm", "--", &private])?;

    stage.say("A tool posts to an API. It waits for an approval, and the host puts the credential in.");
    let issue = r#"{repository: "acme/site", title: "Broken link", body: "On the front page.", labels: ["docs"]}"#;
    let call = format!("open-issue({issue})");
    stage.run("issue", "issue", Expected::Success, &["--call", &call, "open-issue.wasm"])?;
    check_server(&stage, &server.requests())?;
    stage.show_script()?;

    stage.say("Everything is in the journals: what was asked, decided, done, and why.");
    for name in ["edit", "denied"] {
        stage.journal(&["show"], name)?;
    }
    for name in stage.names() {
        stage.journal(&["verify"], &name)?;
    }

    stage.say("Now the server is stopped and the folder deleted. Each run is replayed from its journal alone.");
    drop(server);
    stage.delete_folder()?;
    stage.replay_all()?;
    stage.say("Each replay gave the identical output and the identical result.");
    Ok(ExitCode::SUCCESS)
}

fn respond(request: &ReceivedRequest) -> Answer {
    let answer = |status, content_type, body: &str| Answer { status, content_type, body: body.to_owned(), repeat: 1 };
    let has_title = String::from_utf8_lossy(&request.body).contains("\"title\"");
    let authorized = request.headers.iter().any(|(name, value)| name == "authorization" && value.ends_with(TOKEN));
    match (request.method.as_str(), request.target.as_str()) {
        ("GET", "/notes/changes.html") => answer(200, "text/html", PAGE),
        ("POST", "/api/repos/acme/site/issues") if authorized && has_title => {
            answer(201, "application/json", r#"{"number": 42, "html_url": "https://example.com/acme/site/issues/42"}"#)
        }
        ("POST", _) => answer(401, "text/plain", "the credential or the request is wrong"),
        _ => answer(404, "text/plain", "not here"),
    }
}

/// Checks on the server what was sent and what was not.
fn check_server(stage: &Stage, requests: &[ReceivedRequest]) -> Result<()> {
    if let Some(leaked) = requests.iter().find(|request| request.target.starts_with("/private")) {
        bail!("the denied request for `{}` reached the server", leaked.target);
    }
    let posted = requests.iter().filter(|request| request.method == "POST").count();
    if posted != 1 {
        bail!("the server got {posted} posts instead of 1");
    }
    stage.check_token_is_nowhere()?;
    stage.say(&format!(
        "The server got {} requests, one of them with the credential. No journal has the credential, and the \
         denied request never arrived.",
        requests.len()
    ));
    Ok(())
}
