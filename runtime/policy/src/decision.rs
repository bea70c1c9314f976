//! What the policy says about an action.

use crate::act::kind::Request;
use crate::act::{Act, Asker};
use crate::action::Action;
use crate::grant::GrantId;
use crate::http::action::BodyDigest;

/// What the policy decides about an action.
#[derive(Debug)]
pub enum Decision<K> {
    /// The action may be performed.
    Allow(Allowed<K>),
    /// The action may be performed once a person has approved it.
    Ask(Pending<K>),
    /// The action must not be performed.
    Deny(Denied),
}

/// A [`Decision`] without the action that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecisionKind {
    /// See [`Decision::Allow`].
    Allow,
    /// See [`Decision::Ask`].
    Ask,
    /// See [`Decision::Deny`].
    Deny,
}

impl<K> Decision<K> {
    /// Which of the three it is.
    #[must_use]
    pub fn kind(&self) -> DecisionKind {
        match self {
            Self::Allow(_) => DecisionKind::Allow,
            Self::Ask(_) => DecisionKind::Ask,
            Self::Deny(_) => DecisionKind::Deny,
        }
    }
}

impl DecisionKind {
    /// The word in policy files and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// An action that the policy allows. Made by [`Policy::check`](crate::Policy::check) alone:
///
/// ```compile_fail,E0451
/// use wasm_agent_policy::{Act, Allowed, GrantId, GuestPath};
/// let allowed = Allowed { act: Act::delete(GuestPath::root()), grant: GrantId::Checkpoint };
/// ```
#[derive(Debug)]
#[must_use = "an allowed action has not been performed yet"]
pub struct Allowed<K> {
    act: Act<K>,
    grant: GrantId,
}

impl<K> Allowed<K> {
    pub(crate) fn new(act: Act<K>, grant: GrantId) -> Self {
        Self { act, grant }
    }

    /// The grant that covers the action.
    #[must_use]
    pub fn grant(&self) -> GrantId {
        self.grant
    }

    /// The action, and the grant that covers it.
    #[must_use]
    pub fn into_parts(self) -> (Act<K>, GrantId) {
        (self.act, self.grant)
    }
}

/// An action that the policy allows once a person has approved it.
#[derive(Debug)]
#[must_use = "an action that is asked about is not performed before it is approved"]
pub struct Pending<K> {
    act: Act<K>,
    grant: GrantId,
    asker: Asker,
}

impl<K> Pending<K> {
    pub(crate) fn new(act: Act<K>, grant: GrantId, asker: Asker) -> Self {
        Self { act, grant, asker }
    }

    /// The action to be approved.
    #[must_use]
    pub fn action(&self) -> &Action {
        self.act.action()
    }

    /// The grant that covers the action.
    #[must_use]
    pub fn grant(&self) -> GrantId {
        self.grant
    }

    /// The call that asks.
    #[must_use]
    pub fn asker(&self) -> Asker {
        self.asker
    }

    /// The action, and the grant that covers it.
    #[must_use]
    pub fn into_parts(self) -> (Act<K>, GrantId) {
        (self.act, self.grant)
    }
}

impl Pending<Request> {
    /// The same question, now that the body is known: the approver sees what is sent. The policy's decision does not
    /// depend on bodies.
    pub fn with_body(self, body: BodyDigest) -> Self {
        Self { act: self.act.with_body(body), ..self }
    }
}

/// An action that is denied, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The action.
    pub action: Action,
    /// Why.
    pub denial: Denial,
}

/// Why an action is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Denial {
    /// The reason.
    pub reason: DenialReason,
    /// The grant that denies, or the grant that comes closest, if there is one.
    pub grant: Option<GrantId>,
}

