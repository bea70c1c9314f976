//! Both clocks: they never go back, and what they say of themselves makes sense.

use crate::answer::is;
use crate::wasi::clocks::{monotonic_clock, wall_clock};

/// Every function of both clocks.
pub(crate) fn run() -> bool {
    let mut last = monotonic_clock::now();
    let mut goes_back = false;
    for _ in 0..100 {
        let now = monotonic_clock::now();
        goes_back |= now < last;
        last = now;
    }
    is("monotonic-clock goes back", goes_back);
    let resolution = monotonic_clock::resolution();
    is("monotonic-clock has a resolution", resolution > 0 && resolution <= 1_000_000_000);
    is("its resolution stays", monotonic_clock::resolution() == resolution);
    is("monotonic-clock resolution in ns", resolution);
    let now = wall_clock::now();
    // From 2020 to 2100.
    is("wall-clock says a date of this century", (1_577_836_800..4_102_444_800).contains(&now.seconds));
    is("its nanoseconds are below a second", now.nanoseconds < 1_000_000_000);
    let again = wall_clock::now();
    is("wall-clock goes back", (again.seconds, again.nanoseconds) < (now.seconds, now.nanoseconds));
    let resolution = wall_clock::resolution();
    is("wall-clock resolution", (resolution.seconds, resolution.nanoseconds));
    true
}
