//! Reading and writing.
//!
//! Bytes pass through a buffer of this adapter, because the host can't reach the module's memory. One call moves at
//! most [`BUFFER_BYTES`]; programs repeat calls that moved less than they asked for.

use crate::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};
use crate::descriptors::{Descriptor, File};
use crate::errors::Errno;
use crate::memory;
use crate::process::Process;

/// Most bytes that one call moves.
const BUFFER_BYTES: u32 = 1 << 20;

/// Most pieces of memory that one call names; POSIX systems have the same limit.
const PIECES_MAX: u32 = 1024;

/// Most bytes that `blocking-write-and-flush` takes.
const STREAM_BYTES: usize = 4096;

/// A piece of the module's memory.
#[derive(Clone, Copy)]
struct Piece {
    at: u32,
    bytes: u32,
}

/// The pieces that a call names, cut off at the bytes that one call moves.
fn pieces(mut iovs: u32, count: u32) -> Result<Vec<Piece>, Errno> {
    if count > PIECES_MAX {
        return Err(Errno::INVAL);
    }
    let mut pieces = Vec::new();
    let mut left = BUFFER_BYTES;
    for _ in 0..count {
        let [a, b, c, d, e, f, g, h] = memory::read_array(iovs);
        let (at, bytes) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]).min(left));
        if bytes > 0 {
            pieces.push(Piece { at, bytes });
        }
        left -= bytes;
        iovs = iovs.checked_add(8).ok_or(Errno::OVERFLOW)?;
    }
    Ok(pieces)
}

fn length(pieces: &[Piece]) -> u32 {
    // At most the buffer's size: `pieces` cuts them off.
    pieces.iter().map(|piece| piece.bytes).sum()
}

fn gather(pieces: &[Piece]) -> Vec<u8> {
    pieces.iter().flat_map(|piece| memory::read_vec(piece.at, piece.bytes)).collect()
}

fn scatter(pieces: &[Piece], mut bytes: &[u8]) {
    for piece in pieces {
        let room = usize::try_from(piece.bytes).unwrap_or(usize::MAX).min(bytes.len());
        let (part, rest) = bytes.split_at(room);
        memory::write(piece.at, part);
        bytes = rest;
    }
}

pub(crate) fn fd_read(process: &mut Process, fd: u32, iovs: u32, count: u32, read: u32) -> Result<(), Errno> {
    let pieces = pieces(iovs, count)?;
    let bytes = match process.descriptors.get(fd)? {
        Descriptor::Output { .. } => return Err(Errno::BADF),
        Descriptor::Input { stream, .. } => read_stream(stream, length(&pieces))?,
        Descriptor::File(file) => {
            let (bytes, _) = file.handle.read(length(&pieces).into(), file.position)?;
            file.position = file.position.saturating_add(memory::size(bytes.len()).into());
            bytes
        }
    };
    scatter(&pieces, &bytes);
    memory::write_u32(read, memory::size(bytes.len()));
    Ok(())
}

fn read_stream(stream: &InputStream, bytes: u32) -> Result<Vec<u8>, Errno> {
    if bytes == 0 {
        return Ok(Vec::new());
    }
    match stream.blocking_read(bytes.into()) {
        Ok(bytes) => Ok(bytes),
        Err(StreamError::Closed) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) fn fd_pread(
    process: &mut Process,
    fd: u32,
    iovs: u32,
    count: u32,
    offset: u64,
    read: u32,
) -> Result<(), Errno> {
    let pieces = pieces(iovs, count)?;
    let file = process.descriptors.seekable(fd)?;
    let (bytes, _) = file.handle.read(length(&pieces).into(), offset)?;
    scatter(&pieces, &bytes);
    memory::write_u32(read, memory::size(bytes.len()));
    Ok(())
}

pub(crate) fn fd_write(process: &mut Process, fd: u32, iovs: u32, count: u32, written: u32) -> Result<(), Errno> {
    let bytes = gather(&pieces(iovs, count)?);
    let count = match process.descriptors.get(fd)? {
        Descriptor::Input { .. } => return Err(Errno::BADF),
        Descriptor::Output { stream, .. } => write_stream(stream, &bytes)?,
        Descriptor::File(file) if file.appends() => append(file, &bytes)?,
        Descriptor::File(file) => {
            let count = file.handle.write(&bytes, file.position)?;
            file.position = file.position.saturating_add(count);
            u32::try_from(count).unwrap_or(u32::MAX)
        }
    };
    memory::write_u32(written, count);
    Ok(())
}

/// Writes at the end of a file, and leaves the position there.
fn append(file: &mut File, bytes: &[u8]) -> Result<u32, Errno> {
    let stream = match &file.appending {
        Some(stream) => stream,
        None => file.appending.insert(file.handle.append_via_stream()?),
    };
    let count = write_stream(stream, bytes)?;
    file.position = file.handle.stat()?.size;
    Ok(count)
}

/// Writes everything. Where that fails on the way, it says how much was written; the next call then meets the error.
fn write_stream(stream: &OutputStream, bytes: &[u8]) -> Result<u32, Errno> {
    let mut written = 0;
    for part in bytes.chunks(STREAM_BYTES) {
        match stream.blocking_write_and_flush(part) {
            Ok(()) => written += part.len(),
            Err(_) if written > 0 => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(memory::size(written))
}

pub(crate) fn fd_pwrite(
    process: &mut Process,
    fd: u32,
    iovs: u32,
    count: u32,
    offset: u64,
    written: u32,
) -> Result<(), Errno> {
    let bytes = gather(&pieces(iovs, count)?);
    let count = process.descriptors.seekable(fd)?.handle.write(&bytes, offset)?;
    memory::write_u32(written, u32::try_from(count).unwrap_or(u32::MAX));
    Ok(())
}
