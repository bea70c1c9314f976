//! One decision, made again as the gate makes it.

use wasm_agent_policy::{Action, DecisionKind, Denial, DenialReason, GuestPath, HttpAction, Judgement, Policy};

use crate::decided::{Came, Decided};

/// What a request would be given: the names of its secrets then and now.
pub(super) type Secrets = (Vec<String>, Vec<String>);

/// Decides about what was decided about.
pub(super) fn judge(policy: &Policy, was: &Decided) -> Judgement {
    if let Some(reason) = was.reason.as_deref().and_then(DenialReason::parse).filter(|reason| reason.is_of_the_host()) {
        // What the host kept from the tool it would keep from it under any policy.
        return Denial::new(reason, None).into();
    }
    match &was.action {
        // No policy lets a path lead out of the directory that it starts in.
        None => Denial::new(DenialReason::NoGrant, None).into(),
        Some(Action::HttpRequest(request)) => request_again(policy, request, was),
        Some(action @ Action::FileRead { .. }) if was.came == Came::Listed => listing(policy, action, was),
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
        Some(action @ (Action::Checkpoint { .. } | Action::Socket { .. })) => policy.judge(action, was.origin),
    }
}

/// The secrets of a request that may be sent then and now, where they are not the same.
pub(super) fn secrets(policy: &Policy, was: &Decided, action: &Action, now: &Judgement) -> Option<Secrets> {
    let Action::HttpRequest(request) = action else { return None };
    if was.decision == DecisionKind::Deny || now.decision == DecisionKind::Deny {
        return None;
    }
    let given = policy.secrets_for(&request.method, &request.url);
    (given != request.secrets).then(|| (request.secrets.clone(), given.to_vec()))
}

/// A request gets the secrets of the grant that governs it, and then has to reach an address that the grant lets it.
fn request_again(policy: &Policy, request: &HttpAction, was: &Decided) -> Judgement {
    let mut again = HttpAction::new(request.method.clone(), request.url.clone());
    again.secrets = policy.secrets_for(&request.method, &request.url).to_vec();
    // Some may not override what is matched.
    again.headers.clone_from(&request.headers);
    let judgement = policy.judge(&Action::HttpRequest(again), was.origin);
    let Some(grant) = judgement.grant.filter(|_| judgement.decision != DecisionKind::Deny) else { return judgement };
    let mut known = was.reached.iter().chain(&was.refused).peekable();
    if known.peek().is_some() && !known.any(|address| policy.network_allows(grant, *address)) {
        return Denial::new(DenialReason::Network, Some(grant)).into();
    }
    judgement
}

/// A directory that is open from the start is listed without being asked about, unless it must not be read.
fn listing(policy: &Policy, action: &Action, was: &Decided) -> Judgement {
    let judgement = policy.judge(action, was.origin);
    match judgement.decision {
        DecisionKind::Ask => Judgement { decision: DecisionKind::Allow, asked_by: None, ..judgement },
        DecisionKind::Allow | DecisionKind::Deny => judgement,
    }
}

/// A denial of what a path leads through, where links led elsewhere: the first name that is not on the way to where
/// they led was gone through, be it a link or a directory.
fn gone_through(policy: &Policy, action: &Action, was: &Decided) -> Option<Judgement> {
    let through = first_difference(was.spelled.as_ref()?, action.path()?)?;
    if policy.may_go_through(&through) {
        return None;
    }
    Some(policy.judge(&Action::FileRead { path: through }, was.origin))
}

/// The spelled path, up to the first name that it does not share with the other one.
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

/// A directory that a grant hangs on is not removed, as in `wasi:filesystem` of the host.
fn in_use(policy: &Policy, action: &Action) -> Option<Judgement> {
    let Action::DirRemove { path } = action else { return None };
    let grant = policy.grant_at_or_below(path)?;
    Some(Denial::new(DenialReason::OnTheWayToDenied, Some(grant)).into())
}
