//! Journals made by hand, for tests.

use std::io::Cursor;

use wasm_agent_ids::{CallId, EffectId};
use wasm_agent_journal::testing::Memory;
use wasm_agent_journal::{
    Answer, ApprovalAsked, ApprovalRecord, ApprovalSettled, CallEvent, DecisionRecord, EffectResult, Encoded, End,
    Header, Intent, Note, Options, OutcomeEvent, Reader, Record, Remember, RunResult, Verdict, Writer,
};
use wasm_agent_policy::{Action, GuestPath};

/// A journal that is being written. Time goes on by what each step is said to take.
pub(crate) struct HandMade {
    memory: Memory,
    writer: Writer,
    /// Time since the start, in nanoseconds.
    pub(crate) now_ns: u64,
    pub(crate) calls: u64,
    effects: u64,
}

pub(crate) fn header() -> Header {
    Header::sample()
}

/// An item that `write` makes.
pub(crate) fn item(write: impl FnOnce(&mut Encoded)) -> Encoded {
    let mut encoded = Encoded::new();
    write(&mut encoded);
    assert!(encoded.is_whole());
    encoded
}

/// `[0, null]`: it worked.
pub(crate) fn fine() -> Encoded {
    item(|out| {
        out.array(2).u64(0).null();
    })
}

pub(crate) fn modify(path: &str) -> Action {
    Action::FileModify { path: GuestPath::parse(path).unwrap(), truncate: true }
}

impl HandMade {
    pub(crate) fn new() -> Self {
        Self::of(&header())
    }

    pub(crate) fn of(header: &Header) -> Self {
        let memory = Memory::default();
        let options = Options { seal_interval: None, ..Options::default() };
        let writer = Writer::create(memory.clone(), header, options).unwrap();
        Self { memory, writer, now_ns: 0, calls: 0, effects: 0 }
    }

    /// A call that took so long, in nanoseconds.
    pub(crate) fn call(&mut self, name: &'static str, took_ns: u64, arguments: &Encoded, outcome: &Encoded) {
        self.decided(name, took_ns, arguments, outcome, None);
    }

    /// A call that the policy denied.
    pub(crate) fn denied(&mut self, name: &'static str, arguments: &Encoded) {
        let outcome = item(|out| {
            out.array(2).u64(1).str("not-permitted");
        });
        let decision =
            DecisionRecord { verdict: Verdict::Deny, grant: None, reason: Some("no-grant".into()), action: None };
        self.decided(name, 1000, arguments, &outcome, Some(&decision));
    }

    fn decided(
        &mut self,
        name: &'static str,
        took_ns: u64,
        arguments: &Encoded,
        outcome: &Encoded,
        decision: Option<&DecisionRecord>,
    ) {
        let parameters: &[&str] = if name.contains("[method]") { &["self_", "value"] } else { &["value"] };
        let function = self.writer.intern(name, parameters).unwrap();
        let event = CallEvent {
            function,
            at_ns: self.now_ns,
            duration_ns: took_ns,
            fuel: self.calls * 100,
            arguments,
            outcome,
            decision,
        };
        self.writer.call(&event).unwrap();
        self.now_ns += took_ns + 500;
        self.calls += 1;
    }

    pub(crate) fn note(&mut self, name: &str, text: &str) {
        self.writer.note(&Note { at_ns: self.now_ns, name: name.to_owned(), text: text.to_owned() }).unwrap();
    }

    /// Begins an effect of the next call, and gives its number.
    pub(crate) fn intent(&mut self, action: &Action, approval: Option<ApprovalRecord>) -> u64 {
        let effect = self.effects;
        self.effects += 1;
        let decision = DecisionRecord {
            verdict: if approval.is_some() { Verdict::Ask } else { Verdict::Allow },
            grant: Some("filesystem grant `/notes` (line 6)".into()),
            reason: None,
            action: None,
        };
        let intent = Intent {
            effect: EffectId(effect),
            call: CallId(self.calls),
            at_ns: self.now_ns,
            action: action.canonical_bytes(),
            action_digest: *action.digest().as_bytes(),
            decision,
            approval,
            irreversible: true,
            before: None,
        };
        self.writer.intent(&intent).unwrap();
        effect
    }

    /// Lets the next effect have this number, which another one has already.
    pub(crate) fn reuse(&mut self, effect: u64) {
        self.effects = effect;
    }

    pub(crate) fn outcome(&mut self, effect: u64, result: EffectResult, extra: Option<&Encoded>) {
        let detail = (result != EffectResult::Done).then_some("it went wrong");
        self.writer
            .outcome(&OutcomeEvent { effect: EffectId(effect), at_ns: self.now_ns, result, detail, extra })
            .unwrap();
    }

    /// Asks about the action of the next call, and gives the answer after so long, in nanoseconds.
    pub(crate) fn ask(&mut self, action: &Action, answer: Answer, waited_ns: u64) -> ApprovalRecord {
        let asked = ApprovalAsked {
            effect: EffectId(self.effects),
            call: CallId(self.calls),
            at_ns: self.now_ns,
            action: action.canonical_bytes(),
            action_digest: *action.digest().as_bytes(),
            approver: "terminal".to_owned(),
            timeout_ns: 600_000_000_000,
        };
        self.writer.approval_asked(&asked).unwrap();
        self.now_ns += waited_ns;
        let approval = ApprovalRecord {
            answer,
            approver: "mara".to_owned(),
            reason: Some("looks right".to_owned()),
            waited_ns,
            remember: Remember::Once,
        };
        let settled =
            ApprovalSettled { effect: EffectId(self.effects), at_ns: self.now_ns, approval: approval.clone() };
        self.writer.approval_settled(&settled).unwrap();
        if answer != Answer::Approved {
            self.effects += 1;
        }
        approval
    }

    /// Ends the run, and gives the journal.
    pub(crate) fn finish(self) -> Vec<u8> {
        let end = End {
            result: RunResult::Exited { code: 0 },
            at_ns: self.now_ns,
            fuel: 1000,
            calls: self.calls,
            waited_ns: 0,
            memory_high_bytes: 65_536,
        };
        let Self { memory, writer, .. } = self;
        writer.finish(&end).unwrap();
        memory.bytes()
    }
}

/// All records of a journal.
pub(crate) fn records(journal: &[u8]) -> Vec<Record> {
    let mut reader = Reader::open(Cursor::new(journal)).unwrap();
    let mut records = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        records.push(record);
    }
    records
}
