//! Where a replay stops: where the recorded run was stopped, or where the replay has clearly diverged.

use wasm_agent_journal::RunResult;

use super::{Replay, is_outside};

/// Fuel that a replay may use beyond the recorded run before it is stopped. If the two differ, this is how far the tool
/// gets to show the difference.
const FUEL_BEYOND: u64 = 1_000_000;

/// The same if fuel is not compared, because another build of a tool computes differently between the same calls: about
/// a second of computing, and the given multiple of the recorded run's fuel.
const FUEL_BEYOND_OTHER: u64 = 1_000_000_000;
const FUEL_TIMES_OTHER: u64 = 100;

impl Replay {
    /// Where the replay stops before its first call, as [`stopped_at`](Self::stopped_at) determines it for later calls.
    pub(crate) fn first_stop(&mut self) -> u64 {
        self.stopped_at(0).unwrap_or_else(|| {
            // The journal can't be read further, which the first call reports. A tool that makes no call reaches the
            // limit.
            self.stored.bounds.stop((u64::MAX, 0)).0
        })
    }

    /// Fuel at which the replay is to stop, unless a call comes first; `None` if the last answer still holds.
    ///
    /// A journal without an end was cut off with its run. What the tool did after the last record is not known, so the
    /// replay stops with it.
    ///
    /// If the recorded run was stopped from outside while it computed, or by its fuel limit, the replay stops at the
    /// same fuel. Otherwise it stops a little after the next call, or the end, of the recorded run: a tool that
    /// computes beyond that is not the recorded one, and might never stop.
    ///
    /// `used` is what the replay has used so far: the recorded amount, if fuel is compared.
    pub(crate) fn stopped_at(&mut self, used: u64) -> Option<u64> {
        let (fuel, slack) = self.stop(used)?;
        let (fuel, slack) = self.stored.bounds.stop((fuel.min(self.fuel_limit), slack));
        if self.last_stop.is_some_and(|stop| (fuel.saturating_sub(slack)..=fuel).contains(&stop)) {
            return None;
        }
        self.last_stop = Some(fuel);
        self.last_stop
    }

    /// Where to stop, and how far before that an earlier stop is good enough.
    fn stop(&mut self, used: u64) -> Option<(u64, u64)> {
        let recorded = self.fuel;
        let at = |fuel: u64| used.saturating_add(fuel.saturating_sub(recorded));
        let beyond = |fuel: u64, compared: bool| {
            if compared {
                // Setting a stop has a cost, which every call would pay.
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
            // The error occurs again with the next call, which reports it.
            Err(_) => None,
        }
    }
}
