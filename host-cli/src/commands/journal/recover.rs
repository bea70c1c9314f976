//! `wasm-agent journal recover`.

use std::path::Path;

use serde_json::json;
use wasm_agent_host::JournalFile;
use wasm_agent_host::journal::{
    NotRecoverable, RecoverError, Recovered, Signer, Verification, recover, recoverable, verify,
};

use super::shared::{open_json, open_text, uncreated};
use crate::args::{Format, Recover};
use crate::commands::key_file::signing_key;
use crate::commands::progress::{Prints, open};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::{bytes, count, hex};

/// Copies the intact part of a journal, and seals the copy. The original is only read.
pub(super) fn copy(arguments: &Recover, report: &Report) -> Result<Exit, Failure> {
    let Recover { journal, copy, sign } = arguments;
    let signer = sign.as_deref().map(signing_key).transpose()?;
    let key = signer.as_ref().map(|signer: &std::sync::Arc<dyn Signer>| signer.public_key());
    let verification = verify(open(journal, Prints::AtTheEnd)?).map_err(|error| Failure::journal(journal, &error))?;
    recoverable(&verification, key).map_err(|error| refused(journal, error))?;
    let file = JournalFile::create(copy).map_err(|error| uncreated(copy, error))?;
    let recovered =
        recover(open(journal, Prints::AtTheEnd)?, file, signer).map_err(|error| failed(journal, copy, error));
    let recovered = recovered.inspect_err(|_| {
        // An incomplete copy is of no use, and nobody has used the file yet.
        let _ = std::fs::remove_file(copy);
    })?;
    match report.format {
        Format::Text => report.data(|out| out.write_all(text(copy, &recovered, &verification).as_bytes()))?,
        Format::Json => report.object(&json!({
            "event": "recovered",
            "copy": copy.display().to_string(),
            "records": recovered.records,
            "unsealed_records": recovered.unsealed,
            "left_out": { "bytes": recovered.left_out_bytes, "blake3": hex(&recovered.left_out) },
            "bytes": recovered.bytes,
            "seal": hex(&recovered.seal),
            "may_have_happened": open_json(&verification),
            "open_effects_count": verification.open_effects.count(),
        }))?,
    }
    Ok(Exit::Finished)
}

fn text(copy: &Path, recovered: &Recovered, verification: &Verification) -> String {
    let (good, warning) = (style::GOOD, style::WARNING);
    let copied = count(recovered.records, "record");
    let mut text = format!("{good}recovered{good:#}: {copied} to {}\n", escape_line(&copy.display().to_string()));
    if recovered.unsealed > 0 {
        let unsealed = count(recovered.unsealed, "record");
        text.push_str(&format!("{warning}not sealed by the run{warning:#}: the last {unsealed}\n"));
    }
    let digest = hex(&recovered.left_out);
    text.push_str(&format!("left out: {}, BLAKE3 {digest}\n", bytes(recovered.left_out_bytes)));
    text.push_str(&format!("seal: {}\n", hex(&recovered.seal)));
    text.push_str(&open_text(verification));
    text
}

fn refused(journal: &Path, error: NotRecoverable) -> Failure {
    let shown = journal.display();
    let why = chain(&error);
    match error {
        NotRecoverable::Complete | NotRecoverable::Sealed => {
            Failure::new(Exit::NothingRan, format!("nothing to recover in journal `{shown}`: {why}"))
                .hint("it verifies as it is; copy it with `cp`")
        }
        NotRecoverable::KeyNeeded { .. } | NotRecoverable::OtherKey { .. } => {
            Failure::new(Exit::NothingRan, format!("cannot recover journal `{shown}`: {why}"))
                .hint("name the private key of the run: `--sign KEY`")
        }
        NotRecoverable::NotSigned => Failure::new(Exit::NothingRan, format!("cannot recover journal `{shown}`: {why}"))
            .hint("leave `--sign` out"),
    }
}

fn failed(journal: &Path, copy: &Path, error: RecoverError) -> Failure {
    match error {
        RecoverError::Read(error) => Failure::journal(journal, &error),
        RecoverError::Not(error) => refused(journal, error),
        RecoverError::Write(error) => {
            Failure::new(Exit::HostFailed, format!("cannot write copy `{}`: {}", copy.display(), chain(&error)))
        }
    }
}
