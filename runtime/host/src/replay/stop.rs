//! Where a replay stops: with the recorded run, or where it can no longer be that run.

use wasm_agent_journal::RunResult;

use super::{Replay, is_outside};

/// Fuel that a replay may use beyond the recorded run before it is stopped. Where the two differ, this is how far the
/// tool gets to show how.
const FUEL_BEYOND: u64 = 1_000_000;

/// The same where fuel is not compared, as another build of a tool takes another path to the same calls: about a second
/// of computing, and so many times what the recorded run took.
const FUEL_BEYOND_OTHER: u64 = 1_000_000_000;
const FUEL_TIMES_OTHER: u64 = 100;

impl Replay {
    /// Where the replay stops before its first call, as [`stopped_at`](Self::stopped_at) says for the later ones.
    pub(crate) fn first_stop(&mut self) -> u64 {
        self.stopped_at(0).unwrap_or_else(|| {
            // The journal can't be read on, which the first call reports. A tool that makes none meets the bound.
            self.stored.bounds.stop((u64::MAX, 0)).0
        })
    }

    /// Fuel at which the recorded run was stopped from outside, if no call comes before that; nothing where what was
    /// said last holds.
    ///
    /// A journal without an end was cut off with its run: what the tool did after the last record is not known, so the
    /// replay stops with it.
    ///
    /// Otherwise it is a little behind the next call, or the end, of the recorded run: a tool that computes on beyond
    /// that is not the recorded one, and would perhaps never come back.
    ///
    /// `used` is what the replay has used so far: the recorded amount, where fuel is compared.
    pub(crate) fn stopped_at(&mut self, used: u64) -> Option<u64> {
        let (fuel, slack) = self.stop(used)?;
        let (fuel, slack) = self.stored.bounds.stop((fuel.min(self.fuel_limit), slack));
        if self.stop_told.is_some_and(|told| (fuel.saturating_sub(slack)..=fuel).contains(&told)) {
            return None;
        }
        self.stop_told = Some(fuel);
        self.stop_told
    }

    /// Where to stop, and how much before that is as good.
    fn stop(&mut self, used: u64) -> Option<(u64, u64)> {
        let recorded = self.fuel;
        let at = |fuel: u64| used.saturating_add(fuel.saturating_sub(recorded));
        let beyond = |fuel: u64, compared: bool| {
            if compared {
                // Telling the engine costs something, and would be done for each call.
                return (at(fuel).saturating_add(FUEL_BEYOND), FUEL_BEYOND / 2);
            }
            let times = fuel.saturating_sub(recorded).saturating_mul(FUEL_TIMES_OTHER);
            (used.saturating_add(times).saturating_add(FUEL_BEYOND_OTHER), 0)
        };
        let compared = self.compare_fuel;
        match self.end() {
            Ok(Some(end)) if is_outside(&end.result) => Some((at(end.fuel), 0)),
            Ok(Some(end)) if matches!(&end.result, RunResult::Limit { which } if which == "fuel") => {
                Some((at(end.fuel), 0))
            }
            Ok(Some(end)) => Some(beyond(end.fuel, compared)),
            Ok(None) => match &self.ahead {
                Some(call) => Some(beyond(call.fuel, compared)),
                None => Some((used, 0)),
            },
            // The error comes again with the next call, which reports it.
            Err(_) => None,
        }
    }
}
