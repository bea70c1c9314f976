//! Nothing that is not seen gets through, whatever the text.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;

/// Rows with a gutter before each, as the prompt shows them.
fn escape_block(text: &str, gutter: &str, width: usize) -> String {
    let folded = fold(text, width - gutter.width(), usize::MAX);
    folded.rows.iter().map(|row| format!("{gutter}{}\n", row.text)).collect()
}

#[test]
fn leaves_ordinary_text_alone() {
    for text in ["", "plain ~ text", "größer", "naïve e\u{301}", "日本語", "עברית", "→ 🙂", "a\\b"] {
        assert!(matches!(escape_line(text), Cow::Borrowed(same) if same == text), "{text}");
    }
}

#[test]
fn escapes_what_is_not_seen() {
    for (text, expected) in [
        ("a\x1b[2Jb", "a\\u{1b}[2Jb"),
        ("a\x07\x08\x7f", "a\\u{7}\\u{8}\\u{7f}"),
        ("a\u{9b}2J", "a\\u{9b}2J"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
        ("\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}", "\\u{2066}\\u{2069}\\u{200e}\\u{200f}\\u{61c}"),
        ("a\u{200b}\u{200d}\u{2060}\u{feff}", "a\\u{200b}\\u{200d}\\u{2060}\\u{feff}"),
        ("a\u{2028}\u{2029}\u{85}", "a\\u{2028}\\u{2029}\\u{85}"),
        ("a\u{a0}\u{3000}b", "a\\u{a0}\\u{3000}b"),
        ("\u{e0041}\u{e000}\u{10fffd}", "\\u{e0041}\\u{e000}\\u{10fffd}"),
        ("\u{3164}\u{2800}\u{fe0f}", "\\u{3164}\\u{2800}\\u{fe0f}"),
        ("\u{ffff}\u{fdd0}", "\\u{ffff}\\u{fdd0}"),
    ] {
        assert_eq!(escape_line(text), expected);
    }
}

#[test]
fn no_character_acts_on_a_terminal_in_a_line_or_in_json() {
    for character in '\0'..=char::MAX {
        // As a text, as the name of a member, on its own line, and where nothing stands before it.
        let value = serde_json::json!({ character.to_string(): [format!("{character}\\{character}")] });
        let json = value.to_string() + "\n";
        let escaped = escape_json(&json);
        assert!(!escaped.trim_end().contains(acts_on_a_terminal), "{character:?}: {escaped:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value, "{character:?}");
        let line = escape_line(json.trim_end()).into_owned() + &escape_line(&character.to_string());
        assert!(!line.contains(acts_on_a_terminal), "{character:?}: {line:?}");
    }
}

#[test]
fn json_that_is_plain_stays_as_it_is() {
    for json in ["{}", "{\"a\":\"größer \\n \\u001b\"}", "[\n{\"b\":1}\n]\n", "[\n\"日本 e\u{301}\"\n]"] {
        assert_eq!(escape_json(json), json);
    }
}

#[test]
fn escapes_a_mark_that_has_nothing_to_stand_on() {
    assert_eq!(escape_line("\u{301}a"), "\\u{301}a");
    assert_eq!(escape_line("\u{202e}\u{301}"), "\\u{202e}\\u{301}");
}

#[test]
fn escapes_a_flood_of_marks() {
    let flood = format!("a{}", "\u{301}".repeat(6));
    let marks = "\u{301}".repeat(MARKS_MAX);
    assert_eq!(escape_line(&flood), format!("a{marks}\\u{{301}}\\u{{301}}"));
}

#[test]
fn puts_the_gutter_before_every_row() {
    let block = escape_block("one\n\nthree is longer\r\n", "| ", 14);
    assert_eq!(block, "| one\n| \n| three is lon\n| ger\n");
}

#[test]
fn has_no_row_for_no_text() {
    assert_eq!(escape_block("", "| ", 80), "");
}

#[test]
fn folds_by_columns_and_not_by_characters() {
    let block = escape_block(&"日".repeat(7), "", 12);
    assert_eq!(block, format!("{}\n日\n", "日".repeat(6)));
}

#[test]
fn does_not_fold_within_an_escape() {
    assert_eq!(escape_block("12345678\x1b[0m", "", 12), "12345678\n\\u{1b}[0m\n");
}

#[test]
fn shows_a_tab_as_spaces_and_a_lone_return_as_an_escape() {
    assert_eq!(escape_block("\tx\ry\n", "", 20), "    x\\ry\n");
}

#[test]
fn says_how_much_did_not_fit() {
    let text = "one\ntwo\nthree";
    let folded = fold(text, 80, 160);
    assert_eq!(folded.rows.len(), 2);
    assert_eq!(folded.rest_bytes, "three".len());
    assert_eq!(folded.cost_bytes, 160);
    assert_eq!(fold(text, 80, 240).rest_bytes, 0);
    assert_eq!(fold(text, 80, 0).rest_bytes, text.len());
}

#[test]
fn cuts_within_a_line_too() {
    let folded = fold(&"x".repeat(250), 100, 200);
    assert_eq!(folded.rows.len(), 2);
    assert!(!folded.rows[0].continues && folded.rows[1].continues);
    assert_eq!(folded.rest_bytes, 50);
}

/// Any text, and text that is mostly made of what must not get through.
fn texts() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(
        "\x1b\x07\x08\r\n\t\u{9b}\u{85}\u{ad}\u{34f}\u{61c}\u{115f}\u{200b}\u{200d}\u{200e}\u{202a}\
         \u{202e}\u{2028}\u{2060}\u{2066}\u{2069}\u{206f}\u{3000}\u{3164}\u{301}\u{300}\u{fe0f}\u{feff}\
         \u{fffb}\u{e000}\u{e0001}\u{e01ef}\u{10ffff}\u{5d0}日🙂a "
            .chars()
            .collect::<Vec<_>>(),
    );
    prop_oneof![
        any::<String>(),
        prop::collection::vec(prop_oneof![nasty, any::<char>()], 0..200)
            .prop_map(|characters| characters.into_iter().collect()),
    ]
}

/// Independent of the code under test: the classes that the terminal acts upon, as their standards list them.
fn acts_on_a_terminal(character: char) -> bool {
    let code = u32::from(character);
    code < 0x20
        || (0x7f..0xa0).contains(&code)
        || matches!(code, 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff)
        || (0xe0000..=0xe0fff).contains(&code)
}

proptest! {
    #[test]
    fn no_line_acts_on_a_terminal(text in texts()) {
        let line = escape_line(&text);
        prop_assert!(!line.contains(acts_on_a_terminal), "{line:?}");
        prop_assert_eq!(&escape_line(&line), &line, "escaping again changes nothing");
    }

    #[test]
    fn no_json_acts_on_a_terminal_and_all_of_it_means_the_same(texts in prop::collection::vec(texts(), 0..4)) {
        let value = serde_json::json!({ "texts": texts, texts.concat(): texts });
        let json = value.to_string();
        let escaped = escape_json(&json);
        prop_assert!(!escaped.contains(acts_on_a_terminal), "{escaped:?}");
        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), &value);
        prop_assert_eq!(escape_json(&escaped), &*escaped, "escaping again changes nothing");
    }

    #[test]
    fn no_row_acts_on_a_terminal_or_leaves_its_gutter(text in texts(), width in 14_usize..60) {
        let block = escape_block(&text, "│ ", width);
        for row in block.split_terminator('\n') {
            prop_assert!(row.starts_with("│ "), "{row:?}");
            prop_assert!(!row.contains(acts_on_a_terminal), "{row:?}");
            prop_assert!(row.width() <= width, "{row:?} is wider than {width}");
        }
    }

    #[test]
    fn folding_loses_nothing(text in texts(), columns in 0_usize..60) {
        let text = text.replace(['\t', '\r'], "");
        let rows = fold(&text, columns, usize::MAX).rows;
        let shown = rows.iter().enumerate().fold(String::new(), |shown, (number, row)| {
            let line_break = if number == 0 || row.continues { "" } else { "\n" };
            shown + line_break + &row.text
        });
        let lines: Vec<_> = text.strip_suffix('\n').unwrap_or(&text).split('\n').map(escape_line).collect();
        // A fold may part a mark from an escape, never from its letter, so the escapes are the same.
        prop_assert_eq!(shown, lines.join("\n"));
    }

    #[test]
    fn a_budget_is_kept(text in texts(), budget in 0_usize..2000) {
        let folded = fold(&text, 40, budget);
        prop_assert!(folded.cost_bytes <= budget);
        prop_assert!(folded.rest_bytes <= text.len());
        let whole = fold(&text, 40, usize::MAX);
        prop_assert_eq!(folded.rest_bytes == 0, folded.rows.len() == whole.rows.len());
    }
}
