//! Random numbers: lengths, and that they are not the same twice.

use crate::answer::is;
use crate::wasi::random::{insecure, insecure_seed, random};

/// Runs one part; false if there is none of this name.
pub(crate) fn run(part: &str) -> bool {
    match part {
        "lengths" => lengths(),
        // A host may refuse more than a mebibyte, and none can return 2^64-1 bytes.
        "1mib" => is("bytes", random::get_random_bytes(1 << 20).len()),
        "all" => is("bytes", random::get_random_bytes(u64::MAX).len()),
        "all-insecure" => is("bytes", insecure::get_insecure_random_bytes(u64::MAX).len()),
        _ => return false,
    }
    true
}

fn lengths() {
    for length in [0, 1, 2, 31, 32, 33, 4096, 65_536] {
        is(format_args!("get-random-bytes {length}"), random::get_random_bytes(length).len());
        is(format_args!("get-insecure-random-bytes {length}"), insecure::get_insecure_random_bytes(length).len());
    }
    is("random bytes differ", random::get_random_bytes(32) != random::get_random_bytes(32));
    is("random numbers differ", random::get_random_u64() != random::get_random_u64());
    let differ = insecure::get_insecure_random_bytes(32) != insecure::get_insecure_random_bytes(32);
    is("insecure bytes differ", differ);
    is("insecure numbers differ", insecure::get_insecure_random_u64() != insecure::get_insecure_random_u64());
    is("the seed stays", insecure_seed::insecure_seed() == insecure_seed::insecure_seed());
    is("random bytes are not all zero", random::get_random_bytes(64).iter().any(|byte| *byte != 0));
}
