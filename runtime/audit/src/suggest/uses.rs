//! The calls that made a grant necessary.

use std::collections::BTreeMap;
use std::fmt::Write;

use wasm_agent_policy::escape;

/// Most calls named for each kind: enough to find the others.
const CALLS_MAX: usize = 4;

/// The index of a journal, and a call in it.
pub(super) type CallRef = (usize, u64);

/// Calls, by what they did.
#[derive(Debug, Default, Clone)]
pub(super) struct Uses(BTreeMap<&'static str, (u64, Vec<CallRef>)>);

impl Uses {
    pub(super) fn add(&mut self, what: &'static str, at: CallRef) {
        let (count, calls) = self.0.entry(what).or_default();
        *count = count.saturating_add(1);
        if calls.len() < CALLS_MAX && calls.last() != Some(&at) {
            calls.push(at);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (what, (count, calls)) in &other.0 {
            let (sum, all) = self.0.entry(what).or_default();
            *sum = sum.saturating_add(*count);
            all.extend(calls.iter().take(CALLS_MAX.saturating_sub(all.len())));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line for each kind: how many calls, and the first of them.
    pub(super) fn lines(&self, journals: &[String]) -> Vec<String> {
        let line = |(what, (count, calls)): (&&str, &(u64, Vec<CallRef>))| {
            let mut text = format!("{what}: {count} in");
            let mut journal = None;
            for (place, call) in calls {
                // Writing to a `String` cannot fail.
                let _ = if journal == Some(place) {
                    write!(text, ", {call}")
                } else {
                    let name = journals.get(*place).map_or("", String::as_str);
                    let gap = if journal.is_some() { ";" } else { "" };
                    write!(text, "{gap} {} call {call}", escape(name))
                };
                journal = Some(place);
            }
            let named = u64::try_from(calls.len()).unwrap_or(u64::MAX);
            if *count > named {
                text.push_str(", …");
            }
            text
        };
        self.0.iter().map(line).collect()
    }
}
