//! Contents by source and destination: files, servers, the tool's input and output.

use crate::view::{Activity, Place};

/// Contents by source and destination, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Read from files.
    pub files_read: u64,
    /// Written to files.
    pub files_written: u64,
    /// Sent in bodies of requests.
    pub http_sent: u64,
    /// Received in bodies of responses.
    pub http_received: u64,
    /// Read from standard input.
    pub input: u64,
    /// Written to standard output and standard error.
    pub output: u64,
}

impl Traffic {
    /// Counts what a call moved. Contents of unknown streams count in the sums of their function only.
    pub(super) fn count(&mut self, activity: &Activity<'_>) {
        let (sum, bytes) = match activity {
            Activity::Read { place, payload, .. } if *place != Place::default() => {
                (&mut self.files_read, payload.length())
            }
            Activity::Wrote { place, length, .. } if *place != Place::default() => (&mut self.files_written, *length),
            Activity::SentBody { length, .. } => (&mut self.http_sent, *length),
            Activity::Received { payload, .. } => (&mut self.http_received, payload.length()),
            Activity::ReadInput { payload } => (&mut self.input, payload.length()),
            Activity::Printed { length, .. } => (&mut self.output, *length),
            _ => return,
        };
        *sum = sum.saturating_add(bytes);
    }
}
