//! Where records begin and end, told from their lengths alone: nothing here is the reader's.

use std::ops::Range;

use crate::point::Cut;

/// Bytes before the first record.
pub const MAGIC_BYTES: u64 = 8;

/// A record's check and length.
const HEAD_BYTES: u64 = 8;

/// The whole records at the start of a journal.
pub fn whole(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = usize::try_from(MAGIC_BYTES).unwrap();
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_le_bytes(head[4..].try_into().unwrap());
        let end = at + 8 + usize::try_from(length).unwrap();
        if end > bytes.len() {
            break;
        }
        found.push(at..end);
        at = end;
    }
    found
}

/// Follows a journal while it is written, and knows when a place in it is reached.
#[derive(Debug)]
pub struct Follower {
    target: Target,
    /// Bytes so far.
    offset: u64,
    /// Number of the record that the next byte belongs to.
    index: u64,
    /// Where that record begins.
    start: u64,
    /// Its length field, as far as it has come.
    length: [u8; 4],
}

/// What a follower waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nothing.
    Never,
    /// So many bytes of the file.
    Offset(u64),
    /// A place in a record.
    Place(u64, Cut),
}

impl Follower {
    pub fn new(target: Target) -> Self {
        Self { target, offset: 0, index: 0, start: MAGIC_BYTES, length: [0; 4] }
    }

    /// How many of these bytes come before the place, if it is reached among them.
    ///
    /// A place between two records is reached when the second begins to be written, and with [`Cut::After`] as soon as
    /// the first has been.
    pub fn reach(&mut self, bytes: &[u8]) -> Option<usize> {
        for (position, byte) in bytes.iter().enumerate() {
            if self.is_reached() {
                return Some(position);
            }
            let ended = self.take(*byte);
            if ended && self.target == Target::Place(self.index - 1, Cut::After) {
                return Some(position + 1);
            }
        }
        None
    }

    fn is_reached(&self) -> bool {
        let into = self.offset.saturating_sub(self.start);
        match self.target {
            Target::Never => false,
            Target::Offset(offset) => offset == self.offset,
            Target::Place(index, _) if index != self.index || self.offset < MAGIC_BYTES => false,
            Target::Place(_, Cut::After) => false,
            Target::Place(_, Cut::Bytes(bytes)) => into == bytes,
            Target::Place(_, Cut::Middle) => into >= HEAD_BYTES && into == HEAD_BYTES + self.payload() / 2,
            Target::Place(_, Cut::Last) => into >= HEAD_BYTES && into + 1 == HEAD_BYTES + self.payload(),
        }
    }

    fn payload(&self) -> u64 {
        u64::from(u32::from_le_bytes(self.length))
    }

    /// Takes in one byte. Answers whether a record ends with it.
    fn take(&mut self, byte: u8) -> bool {
        let into = self.offset.saturating_sub(self.start);
        let in_record = self.offset >= MAGIC_BYTES;
        self.offset += 1;
        if !in_record {
            return false;
        }
        if (4..HEAD_BYTES).contains(&into) {
            self.length[usize::try_from(into).unwrap() - 4] = byte;
        }
        let ended = into + 1 >= HEAD_BYTES && into + 1 == HEAD_BYTES + self.payload();
        if ended {
            self.index += 1;
            self.start = self.offset;
        }
        ended
    }
}
