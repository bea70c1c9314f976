//! Requests that are under way when something else happens: others, the end of the tool, a limit, no answer.

use std::net::TcpListener;
use std::sync::Arc;

use wasm_agent_host::Outcome;
use wasm_agent_tests::approver::Reply;
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Script, Sent, Server};

fn grant(authority: &str) -> String {
    format!("[[http]]\nurl = \"http://{authority}/**\"\nmethods = [\"GET\", \"POST\"]\nnetworks = [\"127.0.0.0/8\"]\n")
}

fn get<'a>(authority: &'a str, path: &'a str) -> Sent<'a> {
    Sent { method: "GET", authority, path, headers: &[] }
}

/// A server that takes connections and never says anything.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    (listener, authority)
}

fn run(probe: &Probe, policy: &str) -> Recorded {
    Scene::tool(&Folder::new(), probe.tool()).policy(policy).run()
}

#[test]
fn several_requests_at_once_each_get_their_answer() {
    let server = Server::http(|asked| wasm_agent_tests::server::answer(200, asked.target.clone()));
    let authority = server.address().to_string();
    let mut probe = Probe::new();
    let pending: Vec<_> = ["/a", "/b", "/c"].iter().map(|path| probe.send(get(&authority, path))).collect();
    for pending in pending.into_iter().rev() {
        probe.wait(pending);
    }
    let run = run(&probe, &grant(&authority));
    run.exited(0);
    assert_eq!(results(&run).iter().filter(|result| *result == "entries ok").count(), 3);
    assert_eq!(run.effects().len(), 3);
    let mut targets: Vec<String> = server.asked().into_iter().map(|asked| asked.target).collect();
    targets.sort();
    assert_eq!(targets, ["/a", "/b", "/c"]);
}

#[test]
fn more_requests_at_once_than_the_limit_wait_for_a_place() {
    let server = Server::http(|_| wasm_agent_tests::server::answer(200, ""));
    let authority = server.address().to_string();
    let mut probe = Probe::new();
    let pending: Vec<_> = (0..20).map(|_| probe.send(get(&authority, "/"))).collect();
    for pending in pending.into_iter().rev() {
        probe.wait(pending);
    }
    let run = run(&probe, &format!("{}[limits]\nhttp-requests = 2\n", grant(&authority)));
    run.exited(0);
    assert_eq!(results(&run).iter().filter(|result| *result == "entries ok").count(), 20);
    assert_eq!(server.asked().len(), 20);
    assert!(server.connections() <= 2, "{}", server.connections());
    let text = "2 requests were in flight, and another one waited";
    assert_eq!(run.limit_notes(), [format!("http-requests: {text}")]);
    let reached: Vec<_> = run.report.limits_reached.iter().map(|limit| (limit.name, limit.text.as_str())).collect();
    assert_eq!(reached, [("http-requests", text)]);
}

#[test]
fn a_request_that_gets_no_place_in_time_is_not_begun() {
    let (_listener, authority) = silent();
    let mut probe = Probe::new();
    let pending: Vec<_> = (0..4).map(|_| probe.send(get(&authority, "/"))).collect();
    probe.wait(pending[3]);
    let run = run(&probe, &format!("{}[limits]\nhttp-requests = 2\ntime = \"1s\"\n", grant(&authority)));
    run.limited_by("time");
    assert_eq!(run.events_of("intent").len(), 2);
    assert_eq!(run.limit_notes().len(), 1);
}

#[test]
fn a_denied_request_does_not_wait() {
    let (_listener, authority) = silent();
    let mut probe = Probe::new();
    probe.send(get(&authority, "/"));
    probe.send(get("127.0.0.1:1", "/"));
    let run = run(&probe, &format!("{}[limits]\nhttp-requests = 1\n", grant(&authority)));
    run.exited(0);
    assert_eq!(run.denials(), ["no-grant"]);
    assert!(run.report.limits_reached.is_empty());
}

