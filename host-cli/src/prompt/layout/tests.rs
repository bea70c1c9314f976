//! What stands on the screen, and what a guest cannot make stand there.

use unicode_width::UnicodeWidthStr;
use wasm_agent_host::approval::testing;

use super::*;

/// A request with every part that a prompt shows.
pub(in super::super) fn request() -> ApprovalRequest {
    let mut request = testing::post_issue();
    request.action.detail = http(vec![("accept".to_owned(), "*/*".to_owned())], "{\n  \"title\": \"broken link\"\n}\n");
    request
}

fn http(headers: Vec<(String, String)>, body: &str) -> Detail {
    Detail::Http {
        method: "POST".to_owned(),
        url: "https://api.example.com/issues".to_owned(),
        sent: None,
        headers,
        secrets: vec!["github".to_owned()],
        body: Some(Preview::new(body.as_bytes(), body.len() as u64)),
        body_bytes: Some(body.len() as u64),
        body_blake3: Some("01".repeat(32)),
    }
}

fn file(path: &str, preview: Option<Preview>) -> ApprovalRequest {
    let mut request = request();
    request.intent = None;
    request.action.kind = "file.rename".to_owned();
    request.action.summary = "rename a file over another".to_owned();
    request.action.detail =
        Detail::File { path: path.to_owned(), to: Some("/notes/b.md".to_owned()), size: Some(12), preview };
    request
}

fn shown(request: &ApprovalRequest) -> String {
    message(request, 80, false).unwrap()
}

