//! The beginning of a body or file, in a form that can be shown.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// Longest text in a preview, in bytes.
///
/// More than a person reads before answering. The rest of a request still fits into the 10 KiB that the terminal prompt
/// shows.
pub const PREVIEW_BYTES_MAX: usize = 8 << 10;

/// Most bytes of binary content in a preview: sixteen rows of a hexadecimal dump.
///
/// Enough to see what kind of file it is. Nobody reads more of a dump.
pub const BINARY_PREVIEW_BYTES_MAX: usize = 256;

const DUMP_ROW_BYTES: usize = 16;

/// The beginning of a body or file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The text, not escaped; or a hexadecimal dump.
    pub text: String,
    /// Whether the content is longer than the preview.
    pub truncated: bool,
    /// Whether the content is not text, and `text` is a dump of it.
    pub binary: bool,
}

impl Preview {
    /// Shows the beginning of content that has `total_bytes` bytes, of which `head` are at hand.
    ///
    /// `head` may be longer than the preview; its first [`PREVIEW_BYTES_MAX`] bytes are enough. Content is text when it
    /// is UTF-8 without a zero byte.
    #[must_use]
    pub fn new(head: &[u8], total_bytes: u64) -> Self {
        let shown = head.get(..PREVIEW_BYTES_MAX).unwrap_or(head);
        let truncated = is_less(shown.len(), total_bytes);
        match text_of(shown, truncated) {
            Some(text) => Self { text: text.to_owned(), truncated, binary: false },
            None => Self::dump(shown, total_bytes),
        }
    }

    fn dump(head: &[u8], total_bytes: u64) -> Self {
        let shown = head.get(..BINARY_PREVIEW_BYTES_MAX).unwrap_or(head);
        let rows = shown.chunks(DUMP_ROW_BYTES).enumerate();
        Self {
            text: rows.map(|(row, bytes)| dump_row(row * DUMP_ROW_BYTES, bytes)).collect(),
            truncated: is_less(shown.len(), total_bytes),
            binary: true,
        }
    }
}

fn is_less(shown_bytes: usize, total_bytes: u64) -> bool {
    // A length that does not fit is longer than any total.
    u64::try_from(shown_bytes).is_ok_and(|shown| shown < total_bytes)
}

/// The bytes as text, without the part of a character that a cut left at the end.
fn text_of(bytes: &[u8], truncated: bool) -> Option<&str> {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if truncated && error.error_len().is_none() => {
            str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    (!text.contains('\0')).then_some(text)
}

/// One row: offset, bytes, and what of them is ASCII.
fn dump_row(offset: usize, bytes: &[u8]) -> String {
    let mut codes = String::new();
    let mut characters = String::new();
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(codes, "{byte:02x} ");
        let shown = byte.is_ascii_graphic() || *byte == b' ';
        characters.push(if shown { char::from(*byte) } else { '.' });
    }
    let width = 3 * DUMP_ROW_BYTES;
    format!("{offset:08x}  {codes:width$} {characters}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(content: &[u8]) -> Preview {
        Preview::new(content, content.len() as u64)
    }

    #[test]
    fn shows_short_text_whole() {
        let preview = preview("zwölf\n".as_bytes());
        assert_eq!(preview.text, "zwölf\n");
        assert!(!preview.truncated && !preview.binary);
    }

    #[test]
    fn cuts_text_between_characters() {
        let long = "x".repeat(PREVIEW_BYTES_MAX - 1) + "ö and more";
        let preview = preview(long.as_bytes());
        assert_eq!(preview.text, "x".repeat(PREVIEW_BYTES_MAX - 1));
        assert!(preview.truncated && !preview.binary);
    }

    #[test]
    fn says_that_it_is_cut_when_only_the_head_is_at_hand() {
        assert!(Preview::new(b"head", 5).truncated);
        assert!(!Preview::new(b"head", 4).truncated);
    }

    #[test]
    fn takes_a_character_cut_by_the_guest_for_binary() {
        assert!(preview(b"abc\xc3").binary);
    }

    #[test]
    fn dumps_binary_content() {
        let preview = preview(b"\x7fELF\0\x01");
        assert!(preview.binary && !preview.truncated);
        assert_eq!(preview.text, format!("00000000  7f 45 4c 46 00 01 {:30} .ELF..\n", ""));
    }

    #[test]
    fn cuts_a_dump_after_its_rows() {
        let preview = preview(&[0; BINARY_PREVIEW_BYTES_MAX + 1]);
        assert!(preview.truncated);
        assert_eq!(preview.text.lines().count(), 16);
    }
}
