//! `journal export` to a collector: where it is, what is sent with the spans, and when they are sent again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::HeaderValue;
use wasm_agent_tests::Server;
use wasm_agent_tests::server::{Answer, ReceivedRequest, answer};

use crate::desk::{Desk, Ran};
use crate::exporting::{TAKEN, made, spans};

/// A header that nobody may see.
const TOKEN: &str = "tok-3f9a77zzQx";

const PREFIX: &str = "OTEL_EXPORTER_OTLP_";

/// A collector that gives these answers one after the other, and then accepts.
fn collector(answers: Vec<Answer>) -> Server {
    let asked = AtomicUsize::new(0);
    Server::http(move |_| answers.get(asked.fetch_add(1, Ordering::SeqCst)).cloned().unwrap_or(answer(200, TAKEN)))
}

/// An answer that asks to come back.
fn busy(status: u16, retry_after: &'static str) -> Answer {
    let mut busy = answer(status, "come back later");
    busy.headers_mut().insert("retry-after", HeaderValue::from_static(retry_after));
    busy
}

/// A desk whose transcripts have `HOST` instead of a server.
fn desk(server: &Server) -> Desk {
    let mut desk = made();
    desk.hide(server.address().to_string(), "HOST");
    desk
}

/// Runs an export of OTLP, with variables of which only the ends are given.
fn export(desk: &mut Desk, options: &str, variables: &[(&str, &str)]) -> Ran {
    let set = |command: &mut Command| {
        command.envs(variables.iter().map(|(name, value)| (format!("{PREFIX}{name}"), value)));
    };
    desk.run_as(&format!("journal export --format otlp a.journal{options}"), set)
}

fn targets(asked: &[ReceivedRequest]) -> Vec<&str> {
    asked.iter().map(|request| request.target.as_str()).collect()
}

#[test]
fn variables_name_the_collector_and_options_win() {
    let server = collector(Vec::new());
    let (base, traces) = (server.url("/otlp/"), server.url("/traces"));
    let mut desk = desk(&server);
    let headers = format!("authorization=Bearer%20{TOKEN},x-team=one");
    let headers = ("HEADERS", headers.as_str());
    let mut run = |options: &str, variables: &[(&str, &str)]| {
        let ran = export(&mut desk, options, variables);
        assert_eq!((ran.status, ran.err()), (0, String::new()));
        ran.out()
    };
    run("", &[("ENDPOINT", &base), headers]);
    run("", &[("ENDPOINT", &base), ("TRACES_ENDPOINT", &traces)]);
    let to = format!(" --to {} --header x-team=two --timeout 1m", server.url("/option"));
    assert!(run(&to, &[("ENDPOINT", &base), headers]).starts_with("delivered: "));
    // A file, or standard output, is not a collector.
    let printed = run(" --output -", &[("ENDPOINT", &base)]);
    run(" --output spans", &[("ENDPOINT", &base), headers]);
    let asked = server.asked();
    assert_eq!(targets(&asked), ["/otlp/v1/traces", "/traces", "/option"]);
    let sent = |name: &str| asked.iter().map(|request| request.header(name).map(str::to_owned)).collect::<Vec<_>>();
    let bearer = Some(format!("Bearer {TOKEN}"));
    assert_eq!(sent("authorization"), [bearer.clone(), None, bearer]);
    assert_eq!(sent("x-team"), [Some("one".to_owned()), None, Some("two".to_owned())]);
    assert_eq!(spans(&asked[0].body), spans(printed.as_bytes()));
    assert_eq!(desk.read("spans"), printed.as_bytes());
}

#[test]
fn a_busy_collector_gets_the_same_spans_again() {
    let past = "Fri, 02 Jan 2026 03:04:05 GMT";
    let server = collector(vec![busy(503, "0"), busy(429, past), busy(502, "0"), busy(504, "0")]);
    let mut desk = desk(&server);
    let ran = export(&mut desk, "", &[("ENDPOINT", &server.url(""))]);
    assert_eq!((ran.status, ran.err()), (0, String::new()));
    let asked = server.asked();
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|request| request.body == asked[0].body && !request.body.is_empty()));
}

