//! Why a text is not a URL that can be requested.

/// Longest URL, in bytes. Servers commonly refuse more; each one is held in memory, shown and recorded.
pub const URL_BYTES_MAX: usize = 8192;

/// Why a text is not a URL that can be requested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The URL is longer than [`URL_BYTES_MAX`].
    #[error("a URL has at most 8192 bytes")]
    TooLong,
    /// The URL does not begin with `http://` or `https://`.
    #[error("a URL must begin with `http://` or `https://`")]
    Scheme,
    /// The URL contains white space or a control character, which some parsers drop.
    #[error("a URL must not contain white space or control characters")]
    Control,
    /// The URL contains a backslash, which some parsers read as `/`.
    #[error("a URL must not contain a backslash")]
    Backslash,
    /// The URL contains `#`. A fragment is never sent.
    #[error("a URL that is sent has no fragment")]
    Fragment,
    /// The URL contains a user name or password.
    #[error("a URL must not contain a user name or password")]
    UserInfo,
    /// The host is missing or not a host.
    #[error("`{0}` is not a host")]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` is not a port")]
    Port(String),
    /// The path does not begin with `/`.
    #[error("the path of a URL must begin with `/`")]
    Path,
    /// A `%` is not followed by two hexadecimal digits.
    #[error("`%` must be followed by two hexadecimal digits")]
    Percent,
    /// The path contains `%5C` or an encoded control character, which servers decode at different times; or something
    /// that some servers turn into one or into a `/`: encoded twice, overlong, full-width.
    #[error("`{0}` in the path of a URL is ambiguous")]
    AmbiguousEncoding(String),
    /// A path segment is a dot segment with parameters, as in `..;x`, which some servers read as `..`; or becomes a dot
    /// segment if a server decodes too often or too leniently, or takes `%2F` for a `/`.
    #[error("the path segment `{0}` is ambiguous")]
    AmbiguousSegment(String),
}
