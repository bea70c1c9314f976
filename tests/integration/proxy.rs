//! Requests through the proxy of a policy.

use std::sync::Arc;

use serde_json::json;
use wasm_agent_tests::resolver::Names;
use wasm_agent_tests::server::answer;
use wasm_agent_tests::{Folder, Recorded, Scene, Server};

const SECRET: &str = "dXNlcjpwYXNzd29yZA==";

fn policy(proxy: &str, grants: &str) -> String {
    format!("[network]\nproxy = \"{proxy}\"\n{grants}")
}

fn fetch(policy: &str, url: &str) -> Recorded {
    let nothing = Arc::new(Names::one("nothing.test", []));
    Scene::guest(&Folder::new(), "fetch-page").policy(policy).resolver(nothing).arguments([url]).run()
}

#[test]
fn a_name_is_the_proxys_to_resolve_and_the_journal_says_so() {
    let proxy = Server::text("through the proxy");
    let grants = "[[http]]\nurl = \"http://site.test/**\"\nproxy = true\n";
    let run = fetch(&policy(&proxy.url(""), grants), "http://site.test/a?b=c");
    run.exited(0);
    assert_eq!(run.stdout, "through the proxy\n");
    let asked = proxy.asked();
    assert_eq!((asked[0].host.as_str(), asked[0].target.as_str()), ("site.test", "/a?b=c"));
    let outcome = &run.events_of("outcome")[0];
    let expected = json!({
        "proxy": proxy.address().to_string(), "reused": false, "status": 200, "protocol": "HTTP/1.1",
    });
    assert_eq!(outcome["extra"], expected);
    run.replays_identically();
}

#[test]
fn an_address_is_checked_although_the_proxy_would_dial_it() {
    let proxy = Server::text("through the proxy");
    let local = "[[http]]\nurl = \"http://127.0.0.9/**\"\nnetworks = [\"127.0.0.0/8\"]\n";
    fetch(&policy(&proxy.url(""), local), "http://127.0.0.9/").exited(0);
    assert_eq!(proxy.asked()[0].host, "127.0.0.9");
}

#[test]
fn a_grant_can_go_around_the_proxy() {
    let (proxy, server) = (Server::text("through the proxy"), Server::text("directly"));
    let grants = format!("[[http]]\nurl = \"{}\"\nnetworks = [\"127.0.0.0/8\"]\nproxy = false\n", server.url("/**"));
    let run = fetch(&policy(&proxy.url(""), &grants), &server.url("/"));
    run.exited(0);
    assert_eq!(run.stdout, "directly\n");
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_proxy_that_is_not_there_is_not_gone_around() {
    let mut proxy = Server::text("");
    let (address, url) = (proxy.address().to_string(), proxy.url(""));
    proxy.stop();
    let server = Server::text("directly");
    let grants = format!("[[http]]\nurl = \"{}\"\nnetworks = [\"127.0.0.0/8\"]\n", server.url("/**"));
    let run = fetch(&policy(&url, &grants), &server.url("/"));
    run.exited(1);
    assert_eq!(server.connections(), 0);
    let outcome = &run.events_of("outcome")[0];
    assert_eq!((&outcome["result"], &outcome["extra"]), (&json!("denied"), &json!({ "proxy": address })));
}

#[test]
fn the_secret_of_the_proxy_does_not_reach_the_tool() {
    let proxy =
        Server::http(|asked| answer(407, format!("sent {}", asked.header("proxy-authorization").unwrap_or_default())));
    let policy = policy(
        &proxy.url(""),
        "secret = \"proxy\"\n[[http]]\nurl = \"http://site.test/**\"\n\
         [secrets.proxy]\nenv = \"PROXY_TOKEN\"\nheader = \"proxy-authorization\"\nvalue = \"Basic {}\"\n",
    );
    let run = Scene::guest(&Folder::new(), "fetch-page")
        .policy(&policy)
        .secret("PROXY_TOKEN", SECRET)
        .arguments(["http://site.test/"])
        .run();
    assert_eq!(proxy.asked()[0].header("proxy-authorization"), Some(format!("Basic {SECRET}").as_str()));
    let seen = format!("{}{}{}", run.stdout, run.stderr, String::from_utf8_lossy(&run.journal));
    assert!(seen.contains("sent Basic ***") && !seen.contains(SECRET), "{seen}");
}
