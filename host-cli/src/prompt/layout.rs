//! What the prompt shows, and in which order.
//!
//! Everything is in a table of two columns. The left column and the bar after it belong to the host. Text from a guest
//! is always to the right of the bar, escaped and folded, so it can't look like a line of the prompt. What decides
//! (action, tool, grant) comes first, and is shown whole or not at all. Long text is cut, and says so. The action is
//! repeated above the question, where it can't scroll away.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use wasm_agent_host::approval::{ApprovalRequest, ApproverError, Detail, Preview};

use crate::show::alphabets::mixed_word;
use crate::show::escape::{Folded, Row, escape_line, fold};
use crate::show::units::shortened;

/// Longest message, in bytes of escaped text. An empty row counts as a full one.
///
/// About 130 rows: more than anybody reads before answering. Without a limit, a guest could scroll what matters off the
/// screen.
const MESSAGE_BYTES_MAX: usize = 10 << 10;

/// Share of the message for the tool's own words, in bytes. The rest is for facts.
const CLAIM_BYTES_MAX: usize = 1 << 10;

/// Share of the message for headers, in bytes. The rest is for the body.
const HEADERS_BYTES_MAX: usize = 3 << 10;

/// Narrowest terminal for a prompt, in columns. On a narrower one, folded text is unreadable.
const WIDTH_MIN: usize = 40;

const LABEL_COLUMNS: usize = 8;

/// Columns of the label, the bar and the space around them, and one that stays free: some terminals wrap after a full
/// row.
const FRAME_COLUMNS: usize = 2 + LABEL_COLUMNS + 3 + 1;

/// The text before the cursor.
pub(super) const QUESTION: &str = "y, a, n or s> ";

/// The whole message, up to the question.
///
/// # Errors
///
/// When the terminal is too narrow, or what decides does not fit: then nobody could judge the action.
pub(super) fn message(request: &ApprovalRequest, width: usize, colour: bool) -> Result<String, ApproverError> {
    let mut table = facts("A tool waits for your approval", request, width, colour)?;
    table.choices(request);
    Ok(table.text)
}

/// What a question is about, without the question.
///
/// # Errors
///
/// As [`message`].
pub(crate) fn about_question(request: &ApprovalRequest, width: usize, colour: bool) -> Result<String, ApproverError> {
    Ok(facts("A tool waits for an approval", request, width, colour)?.text)
}

fn facts(title: &str, request: &ApprovalRequest, width: usize, colour: bool) -> Result<Table, ApproverError> {
    if width < WIDTH_MIN {
        return Err(ApproverError::Unavailable {
            message: format!("the terminal has {width} columns, and a prompt needs {WIDTH_MIN}"),
        });
    }
    let mut table = Table::new(width, Palette::new(colour));
    let heading = table.palette.heading;
    // Writing to a `String` cannot fail.
    let _ = writeln!(table.text, "\n{heading}{title}{heading:#}\n");
    essentials(&mut table, request)?;
    if let Some(intent) = &request.intent {
        table.claim(intent);
    }
    match &request.action.detail {
        Detail::File { preview, .. } => {
            if let Some(preview) = preview {
                table.preview("content", &about(preview, None, None), preview, None);
            }
        }
        Detail::Http { headers, body, body_bytes, body_blake3, .. } => {
            // Escaped: a line break in a header would look like another header.
            let lines: Vec<_> =
                headers.iter().map(|(name, value)| escape_line(&format!("{name}: {value}")).into_owned()).collect();
            table.cuttable("headers", &lines.join("\n"), HEADERS_BYTES_MAX, 0);
            if let Some(preview) = body {
                let about = about(preview, *body_bytes, body_blake3.as_deref());
                table.preview("body", &about, preview, *body_bytes);
            }
        }
        Detail::Checkpoint { detail, .. } => table.cuttable("detail", detail, usize::MAX, 0),
    }
    Ok(table)
}

/// Whether a summary begins with the kind of the action, as most do.
fn is_named(kind: &str, summary: &str) -> bool {
    summary.strip_prefix(kind).is_some_and(|rest| rest.starts_with(' '))
}

