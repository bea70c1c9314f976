//! Requests to a real server: what is granted arrives, what is not leaves no trace on the wire.

use std::net::IpAddr;
use std::sync::Arc;

use http::Response;
use http_body_util::Full;
use wasm_agent_host::policy::DenialReason;
use wasm_agent_tests::resolver::Names;
use wasm_agent_tests::server::answer;
use wasm_agent_tests::tls::Authority;
use wasm_agent_tests::{Folder, Recorded, Scene, Script, Server};

fn grant(url: &str) -> String {
    format!("[[http]]\nurl = \"{url}\"\nnetworks = [\"127.0.0.0/8\"]\n")
}

fn fetch(policy: &str, url: &str) -> Recorded {
    Scene::guest(&Folder::new(), "fetch-page").policy(policy).arguments([url]).run()
}

#[test]
fn fetches_a_page_and_prints_its_text() {
    let server = Server::http(|_| {
        Response::builder()
            .header("content-type", "text/html; charset=utf-8")
            .body(Full::from("<html><script>x()</script><h1>Title</h1><p>Fish &amp; chips</p></html>"))
            .unwrap()
    });
    let run = fetch(&grant(&server.url("/**")), &server.url("/a/page.html?q=1"));
    run.exited(0);
    assert!(run.stdout.contains("Title") && run.stdout.contains("Fish & chips"), "{}", run.stdout);
    assert!(!run.stdout.contains("x()"));
    let asked = server.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].target.as_str()), ("GET", "/a/page.html?q=1"));
    assert_eq!(asked[0].host, server.address().to_string());
    assert_eq!(run.effects(), [format!("http.request GET {}", server.url("/a/page.html?q=1"))]);
    let outcome = &run.events_of("outcome")[0];
    assert_eq!(outcome["result"], "done");
    assert_eq!(outcome["extra"]["status"], 200);
    assert_eq!(outcome["extra"]["peer"], server.address().to_string());
}

#[test]
fn replays_when_the_server_is_gone() {
    let mut server = Server::text("still here");
    let run = fetch(&grant(&server.url("/**")), &server.url("/"));
    let connections = server.connections();
    server.stop();
    run.replays_identically();
    assert_eq!((server.connections(), connections), (1, 1));
}

#[test]
fn denied_requests_never_reach_the_wire() {
    let (granted, other) = (Server::text("granted"), Server::text("other"));
    let policy = format!("{}methods = [\"HEAD\"]\n", grant(&granted.url("/public/**")));
    for (url, reason) in [
        (granted.url("/public/page"), "method"),
        (granted.url("/private/page"), "no-grant"),
        (granted.url("/public/../private/page"), "no-grant"),
        (granted.url("/public/%2e%2e/private/page"), "no-grant"),
        (granted.url("/publicity"), "no-grant"),
        (other.url("/public/page"), "no-grant"),
        (granted.url("/public/page").replace("http://", "https://"), "scheme"),
        ("http://example.test/public/page".to_owned(), "no-grant"),
    ] {
        let run = fetch(&policy, &url);
        run.exited(1);
        assert!(run.stderr.contains("the request was denied"), "{url}: {}", run.stderr);
        assert_eq!(run.denials(), [reason], "{url}");
        assert!(run.effects().is_empty(), "{url}");
    }
    assert_eq!((granted.connections(), other.connections()), (0, 0));
}

#[test]
fn redirects_go_to_the_guest_and_each_hop_is_checked() {
    let other = Server::text("other");
    let there = other.url("/landed");
    let server = Server::http(move |asked| {
        let location = if asked.target == "/away" { there.clone() } else { "/landed".to_owned() };
        match asked.target.as_str() {
            "/landed" => answer(200, "landed"),
            _ => Response::builder().status(302).header("location", location).body(Full::default()).unwrap(),
        }
    });
    let run = fetch(&grant(&server.url("/**")), &server.url("/here"));
    run.exited(0);
    assert_eq!(run.stdout, "landed\n");
    assert_eq!(run.effects().len(), 2);

    let run = fetch(&grant(&server.url("/**")), &server.url("/away"));
    run.exited(1);
    assert_eq!(run.denials(), ["no-grant"]);
    assert_eq!(other.connections(), 0);
}

