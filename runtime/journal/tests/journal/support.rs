//! A journal with one record of each kind.

use std::io::Cursor;

use minicbor::Decoder;
pub(crate) use wasm_agent_journal::testing::{Memory, Taken};
use wasm_agent_journal::{
    Answer, ApprovalAsked, ApprovalRecord, ApprovalSettled, Before, CallEvent, CallId, DecisionRecord, EffectId,
    EffectResult, Encoded, End, FunctionId, Header, Intent, Invocation, JournalError, Keep, Note, Options,
    OutcomeEvent, ReadError, Reader, Record, Remember, RunId, RunResult, Summary, Verdict, Writer,
};

/// Options under which equal runs give equal bytes.
pub(crate) fn options() -> Options {
    Options { seal_interval: None, ..Options::default() }
}

pub(crate) fn header() -> Header {
    Header {
        invocation: Invocation::Call { export: "search".to_owned(), arguments: "(\"/notes\")".to_owned() },
        limits: vec![("memory-bytes".to_owned(), 256 << 20), ("time-ns".to_owned(), 30_000_000_000)],
        parent: Some(RunId::from_bytes([9; 16])),
        ..Header::sample()
    }
}

pub(crate) fn end() -> End {
    End {
        result: RunResult::Returned { wave: "[\"a\"]".to_owned(), json: Some("[\"a\"]".to_owned()) },
        at_ns: 900_000_000,
        fuel: 1_000_000,
        calls: 3,
        waited_ns: 5_000_000,
        memory_high_bytes: 1 << 20,
    }
}

pub(crate) fn decision(verdict: Verdict) -> DecisionRecord {
    DecisionRecord {
        verdict,
        grant: Some("filesystem grant `/notes` (line 6)".into()),
        reason: (verdict == Verdict::Deny).then(|| "read-only".into()),
        action: (verdict == Verdict::Deny).then(action),
    }
}

pub(crate) fn approval() -> ApprovalRecord {
    ApprovalRecord {
        answer: Answer::Approved,
        approver: "mara".to_owned(),
        reason: Some("looks right".to_owned()),
        waited_ns: 4_000_000,
        remember: Remember::Once,
    }
}

/// A description of an effect, as the policy makes it.
pub(crate) fn action() -> Vec<u8> {
    [b"\xa2\x64kind\x6bfile.modify".as_slice(), b"\x64path\x6b/notes/a.md"].concat()
}

pub(crate) fn intent(effect: u64, irreversible: bool) -> Intent {
    Intent {
        effect: EffectId(effect),
        call: CallId(2),
        at_ns: 2_000_000,
        action: action(),
        action_digest: [5; 32],
        decision: decision(Verdict::Ask),
        approval: irreversible.then(approval),
        irreversible,
        before: irreversible.then_some(Before { length: 300, blake3: Some([6; 32]) }),
    }
}

pub(crate) fn asked() -> ApprovalAsked {
    let Intent { effect, call, action, action_digest, .. } = intent(1, true);
    let approver = "terminal".to_owned();
    ApprovalAsked { effect, call, at_ns: 1_500_000, action, action_digest, approver, timeout_ns: 600_000_000_000 }
}

/// A call at the start of the run.
pub(crate) fn call<'a>(function: FunctionId, arguments: &'a Encoded, outcome: &'a Encoded) -> CallEvent<'a> {
    CallEvent { function, at_ns: 0, duration_ns: 40, fuel: 0, arguments, outcome, decision: None }
}

/// Contents of a file, long enough for a blob.
pub(crate) fn contents(length: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(length).collect()
}