#[test]
fn a_collector_that_stays_busy_ends_the_export() {
    let always = (0..9).map(|_| busy(503, "0")).collect();
    let (server, later) = (collector(always), collector(vec![busy(503, "86400")]));
    let refuses = collector(vec![answer(403, "no"), answer(200, TAKEN)]);
    let mut desk = made();
    for (server, shown) in [(&server, "BUSY"), (&later, "LATER"), (&refuses, "REFUSES")] {
        desk.hide(server.address().to_string(), shown);
        export(&mut desk, "", &[("ENDPOINT", &server.url(""))]).fails_in_one_line(&[5]);
    }
    desk.matches("export-busy");
    assert_eq!([&server, &later, &refuses].map(|server| server.asked().len()), [5, 1, 1]);
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        // The first connection ends without an answer.
        drop(listener.accept().unwrap());
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"]}") {
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").unwrap();
    });
    let mut desk = made();
    let ran = export(&mut desk, " --timeout 1m", &[("ENDPOINT", &url)]);
    assert_eq!((ran.status, ran.err()), (0, String::new()));
    served.join().unwrap();
}

#[test]
fn a_collector_that_does_not_answer_is_left_in_time() {
    // Connections are made, and nobody accepts them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let mut desk = made();
    for (options, variables) in [("", &[("ENDPOINT", url.as_str()), ("TIMEOUT", "50")][..]), (" --timeout 50ms", &[])] {
        let to = if variables.is_empty() { format!(" --to {url}{options}") } else { options.to_owned() };
        let ran = export(&mut desk, &to, variables);
        ran.fails_in_one_line(&[5]);
        assert!(ran.err().contains("exchange did not end in time"), "{}", ran.err());
    }
}

#[test]
fn no_header_is_ever_shown() {
    let value = |request: &ReceivedRequest| request.header("x-key").unwrap().to_owned();
    let servers = [
        Server::http(move |request| answer(401, format!("`{}` is not known", value(request)))),
        Server::http(move |request| {
            answer(200, format!(r#"{{"partialSuccess":{{"rejectedSpans":1,"errorMessage":"{}"}}}}"#, value(request)))
        }),
        Server::http(|_| answer(200, TAKEN)),
    ];
    for server in servers {
        let mut desk = made();
        let to = format!(" --to {}", server.url("/"));
        for (options, variables) in [
            (to.clone(), &[("HEADERS", "x-key=tok-3f9a77zzQx")][..]),
            (format!("{to} --header x-key={TOKEN}"), &[]),
            (format!("{to} --header 'x-key=Bearer {TOKEN}'"), &[]),
        ] {
            let set = |command: &mut Command| {
                command.env("WASM_AGENT_LOG", "trace");
                command.envs(variables.iter().map(|(name, value)| (format!("{PREFIX}{name}"), value)));
            };
            let ran = desk.run_as(&format!("journal export --format otlp a.journal{options}"), set);
            assert!([0, 5].contains(&ran.status), "{}", ran.err());
            assert!(!ran.out().contains(TOKEN) && !ran.err().contains(TOKEN), "{}{}", ran.out(), ran.err());
        }
        assert_eq!(server.asked().len(), 3);
    }
}

#[test]
fn what_can_not_be_used_is_said_before_anything_is_sent() {
    let server = collector(Vec::new());
    let mut desk = desk(&server);
    let url = server.url("");
    let endpoint = ("ENDPOINT", url.as_str());
    let with_password = format!("http://me:{TOKEN}@{}", server.address());
    for (options, variables) in [
        ("", &[endpoint, ("HEADERS", "x-team=one,tok-3f9a77zzQx")][..]),
        ("", &[endpoint, ("HEADERS", "x-team=one,x y=tok-3f9a77zzQx")]),
        ("", &[endpoint, ("HEADERS", "x-team=tok-3f9a77zzQx%0A")]),
        ("", &[endpoint, ("TIMEOUT", "10s")]),
        ("", &[endpoint, ("PROTOCOL", "grpc")]),
        ("", &[("ENDPOINT", "localhost:4318")]),
        ("", &[("TRACES_ENDPOINT", &with_password)]),
        (" --header content-type=tok-3f9a77zzQx", &[endpoint]),
        (" --header x-team:tok-3f9a77zzQx", &[endpoint]),
        (" --header x-team=tok-3f9a77zzQx", &[]),
        (" --timeout 2h", &[endpoint]),
    ] {
        let ran = export(&mut desk, options, variables);
        assert_eq!(ran.status, 2, "{options} {variables:?}");
        assert!(!ran.err().contains(TOKEN), "{}", ran.err());
    }
    desk.matches("export-unusable");
    assert!(server.asked().is_empty());
}