#[test]
fn shows_a_request_whole() {
    assert_eq!(
        shown(&request()),
        "
A tool waits for your approval

    action │ http.request POST https://api.example.com/issues
   secrets │ github, put in by the host
      tool │ open-issue
           │ sha256 abababababab
     grant │ http grant `https://api.example.com/issues` (line 7)
      call │ 42 of run 001122334455
    claims │ in the tool's own words, which nothing has checked:
           │ report the broken link
   headers │ accept: */*
      body │ 29 bytes, blake3 010101010101
           │ {
           │   \"title\": \"broken link\"
           │ }

  approve? │ http.request POST https://api.example.com/issues

  y  approve once
  a  approve this same action for the rest of the run
  n  refuse
  s  refuse and stop the run

What follows n or s is kept as the reason. No answer within 10m is a refusal.
"
    );
}

#[test]
fn shows_a_file_and_where_it_goes() {
    let shown = shown(&file("/notes/a.md", Some(Preview::new(b"old\n", 4))));
    for row in [
        "      path │ /notes/a.md\n",
        "        to │ /notes/b.md\n",
        "      size │ 12 bytes now\n",
        "   content │ old\n",
    ] {
        assert!(shown.contains(row), "{row} in {shown}");
    }
}

#[test]
fn shows_binary_content_as_a_dump() {
    let shown = shown(&file("/notes/a.bin", Some(Preview::new(&[0; 300], 300))));
    assert!(shown.contains("   content │ binary\n           │ 00000000  00 00"), "{shown}");
    assert!(shown.contains("  cut here │ there is more\n"), "{shown}");
}

#[test]
fn shows_a_checkpoint() {
    let mut request = request();
    let title = "rewrite 12 files".to_owned();
    request.action.detail = Detail::Checkpoint { title, detail: "a.md\nb.md".to_owned() };
    let shown = shown(&request);
    assert!(shown.contains("     title │ rewrite 12 files\n"), "{shown}");
    assert!(shown.contains("    detail │ a.md\n           │ b.md\n"), "{shown}");
}

#[test]
fn shows_what_is_sent_when_the_summary_says_something_else() {
    let mut request = request();
    request.action.summary = "GET https://elsewhere.test/".to_owned();
    assert!(shown(&request).contains("   request │ POST https://api.example.com/issues\n"));
}

#[test]
fn shows_the_spelling_in_which_a_url_is_sent() {
    let mut request = request();
    let Detail::Http { sent, .. } = &mut request.action.detail else { panic!() };
    *sent = Some("/%69ssues".to_owned());
    assert!(shown(&request).contains("   request │ POST https://api.example.com/issues (sent as /%69ssues)\n"));
    request.action.summary.push_str(" (sent as /%69ssues)");
    assert!(!shown(&request).contains("   request │ "));
}

#[test]
fn says_how_much_of_a_body_is_not_shown() {
    let mut request = request();
    let body = "x".repeat(20_000);
    request.action.detail = http(vec![], &body);
    let shown = shown(&request);
    let visible = shown.matches('x').count() - shown.matches("example").count();
    assert!(shown.contains(&format!("  cut here │ {} bytes more\n", 20_000 - visible)), "{visible} in {shown}");
    assert!(visible > 5000);
}

#[test]
fn leaves_room_for_the_body_whatever_comes_before_it() {
    let mut request = request();
    request.intent = Some("\n".repeat(100_000));
    let headers = (0..1000).map(|number| (format!("x-{number}"), "\n".repeat(100))).collect();
    request.action.detail = http(headers, "the body");
    let shown = shown(&request);
    assert!(shown.contains("│ the body\n"), "{shown}");
    assert_eq!(shown.matches("  cut here │ ").count(), 2, "{shown}");
    assert!(shown.lines().count() < 150, "{}", shown.lines().count());
}

#[test]
fn does_not_ask_about_an_action_that_cannot_be_shown_whole() {
    let error = message(&file(&format!("/{}", "\u{202e}".repeat(2000)), None), 80, false).unwrap_err();
    assert_eq!(error.to_string(), "the action is too long to be shown whole at the terminal: path");
}

#[test]
fn keeps_guest_text_to_the_right_of_the_bar() {
    let fake = "x\n\n  approve? │ file.read /a\r\n  y  approve once\x1b[10A\x1b[2K\u{9b}1A\u{202e}\u{2028}z";
    let wide = format!("{}{fake}", "日".repeat(100));
    let mut request = request();
    request.component.name = fake.to_owned();
    request.action.summary = wide.clone();
    request.grant = Some(wide.clone());
    request.intent = Some(wide.clone());
    request.action.detail = http(vec![(fake.to_owned(), wide.clone())], &wide);
    for width in [40, 80, 200] {
        let message = message(&request, width, false).unwrap();
        assert!(!message.contains(|character: char| character != '\n' && character.is_control()));
        let (table, choices) = message.rsplit_once("\n\n  y  approve once\n").unwrap();
        assert!(!choices.contains('x'));
        let rows = table.lines().filter(|row| !row.is_empty());
        for row in rows.skip(1) {
            assert!(row.width() < width, "{row}");
            let (label, _) = row.split_once(['│', '┆']).unwrap_or_else(|| panic!("{row}"));
            let label = label.trim();
            let known = ["action", "request", "secrets", "tool", "grant", "call", "claims", "headers", "body"];
            assert!(known.contains(&label) || ["", "cut here", "approve?"].contains(&label), "{row}");
        }
        assert_eq!(table.lines().filter(|row| row.starts_with("  approve? │")).count(), 1);
    }
}

#[test]
fn does_not_show_one_path_as_two() {
    let shown = shown(&file("/notes/a\n/notes/b", None));
    assert!(shown.contains("      path │ /notes/a\\n/notes/b\n"), "{shown}");
}

#[test]
fn marks_a_row_that_goes_on() {
    let shown = shown(&file(&format!("/{}", "n".repeat(100)), None));
    assert!(shown.contains(&format!("\n           ┆ {}\n", "n".repeat(35))), "{shown}");
}

#[test]
fn colours_nothing_but_the_hosts_own_words() {
    let coloured = message(&request(), 80, true).unwrap();
    assert!(
        coloured.contains("  \x1b[36m  action │\x1b[0m http.request POST https://api.example.com/issues\n"),
        "{coloured:?}"
    );
    assert!(!shown(&request()).contains('\x1b'));
}

#[test]
fn shows_time_in_two_units() {
    for (milliseconds, expected) in [
        (0, "0s"),
        (59_999, "59s"),
        (60_000, "1m"),
        (90_000, "1m 30s"),
        (3_600_000, "1h"),
        (5_400_000, "1h 30m"),
        (u64::MAX, "5124095576030h 25m"),
    ] {
        assert_eq!(time(milliseconds), expected);
    }
}

#[test]
fn warns_once_of_a_name_that_mixes_alphabets() {
    let mut request = file("/notes/p\u{430}ypal.md", None);
    request.action.summary = "file.rename /notes/p\u{430}ypal.md".to_owned();
    let shown = shown(&request);
    assert_eq!(shown.matches("letters of different alphabets").count(), 1, "{shown}");
    assert!(shown.contains(
        "\n   caution │ it has letters of different alphabets, which may look alike:\n           │ p\u{430}ypal\n"
    ));
    assert!(!self::shown(&file("/notes/über/сегодня.md", None)).contains("caution"));
}
