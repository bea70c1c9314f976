//! Names from a tool's file and from its callers: shown, and compared with the names that there are.

use std::borrow::Cow;

/// Longest name that is shown, in bytes. A name may have a hundred thousand, and occur any number of times.
const SHOWN_BYTES_MAX: usize = 200;

/// Most names that a message lists.
const LISTED_MAX: usize = 20;

/// Most names that are searched for a similar one, and longest name that is compared, in bytes: comparing takes time in
/// proportion to the product of the lengths.
const SEARCHED_MAX: usize = 1_000;
const COMPARED_BYTES_MAX: usize = 100;

/// Stands for the omitted part.
pub const CUT: &str = "…";

/// A text for showing, cut if it is too long.
#[must_use]
pub fn clip(name: &str) -> Cow<'_, str> {
    if name.len() <= SHOWN_BYTES_MAX {
        return Cow::Borrowed(name);
    }
    let end = name.floor_char_boundary(SHOWN_BYTES_MAX);
    Cow::Owned(format!("{}{CUT}", name.get(..end).unwrap_or_default()))
}

/// The known name that was probably meant: the same but for case and hyphens, or with a few letters changed.
#[must_use]
pub fn near<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > COMPARED_BYTES_MAX {
        return None;
    }
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', ' '], "-");
    let name = plain(name);
    let joined = name.replace('-', "");
    let distance = |known: &str| {
        let known = plain(known);
        if known.replace('-', "") == joined { 0 } else { strsim::damerau_levenshtein(&name, &known) }
    };
    let most = (name.chars().count() / 3).max(1);
    let known = known.into_iter().take(SEARCHED_MAX).filter(|known| known.len() <= COMPARED_BYTES_MAX);
    let (distance, found) = known.map(|known| (distance(known), known)).min_by_key(|(distance, _)| *distance)?;
    // A name of which nothing is left as it was is another name.
    (distance <= most && distance < found.chars().count()).then_some(found)
}

/// What to write instead of an unknown name: the near one, or all that there are.
pub(crate) fn instead<'n>(name: &str, known: impl IntoIterator<Item = &'n str> + Clone) -> String {
    if let Some(near) = near(name, known.clone()) {
        return format!("did you mean `{}`?", clip(near));
    }
    let mut names: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for name in known {
        if names.len() < LISTED_MAX { names.push(format!("`{}`", clip(name))) } else { more = more.saturating_add(1) }
    }
    match (names.as_slice(), more) {
        ([], _) => "there are none".to_owned(),
        (_, 0) => format!("there are {}", names.join(", ")),
        _ => format!("there are {} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(clip("wasi:cli/exit@0.2.0"), "wasi:cli/exit@0.2.0");
        assert_eq!(clip(&"a".repeat(200)), "a".repeat(200));
        assert_eq!(clip(&"a".repeat(201)), format!("{}…", "a".repeat(200)));
        assert_eq!(clip(&format!("a{}", "é".repeat(50_000))), format!("a{}…", "é".repeat(99)));
    }

    #[test]
    fn a_name_with_a_slip_is_recognised() {
        for (given, meant) in [
            ("tilte", Some("title")),
            ("Title", Some("title")),
            ("due_date", Some("due-date")),
            ("dueDate", Some("due-date")),
            ("titles", Some("title")),
            ("x", None),
            ("entirely-different", None),
        ] {
            assert_eq!(near(given, ["title", "due-date", "a"]), meant, "{given}");
        }
        assert_eq!(near(&"t".repeat(10_000), ["title"]), None);
    }

    #[test]
    fn few_names_are_listed() {
        assert_eq!(instead("zzzzzz", ["a", "b"]), "there are `a`, `b`");
        let many: Vec<String> = (0..100).map(|n| format!("name{n}")).collect();
        assert!(instead("zzzzzz", many.iter().map(String::as_str)).ends_with("`name19` and 80 more"));
    }
}
