//! `wasi:io/streams`: which bytes went where.

use wasm_agent_calls::Function;
use wasm_agent_calls::io::streams;
use wasm_agent_journal::{Call, PayloadRef};

use super::View;
use super::handles::Handle;
use super::items::{Answer, Arguments, Items};
use super::what::{At, Contents, Output, Place, What};

impl View {
    pub(super) fn streams<'r>(&mut self, function: &'static Function, call: &'r Call) -> Option<What<'r>> {
        let arguments = Arguments::of(function, call)?;
        let number = arguments.handle()?;
        match function.id {
            streams::INPUT_STREAM_READ | streams::INPUT_STREAM_BLOCKING_READ => self.stream_read(number, call),
            streams::INPUT_STREAM_SKIP | streams::INPUT_STREAM_BLOCKING_SKIP => self.skipped(number, call),
            streams::OUTPUT_STREAM_WRITE | streams::OUTPUT_STREAM_BLOCKING_WRITE_AND_FLUSH => {
                let payload = arguments.at("contents")?.payload()?;
                self.stream_wrote(number, call, payload.length(), Contents::Bytes(payload))
            }
            streams::OUTPUT_STREAM_WRITE_ZEROES | streams::OUTPUT_STREAM_BLOCKING_WRITE_ZEROES_AND_FLUSH => {
                self.stream_wrote(number, call, arguments.at("len")?.uint()?, Contents::Zeroes)
            }
            streams::OUTPUT_STREAM_SPLICE | streams::OUTPUT_STREAM_BLOCKING_SPLICE => {
                self.spliced(number, arguments.at("src")?.handle()?, call)
            }
            streams::OUTPUT_STREAM_CHECK_WRITE
            | streams::OUTPUT_STREAM_FLUSH
            | streams::OUTPUT_STREAM_BLOCKING_FLUSH => match Answer::of(call)? {
                Answer::Value(_) => Some(What::Other),
                Answer::Error(error) => Some(self.doubted(number, &error, 0)),
                Answer::Trap => Some(What::Failed { place: None }),
            },
            streams::DROP_INPUT_STREAM | streams::DROP_OUTPUT_STREAM => {
                Some(self.handles.take(number).map_or(What::Other, |opened| What::Closed { opened }))
            }
            _ => Some(What::Other),
        }
    }

    fn stream_read<'r>(&mut self, number: u32, call: &'r Call) -> Option<What<'r>> {
        let handle = self.handles.get(number);
        let mut value = match Answer::of(call)? {
            Answer::Value(value) => value,
            // Closed: a file has ended here.
            Answer::Error(error) if error.is_null() => {
                return Some(match handle {
                    Some(Handle::Reader { file, at }) => What::Read {
                        place: self.opened_place(file),
                        offset: at,
                        payload: PayloadRef::Inline(&[]),
                        end: true,
                    },
                    _ => What::Other,
                });
            }
            Answer::Error(_) | Answer::Trap => return Some(What::Failed { place: self.reader_place(handle) }),
        };
        let payload = value.payload()?;
        Some(match handle {
            Some(Handle::Reader { file, at }) => {
                self.advance(number, payload.length());
                What::Read { place: self.opened_place(file), offset: at, payload, end: false }
            }
            Some(Handle::ResponseStream(exchange)) => What::Received { exchange, payload },
            Some(Handle::Stdin) => What::ReadInput { payload },
            _ => What::Read { place: Place::default(), offset: 0, payload, end: false },
        })
    }

    fn skipped<'r>(&mut self, number: u32, call: &'r Call) -> Option<What<'r>> {
        if let Answer::Value(mut value) = Answer::of(call)? {
            let length = value.uint()?;
            self.advance(number, length);
        }
        Some(What::Other)
    }

    fn stream_wrote<'r>(
        &mut self,
        number: u32,
        call: &'r Call,
        length: u64,
        contents: Contents<'r>,
    ) -> Option<What<'r>> {
        match Answer::of(call)? {
            Answer::Value(_) => Some(self.went_out(number, length, contents)),
            Answer::Error(error) => Some(self.doubted(number, &error, length)),
            Answer::Trap => Some(What::Failed { place: None }),
        }
    }

    /// Bytes that were taken by a stream.
    fn went_out<'r>(&mut self, number: u32, length: u64, contents: Contents<'r>) -> What<'r> {
        match self.handles.get(number) {
            Some(Handle::Writer { file, at, .. }) => {
                self.advance(number, length);
                What::Wrote { place: self.opened_place(file), at, length, contents }
            }
            Some(Handle::RequestStream(exchange)) => What::SentBody { exchange, contents, length },
            Some(Handle::Stdout) => What::Printed { output: Output::Stdout, contents, length },
            Some(Handle::Stderr) => What::Printed { output: Output::Stderr, contents, length },
            _ => What::Wrote { place: Place::default(), at: At::End, length, contents },
        }
    }

    fn spliced<'r>(&mut self, number: u32, source: u32, call: &'r Call) -> Option<What<'r>> {
        let mut value = match Answer::of(call)? {
            Answer::Value(value) => value,
            Answer::Error(error) => return Some(self.doubted(number, &error, 0)),
            Answer::Trap => return Some(What::Failed { place: None }),
        };
        let length = value.uint()?;
        let contents = match self.handles.get(source) {
            Some(Handle::Reader { file, at }) => Contents::FileAt(self.opened_place(file), at),
            _ => Contents::Unknown,
        };
        self.advance(source, length);
        Some(self.went_out(number, length, contents))
    }

    /// An error of an output stream: what was written last, or `length` bytes now, may be lost.
    ///
    /// A stream that was closed before takes nothing, so that nothing of it is in doubt.
    fn doubted<'r>(&mut self, number: u32, error: &Items<'r>, length: u64) -> What<'r> {
        let place = self.reader_place(self.handles.get(number));
        match self.handles.get_mut(number) {
            Some(Handle::Writer { at, last, .. }) if !error.is_null() => {
                // The error may be of the write before, which is only now known to have failed.
                let start = match *at {
                    At::Offset(offset) => At::Offset(offset.saturating_sub(*last)),
                    At::End => At::End,
                };
                let length = last.saturating_add(length);
                *last = 0;
                What::InDoubt { place: place.unwrap_or_default(), at: start, length }
            }
            _ => What::Failed { place },
        }
    }

    fn reader_place(&self, handle: Option<Handle>) -> Option<Place> {
        match handle? {
            Handle::Reader { file, .. } | Handle::Writer { file, .. } => Some(self.opened_place(file)),
            _ => None,
        }
    }

    /// Moves a stream's position.
    fn advance(&mut self, number: u32, length: u64) {
        match self.handles.get_mut(number) {
            Some(Handle::Reader { at, .. }) => *at = at.saturating_add(length),
            Some(Handle::Writer { at, last, .. }) => {
                *last = length;
                if let At::Offset(offset) = at {
                    *offset = offset.saturating_add(length);
                }
            }
            _ => {}
        }
    }
}
