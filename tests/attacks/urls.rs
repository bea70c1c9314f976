//! Attacks by the spelling of a URL: what a server receives, byte for byte, is what was matched.

use wasm_agent_host::journal::{Event, Record};
use wasm_agent_host::policy::{Action, Url};
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, Probe, Recorded, Scene, Sent, Server};

/// Requests one path after the other, under a grant for everything below `/open`.
fn request(server: &Server, keys: &str, paths: &[&str]) -> Recorded {
    let authority = server.address().to_string();
    let mut probe = Probe::new();
    for path in paths {
        probe.request(Sent { method: "GET", authority: &authority, path, headers: &[] });
    }
    let url = server.url("/open/**");
    let policy = format!("[[http]]\nurl = \"{url}\"\nnetworks = [\"127.0.0.0/8\"]\n{keys}");
    Scene::tool(&Folder::new(), probe.tool()).policy(policy).run()
}

fn targets(server: &Server) -> Vec<String> {
    server.asked().into_iter().map(|asked| asked.target).collect()
}

/// The actions of a run's intents and denials.
fn actions(run: &Recorded) -> Vec<Action> {
    let action = |record: &Record| match &record.event {
        Event::Intent(intent) => Some(Action::decode(&intent.action).unwrap()),
        Event::Call(call) => Some(Action::decode(call.decision.as_ref()?.action.as_ref()?).unwrap()),
        _ => None,
    };
    run.records.iter().filter_map(action).collect()
}

#[test]
fn a_url_arrives_as_the_tool_spelled_it_and_means_what_was_matched() {
    let server = Server::text("ok");
    let spelled = [
        "/open/a",
        "/%6fpen/a%7eb",
        "/open/caf%c3%a9?sig=a%2bb%3D%3d&x=%7E",
        "/open/?filter[a]=b|c&d={e}",
        "/open//a/?q=/../%2e%2e/",
        "/open/a;b=%41",
        "/open/100%25?",
    ];
    let run = request(&server, "", &spelled);
    assert_eq!(targets(&server), spelled);
    // The record has both: the URL that was matched, and what was sent for it.
    let recorded: Vec<Url> = actions(&run)
        .into_iter()
        .map(|action| match action {
            Action::HttpRequest(request) => request.url,
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(recorded.iter().map(Url::sent).collect::<Vec<_>>(), spelled);
    assert!(recorded.iter().all(|url| url.path().starts_with("/open/")), "{recorded:?}");
}

#[test]
fn a_path_with_dots_arrives_in_canonical_form_or_not_at_all() {
    let server = Server::text("ok");
    let paths = [
        "/open/x/../%61",
        "/open/./%61",
        "/open/%2e/%61",
        "/open/x/%2E./%61",
        "/open/%61%2etxt",
        "/open/\u{e9}%61",
        "/open/%2e%2e/closed",
        "/open/..\\%61",
        "/open/%61\\..\\..\\closed",
        "/open/..;%61/closed",
        "/open/..%3b/%61",
        "/open/%252e%252e/%61",
        "/open/%61%00",
        "/open/%61%0d%0a",
    ];
    request(&server, "", &paths);
    let expected = ["/open/a", "/open/a", "/open/a", "/open/a", "/open/a.txt", "/open/%C3%A9a"];
    assert_eq!(targets(&server), expected);
}

#[test]
fn an_encoded_slash_is_sent_only_under_a_grant_that_has_the_key() {
    let server = Server::text("ok");
    let paths = ["/open/acme%2fsite/x", "/open/acme%2Fsite", "/open/a%2f%2Fb%2f?c=%2f"];
    let run = request(&server, "", &paths);
    assert_eq!((run.denials(), run.denied_calls()), (vec!["encoded-slash".to_owned()], 3));
    assert_eq!(server.connections(), 0);

    let run = request(&server, "encoded-slash = true\n", &paths);
    assert_eq!(run.denied_calls(), 0);
    assert_eq!(targets(&server), paths);
}

#[test]
fn an_encoded_slash_leads_nowhere_else_whatever_the_server_makes_of_it() {
    let server = Server::text("ok");
    let paths = [
        "/open%2f..%2fclosed",
        "/open/..%2fclosed",
        "/open/..%2f..%2fclosed",
        "/open/a%2f..%2f..%2fclosed",
        "/open/a%2f%2e%2e%2fb",
        "/open/a%2f.",
        "/open/a%2f..;x",
        "/open/a%2f%252e%252e",
        "/open/a%2f%ef%bc%8e%ef%bc%8e",
        "/open/a%252f..",
        "/open/a%252fb",
        "/open/a%2f%5c",
        "/open/a%2f%00",
        "/open/a%2f\u{ff0f}",
        "/open%2fa",
        "/closed%2fopen/a",
    ];
    let run = request(&server, "encoded-slash = true\n", &paths);
    assert_eq!(server.connections(), 0);
    assert_eq!(run.denied_calls(), paths.len());
    assert_eq!(run.denials(), ["url", "no-grant"]);
}

#[test]
fn a_grant_that_asks_about_a_path_also_asks_where_a_slash_in_it_is_encoded() {
    let server = Server::text("ok");
    let asks = format!(
        "encoded-slash = true\n[[http]]\nurl = \"{}\"\nnetworks = [\"127.0.0.0/8\"]\nask = true\n",
        server.url("/open/admin/**")
    );
    // Without an approver, a question is a refusal.
    request(&server, &asks, &["/open/admin%2fusers", "/open/%2fadmin%2f%2fusers", "/open/x%2fusers"]);
    assert_eq!(targets(&server), ["/open/x%2fusers"]);
}

#[test]
fn a_request_that_is_refused_for_its_url_is_a_denied_call_with_the_text() {
    let server = Server::text("ok");
    let long = format!("/open\\{}", "a".repeat(8000));
    let run = request(&server, "", &["/open/a\\..\\b", "/open/a%5cb", "/open/..%3b/c", &long]);
    assert_eq!((run.denials(), run.denied_calls()), (vec!["url".to_owned()], 4));
    let denied: Vec<_> = actions(&run)
        .into_iter()
        .map(|action| match action {
            Action::HttpInvalid(request) => (request.url().replace(&server.url(""), ""), request.why().to_owned()),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(denied[0], ("/open/a\\..\\b".to_owned(), "a URL must not contain a backslash".to_owned()));
    assert_eq!(denied[1].1, "`%5C` in the path of a URL is ambiguous");
    assert_eq!(denied[2].1, "the path segment `..%3B` is ambiguous");
    assert!(denied[3].0.len() < 1100 && denied[3].0.ends_with("a…"), "{}", denied[3].0);
    assert!(results(&run).iter().any(|result| result.contains("handle")), "{:?}", results(&run));
    assert_eq!(server.connections(), 0);
}
