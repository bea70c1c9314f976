//! A tool's output: counted, and passed on to the sink. In a replay too.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::gate::Session;

/// One of a tool's output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output: the tool's result.
    Stdout,
    /// Standard error: messages on the way.
    Stderr,
}

impl Stream {
    /// `stdout` or `stderr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Receives a tool's output.
///
/// The bytes are the tool's own: a program that shows them on a terminal must escape control characters first.
pub trait OutputSink: Send + Sync {
    /// Takes some bytes. The run waits meanwhile: where nobody takes them, it should fail once
    /// [`RunHandle::is_over`](crate::RunHandle::is_over), and the run ends.
    ///
    /// # Errors
    ///
    /// When they can't be passed on. The tool then sees a failed write, or a closed stream if the error is
    /// [`BrokenPipe`](std::io::ErrorKind::BrokenPipe): nobody reads any more.
    fn write(&self, stream: Stream, bytes: &[u8]) -> std::io::Result<()>;
}

/// Discards a tool's output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Discard;

impl OutputSink for Discard {
    fn write(&self, _: Stream, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps a tool's output, up to the run's output limit.
#[derive(Debug, Default)]
pub struct Capture {
    stdout: std::sync::Mutex<Vec<u8>>,
    stderr: std::sync::Mutex<Vec<u8>>,
}

impl Capture {
    /// The output of a stream so far.
    pub fn contents(&self, stream: Stream) -> Vec<u8> {
        self.buffer(stream).lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn buffer(&self, stream: Stream) -> &std::sync::Mutex<Vec<u8>> {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }
}

impl OutputSink for Capture {
    fn write(&self, stream: Stream, bytes: &[u8]) -> std::io::Result<()> {
        self.buffer(stream).lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(bytes);
        Ok(())
    }
}

/// The handles of output streams, so that a replay can show what is written to them.
pub(crate) struct Outputs {
    sink: Arc<dyn OutputSink>,
    handles: HashMap<u32, Stream>,
}

impl Outputs {
    pub(crate) fn new(sink: Arc<dyn OutputSink>) -> Self {
        Self { sink, handles: HashMap::new() }
    }

    pub(crate) fn opened(&mut self, handle: u32, stream: Stream) {
        self.handles.insert(handle, stream);
    }

    pub(crate) fn closed(&mut self, handle: u32) {
        self.handles.remove(&handle);
    }

    pub(crate) fn contains(&self, handle: u32) -> bool {
        self.handles.contains_key(&handle)
    }

    /// Shows zeroes that a replay writes to an output stream.
    pub(crate) fn replayed_zeroes(&self, handle: u32, length: u64) {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(CHUNK_BYTES_MAX);
        self.replayed(handle, &vec![0; length]);
    }

    /// Shows bytes that a replay writes to an output stream. If they can't be shown, the replay goes on unchanged.
    pub(crate) fn replayed(&self, handle: u32, bytes: &[u8]) {
        if let Some(stream) = self.handles.get(&handle)
            && let Err(error) = self.sink.write(*stream, bytes)
        {
            tracing::warn!(%error, "cannot pass on the tool's output");
        }
    }
}

/// A tool's output stream in a live run.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) stream: Stream,
    pub(crate) sink: Arc<dyn OutputSink>,
    pub(crate) session: Arc<Session>,
    /// The rest of the output limit, in bytes, for both streams together.
    pub(crate) left: Arc<AtomicU64>,
    /// How often the tool was told that nobody reads this stream any more, under any of its handles.
    pub(crate) gone: Arc<AtomicU32>,
}

/// How often a tool is told that nobody reads its standard output any more. Then its run ends, as a program ends by
/// SIGPIPE: it would print for ever otherwise, or for as long as its limits allow.
const GONE_MAX: u32 = 64;

impl Output {
    fn open(&self) -> StreamResult<()> {
        if self.gone.load(Ordering::Relaxed) == 0 { Ok(()) } else { Err(self.closed()) }
    }

    fn closed(&self) -> StreamError {
        let told = self.gone.fetch_add(1, Ordering::Relaxed);
        if told >= GONE_MAX && self.stream == Stream::Stdout {
            return StreamError::Trap(self.session.ending.cancel("nobody reads standard output any more".to_owned()));
        }
        StreamError::Closed
    }
}

/// Most bytes accepted at once.
const CHUNK_BYTES_MAX: usize = 64 << 10;

impl IsTerminal for Output {
    /// Always `false`: on a terminal, a tool would begin to draw.
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    /// For WASI 0.3, which is refused when a tool is loaded.
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

#[async_trait::async_trait]
impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.open()?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(length));
        if taken.is_err() {
            return Err(StreamError::Trap(self.session.ending.limit("output")));
        }
        let Err(error) = self.sink.write(self.stream, &bytes) else { return Ok(()) };
        // The sink may have given up because of that, and the tool must not end by itself over it.
        self.session.check().map_err(StreamError::Trap)?;
        Err(match error.kind() {
            std::io::ErrorKind::BrokenPipe => self.closed(),
            _ => StreamError::LastOperationFailed(wasmtime::Error::new(error)),
        })
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.open()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.open().map(|()| CHUNK_BYTES_MAX)
    }
}
