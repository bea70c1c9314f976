//! [`FileOutput`]: a stream that writes to a file on the guest's own thread.

use std::fs::File;
use std::io::{self, IoSlice};
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use rustix::io::ReadWriteFlags;
use wasm_agent_files::{Disk, Errno};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Most bytes that a guest may write at once: the limit of wasmtime's own stream.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// A stream into a file, from a given position or at its end.
///
/// wasmtime's own stream hands each piece to another thread, and the guest waits for it: two thread switches for some
/// tens of microseconds of work. A run has its own thread, which can do the writing. The guest sees no difference: a
/// piece is under way until the guest has waited for it, and only then gets its error.
pub(crate) struct FileOutput {
    file: Arc<File>,
    /// Where the next piece goes. At the end of the file if there is none.
    position: Option<u64>,
    disk: Disk,
    state: State,
}

enum State {
    Ready,
    /// A piece was written or has failed, and the guest has not waited for it yet.
    Written(io::Result<()>),
    /// The guest gets this error next.
    Failed(io::Error),
    Closed,
}

impl FileOutput {
    /// A stream that begins at `position`, of a file that is open for writing.
    pub(crate) fn new(file: Arc<File>, position: Option<u64>, disk: Disk) -> Self {
        Self { file, position, disk, state: State::Ready }
    }

    /// Writes one piece. If it fails, the position does not move.
    fn put(&mut self, contents: &[u8]) -> io::Result<()> {
        let mut left = contents;
        let mut position = self.position;
        while !left.is_empty() {
            let written = put(&self.disk, &self.file, position, left)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            left = left.get(written..).unwrap_or_default();
            position = position.map(|at| at.saturating_add(u64::try_from(written).unwrap_or(u64::MAX)));
        }
        self.position = position;
        Ok(())
    }

    /// Ends the wait for the last piece.
    fn settle(&mut self) {
        self.state = match mem::replace(&mut self.state, State::Closed) {
            State::Written(Ok(())) => State::Ready,
            State::Written(Err(error)) => State::Failed(error),
            settled => settled,
        };
    }

    /// Returns a pending error once, after which the stream is closed.
    fn take_error(&mut self) -> StreamResult<()> {
        match mem::replace(&mut self.state, State::Closed) {
            State::Failed(error) => Err(StreamError::LastOperationFailed(error.into())),
            State::Closed => Err(StreamError::Closed),
            state @ (State::Ready | State::Written(_)) => {
                self.state = state;
                Ok(())
            }
        }
    }
}

/// Writes to a file, at a position or at its end, if the run may add that much to the disk. Returns how many bytes were
/// taken.
pub(super) fn put(disk: &Disk, file: &File, position: Option<u64>, contents: &[u8]) -> Result<usize, Errno> {
    disk.write(file, (position, contents.len()), || {
        rustix::io::retry_on_intr(|| match position {
            Some(position) => rustix::io::pwrite(file, contents, position),
            // The position does not matter: the kernel appends.
            None => rustix::io::pwritev2(file, &[IoSlice::new(contents)], u64::MAX, ReadWriteFlags::APPEND),
        })
    })
}

#[async_trait::async_trait]
impl Pollable for FileOutput {
    async fn ready(&mut self) {
        self.settle();
    }
}

#[async_trait::async_trait]
impl OutputStream for FileOutput {
    fn write(&mut self, contents: Bytes) -> StreamResult<()> {
        match self.state {
            State::Ready => {}
            State::Closed => return Err(StreamError::Closed),
            State::Written(_) | State::Failed(_) => {
                return Err(StreamError::trap("write not permitted: check_write not called first"));
            }
        }
        self.state = State::Written(self.put(&contents));
        Ok(())
    }

    async fn blocking_write_and_flush(&mut self, contents: Bytes) -> StreamResult<()> {
        self.settle();
        self.take_error()?;
        self.put(&contents).map_err(|error| {
            self.state = State::Closed;
            StreamError::LastOperationFailed(error.into())
        })
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.take_error()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.take_error()?;
        Ok(if matches!(self.state, State::Ready) { PIECE_BYTES_MAX } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    /// The futures here are never pending.
    fn now<T>(future: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("a file made its guest wait"),
        }
    }

    /// A stream on which every write fails: its file is open only for reading.
    fn failing() -> FileOutput {
        let file = tempfile::NamedTempFile::new().unwrap();
        FileOutput::new(Arc::new(File::open(file.path()).unwrap()), Some(0), Disk::default())
    }

    #[test]
    fn pieces_follow_each_other_from_the_position() {
        let mut file = tempfile::tempfile().unwrap();
        let mut output = FileOutput::new(Arc::new(file.try_clone().unwrap()), Some(2), Disk::default());
        output.write(Bytes::from_static(b"one")).unwrap();
        now(output.ready());
        now(output.blocking_write_and_flush(Bytes::from_static(b"two"))).unwrap();
        output.write_zeroes(1).unwrap();
        let mut contents = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut contents).unwrap();
        assert_eq!(contents, b"\0\0onetwo\0");
    }

    #[test]
    fn pieces_without_a_position_go_to_the_end() {
        let mut file = tempfile::tempfile().unwrap();
        let mut output = FileOutput::new(Arc::new(file.try_clone().unwrap()), None, Disk::default());
        for text in [&b"one"[..], b"two"] {
            now(output.blocking_write_and_flush(Bytes::from_static(text))).unwrap();
            file.rewind().unwrap();
        }
        let mut contents = Vec::new();
        file.read_to_end(&mut contents).unwrap();
        assert_eq!(contents, b"onetwo");
    }

    #[test]
    fn a_piece_has_to_be_waited_for_before_the_next() {
        let mut output = FileOutput::new(Arc::new(tempfile::tempfile().unwrap()), Some(0), Disk::default());
        assert_eq!(output.check_write().unwrap(), PIECE_BYTES_MAX);
        output.write(Bytes::from_static(b"one")).unwrap();
        assert_eq!(output.check_write().unwrap(), 0);
        output.flush().unwrap();
        assert!(matches!(output.write(Bytes::from_static(b"two")), Err(StreamError::Trap(_))));
        assert_eq!(now(output.write_ready()).unwrap(), PIECE_BYTES_MAX);
    }

    #[test]
    fn an_error_is_returned_once_and_closes_the_stream() {
        let mut output = failing();
        output.write(Bytes::from_static(b"one")).unwrap();
        assert_eq!(output.check_write().unwrap(), 0);
        now(output.ready());
        let Err(StreamError::LastOperationFailed(error)) = output.flush() else { panic!("no error was returned") };
        assert!(error.downcast_ref::<io::Error>().is_some(), "the guest asks which error it was");
        assert!(matches!(output.check_write(), Err(StreamError::Closed)));
        assert!(matches!(output.write(Bytes::new()), Err(StreamError::Closed)));
        let mut output = failing();
        let result = now(output.blocking_write_and_flush(Bytes::from_static(b"one")));
        assert!(matches!(result, Err(StreamError::LastOperationFailed(_))));
        assert!(matches!(output.flush(), Err(StreamError::Closed)));
    }
}
