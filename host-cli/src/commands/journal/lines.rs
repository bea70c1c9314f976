//! A journal's records as JSON, one object per line.

use std::io::{self, Read, Seek, Write};

use serde_json::{Value, json};
use wasm_agent_host::journal::{Event, ReadError, Reader};

use super::shared::tail_json;
use crate::show::escape::escape_json;

/// Writes one event per line. If the run has no end, a last line says what is missing.
///
/// Returns the error if a record was changed.
pub(super) fn write(reader: &mut Reader<impl Read + Seek>, out: &mut dyn Write) -> io::Result<Option<ReadError>> {
    loop {
        match reader.next() {
            Ok(Some(record)) => {
                writeln!(out, "{}", escape_json(&serde_json::to_string(&record)?))?;
                if let Event::Call(call) = record.event {
                    reader.reuse(call);
                }
            }
            Ok(None) => {
                if !reader.is_complete() {
                    let mut last = json!({ "event": "incomplete" });
                    if let (Value::Object(last), Some(tail)) = (&mut last, reader.tail()) {
                        last.insert("unsealed".to_owned(), tail_json(&tail));
                    }
                    writeln!(out, "{last}")?;
                }
                return Ok(None);
            }
            Err(error) => return Ok(Some(error)),
        }
    }
}
