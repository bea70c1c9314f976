//! What must hold of the decisions of every run: its own policy repeats them, and the policy that is suggested for it
//! allows what was permitted.

use wasm_agent_audit::judge::{Judge, Judged};
use wasm_agent_audit::suggest::{Paths, Suggest};
use wasm_agent_host::journal::{Event, Header, Record, Verdict};
use wasm_agent_host::policy::Policy;

/// Asserts it for the records of a run.
pub fn assert_hold(records: &[Record]) {
    let Some(Event::Header(header)) = records.first().map(|record| &record.event) else { panic!("no header") };
    let own = judge(header, records, &Policy::parse(&header.policy_text).unwrap());
    assert!(!own.has_changes(), "the run's own policy decides otherwise: {own:#?}");
    assert_eq!(own.unknown, records.iter().filter(|record| was_never_sent(record)).count() as u64, "{own:#?}");
    for paths in [Paths::Exact, Paths::Dir, Paths::Glob] {
        let mut suggest = Suggest::new(paths, true);
        suggest.begin("run.journal", header).unwrap();
        for record in records {
            suggest.record(record).unwrap();
        }
        suggest.end().unwrap();
        let text = suggest.finish().unwrap().text;
        let policy = Policy::parse(&text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        let judged = judge(header, records, &policy);
        assert_eq!(judged.counts.lost, 0, "{paths:?}\n{text}\n{judged:#?}");
    }
}

/// Whether a request was passed to the host and given back with an error because there was no room for it. None of its
/// records has the request.
fn was_never_sent(record: &Record) -> bool {
    let Event::Call(call) = &record.event else { return false };
    let is_error = call.outcome.starts_with(&[0x82, 0x01]);
    let permitted = call.decision.as_ref().is_some_and(|decision| decision.verdict != Verdict::Deny);
    call.function.name == "wasi:http/outgoing-handler#handle" && is_error && permitted
}

fn judge(header: &Header, records: &[Record], policy: &Policy) -> Judged {
    let mut judge = Judge::new(policy, header);
    for record in records {
        judge.record(record);
    }
    judge.finish()
}
