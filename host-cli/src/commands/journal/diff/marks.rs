//! Marks the part in which two texts differ.

/// Characters shown before and after the part that differs.
const AROUND_CHARS: usize = 48;

/// Marks the part in which two texts differ: `[-…-]` in the first, `{+…+}` in the second.
///
/// Long common text is cut, with a `…` in its place.
pub(super) fn marked(first: &str, second: &str) -> (String, String) {
    if first == second {
        return (first.to_owned(), second.to_owned());
    }
    let (a, b): (Vec<char>, Vec<char>) = (first.chars().collect(), second.chars().collect());
    let before = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let most = a.len().min(b.len()) - before;
    let after = a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    // Marks whole words: common letters of two words mean nothing.
    let is_word = |character: &&char| character.is_alphanumeric();
    let before = before - a.iter().take(before).rev().take_while(is_word).count();
    let after = after - a.iter().rev().take(after).rev().take_while(is_word).count();
    (mark(&a, before, after, "[-", "-]"), mark(&b, before, after, "{+", "+}"))
}

fn mark(text: &[char], before: usize, after: usize, open: &str, close: &str) -> String {
    let end = text.len() - after;
    let (head, middle, tail) = (
        text.get(..before).unwrap_or_default(),
        text.get(before..end).unwrap_or_default(),
        text.get(end..).unwrap_or_default(),
    );
    let mut marked = String::new();
    match head.len().checked_sub(AROUND_CHARS).filter(|cut| *cut > 1) {
        Some(cut) => {
            marked.push('…');
            marked.extend(head.iter().skip(cut));
        }
        None => marked.extend(head),
    }
    if !middle.is_empty() {
        marked.push_str(open);
        marked.extend(middle);
        marked.push_str(close);
    }
    if tail.len() > AROUND_CHARS + 1 {
        marked.extend(tail.iter().take(AROUND_CHARS));
        marked.push('…');
    } else {
        marked.extend(tail);
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_differs_is_marked() {
        for (first, second, marked_first, marked_second) in [
            ("read a.md", "read b.md", "read [-a-].md", "read {+b+}.md"),
            ("ab", "abc", "[-ab-]", "{+abc+}"),
            ("a a", "a a a", "a [-a-]", "a {+a a+}"),
            ("with status 0", "without an end", "[-with status 0-]", "{+without an end+}"),
            ("", "é", "", "{+é+}"),
            ("same", "same", "same", "same"),
        ] {
            assert_eq!(marked(first, second), (marked_first.to_owned(), marked_second.to_owned()));
        }
    }

    #[test]
    fn what_is_common_and_long_is_cut() {
        let (head, tail) = ("h".repeat(500), "t".repeat(500));
        let (first, _) = marked(&format!("{head} 1 {tail}"), &format!("{head} 2 {tail}"));
        assert_eq!(first, format!("…{} [-1-] {}…", "h".repeat(47), "t".repeat(47)));
    }
}
