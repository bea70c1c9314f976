//! A tool's standard input: given in advance, or read at the moment the tool asks for it.
//!
//! A live run alone has it. What the tool reads is recorded with the call that reads it, and a replay takes it from
//! there.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, Interest};
use wasmtime_wasi::cli::{IsTerminal, StdinStream};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::p2::{InputStream, Pollable, StreamError, StreamResult};

use crate::gate::Session;

/// Most bytes that one call reads: what a pipe holds.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// Where a tool's standard input comes from.
#[derive(Clone)]
pub(crate) enum Input {
    /// These bytes.
    Given(Vec<u8>),
    /// An open file, pipe or terminal.
    Open(Arc<OwnedFd>),
}

impl Input {
    /// The input as a stream of WASI.
    pub(crate) fn stream(self, session: &Arc<Session>) -> Box<dyn StdinStream + Sync> {
        match self {
            Self::Given(bytes) => {
                Box::new(GivenInput { pipe: MemoryInputPipe::new(bytes), session: Arc::clone(session) })
            }
            Self::Open(source) => Box::new(OpenInput(Arc::new(Shared {
                is_terminal: rustix::termios::isatty(&source),
                source,
                watch: OnceLock::new(),
                ended: AtomicBool::new(false),
                session: Arc::clone(session),
            }))),
        }
    }
}

/// Input that was given in advance. It notes that it was read, for the report.
#[derive(Clone)]
struct GivenInput {
    pipe: MemoryInputPipe,
    session: Arc<Session>,
}

impl IsTerminal for GivenInput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for GivenInput {
    /// For WASI 0.3, which is refused when a tool is loaded.
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(tokio::io::empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for GivenInput {
    async fn ready(&mut self) {
        self.pipe.ready().await;
    }
}

#[async_trait::async_trait]
impl InputStream for GivenInput {
    fn read(&mut self, bytes: usize) -> StreamResult<Bytes> {
        self.session.has_read_input.store(true, Ordering::Relaxed);
        self.pipe.read(bytes)
    }
}

/// Input that is read when the tool asks for it. All handles of a tool share it.
#[derive(Clone)]
struct OpenInput(Arc<Shared>);

struct Shared {
    source: Arc<OwnedFd>,
    /// A person types it.
    is_terminal: bool,
    /// Says when something can be read. `None` for a file, which can always be read.
    watch: OnceLock<Option<AsyncFd<OwnedFd>>>,
    /// Nothing more comes. A terminal would give more after its end.
    ended: AtomicBool,
    session: Arc<Session>,
}

impl Shared {
    /// Whether a read returns at once.
    fn is_ready(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut watched = [PollFd::new(&*self.source, PollFlags::IN)];
        // If it can't be watched, reading says why.
        self.ended.load(Ordering::Relaxed) || poll(&mut watched, Some(&now)).map_or(true, |ready| ready > 0)
    }

    /// Whether the lines of this terminal are for somebody else: what is typed while a question waits is its answer.
    fn is_taken(&self) -> bool {
        self.is_terminal && self.session.tracker.is_asking()
    }

    fn watch(&self) -> Option<&AsyncFd<OwnedFd>> {
        self.watch.get_or_init(|| watch(&self.source)).as_ref()
    }

    async fn ready(&self) {
        // Waiting for a person takes no time of the run's, unless something else can end the wait, such as a timer.
        let is_alone = self.session.polled.load(Ordering::Relaxed) <= 1;
        let _standing_still = (self.is_terminal && is_alone).then(|| self.session.clock.waiting());
        loop {
            if self.is_taken() {
                self.session.tracker.unasked().await;
            } else if self.is_ready() {
                return;
            } else if let Some(watch) = self.watch()
                && let Ok(mut changed) = watch.readable().await
            {
                if !self.is_ready() {
                    changed.clear_ready();
                }
            } else {
                return;
            }
        }
    }

    fn read(&self, bytes: usize) -> StreamResult<Bytes> {
        if self.ended.load(Ordering::Relaxed) {
            return Err(StreamError::Closed);
        }
        if bytes == 0 || self.is_taken() || !self.is_ready() {
            return Ok(Bytes::new());
        }
        let mut piece = vec![0; bytes.min(PIECE_BYTES_MAX)];
        match rustix::io::retry_on_intr(|| rustix::io::read(&self.source, &mut piece)) {
            Ok(0) => {
                self.ended.store(true, Ordering::Relaxed);
                Err(StreamError::Closed)
            }
            Ok(read) => {
                piece.truncate(read);
                Ok(piece.into())
            }
            // Another process took it first.
            Err(Errno::AGAIN) => Ok(Bytes::new()),
            Err(error) => {
                self.ended.store(true, Ordering::Relaxed);
                Err(StreamError::LastOperationFailed(wasmtime::Error::new(error)))
            }
        }
    }
}

#[expect(
    deprecated,
    reason = "deprecated for types whose descriptor may change or close while it is watched; an `OwnedFd` keeps its own"
)]
fn watch(source: &OwnedFd) -> Option<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(source.try_clone().ok()?, Interest::READABLE).ok()
}

