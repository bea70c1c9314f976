//! [`Contents`]: which bytes of a file are known, and where they are stored.

use std::collections::BTreeMap;

use wasm_agent_journal::{BlobRef, Digest};

/// Most pieces of one file. If a tool writes all over a large file in small steps, its contents are no longer followed.
const PIECES_MAX: usize = 65_536;

/// Where the bytes of a piece are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Nowhere: they are zeroes.
    Zeroes,
    /// In the spool, from this offset.
    Spool { at: u64 },
    /// In a blob of the journal, after skipping some bytes.
    Blob { blob: BlobRef, skip: u64 },
    /// Nowhere: only a digest is known, of `whole` bytes. The piece begins after skipping some of them.
    DigestOnly { digest: Digest, whole: u64, skip: u64 },
}

/// The known contents of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contents {
    /// Length in bytes, if known.
    pub(super) length: Option<u64>,
    /// Pieces with their length, by offset. They do not overlap. Bytes between them are unknown.
    pieces: BTreeMap<u64, (u64, Source)>,
    /// Digest of the whole file, if an intent had it and nothing was written since.
    pub(super) digest: Option<Digest>,
    /// There are too many pieces to follow.
    pub(super) given_up: bool,
}

impl Contents {
    /// An empty file.
    pub(super) fn empty() -> Self {
        Self { length: Some(0), ..Self::default() }
    }

    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Applies a write. A gap before it becomes zeroes.
    pub(super) fn write(&mut self, start: u64, length: u64, source: Source) {
        if length == 0 {
            return;
        }
        self.digest = None;
        let Some(end) = start.checked_add(length) else { return self.give_up() };
        if let Some(before) = self.length {
            if start > before {
                self.insert(before, start - before, Source::Zeroes);
            }
            self.length = Some(before.max(end));
        }
        self.insert(start, length, source);
    }

    /// Applies a read, which shows bytes of the file.
    pub(super) fn observe(&mut self, start: u64, length: u64, source: Source) {
        let Some(end) = start.checked_add(length) else { return };
        if self.length.is_some_and(|known| end > known) {
            // Something else made the file longer.
            self.length = None;
        }
        if length > 0 {
            self.insert(start, length, source);
        }
    }

    /// Sets the length, and forgets what was known beyond it.
    pub(super) fn ends_at(&mut self, length: u64) {
        self.clear(length, u64::MAX);
        self.length = Some(length);
    }

    /// Makes the file longer, with zeroes, or shorter.
    pub(super) fn resize(&mut self, length: u64) {
        self.digest = None;
        match self.length {
            Some(before) if length > before => self.insert(before, length - before, Source::Zeroes),
            _ => self.clear(length, u64::MAX),
        }
        self.length = Some(length);
    }

    /// Forgets the bytes of a range. The length does not change.
    pub(super) fn forget(&mut self, start: u64, end: u64) {
        self.digest = None;
        self.clear(start, end);
    }

    fn clear(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        // A piece that begins before the range can reach into it, and beyond it.
        if let Some((&at, &(length, source))) = self.pieces.range(..start).next_back() {
            let behind = at.saturating_add(length);
            if behind > start {
                self.pieces.insert(at, (start - at, source));
                if behind > end {
                    self.pieces.insert(end, (behind - end, source.after(end - at)));
                }
            }
        }
        while let Some((&at, &(length, source))) = self.pieces.range(start..end).next() {
            self.pieces.remove(&at);
            let behind = at.saturating_add(length);
            if behind > end {
                self.pieces.insert(end, (behind - end, source.after(end - at)));
            }
        }
    }

    /// Forgets everything.
    pub(super) fn give_up(&mut self) {
        *self = Self { given_up: true, ..Self::default() };
    }

    /// The pieces of a range, in order. Where nothing is known, the source is `None`.
    pub(super) fn range(&self, start: u64, length: u64) -> Vec<(u64, u64, Option<Source>)> {
        let end = start.saturating_add(length);
        let mut found = Vec::new();
        let mut at = start;
        let first = self.pieces.range(..=start).next_back().map_or(start, |(first, _)| *first);
        for (&piece, &(length, source)) in self.pieces.range(first..end) {
            let (from, to) = (piece.max(start), piece.saturating_add(length).min(end));
            if from >= to {
                continue;
            }
            if from > at {
                found.push((at, from - at, None));
            }
            found.push((from, to - from, Some(source.after(from - piece))));
            at = to;
        }
        if at < end {
            found.push((at, end - at, None));
        }
        found
    }

    /// All pieces whose bytes are known, in order.
    pub(super) fn known(&self) -> impl Iterator<Item = (u64, u64, Source)> {
        let pieces = self.pieces.iter().map(|(at, (length, source))| (*at, *length, *source));
        pieces.filter(|(_, _, source)| !matches!(source, Source::DigestOnly { .. }))
    }

    /// How many bytes are known.
    pub(super) fn known_bytes(&self) -> u64 {
        self.known().fold(0, |sum, (_, length, _)| sum.saturating_add(length))
    }

    /// Whether the whole file is known.
    pub(super) fn is_whole(&self) -> bool {
        self.length == Some(self.known_bytes())
    }

