//! The spool: a file that holds contents while a journal is read.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes of a chunk. Each file has its own chunks, so that small writes to several files stay in few pieces.
pub(super) const CHUNK_BYTES: u64 = 64 << 10;

/// Most bytes kept: more than a disk has to spare for reading a journal.
const SPOOL_BYTES_MAX: u64 = 16 << 30;

/// Contents in a file. Chunks that are released are reused.
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
    /// Where the last chunk continues, and how much of it is free.
    at: u64,
    left: u64,
}

impl<S: Read + Write + Seek> Spool<S> {
    pub(super) fn new(file: S) -> Self {
        Self { file, end: 0, free: Vec::new() }
    }

    /// Stores as much of `bytes` as fits into a file's last chunk, or into a new one. Returns its offset and length;
    /// `None` if the spool is full.
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

    /// Overwrites stored bytes.
    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.write_all(bytes)
    }

    pub(super) fn read(&mut self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(at))?;
        self.file.read_exact(bytes)
    }

    /// Releases a file's chunks.
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

/// Widens a length. `usize` has at most 64 bits on every platform that Rust supports.
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