/// Writes a journal with every kind of record, and every way to record bytes.
pub(crate) fn write_sample(store: Memory, options: Options) -> Result<Summary, JournalError> {
    let writer = Writer::create(store, &header(), options)?;
    let now = writer.intern("wasi:clocks/wall-clock#now", &[])?;
    let read = writer.intern("wasi:filesystem/types#[method]descriptor.read", &["self", "length", "offset"])?;
    let write = writer.intern("wasi:filesystem/types#[method]descriptor.write", &["self", "buffer", "offset"])?;
    let (mut arguments, mut outcome) = (Encoded::new(), Encoded::new());

    arguments.array(0);
    outcome.array(2).u64(1_800_000_000).u64(5);
    assert_eq!(writer.call(&CallEvent { at_ns: 1000, fuel: 500, ..call(now, &arguments, &outcome) })?, CallId(0));
    writer.note(&Note { at_ns: 1100, name: "intent".to_owned(), text: "tidy the notes".to_owned() })?;

    let allow = decision(Verdict::Allow);
    for seq in 1..3 {
        arguments.clear();
        outcome.clear();
        arguments.array(3).u64(3).u64(4096).i64(-1);
        outcome.array(2).payload(contents(300), Keep::Contents).bool(true);
        let call = call(read, &arguments, &outcome);
        assert_eq!(writer.call(&CallEvent { at_ns: 1200, fuel: 700, decision: Some(&allow), ..call })?, CallId(seq));
    }

    writer.approval_asked(&asked())?;
    writer.approval_settled(&ApprovalSettled { effect: EffectId(1), at_ns: 1_900_000, approval: approval() })?;
    writer.intent(&intent(1, true))?;
    outcome.clear();
    outcome.map(1).str("written").u64(300);
    writer.outcome(&OutcomeEvent {
        effect: EffectId(1),
        at_ns: 3_000_000,
        result: EffectResult::Failed,
        detail: Some("disk full"),
        extra: Some(&outcome),
    })?;
    arguments.clear();
    outcome.clear();
    arguments.array(3).u64(3).payload(contents(300), Keep::DigestOnly).payload(b"short".to_vec(), Keep::Contents);
    outcome.null();
    let deny = decision(Verdict::Deny);
    let call = call(write, &arguments, &outcome);
    let call = CallEvent { at_ns: 1_950_000, duration_ns: 2_000_000, fuel: 900, decision: Some(&deny), ..call };
    assert_eq!(writer.call(&call)?, CallId(3));
    writer.finish(&end())
}

/// The sample's bytes.
pub(crate) fn sample() -> Vec<u8> {
    let store = Memory::default();
    write_sample(store.clone(), options()).unwrap();
    store.bytes()
}

pub(crate) fn open(bytes: &[u8]) -> Result<Reader<Cursor<&[u8]>>, ReadError> {
    Reader::open(Cursor::new(bytes))
}

/// All records that can be read.
pub(crate) fn records(bytes: &[u8]) -> Result<Vec<Record>, ReadError> {
    let mut reader = open(bytes)?;
    std::iter::from_fn(|| reader.next().transpose()).collect()
}

/// Where one frame stands in a journal, found by its length alone.
pub(crate) struct Frame {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Frame {
    pub(crate) fn of<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start..self.end]
    }

    pub(crate) fn payload<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start + 8..self.end]
    }

    pub(crate) fn kind(&self, bytes: &[u8]) -> u8 {
        self.payload(bytes)[1]
    }

    /// How much of a payload the chains cover.
    pub(crate) fn covered(payload: &[u8]) -> usize {
        let contents = match payload.strip_prefix(&[0x83, 3, 0x58, 0x20]) {
            Some(rest) => rest.get(32..).and_then(|head| Decoder::new(head).bytes().ok()).map_or(0, <[u8]>::len),
            None => 0,
        };
        payload.len() - contents
    }
}

/// The frames of a whole journal.
pub(crate) fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut start = 8;
    while start < bytes.len() {
        let length = u32::from_le_bytes(bytes[start + 4..start + 8].try_into().unwrap());
        let end = start + 8 + usize::try_from(length).unwrap();
        frames.push(Frame { start, end });
        start = end;
    }
    frames
}

/// A journal of these frames.
pub(crate) fn join(frames: &[&[u8]]) -> Vec<u8> {
    [b"WAJOURN1".as_slice(), &frames.concat()].concat()
}

/// Frames for payloads that follow `before`, with checks made to fit.
pub(crate) fn rechecked(before: &[u8], payloads: &[&[u8]]) -> Vec<u8> {
    let mut check = match frames(before).last() {
        Some(frame) => u32::from_le_bytes(frame.of(before)[..4].try_into().unwrap()),
        None => crc32fast::hash(before),
    };
    let mut out = Vec::new();
    for payload in payloads {
        let mut covered = u32::try_from(payload.len()).unwrap().to_le_bytes().to_vec();
        covered.extend_from_slice(&payload[..Frame::covered(payload)]);
        let mut hasher = crc32fast::Hasher::new_with_initial(check);
        hasher.update(&covered);
        check = hasher.finalize();
        out.extend_from_slice(&check.to_le_bytes());
        out.extend_from_slice(&covered[..4]);
        out.extend_from_slice(payload);
    }
    out
}
