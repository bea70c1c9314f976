//! A fast path for calls, which are nearly all records of a journal and nearly all of one form.
//!
//! It accepts some of what [`Tables::decode`] accepts, with the same result. All other calls take the general path,
//! which also says what is wrong with them.

use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;

use super::record::Tables;
use super::{Call, DecisionRecord, Verdict};
use crate::format::kind;
use crate::item;

/// The fields of a call whose decision, where it has one, names grant and reason by number.
pub(super) struct PlainCall<'a> {
    time: i64,
    function: u64,
    fuel: i64,
    duration_ns: u64,
    arguments: &'a [u8],
    outcome: &'a [u8],
    decision: Option<(Verdict, Option<u64>, Option<u64>)>,
    /// Length of the decision, in bytes.
    decision_bytes: usize,
}

impl PlainCall<'_> {
    /// Length of the decision, in bytes.
    pub(super) fn decision_bytes(&self) -> usize {
        self.decision_bytes
    }
}

impl Tables {
    /// Checks a call as [`decode`](Self::decode) does, and keeps nothing of it.
    pub(crate) fn check_call(&self, payload: &[u8]) -> Result<(), decode::Error> {
        let wrong = || decode::Error::message("call has other fields than the format says");
        let with_decision = payload.first() == Some(&0x88);
        let rest = payload.get(2..).unwrap_or_default();
        let (_, rest) = cbor::split_int(rest).ok_or_else(wrong)?;
        let (function, rest) = cbor::split_uint(rest).ok_or_else(wrong)?;
        if function >= self.functions_defined() {
            return Err(decode::Error::message("function is not defined"));
        }
        let (_, rest) = cbor::split_int(rest).ok_or_else(wrong)?;
        let (_, rest) = cbor::split_uint(rest).ok_or_else(wrong)?;
        let (_, rest) = item::split_item(rest).ok_or_else(wrong)?;
        let (_, rest) = item::split_item(rest).ok_or_else(wrong)?;
        let mut decoder = Decoder::new(rest);
        if with_decision {
            DecisionRecord::read(&mut decoder, self)?;
        }
        if decoder.position() == rest.len() { Ok(()) } else { Err(wrong()) }
    }

