//! `journal export`: formats for other programs.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use wasm_agent_tests::Server;
use wasm_agent_tests::server::answer;
use wasm_agent_tests::tls::Authority;

use crate::desk::{Desk, Ran, YES, program};
use crate::sample_journal;

/// A desk with the journal of a run that read, asked, changed a file and said why.
fn desk() -> Desk {
    let desk = Desk::with_notes();
    desk.script("yes.sh", YES);
    desk.quietly("run -p policy.toml -j a.journal --approve exec:./yes.sh edit-files.wasm -- /notes colour color");
    desk
}

#[test]
fn lines_are_those_that_show_prints() {
    let mut desk = desk();
    let shown = desk.quietly("journal show --format json a.journal").out();
    assert!(shown.lines().count() > 10);
    for export in ["export a.journal", "export --format jsonl a.journal", "--format json export a.journal"] {
        let ran = desk.quietly(&format!("journal {export}"));
        assert_eq!((ran.status, ran.err(), ran.out()), (0, String::new(), shown.clone()), "{export}");
    }
    let ran = desk.run("journal export a.journal --output a.jsonl");
    assert_eq!((ran.status, ran.out(), ran.err()), (0, String::new(), String::new()));
    assert_eq!(String::from_utf8(desk.read("a.jsonl")).unwrap(), shown);
}

#[test]
fn a_journal_that_was_cut_says_so_in_its_last_line() {
    let mut desk = desk();
    let journal = desk.read("a.journal");
    desk.write("cut.journal", &journal[..journal.len() - 200]);
    let ran = desk.run("journal export cut.journal");
    assert_eq!((ran.status, ran.out()), (0, desk.quietly("journal show --format json cut.journal").out()));
    assert_eq!(ran.out_objects().last().unwrap()["event"], "incomplete");
}

#[test]
fn an_export_overwrites_nothing_and_is_no_report() {
    let mut desk = desk();
    let journal = desk.read("a.journal");
    desk.run("journal export a.journal --output a.journal").fails_in_one_line(&[2]);
    desk.run("--format text journal export a.journal").fails_in_one_line(&[2]);
    desk.run("journal export --format json a.journal");
    desk.run("journal export a.journal --output missing/a.jsonl").fails_in_one_line(&[2]);
    let mut changed = journal.clone();
    changed[journal.len() / 2] ^= 1;
    desk.write("changed.journal", changed);
    let ran = desk.quietly("journal export changed.journal --output changed.jsonl");
    ran.fails_in_one_line(&[6]);
    assert!(!desk.read("changed.jsonl").is_empty(), "what came before is worth having");
    assert_eq!(desk.read("a.journal"), journal);
    desk.matches("export");
}

/// A desk with a journal that is the same everywhere.
pub(crate) fn made() -> Desk {
    let desk = Desk::new();
    desk.write("a.journal", sample_journal::journal(|_| {}));
    desk
}

/// What a collector says to a request that it takes.
pub(crate) const TAKEN: &str = r#"{"partialSuccess":{}}"#;

/// Runs a command that names a server, which has another port each time.
fn run_with(desk: &mut Desk, server: &str, shown: &str, arguments: &str) -> Ran {
    let ran = desk.quietly(&arguments.replace("URL", &format!("http://{server}/v1/traces")));
    desk.note(&arguments.replace("URL", &format!("http://{shown}/v1/traces")), &ran);
    ran
}

pub(crate) fn spans(body: &[u8]) -> Vec<Value> {
    let request: Value = serde_json::from_slice(body).unwrap();
    request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone()
}

#[test]
fn writes_spans_and_trace_events() {
    let mut desk = made();
    let printed = desk.run("journal export --format otlp a.journal");
    desk.run("journal export --format chrome-trace a.journal");
    desk.matches("export-traces");
    desk.quietly("journal export --format otlp a.journal --output a.otlp.jsonl");
    assert_eq!(desk.read("a.otlp.jsonl"), printed.stdout);
    let names: Vec<String> =
        spans(&printed.stdout).iter().map(|span| span["name"].as_str().unwrap().to_owned()).collect();
    for name in ["run edit-files", "intent", "approval", "file.modify", "POST", "wasi:http/outgoing-handler#handle"] {
        assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
    }
}