/// What the decision depends on. Nothing here is cut.
fn essentials(table: &mut Table, request: &ApprovalRequest) -> Result<(), ApproverError> {
    let action = &request.action;
    let named = is_named(&action.kind, &action.summary);
    if !named {
        table.whole("action", &action.kind)?;
    }
    table.whole(if named { "action" } else { "" }, &action.summary)?;
    match &action.detail {
        Detail::File { path, to, size, .. } => {
            table.whole("path", path)?;
            if let Some(to) = to {
                table.whole("to", to)?;
            }
            if let Some(size) = size {
                table.whole("size", &format!("{size} bytes now"))?;
            }
        }
        Detail::Http { method, url, sent, secrets, .. } => {
            // The summary usually has the same text. But only this is what is sent.
            let spelling = sent.as_ref().map_or(String::new(), |sent| format!(" (sent as {sent})"));
            if action.summary != format!("{} {method} {url}{spelling}", action.kind) {
                table.whole("request", &format!("{method} {url}{spelling}"))?;
            }
            if !secrets.is_empty() {
                table.whole("secrets", &format!("{}, put in by the host", secrets.join(", ")))?;
            }
        }
        Detail::Checkpoint { title, .. } => table.whole("title", title)?,
    }
    table.whole("tool", &request.component.name)?;
    table.whole("", &format!("sha256 {}", shortened(&request.component.sha256)))?;
    if let Some(grant) = &request.grant {
        table.whole("grant", grant)?;
    }
    let run = shortened(&request.run);
    table.whole("call", &format!("{} of run {run}", request.call))
}

/// The facts about contents.
fn about(preview: &Preview, total_bytes: Option<u64>, blake3: Option<&str>) -> String {
    let size = total_bytes.map(|bytes| format!("{bytes} bytes"));
    let binary = preview.binary.then(|| "binary".to_owned());
    let digest = blake3.map(|digest| format!("blake3 {}", shortened(digest)));
    let known: Vec<_> = [size, binary, digest].into_iter().flatten().collect();
    known.join(", ")
}

/// A duration in at most two units, such as `10m` or `1m 30s`.
fn time(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, seconds) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, 0) => format!("{minutes}m"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, 0, _) => format!("{hours}h"),
        (hours, minutes, _) => format!("{hours}h {minutes}m"),
    }
}

/// The styles of the host's own words. Without colour, all are empty.
#[derive(Default)]
struct Palette {
    heading: Style,
    label: Style,
    caution: Style,
}

impl Palette {
    fn new(colour: bool) -> Self {
        if !colour {
            return Self::default();
        }
        Self {
            heading: Style::new().bold(),
            label: AnsiColor::Cyan.on_default(),
            caution: AnsiColor::Yellow.on_default(),
        }
    }
}

/// The message written so far.
struct Table {
    text: String,
    columns: usize,
    budget_bytes: usize,
    palette: Palette,
    /// The name that was last warned of: several lines usually have the same one.
    warned: Option<String>,
}

impl Table {
    fn new(width: usize, palette: Palette) -> Self {
        Self {
            text: String::new(),
            columns: width.saturating_sub(FRAME_COLUMNS),
            budget_bytes: MESSAGE_BYTES_MAX,
            palette,
            warned: None,
        }
    }

    /// Shows all of a text as one line, and warns of a name in it that may be taken for another one.
    fn whole(&mut self, label: &str, text: &str) -> Result<(), ApproverError> {
        self.line(label, text)?;
        let Some(word) = mixed_word(text).filter(|word| self.warned.as_deref() != Some(*word)) else { return Ok(()) };
        self.warned = Some(word.to_owned());
        self.host_row("caution", self.palette.caution, "it has letters of different alphabets, which may look alike:");
        self.line("", word)
    }

    /// Shows all of a text as one line. A line break in a path must not look like a second path.
    fn line(&mut self, label: &str, text: &str) -> Result<(), ApproverError> {
        let folded = self.fold(&escape_line(text), usize::MAX);
        if folded.rest_bytes > 0 {
            return Err(ApproverError::Unavailable {
                message: format!("the action is too long to be shown whole at the terminal: {label}"),
            });
        }
        self.rows(label, &folded.rows);
        Ok(())
    }

