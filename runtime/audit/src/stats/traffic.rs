//! Where contents came from and where they went: files, servers, or the tool's own input and output.

use crate::view::{Place, What};

/// Contents by where they came from and went, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Read from files.
    pub files_read: u64,
    /// Written to files.
    pub files_written: u64,
    /// Sent in requests' bodies.
    pub http_sent: u64,
    /// Received in responses' bodies.
    pub http_received: u64,
    /// Read from standard input.
    pub input: u64,
    /// Written to standard output and standard error.
    pub output: u64,
}

impl Traffic {
    /// Counts what a call moved. What went through a stream that is not known is in the sums of its function only.
    pub(super) fn count(&mut self, what: &What<'_>) {
        let (sum, bytes) = match what {
            What::Read { place, payload, .. } if *place != Place::default() => (&mut self.files_read, payload.length()),
            What::Wrote { place, length, .. } if *place != Place::default() => (&mut self.files_written, *length),
            What::SentBody { length, .. } => (&mut self.http_sent, *length),
            What::Received { payload, .. } => (&mut self.http_received, payload.length()),
            What::ReadInput { payload } => (&mut self.input, payload.length()),
            What::Printed { length, .. } => (&mut self.output, *length),
            _ => return,
        };
        *sum = sum.saturating_add(bytes);
    }
}
