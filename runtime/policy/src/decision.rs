//! What the policy says about an action.

use crate::digest::ActionDigest;
use crate::grant::GrantId;

/// The answer to an action.
#[derive(Debug)]
pub enum Decision {
    /// The action may be performed.
    Allow(Permit),
    /// The action may be performed once a person has approved it.
    Ask {
        /// The grant that covers the action.
        grant: GrantId,
        /// Becomes a [`Permit`] with the approval.
        permit: PendingPermit,
    },
    /// The action must not be performed.
    Deny(Denial),
}

/// A [`Decision`] without what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecisionKind {
    /// See [`Decision::Allow`].
    Allow,
    /// See [`Decision::Ask`].
    Ask,
    /// See [`Decision::Deny`].
    Deny,
}

impl Decision {
    /// Which of the three it is.
    #[must_use]
    pub fn kind(&self) -> DecisionKind {
        match self {
            Self::Allow(_) => DecisionKind::Allow,
            Self::Ask { .. } => DecisionKind::Ask,
            Self::Deny(_) => DecisionKind::Deny,
        }
    }

    /// The grant that decided, where one did.
    #[must_use]
    pub fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Allow(permit) => Some(permit.grant()),
            Self::Ask { grant, .. } => Some(*grant),
            Self::Deny(denial) => denial.grant,
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

/// Evidence that one action passed the policy, and was approved where that was needed.
///
/// Performing takes it by value, so it is used once. It is made by [`crate::Policy::check`] or from an approval, and
/// in no other way:
///
/// ```compile_fail,E0451
/// use wasm_agent_policy::{GrantId, Permit};
/// let permit = Permit { grant: GrantId::CHECKPOINT, approved: None };
/// ```
///
/// ```compile_fail,E0599
/// # use wasm_agent_policy::Permit;
/// fn twice(permit: Permit) -> (Permit, Permit) {
///     (permit.clone(), permit)
/// }
/// ```
///
/// ```compile_fail,E0382
/// # use wasm_agent_policy::Permit;
/// fn perform(_: Permit) {}
/// fn twice(permit: Permit) {
///     perform(permit);
///     perform(permit);
/// }
/// ```
///
/// ```
/// # use wasm_agent_policy::Permit;
/// fn perform(_: Permit) {}
/// fn once(permit: Permit) {
///     perform(permit);
/// }
/// ```
#[derive(Debug)]
#[must_use = "a permit is for performing the action it was given for"]
pub struct Permit {
    grant: GrantId,
    approved: Option<ActionDigest>,
}

impl Permit {
    pub(crate) fn allowed(grant: GrantId) -> Self {
        Self { grant, approved: None }
    }

    /// The grant that covers the action.
    #[must_use]
    pub fn grant(&self) -> GrantId {
        self.grant
    }

    /// The action that was approved, where an approval was needed.
    #[must_use]
    pub fn approved(&self) -> Option<&ActionDigest> {
        self.approved.as_ref()
    }
}

/// A [`Permit`] that still needs an approval.
///
/// ```compile_fail,E0382
/// # use wasm_agent_policy::{ActionDigest, PendingPermit};
/// fn twice(pending: PendingPermit, digest: ActionDigest) {
///     let first = pending.approve(&digest);
///     let second = pending.approve(&digest);
/// }
/// ```
#[derive(Debug)]
#[must_use = "an action that is asked about is not performed before it is approved"]
pub struct PendingPermit {
    grant: GrantId,
    digest: ActionDigest,
}

/// The approval is for another action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the approval is for action {approved}, expected {expected}")]
pub struct ApprovalMismatch {
    /// The action that needs approval.
    pub expected: ActionDigest,
    /// The action that was approved.
    pub approved: ActionDigest,
}

impl PendingPermit {
    pub(crate) fn new(grant: GrantId, digest: ActionDigest) -> Self {
        Self { grant, digest }
    }

    /// The action to be approved.
    #[must_use]
    pub fn digest(&self) -> &ActionDigest {
        &self.digest
    }