    /// Splits a call into its fields, if it has the usual form.
    #[inline]
    pub(super) fn plain_call<'a>(&self, payload: &'a [u8]) -> Option<PlainCall<'a>> {
        let (&[fields @ (0x87 | 0x88), kind::CALL], rest) = payload.split_first_chunk()? else { return None };
        let (time, rest) = cbor::split_int(rest)?;
        let (function, rest) = cbor::split_uint(rest)?;
        let (fuel, rest) = cbor::split_int(rest)?;
        let (duration_ns, rest) = cbor::split_uint(rest)?;
        let after = item::skip_flat(rest, 1)?;
        let (arguments, rest) = rest.split_at_checked(rest.len() - after.len())?;
        let after = item::skip_flat(rest, 1)?;
        let (outcome, rest) = rest.split_at_checked(rest.len() - after.len())?;
        let decision_bytes = rest.len();
        let (decision, rest) = if fields == 0x88 { self.plain_decision(rest)? } else { (None, rest) };
        let is_whole = rest.is_empty() && function < self.functions_defined();
        is_whole.then_some(PlainCall {
            time,
            function,
            fuel,
            duration_ns,
            arguments,
            outcome,
            decision,
            decision_bytes,
        })
    }

    /// Makes an event of a call whose function is defined.
    pub(super) fn plain(&mut self, call: &PlainCall<'_>) -> Option<Call> {
        let function = self.function(call.function)?;
        let decision = call.decision.map(|(verdict, grant, reason)| DecisionRecord {
            verdict,
            grant: grant.and_then(|number| self.label(number)),
            reason: reason.and_then(|number| self.label(number)),
            action: None,
        });
        let (arguments, outcome) = self.owned(call.arguments, call.outcome);
        Some(Call {
            seq: self.next_call(),
            function,
            at_ns: self.add_time(call.time),
            fuel: self.add_fuel(call.fuel),
            duration_ns: call.duration_ns,
            arguments,
            outcome,
            decision,
        })
    }

    #[inline]
    #[expect(clippy::type_complexity, reason = "the fields of a decision and what follows, for one caller")]
    fn plain_decision<'a>(&self, input: &'a [u8]) -> Option<(Option<(Verdict, Option<u64>, Option<u64>)>, &'a [u8])> {
        let (&[0x83, verdict], rest) = input.split_first_chunk()? else { return None };
        let verdict = match verdict {
            0 => Verdict::Allow,
            1 => Verdict::Ask,
            2 => Verdict::Deny,
            _ => return None,
        };
        let (grant, rest) = self.plain_label(rest)?;
        let (reason, rest) = self.plain_label(rest)?;
        Some((Some((verdict, grant, reason)), rest))
    }

    /// Splits off the number of a label that is defined, or `null`.
    #[inline]
    fn plain_label<'a>(&self, input: &'a [u8]) -> Option<(Option<u64>, &'a [u8])> {
        if let [cbor::NULL, rest @ ..] = input {
            return Some((None, rest));
        }
        let (label, rest) = cbor::split_uint(input)?;
        (label < self.labels_defined()).then_some((Some(label), rest))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Event;

    /// Tables with two functions and two labels.
    pub(in crate::event) fn tables() -> Tables {
        let mut tables = Tables::default();
        let definitions: [&[u8]; 4] =
            [b"\x84\x01\x00\x61a\x80", b"\x84\x01\x01\x61b\x81\x61c", b"\x83\x02\x00\x61d", b"\x83\x02\x01\x61e"];
        for definition in definitions {
            tables.decode(definition).unwrap();
        }
        tables
    }

    /// Calls with every kind of item, and one with a decision of each form.
    const CALLS: [&[u8]; 5] = [
        b"\x87\x04\x19\x09\xc4\x00\x1a\x00\x01\x11\x70\x19\x03\x84\x80\x82\x00\x1a\x49\x96\x02\xd2",
        b"\x88\x04\x38\x63\x01\x20\x00\x81\x67a/\xc3\xa9.md\x82\x01\xf6\x83\x00\x01\xf6",
        b"\x88\x04\x00\x01\x00\x00\x81\xa1\x61k\xf5\
          \xd9\xae\x39\x82\x58\x20a digest that has 32 bytes in it\x18\x20\x83\x02\x00\x01",
        b"\x88\x04\x00\x00\x00\x00\x80\xf6\x83\x01\x63abc\x00",
        b"\x88\x04\x00\x00\x00\x00\x80\xf6\x84\x02\x00\x01\xa1\x61a\x61b",
    ];

    #[test]
    fn takes_calls_with_labels_by_number() {
        let plain = CALLS.map(|payload| tables().plain_call(payload).is_some());
        assert_eq!(plain, [true, true, true, false, false]);
        assert!(CALLS.iter().all(|payload| tables().check_call(payload).is_ok()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn takes_only_what_the_longer_way_takes_and_takes_it_alike(
            call in 0..CALLS.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
        ) {
            let mut payload = CALLS[call].to_vec();
            for (at, value) in changes {
                let at = at.index(payload.len());
                payload[at] = value;
            }
            if let Some(cut) = cut {
                payload.truncate(cut.index(payload.len()));
            }
            let (mut long, mut short) = (tables(), tables());
            let checked = long.check_call(&payload).is_ok();
            let decoded = long.decode_any(&payload);
            if tables().plain_call(&payload).is_some() {
                prop_assert!(checked);
                prop_assert_eq!(decoded.unwrap(), short.decode(&payload).unwrap());
                prop_assert_eq!(long.add_time(0), short.add_time(0));
            } else if matches!(decoded, Ok(Event::Call(_))) {
                prop_assert_eq!(decoded.unwrap(), short.decode(&payload).unwrap());
            }
        }
    }
}
