//! Passes the tool's output on to this program's output.
//!
//! To a file or pipe, the bytes go unchanged. On a terminal, control characters are escaped: the tool can't move the
//! cursor, change colours or overwrite what this program prints.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wasm_agent_host::{OutputSink, Stream};

use crate::fresh_line;
use crate::show::escape::escape_line;
use crate::writing::emit;

/// Longest incomplete character, in bytes: UTF-8 has at most four bytes for one.
const PART_BYTES_MAX: usize = 3;

/// Passes a tool's output on to standard output and standard error.
pub(crate) struct ToolOutput {
    stdout: Mutex<StreamMode>,
    stderr: Mutex<StreamMode>,
}

/// How a stream is passed on.
enum StreamMode {
    /// Unchanged.
    Raw,
    /// Escaped. Holds the beginning of an incomplete character.
    Escaped(Vec<u8>),
}

impl ToolOutput {
    /// Checks which streams go to a terminal.
    pub(crate) fn new() -> Self {
        let way =
            |is_terminal: bool| Mutex::new(if is_terminal { StreamMode::Escaped(Vec::new()) } else { StreamMode::Raw });
        Self { stdout: way(io::stdout().is_terminal()), stderr: way(io::stderr().is_terminal()) }
    }

    /// Shows incomplete characters at the end of the output.
    ///
    /// # Errors
    ///
    /// When it can't be written.
    pub(crate) fn finish(&self) -> io::Result<()> {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let mut way = self.way(stream).lock().unwrap_or_else(PoisonError::into_inner);
            if let StreamMode::Escaped(part) = &mut *way
                && !part.is_empty()
            {
                let shown = part.drain(..).map(escaped_byte).collect::<String>();
                emit(stream, shown.as_bytes())?;
            }
        }
        Ok(())
    }

    fn way(&self, stream: Stream) -> &Mutex<StreamMode> {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }
}

impl OutputSink for ToolOutput {
    fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        let mut way = self.way(stream).lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *way {
            StreamMode::Raw => emit(stream, bytes),
            StreamMode::Escaped(part) => show(stream, escape(part, bytes)),
        }
    }
}

/// Output that waits while a question is on the terminal. A process has one terminal.
static SCREEN: Mutex<Screen> = Mutex::new(Screen { held: None });

/// The terminal, as shared by the tool's output and questions.
#[derive(Default)]
struct Screen {
    /// Output in order, while a question is shown. The run's `output` limit bounds it.
    held: Option<Vec<(Stream, String)>>,
}

impl Screen {
    /// Holds text back while a question is shown. Otherwise returns it.
    fn pass(&mut self, stream: Stream, text: String) -> Option<String> {
        match &mut self.held {
            Some(held) => {
                held.push((stream, text));
                None
            }
            None => Some(text),
        }
    }
}

/// Holds the tool's output back until it is dropped.
///
/// A tool continues while somebody is asked about its request. It could push the question off the screen and print
/// another one: the answer to the false question would count for the real one.
pub(crate) struct OutputHold(());

impl OutputHold {
    /// Begins to hold output back. Call this before a question is shown.
    pub(crate) fn begin() -> Self {
        screen().held.get_or_insert_default();
        Self(())
    }
}

/// Whether a question is on the terminal.
pub(crate) fn is_output_held() -> bool {
    screen().held.is_some()
}

impl Drop for OutputHold {
    fn drop(&mut self) {
        // Locked until everything is written, to keep the order.
        let mut screen = screen();
        fresh_line::ended_by_person();
        for (stream, text) in screen.held.take().unwrap_or_default() {
            // The tool was already told that this is written. If the terminal is gone, nobody can see it.
            let _ = emit(stream, text.as_bytes());
        }
    }
}

fn screen() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows text on the terminal, after the question if there is one.
fn show(stream: Stream, text: String) -> io::Result<()> {
    let mut screen = screen();
    screen.pass(stream, text).map_or(Ok(()), |text| emit(stream, text.as_bytes()))
}

