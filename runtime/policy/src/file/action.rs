//! What an action on files is about.

/// The kinds of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// Another name of the same file.
    Hard,
    /// A file that names another.
    Symbolic,
}
