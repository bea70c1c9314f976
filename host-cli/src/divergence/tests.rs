use wasm_agent_host::journal::{Encoded, Keep};

use super::*;

/// An `open-at` of a path, and a `write` of contents.
fn open(path: &str) -> Step {
    let mut arguments = Encoded::new();
    arguments.array(3).u64(3).str(path).u64(0);
    step("wasi:filesystem/types#[method]descriptor.open-at", &["fd", "path", "flags"], &arguments)
}

fn write(contents: impl Into<Vec<u8>>) -> Step {
    let mut arguments = Encoded::new();
    arguments.array(2).u64(3).payload(contents.into(), Keep::DigestOnly);
    step("wasi:io/streams#[method]output-stream.write", &["stream", "contents"], &arguments)
}

fn step(name: &str, parameters: &[&str], arguments: &Encoded) -> Step {
    let parameters = parameters.iter().map(|&name| name.to_owned()).collect();
    let function = Arc::new(Function { name: name.to_owned(), parameters });
    Step::Call { function, arguments: arguments.to_record(), fuel: 700 }
}

fn ended(code: u32) -> Step {
    Step::End { result: RunResult::Exited { code }, fuel: 800 }
}

fn shown(differs: Differs, recorded: Step, replayed: Step) -> String {
    let intent = Some("tidy \u{1b}[2J".to_owned());
    let divergence = Divergence { call: 12, differs, recorded, replayed, intent };
    format!("{}\n{}", headline(&divergence), anstream::adapter::strip_str(&sides(&divergence, Marks::Below)))
}

fn arguments(parameter: usize) -> Differs {
    Differs::Arguments { parameter, offset: None }
}

#[test]
fn the_differing_part_of_a_text_is_underlined_on_both_sides() {
    let expected = "\
the replay differs at call 12: `descriptor.open-at` with another `path`
  recorded: descriptor.open-at fd=3 path=\"notes/today.md\" flags=0
                                                  ^^^
  replayed: descriptor.open-at fd=3 path=\"notes/tomorrow.md\" flags=0
                                                  ^^^^^^
  intent:   `tidy \\u{1b}[2J`
";
    assert_eq!(shown(arguments(1), open("notes/today.md"), open("notes/tomorrow.md")), expected);
}

#[test]
fn a_long_value_is_cut_around_the_difference() {
    let long = |middle: &str| format!("{}{middle}{}", "a".repeat(10_000), "b".repeat(10_000));
    let text = shown(arguments(1), open(&long("one")), open(&long("two")));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() < 300), "{text}");
    assert!(lines[1].contains("aaaone") || lines[1].contains("on"), "{text}");
    assert!(lines[1].contains('…') && lines[3].contains('…'), "{text}");
    assert_eq!(lines[2].find('^'), lines[4].find('^'));
}

#[test]
fn contents_that_are_not_in_the_record_differ_by_length_and_digest() {
    let text = shown(arguments(1), write(vec![1; 300]), write(vec![2; 300]));
    assert!(text.contains("contents=300 bytes (blake3 "), "{text}");
    let text = shown(arguments(1), write("short\u{7}"), write("shout"));
    assert!(text.contains("contents=\"shor"), "{text}");
    assert!(!text.contains('\u{7}'));
    let text = shown(arguments(1), write(vec![0xff]), write("a"));
    assert!(text.contains("/w=="), "{text}");
}

#[test]
fn ends_functions_and_fuel_are_told_apart() {
    let cases = [
        (Differs::Step, open("a"), ended(0), "the tool ends, and the recorded run goes on"),
        (Differs::Step, ended(0), open("a"), "the tool goes on, and the recorded run ended"),
        (Differs::Function, open("a"), write("a"), "another function is called"),
        (Differs::Fuel, open("a"), open("a"), "the tool computed otherwise on the way to it"),
        (Differs::Fuel, ended(0), ended(0), "the tool computed otherwise on the way to its end"),
        (Differs::Result, ended(0), ended(1), "it ends otherwise"),
    ];
    for (differs, recorded, replayed, headline) in cases {
        let text = shown(differs, recorded, replayed);
        assert!(text.lines().next().unwrap().ends_with(headline), "{text}");
        assert!(text.contains('^'), "{text}");
    }
}

#[test]
fn arguments_without_names_are_shown_too() {
    let none = |name: &str| step(name, &[], &Encoded::nothing());
    let text = shown(arguments(0), none("a#b"), none("a#b"));
    assert!(text.starts_with("the replay differs at call 12: `a.b` with another argument\n"), "{text}");
}

#[test]
fn programs_are_told_the_parameter_and_the_offset() {
    let differs = Differs::Arguments { parameter: 1, offset: Some(8) };
    let divergence = Divergence { call: 12, differs, recorded: open("ab"), replayed: ended(3), intent: None };
    let value = to_value(&divergence);
    assert_eq!(
        (&value["differs"], &value["parameter"], &value["offset"]),
        (&json!("arguments"), &json!("path"), &json!(8))
    );
    assert_eq!(value["recorded"]["arguments"]["path"], "ab");
    assert_eq!(value["replayed"], json!({ "kind": "end", "result": { "kind": "exited", "code": 3 }, "fuel": 800 }));
}

#[test]
fn a_style_marks_the_difference_where_styles_are_seen() {
    let (recorded, replayed) = (open("notes/a.md"), open("notes/b.md"));
    let divergence = Divergence { call: 1, differs: arguments(1), recorded, replayed, intent: None };
    let text = sides(&divergence, Marks::Style);
    assert!(!text.contains('^'), "{text}");
    assert_eq!(text.lines().count(), 2);
    for part in ["a", "b"] {
        let differs = style::DIFFERS;
        assert!(text.contains(&format!("{differs}{part}{differs:#}.md\"")), "{text:?}");
    }
}