#[test]
fn a_run_makes_no_more_requests_than_it_may_in_all() {
    let server = Server::http(|_| wasm_agent_tests::server::answer(200, ""));
    let authority = server.address().to_string();
    let mut probe = Probe::new();
    // A denied one does not count.
    probe.request(get("127.0.0.1:1", "/"));
    for _ in 0..4 {
        probe.request(get(&authority, "/"));
    }
    let run = run(&probe, &format!("{}[limits]\nhttp-requests-total = 2\n", grant(&authority)));
    run.exited(0);
    let handled: Vec<String> = results(&run).into_iter().filter(|result| result.starts_with("handle")).collect();
    assert_eq!(handled[1..3], ["handle ok", "handle ok"]);
    assert!(
        handled[3].contains("connection-limit-reached") && handled[4].contains("connection-limit-reached"),
        "{handled:?}"
    );
    assert_eq!(server.asked().len(), 2);
    assert_eq!(run.limit_notes(), ["http-requests-total: the run made 2 requests, and another one failed"]);
}

#[test]
fn request_that_the_tool_does_not_wait_for_is_accounted_for() {
    let (_listener, authority) = silent();
    let mut probe = Probe::new();
    probe.send(get(&authority, "/"));
    let run = run(&probe, &grant(&authority));
    run.exited(0);
    // Whether it was begun is up to chance; what was announced has an end, which is asserted of every run.
    assert_eq!(run.events_of("intent").len(), run.events_of("outcome").len());
}

#[test]
fn time_limit_ends_a_request_that_nobody_answers() {
    let (_listener, authority) = silent();
    let mut probe = Probe::new();
    probe.request(get(&authority, "/"));
    let run = run(&probe, &format!("{}[limits]\ntime = \"300ms\"\n", grant(&authority)));
    match run.outcome() {
        Outcome::Limit { which } => assert_eq!(which, "time"),
        // The request's own deadline is the same, and may be first.
        Outcome::Exited(0) => {
            assert!(results(&run).iter().any(|result| result.starts_with("get ")), "{:?}", results(&run))
        }
        other => panic!("{other:?}"),
    }
    let outcome = &run.events_of("outcome")[0];
    assert_eq!(outcome["result"], "failed", "{outcome}");
}

#[test]
fn request_that_nobody_approves_in_time_is_refused() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let mut probe = Probe::new();
    probe.request(Sent { method: "POST", authority: &authority, path: "/", headers: &[] });
    let policy = format!("{}[approval]\ntimeout = \"100ms\"\n[limits]\ntime = \"10s\"\n", grant(&authority));
    let folder = Folder::new();
    let approver = Script::new([Reply::Silence]);
    let run = Scene::tool(&folder, probe.tool()).policy(policy).approver(approver).run();
    run.exited(0);
    assert_eq!(run.events_of("approval-settled")[0]["approval"]["answer"], "timed-out");
    assert_eq!(server.connections(), 0);
    assert!(run.report.waited.as_millis() >= 90, "{:?}", run.report.waited);
}

/// Opens a file for writing so many times, which is asked about each time.
fn asks(times: u32, timeout: &str, approver: Arc<Script>) -> Recorded {
    let folder = Folder::with([("work/a.txt", "a")]);
    let mut probe = Probe::new();
    let dir = probe.preopen();
    for _ in 0..times {
        probe.open(dir, "a.txt", OpenMode::WRITE);
    }
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n";
    let policy = format!("{policy}[approval]\ntimeout = \"{timeout}\"\n");
    Scene::tool(&folder, probe.tool()).policy(policy).approver(approver).run()
}

#[test]
fn nobody_is_asked_any_more_once_three_requests_were_not_answered() {
    let approver = Script::new([Reply::Silence]);
    let run = asks(6, "50ms", approver.clone());
    run.exited(0);
    assert_eq!(approver.asked().len(), 3);
    assert!(run.effects().is_empty());
    let settled = run.events_of("approval-settled");
    assert!(settled.iter().all(|event| event["approval"]["answer"] == "timed-out"), "{settled:?}");
    let given: Vec<bool> = run.events_of("approval-asked").iter().map(|event| event["timeout_ns"] != 0).collect();
    assert_eq!(given, [true, true, true, false, false, false]);
    let notes = run.events_of("note");
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0]["text"], "3 requests in a row were not answered: nobody is asked any more");
}

