//! Runs that are made up: the records that the gate would write about these actions under a policy.

use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;
use wasm_agent_ids::{CallId, EffectId, RunId, ToolDigest};
use wasm_agent_journal::{
    Answer, ApprovalAsked, ApprovalRecord, ApprovalSettled, Call, DecisionRecord, EffectResult, Encoded, End, Event,
    Function, Header, Intent, Outcome, Record, Remember, RunResult, Verdict,
};
use wasm_agent_policy::{Action, DecisionKind, Origin, Policy};

/// Address that requests reach unless a test says otherwise.
const PUBLIC: &str = "93.184.215.14:443";

/// Records of a run, as they are made.
pub(crate) struct Scripted {
    pub(crate) policy: Policy,
    pub(crate) records: Vec<Record>,
    calls: u64,
    effects: u64,
    /// What whoever is asked says.
    pub(crate) answer: Answer,
    /// Where requests arrive.
    pub(crate) peer: String,
}

impl Scripted {
    /// A run under a policy, given without its first line. Everything that is asked is approved.
    pub(crate) fn new(policy: &str) -> Self {
        Self::under(Policy::parse(&format!("version = 1\n{policy}")).unwrap_or_else(|errors| panic!("{errors}")))
    }

    pub(crate) fn under(policy: Policy) -> Self {
        let mut run = Self {
            policy,
            records: Vec::new(),
            calls: 0,
            effects: 0,
            answer: Answer::Approved,
            peer: PUBLIC.to_owned(),
        };
        let header = header(&run.policy);
        run.add(Event::Header(Box::new(header)));
        run
    }

