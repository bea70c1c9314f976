//! PEM blocks (RFC 7468) in files of keys, which may have other text around them.

use pem_rfc7468::{Decoder, LineEnding};

/// Label of a private key that needs a passphrase.
pub(super) const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// Whether the text has a block with this label.
pub(super) fn has(text: &str, label: &str) -> bool {
    start(text, label).is_some()
}

/// The contents of the first block with this label.
pub(super) fn decode(text: &str, label: &str) -> Option<Vec<u8>> {
    // The library takes a whole document of one block, and neither text after it nor another block before it.
    let block = text.get(start(text, label)?..)?;
    let end = format!("-----END {label}-----");
    let block = block.get(..block.find(&end)? + end.len())?;
    let mut contents = Vec::new();
    Decoder::new_detect_wrap(block.as_bytes()).ok()?.decode_to_end(&mut contents).ok()?;
    Some(contents)
}

/// A block with these contents.
pub(super) fn encode(contents: &[u8], label: &str) -> String {
    // Fails for a label that is not one, and for contents that fill the address space.
    pem_rfc7468::encode_string(label, LineEnding::LF, contents).unwrap_or_default()
}

/// Where the first block with this label begins.
fn start(text: &str, label: &str) -> Option<usize> {
    let begin = format!("-----BEGIN {label}-----");
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == begin {
            return Some(start);
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_back_whatever_stands_around_it() {
        for length in [1, 48, 49, 100] {
            let contents = vec![0xa5; length];
            let block = encode(&contents, "X");
            let text = format!("before\n{}{block}after\n", encode(b"other", "Z"));
            assert!(text.lines().all(|line| line.len() <= 64), "{text}");
            assert_eq!(decode(&text, "X").unwrap(), contents);
            assert_eq!(decode(&text.replace('\n', "\r\n"), "X").unwrap(), contents);
            assert!(has(&text, "X") && !has(&text, "Y"));
        }
    }

    #[test]
    fn a_damaged_block_has_no_contents() {
        assert_eq!(decode("-----BEGIN X-----\n!!!!\n-----END X-----\n", "X"), None);
        assert_eq!(decode("-----BEGIN X-----\nAAAA\n", "X"), None);
        assert_eq!(decode("AAAA\n-----END X-----\n", "X"), None);
    }
}
