//! What recovering a journal makes of it: the same records under a seal, and nothing that was not there.

use std::io::Cursor;

use wasm_agent_host::journal::{NotRecoverable, RecoverError, Verification, recover, verify};
use wasm_agent_tests::store::Memory;

use crate::check::{events, has_end, replays};
use crate::stage::Left;

/// Records that a recovery adds: a note that says what was left out, and a seal.
const ADDED: u64 = 2;

/// Recovers a journal, if there is anything to recover, and holds the copy against it.
pub fn check(left: &Left, verified: &Verification) -> Result<bool, String> {
    let store = Memory::default();
    let recovered = match recover(Cursor::new(&left.journal), store.clone(), None) {
        Ok(recovered) => recovered,
        Err(RecoverError::Not(NotRecoverable::Complete)) if verified.complete => return Ok(false),
        Err(RecoverError::Not(NotRecoverable::Sealed)) if verified.tail.is_none() => return Ok(false),
        Err(error) => return Err(format!("it can't be recovered: {error}")),
    };
    let tail = verified.tail.ok_or("nothing was lost, and it was recovered all the same")?;
    let copy = store.bytes();
    let again = verify(Cursor::new(&copy)).map_err(|error| format!("the recovered copy does not verify: {error}"))?;
    let (own, copied) = (events(&left.journal)?, events(&copy)?);
    // A run that came to its end, and not to the seal of it, is whole once it has one.
    if again.complete != has_end(&own) || again.tail.is_some() || again.records != verified.records + ADDED {
        return Err(format!("the recovered copy is another run: {again:?} of {verified:?}"));
    }
    if recovered.left_out_bytes != tail.torn_bytes {
        return Err(format!(
            "{} bytes were torn, {} are said to be left out",
            tail.torn_bytes, recovered.left_out_bytes
        ));
    }
    if again.open_effects != verified.open_effects {
        return Err("other effects may have happened by the recovered copy".to_owned());
    }
    if copied.get(..own.len()) != Some(&own[..]) {
        return Err("the recovered copy has other records".to_owned());
    }
    replays(&copy, left, has_end(&own)).map_err(|problem| format!("of the recovered copy, {problem}"))?;
    Ok(true)
}