/// Escapes bytes that follow the incomplete character in `part`, and leaves a new incomplete character in `part`.
///
/// Line breaks and tabs stay. Other control, bidirectional and invisible characters become `\u{…}`, and bytes that
/// are not UTF-8 `\x…`.
fn escape(part: &mut Vec<u8>, bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    let mut whole = std::mem::take(part);
    whole.extend_from_slice(bytes);
    let mut chunks = whole.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        for line in chunk.valid().split_inclusive(['\n', '\t']) {
            let text = line.trim_end_matches(['\n', '\t']);
            shown.push_str(&escape_line(text));
            shown.push_str(line.strip_prefix(text).unwrap_or_default());
        }
        let invalid = chunk.invalid();
        if chunks.peek().is_none() && is_beginning(invalid) {
            *part = invalid.to_vec();
        } else {
            shown.extend(invalid.iter().copied().map(escaped_byte));
        }
    }
    shown
}

/// Whether bytes are the beginning of a character.
fn is_beginning(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.len() <= PART_BYTES_MAX
        && std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

fn escaped_byte(byte: u8) -> String {
    format!("\\x{byte:02x}")
}

/// Escapes diagnostics, which can quote a tool or a server.
pub(crate) struct Diagnostics;

impl Write for Diagnostics {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut part = Vec::new();
        let mut shown = escape(&mut part, bytes);
        shown.extend(part.into_iter().map(escaped_byte));
        if !is_output_held() {
            fresh_line::begin(Stream::Stderr);
        }
        show(Stream::Stderr, shown)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(writes: &[&[u8]]) -> (String, Vec<u8>) {
        let mut part = Vec::new();
        let text = writes.iter().map(|bytes| escape(&mut part, bytes)).collect();
        (text, part)
    }

    #[test]
    fn nothing_is_shown_beside_a_question() {
        let mut screen = Screen::default();
        assert_eq!(screen.pass(Stream::Stdout, "before".to_owned()).as_deref(), Some("before"));
        screen.held.get_or_insert_default();
        assert_eq!(screen.pass(Stream::Stdout, "y, a, n or s> ".to_owned()), None);
        assert_eq!(screen.pass(Stream::Stderr, "b".to_owned()), None);
        let held = [(Stream::Stdout, "y, a, n or s> ".to_owned()), (Stream::Stderr, "b".to_owned())];
        assert_eq!(screen.held.take().unwrap(), held);
        assert_eq!(screen.pass(Stream::Stdout, "after".to_owned()).as_deref(), Some("after"));
    }

    #[test]
    fn lines_and_tabs_pass() {
        assert_eq!(shown(&[b"a\tb\nc\n\n"]).0, "a\tb\nc\n\n");
    }

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(shown(&[b"\x1b[2J\x1b]0;x\x07a\rb\x08\x9b1m"]).0, r"\u{1b}[2J\u{1b}]0;x\u{7}a\rb\u{8}\x9b1m");
        assert_eq!(shown(&["\u{202e}evil\u{200b}\u{9b}".as_bytes()]).0, r"\u{202e}evil\u{200b}\u{9b}");
    }

    #[test]
    fn a_character_that_comes_in_parts_is_whole() {
        let face = "🙂".as_bytes();
        for cut in 1..4 {
            assert_eq!(shown(&[&face[..cut], &face[cut..]]), ("🙂".to_owned(), vec![]));
        }
        assert_eq!(shown(&[&face[..1], &face[1..2], &face[2..3], &face[3..]]).0, "🙂");
    }

    #[test]
    fn a_part_without_its_rest_is_shown_as_bytes() {
        assert_eq!(shown(&[b"a\xf0\x9f", b"b"]).0, r"a\xf0\x9fb");
        assert_eq!(shown(&[b"\xff\xfe"]).0, r"\xff\xfe");
        assert_eq!(shown(&[b"a\xe2\x82"]), ("a".to_owned(), vec![0xe2, 0x82]));
    }

    proptest! {
        #[test]
        fn text_is_the_same_however_it_is_cut(
            text in "[a-zé日🙂\n\t]{0,24}",
            cuts in prop::collection::vec(0_usize..64, 0..6),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.sort_unstable();
            let mut writes = Vec::new();
            let mut start = 0;
            for cut in cuts {
                writes.push(&bytes[start..cut]);
                start = cut;
            }
            writes.push(&bytes[start..]);
            prop_assert_eq!(shown(&writes), (text.clone(), vec![]));
        }

        #[test]
        fn whatever_comes_nothing_but_text_is_shown(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let (text, part) = shown(&[&bytes]);
            prop_assert!(text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()), "{:?}", text);
            prop_assert!(part.len() <= PART_BYTES_MAX);
        }
    }
}
