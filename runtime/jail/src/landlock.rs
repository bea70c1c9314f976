//! Landlock: no file, no port, no signal to others.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, RestrictionStatus, Ruleset, RulesetAttr as _, RulesetError, RulesetStatus,
    Scope,
};

use crate::Enforcement;

/// The newest version that is used. An older kernel enforces the part that it knows.
const ASKED: ABI = ABI::V7;

/// Forbids everything that Landlock knows of, without exception.
pub(crate) fn restrict() -> Enforcement {
    match restrict_self().map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => Enforcement::Full,
        Ok(RulesetStatus::PartiallyEnforced) => Enforcement::Partial,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Enforcement::None,
    }
}

fn restrict_self() -> Result<RestrictionStatus, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(ASKED))?
        .handle_access(AccessNet::from_all(ASKED))?
        .scope(Scope::from_all(ASKED))?
        .create()?
        .restrict_self()
}
