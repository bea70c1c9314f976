//! What the rows work on: a folder with files, and the bodies of the local server.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use xtask::server::{Answer, ReceivedRequest};

/// The granted folder, as the guest sees it.
pub(crate) const GUEST_DIR: &str = "/bench";

/// A file that fits in one read.
pub(crate) const SMALL_FILE: &str = "small.txt";

/// The file that the rows with `256-mib` read.
pub(crate) const LARGE_FILE: &str = "large.bin";

/// The path on the server of a body of [`LARGE_BYTES`].
pub(crate) const LARGE_BODY: &str = "/large";

/// Size of the small file, in bytes.
const SMALL_FILE_BYTES: usize = 4096;

/// Size of the large file and of the large response body, in bytes.
const LARGE_BYTES: usize = 256 << 20;

/// Size of the small response body, in bytes.
const BODY_BYTES: usize = 1024;

/// Size of the piece that the large body repeats, in bytes. It is a prime, so that no two reads return the same
/// contents: a journal would keep only one of them.
const PIECE_BYTES: usize = 65_521;

/// Empties the work directory and writes the files that the rows read.
///
/// # Errors
/// When the directory can't be emptied or written.
pub(crate) fn prepare(work: &Path) -> Result<()> {
    let files = work.join("files");
    let step = || format!("could not prepare `{}`", work.display());
    if work.exists() {
        fs::remove_dir_all(work).with_context(step)?;
    }
    fs::create_dir_all(&files).with_context(step)?;
    fs::write(files.join(SMALL_FILE), vec![b's'; SMALL_FILE_BYTES]).with_context(step)?;
    fs::write(files.join(LARGE_FILE), noise(LARGE_BYTES)).with_context(step)
}

/// Answers with the small body or the large one. Both are made once: the server's time is in both columns, and should
/// be short.
pub(crate) fn respond(request: &ReceivedRequest) -> Answer {
    static SMALL: LazyLock<String> = LazyLock::new(|| text(BODY_BYTES));
    static PIECE: LazyLock<String> = LazyLock::new(|| text(PIECE_BYTES));
    let (body, repeat) = match request.target.as_str() {
        LARGE_BODY => (&PIECE, LARGE_BYTES.div_ceil(PIECE_BYTES)),
        _ => (&SMALL, 1),
    };
    Answer { status: 200, content_type: "text/plain", body: String::clone(body), repeat }
}

fn text(bytes: usize) -> String {
    let mut text = noise(bytes.div_ceil(2)).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    text.truncate(bytes);
    text
}

/// Bytes like real data: zeros would be cheap for the file system and for the journal's blobs.
fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    blake3::Hasher::new().update(b"bench").finalize_xof().fill(&mut noise);
    noise
}