/// The reasons for a denial. Each has a stable name, for records and programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DenialReason {
    /// Nothing in the policy covers the action.
    NoGrant,
    /// The grant is for reading.
    ReadOnly,
    /// A `deny` pattern covers the path.
    DenyPattern,
    /// The grant is limited to other paths.
    Unlisted,
    /// The action would give something denied, or another grant's directory, a new name.
    OnTheWayToDenied,
    /// A symbolic link to an absolute path.
    AbsoluteTarget,
    /// A symbolic link that would point out of its grant from the name it would get.
    LinkLeavesGrant,
    /// The grant does not list the method, or no grant could.
    Method,
    /// The host is granted with another scheme.
    Scheme,
    /// The path of the URL has a `%2F`, and the grant is not for such paths.
    EncodedSlash,
    /// The URL is not one that can be requested, whatever the policy says.
    Url,
    /// The address is special, and the grant does not list its network.
    Network,
    /// The request names a secret that the grant does not have.
    Secret,
    /// The request has a header that overrides what was matched, and the grant does not list it.
    Header,
    /// The file is neither a file nor a directory.
    Special,
    /// It belongs to the host itself, or the host finds something of its own through this name.
    OwnThing,
    /// It lies on another mount than the grant's directory.
    Mount,
    /// It lies on a file system that shows the kernel or its devices, such as procfs.
    PseudoFilesystem,
    /// Its folder knows it by several names, and one of them is denied or can't be told.
    Spelling,
    /// No policy can give it.
    Unsupported,
}

impl DenialReason {
    /// Every reason.
    pub const ALL: [Self; 20] = [
        Self::NoGrant,
        Self::ReadOnly,
        Self::DenyPattern,
        Self::Unlisted,
        Self::OnTheWayToDenied,
        Self::AbsoluteTarget,
        Self::LinkLeavesGrant,
        Self::Method,
        Self::Scheme,
        Self::EncodedSlash,
        Self::Url,
        Self::Network,
        Self::Secret,
        Self::Header,
        Self::Special,
        Self::OwnThing,
        Self::Mount,
        Self::PseudoFilesystem,
        Self::Spelling,
        Self::Unsupported,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoGrant => "no-grant",
            Self::ReadOnly => "read-only",
            Self::DenyPattern => "deny-pattern",
            Self::Unlisted => "unlisted",
            Self::OnTheWayToDenied => "on-the-way-to-denied",
            Self::AbsoluteTarget => "absolute-target",
            Self::LinkLeavesGrant => "link-leaves-grant",
            Self::Method => "method",
            Self::Scheme => "scheme",
            Self::EncodedSlash => "encoded-slash",
            Self::Url => "url",
            Self::Network => "network",
            Self::Secret => "secret",
            Self::Header => "header",
            Self::Special => "special",
            Self::OwnThing => "own-thing",
            Self::Mount => "mount",
            Self::PseudoFilesystem => "pseudo-file-system",
            Self::Spelling => "spelling",
            Self::Unsupported => "unsupported",
        }
    }

    /// The reason with this stable name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Whether the host denies for this reason whatever the policy says, because of what the machine has at that place.
    #[must_use]
    pub fn is_of_the_host(self) -> bool {
        matches!(self, Self::LinkLeavesGrant | Self::OwnThing | Self::Mount | Self::PseudoFilesystem | Self::Spelling)
    }

    /// The reason in words, for an operator.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoGrant => "no grant covers it",
            Self::ReadOnly => "the grant is for reading only",
            Self::DenyPattern => "a `deny` pattern covers it",
            Self::Unlisted => "`only` of the grant does not list it",
            Self::OnTheWayToDenied => "it would give a denied path, or another grant's directory, a new name",
            Self::AbsoluteTarget => "a symbolic link must not point to an absolute path",
            Self::LinkLeavesGrant => "the symbolic link would point out of the grant from its new name",
            Self::Method => "no grant for this URL has the method",
            Self::Scheme => "the host is granted with another scheme",
            Self::EncodedSlash => "a server may take `%2F` for a `/`, and the grant does not set `encoded-slash`",
            Self::Url => "no request can have this URL",
            Self::Network => "the address is in a network that the grant does not list",
            Self::Secret => "the grant does not have the secret",
            Self::Header => "a header would override what was matched, and the grant does not list it",
            Self::Special => "it is neither a file nor a directory",
            Self::OwnThing => "it belongs to the host, or leads to something that does",
            Self::Mount => "it lies on another mount than the grant's directory",
            Self::PseudoFilesystem => "it lies on a file system that shows the kernel or its devices",
            Self::Spelling => "its folder knows it by several names, and one of them is denied or can't be told",
            Self::Unsupported => "no policy can grant it",
        }
    }
}

impl Denial {
    /// A denial for this reason.
    #[must_use]
    pub fn new(reason: DenialReason, grant: Option<GrantId>) -> Self {
        Self { reason, grant }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_one_name_each() {
        for reason in DenialReason::ALL {
            assert_eq!(DenialReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(DenialReason::parse("other"), None);
    }
}
