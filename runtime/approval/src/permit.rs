//! The permit: an action that may be performed.

use std::fmt;

use wasm_agent_policy::{Act, Action, ActionDigest, Allowed, GrantId, Pending};

/// An action that may be performed, once.
///
/// It is made from an action that the policy [allows](Allowed), or from an approval of an action that it [asks
/// about](Pending): see [`settle`](crate::settle). Nothing else makes one:
///
/// ```compile_fail,E0451
/// use wasm_agent_approval::Permit;
/// use wasm_agent_policy::{Act, GrantId, GuestPath};
/// let act = Act::delete(GuestPath::root());
/// let permit = Permit { act, grant: GrantId::Checkpoint, approved: None };
/// ```
///
/// A question is not a permit, and the code that holds one can't answer it:
///
/// ```compile_fail,E0277
/// # use wasm_agent_approval::Permit;
/// # use wasm_agent_policy::{Pending, kind::Delete};
/// fn answer_myself(pending: Pending<Delete>) -> Permit<Delete> {
///     Permit::from(pending)
/// }
/// ```
///
/// The function that performs takes it by value, so it can't be used twice or copied:
///
/// ```compile_fail,E0382
/// # use wasm_agent_approval::Permit;
/// # use wasm_agent_policy::kind::Delete;
/// fn delete(_: Permit<Delete>) {}
/// fn twice(permit: Permit<Delete>) {
///     delete(permit);
///     delete(permit);
/// }
/// ```
///
/// ```compile_fail,E0599
/// # use wasm_agent_approval::Permit;
/// # use wasm_agent_policy::kind::Delete;
/// fn copied(permit: &Permit<Delete>) -> Permit<Delete> {
///     permit.clone()
/// }
/// ```
///
/// A permit for another kind of action is another type:
///
/// ```compile_fail,E0308
/// # use wasm_agent_approval::Permit;
/// # use wasm_agent_policy::kind::{Delete, Read};
/// fn delete(_: Permit<Delete>) {}
/// fn with_another(permit: Permit<Read>) {
///     delete(permit);
/// }
/// ```
///
/// With the right one it compiles:
///
/// ```
/// # use wasm_agent_approval::Permit;
/// # use wasm_agent_policy::kind::Delete;
/// fn delete(_: Permit<Delete>) {}
/// fn once(permit: Permit<Delete>) {
///     delete(permit);
/// }
/// ```
#[must_use = "a permit is for performing its action"]
pub struct Permit<K> {
    act: Act<K>,
    grant: GrantId,
    approved: Option<ActionDigest>,
}

/// The permit is for another action than the one that was to be performed. Nothing was touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the permit is for `{permitted}`")]
pub struct OtherAction {
    /// The action that is permitted.
    pub permitted: Box<Action>,
}

impl<K> Permit<K> {
    /// The permit for a question that was approved.
    pub(crate) fn approved(pending: Pending<K>) -> Self {
        let approved = Some(pending.action().digest());
        let (act, grant) = pending.into_parts();
        Self { act, grant, approved }
    }

    /// The action.
    #[must_use]
    pub fn action(&self) -> &Action {
        self.act.action()
    }

    /// The grant that covers it.
    #[must_use]
    pub fn grant(&self) -> GrantId {
        self.grant
    }

    /// The digest of the action that was approved, if it needed approval.
    #[must_use]
    pub fn approval(&self) -> Option<&ActionDigest> {
        self.approved.as_ref()
    }

    /// Uses the permit up for what is about to be done; `is_it` says whether the permitted action is the right one.
    ///
    /// # Errors
    ///
    /// [`OtherAction`] if it is not. The permit is used up all the same.
    pub fn spend(self, is_it: impl FnOnce(&Action) -> bool) -> Result<Action, OtherAction> {
        let action = self.act.into_action();
        if is_it(&action) { Ok(action) } else { Err(OtherAction { permitted: Box::new(action) }) }
    }
}

impl<K> From<Allowed<K>> for Permit<K> {
    fn from(allowed: Allowed<K>) -> Self {
        let (act, grant) = allowed.into_parts();
        Self { act, grant, approved: None }
    }
}

impl<K> fmt::Debug for Permit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { act, grant, approved } = self;
        f.debug_struct("Permit").field("act", act).field("grant", grant).field("approved", approved).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{ASKER, policy};
    use wasm_agent_policy::{Decision, GuestPath, Origin};

    #[test]
    fn is_refused_for_another_action_of_its_kind() {
        let path = |text| GuestPath::parse(text).unwrap();
        let permit = || match policy().check(Act::read(path("/notes/a")), Origin::Foreign, ASKER) {
            Decision::Allow(allowed) => Permit::from(allowed),
            other => panic!("{other:?}"),
        };
        let other = permit().spend(|action| action.path() == Some(&path("/notes/b"))).unwrap_err();
        assert_eq!(other.to_string(), "the permit is for `file.read /notes/a`");
        let spent = permit().spend(|action| action.path() == Some(&path("/notes/a"))).unwrap();
        assert_eq!(spent, Action::FileRead { path: path("/notes/a") });
    }
}
