//! A journal made by hand, with the same bytes on every machine.

use wasm_agent_host::journal::testing::Memory;
use wasm_agent_host::journal::{
    Answer, ApprovalAsked, ApprovalRecord, ApprovalSettled, CallEvent, CallId, DecisionRecord, EffectId, EffectResult,
    Encoded, End, Header, Intent, Keep, Note, Options, OutcomeEvent, Remember, RunId, RunResult, Verdict, Writer,
};
use wasm_agent_host::policy::{Action, GuestPath, HttpAction, Method, Url};

const OPEN: &str = "wasi:filesystem/types#[method]descriptor.open-at";
const OPEN_PARAMETERS: [&str; 5] = ["fd", "path_flags", "path", "open_flags", "flags"];
const READ_FROM: &str = "wasi:filesystem/types#[method]descriptor.read-via-stream";
const WRITE_FROM: &str = "wasi:filesystem/types#[method]descriptor.write-via-stream";
const READ: &str = "wasi:io/streams#[method]input-stream.read";
const WRITE: &str = "wasi:io/streams#[method]output-stream.blocking-write-and-flush";
const HANDLE: &str = "wasi:http/outgoing-handler#handle";
const DECLARE: &str = "wasm-agent:host/intent#declare";

/// What can differ between sample journals.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) header: Header,
    /// How often the tool reads the note.
    pub(crate) reads: u32,
    /// The contents of the note.
    pub(crate) note: Vec<u8>,
    /// The number of the first handle.
    pub(crate) handle: u64,
    /// How long every call takes, in nanoseconds.
    pub(crate) took_ns: u64,
    pub(crate) answer: Answer,
    pub(crate) status: u64,
    pub(crate) exit: u32,
}

/// A journal of a run that reads a note, asks before changing it, is denied another note, and sends a request.
pub(crate) fn journal(change: impl FnOnce(&mut Sample)) -> Vec<u8> {
    let mut made = Sample {
        header: header(),
        reads: 2,
        note: b"The colour of the sky.\n".to_vec(),
        handle: 3,
        took_ns: 12_000,
        answer: Answer::Approved,
        status: 201,
        exit: 0,
    };
    change(&mut made);
    write(&made)
}

pub(crate) fn header() -> Header {
    Header {
        run_id: RunId::from_bytes(*b"0123456789abcdef"),
        arguments: vec!["edit-files.wasm".to_owned(), "/notes".to_owned()],
        ..Header::sample()
    }
}

/// A run that is being written.
struct Run {
    writer: Writer,
    now_ns: u64,
    calls: u64,
    took_ns: u64,
}

fn write(made: &Sample) -> Vec<u8> {
    let memory = Memory::default();
    let options = Options { seal_interval: None, ..Options::default() };
    let writer = Writer::create(memory.clone(), &made.header, options).unwrap();
    let mut run = Run { writer, now_ns: 1_000, calls: 0, took_ns: made.took_ns };
    let file = made.handle;

    run.note("intent", "change the colour\u{1b}[2J");
    run.call(DECLARE, &["why"], &item(|out| out.array(1).str("change the colour")), &value(|out| out.null()));
    let directories = value(|out| out.array(1).array(2).u64(2).str("/notes"));
    run.call("wasi:filesystem/preopens#get-directories", &[], &item(|out| out.array(0)), &directories);
    run.call(OPEN, &OPEN_PARAMETERS, &open("today.md"), &number(file));
    run.call(READ_FROM, &["fd", "offset"], &item(|out| out.array(2).u64(file).u64(0)), &number(file + 1));
    for _ in 0..made.reads {
        let contents = value(|out| out.payload(made.note.clone(), Keep::Contents));
        run.call(READ, &["stream", "length"], &item(|out| out.array(2).u64(file + 1).u64(4096)), &contents);
    }
    run.call(WRITE_FROM, &["fd", "offset"], &item(|out| out.array(2).u64(file).u64(0)), &number(file + 2));
    run.modify(made);
    run.denied();
    run.note("intent", "tell about it");
    let fields = made.handle + 6;
    run.call("wasi:http/types#[constructor]fields", &[], &item(|out| out.array(0)), &number(fields));
    let headers = item(|out| out.array(1).u64(fields));
    run.call("wasi:http/types#[constructor]outgoing-request", &["headers"], &headers, &number(made.handle + 7));
    run.send(made);

    let result = RunResult::Exited { code: made.exit };
    let (at_ns, calls) = (run.now_ns, run.calls);
    let end = End { result, at_ns, fuel: 4_000, calls, waited_ns: 2_000_000_000, memory_high_bytes: 1 << 20 };
    run.writer.finish(&end).unwrap();
    memory.bytes()
}

impl Run {
    fn call(&mut self, name: &str, parameters: &[&str], arguments: &Encoded, outcome: &Encoded) {
        self.decided(name, parameters, arguments, outcome, None);
    }