#[test]
fn connections_are_used_again_and_the_journal_says_so() {
    let server = Server::text("ok");
    let folder = Folder::new();
    let run = Scene::guest(&folder, "bench")
        .policy(grant(&server.url("/**")))
        .arguments(["http-get", "5", &server.url("/")])
        .run();
    run.exited(0);
    assert_eq!(server.asked().len(), 5);
    assert_eq!(server.connections(), 1);
    let reused: Vec<_> = run.events_of("outcome").iter().map(|outcome| outcome["extra"]["reused"].clone()).collect();
    assert_eq!(reused, [false, true, true, true, true]);
}

#[test]
fn response_larger_than_its_limit_breaks_off() {
    let server = Server::http(|_| answer(200, vec![b'x'; 100_000]));
    for (limit, status) in [("100000B", 0), ("99999B", 1)] {
        let policy = format!("{}[limits]\nresponse-body = \"{limit}\"\n", grant(&server.url("/**")));
        let run = fetch(&policy, &server.url("/"));
        run.exited(status);
        assert_eq!(run.stdout.len(), if status == 0 { 100_001 } else { 0 });
    }
}

#[test]
fn special_addresses_need_their_network_granted() {
    let server = Server::text("ok");
    let port = server.port();
    let scene = |policy: String| {
        let names = Arc::new(Names::one("inside.test", ["127.0.0.1".parse().unwrap()]));
        let url = format!("http://inside.test:{port}/");
        Scene::guest(&Folder::new(), "fetch-page").policy(policy).resolver(names).arguments([url.as_str()]).run()
    };
    let run = scene(format!("[[http]]\nurl = \"http://inside.test:{port}/**\"\n"));
    run.exited(1);
    assert_eq!(server.connections(), 0);
    let outcome = &run.events_of("outcome")[0];
    assert_eq!(outcome["result"], "denied");
    assert_eq!(outcome["detail"], "no address of `inside.test` may be dialled");
    assert_eq!(outcome["extra"], serde_json::json!({ "refused": [server.address().to_string()] }));
    assert_eq!(run.report.denied, 1);
    let denial = run.report.denials[0].denial;
    assert_eq!((denial.reason, denial.grant.is_some()), (DenialReason::Network, true));
    // The guest learns that it is denied, not where the name leads.
    assert!(!run.stderr.contains("127.0.0.1"), "{}", run.stderr);

    let run = scene(grant(&format!("http://inside.test:{port}/**")));
    run.exited(0);
    assert_eq!(server.asked()[0].host, format!("inside.test:{port}"));
}

#[test]
fn request_that_fails_says_which_addresses_were_tried_and_which_refused() {
    let mut server = Server::text("");
    let port = server.port();
    server.stop();
    let addresses = ["10.0.0.1".parse().unwrap(), "127.0.0.1".parse().unwrap()];
    let names = Arc::new(Names::one("mixed.test", addresses));
    let url = format!("http://mixed.test:{port}/");
    let run = Scene::guest(&Folder::new(), "fetch-page")
        .policy(grant(&format!("http://mixed.test:{port}/**")))
        .resolver(names)
        .arguments([url.as_str()])
        .run();
    run.exited(1);
    let expected =
        serde_json::json!({ "tried": [format!("127.0.0.1:{port}")], "refused": [format!("10.0.0.1:{port}")] });
    assert_eq!(run.events_of("outcome")[0]["extra"], expected);
    assert!(!run.stderr.contains("127.0.0.1") && !run.stderr.contains("10.0.0.1"), "{}", run.stderr);
}

#[test]
fn one_special_address_among_others_is_not_dialled() {
    let server = Server::text("ok");
    let port = server.port();
    let addresses = ["10.0.0.1".parse().unwrap(), "127.0.0.1".parse().unwrap()];
    let names = Arc::new(Names::one("mixed.test", addresses));
    let url = format!("http://mixed.test:{port}/");
    let run = Scene::guest(&Folder::new(), "fetch-page")
        .policy(grant(&format!("http://mixed.test:{port}/**")))
        .resolver(names.clone())
        .arguments([url.as_str()])
        .run();
    run.exited(0);
    assert_eq!(names.asked(), 1);
    assert_eq!(run.events_of("outcome")[0]["extra"]["peer"], server.address().to_string());
}

#[test]
fn two_grants_for_one_host_keep_their_own_networks() {
    let server = Server::text("ok");
    let port = server.port();
    let policy = format!(
        "[[http]]\nurl = \"http://inside.test:{port}/open/**\"\nnetworks = [\"127.0.0.0/8\"]\n\
         [[http]]\nurl = \"http://inside.test:{port}/closed/**\"\n"
    );
    let scene = |path: &str| {
        let names = Arc::new(Names::one("inside.test", ["127.0.0.1".parse().unwrap()]));
        let url = format!("http://inside.test:{port}{path}");
        Scene::guest(&Folder::new(), "fetch-page").policy(&policy).resolver(names).arguments([url.as_str()]).run()
    };
    scene("/open/a").exited(0);
    scene("/closed/a").exited(1);
    assert_eq!(server.connections(), 1);
}

