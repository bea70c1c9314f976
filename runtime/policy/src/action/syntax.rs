//! Why a typed text is not an action.

use crate::file::guest_path::GuestPathError;
use crate::http::method::MethodError;
use crate::http::url::UrlError;

/// Why a text is not an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActionSyntaxError {
    /// Nothing follows the verb.
    #[error("`{0}` is not an action; expected a verb and what it is about, as in `DELETE /notes/a.md`")]
    Incomplete(String),
    /// There is no such verb.
    #[error("`{0}` is not a verb for files; expected one of {FILE_VERBS}")]
    Verb(String),
    /// The word in parentheses does not go with the verb.
    #[error("`{verb}` does not take `({word})`")]
    Word {
        /// The verb.
        verb: String,
        /// The word in parentheses.
        word: String,
    },
    /// The second path of a rename or a link is missing.
    #[error("`{0}` needs two paths, as in `{0} /a -> /b`")]
    Arrow(String),
    /// The path is not a path.
    #[error("`{path}` is not a guest path: {error}")]
    Path {
        /// The path as it is written.
        path: String,
        /// Why it is not one.
        error: GuestPathError,
    },
    /// The method is not a method.
    #[error("`{0}` is not a method: {error}", error = MethodError)]
    Method(String),
    /// The spelling in `(sent as …)` is not another spelling of the URL.
    #[error("`{0}` is not sent for this URL: its canonical form is another one, or it is the canonical form")]
    SentAs(String),
    /// The URL is not a URL.
    #[error("`{url}` cannot be requested: {error}")]
    Url {
        /// The URL as it is written.
        url: String,
        /// Why it can't be requested.
        error: UrlError,
    },
}

/// The verbs that take a path, for messages.
const FILE_VERBS: &str = "READ, CREATE, MODIFY, DELETE, CREATE-DIR, REMOVE-DIR, RENAME, RENAME-DIR, LINK, SYMLINK, \
                          or a kind such as `file.read`";
