//! Random numbers, from the host. `std` has none of its own.

use crate::bindings::wasi::random::random;

/// A number that nobody can guess.
#[must_use]
pub fn u64() -> u64 {
    random::get_random_u64()
}
