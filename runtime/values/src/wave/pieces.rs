//! The pieces of a text that is not WAVE: strings and characters with their quotes, words, and single signs. What is
//! between commas and brackets is one word, also where WAVE would see several tokens.

/// A piece, and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Piece<'t> {
    pub(super) at: usize,
    pub(super) text: &'t str,
    /// The brackets that are open before it: the innermost, and how many.
    pub(super) within: Option<char>,
    pub(super) depth: usize,
}

impl Piece<'_> {
    pub(super) fn end(&self) -> usize {
        self.at.saturating_add(self.text.len())
    }

    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(is_word)
    }

    pub(super) fn is_string(&self) -> bool {
        self.text.starts_with('"')
    }
}

/// Quotes of typography, which writing programs put in.
pub(super) const TYPOGRAPHIC: [char; 7] = ['“', '”', '„', '«', '»', '‘', '’'];

fn is_word(character: char) -> bool {
    !character.is_whitespace() && !"()[]{},;:=\"'".contains(character) && !TYPOGRAPHIC.contains(&character)
}

/// The pieces of a text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut open, mut at) = (Vec::new(), Vec::new(), 0_usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = length(rest);
        let (Some(piece), Some(first)) = (rest.get(..length), rest.chars().next()) else { break };
        if !first.is_whitespace() && !piece.starts_with("//") {
            pieces.push(Piece { at, text: piece, within: open.last().copied(), depth: open.len() });
        }
        match first {
            '(' | '[' | '{' => open.push(first),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
        at = at.saturating_add(length);
    }
    pieces
}

/// How long the first piece of a text is, in bytes.
fn length(text: &str) -> usize {
    let first = text.chars().next();
    let until = |end: Option<usize>, after: usize| end.map_or(text.len(), |end| end.saturating_add(after));
    match first {
        Some('"') if text.starts_with("\"\"\"") => until(text.match_indices("\"\"\"").nth(1).map(|(at, _)| at), 3),
        Some(quote @ ('"' | '\'')) => closing(text, quote).unwrap_or(text.len()),
        _ if text.starts_with("//") => until(text.find('\n'), 0),
        // An address without quotes: `https://…`.
        Some(first) if is_word(first) => match text.find(|c| !is_word(c)) {
            Some(end) if text.get(end..).is_some_and(|rest| rest.starts_with("://") || rest.starts_with(":\\")) => {
                until(text.find(|c| c != ':' && !is_word(c)), 0)
            }
            end => until(end, 0),
        },
        _ => first.map_or(0, char::len_utf8),
    }
}

/// Where a string or character ends, its last quote included.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return Some(at.saturating_add(quote.len_utf8())),
            _ => {}
        }
    }
    None
}
