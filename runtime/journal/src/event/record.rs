//! [`Record`] and [`Event`]: what a reader yields, and the tables that it needs to decode the next record.

use std::sync::Arc;

use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;

use super::call::Call;
use super::effect::{ApprovalAsked, ApprovalSettled, Intent, Outcome};
use super::end::End;
use super::fields::{Map, expect_array};
use super::function::Function;
use super::header::Header;
use super::tables::Tables;
use crate::format::{NAME_BYTES_MAX, NAMES_MAX, kind};
use crate::item;
use crate::payload::{BlobRef, Digest, digest};

/// One record of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Position among the records; the header is 0.
    pub index: u64,
    /// Offset of the frame from the start of the file, in bytes.
    pub offset: u64,
    /// What it says.
    pub event: Event,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The header. Always the first record, and only there.
    Header(Box<Header>),
    /// A function, which later calls name by number.
    Function {
        /// Its number: how many functions were defined before.
        id: u64,
        /// The function.
        function: Arc<Function>,
    },
    /// A grant or reason, which later decisions name by number.
    Label {
        /// Its number: how many labels were defined before.
        id: u64,
        /// The text.
        text: Arc<str>,
    },
    /// Contents, which later records refer to.
    Blob(BlobRef),
    /// A host call.
    Call(Call),
    /// An effect that is about to happen.
    Intent(Box<Intent>),
    /// How an effect ended.
    Outcome(Outcome),
    /// An approval was asked for.
    ApprovalAsked(Box<ApprovalAsked>),
    /// An approval was answered.
    ApprovalSettled(ApprovalSettled),
    /// A remark of the host.
    Note(Note),
    /// A seal over everything before it.
    Seal(Seal),
    /// The end of the run.
    End(End),
}

/// A remark of the host: a tool's declared reason, a limit that was hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// What it is about, such as `intent`.
    pub name: String,
    /// The text, which may come from the guest.
    pub text: String,
}

/// Name of the note that a recovery adds. No other record may stand between an end and its seal.
pub(crate) const RECOVERED: &str = "recovered";

/// A seal over everything before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// BLAKE3 over everything from the previous seal, included, to this one; blob contents by digest.
    pub hash: Digest,
    /// Records before this one.
    pub records: u64,
    /// The signature, if the run had a key.
    pub signature: Option<Vec<u8>>,
}

impl Note {
    pub(crate) fn write(&self, out: &mut Vec<u8>, time: i64) {
        cbor::array(out, 4);
        cbor::uint(out, kind::NOTE.into());
        cbor::int(out, time);
        cbor::text(out, &self.name);
        cbor::text(out, &self.text);
    }
}

impl Seal {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        cbor::array(out, 3 + usize::from(self.signature.is_some()));
        cbor::uint(out, kind::SEAL.into());
        cbor::bytes(out, &self.hash);
        cbor::uint(out, self.records);
        if let Some(signature) = &self.signature {
            cbor::bytes(out, signature);
        }
    }

    /// Reads a seal's whole payload.
    pub(crate) fn read_payload(payload: &[u8]) -> Result<Self, decode::Error> {
        let mut decoder = Decoder::new(payload);
        let fields = decoder.array()?;
        decoder.u8()?;
        Self::read(&mut decoder, fields.unwrap_or_default())
    }

    fn read(decoder: &mut Decoder<'_>, fields: u64) -> Result<Self, decode::Error> {
        Ok(Self {
            hash: digest(decoder)?,
            records: decoder.u64()?,
            signature: if fields == 4 { Some(decoder.bytes()?.to_vec()) } else { None },
        })
    }
}