impl IsTerminal for OpenInput {
    /// Always `false`, as for output: at a terminal, a tool would begin to draw.
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for OpenInput {
    /// For WASI 0.3, which is refused when a tool is loaded.
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(tokio::io::empty())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for OpenInput {
    async fn ready(&mut self) {
        self.0.ready().await;
    }
}

#[async_trait::async_trait]
impl InputStream for OpenInput {
    fn read(&mut self, bytes: usize) -> StreamResult<Bytes> {
        self.0.read(bytes)
    }

    async fn blocking_read(&mut self, bytes: usize) -> StreamResult<Bytes> {
        loop {
            self.0.ready().await;
            let read = self.0.read(bytes)?;
            if bytes == 0 || !read.is_empty() {
                return Ok(read);
            }
            // Another process reads it too. Without this, the run could not be stopped here.
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use wasm_agent_ids::RunId;

    use super::*;

    fn input(source: impl Into<OwnedFd>) -> Arc<Shared> {
        let session = Arc::new(Session::new(RunId::from_bytes([1; 16]), Duration::MAX, Arc::default(), Arc::default()));
        Arc::new(Shared {
            source: Arc::new(source.into()),
            is_terminal: false,
            watch: OnceLock::new(),
            ended: AtomicBool::new(false),
            session,
        })
    }

    #[tokio::test]
    async fn bytes_come_as_they_are_written() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let mut input = OpenInput(input(reader));
        assert_eq!(input.read(10).unwrap(), "");
        for text in ["one\n", "two\n"] {
            let reading = tokio::spawn({
                let mut input = input.clone();
                async move { input.blocking_read(100).await.unwrap() }
            });
            tokio::task::yield_now().await;
            writer.write_all(text.as_bytes()).unwrap();
            assert_eq!(reading.await.unwrap(), text);
        }
        writer.write_all(b"three").unwrap();
        assert_eq!(input.blocking_read(2).await.unwrap(), "th");
        assert_eq!(input.read(0).unwrap(), "");
        drop(writer);
        assert_eq!(input.blocking_read(100).await.unwrap(), "ree");
        assert!(matches!(input.blocking_read(100).await, Err(StreamError::Closed)));
        assert!(matches!(input.read(1), Err(StreamError::Closed)));
    }

    #[tokio::test]
    async fn a_file_is_read_in_pieces_and_no_further_than_asked() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; PIECE_BYTES_MAX + 1]).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let mut input = OpenInput(input(file));
        assert_eq!(input.blocking_read(usize::MAX).await.unwrap().len(), PIECE_BYTES_MAX);
        assert_eq!(input.blocking_read(usize::MAX).await.unwrap().len(), 1);
        assert!(matches!(input.blocking_read(1).await, Err(StreamError::Closed)));
    }
}
