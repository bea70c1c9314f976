//! Attacks on the masking of secrets: a response must reveal nothing about a secret, and a response that can't be
//! searched must not reach the tool.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use http::Response;
use http_body_util::Full;
use wasm_agent_tests::server::{Answer, ReceivedRequest, answer};
use wasm_agent_tests::{Folder, Probe, Recorded, Scene, Sent, Server};

use crate::fixture::held;

const SECRET: &str = "tok-3f9a77zzQx";

/// Grants for a server: `/with/**` gets the secret, `/without/**` does not.
fn both(base: &str) -> String {
    format!("{}\n{}", granted(base, "/with/**", "secrets = [\"token\"]\n"), granted(base, "/without/**", "")) + DEFINED
}

fn granted(base: &str, path: &str, more: &str) -> String {
    format!(
        "[[http]]\nurl = \"{base}{path}\"\nmethods = [\"GET\", \"POST\"]\nask = false\n\
         networks = [\"127.0.0.0/8\"]\n{more}"
    )
}

const DEFINED: &str = "[secrets.token]\nenv = \"TOKEN\"\nheader = \"authorization\"\nvalue = \"Bearer {}\"\n";

/// An honest echo of the URL or of the body. It never mentions headers.
fn echo(kind: &'static str) -> Server {
    Server::http(move |asked| {
        let said = match asked.method.as_str() {
            "GET" => asked.target.rsplit('=').next().unwrap().to_owned(),
            _ => String::from_utf8(asked.body.to_vec()).unwrap(),
        };
        let text = format!("data: you said {said}\n\n");
        Response::builder().header("content-type", kind).header("x-said", said).body(Full::from(text)).unwrap()
    })
}

fn attack(policy: &str, arguments: &[&str]) -> Recorded {
    let folder = Folder::new();
    let scene = Scene::guest(&folder, "mask-oracle").policy(policy).secret("TOKEN", SECRET);
    held(&folder, scene.arguments(arguments.iter().copied()))
}

#[test]
fn guesses_that_are_echoed_can_not_be_told_apart() {
    for kind in ["text/plain", "text/event-stream", "application/x-ndjson"] {
        let server = echo(kind);
        let base = server.url("");
        for (method, path) in [("GET", "/with/search?q="), ("GET", "/without/search?q="), ("POST", "/with/search")] {
            let url = server.url(path);
            attack(&both(&base), &["guess", method, &url, "", "tok-", "tok-3f9a77zz"]);
        }
    }
}

#[test]
fn guesses_echoed_by_a_server_without_the_secret_can_not_be_told_apart() {
    let (server, other) = (echo("text/plain"), Server::text("other"));
    let policy =
        granted(&server.url(""), "/**", "") + &granted(&other.url(""), "/**", "secrets = [\"token\"]\n") + DEFINED;
    attack(&policy, &["guess", "GET", &server.url("/search?q="), "", "tok-3f9a77zz"]);
    // The response is not searched at all: this server never saw the secret.
    let probe = |path: &str| {
        let folder = Folder::new();
        let url = server.url(path);
        let scene = Scene::guest(&folder, "fetch-page").policy(&policy).secret("TOKEN", SECRET);
        scene.arguments([url.as_str()]).run().stdout
    };
    assert!(probe(&format!("/search?q={SECRET}")).contains(SECRET));
}

#[test]
fn whole_guess_is_masked_where_the_server_has_the_secret() {
    let server = echo("text/plain");
    for path in ["/with/", "/without/"] {
        let folder = Folder::new();
        let url = server.url(&format!("{path}?q={SECRET}"));
        let scene = Scene::guest(&folder, "fetch-page").policy(both(&server.url(""))).secret("TOKEN", SECRET);
        let run = scene.arguments([url.as_str()]).run();
        run.exited(0);
        assert!(run.stdout.contains("you said **************"), "{}", run.stdout);
    }
}

/// A server that sends an event, and the next one only when it is asked to.
struct Stream {
    address: SocketAddr,
}

