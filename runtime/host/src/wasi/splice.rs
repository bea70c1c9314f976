//! Splicing into the tool's own output.
//!
//! Elsewhere a splice is a number of bytes. Into standard output and error the bytes themselves are recorded, because
//! no call of the tool has them, and a replay shows them from there.

use bytes::Bytes;
use minicbor::data::Type;
use wasmtime_wasi::p2::StreamResult;

use super::io::{In, Out};
use crate::call::Host;
use crate::call::wire::{Malformed, Sink, Source, Wire};

/// What a splice moved.
pub(super) enum Moved {
    /// So many bytes.
    Count(u64),
    /// These bytes, into the tool's output.
    Contents(Bytes),
}

impl Moved {
    /// The answer that the tool gets.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Contents(contents) => u64::try_from(contents.len()).unwrap_or(u64::MAX),
        }
    }
}

impl Wire for Moved {
    fn put(&self, out: &mut Sink<'_>) {
        match self {
            Self::Count(count) => count.put(out),
            Self::Contents(contents) => contents.put(out),
        }
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        match from.cbor.datatype()? {
            Type::Bytes | Type::Tag => Bytes::take(from).map(Self::Contents),
            _ => u64::take(from).map(Self::Count),
        }
    }
}

impl Host {
    /// Whether a splice into this stream goes to the tool's output.
    pub(super) fn is_output(&self, stream: &Out) -> bool {
        self.outputs.contains(stream.rep())
    }

    /// Moves what can be read at once.
    pub(super) fn splice_out(&mut self, stream: &Out, source: &In, length: usize) -> StreamResult<Moved> {
        let length = self.output(stream)?.check_write()?.min(length);
        let contents = if length == 0 { Bytes::new() } else { self.input(source)?.read(length)? };
        self.moved(stream, contents)
    }

    /// Waits until something can be read, and moves it.
    pub(super) async fn blocking_splice_out(
        &mut self,
        stream: &Out,
        source: &In,
        length: usize,
    ) -> StreamResult<Moved> {
        let length = self.output(stream)?.write_ready().await?.min(length);
        let contents = if length == 0 { Bytes::new() } else { self.input(source)?.blocking_read(length).await? };
        self.moved(stream, contents)
    }

    fn moved(&mut self, stream: &Out, contents: Bytes) -> StreamResult<Moved> {
        if contents.is_empty() {
            return Ok(Moved::Count(0));
        }
        self.output(stream)?.write(contents.clone())?;
        Ok(Moved::Contents(contents))
    }

    /// Shows what a replayed splice moved.
    pub(super) fn spliced(&self, stream: &Out, moved: &Moved) {
        if let Moved::Contents(contents) = moved {
            self.outputs.replayed(stream.rep(), contents);
        }
    }
}