    /// Turns the approval of the action with this digest into a permit.
    ///
    /// # Errors
    ///
    /// Fails where the approval is for another action; the pending permit is used up all the same.
    pub fn approve(self, approved: &ActionDigest) -> Result<Permit, ApprovalMismatch> {
        if *approved == self.digest {
            Ok(Permit { grant: self.grant, approved: Some(self.digest) })
        } else {
            Err(ApprovalMismatch { expected: self.digest, approved: *approved })
        }
    }
}

/// Why an action is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Denial {
    /// The reason.
    pub reason: DenialReason,
    /// The grant that comes closest or denies, where there is one.
    pub grant: Option<GrantId>,
}

/// The reasons there are. Each has a name that stays, for records and programs.
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
    /// The address is special, and the grant does not list its network.
    Network,
    /// The request names a secret that the grant does not have.
    Secret,
    /// The request has a header that overrides what was matched, and the grant does not list it.
    Header,
    /// The file is neither a file nor a directory.
    Special,
    /// It belongs to the host itself, or the host finds what belongs to it through this name.
    OwnThing,
    /// It lies on another mount than the grant's directory.
    Mount,
    /// It lies on a file system that shows the kernel or its devices, such as procfs.
    PseudoFilesystem,
    /// No policy can give it.
    Unsupported,
}

impl DenialReason {
    /// Every reason.
    pub const ALL: [Self; 17] = [
        Self::NoGrant,
        Self::ReadOnly,
        Self::DenyPattern,
        Self::Unlisted,
        Self::OnTheWayToDenied,
        Self::AbsoluteTarget,
        Self::LinkLeavesGrant,
        Self::Method,
        Self::Scheme,
        Self::Network,
        Self::Secret,
        Self::Header,
        Self::Special,
        Self::OwnThing,
        Self::Mount,
        Self::PseudoFilesystem,
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
            Self::Network => "network",
            Self::Secret => "secret",
            Self::Header => "header",
            Self::Special => "special",
            Self::OwnThing => "own-thing",
            Self::Mount => "mount",
            Self::PseudoFilesystem => "pseudo-file-system",
            Self::Unsupported => "unsupported",
        }
    }

    /// The reason with this stable name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// Whether the host denies for this reason whatever a policy says: it depends on what the machine has at that
    /// place.
    #[must_use]
    pub fn is_of_the_host(self) -> bool {
        matches!(self, Self::LinkLeavesGrant | Self::OwnThing | Self::Mount | Self::PseudoFilesystem)
    }

    /// What to tell an operator.
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
            Self::Network => "the address is in a network that the grant does not list",
            Self::Secret => "the grant does not have the secret",
            Self::Header => "a header would override what was matched, and the grant does not list it",
            Self::Special => "it is neither a file nor a directory",
            Self::OwnThing => "it belongs to the host, or leads to what does",
            Self::Mount => "it lies on another mount than the grant's directory",
            Self::PseudoFilesystem => "it lies on a file system that shows the kernel or its devices",
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

    fn digest(byte: u8) -> ActionDigest {
        ActionDigest::from_bytes([byte; 32])
    }

    #[test]
    fn refuses_an_approval_of_another_action() {
        let pending = PendingPermit::new(GrantId::CHECKPOINT, digest(1));
        let error = pending.approve(&digest(2)).unwrap_err();
        assert_eq!(error.expected, digest(1));
        assert_eq!(error.approved, digest(2));
    }

    #[test]
    fn an_approval_carries_the_action() {
        let pending = PendingPermit::new(GrantId::CHECKPOINT, digest(1));
        let permit = pending.approve(&digest(1)).unwrap();
        assert_eq!(permit.approved(), Some(&digest(1)));
        assert_eq!(permit.grant(), GrantId::CHECKPOINT);
    }

    #[test]
    fn reasons_have_one_name_each() {
        for reason in DenialReason::ALL {
            assert_eq!(DenialReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(DenialReason::parse("other"), None);
    }
}
