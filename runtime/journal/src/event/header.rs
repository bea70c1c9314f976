//! The header: which run this is, and what it was given.

use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;
use wasm_agent_ids::{PolicyDigest, RunId, ToolDigest};

use super::fields::{Map, expect_array, items};
use crate::format::{VERSION, kind};
use crate::payload::{Digest, digest};
use crate::sign::PublicKey;

/// The run that a journal records, and all of its inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// This run, random.
    pub run_id: RunId,
    /// SHA-256 of the component's bytes.
    pub component_sha256: ToolDigest,
    /// The component's file name, for people.
    pub component_name: String,
    /// The policy's whole text.
    pub policy_text: String,
    /// BLAKE3 of the policy's text.
    pub policy_digest: PolicyDigest,
    /// The tool's arguments, the program name first.
    pub arguments: Vec<String>,
    /// The tool's environment, in order.
    pub environment: Vec<(String, String)>,
    /// What was called.
    pub invocation: Invocation,
    /// Limits in force, by name. Each name ends with its unit.
    pub limits: Vec<(String, u64)>,
    /// Fingerprint of the engine: its version and the settings that affect compiled code.
    pub engine: String,
    /// Wall time at the start of the run, in nanoseconds since the Unix epoch.
    pub started_ns: u64,
    /// The run that this one continues.
    pub parent: Option<RunId>,
    /// Name of the approver that was asked.
    pub approver: String,
    /// The key that every seal is signed with. A writer sets it from its signer and ignores the value here.
    pub signed_by: Option<PublicKey>,
    /// The original, if this journal is a copy with contents taken out.
    pub redaction: Option<Redaction>,
}

/// The original of a redaction, and which contents the redaction lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// Hash of the original's last seal.
    pub seal: Digest,
    /// Whole records of the original.
    pub records: u64,
    /// The key that the original was signed with.
    pub signed_by: Option<PublicKey>,
    /// Kinds of contents that were taken out, such as `bodies`, in order.
    pub taken_out: Vec<String>,
}

/// What a run calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocation {
    /// `wasi:cli/run`.
    Command,
    /// A typed export.
    Call {
        /// Name of the export.
        export: String,
        /// Its arguments in WAVE syntax.
        arguments: String,
    },
}

impl Header {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        cbor::array(out, 2);
        cbor::uint(out, kind::HEADER.into());
        let optional = [self.parent.is_some(), self.redaction.is_some(), self.signed_by.is_some()];
        cbor::map(out, 13 + optional.into_iter().filter(|present| *present).count());
        cbor::text(out, "run");
        cbor::bytes(out, self.run_id.as_bytes());
        cbor::text(out, "engine");
        cbor::text(out, &self.engine);
        cbor::text(out, "limits");
        cbor::array(out, self.limits.len());
        for (name, value) in &self.limits {
            cbor::array(out, 2);
            cbor::text(out, name);
            cbor::uint(out, *value);
        }
        if let Some(parent) = &self.parent {
            cbor::text(out, "parent");
            cbor::bytes(out, parent.as_bytes());
        }
        cbor::text(out, "policy");
        cbor::text(out, &self.policy_text);
        cbor::text(out, "started");
        cbor::uint(out, self.started_ns);
        cbor::text(out, "version");
        cbor::uint(out, VERSION);
        cbor::text(out, "approver");
        cbor::text(out, &self.approver);
        cbor::text(out, "arguments");
        cbor::array(out, self.arguments.len());
        for argument in &self.arguments {
            cbor::text(out, argument);
        }
        cbor::text(out, "component");
        cbor::bytes(out, self.component_sha256.as_bytes());
        if let Some(redaction) = &self.redaction {
            cbor::text(out, "redaction");
            redaction.write(out);
        }
        if let Some(key) = &self.signed_by {
            cbor::text(out, "signed-by");
            cbor::bytes(out, key.as_bytes());
        }
        cbor::text(out, "invocation");
        self.invocation.write(out);
        cbor::text(out, "environment");
        cbor::array(out, self.environment.len());
        for (name, value) in &self.environment {
            cbor::array(out, 2);
            cbor::text(out, name);
            cbor::text(out, value);
        }
        cbor::text(out, "policy-digest");
        cbor::bytes(out, self.policy_digest.as_bytes());
        cbor::text(out, "component-name");
        cbor::text(out, &self.component_name);
    }

    /// Reads the fields after the kind. The reader has checked the format version already.
    pub(super) fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let mut map = Map::read(decoder)?;
        Ok(Self {
            run_id: map.required("run", run_id)?,
            component_sha256: map.required("component", digest).map(ToolDigest::from_bytes)?,
            component_name: map.text("component-name")?,
            policy_text: map.text("policy")?,
            policy_digest: map.required("policy-digest", digest).map(PolicyDigest::from_bytes)?,
            arguments: map.required("arguments", |value| items(value, text))?,
            environment: map.required("environment", |value| items(value, |pair| named_pair(pair, text)))?,
            invocation: map.required("invocation", Invocation::read)?,
            limits: map.required("limits", |value| items(value, |pair| named_pair(pair, Decoder::u64)))?,
            engine: map.text("engine")?,
            started_ns: map.uint("started")?,
            parent: map.optional("parent", run_id)?,
            approver: map.text("approver")?,
            signed_by: map.optional("signed-by", public_key)?,
            redaction: map.optional("redaction", Redaction::read)?,
        })
    }
}

