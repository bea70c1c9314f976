//! What an action on files is about.

/// The kinds of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// Another name of the same file.
    Hard,
    /// A file that names another.
    Symbolic,
}

impl LinkKind {
    /// The stable name, in records and on the screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Symbolic => "symbolic",
        }
    }
}
