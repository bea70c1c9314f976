//! Finds names that look like other ones because they mix alphabets.

use unicode_security::MixedScript as _;

/// The first word of a text whose letters are of alphabets that no language mixes, such as Latin and Cyrillic: beyond
/// "highly restrictive" of Unicode Technical Standard #39, section 5.2.
pub(crate) fn mixed_word(text: &str) -> Option<&str> {
    let words = text.split(|character: char| character.is_ascii() && !character.is_ascii_alphanumeric());
    words.filter(|word| !word.is_ascii()).find(|word| is_mixed(word))
}

fn is_mixed(word: &str) -> bool {
    if word.is_single_script() {
        return false;
    }
    // Chinese, Japanese and Korean mix their own scripts, and Latin with them.
    let others: String =
        word.chars().filter(|letter| !['a', *letter].iter().collect::<String>().is_single_script()).collect();
    let set = others.as_str().resolve_script_set();
    !(set.hanb || set.jpan || set.kore)
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
            ("/日本\u{430}.md", "日本\u{430}"),
            ("/\u{430}b①", "\u{430}b①"),
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
            "/한글abc漢字.txt",
            "/注音ㄅㄆabc.txt",
            "/area in m².txt",
            "/①step.md",
            "/ﬁle.txt",
            "",
        ] {
            assert_eq!(mixed_word(text), None, "{text}");
        }
    }
}