    pub(crate) fn header(&self) -> Header {
        match &self.records[0].event {
            Event::Header(header) => header.as_ref().clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn change_header(&mut self, change: impl FnOnce(&mut Header)) {
        match &mut self.records[0].event {
            Event::Header(header) => change(header),
            other => panic!("{other:?}"),
        }
    }

    /// An action as it is typed, about data that was there before. Gives the call's number.
    pub(crate) fn act(&mut self, action: &str) -> u64 {
        let action = self.policy.explain(action).unwrap().action;
        self.act_on(&action, Origin::Foreign)
    }

    /// An action, decided about by the policy and recorded as the gate records it.
    pub(crate) fn act_on(&mut self, action: &Action, origin: Origin) -> u64 {
        let judgement = self.policy.judge(action, origin);
        let call = self.calls;
        let verdict = match judgement.decision {
            DecisionKind::Allow => Verdict::Allow,
            DecisionKind::Ask => Verdict::Ask,
            DecisionKind::Deny => Verdict::Deny,
        };
        let mut decision = DecisionRecord {
            verdict,
            grant: judgement.grant.map(|grant| Arc::from(self.policy.grant_label(grant))),
            reason: judgement.denial.map(|reason| Arc::from(reason.as_str())),
            action: None,
        };
        let observes = matches!(action, Action::FileRead { .. });
        match judgement.decision {
            DecisionKind::Deny => decision.action = Some(action.canonical_bytes()),
            DecisionKind::Allow if observes => decision.action = Some(action.canonical_bytes()),
            DecisionKind::Allow | DecisionKind::Ask => self.effect(action, origin, &decision),
        }
        self.call("test:test/test#test", Some(decision));
        call
    }

    fn effect(&mut self, action: &Action, origin: Origin, decision: &DecisionRecord) {
        let (effect, call) = (self.effects, self.calls);
        self.effects += 1;
        let digest = *action.digest().as_bytes();
        let asked = decision.verdict == Verdict::Ask;
        let approval = asked.then(|| self.ask(effect, action, digest));
        if asked && self.answer != Answer::Approved {
            return;
        }
        self.add(Event::Intent(Box::new(Intent {
            effect: EffectId(effect),
            call: CallId(call),
            at_ns: 0,
            action: action.canonical_bytes(),
            action_digest: digest,
            decision: decision.clone(),
            approval,
            irreversible: !action.reversible(origin),
            before: None,
        })));
        let (result, extra) = self.outcome_of(action);
        self.add(Event::Outcome(Outcome { effect: EffectId(effect), at_ns: 0, result, detail: None, extra }));
    }

    /// A request's outcome: refused where the policy does not let it go to where it arrives.
    fn outcome_of(&self, action: &Action) -> (EffectResult, Option<Vec<u8>>) {
        let Action::HttpRequest(request) = action else { return (EffectResult::Done, None) };
        let address: IpAddr = self.peer.parse::<std::net::SocketAddr>().unwrap().ip();
        let grant = self.policy.governing_http_grant(&request.method, &request.url).unwrap().id;
        let mut extra = Encoded::new();
        extra.map(1);
        let proxied = self.policy.proxies(grant);
        if proxied || self.policy.network_allows(grant, address) {
            extra.str(if proxied { "proxy" } else { "peer" }).str(&self.peer);
            (EffectResult::Done, Some(extra.to_record()))
        } else {
            extra.str("refused").array(1).str(&self.peer);
            (EffectResult::Denied, Some(extra.to_record()))
        }
    }

    fn ask(&mut self, effect: u64, action: &Action, digest: [u8; 32]) -> ApprovalRecord {
        let approval = ApprovalRecord {
            answer: self.answer,
            approver: "test".to_owned(),
            reason: None,
            waited_ns: 0,
            remember: Remember::Once,
        };
        self.add(Event::ApprovalAsked(Box::new(ApprovalAsked {
            effect: EffectId(effect),
            call: CallId(self.calls),
            at_ns: 0,
            action: action.canonical_bytes(),
            action_digest: digest,
            approver: "test".to_owned(),
            timeout_ns: 1,
        })));
        self.add(Event::ApprovalSettled(ApprovalSettled {
            effect: EffectId(effect),
            at_ns: 0,
            approval: approval.clone(),
        }));
        approval
    }

    pub(crate) fn call(&mut self, function: &str, decision: Option<DecisionRecord>) {
        self.call_with(function, decision, |arguments| {
            arguments.array(0);
        });
    }

    pub(crate) fn call_with(
        &mut self,
        function: &str,
        decision: Option<DecisionRecord>,
        arguments: impl FnOnce(&mut Encoded),
    ) {
        self.call_and(function, decision, arguments, |outcome| {
            outcome.array(2).u64(0).null();
        });
    }

    pub(crate) fn call_and(
        &mut self,
        function: &str,
        decision: Option<DecisionRecord>,
        arguments: impl FnOnce(&mut Encoded),
        outcome: impl FnOnce(&mut Encoded),
    ) {
        let (mut given, mut got) = (Encoded::new(), Encoded::new());
        arguments(&mut given);
        outcome(&mut got);
        let seq = self.calls;
        self.calls += 1;
        self.add(Event::Call(Call {
            seq: CallId(seq),
            function: Arc::new(Function { name: function.to_owned(), parameters: Vec::new() }),
            at_ns: 0,
            duration_ns: 0,
            fuel: 0,
            arguments: given.to_record(),
            outcome: got.to_record(),
            decision,
        }));
    }

    pub(crate) fn end(&mut self, change: impl FnOnce(&mut End)) {
        let mut end = End {
            result: RunResult::Exited { code: 0 },
            at_ns: 0,
            fuel: 0,
            calls: self.calls,
            waited_ns: 0,
            memory_high_bytes: 0,
        };
        change(&mut end);
        self.add(Event::End(end));
    }

    fn add(&mut self, event: Event) {
        let index = u64::try_from(self.records.len()).unwrap();
        self.records.push(Record { index, offset: 0, event });
    }
}

fn header(policy: &Policy) -> Header {
    Header {
        run_id: RunId::from_bytes([1; 16]),
        component_sha256: ToolDigest::from_bytes([7; 32]),
        component_name: "tool.wasm".to_owned(),
        policy_text: policy.text().to_owned(),
        policy_digest: *policy.digest(),
        arguments: Vec::new(),
        environment: Vec::new(),
        limits: Vec::new(),
        engine: String::new(),
        started_ns: 0,
        approver: "test".to_owned(),
        ..Header::sample()
    }
}

/// A policy without its first line: directories that do not lie within each other, and URLs.
pub(crate) fn any_policy() -> impl Strategy<Value = String> {
    let directory = (any::<bool>(), "(\\*\\*/)?[a-c](/\\*)?", 0usize..6, prop::option::of("[a-c](/\\*\\*)?"));
    let url = ("(\\*\\.)?[ab]", "/([ab*]|\\*\\*)(/[ab])?", any::<bool>(), any::<bool>());
    (prop::collection::vec(directory, 0..4), prop::collection::vec(url, 0..4)).prop_map(|(directories, urls)| {
        let mut text = String::new();
        for (index, (write, deny, ask, only)) in directories.iter().enumerate() {
            let asked = ["read", "create", "modify", "delete", "rename"].get(..*ask).unwrap_or(&[]);
            let asked = if *write { asked } else { asked.get(..1).unwrap_or(&[]) };
            let access = if *write { "write" } else { "read" };
            let only = only.as_ref().map_or(String::new(), |only| format!("only = [\".\", \"{only}\"]\n"));
            text += &format!("[[filesystem]]\nhost = \"h{index}\"\nguest = \"/{index}\"\naccess = \"{access}\"\n");
            text += &format!("deny = [\"{deny}\"]\nask = {asked:?}\n{only}");
        }
        let mut seen = std::collections::HashSet::new();
        for (host, path, ask, network) in urls {
            let url = format!("https://{host}.test{path}");
            if seen.insert(url.clone()) {
                let networks = if network { "networks = [\"10.0.0.0/8\"]\n" } else { "" };
                text += &format!("[[http]]\nurl = \"{url}\"\nmethods = [\"GET\", \"POST\"]\nask = {ask}\n{networks}");
            }
        }
        text
    })
}

/// An action as it is typed.
pub(crate) fn any_action() -> impl Strategy<Value = String> {
    let path = "/[0-4](/[a-c]){0,2}";
    prop_oneof![
        ("(READ|CREATE|MODIFY|DELETE|CREATE-DIR|REMOVE-DIR)", path).prop_map(|(verb, path)| format!("{verb} {path}")),
        ("(RENAME|RENAME-DIR|LINK)", path, path).prop_map(|(verb, from, to)| format!("{verb} {from} -> {to}")),
        ("(GET|POST|PUT)", "(a|b|a\\.b)", "(/[ab]){1,2}")
            .prop_map(|(method, host, path)| format!("{method} https://{host}.test{path}")),
        Just("CHECKPOINT go on".to_owned()),
        Just("socket.use bind".to_owned()),
    ]
}
