//! The tool as an adversary: a server echoes its guesses, and it learns nothing until one is right.

mod play;

use base64::Engine as _;
use http::{HeaderMap, HeaderValue};

use super::super::SECRET_BYTES_MAX;
use super::super::framing::Line;
use super::*;
use play::{Seen, Step, Transcript, behaviours, piece, pieces, play};

fn written(guess: &str) -> [String; 4] {
    let hexadecimal = guess.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent = guess.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let base64 = base64::engine::general_purpose::STANDARD.encode(guess);
    [guess.to_owned(), hexadecimal, percent, base64]
}

const EVENTS: Framing = Framing::Events(Line::Empty);

const FRAMINGS: [Framing; 3] = [Framing::Whole, EVENTS, Framing::Lines];

/// Secrets that differ in the last byte, in a middle byte, in length only, in kind.
fn secrets() -> Vec<String> {
    let mut secrets: Vec<String> = [
        "tok-3f9a77zzQx",
        "tok-3f9a77zzQy",
        "tok-3f9a77zzQ",
        "tok-3f9a77zzQx0",
        "tok-3f0a77zzQx",
        "%61%62%63%64%65%66%67%68",
    ]
    .map(str::to_owned)
    .to_vec();
    secrets.push(format!("tok-3f9a77zzQ{}", "-".repeat(SECRET_BYTES_MAX - 13)));
    secrets
}

#[test]
fn a_secret_reveals_nothing_before_all_of_it_is_guessed() {
    let secrets = secrets();
    let guesses = |secret: &str| {
        let length = secret.len();
        let prefixes = [0, 1, length / 2, length - 2, length - 1].map(|end| secret.split_at(end).0.to_owned());
        let suffixes = [1, length / 2].map(|start| secret.split_at(start).1.to_owned());
        let wrong =
            [0, length / 2, length - 1].map(|at| format!("{}!{}", secret.split_at(at).0, secret.split_at(at + 1).1));
        [&prefixes[..], &suffixes, &wrong].concat()
    };
    let mut played = 0;
    for target in &secrets {
        for guess in guesses(target) {
            for written in written(&guess) {
                let (value, event) = (format!("{{\"a\": [\"{written}\"]}}\n"), format!("data: {written}\r\n\r\n"));
                let text = format!("{value}{event}{{\"a\":\n\"{written}\"}}\ndata: {written}\n\n{value}.");
                // Each pair of a behaviour and a framing is tried.
                let behaviours = behaviours(&text);
                let steps = behaviours[played % behaviours.len()].clone();
                let framing = FRAMINGS[played % FRAMINGS.len()];
                // The transcript of a run whose secret is unrelated to the guess.
                let expected = play(&["0123456789-unrelated"], framing, steps.clone());
                for secret in secrets.iter().filter(|secret| !has_whole(&guess, secret)) {
                    let found = play(&[secret], framing, steps.clone());
                    assert_eq!(found, expected, "{secret}, {guess}, {framing:?}, {steps:?}");
                }
                played += 1;
            }
        }
    }
    assert!(played > 200, "{played}");
}

/// Whether a guess contains a whole secret. The secret with escapes has another spelling in its own digits, which is
/// found whatever stands between them.
fn has_whole(guess: &str, secret: &str) -> bool {
    let digits: String = guess.chars().filter(char::is_ascii_alphanumeric).collect();
    guess.contains(secret) || secret.starts_with('%') && digits.contains("6162636465666768")
}

