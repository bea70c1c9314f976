//! The addresses in a request's outcome.

use std::net::{IpAddr, SocketAddr};

use minicbor::Decoder;
use minicbor::data::Type;

use super::RecordedDecision;

/// Most addresses taken from one list: as many as the host records.
const ADDRESSES_MAX: usize = 18;

/// Reads the addresses in an outcome's `extra`. Skips what does not match the format.
pub(super) fn addresses(extra: &[u8], decided: &mut RecordedDecision) {
    let mut items = Decoder::new(extra);
    let Ok(Some(fields)) = items.map() else { return };
    for _ in 0..fields {
        let Ok(name) = items.str() else { return };
        let taken = match name {
            "peer" => items.str().map(|text| decided.reached.extend(address(text))),
            "tried" => list(&mut items, &mut decided.reached),
            "refused" => list(&mut items, &mut decided.refused),
            _ => items.skip(),
        };
        if taken.is_err() {
            return;
        }
    }
}

fn list(items: &mut Decoder<'_>, into: &mut Vec<IpAddr>) -> Result<(), minicbor::decode::Error> {
    if items.datatype()? != Type::Array {
        return items.skip();
    }
    for _ in 0..items.array()?.unwrap_or_default() {
        let found = address(items.str()?);
        if into.len() < ADDRESSES_MAX {
            into.extend(found);
        }
    }
    Ok(())
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse::<SocketAddr>().ok().map(|address| address.ip())
}
