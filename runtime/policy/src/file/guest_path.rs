//! Names of files as a guest sees them.
//!
//! A [`GuestPath`] is absolute and canonical: two of them are equal exactly if they name the same place in the guest's
//! one namespace. Nothing here touches a file system, so a symbolic link is just a name. Code that follows links must
//! check the resolved path again.

use std::fmt;
use std::sync::Arc;

/// Longest guest path, in bytes.
///
/// The limit of `PATH_MAX` on Linux: a longer name could not be opened, and each one is held in memory and recorded.
pub const PATH_BYTES_MAX: usize = 4096;

/// Longest segment of a guest path, in bytes: `NAME_MAX` of every file system in common use.
pub const SEGMENT_BYTES_MAX: usize = 255;

/// Most segments of a guest path. Bounds what matching one path against one pattern can cost.
pub const PATH_SEGMENTS_MAX: usize = 256;

/// An absolute, canonical path in the guest's namespace.
///
/// Segments are separated by `/`; none is empty, `.` or `..`, none contains NUL. The root is `/`. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuestPath {
    text: Arc<str>,
}

/// Why a text is not a [`GuestPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuestPathError {
    /// The path does not begin with `/`.
    #[error("a guest path must begin with `/`")]
    NotAbsolute,
    /// The path has an empty segment: a doubled or trailing `/`.
    #[error("a guest path must not have an empty segment")]
    EmptySegment,
    /// The path has a segment `.` or `..`.
    #[error("a guest path must not have `.` or `..` segments")]
    DotSegment,
    /// The path contains a NUL byte, which would cut it short in a system call.
    #[error("a guest path must not contain NUL")]
    Nul,
    /// A single name contains `/`.
    #[error("a file name must not contain `/`")]
    Separator,
    /// The path or one of its segments is too long, or it has too many segments.
    #[error("the path is too long: at most 4096 bytes, 256 segments, 255 bytes in each")]
    TooLong,
}

