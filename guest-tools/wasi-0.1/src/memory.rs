//! The memory of the module, which the adapter only reaches by copying.
//!
//! The host links `bridge`, two functions that copy between the two memories. A range that lies outside of the module's
//! memory traps there, as an access of the module's own would.

#[link(wasm_import_module = "bridge")]
#[expect(unsafe_code, reason = "the functions that reach the other memory")]
unsafe extern "C" {
    fn copy_in(to: *mut u8, from: u32, bytes: usize);
    fn copy_out(to: u32, from: *const u8, bytes: usize);
}

#[link(wasm_import_module = "guest")]
#[expect(unsafe_code, reason = "the module's own entry point")]
unsafe extern "C" {
    #[link_name = "_start"]
    safe fn guest_start();
}

/// Runs the module's program.
pub(crate) fn start() {
    guest_start();
}

/// Copies out of the module's memory.
pub(crate) fn read(from: u32, to: &mut [u8]) {
    #[expect(unsafe_code, reason = "copies into the slice and not beyond it")]
    // SAFETY: the pointer and the length are those of one exclusive slice.
    unsafe {
        copy_in(to.as_mut_ptr(), from, to.len());
    }
}

/// Copies into the module's memory.
pub(crate) fn write(to: u32, from: &[u8]) {
    #[expect(unsafe_code, reason = "copies from the slice and not beyond it")]
    // SAFETY: the pointer and the length are those of one slice.
    unsafe {
        copy_out(to, from.as_ptr(), from.len());
    }
}

/// Reads so many bytes. The caller bounds the number.
pub(crate) fn read_vec(from: u32, bytes: u32) -> Vec<u8> {
    let mut read_bytes = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
    read(from, &mut read_bytes);
    read_bytes
}

/// Reads an array.
pub(crate) fn read_array<const BYTES: usize>(from: u32) -> [u8; BYTES] {
    let mut array = [0; BYTES];
    read(from, &mut array);
    array
}

/// Writes a number of 32 bits.
pub(crate) fn write_u32(to: u32, value: u32) {
    write(to, &value.to_le_bytes());
}

/// Writes a number of 64 bits.
pub(crate) fn write_u64(to: u32, value: u64) {
    write(to, &value.to_le_bytes());
}

/// The number of a length, which always fits: this is a 32-bit machine.
pub(crate) fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
