//! Landlock: no file, no port, no signal to others.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, RestrictionStatus, Ruleset, RulesetAttr as _, RulesetError, RulesetStatus,
    Scope,
};

use crate::Wall;

/// The newest that is asked for. An older kernel gives what it has.
const ASKED: ABI = ABI::V7;

/// Forbids all that Landlock knows of, with no exception.
pub(crate) fn landlock() -> Wall {
    match restrict().map(|status| status.ruleset) {
        Ok(RulesetStatus::FullyEnforced) => Wall::Whole,
        Ok(RulesetStatus::PartiallyEnforced) => Wall::Partial,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Wall::Missing,
    }
}

fn restrict() -> Result<RestrictionStatus, RulesetError> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(ASKED))?
        .handle_access(AccessNet::from_all(ASKED))?
        .scope(Scope::from_all(ASKED))?
        .create()?
        .restrict_self()
}
