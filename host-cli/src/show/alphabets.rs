//! Finds names that look like other ones because they mix alphabets.

use unicode_security::{RestrictionLevel, RestrictionLevelDetection as _};

/// The first word of a text whose letters are of alphabets that no language mixes, such as Latin and Cyrillic: Unicode
/// Technical Standard #39, section 5.2, beyond "highly restrictive".
pub(crate) fn mixed_word(text: &str) -> Option<&str> {
    // Marks belong to the letter before them; they are not alphanumeric.
    let words = text.split(|character: char| character.is_ascii() && !character.is_ascii_alphanumeric());
    words.filter(|word| !word.is_ascii()).find(|word| is_mixed(word))
}

fn is_mixed(word: &str) -> bool {
    // Symbols belong to every alphabet, and some are in no identifier: they mix nothing.
    let letters: String = word.chars().filter(|character| character.is_alphanumeric()).collect();
    !letters.check_restriction_level(RestrictionLevel::HighlyRestrictive)
        && letters.check_restriction_level(RestrictionLevel::Unrestricted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_two_alphabets_is_found() {
        // Each has a Cyrillic or Greek letter that looks Latin.
        for (text, word) in [
            ("/notes/p\u{430}ypal.md", "p\u{430}ypal"),
            ("DELETE /\u{421}onfig", "\u{421}onfig"),
            ("a \u{3bf}ne b", "\u{3bf}ne"),
        ] {
            assert_eq!(mixed_word(text), Some(word), "{text}");
        }
    }

    #[test]
    fn what_a_language_writes_is_not() {
        for text in [
            "/notes/today.md",
            "/Übung/café/naïve.txt",
            "/записки/сегодня.md",
            "/メモ/今日のこと.txt",
            "/한국어/漢字.md",
            "/notes/сегодня.md",
            "/ελληνικά/α.txt",
            "/notes/☃ 🎉.md",
            "https://api.example.com/a?b=c%20d",
            "/日本語version2.txt",
            "",
        ] {
            assert_eq!(mixed_word(text), None, "{text}");
        }
    }
}