impl Redaction {
    fn write(&self, out: &mut Vec<u8>) {
        cbor::map(out, 3 + usize::from(self.signed_by.is_some()));
        cbor::text(out, "seal");
        cbor::bytes(out, &self.seal);
        cbor::text(out, "records");
        cbor::uint(out, self.records);
        if let Some(key) = &self.signed_by {
            cbor::text(out, "signed-by");
            cbor::bytes(out, key.as_bytes());
        }
        cbor::text(out, "taken-out");
        cbor::array(out, self.taken_out.len());
        for kind in &self.taken_out {
            cbor::text(out, kind);
        }
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let mut map = Map::read(decoder)?;
        Ok(Self {
            seal: map.required("seal", digest)?,
            records: map.uint("records")?,
            signed_by: map.optional("signed-by", public_key)?,
            taken_out: map.required("taken-out", |value| items(value, text))?,
        })
    }
}

impl Invocation {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Command => {
                cbor::array(out, 1);
                cbor::text(out, "command");
            }
            Self::Call { export, arguments } => {
                cbor::array(out, 3);
                cbor::text(out, "call");
                cbor::text(out, export);
                cbor::text(out, arguments);
            }
        }
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let position = decoder.position();
        match (decoder.array()?, decoder.str()?) {
            (Some(1), "command") => Ok(Self::Command),
            (Some(3), "call") => Ok(Self::Call { export: text(decoder)?, arguments: text(decoder)? }),
            _ => Err(decode::Error::message("no such invocation").at(position)),
        }
    }
}

fn text(decoder: &mut Decoder<'_>) -> Result<String, decode::Error> {
    decoder.str().map(str::to_owned)
}

fn named_pair<'b, T>(
    decoder: &mut Decoder<'b>,
    value: impl FnOnce(&mut Decoder<'b>) -> Result<T, decode::Error>,
) -> Result<(String, T), decode::Error> {
    expect_array(decoder, 2)?;
    Ok((text(decoder)?, value(decoder)?))
}

fn run_id(decoder: &mut Decoder<'_>) -> Result<RunId, decode::Error> {
    let position = decoder.position();
    match decoder.bytes()?.try_into() {
        Ok(bytes) => Ok(RunId::from_bytes(bytes)),
        Err(_) => Err(decode::Error::message("run id is not 16 bytes").at(position)),
    }
}

fn public_key(decoder: &mut Decoder<'_>) -> Result<PublicKey, decode::Error> {
    digest(decoder).map(PublicKey::from_bytes)
}
