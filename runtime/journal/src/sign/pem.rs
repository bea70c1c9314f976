//! PEM blocks (RFC 7468), as far as keys need them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Label of a private key that needs a passphrase.
pub(super) const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// Characters of a line of base64.
const LINE: usize = 64;

/// Whether the text has a block with this label.
pub(super) fn has(text: &str, label: &str) -> bool {
    text.lines().any(|line| line.trim_end() == begin(label))
}

/// The contents of the first block with this label. Text before and after it is passed over.
pub(super) fn decode(text: &str, label: &str) -> Option<Vec<u8>> {
    if !has(text, label) {
        return None;
    }
    let mut lines = text.lines().map(str::trim_end).skip_while(|line| *line != begin(label)).skip(1);
    let end = format!("-----END {label}-----");
    let body: String = lines.by_ref().take_while(|line| *line != end).collect();
    STANDARD.decode(body).ok()
}

/// A block with these contents.
pub(super) fn encode(contents: &[u8], label: &str) -> String {
    let mut text = begin(label) + "\n";
    for (position, character) in STANDARD.encode(contents).chars().enumerate() {
        if position > 0 && position.is_multiple_of(LINE) {
            text.push('\n');
        }
        text.push(character);
    }
    text + "\n-----END " + label + "-----\n"
}

fn begin(label: &str) -> String {
    format!("-----BEGIN {label}-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_back_whatever_stands_around_it() {
        for length in [0, 1, 48, 49, 100] {
            let contents = vec![0xa5; length];
            let text = format!("before\n{}after\n", encode(&contents, "X"));
            assert!(text.lines().all(|line| line.len() <= 64), "{text}");
            // An empty block has an empty line, and is one.
            assert_eq!(decode(&text, "X").unwrap(), contents);
            assert!(has(&text, "X") && !has(&text, "Y"));
        }
    }

    #[test]
    fn what_is_no_block_has_no_contents_to_speak_of() {
        assert_eq!(decode("-----BEGIN X-----\n!!!!\n-----END X-----\n", "X"), None);
        assert_eq!(decode("AAAA\n-----END X-----\n", "X"), None);
    }
}
