//! Kinds of links.

/// The kind of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// Another name for the same file.
    Hard,
    /// A file that holds the path of another.
    Symbolic,
}

impl LinkKind {
    /// The stable name, in records and on screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Symbolic => "symbolic",
        }
    }
}
