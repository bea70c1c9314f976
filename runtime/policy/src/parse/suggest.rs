//! Guesses which word a mistyped one was meant to be.

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
        .map(|word| (strsim::levenshtein(&folded, &word.to_ascii_lowercase()), word))
        .filter(|(distance, word)| *distance <= word.chars().count().div_ceil(3).min(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
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
}