/// A server may echo a secret into JSON without escapes. Then its own quotes, backslashes and brackets are in the text.
#[test]
fn the_characters_of_a_secret_do_not_decide_when_a_part_is_passed_on() {
    let secrets = ["ab3f9a77zzQx", "ab\"f9a77zzQx", "ab3f9a77zzQ\"", "ab3f9a77zzQ\\", "ab\\\"a77zz{[x", "]}3f9a77zz}]"];
    for kind in ["application/json", "application/problem+json", "text/event-stream", "application/x-ndjson"] {
        let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        let framing = Framing::of(&headers);
        let play = |text: &str, secret: &str| {
            let text = text.replace('@', secret);
            let lines = text.split_inclusive('\n').flat_map(|line| [piece(line), Step::Wait]);
            play(&[secret], framing, lines.collect())
        };
        for text in [
            "{\"a\": \"@\"}\n{\"b\": 1}\n",
            "{\"a\": @}\n\n{\"b\": 1}\n",
            "@\n{}\n",
            "{\"a\":\n\"@\n}\n[]\r\n\n",
            "data: @\n\n{\"@\n\n",
        ] {
            let [expected, others @ ..] = secrets.map(|secret| play(text, secret).seen);
            for (found, secret) in others.into_iter().zip(&secrets[1..]) {
                assert_eq!(found, expected, "{kind}, {text:?}, {secret:?}");
            }
        }
    }
}

#[test]
fn a_whole_guess_is_masked_whatever_the_server_does() {
    for secret in secrets() {
        for text in written(&secret) {
            let text = format!("no `{text}` here");
            for steps in behaviours(&text).into_iter().take(3) {
                let found = play(&[&secret], Framing::Whole, steps);
                assert!(found.text().contains("********") && found.text().len() == text.len(), "{found:?}");
            }
        }
    }
}

#[test]
fn held_bytes_are_dropped_when_a_body_breaks_off() {
    let secret = "tok-3f9a77zzQx";
    for cut in 0..=secret.len() {
        for sizes in [&[1][..], &[100]] {
            let text = format!("your token is {}", secret.split_at(cut).0);
            let found = play(&[secret], Framing::Whole, [pieces(&text, sizes), vec![Step::Fail]].concat());
            assert_eq!(found.text(), "", "{cut}");
            assert!(found.seen.iter().any(|(seen, ..)| matches!(seen, Seen::Failed(_))));
        }
    }
}

#[test]
fn long_bodies_are_passed_on_by_their_length_alone() {
    let secret = "tok-3f9a77zzQx";
    let keep = SPELLING_BYTES_MAX;
    for at in [BLOCK_BYTES - keep - 7, BLOCK_BYTES - 3] {
        let text = |guess: &str| {
            let mut text = format!("{}{guess}", ".".repeat(at));
            text += &" ".repeat(BLOCK_BYTES + 100 - text.len());
            text
        };
        let sizes = |transcript: &Transcript| -> Vec<usize> {
            transcript.seen.iter().map(|(seen, ..)| if let Seen::Data(data) = seen { data.len() } else { 0 }).collect()
        };
        let (near, whole) = (text("tok-3f9a77zzQ."), text(secret));
        let steps = |text: &str| pieces(text, &[4096]);
        let expected = play(&["0123456789-unrelated"], Framing::Whole, steps(&near));
        assert_eq!(play(&[secret], Framing::Whole, steps(&near)), expected, "{at}");
        let found = play(&[secret], Framing::Whole, steps(&whole));
        assert_eq!(sizes(&found), sizes(&expected), "{at}");
        assert_eq!(found.text(), whole.replace(secret, "**************"), "{at}");
    }
}

#[test]
fn pieces_make_no_difference_to_the_work_and_the_result() {
    let secret = "tok-3f9a77zzQx";
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("user:{secret}"));
    let text = format!("{encoded} {secret} {} {secret}", ".".repeat(BLOCK_BYTES));
    let whole = play(&[secret], Framing::Whole, vec![piece(&text)]);
    assert_eq!(whole.text().matches("**************").count(), 3, "both, and the one in base64");
    for sizes in [&[1][..], &[7, 4096, 1]] {
        let found = play(&[secret], Framing::Whole, pieces(&text, sizes));
        assert_eq!((found.text() == whole.text(), found.steps), (true, whole.steps), "{sizes:?}");
    }
}