impl Stream {
    fn new(kind: &'static str, parts: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (asks, asked) = channel();
        let asked = Arc::new(Mutex::new(asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (asks, asked) = (asks.clone(), Arc::clone(&asked));
                std::thread::spawn(move || serve(stream, kind, parts, &asks, &asked));
            }
        });
        Self { address }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn serve(
    mut stream: TcpStream,
    kind: &str,
    parts: &[&str],
    asks: &Sender<()>,
    asked: &Mutex<Receiver<()>>,
) -> Option<()> {
    let head = head(&mut stream)?;
    if !head.contains("/stream") {
        asks.send(()).ok()?;
        return stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").ok();
    }
    let start = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: {kind}\r\n\r\n");
    stream.write_all(start.as_bytes()).ok()?;
    let asked = asked.lock().unwrap();
    for part in parts {
        stream.write_all(part.as_bytes()).ok()?;
        asked.recv().ok()?;
    }
    Some(())
}

fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

#[test]
fn complete_events_and_lines_pass_at_once_where_there_is_a_secret() {
    for (kind, parts) in [
        ("text/event-stream", &["data: one tok\n\n", "data: two\r\n\r\n", "data: tok-3f9a77zzQx\r\r"][..]),
        ("application/x-ndjson", &["{\"a\": \"tok\"}\n", "[1,\r2]\n", "\"tok-3f9a77zzQx\"\n"]),
    ] {
        let server = Stream::new(kind, parts);
        let (stream, next) = (server.url("/with/stream"), server.url("/with/next"));
        let run = attack(&both(&server.url("")), &["follow", &stream, &next]);
        assert!(run.stdout.starts_with(&parts.concat().replace(SECRET, "**************")), "{}", run.stdout);
        assert!(run.stdout.contains("the stream came in 3 parts"), "{}", run.stdout);
    }
}

#[test]
fn guesses_in_a_stream_that_pauses_can_not_be_told_apart() {
    let parts = [
        ("text/event-stream", &["data: tok-3f9a77zz\n\n", ": tok-3f9a77zzQ\r\r", "data: 3f9a77zzQx\n\n"][..]),
        ("application/jsonl", &["\"tok-3f9a77zz\"\n", "[\"746f6b2d336639613737\"]\n", "\"dG9rLTNmOWE3N3p6\"\n"]),
    ];
    for (kind, parts) in parts {
        let observed = [SECRET, "tok-3f9a77zzQy", "unrelated-0123456789"].map(|secret| {
            let server = Stream::new(kind, parts);
            let folder = Folder::new();
            let scene = Scene::guest(&folder, "mask-oracle").policy(both(&server.url(""))).secret("TOKEN", secret);
            let run = scene.arguments(["follow", &server.url("/with/stream"), &server.url("/with/next")]).run();
            assert!(run.stdout.starts_with(&parts.concat()), "{}", run.stdout);
            assert!(run.stdout.contains(&format!("the stream came in {} parts", parts.len())), "{}", run.stdout);
            (run.stdout.replace(&server.address.to_string(), ""), run.functions())
        });
        assert_eq!(observed[0], observed[1], "{kind}");
        assert_eq!(observed[0], observed[2], "{kind}");
    }
}

#[test]
fn secret_with_a_line_end_is_an_error_before_the_run() {
    let server = Server::http(|_| answer(200, "ok"));
    for secret in ["tok-3f9a\n77zzQx", "tok-3f9a\r77zzQx", "tok-3f9a\r\n\r\n77zzQx"] {
        let folder = Folder::new();
        let scene = Scene::guest(&folder, "fetch-page").policy(both(&server.url(""))).secret("TOKEN", secret);
        let error = scene.set_up().map(drop).unwrap_err().to_string();
        assert!(error.contains("secret `token` can't be the value of a header"), "{error}");
    }
}

#[test]
fn server_with_a_secret_is_asked_for_whole_and_plain_answers_under_every_grant() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let headers = [
        ("range", "bytes=0-3"),
        ("if-range", "\"x\""),
        ("accept-encoding", "gzip, br"),
        ("accept-charset", "utf-16"),
        ("a-im", "gzip"),
        ("want-repr-digest", "sha-256=1"),
    ];
    for path in ["/with/a", "/without/a"] {
        let mut probe = Probe::new();
        probe.request(Sent { method: "GET", authority: &authority, path, headers: &headers });
        let folder = Folder::new();
        Scene::tool(&folder, probe.tool()).policy(both(&server.url(""))).secret("TOKEN", SECRET).run();
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.target, path);
        assert_eq!(asked.header("accept-encoding"), Some("identity"));
        for (name, _) in headers.iter().filter(|(name, _)| *name != "accept-encoding") {
            assert_eq!(asked.header(name), None, "{path}");
        }
    }
    // A server that gets no secret receives the tool's own headers.
    let mut probe = Probe::new();
    probe.request(Sent { method: "GET", authority: &authority, path: "/without/a", headers: &headers });
    Scene::tool(&Folder::new(), probe.tool()).policy(granted(&server.url(""), "/without/**", "")).run();
    assert_eq!(server.asked().pop().unwrap().header("range"), Some("bytes=0-3"));
}