    /// The digest of the whole file: from an intent, or from its only piece.
    pub(super) fn whole_digest(&self) -> Option<Digest> {
        if self.digest.is_some() {
            return self.digest;
        }
        let length = self.length?;
        let (first, (piece, source)) = self.pieces.first_key_value()?;
        match source {
            Source::DigestOnly { digest, whole, skip: 0 } if (*first, *piece, *whole) == (0, length, length) => {
                Some(*digest)
            }
            Source::Blob { blob, skip: 0 } if (*first, *piece, blob.length) == (0, length, length) => Some(blob.digest),
            _ => None,
        }
    }

    fn insert(&mut self, start: u64, length: u64, source: Source) {
        let Some(end) = start.checked_add(length) else { return self.give_up() };
        self.clear(start, end);
        let (mut at, mut length, mut source) = (start, length, source);
        if let Some((&before, &(reach, known))) = self.pieces.range(..start).next_back()
            && before.saturating_add(reach) == start
            && known.after(reach) == source
        {
            (at, length, source) = (before, reach.saturating_add(length), known);
        }
        if let Some(&(reach, known)) = self.pieces.get(&end)
            && source.after(length) == known
        {
            self.pieces.remove(&end);
            length = length.saturating_add(reach);
        }
        self.pieces.insert(at, (length, source));
        if self.pieces.len() > PIECES_MAX {
            self.give_up();
        }
    }
}

impl Source {
    /// The source of the bytes that begin this much later.
    fn after(self, bytes: u64) -> Self {
        match self {
            Self::Zeroes => Self::Zeroes,
            Self::Spool { at } => Self::Spool { at: at.saturating_add(bytes) },
            Self::Blob { blob, skip } => Self::Blob { blob, skip: skip.saturating_add(bytes) },
            Self::DigestOnly { digest, whole, skip } => {
                Self::DigestOnly { digest, whole, skip: skip.saturating_add(bytes) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FAR: u64 = 1 << 40;

    /// Every byte by what it stands for: nothing, a zero, or its place in the spool.
    fn bytes(contents: &Contents) -> Vec<Option<u64>> {
        let mut bytes = Vec::new();
        for (at, length, source) in contents.range(0, contents.length.unwrap()) {
            for step in 0..length {
                assert_eq!(u64::try_from(bytes.len()).unwrap(), at + step);
                bytes.push(source.map(|source| match source.after(step) {
                    Source::Zeroes => 0,
                    Source::Spool { at } => at,
                    other => panic!("{other:?}"),
                }));
            }
        }
        bytes
    }

    proptest! {
        #[test]
        fn pieces_are_what_a_plain_array_is(steps in prop::collection::vec((0..4_u8, 0..24_u64, 0..12_u64), 0..40)) {
            let mut contents = Contents::empty();
            let mut plain: Vec<Option<u64>> = Vec::new();
            for (turn, (what, start, length)) in steps.into_iter().enumerate() {
                let at = FAR + 1000 * u64::try_from(turn).unwrap();
                let (from, to) = (usize::try_from(start).unwrap(), usize::try_from(start + length).unwrap());
                match what {
                    0 | 1 => {
                        contents.write(start, length, Source::Spool { at });
                        if length > 0 && plain.len() < to {
                            plain.resize(to, Some(0));
                        }
                        for (step, byte) in plain.iter_mut().take(to).skip(from).enumerate() {
                            *byte = Some(at + u64::try_from(step).unwrap());
                        }
                    }
                    2 => {
                        contents.resize(start);
                        plain.resize(from, Some(0));
                    }
                    _ => {
                        contents.forget(start, start + length);
                        plain.iter_mut().take(to).skip(from).for_each(|byte| *byte = None);
                    }
                }
                prop_assert_eq!(&bytes(&contents), &plain);
                prop_assert_eq!(contents.is_whole(), plain.iter().all(Option::is_some));
            }
        }
    }

    #[test]
    fn what_is_written_in_a_row_is_one_piece() {
        let mut contents = Contents::empty();
        for step in 0..1000 {
            contents.write(step * 10, 10, Source::Spool { at: FAR + step * 10 });
        }
        assert_eq!((contents.pieces(), contents.length), (1, Some(10_000)));
    }

    #[test]
    fn a_digest_is_that_of_the_file_only_if_it_is_all_of_it() {
        let told = Source::DigestOnly { digest: [7; 32], whole: 300, skip: 0 };
        let mut contents = Contents::empty();
        contents.write(0, 300, told);
        assert_eq!((contents.whole_digest(), contents.is_whole()), (Some([7; 32]), false));
        contents.write(300, 1, Source::Zeroes);
        assert_eq!(contents.whole_digest(), None);
        contents.resize(300);
        assert_eq!(contents.whole_digest(), Some([7; 32]));
        contents.resize(299);
        assert_eq!(contents.whole_digest(), None);
    }

    #[test]
    fn absurd_offsets_are_no_contents() {
        let mut contents = Contents::empty();
        contents.write(u64::MAX, 2, Source::Zeroes);
        assert!(contents.given_up && contents.pieces() == 0);
        contents.write(u64::MAX - 5, 5, Source::Zeroes);
        contents.forget(3, u64::MAX);
        contents.resize(u64::MAX);
        assert_eq!(contents.length, Some(u64::MAX));
    }

    #[test]
    fn too_many_pieces_are_given_up() {
        let mut contents = Contents::default();
        for step in 0..=u64::try_from(PIECES_MAX).unwrap() {
            contents.write(step * 2, 1, Source::Spool { at: step * 5 });
        }
        assert!(contents.given_up && contents.pieces() <= 1);
    }
}
