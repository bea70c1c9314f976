//! Keeps the allocator from returning memory that the next payload needs again.

use std::hint::black_box;
use std::sync::Once;

/// Size of the block that is allocated and freed, in bytes: the default bound of a queue. From then on, up to twice as
/// much may stay free.
const BLOCK_BYTES: usize = 8 << 20;

/// Makes glibc keep freed memory, from now on and for the whole process.
///
/// Contents are allocated by the guest's thread and freed by a writing thread, in batches of a mebibyte and more. glibc
/// returns free memory at the end of its heap to the kernel from 128 KiB on, and the next batch then faults in every
/// page again: 26 thousand page faults for a body of 256 MiB, instead of three. glibc raises that threshold to twice
/// the size of the largest freed block that it had mapped separately (mallopt(3), `M_MMAP_THRESHOLD`). So this
/// allocates and frees such a block, without touching its pages. Other allocators ignore it.
pub(super) fn keep_freed() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(BLOCK_BYTES))));
}