#[test]
fn delivers_spans_to_a_collector() {
    let collector = Server::http(|_| answer(200, TAKEN));
    let mut desk = made();
    let server = collector.address().to_string();
    desk.hide(server.clone(), "127.0.0.1:PORT");
    let mut run = |arguments: &str| run_with(&mut desk, &server, "127.0.0.1:PORT", arguments);
    let ran = run("journal export --format otlp --to URL a.journal");
    assert_eq!((ran.status, ran.err()), (0, String::new()));
    run("journal export a.journal --to URL").fails_in_one_line(&[2]);
    run("journal export a.journal --format otlp --to URL --output b");
    desk.run("journal export a.journal --format otlp --to example").fails_in_one_line(&[2]);
    desk.matches("export-collector");
    let [asked] = &collector.asked()[..] else { panic!("{:?}", collector.asked()) };
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/v1/traces"));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    let printed = desk.quietly("journal export --format otlp a.journal");
    assert_eq!(spans(&asked.body), spans(&printed.stdout));
}

#[test]
fn delivers_spans_over_tls_to_a_collector_that_the_platform_trusts() {
    let authority = Authority::new();
    let collector = Server::https(authority.acceptor("127.0.0.1", &["http/1.1"]), |_| answer(200, TAKEN));
    let mut desk = made();
    desk.write("platform.pem", authority.pem());
    desk.write("other.pem", Authority::new().pem());
    let server = collector.address().to_string();
    desk.hide(server.clone(), "127.0.0.1:PORT");
    let mut export = |trusted: &str| {
        let arguments =
            |server: &str| format!("journal export --format otlp --to https://{server}/v1/traces a.journal");
        let mut command = desk.command(program());
        command.args(arguments(&server).split(' ')).env("SSL_CERT_FILE", trusted);
        let ran = Ran::from(command.output().unwrap());
        desk.note(&arguments("127.0.0.1:PORT"), &ran);
        ran
    };
    export("other.pem").fails_in_one_line(&[5]);
    assert!(collector.asked().is_empty(), "a stranger is told nothing");
    let ran = export("platform.pem");
    assert_eq!((ran.status, ran.err()), (0, String::new()));
    desk.matches("export-collector-tls");
    let [asked] = &collector.asked()[..] else { panic!("{:?}", collector.asked()) };
    let printed = desk.quietly("journal export --format otlp a.journal");
    assert_eq!(spans(&asked.body), spans(&printed.stdout));
}

#[test]
fn says_what_a_collector_did_not_take() {
    let mut desk = made();
    let partial =
        Server::http(|_| answer(200, r#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too \u001b[2J old"}}"#));
    let broken = Server::http(|_| answer(500, "it is not your fault\n"));
    let mut gone = Server::text("");
    let servers = [(&partial, "127.0.0.1:PARTIAL"), (&broken, "127.0.0.1:BROKEN"), (&gone, "127.0.0.1:GONE")]
        .map(|(server, shown)| (server.address().to_string(), shown));
    gone.stop();
    for (server, shown) in servers {
        desk.hide(server.clone(), shown);
        let export = "journal export --format otlp --to URL --timeout 1m a.journal";
        run_with(&mut desk, &server, shown, export).fails_in_one_line(&[5]);
    }
    desk.matches("export-refused");
}

#[test]
fn a_long_run_goes_out_in_batches_until_one_is_refused() {
    let answers = AtomicUsize::new(0);
    let collector = Server::http(move |_| {
        let taken = answers.fetch_add(1, Ordering::SeqCst) < 2;
        answer(if taken { 200 } else { 400 }, if taken { TAKEN } else { "no" })
    });
    let desk = made();
    desk.write("long.journal", sample_journal::journal(|made| made.reads = 2000));
    let ran = desk.quietly(&format!("journal export --format otlp --to {} long.journal", collector.url("/")));
    ran.fails_in_one_line(&[5]);
    assert!(ran.err().contains("it answered with status 400: `no`; 1024 spans delivered"), "{}", ran.err());
    assert_eq!(collector.asked().len(), 3);
    assert_eq!(collector.connections(), 1);
}

#[test]
fn a_journal_that_was_changed_is_exported_up_to_there() {
    let desk = made();
    let mut journal = desk.read("a.journal");
    let middle = journal.len() / 2;
    journal[middle] ^= 1;
    desk.write("changed.journal", journal);
    for format in ["otlp", "chrome-trace"] {
        let ran = desk.quietly(&format!("journal export --format {format} changed.journal"));
        ran.fails_in_one_line(&[6]);
        let value: Value = serde_json::from_slice(&ran.stdout).unwrap();
        assert!(value.is_object());
    }
}
