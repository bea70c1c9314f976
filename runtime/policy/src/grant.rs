//! Names of grants.

/// Names a grant of one policy. It means nothing without the policy it is from.
///
/// Ids are in the order of the file: filesystem grants, then HTTP grants, then the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantId {
    /// A `[[filesystem]]` table, by its position among them, from 0.
    Filesystem(u32),
    /// An `[[http]]` table, by its position among them, from 0.
    Http(u32),
    /// Stands for the grant of every checkpoint, which always asks and needs no grant in a policy.
    Checkpoint,
}

impl GrantId {
    pub(crate) fn filesystem(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self::Filesystem)
    }

    pub(crate) fn http(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self::Http)
    }
}
