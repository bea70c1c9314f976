//! What `why` asks about: a file, directory or URL.

use wasm_agent_policy::{GuestPath, GuestPathError, Url, UrlError};

/// A file, directory or URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file or directory.
    Path(GuestPath),
    /// The URL of requests.
    Url(Url),
}

/// A text that is neither a guest path nor a URL.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It begins with `/`, but is not a guest path.
    #[error(transparent)]
    Path(#[from] GuestPathError),
    /// It is not a URL.
    #[error(transparent)]
    Url(#[from] UrlError),
}

impl Target {
    /// Parses a path, if the text begins with `/`, or else a URL.
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