#[test]
fn who_answers_now_and_then_is_asked_every_time() {
    let replies = [Reply::Silence, Reply::Silence, Reply::Refuse, Reply::Silence, Reply::Silence, Reply::Approve];
    let approver = Script::new(replies);
    let run = asks(7, "50ms", approver.clone());
    run.exited(0);
    assert_eq!(approver.asked().len(), 7);
    assert_eq!(run.effects().len(), 2);
}

#[test]
fn approver_that_breaks_is_asked_every_time() {
    let approver = Script::new([Reply::Break]);
    let run = asks(5, "10m", approver.clone());
    run.exited(0);
    assert_eq!(approver.asked().len(), 5);
    assert_eq!(run.events_of("note").len(), 0);
}

#[test]
fn stop_while_a_request_is_held_ends_the_run() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let mut probe = Probe::new();
    probe.request(Sent { method: "POST", authority: &authority, path: "/x", headers: &[] });
    probe.request(get(&authority, "/never"));
    let folder = Folder::new();
    let approver = Script::new([Reply::Stop]);
    let run = Scene::tool(&folder, probe.tool()).policy(grant(&authority)).approver(approver).run();
    assert_eq!(*run.outcome(), Outcome::Stopped { action: format!("http.request POST http://{authority}/x") });
    assert_eq!(server.connections(), 0);
}

#[test]
fn tool_that_computes_while_it_is_stopped_ends_where_its_replay_does() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    for turns in [10, 300_000, 400_000, 700_000] {
        let mut probe = Probe::new();
        probe.send(Sent { method: "POST", authority: &authority, path: "/x", headers: &[] });
        probe.compute(turns);
        let folder = Folder::new();
        let approver = Script::new([Reply::Stop]);
        let run = Scene::tool(&folder, probe.tool()).policy(grant(&authority)).approver(approver).run();
        match run.outcome() {
            // It ended before its request was looked at.
            Outcome::Exited(0) => assert_eq!(turns, 10),
            Outcome::Stopped { .. } => assert!(run.report.fuel < 2_001_000, "{turns}: {}", run.report.fuel),
            other => panic!("{turns}: {other:?}"),
        }
    }
}

#[test]
fn answers_of_held_requests_come_one_by_one() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let mut probe = Probe::new();
    let post = |path: &'static str| Sent { method: "POST", authority: &authority, path, headers: &[] };
    let pending: Vec<_> = ["/a", "/b", "/c"].map(|path| probe.send(post(path))).into();
    for pending in pending {
        probe.wait(pending);
    }
    let folder = Folder::new();
    let approver = Script::new([Reply::Approve, Reply::Refuse, Reply::Approve]);
    let run = Scene::tool(&folder, probe.tool()).policy(grant(&authority)).approver(approver.clone()).run();
    run.exited(0);
    assert_eq!(approver.asked().len(), 3);
    assert_eq!((run.effects().len(), server.asked().len()), (2, 2));
}

#[test]
fn trailers_are_refused_and_the_request_with_them_whether_or_not_it_is_held() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let sent = Sent { method: "POST", authority: &authority, path: "/", headers: &[] };
    let run = |trailers: &[(&str, &str)], ask: bool| {
        let mut probe = Probe::new();
        let pending = probe.send_with_trailers(sent, trailers);
        probe.wait(pending);
        let policy = format!("{}ask = {ask}\n", grant(&authority));
        Scene::tool(&Folder::new(), probe.tool()).policy(policy).approver(Script::approve()).run()
    };
    for ask in [true, false] {
        let refused = results(&run(&[("x-sum", "42")], ask));
        assert!(refused.iter().any(|result| result.starts_with("finish") && result.contains("trailer")), "{refused:?}");
        assert!(!refused.contains(&"entries ok".to_owned()), "{refused:?}");
        assert!(results(&run(&[], ask)).contains(&"entries ok".to_owned()));
    }
    assert_eq!(server.asked().len(), 2);
}