    fn decided(
        &mut self,
        name: &str,
        parameters: &[&str],
        arguments: &Encoded,
        outcome: &Encoded,
        decision: Option<&DecisionRecord>,
    ) {
        let function = self.writer.intern(name, parameters).unwrap();
        let (at_ns, fuel) = (self.now_ns, 10 + self.calls * 100);
        let event = CallEvent { function, at_ns, duration_ns: self.took_ns, fuel, arguments, outcome, decision };
        self.writer.call(&event).unwrap();
        self.now_ns += self.took_ns + 500;
        self.calls += 1;
    }

    fn note(&mut self, name: &str, text: &str) {
        self.writer.note(&Note { at_ns: self.now_ns, name: name.to_owned(), text: text.to_owned() }).unwrap();
    }

    fn intent(&mut self, effect: u64, action: &Action, decision: DecisionRecord, approval: Option<ApprovalRecord>) {
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
    }

    fn outcome(&mut self, effect: u64, result: EffectResult, extra: Option<&Encoded>) {
        self.now_ns += 5_000;
        let event = OutcomeEvent { effect: EffectId(effect), at_ns: self.now_ns, result, detail: None, extra };
        self.writer.outcome(&event).unwrap();
    }

    /// Asks about changing the note, and changes it if that is approved.
    fn modify(&mut self, made: &Sample) {
        let file = made.handle;
        let path = GuestPath::parse("/notes/today.md").unwrap();
        let action = Action::FileModify { path, truncate: true };
        let asked = ApprovalAsked {
            effect: EffectId(0),
            call: CallId(self.calls),
            at_ns: self.now_ns,
            action: action.canonical_bytes(),
            action_digest: *action.digest().as_bytes(),
            approver: "terminal".to_owned(),
            timeout_ns: 600_000_000_000,
        };
        self.writer.approval_asked(&asked).unwrap();
        self.now_ns += 2_000_000_000;
        let approval = ApprovalRecord {
            answer: made.answer,
            approver: "mara".to_owned(),
            reason: None,
            waited_ns: 2_000_000_000,
            remember: Remember::Once,
        };
        let settled = ApprovalSettled { effect: EffectId(0), at_ns: self.now_ns, approval: approval.clone() };
        self.writer.approval_settled(&settled).unwrap();
        let decision = DecisionRecord {
            verdict: Verdict::Ask,
            grant: Some("filesystem grant `/notes` (line 3)".into()),
            reason: None,
            action: None,
        };
        let arguments =
            item(|out| out.array(2).u64(file + 2).payload(b"The color of the sky.\n".to_vec(), Keep::DigestOnly));
        if made.answer == Answer::Approved {
            self.intent(0, &action, decision.clone(), Some(approval));
            self.outcome(0, EffectResult::Done, None);
            self.decided(WRITE, &["stream", "contents"], &arguments, &value(|out| out.null()), Some(&decision));
        } else {
            self.decided(WRITE, &["stream", "contents"], &arguments, &error("not-permitted"), Some(&decision));
        }
    }

    fn denied(&mut self) {
        let action = Some(Action::FileRead { path: GuestPath::parse("/notes/.env").unwrap() }.canonical_bytes());
        let decision = DecisionRecord { verdict: Verdict::Deny, grant: None, reason: Some("no-grant".into()), action };
        self.decided(OPEN, &OPEN_PARAMETERS, &open(".env"), &error("not-permitted"), Some(&decision));
    }

    fn send(&mut self, made: &Sample) {
        let url = Url::parse_str("https://api.example.com:8443/notes?day=today").unwrap();
        let action = Action::HttpRequest(Box::new(HttpAction::new(Method::POST, url)));
        let grant = Some("http grant `https://api.example.com:8443/**` (line 8)".into());
        let decision = DecisionRecord { verdict: Verdict::Allow, grant, reason: None, action: None };
        self.intent(1, &action, decision, None);
        self.call(
            HANDLE,
            &["request", "options"],
            &item(|out| out.array(2).u64(made.handle + 7).null()),
            &number(made.handle + 8),
        );
        let extra = item(|out| {
            out.map(4).str("peer").str("192.0.2.7:8443").str("reused").bool(false);
            out.str("status").u64(made.status).str("protocol").str("HTTP/2")
        });
        self.outcome(1, EffectResult::Done, Some(&extra));
    }
}

fn open(path: &str) -> Encoded {
    item(|out| out.array(5).u64(2).u64(1).str(path).u64(0).u64(1))
}

fn item(write: impl for<'a> FnOnce(&'a mut Encoded) -> &'a mut Encoded) -> Encoded {
    let mut encoded = Encoded::new();
    write(&mut encoded);
    assert!(encoded.is_whole());
    encoded
}

fn value(write: impl for<'a> FnOnce(&'a mut Encoded) -> &'a mut Encoded) -> Encoded {
    item(|out| write(out.array(2).u64(0)))
}

fn number(number: u64) -> Encoded {
    value(|out| out.u64(number))
}

fn error(name: &str) -> Encoded {
    item(|out| out.array(2).u64(1).str(name))
}
