//! Takes paths apart at `/`, eight bytes at a time: every decision does it, and `str::split` costs several times as much.

/// The segments of a path that begins with no `/`; the empty text has one, which is empty.
pub(crate) fn path_segments(path: &str) -> PathSegments<'_> {
    PathSegments { path, start: Some(0), next_word: 0, slashes: 0 }
}

/// Made by [`path_segments`].
#[derive(Clone, Debug)]
pub(crate) struct PathSegments<'p> {
    path: &'p str,
    /// Where the next segment begins; `None` behind the last one.
    start: Option<usize>,
    /// Where the bytes begin that have not been looked at.
    next_word: usize,
    /// The top bit of each byte before them, of the last eight, that is a `/` and has not been passed.
    slashes: u64,
}

/// How many bytes are looked at together.
const WORD: usize = 8;

impl<'p> Iterator for PathSegments<'p> {
    type Item = &'p str;

    #[inline]
    fn next(&mut self) -> Option<&'p str> {
        let start = self.start?;
        while self.slashes == 0 {
            let Some(rest) = self.path.as_bytes().get(self.next_word..).filter(|rest| !rest.is_empty()) else {
                self.start = None;
                return self.path.get(start..);
            };
            self.slashes = slashes(word(rest));
            self.next_word += WORD;
        }
        // At most 7, and behind a word that was looked at.
        let end = self.next_word - WORD + usize::try_from(self.slashes.trailing_zeros() / 8).unwrap_or(0);
        self.slashes &= self.slashes - 1;
        self.start = Some(end + 1);
        self.path.get(start..end)
    }
}

/// The first bytes as a number, the first of them lowest; zeros follow the last.
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<WORD>() {
        Some(word) => u64::from_le_bytes(*word),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The top bit of each byte that is a `/`, and no other.
fn slashes(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // A byte is zero now where it was a `/`. The sum has its top bit where a lower one is set, and never carries.
    let differs = word ^ 0x2f2f_2f2f_2f2f_2f2f;
    !(((differs & LOW) + LOW) | differs | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_path_has_one_segment() {
        assert_eq!(path_segments("").collect::<Vec<_>>(), [""]);
        assert_eq!(path_segments("/").collect::<Vec<_>>(), ["", ""]);
    }

    proptest! {
        #[test]
        fn splits_as_the_standard_library_does(path in "[a./0é¯\u{2f2f}\0]{0,40}") {
            let expected: Vec<&str> = path.split('/').collect();
            prop_assert_eq!(path_segments(&path).collect::<Vec<_>>(), expected);
        }
    }
}
