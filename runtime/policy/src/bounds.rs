//! Bounds on the size of a policy.
//!
//! A policy is read not only from its operator's file but also from journals, which can come from anywhere. So reading
//! one takes time and memory in proportion to its size, and its size is bounded. Each bound is far above what a person
//! would write or read.

/// Longest policy, in bytes: room for tens of thousands of grants. It is held in memory and in every journal.
pub const POLICY_BYTES_MAX: usize = 4 << 20;

/// Most `[[filesystem]]` grants. Each is an open directory during a run.
pub const FILESYSTEM_GRANTS_MAX: usize = 10_000;

/// Most `[[http]]` grants.
pub const HTTP_GRANTS_MAX: usize = 10_000;

/// Most patterns in the `deny` and `only` of all grants together.
pub const PATTERNS_MAX: usize = 20_000;

/// Most entries of one `methods`, `secrets`, `networks` or `ask`. Each request scans them.
pub const LIST_MAX: usize = 64;

/// Most secrets. Every response is searched for each of them.
pub const SECRETS_MAX: usize = 256;

/// Most variables of `[environment]`.
pub const ENVIRONMENT_MAX: usize = 1_000;

/// Most `[[test]]`s.
pub const TESTS_MAX: usize = 1_000;

/// Most work of all `[[test]]`s together, in bytes compared in the worst case: for each test, the bytes of its action
/// times the bytes of the patterns it is compared with. A thousand tests that each meet a hundred patterns need less
/// than a hundredth of it.
pub const TEST_WORK_MAX: u64 = 1 << 30;

/// Longest string in a policy, in bytes: twice what a rename between two paths of full length needs.
pub const TEXT_BYTES_MAX: usize = 16 << 10;

/// Longest `host`, in bytes: `PATH_MAX` of Linux.
pub const HOST_BYTES_MAX: usize = 4096;

/// Most path segments of a `host`. Each grant is compared with the grants above it, segment by segment.
pub const HOST_NAMES_MAX: usize = 64;

/// Most errors, and most warnings, that are listed. The rest are only counted.
pub const LISTED_MAX: usize = 50;

/// Most characters of one error or hint before escaping. Longer texts are cut in the middle.
pub const MESSAGE_CHARS_MAX: usize = 600;

/// Longest policy, in bytes, for which every syntax error is listed and not only the first.
pub(crate) const LISTED_SYNTAX_BYTES_MAX: usize = 64 << 10;

/// Most unknown words for which a similar known word is suggested.
pub(crate) const GUESSES_MAX: usize = 200;
