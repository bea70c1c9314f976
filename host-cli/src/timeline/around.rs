//! The recorded calls around a divergence.

use std::io::{self, Read, Seek};

use serde_json::Value;
use wasm_agent_host::journal::{Event, Reader, Record, to_json};

use super::Timeline;

/// Calls shown before and after: together about half a screen.
const CALLS_BEFORE: u64 = 6;
const CALLS_AFTER: u64 = 4;

/// The recorded calls around a divergence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Around {
    /// Rows of a timeline. Those of the call are marked.
    pub(crate) rows: String,
    /// The calls, as `journal show --format json` prints them.
    pub(crate) calls: Vec<Value>,
}

impl Around {
    /// Reads the calls around a call, for a terminal of this width, or for a file or pipe (`None`). If the journal
    /// can't be read further, the calls until then are all.
    pub(crate) fn read<R: Read + Seek>(reader: &mut Reader<R>, call: u64, columns: Option<usize>) -> io::Result<Self> {
        let mut rows = Vec::new();
        let mut calls = Vec::new();
        let mut timeline = Timeline::excerpt(&mut rows, columns, call)?;
        // Records of effects come before their call's record.
        let mut next = 0;
        while let Ok(Some(record)) = reader.next() {
            let near = next >= call.saturating_sub(CALLS_BEFORE);
            if near && !matches!(record.event, Event::Header(_)) {
                timeline.record(&record)?;
            }
            if let Record { event: Event::Call(_), .. } = record {
                if near {
                    calls.push(to_json(&record));
                }
                if next >= call.saturating_add(CALLS_AFTER) {
                    break;
                }
                next += 1;
            }
        }
        timeline.end_excerpt()?;
        Ok(Self { rows: String::from_utf8_lossy(&rows).into_owned(), calls })
    }
}
