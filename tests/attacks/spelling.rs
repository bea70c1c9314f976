//! Attacks by spelling: names that file systems, URLs and headers can read in more than one way.

use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Sent, Server};

use crate::fixture::{CANARY, POLICY, folder};

#[test]
fn odd_names_are_ordinary_files_or_errors_and_never_something_else() {
    let folder = folder();
    let long = "x".repeat(4096);
    let deep = "a/".repeat(3000) + "b";
    let names = [
        ".env ",
        ".ENV",
        ".env.",
        " .env",
        ".e\u{301}nv",
        ".env\u{200b}",
        "..",
        "...",
        ". .",
        "%2e%2e",
        "\\..\\x",
        "con",
        "a\nb",
        "a\u{1b}[2J",
        "\u{202e}txt",
        "-rf",
        "*",
        "~",
        long.as_str(),
        deep.as_str(),
        "a\0b",
        "\0",
        ".env\0.txt",
        "",
        "/",
        "//",
        "./",
        "notes.txt/",
        "notes.txt/.",
        "notes.txt/..",
        "notes.txt/x",
    ];
    let mut probe = Probe::new();
    let work = probe.preopen();
    for name in names {
        probe.open(work, name, OpenMode::READ);
        probe.stat(work, name);
        probe.open(work, name, OpenMode::CREATE);
        probe.unlink(work, name);
    }
    let before = folder.snapshot("");
    let run = Scene::tool(&folder, probe.tool()).policy(POLICY).run();
    run.exited(0);
    assert!(results(&run).len() >= 3 * names.len());
    let mut after = folder.snapshot("");
    after.remove(std::path::Path::new("policy.toml"));
    assert_eq!(after, before);
    assert!(!String::from_utf8_lossy(&run.journal).contains(CANARY));
}

#[test]
fn pipes_and_sockets_are_not_opened_and_hold_nobody() {
    let folder = folder();
    let pipe = folder.path("work/pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(folder.path("work/socket")).unwrap();
    let mut probe = Probe::new();
    let work = probe.preopen();
    for name in ["pipe", "socket"] {
        for how in [OpenMode::READ, OpenMode::WRITE, OpenMode::CREATE, OpenMode::TRUNCATE] {
            probe.open(work, name, how);
        }
    }
    let run = Scene::tool(&folder, probe.tool()).policy(POLICY).run();
    assert!(results(&run).iter().all(|result| result != "open-at ok"), "{:?}", results(&run));
    assert!(run.effects().is_empty());
    drop(socket);
}

fn request(server: &Server, policy: &str, sent: Sent<'_>) -> Recorded {
    let folder = Folder::new();
    let mut probe = Probe::new();
    probe.request(sent);
    let policy = format!("[[http]]\nurl = \"{}\"\nnetworks = [\"127.0.0.0/8\"]\n{policy}", server.url("/open/**"));
    Scene::tool(&folder, probe.tool()).policy(policy).secret("TOKEN", "tok-3f9a77zzQx").run()
}

#[test]
fn plain_request_arrives_so_that_the_others_prove_something() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let run =
        request(&server, "", Sent { method: "GET", authority: &authority, path: "/open/a", headers: &[("x-a", "1")] });
    assert_eq!(server.asked()[0].header("x-a"), Some("1"));
    assert_eq!(results(&run).last().unwrap(), "entries ok");
}

