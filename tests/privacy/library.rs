//! The library, with a subscriber to everything that it and what it is built on have to say.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use wasm_agent_tests::tls::Authority;
use wasm_agent_tests::{Folder, Recorded, Scene, Script, Server};

use crate::echo::Echo;
use crate::forms::{absent, spellings};
use crate::product::{SECRETS, answer};

/// What was said.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Runs something, and hears all of it.
    pub(crate) fn hear<T>(&self, run: impl FnOnce() -> T) -> T {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, run)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

pub(crate) fn policy(base: &str, more: &str) -> String {
    format!(
        "[[http]]\nurl = \"{base}/**\"\nmethods = [\"GET\"]\nask = true\nsecrets = [\"token\"]\n\
         networks = [\"127.0.0.0/8\"]\n\
         [secrets.token]\nenv = \"API_TOKEN\"\nheader = \"x-token\"\nvalue = \"Bearer {{}}\"\n{more}"
    )
}

/// Asserts that a run left nothing of a secret: in what it recorded, printed, reported, asked and said.
pub(crate) fn left_nothing(secret: &str, run: &Recorded, approver: &Script, log: &Log) {
    absent(secret, &run.journal, "the journal");
    absent(secret, run.stdout.as_bytes(), "standard output");
    absent(secret, run.stderr.as_bytes(), "standard error");
    absent(secret, format!("{:?}", run.report).as_bytes(), "the report");
    absent(secret, serde_json::to_string(&approver.asked()).unwrap().as_bytes(), "the question");
    absent(secret, &log.bytes(), "the diagnostics");
    for event in run.events() {
        absent(secret, event.to_string().as_bytes(), "the journal as JSON");
    }
}

#[test]
fn no_secret_is_in_what_a_library_user_gets() {
    for secret in SECRETS {
        let server = Echo::new(answer);
        for case in ["body", "headers", "chunks", "garbage", "cut-off"] {
            let (folder, approver, log) = (Folder::new(), Script::approve(), Log::default());
            let run = log.hear(|| {
                Scene::guest(&folder, "fetch-page")
                    .policy(policy(&server.url(""), ""))
                    .secret("API_TOKEN", secret)
                    .arguments([server.url(&format!("/{case}")).as_str()])
                    .approver(approver.clone())
                    .run()
            });
            assert!(!log.bytes().is_empty(), "somebody listens");
            left_nothing(secret, &run, &approver, &log);
        }
    }
}

#[test]
fn no_secret_comes_back_by_http_2() {
    let authority = Authority::new();
    for secret in SECRETS {
        let all: Vec<String> = spellings(secret).into_iter().map(|(_, text)| text).collect();
        let server = Server::https(authority.acceptor("127.0.0.1", &["h2"]), move |asked| {
            assert!(asked.http2);
            assert_eq!(asked.header("x-token"), Some(format!("Bearer {secret}").as_str()));
            let body = http_body_util::Full::new(all.join("\n").into());
            http::Response::builder().header("x-echo", secret).body(body).unwrap()
        });
        let (folder, approver, log) = (Folder::new(), Script::approve(), Log::default());
        folder.write("ca.pem", authority.pem());
        let run = log.hear(|| {
            Scene::guest(&folder, "fetch-page")
                .policy(policy(&server.url(""), "[tls]\nca = \"ca.pem\"\n"))
                .secret("API_TOKEN", secret)
                .arguments([server.url("/").as_str()])
                .approver(approver.clone())
                .run()
        });
        run.exited(0);
        assert!(run.stdout.contains("***"), "{}", run.stdout);
        left_nothing(secret, &run, &approver, &log);
    }
}