impl Tables {
    /// Decodes the payload of any record but a blob, which the frame layer handles.
    pub(crate) fn decode(&mut self, payload: &[u8]) -> Result<Event, decode::Error> {
        // Most records are calls, and their items are checked as they are taken out.
        if let [array @ (0x87 | 0x88), kind::CALL, fields @ ..] = payload {
            return Call::read(fields, *array == 0x88, self).map(Event::Call);
        }
        if !item::is_item(payload) {
            return Err(decode::Error::message("payload is not one item of this format"));
        }
        let mut decoder = Decoder::new(payload);
        let Some(fields) = decoder.array()? else {
            return Err(decode::Error::message("record is not an array with a length"));
        };
        let kind = decoder.u8()?;
        let event = match (kind, fields) {
            (kind::HEADER, 2) => Event::Header(Box::new(Header::read(&mut decoder)?)),
            (kind::FUNCTION, 4) => self.define_function(&mut decoder)?,
            (kind::LABEL, 3) => self.define_label(&mut decoder)?,
            // With a longer head than it needs.
            (kind::CALL, 7 | 8) => {
                let fields_after_kind = payload.get(decoder.position()..).unwrap_or_default();
                return Call::read(fields_after_kind, fields == 8, self).map(Event::Call);
            }
            (kind::INTENT, 5) => Event::Intent(Box::new(Intent::read(&mut decoder, self)?)),
            (kind::OUTCOME, 5 | 6) => Event::Outcome(Outcome::read(&mut decoder, self, fields)?),
            (kind::APPROVAL_ASKED, 5) => Event::ApprovalAsked(Box::new(ApprovalAsked::read(&mut decoder, self)?)),
            (kind::APPROVAL_SETTLED, 4) => Event::ApprovalSettled(ApprovalSettled::read(&mut decoder, self)?),
            (kind::NOTE, 4) => Event::Note(Note {
                at_ns: self.time(&mut decoder)?,
                name: decoder.str()?.to_owned(),
                text: decoder.str()?.to_owned(),
            }),
            (kind::SEAL, 3 | 4) => Event::Seal(Seal::read(&mut decoder, fields)?),
            (kind::END, 3) => Event::End(End::read(&mut decoder, self)?),
            _ => return Err(decode::Error::message(format!("no record of kind {kind} has {fields} fields"))),
        };
        if decoder.position() == payload.len() {
            Ok(event)
        } else {
            Err(decode::Error::message("record goes on after its last field").at(decoder.position()))
        }
    }

    fn define_function(&mut self, decoder: &mut Decoder<'_>) -> Result<Event, decode::Error> {
        let id = next_id(decoder, self.functions.len())?;
        let function = Arc::new(Function::read(decoder)?);
        self.functions.push(Arc::clone(&function));
        Ok(Event::Function { id, function })
    }

    fn define_label(&mut self, decoder: &mut Decoder<'_>) -> Result<Event, decode::Error> {
        let id = next_id(decoder, self.labels.len())?;
        let position = decoder.position();
        let text: Arc<str> = decoder.str()?.into();
        if text.len() > NAME_BYTES_MAX {
            return Err(decode::Error::message("label is too long").at(position));
        }
        self.labels.push(Arc::clone(&text));
        Ok(Event::Label { id, text })
    }
}

/// Whether a payload begins like a call of this version.
pub(crate) fn is_call(payload: &[u8]) -> bool {
    matches!(payload, [0x87 | 0x88, kind::CALL, ..])
}

/// Reads the format version of a header record, before anything else in it is interpreted.
pub(crate) fn header_version(payload: &[u8]) -> Result<u64, decode::Error> {
    let mut decoder = Decoder::new(payload);
    expect_array(&mut decoder, 2)?;
    if decoder.u8()? != kind::HEADER {
        return Err(decode::Error::message("first record is not a header"));
    }
    Map::read(&mut decoder)?.uint("version")
}

fn next_id(decoder: &mut Decoder<'_>, defined: usize) -> Result<u64, decode::Error> {
    let position = decoder.position();
    let id = decoder.u64()?;
    if id == cbor::wide(defined) && defined < NAMES_MAX {
        Ok(id)
    } else {
        Err(decode::Error::message("definition is out of turn or one too many").at(position))
    }
}
