//! Takes memory until there is no more.
//!
//! ```text
//! memory-bomb LIMIT-MIB
//! ```
//!
//! Held when it gets no more than the limit. The host may also end it.

use std::process::ExitCode;

use hostile::{Attack, arguments, usage};

/// How much is taken at once, in bytes.
const PIECE_BYTES: usize = 1 << 20;

fn main() -> ExitCode {
    let Some(limit) = arguments(["LIMIT-MIB"]).and_then(|[limit]| limit.parse::<usize>().ok()) else {
        return usage();
    };
    let mut attack = Attack::start();
    let mut pieces: Vec<Vec<u8>> = Vec::with_capacity(limit + 1);
    while pieces.len() <= limit {
        let mut piece = Vec::new();
        if piece.try_reserve_exact(PIECE_BYTES).is_err() {
            let taken = pieces.len();
            // Room for the message.
            pieces.clear();
            attack.held(&format!("memory ends at {taken} MiB"));
            return attack.finish();
        }
        // Written to, so that the memory is really allocated.
        piece.resize(PIECE_BYTES, 0xa5);
        pieces.push(piece);
    }
    attack.broken(&format!("took {} MiB", pieces.len()));
    attack.finish()
}
