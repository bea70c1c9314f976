//! `wasi:io/streams`: which bytes went where.

use wasm_agent_calls::Function;
use wasm_agent_calls::io::streams;
use wasm_agent_journal::{Call, PayloadRef};

use super::View;
use super::activity::{Activity, OutputStream, Place, Position, Written};
use super::handles::Handle;
use super::items::{Arguments, CallOutcome, Items};

impl View {
    pub(super) fn streams<'r>(&mut self, function: &'static Function, call: &'r Call) -> Option<Activity<'r>> {
        let arguments = Arguments::of(function, call)?;
        let number = arguments.handle()?;
        match function.id {
            streams::INPUT_STREAM_READ | streams::INPUT_STREAM_BLOCKING_READ => self.stream_read(number, call),
            streams::INPUT_STREAM_SKIP | streams::INPUT_STREAM_BLOCKING_SKIP => self.skipped(number, call),
            streams::OUTPUT_STREAM_WRITE | streams::OUTPUT_STREAM_BLOCKING_WRITE_AND_FLUSH => {
                let payload = arguments.at("contents")?.payload()?;
                self.stream_wrote(number, call, payload.length(), Written::Bytes(payload))
            }
            streams::OUTPUT_STREAM_WRITE_ZEROES | streams::OUTPUT_STREAM_BLOCKING_WRITE_ZEROES_AND_FLUSH => {
                self.stream_wrote(number, call, arguments.at("len")?.uint()?, Written::Zeroes)
            }
            streams::OUTPUT_STREAM_SPLICE | streams::OUTPUT_STREAM_BLOCKING_SPLICE => {
                self.spliced(number, arguments.at("src")?.handle()?, call)
            }
            streams::OUTPUT_STREAM_CHECK_WRITE
            | streams::OUTPUT_STREAM_FLUSH
            | streams::OUTPUT_STREAM_BLOCKING_FLUSH => match CallOutcome::of(call)? {
                CallOutcome::Value(_) => Some(Activity::Other),
                CallOutcome::Error(error) => Some(self.doubted(number, &error, 0)),
                CallOutcome::Trap => Some(Activity::Failed { place: None }),
            },
            streams::DROP_INPUT_STREAM | streams::DROP_OUTPUT_STREAM => {
                Some(self.handles.take(number).map_or(Activity::Other, |opened| Activity::Closed { opened }))
            }
            _ => Some(Activity::Other),
        }
    }

    fn stream_read<'r>(&mut self, number: u32, call: &'r Call) -> Option<Activity<'r>> {
        let handle = self.handles.get(number);
        let mut value = match CallOutcome::of(call)? {
            CallOutcome::Value(value) => value,
            // Closed: the file ends here.
            CallOutcome::Error(error) if error.is_null() => {
                return Some(match handle {
                    Some(Handle::Reader { file, at }) => Activity::Read {
                        place: self.opened_place(file),
                        offset: at,
                        payload: PayloadRef::Inline(&[]),
                        end: true,
                    },
                    _ => Activity::Other,
                });
            }
            CallOutcome::Error(_) | CallOutcome::Trap => {
                return Some(Activity::Failed { place: self.reader_place(handle) });
            }
        };
        let payload = value.payload()?;
        Some(match handle {
            Some(Handle::Reader { file, at }) => {
                self.advance(number, payload.length());
                Activity::Read { place: self.opened_place(file), offset: at, payload, end: false }
            }
            Some(Handle::ResponseStream(exchange)) => Activity::Received { exchange, payload },
            Some(Handle::Stdin) => Activity::ReadInput { payload },
            _ => Activity::Read { place: Place::default(), offset: 0, payload, end: false },
        })
    }

    fn skipped<'r>(&mut self, number: u32, call: &'r Call) -> Option<Activity<'r>> {
        if let CallOutcome::Value(mut value) = CallOutcome::of(call)? {
            let length = value.uint()?;
            self.advance(number, length);
        }
        Some(Activity::Other)
    }

    fn stream_wrote<'r>(
        &mut self,
        number: u32,
        call: &'r Call,
        length: u64,
        contents: Written<'r>,
    ) -> Option<Activity<'r>> {
        match CallOutcome::of(call)? {
            CallOutcome::Value(_) => Some(self.went_out(number, length, contents)),
            CallOutcome::Error(error) => Some(self.doubted(number, &error, length)),
            CallOutcome::Trap => Some(Activity::Failed { place: None }),
        }
    }

    /// Bytes that a stream took.
    fn went_out<'r>(&mut self, number: u32, length: u64, contents: Written<'r>) -> Activity<'r> {
        match self.handles.get(number) {
            Some(Handle::Writer { file, at, .. }) => {
                self.advance(number, length);
                Activity::Wrote { place: self.opened_place(file), at, length, contents }
            }
            Some(Handle::RequestStream(exchange)) => Activity::SentBody { exchange, contents, length },
            Some(Handle::Stdout) => Activity::Printed { output: OutputStream::Stdout, contents, length },
            Some(Handle::Stderr) => Activity::Printed { output: OutputStream::Stderr, contents, length },
            _ => Activity::Wrote { place: Place::default(), at: Position::End, length, contents },
        }
    }

    fn spliced<'r>(&mut self, number: u32, source: u32, call: &'r Call) -> Option<Activity<'r>> {
        let mut value = match CallOutcome::of(call)? {
            CallOutcome::Value(value) => value,
            CallOutcome::Error(error) => return Some(self.doubted(number, &error, 0)),
            CallOutcome::Trap => return Some(Activity::Failed { place: None }),
        };
        // The bytes themselves are recorded where they went to the tool's output.
        let (length, contents) = if value.is_payload() {
            let payload = value.payload()?;
            (payload.length(), Written::Bytes(payload))
        } else {
            let contents = match self.handles.get(source) {
                Some(Handle::Reader { file, at }) => Written::FileAt(self.opened_place(file), at),
                _ => Written::Unknown,
            };
            (value.uint()?, contents)
        };
        self.advance(source, length);
        Some(self.went_out(number, length, contents))
    }

    /// An error of an output stream: the last write, and the `length` bytes of this one, may be lost.
    ///
    /// A stream that was closed before takes nothing, so nothing is in doubt.
    fn doubted<'r>(&mut self, number: u32, error: &Items<'r>, length: u64) -> Activity<'r> {
        let place = self.reader_place(self.handles.get(number));
        match self.handles.get_mut(number) {
            Some(Handle::Writer { at, last, .. }) if !error.is_null() => {
                // The error may belong to the write before: a stream reports it late.
                let start = match *at {
                    Position::Offset(offset) => Position::Offset(offset.saturating_sub(*last)),
                    Position::End => Position::End,
                };
                let length = last.saturating_add(length);
                *last = 0;
                Activity::InDoubt { place: place.unwrap_or_default(), at: start, length }
            }
            _ => Activity::Failed { place },
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
                if let Position::Offset(offset) = at {
                    *offset = offset.saturating_add(length);
                }
            }
            _ => {}
        }
    }
}