    /// Shows as much of a text as fits. The text continues for `beyond_bytes` that are not available here.
    fn cuttable(&mut self, label: &str, text: &str, share_bytes: usize, beyond_bytes: u64) {
        let folded = self.fold(text, share_bytes);
        self.rows(label, &folded.rows);
        let rest_bytes = u64::try_from(folded.rest_bytes).unwrap_or(u64::MAX);
        self.cut(rest_bytes.saturating_add(beyond_bytes));
    }

    /// Shows the reason that the tool gives, and that these are its own words.
    fn claim(&mut self, intent: &str) {
        let caution = self.palette.caution;
        self.host_row("claims", caution, "in the tool's own words, which nothing has checked:");
        self.cuttable("", intent, CLAIM_BYTES_MAX, 0);
    }

    fn preview(&mut self, label: &str, about: &str, preview: &Preview, total_bytes: Option<u64>) {
        let mut label = label;
        if !about.is_empty() {
            self.host_row(label, Style::new(), about);
            label = "";
        }
        let folded = self.fold(&preview.text, usize::MAX);
        self.rows(label, &folded.rows);
        if preview.binary {
            // The length of the dump does not say how many bytes are missing.
            if preview.truncated || folded.rest_bytes > 0 {
                self.host_row("cut here", self.palette.caution, "there is more");
            }
            return;
        }
        let at_hand = u64::try_from(preview.text.len()).unwrap_or(u64::MAX);
        let rest = u64::try_from(folded.rest_bytes).unwrap_or(u64::MAX);
        match total_bytes {
            Some(total) => self.cut(rest.saturating_add(total.saturating_sub(at_hand))),
            None if preview.truncated => {
                let caution = self.palette.caution;
                self.host_row("cut here", caution, "there is more");
            }
            None => self.cut(rest),
        }
    }

    /// Says how much is not shown, if anything.
    fn cut(&mut self, rest_bytes: u64) {
        if rest_bytes > 0 {
            self.host_row("cut here", self.palette.caution, &format!("{rest_bytes} bytes more"));
        }
    }

    fn fold(&mut self, text: &str, share_bytes: usize) -> Folded {
        let folded = fold(text, self.columns, share_bytes.min(self.budget_bytes));
        self.budget_bytes = self.budget_bytes.saturating_sub(folded.cost_bytes);
        folded
    }

    /// Writes rows of foreign text, with the label before the first row.
    fn rows(&mut self, label: &str, rows: &[Row]) {
        let mut label = label;
        for row in rows {
            let bar = if row.continues { '┆' } else { '│' };
            self.row(label, bar, Style::new(), &row.text);
            label = "";
        }
    }

    /// Writes the host's own words.
    fn host_row(&mut self, label: &str, style: Style, text: &str) {
        let mut label = label;
        for row in fold(text, self.columns, usize::MAX).rows {
            self.row(label, '│', style, &row.text);
            label = "";
        }
    }

    fn row(&mut self, label: &str, bar: char, style: Style, text: &str) {
        let colour = self.palette.label;
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.text, "  {colour}{label:>LABEL_COLUMNS$} {bar}{colour:#} {style}{text}{style:#}");
    }

    /// Writes the action again, and the possible answers.
    fn choices(&mut self, request: &ApprovalRequest) {
        let action = &request.action;
        let again = if is_named(&action.kind, &action.summary) {
            action.summary.clone()
        } else {
            format!("{} {}", action.kind, action.summary)
        };
        // Only the first row: all of it is above.
        let folded = fold(&escape_line(&again), self.columns, usize::MAX);
        self.text.push('\n');
        self.rows("approve?", folded.rows.get(..1).unwrap_or_default());
        let _ = write!(
            self.text,
            "\n  y  approve once\n  a  approve this same action for the rest of the run\n  \
             n  refuse\n  s  refuse and stop the run\n\n\
             What follows n or s is kept as the reason. No answer within {} is a refusal.\n",
            time(request.expires_in_ms)
        );
    }
}

#[cfg(test)]
pub(super) mod tests;
