//! The spool: where contents are kept while a journal is read, outside of memory.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes of a chunk. A file gets whole chunks, so that many small writes to several files do not come apart into many pieces.
pub(super) const CHUNK_BYTES: u64 = 64 << 10;

/// Most bytes that are kept: more than any disk has to spare for a question about a journal.
const SPOOL_BYTES_MAX: u64 = 16 << 30;

/// Contents outside of memory. What a file no longer needs is used again.
#[derive(Debug)]
pub(super) struct Spool<S> {
    file: S,
    end: u64,
    free: Vec<u64>,
}

/// The chunks of one file.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    starts: Vec<u64>,
    /// Where the last chunk goes on, and how much of it is left.
    at: u64,
    left: u64,
}

impl<S: Read + Write + Seek> Spool<S> {
    pub(super) fn new(file: S) -> Self {
        Self { file, end: 0, free: Vec::new() }
    }

    /// Keeps as much of `bytes` as fits into a file's last chunk, or a new one. Gives where, and how much; nothing where the
    /// spool is full.
    pub(super) fn keep(&mut self, chunks: &mut Chunks, bytes: &[u8]) -> io::Result<Option<(u64, u64)>> {
        if chunks.left == 0 {
            let Some(start) = self.chunk() else { return Ok(None) };
            chunks.starts.push(start);
            (chunks.at, chunks.left) = (start, CHUNK_BYTES);
        }
        let length = chunks.left.min(wide(bytes.len()));
        let (at, part) = (chunks.at, usize::try_from(length).unwrap_or(usize::MAX));
        self.write(at, bytes.get(..part).unwrap_or(bytes))?;
        chunks.at = chunks.at.saturating_add(length);
        chunks.left -= length;
        Ok(Some((at, length)))
    }

    /// Writes over what was kept.
    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)
    }

    pub(super) fn read(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(bytes)
    }

    /// Gives a file's chunks back.
    pub(super) fn release(&mut self, chunks: &mut Chunks) {
        self.free.append(&mut chunks.starts);
        chunks.left = 0;
    }

    fn chunk(&mut self) -> Option<u64> {
        if let Some(start) = self.free.pop() {
            return Some(start);
        }
        let start = self.end;
        (start < SPOOL_BYTES_MAX).then(|| {
            self.end = start.saturating_add(CHUNK_BYTES);
            start
        })
    }
}

/// Widens a length. No platform that Rust supports has a `usize` above 64 bits.
pub(super) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn files_get_chunks_of_their_own_and_give_them_back() {
        let mut spool = Spool::new(Cursor::new(Vec::new()));
        let (mut one, mut other) = (Chunks::default(), Chunks::default());
        assert_eq!(spool.keep(&mut one, b"abc").unwrap(), Some((0, 3)));
        assert_eq!(spool.keep(&mut other, b"xyz").unwrap(), Some((CHUNK_BYTES, 3)));
        assert_eq!(spool.keep(&mut one, b"def").unwrap(), Some((3, 3)));
        let mut kept = [0; 6];
        spool.read(0, &mut kept).unwrap();
        assert_eq!(&kept, b"abcdef");
        let long = vec![7; 70_000];
        assert_eq!(spool.keep(&mut other, &long).unwrap(), Some((CHUNK_BYTES + 3, CHUNK_BYTES - 3)));
        spool.release(&mut one);
        let mut third = Chunks::default();
        assert_eq!(spool.keep(&mut third, b"new").unwrap(), Some((0, 3)));
    }
}