impl GuestPath {
    /// The root of the guest's namespace, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self { text: Arc::from("/") }
    }

    /// Parses a path that is already canonical.
    ///
    /// # Errors
    ///
    /// Refuses everything that [`GuestPath`] rules out, rather than repairing it.
    pub fn parse(text: &str) -> Result<Self, GuestPathError> {
        let relative = text.strip_prefix('/').ok_or(GuestPathError::NotAbsolute)?;
        if text.len() > PATH_BYTES_MAX {
            return Err(GuestPathError::TooLong);
        }
        if !relative.is_empty() {
            let mut count = 0usize;
            for segment in relative.split('/') {
                check_segment(segment)?;
                count = count.saturating_add(1);
            }
            if count > PATH_SEGMENTS_MAX {
                return Err(GuestPathError::TooLong);
            }
        }
        Ok(Self { text: Arc::from(text) })
    }

    /// The path of the entry `segment` in this directory.
    ///
    /// # Errors
    ///
    /// Refuses a segment that is empty, `.` or `..`, or contains `/` or NUL, and a path that would be too long.
    pub fn join(&self, segment: &str) -> Result<Self, GuestPathError> {
        if segment.contains('/') {
            return Err(GuestPathError::Separator);
        }
        check_segment(segment)?;
        let mut text = String::with_capacity(self.text.len() + 1 + segment.len());
        if !self.is_root() {
            text.push_str(&self.text);
        }
        text.push('/');
        text.push_str(segment);
        if text.len() > PATH_BYTES_MAX || self.segments().count() >= PATH_SEGMENTS_MAX {
            return Err(GuestPathError::TooLong);
        }
        Ok(Self { text: Arc::from(text) })
    }

    /// Resolves `relative` against the directory `base` by text alone, as a system without symbolic links would.
    ///
    /// `.` and doubled or trailing separators vanish, `..` goes up and stops at the root, and a leading `/` discards
    /// `base`. So a path that leaves `base` still gets a name that can be checked, shown and recorded. A caller that
    /// confines a guest to `base` compares with [`GuestPath::starts_with`].
    ///
    /// # Errors
    ///
    /// Refuses NUL and a result, or input, that is too long.
    pub fn lexical(base: &Self, relative: &str) -> Result<Self, GuestPathError> {
        if relative.len() > PATH_BYTES_MAX {
            return Err(GuestPathError::TooLong);
        }
        let mut segments: Vec<&str> = Vec::new();
        if !relative.starts_with('/') {
            segments.extend(base.segments());
        }
        for segment in relative.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                name => {
                    check_segment(name)?;
                    segments.push(name);
                }
            }
        }
        let length = segments.iter().map(|segment| segment.len() + 1).sum::<usize>();
        if length > PATH_BYTES_MAX || segments.len() > PATH_SEGMENTS_MAX {
            return Err(GuestPathError::TooLong);
        }
        if segments.is_empty() {
            return Ok(Self::root());
        }
        let mut text = String::with_capacity(length);
        for segment in segments {
            text.push('/');
            text.push_str(segment);
        }
        Ok(Self { text: Arc::from(text) })
    }

    /// The whole path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this is `/`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.text.len() == 1
    }

    /// The segments from the root down; none for the root itself.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.relative_to_root().into_iter().flat_map(|path| path.split('/'))
    }

    /// The directory that holds this path; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        match self.text.rsplit_once('/') {
            Some(("", _)) | None => Some(Self::root()),
            Some((parent, _)) => Some(Self { text: Arc::from(parent) }),
        }
    }

    /// The last segment; `None` for the root.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.text.rsplit_once('/').map(|(_, name)| name).filter(|name| !name.is_empty())
    }

    /// Whether this path is `base` or lies below it.
    #[must_use]
    pub fn starts_with(&self, base: &Self) -> bool {
        base.is_root()
            || self.text.strip_prefix(base.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Everything after the leading `/`; `None` for the root, which has no segments.
    pub(crate) fn relative_to_root(&self) -> Option<&str> {
        self.text.strip_prefix('/').filter(|rest| !rest.is_empty())
    }
}

impl fmt::Display for GuestPath {
    /// Writes the path as it is. Text for a terminal is escaped with [`crate::escape`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for GuestPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

fn check_segment(segment: &str) -> Result<(), GuestPathError> {
    match segment {
        "" => Err(GuestPathError::EmptySegment),
        "." | ".." => Err(GuestPathError::DotSegment),
        name if name.len() > SEGMENT_BYTES_MAX => Err(GuestPathError::TooLong),
        name if name.contains('\0') => Err(GuestPathError::Nul),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> GuestPath {
        GuestPath::parse(text).unwrap()
    }

    #[test]
    fn refuses_what_is_not_canonical() {
        for (text, error) in [
            ("", GuestPathError::NotAbsolute),
            ("notes", GuestPathError::NotAbsolute),
            ("//", GuestPathError::EmptySegment),
            ("/notes/", GuestPathError::EmptySegment),
            ("/notes//a", GuestPathError::EmptySegment),
            ("/notes/.", GuestPathError::DotSegment),
            ("/../etc", GuestPathError::DotSegment),
            ("/a\0b", GuestPathError::Nul),
        ] {
            assert_eq!(GuestPath::parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn accepts_dots_that_are_names() {
        for text in ["/", "/...", "/.git", "/a..b", "/ ", "/é"] {
            assert_eq!(path(text).as_str(), text);
        }
    }

    #[test]
    fn bounds_length_segments_and_names() {
        assert!(GuestPath::parse(&format!("/{}", "a".repeat(SEGMENT_BYTES_MAX))).is_ok());
        assert_eq!(GuestPath::parse(&format!("/{}", "a".repeat(SEGMENT_BYTES_MAX + 1))), Err(GuestPathError::TooLong));
        let deepest = path(&"/a".repeat(PATH_SEGMENTS_MAX));
        assert_eq!(deepest.join("a"), Err(GuestPathError::TooLong));
        assert_eq!(GuestPath::parse(&"/a".repeat(PATH_SEGMENTS_MAX + 1)), Err(GuestPathError::TooLong));
        let longest = format!("/{}", "a".repeat(255)).repeat(16);
        assert_eq!(longest.len(), PATH_BYTES_MAX);
        assert_eq!(path(&longest).join("a"), Err(GuestPathError::TooLong));
    }

    #[test]
    fn joins_one_segment_only() {
        assert_eq!(path("/").join("a").unwrap(), path("/a"));
        assert_eq!(path("/a").join("b").unwrap(), path("/a/b"));
        assert_eq!(path("/a").join("b/c"), Err(GuestPathError::Separator));
        assert_eq!(path("/a").join(".."), Err(GuestPathError::DotSegment));
        assert_eq!(path("/a").join(""), Err(GuestPathError::EmptySegment));
    }

    #[test]
    fn resolves_by_text_and_stops_at_the_root() {
        for (base, relative, expected) in [
            ("/notes", "a.md", "/notes/a.md"),
            ("/notes", ".", "/notes"),
            ("/notes", "", "/notes"),
            ("/notes", "x/../a//b/./", "/notes/a/b"),
            ("/notes", "../etc/passwd", "/etc/passwd"),
            ("/notes", "../../../..", "/"),
            ("/notes", "/etc", "/etc"),
            ("/", "a", "/a"),
        ] {
            assert_eq!(GuestPath::lexical(&path(base), relative), Ok(path(expected)), "{base} {relative}");
        }
        assert_eq!(GuestPath::lexical(&path("/"), "a\0"), Err(GuestPathError::Nul));
    }

    #[test]
    fn prefix_is_by_segment() {
        assert!(path("/notes/a").starts_with(&path("/notes")));
        assert!(path("/notes").starts_with(&path("/notes")));
        assert!(path("/notes").starts_with(&path("/")));
        assert!(!path("/notes2").starts_with(&path("/notes")));
        assert!(!path("/").starts_with(&path("/notes")));
    }

    #[test]
    fn takes_a_path_apart() {
        assert_eq!(path("/a/b").parent(), Some(path("/a")));
        assert_eq!(path("/a").parent(), Some(path("/")));
        assert_eq!(path("/").parent(), None);
        assert_eq!(path("/a/b").file_name(), Some("b"));
        assert_eq!(path("/").file_name(), None);
        assert_eq!(path("/").segments().count(), 0);
    }

    proptest! {
        #[test]
        fn resolved_paths_are_canonical(base in "(/[a-z.]{1,4}){0,4}", relative in "[a-z./]{0,24}") {
            if let Ok(base) = GuestPath::parse(if base.is_empty() { "/" } else { &base }) {
                let resolved = GuestPath::lexical(&base, &relative).unwrap();
                prop_assert_eq!(GuestPath::parse(resolved.as_str()), Ok(resolved));
            }
        }
    }
}