#[test]
fn target_that_is_not_a_path_is_not_sent() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    for path in [
        "http://127.0.0.1:1/open/a",
        "//127.0.0.1:1/open/a",
        "*",
        "open/a",
        "/open/../closed",
        "/open/%2e%2e/closed",
        "/open/%2E./closed",
        "/open/..%2fclosed",
        "/open/a\r\nhost: x",
        "/open/a b",
        "/open/\u{7f}",
        "/open\\..\\closed",
        "/closed?/open/",
        "/open;/../closed",
        "/./closed/../open/../closed",
        "/open/..;/closed",
        "/open/..%3B/closed",
        "/open/..%253b/closed",
        "/open/%2e%2e;/closed",
        "/open/%252e%252e/closed",
        "/open/%25252e%25252e/closed",
        "/open/..%252fclosed",
        "/open/..%5cclosed",
        "/open/..%255cclosed",
        "/open/..%00/closed",
        "/open/..%09/closed",
        "/open/..%0a/closed",
        "/open/..%2500/closed",
        "/open/..%20/closed",
        "/open/..%3f/closed",
        "/open/..%23/closed",
        "/open/%c0%ae%c0%ae/closed",
        "/open/%c0%ae%c0%ae%c0%afclosed",
        "/open/%e0%80%ae%e0%80%ae/closed",
        "/open/%f0%80%80%ae%f0%80%80%ae/closed",
        "/open/%25c0%25ae%25c0%25ae/closed",
        "/open/%ef%bc%8e%ef%bc%8e/closed",
        "/open/\u{ff0e}\u{ff0e}/closed",
        "/open/..%ef%bc%8fclosed",
        "/open/..\u{ff0f}closed",
        "/open/..%ef%bc%bcclosed",
        "/open/%e2%80%a5/closed",
        "/open/..\t/closed",
        "/open/..\n/closed",
        "/open/%u002e%u002e/closed",
    ] {
        request(&server, "", Sent { method: "GET", authority: &authority, path, headers: &[] });
    }
    for asked in server.asked() {
        // The request was sent as it was matched: below the granted path, with nothing left to interpret.
        assert!(asked.target.starts_with("/open/"), "{}", asked.target);
        assert!(!asked.target.contains("..") && !asked.target.to_lowercase().contains("%2e"), "{}", asked.target);
        assert!(!asked.target.contains("closed"), "{}", asked.target);
        assert_eq!(asked.host, authority);
    }
}

#[test]
fn authority_that_means_another_host_to_someone_is_not_sent() {
    let (server, other) = (Server::text("ok"), Server::text("other"));
    let (good, bad) = (server.address().to_string(), other.address().to_string());
    for authority in [
        format!("{good}@{bad}"),
        format!("user:password@{good}"),
        format!("{bad}#@{good}"),
        format!("{good}#{bad}"),
        format!("{good}/../{bad}"),
        format!("{good}?{bad}"),
        format!("{good}\\{bad}"),
        format!("[{good}]"),
        format!("{good}:"),
        format!(" {good}"),
        "127.1:80".to_owned(),
        "0x7f000001:80".to_owned(),
        "2130706433".to_owned(),
        "127.0.0.1.:80".to_owned(),
        String::new(),
    ] {
        let run = request(&server, "", Sent { method: "GET", authority: &authority, path: "/open/a", headers: &[] });
        assert!(run.effects().is_empty(), "{authority}: {:?}", run.effects());
    }
    assert_eq!((server.connections(), other.connections()), (0, 0));
}

#[test]
fn headers_that_speak_about_the_connection_are_not_the_guests() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let headers = [
        ("host", "evil.test"),
        ("Host", "evil.test"),
        ("connection", "upgrade"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("proxy-authorization", "x"),
        ("te", "trailers"),
        ("x-a", "1\r\nx-b: 2"),
        ("x-a\r\nx-b", "1"),
        ("x-a", "1\0"),
        (":path", "/closed"),
        ("", "1"),
    ];
    let run = request(&server, "", Sent { method: "GET", authority: &authority, path: "/open/a", headers: &headers });
    let appended: Vec<String> = results(&run).into_iter().filter(|result| result.starts_with("append")).collect();
    assert_eq!(appended.len(), headers.len());
    assert!(appended.iter().all(|result| result != "append ok"), "{appended:?}");
    let asked = server.asked().remove(0);
    assert_eq!(asked.host, authority);
    assert!(asked.header("x-a").is_none() && asked.header("x-b").is_none() && asked.header("upgrade").is_none());
}

#[test]
fn headers_that_override_what_was_granted_are_not_sent_unless_listed() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    for name in [
        "x-http-method-override",
        "X-HTTP-Method",
        "x-method-override",
        "x_http_method_override",
        "x-original-url",
        "x-rewrite-url",
        "x-original-method",
        "x-forwarded-host",
        "x-forwarded-prefix",
        "forwarded",
        "x-host",
        "destination",
        "x-real-ip",
    ] {
        let headers = [(name, "DELETE")];
        let run =
            request(&server, "", Sent { method: "GET", authority: &authority, path: "/open/a", headers: &headers });
        assert_eq!(run.denials(), ["header"], "{name}");
    }
    // Headers that would frame the message, spelled as environment variables.
    for name in ["transfer_encoding", "content_length", "proxy_authorization", "Content.Length"] {
        let headers = [(name, "0")];
        let run =
            request(&server, "", Sent { method: "GET", authority: &authority, path: "/open/a", headers: &headers });
        assert!(results(&run).iter().any(|result| result.starts_with("append") && result != "append ok"), "{name}");
    }
    for asked in server.asked() {
        assert!(asked.headers.keys().all(|name| !name.as_str().contains('_')), "{:?}", asked.headers);
        assert_eq!(asked.header("x-original-url"), None);
    }
    let before = server.asked().len();
    let headers = [("x-http-method-override", "PATCH")];
    let listed = "headers = [\"x-http-method-override\"]\n";
    request(&server, listed, Sent { method: "GET", authority: &authority, path: "/open/a", headers: &headers });
    assert_eq!(server.asked()[before].header("x-http-method-override"), Some("PATCH"));
}

