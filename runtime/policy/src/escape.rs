//! Makes text from a guest harmless where a person reads it.

use std::borrow::Cow;
use std::fmt::{self, Write};

/// Rewrites text so that it stays on one line and shows every character it has.
///
/// Control, bidirectional, zero-width and other invisible characters become `\u{…}`, and a backslash is doubled, so
/// that two different texts never look the same escaped. Text without any of these is returned as it is.
///
/// ```
/// assert_eq!(wasm_agent_policy::escape("a\u{202e}b\n"), r"a\u{202e}b\u{a}");
/// ```
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    // Writing to a `String` cannot fail.
    let _ = write_escaped(&mut escaped, text);
    Cow::Owned(escaped)
}

/// Writes `text` as [`escape`] does, without building a string.
pub(crate) fn write_escaped(out: &mut impl Write, text: &str) -> fmt::Result {
    for character in text.chars() {
        match character {
            '\\' => out.write_str("\\\\")?,
            _ if is_plain(character) => out.write_char(character)?,
            _ => write!(out, "\\u{{{:x}}}", u32::from(character))?,
        }
    }
    Ok(())
}

fn is_plain(character: char) -> bool {
    match character {
        '\\' => false,
        ' '..='~' => true,
        _ => !is_unseen(character),
    }
}

/// Whether a character has no visible form of its own.
#[must_use]
pub fn is_unseen(character: char) -> bool {
    // Controls (C0, DEL, C1) and all white space except the ordinary space: line and paragraph separators, look-alike
    // spaces, and spaces without width.
    if character.is_control() || (character.is_whitespace() && character != ' ') {
        return true;
    }
    // The last two code points of each plane are noncharacters.
    if u32::from(character) & 0xfffe == 0xfffe {
        return true;
    }
    matches!(
        character,
        // Unicode's default ignorables: soft hyphen, joiners, fillers, bidirectional and other formatting,
        // variation selectors, tags.
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffc}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
        // Format controls for hieroglyphs, which stack and mirror their neighbours.
        | '\u{13430}'..='\u{1343f}'
        // A blank that Unicode does not class as white space.
        | '\u{2800}'
        // Private use: what it looks like depends on the font.
        | '\u{e000}'..='\u{f8ff}'
        | '\u{f0000}'..='\u{10ffff}'
        // Noncharacters.
        | '\u{fdd0}'..='\u{fdef}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_what_would_act_on_a_terminal() {
        assert_eq!(escape("a\u{1b}[2Jb"), r"a\u{1b}[2Jb");
        assert_eq!(escape("a\r\nb"), r"a\u{d}\u{a}b");
        assert_eq!(escape("x\u{9b}31m"), r"x\u{9b}31m");
        assert_eq!(escape(r"a\u{a}"), r"a\\u{a}");
    }

    #[test]
    fn shows_what_would_reorder_or_hide() {
        for character in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{200d}', '\u{feff}', '\u{2028}', '\u{e0041}'] {
            assert_eq!(escape(&character.to_string()), format!("\\u{{{:x}}}", u32::from(character)));
        }
    }

    #[test]
    fn leaves_readable_text_alone() {
        assert!(matches!(escape("/notes/Überblick 日本.md"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn different_texts_stay_different(a in "[a\\\\u{}\u{202e}2\n]{0,6}", b in "[a\\\\u{}\u{202e}2\n]{0,6}") {
            prop_assert_eq!(escape(&a) == escape(&b), a == b);
        }

        #[test]
        fn nothing_invisible_is_left(text in any::<String>()) {
            prop_assert!(escape(&text).chars().all(|c| !c.is_control() && !is_unseen(c)));
        }
    }
}