#[test]
fn what_networks_does_not_list_is_not_dialled_though_it_is_public() {
    let server = Server::text("ok");
    let port = server.port();
    let fetched = |addresses: &[&str]| {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let names = Arc::new(Names::one("inside.test", addresses));
        let url = format!("http://inside.test:{port}/a");
        let policy = grant(&format!("http://inside.test:{port}/**"));
        Scene::guest(&Folder::new(), "fetch-page").policy(policy).resolver(names).arguments([url.as_str()]).run()
    };
    let inside = fetched(&["93.184.215.14", "127.0.0.1"]);
    inside.exited(0);
    assert_eq!(inside.events_of("outcome")[0]["extra"]["peer"], server.address().to_string());
    let outside = fetched(&["93.184.215.14", "2606:4700::1"]);
    outside.exited(1);
    let outcome = &outside.events_of("outcome")[0];
    assert_eq!(outcome["result"], "denied");
    let refused = [format!("93.184.215.14:{port}"), format!("[2606:4700::1]:{port}")];
    assert_eq!(outcome["extra"], serde_json::json!({ "refused": refused }));
    assert_eq!(server.connections(), 1);
}

#[test]
fn tls_needs_an_authority_that_the_policy_names() {
    let authority = Authority::new();
    for (protocols, http2, protocol) in
        [(&["h2", "http/1.1"][..], true, "HTTP/2"), (&["http/1.1"][..], false, "HTTP/1.1")]
    {
        let server = Server::https(authority.acceptor("site.test", protocols), |_| answer(200, "over TLS"));
        let url = format!("https://site.test:{}/", server.port());
        let names = Arc::new(Names::one("site.test", ["127.0.0.1".parse().unwrap()]));
        let folder = Folder::with([("ca.pem", authority.pem().as_str())]);
        let scene = |tls: &str| {
            Scene::guest(&folder, "fetch-page")
                .policy(format!("{}{tls}", grant(&format!("{url}**"))))
                .resolver(names.clone())
                .arguments([url.as_str()])
                .run()
        };
        scene("").exited(1);
        assert!(server.asked().is_empty());
        let run = scene("[tls]\nca = \"ca.pem\"\n");
        run.exited(0);
        assert_eq!(run.stdout, "over TLS\n");
        assert_eq!(server.asked()[0].http2, http2);
        assert_eq!(run.events_of("outcome")[0]["extra"]["protocol"], protocol);
    }
}

#[test]
fn server_that_is_not_there_is_an_error_that_the_tool_can_handle() {
    let mut server = Server::text("");
    let url = server.url("/");
    let address = server.address().to_string();
    server.stop();
    let run = fetch(&grant(&format!("{url}**")), &url);
    run.exited(1);
    assert!(run.stderr.contains("ConnectionRefused"), "{}", run.stderr);
    let outcome = &run.events_of("outcome")[0];
    assert_eq!(outcome["result"], "denied");
    assert_eq!(outcome["extra"], serde_json::json!({ "tried": [address] }));
}

#[test]
fn request_larger_than_its_limit_is_not_sent() {
    let server = Server::http(|_| answer(201, r#"{"number": 1, "html_url": "https://example.test/1"}"#));
    let issue = |body: usize, ask: bool| {
        let folder = Folder::new();
        let base = server.url("");
        let policy = format!(
            "{}methods = [\"POST\"]\nask = {ask}\n[limits]\nrequest-body = \"10KiB\"\n\
             [environment]\nset = {{ ISSUES_URL = \"{base}\" }}\n",
            grant(&server.url("/**"))
        );
        let body = "x".repeat(body);
        let call = format!(r#"open-issue({{repository: "acme/site", title: "t", body: "{body}", labels: []}})"#);
        Scene::guest(&folder, "open-issue").policy(policy).call(&call).approver(Script::approve()).run()
    };
    for ask in [true, false] {
        assert!(issue(9_000, ask).json().get("ok").is_some());
        let before = server.asked().len();
        let run = issue(20_000, ask);
        assert!(run.json().get("err").is_some(), "{:?}", run.json());
        assert_eq!(server.asked().len(), before, "asked: {ask}");
    }
}