/// The response that a tool gets, and what the journal says of it.
fn fetched(server: &Server, path: &str) -> (Recorded, serde_json::Value) {
    let folder = Folder::new();
    let url = server.url(path);
    let scene = Scene::guest(&folder, "fetch-page").policy(both(&server.url(""))).secret("TOKEN", SECRET);
    let run = scene.arguments([url.as_str()]).run();
    let outcome = run.events_of("outcome").remove(0);
    (run, outcome)
}

#[test]
fn answer_that_can_not_be_searched_does_not_reach_the_tool() {
    let with = |status: u16, name: &'static str, value: &'static str| {
        Server::http(move |_: &ReceivedRequest| -> Answer {
            Response::builder().status(status).header(name, value).body(Full::from("packed")).unwrap()
        })
    };
    for (status, name, value) in [
        (200, "content-encoding", "gzip"),
        (200, "content-type", "application/gzip"),
        (200, "content-type", "application/x-zip-compressed"),
        (200, "content-type", "text/plain; charset=utf-16le"),
        (206, "content-range", "bytes 0-5/6"),
        (200, "content-type", "multipart/byteranges; boundary=x"),
    ] {
        let server = with(status, name, value);
        for path in ["/with/a", "/without/a"] {
            let (run, outcome) = fetched(&server, path);
            run.exited(1);
            assert!(!run.stdout.contains("packed"), "{name}: {value}");
            assert_eq!(outcome["result"], "done");
            let detail = outcome["detail"].as_str().unwrap_or_default();
            assert!(detail.starts_with("kept from the tool: "), "{name}: {value}: {outcome}");
        }
    }
}

#[test]
fn packed_bodies_and_codings_do_not_reach_the_tool() {
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03packed".as_slice();
    let chunked = [b"10\r\n".as_slice(), gzip, b"\r\n0\r\n\r\n"].concat();
    assert_eq!(gzip.len(), 16);
    for (headers, body) in [
        ("transfer-encoding: gzip, chunked\r\n", chunked.clone()),
        ("transfer-encoding: gzip\r\nconnection: close\r\n", gzip.to_vec()),
        ("transfer-encoding: deflate, chunked\r\n", b"6\r\npacked\r\n0\r\n\r\n".to_vec()),
        // No header says so, but the body is compressed.
        ("transfer-encoding: chunked\r\n", chunked),
    ] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let answer = [b"HTTP/1.1 200 OK\r\n", headers.as_bytes(), b"\r\n", &body].concat();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let head = head(&mut stream);
            stream.write_all(&answer).unwrap();
            head
        });
        let folder = Folder::new();
        let url = format!("{base}/without/a");
        let scene = Scene::guest(&folder, "fetch-page").policy(both(&base)).secret("TOKEN", SECRET);
        let run = scene.arguments([url.as_str()]).run();
        assert!(server.join().unwrap().is_some(), "it was asked");
        run.exited(1);
        assert!(!run.stdout.contains("packed"), "{headers}: {}", run.stdout);
    }
}

#[test]
fn digests_of_what_is_masked_do_not_reach_the_tool() {
    let server = Server::http(|_| {
        let digest = Response::builder().header("content-digest", "sha-256=:AAAA:").header("content-md5", "BBBB");
        digest.header("x-kept", "1").body(Full::from("text")).unwrap()
    });
    let authority = server.address().to_string();
    let mut probe = Probe::new();
    probe.request(Sent { method: "GET", authority: &authority, path: "/with/a", headers: &[] });
    let folder = Folder::new();
    let run = Scene::tool(&folder, probe.tool()).policy(both(&server.url(""))).secret("TOKEN", SECRET).run();
    let journal = String::from_utf8_lossy(&run.journal).into_owned();
    assert!(journal.contains("x-kept") && !journal.contains("content-digest") && !journal.contains("content-md5"));
}

#[test]
fn secret_longer_than_what_is_searched_for_is_an_error_before_the_run() {
    let server = Server::http(|_| answer(200, "ok"));
    let scene = |length: usize| {
        let folder = Folder::new();
        let scene = Scene::guest(&folder, "fetch-page").policy(both(&server.url("")));
        scene.secret("TOKEN", &"x".repeat(length)).set_up().map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(scene(512), Ok(()));
    let error = scene(513).unwrap_err();
    assert!(error.contains("secret `token` has 513 bytes; it may have at most 512 so that"), "{error}");
}
