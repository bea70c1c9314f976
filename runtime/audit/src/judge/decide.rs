//! Makes one decision again, by the rules of the gate.

use wasm_agent_policy::{Action, DecisionKind, Denial, DenialReason, GuestPath, Host, HttpAction, Judgement, Policy};

use crate::decisions::{DecisionOutcome, RecordedDecision};

/// The names of a request's secrets, before and now.
pub(super) type Secrets = (Vec<String>, Vec<String>);

/// Makes a recorded decision again.
pub(super) fn judge(policy: &Policy, was: &RecordedDecision) -> Judgement {
    if let Some(reason) = was.reason.as_deref().and_then(DenialReason::parse).filter(|reason| reason.is_of_the_host()) {
        // The host keeps its own things from tools under any policy.
        return Denial::new(reason, None).into();
    }
    match &was.action {
        // A path that leads out of its directory: no policy allows that.
        None => Denial::new(DenialReason::NoGrant, None).into(),
        Some(Action::HttpRequest(request)) => request_again(policy, request, was),
        Some(action @ Action::FileRead { .. }) if was.outcome == DecisionOutcome::Listed => {
            listing(policy, action, was)
        }
        Some(
            action @ (Action::FileRead { .. }
            | Action::FileCreate { .. }
            | Action::FileModify { .. }
            | Action::FileDelete { .. }
            | Action::FileRename { .. }
            | Action::DirCreate { .. }
            | Action::DirRemove { .. }
            | Action::LinkCreate { .. }),
        ) => gone_through(policy, action, was)
            .or_else(|| in_use(policy, action))
            .unwrap_or_else(|| policy.judge(action, was.origin)),
        Some(action @ (Action::HttpInvalid(_) | Action::Checkpoint { .. } | Action::Socket { .. })) => {
            policy.judge(action, was.origin)
        }
    }
}

/// The secrets of a request that both policies permit, if they differ.
pub(super) fn secrets(policy: &Policy, was: &RecordedDecision, action: &Action, now: &Judgement) -> Option<Secrets> {
    let Action::HttpRequest(request) = action else { return None };
    if was.decision == DecisionKind::Deny || now.decision == DecisionKind::Deny {
        return None;
    }
    let given = policy.secrets_for(&request.method, &request.url);
    (given != request.secrets).then(|| (request.secrets.clone(), given.to_vec()))
}

/// Decides about a request with the secrets that the new policy gives it. The grant must also allow an address that the
/// request reached.
fn request_again(policy: &Policy, request: &HttpAction, was: &RecordedDecision) -> Judgement {
    let mut again = HttpAction::new(request.method.clone(), request.url.clone());
    again.secrets = policy.secrets_for(&request.method, &request.url).to_vec();
    // A policy may refuse headers that override what it matched.
    again.headers.clone_from(&request.headers);
    let judgement = policy.judge(&Action::HttpRequest(Box::new(again)), was.origin);
    let Some(grant) = judgement.grant.filter(|_| judgement.decision != DecisionKind::Deny) else { return judgement };
    // The proxy resolves names, so no address of theirs is checked.
    if policy.proxies(grant) && !matches!(request.url.host(), Host::Ip(_)) {
        return judgement;
    }
    let mut known = was.reached.iter().chain(&was.refused).peekable();
    if known.peek().is_some() && !known.any(|address| policy.network_allows(grant, *address)) {
        return Denial::new(DenialReason::Network, Some(grant)).into();
    }
    judgement
}

/// Listing a directory that is open from the start never asks. It can only be denied.
fn listing(policy: &Policy, action: &Action, was: &RecordedDecision) -> Judgement {
    let judgement = policy.judge(action, was.origin);
    match judgement.decision {
        DecisionKind::Ask => Judgement { decision: DecisionKind::Allow, asked_by: None, ..judgement },
        DecisionKind::Allow | DecisionKind::Deny => judgement,
    }
}

/// The denial of a name that the path goes through, if links led elsewhere. That name is the first one that the spelled
/// path and the final path do not share: the tool went through it, whether it is a link or a directory.
fn gone_through(policy: &Policy, action: &Action, was: &RecordedDecision) -> Option<Judgement> {
    let through = first_difference(was.spelled.as_ref()?, action.path()?)?;
    if policy.may_go_through(&through) {
        return None;
    }
    Some(policy.judge(&Action::FileRead { path: through }, was.origin))
}

/// The spelled path, up to the first name that differs from the other path.
pub(super) fn first_difference(spelled: &GuestPath, path: &GuestPath) -> Option<GuestPath> {
    let mut through = GuestPath::root();
    let mut others = path.segments();
    for segment in spelled.segments() {
        through = through.join(segment).ok()?;
        if others.next() != Some(segment) {
            return Some(through);
        }
    }
    None
}

/// The denial of removing a directory that a grant depends on, as in the host's `wasi:filesystem`.
fn in_use(policy: &Policy, action: &Action) -> Option<Judgement> {
    let Action::DirRemove { path } = action else { return None };
    let grant = policy.grant_at_or_below(path)?;
    Some(Denial::new(DenialReason::OnTheWayToDenied, Some(grant)).into())
}
