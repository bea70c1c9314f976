//! Connections that fail in words of the server's own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::{ServerConnection, StreamOwned};
use wasm_agent_tests::tls::Authority;
use wasm_agent_tests::{Folder, Recorded, Scene, Script};

use crate::library::{Log, left_nothing, policy};

const SECRET: &str = "tok-3f9a77zzQx";

/// A server that takes over connections; `serve` is told which one it is, and with which certificate's stream.
fn server(
    authority: &Authority,
    names: [&str; 2],
    protocol: &str,
    serve: impl Fn(&mut StreamOwned<ServerConnection, std::net::TcpStream>) + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let configs = names.map(|name| Arc::clone(authority.acceptor(name, &[protocol]).config()));
    let connections = AtomicUsize::new(0);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let number = connections.fetch_add(1, Ordering::SeqCst).min(1);
            let connection = ServerConnection::new(Arc::clone(&configs[number])).unwrap();
            serve(&mut StreamOwned::new(connection, stream));
        }
    });
    port
}

fn fetch(authority: &Authority, port: u16, path: &str) -> (Recorded, Arc<Script>, Log) {
    let (folder, approver, log) = (Folder::new(), Script::approve(), Log::default());
    folder.write("ca.pem", authority.pem());
    let base = format!("https://127.0.0.1:{port}");
    let run = log.hear(|| {
        Scene::guest(&folder, "fetch-page")
            .policy(policy(&base, "[tls]\nca = \"ca.pem\"\n"))
            .secret("API_TOKEN", SECRET)
            .arguments([format!("{base}{path}").as_str()])
            .approver(approver.clone())
            .run()
    });
    (run, approver, log)
}

#[test]
fn server_that_says_goodbye_with_the_secret_is_not_quoted() {
    let authority = Authority::new();
    let port = server(&authority, ["127.0.0.1", "127.0.0.1"], "h2", |stream| {
        // The preface, and settings of no words; then the answer to whatever comes: GOAWAY with data of its own.
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).unwrap();
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
        let mut head = [0; 9];
        // Frames until the one with headers.
        while head[3] != 1 {
            stream.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            stream.read_exact(&mut payload).unwrap();
        }
        let text = format!("you said {SECRET}");
        let length = u8::try_from(text.len() + 8).unwrap();
        let mut frame = vec![0, 0, length, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11];
        frame.extend_from_slice(text.as_bytes());
        stream.write_all(&frame).unwrap();
        stream.flush().unwrap();
        // Until the client has gone.
        drop(stream.read_to_end(&mut Vec::new()));
    });
    let (run, approver, log) = fetch(&authority, port, "/");
    assert_eq!(run.events_of("outcome").len(), 1);
    assert_eq!(run.events_of("outcome")[0]["result"], "failed");
    left_nothing(SECRET, &run, &approver, &log);
}

#[test]
fn certificate_that_names_the_secret_is_not_quoted() {
    let authority = Authority::new();
    let other = format!("{SECRET}.test");
    let port = server(&authority, ["127.0.0.1", &other], "http/1.1", |stream| {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_exact(&mut byte).is_err() {
                return;
            }
            head.push(byte[0]);
        }
        let answer = "HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
        stream.flush().unwrap();
    });
    let (run, approver, log) = fetch(&authority, port, "/");
    let outcomes = run.events_of("outcome");
    assert_eq!((outcomes.len(), &outcomes[1]["result"]), (2, &"denied".into()), "{outcomes:?}");
    assert!(outcomes[1]["detail"].as_str().unwrap().contains("certificate"), "{outcomes:?}");
    left_nothing(SECRET, &run, &approver, &log);
}
