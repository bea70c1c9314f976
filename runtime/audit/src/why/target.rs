//! What `why` asks about: a file, directory or URL.

use wasm_agent_policy::{GuestPath, GuestPathError, Url, UrlError};

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file or directory.
    Path(GuestPath),
    /// What a request is sent to.
    Url(Url),
}

/// Why a text is neither a guest path nor a URL.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It begins as a path.
    #[error(transparent)]
    Path(#[from] GuestPathError),
    /// It does not.
    #[error(transparent)]
    Url(#[from] UrlError),
}

impl Target {
    /// Takes a text as a path, if it begins as one, or as a URL.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.starts_with('/') {
            Ok(Self::Path(GuestPath::parse(text)?))
        } else {
            Ok(Self::Url(Url::parse_str(text)?))
        }
    }

    /// The target's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Path(path) => path.as_str(),
            Self::Url(url) => url.as_str(),
        }
    }
}