#[test]
fn escapes_are_not_cut_in_two_by_a_block() {
    // After an odd number of backslashes, this would be the `n` of a line feed and not of the secret.
    let secret = "n3x/token-abc";
    for fill in 0..2 {
        let text = format!("{}{}n3x\\/token-abc ", ".".repeat(fill), "\\\\".repeat(BLOCK_BYTES / 2));
        let found = play(&[secret], Framing::Whole, vec![piece(&text)]);
        assert!(
            found.text().ends_with(&format!("{} ", "*".repeat(14))),
            "{fill}: {}",
            found.text().split_at(BLOCK_BYTES).1
        );
    }
}

#[test]
fn complete_events_and_lines_pass_at_once_and_incomplete_ones_do_not() {
    let secret = "tok-3f9a77zzQx";
    let data = |text: &str| Seen::Data(text.to_owned());
    for (framing, text, passed, held) in [
        (EVENTS, "data: tok-3f9a\n\ndata: t", "data: tok-3f9a\n\n", "data: t"),
        (EVENTS, "data: tok-3f9a77zzQx\r\n\r\n", "data: **************\r\n\r\n", ""),
        (EVENTS, "a\rb\r\rc\n", "a\rb\r\r", "c\n"),
        (Framing::Lines, "{\"a\": \"tok-3\"}\n{\"b", "{\"a\": \"tok-3\"}\n", "{\"b"),
        (Framing::Lines, "\u{1e}\"tok-3f9a77zzQx\"\n", "\u{1e}\"**************\"\n", ""),
        (EVENTS, "{\"a\": 1}\n{}\n", "", "{\"a\": 1}\n{}\n"),
    ] {
        let found = play(&[secret], framing, vec![piece(text), Step::Wait, Step::Wait]);
        let seen: Vec<Seen> = found.seen.into_iter().map(|(seen, ..)| seen).collect();
        let mut expected: Vec<Seen> = (!passed.is_empty()).then(|| data(passed)).into_iter().collect();
        expected.extend([Seen::Nothing, Seen::Nothing]);
        expected.extend((!held.is_empty()).then(|| data(held)));
        expected.push(Seen::End);
        assert_eq!(seen, expected, "{text:?}");
    }
    // The second half of a line end comes late: it is not held back for the next event.
    let late = vec![piece("data: 1\r\n\r"), Step::Wait, piece("\n"), Step::Wait];
    let found = play(&[secret], EVENTS, late);
    let seen: Vec<Seen> = found.seen.into_iter().map(|(seen, ..)| seen).collect();
    assert_eq!(seen, [data("data: 1\r\n\r"), Seen::Nothing, data("\n"), Seen::Nothing, Seen::End]);
}

#[test]
fn compressed_data_is_refused_whatever_it_is_called() {
    let steps = vec![Step::Piece(b"\x1f\x8b".to_vec()), Step::Piece(b"\x08\0\0\0".to_vec())];
    let found = play(&["tok-3f9a77zzQx"], Framing::Whole, steps);
    assert_eq!(found.text(), "");
    assert!(format!("{found:?}").contains("Unreadable(Body)"), "{found:?}");
}

#[test]
fn trailers_bring_no_digest_of_a_masked_body() {
    let mut trailers = HeaderMap::new();
    for name in ["content-digest", "repr-digest", "x-amz-checksum-sha256", "x-goog-hash", "x-checksum-sha1", "x-end"] {
        trailers.insert(name, HeaderValue::from_static("1"));
    }
    let played = play(&["secret-of-eight"], Framing::Whole, vec![piece("a body"), Step::Trailers(trailers)]);
    let seen = played.seen.iter().find_map(|(seen, ..)| match seen {
        Seen::Trailers(trailers) => Some(trailers.as_str()),
        _ => None,
    });
    assert_eq!(seen, Some("Some({\"x-end\": \"1\"})"));
}

#[test]
fn nothing_of_a_body_in_wide_characters_is_passed_on() {
    let wide: Vec<u8> = "{\"a\":\"secret-of-eight\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let played = play(&["secret-of-eight"], Framing::Whole, vec![Step::Piece(wide)]);
    assert_eq!(played.text(), "");
    assert!(played.seen.iter().any(|(seen, ..)| matches!(seen, Seen::Failed(_))));
}