#[test]
fn path_that_a_server_may_cut_is_not_sent_where_the_grant_needs_its_end() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let folder = Folder::new();
    let mut probe = Probe::new();
    for path in ["/files/a.txt", "/files/key.pem%3F.txt", "/files/key.pem%23.txt", "/files/key.pem%253f.txt"] {
        probe.request(Sent { method: "GET", authority: &authority, path, headers: &[] });
    }
    let policy = format!("[[http]]\nurl = \"{}\"\nnetworks = [\"127.0.0.0/8\"]\n", server.url("/files/*.txt"));
    let run = Scene::tool(&folder, probe.tool()).policy(policy).run();
    assert_eq!((run.denials(), run.denied_calls()), (vec!["no-grant".to_owned()], 3));
    let targets: Vec<String> = server.asked().into_iter().map(|asked| asked.target).collect();
    assert_eq!(targets, ["/files/a.txt"]);
}

#[test]
fn length_that_the_guest_claims_does_not_smuggle_a_second_request() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let headers = [("content-length", "0"), ("content-length", "40")];
    request(&server, "", Sent { method: "GET", authority: &authority, path: "/open/a", headers: &headers });
    assert!(server.asked().len() <= 1, "{:?}", server.asked());
}

#[test]
fn methods_are_words() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    for method in ["", "GET ", "get", "GET / HTTP/1.1\r\n\r\nGET", "CONNECT", "TRACE", "DELETE", "G\u{c9}T", "GET\0"] {
        request(&server, "", Sent { method, authority: &authority, path: "/open/a", headers: &[] });
    }
    // Text that is not a method is refused, and the request stays the GET that it is by default.
    for asked in server.asked() {
        assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", "/open/a"));
    }
}

const SECRET: &str =
    "secrets = [\"token\"]\n[secrets.token]\nenv = \"TOKEN\"\nheader = \"authorization\"\nvalue = \"Bearer {}\"\n";

#[test]
fn header_of_a_secret_is_the_operators_whatever_the_guest_writes_there() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let headers = [("authorization", "Bearer mine"), ("Authorization", "Basic bWluZQ")];
    request(&server, SECRET, Sent { method: "GET", authority: &authority, path: "/open/a", headers: &headers });
    assert_eq!(server.asked()[0].header("authorization"), Some("Bearer tok-3f9a77zzQx"));
}

#[test]
fn secret_can_not_be_read_back_from_what_was_sent() {
    let echo = Server::http(|asked| {
        let sent = asked.header("authorization").unwrap().to_owned();
        http::Response::builder().header("x-sent", sent).body(http_body_util::Full::default()).unwrap()
    });
    let authority = echo.address().to_string();
    let run = request(&echo, SECRET, Sent { method: "GET", authority: &authority, path: "/open/a", headers: &[] });
    assert_eq!(results(&run).last().unwrap(), "entries ok");
    let journal = String::from_utf8_lossy(&run.journal).into_owned();
    assert!(!journal.contains("tok-3f9a77zzQx") && journal.contains("x-sent"));
}

#[test]
fn secret_goes_to_the_grant_that_names_it_and_to_no_other() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let policy = format!("{SECRET}[[http]]\nurl = \"{}\"\nnetworks = [\"127.0.0.0/8\"]\n", server.url("/plain/**"));
    request(&server, &policy, Sent { method: "GET", authority: &authority, path: "/plain/a", headers: &[] });
    request(&server, &policy, Sent { method: "GET", authority: &authority, path: "/open/a", headers: &[] });
    let asked = server.asked();
    assert_eq!((asked[0].header("authorization"), asked[1].header("authorization").is_some()), (None, true));
}
