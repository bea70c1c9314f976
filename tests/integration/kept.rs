//! Connections that a server drops while they are kept for the next request.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wasm_agent_tests::{Folder, Probe, Recorded, Scene, Script, Sent};

/// A server that answers the first request of each connection, and drops the connection at the second.
struct Forgetful {
    address: SocketAddr,
    /// The connection and the method of each request.
    asked: Arc<Mutex<Vec<(usize, String)>>>,
}

impl Forgetful {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let seen = Arc::clone(&asked);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || serve(&stream.unwrap(), number, &seen));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<(usize, String)> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: &TcpStream, number: usize, seen: &Mutex<Vec<(usize, String)>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    for place in 0..2 {
        let Some(request) = lines.next() else { return };
        while lines.next().is_some_and(|line| !line.is_empty()) {}
        let method = request.split(' ').next().unwrap_or_default().to_owned();
        seen.lock().unwrap().push((number, method));
        if place == 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    }
}

fn run(server: &Forgetful, methods: &[&str], approver: Arc<Script>) -> Recorded {
    let authority = server.address.to_string();
    let mut probe = Probe::new();
    for method in methods {
        probe.request(Sent { method, authority: &authority, path: "/", headers: &[] });
    }
    let policy = format!(
        "[[http]]\nurl = \"http://{authority}/**\"\nmethods = [\"GET\", \"POST\"]\nnetworks = [\"127.0.0.0/8\"]\n"
    );
    let run = Scene::tool(&Folder::new(), probe.tool()).policy(policy).approver(approver).run();
    run.exited(0);
    run
}

fn outcomes(run: &Recorded) -> Vec<Value> {
    run.events_of("outcome")
}

#[test]
fn a_get_on_a_connection_that_the_server_dropped_is_sent_again_under_the_same_intent() {
    let server = Forgetful::start();
    let run = run(&server, &["GET", "GET"], Script::approve());
    let methods = |number| (number, "GET".to_owned());
    assert_eq!(server.asked(), [methods(0), methods(0), methods(1)]);
    assert_eq!(run.events_of("intent").len(), 2);
    let outcomes = outcomes(&run);
    assert_eq!(outcomes.iter().map(|outcome| &outcome["result"]).collect::<Vec<_>>(), ["done", "done"]);
    assert_eq!(outcomes[0]["extra"].get("attempts"), None);
    assert_eq!(
        outcomes[1]["extra"],
        json!({
            "peer": server.address.to_string(),
            "reused": false,
            "status": 200,
            "protocol": "HTTP/1.1",
            "attempts": 2,
            "repeated": ["a kept connection ended without an answer"],
            "tried": [server.address.to_string()],
        })
    );
}

#[test]
fn an_approved_post_is_not_lost_on_a_connection_that_was_idle() {
    let server = Forgetful::start();
    let approver = Script::approve();
    let run = run(&server, &["GET", "POST", "POST"], approver.clone());
    let asked = [(0, "GET"), (1, "POST"), (2, "POST")].map(|(number, method)| (number, method.to_owned()));
    assert_eq!(server.asked(), asked);
    assert_eq!(approver.asked().len(), 2);
    assert!(outcomes(&run).iter().all(|outcome| outcome["result"] == "done"), "{:?}", outcomes(&run));
}
