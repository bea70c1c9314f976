//! Guesses what a mistyped word was meant to be.

/// Longest word that is compared. Keys are shorter, and the cost grows with the square of the length.
const WORD_CHARACTERS_MAX: usize = 32;

/// The known word that is closest to what was written, if one is close.
pub(super) fn closest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if written.chars().count() > WORD_CHARACTERS_MAX {
        return None;
    }
    let folded = written.to_ascii_lowercase().replace('_', "-");
    known
        .into_iter()
        .map(|word| (distance(&folded, &word.to_ascii_lowercase()), word))
        .filter(|(distance, word)| *distance <= word.chars().count().div_ceil(3).min(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// How many characters must be added, removed or replaced to make one word of the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(b.chars()) {
            let replaced = diagonal + usize::from(left != right);
            diagonal = *cell;
            before = replaced.min(diagonal + 1).min(before + 1);
            *cell = before;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_word_that_was_meant() {
        let known = ["methods", "networks", "response-body", "ask", "url"];
        for (written, expected) in [
            ("method", Some("methods")),
            ("Methods", Some("methods")),
            ("response_body", Some("response-body")),
            ("netwroks", Some("networks")),
            ("aks", None),
            ("asks", Some("ask")),
            ("uri", Some("url")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(closest(written, known), expected, "{written}");
        }
    }

    #[test]
    fn counts_edits() {
        for (a, b, expected) in [("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("ab", "ba", 2)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
