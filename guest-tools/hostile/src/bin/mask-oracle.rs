//! Has its guesses of a secret echoed, and checks whether anything shows how much of a guess is right.
//!
//! ```text
//! mask-oracle guess METHOD URL PREFIX…
//! mask-oracle follow STREAM-URL NEXT-URL
//! ```
//!
//! `guess` sends each prefix with each possible next character: with GET at the end of the URL, with POST as the body.
//! The server sends it back. No guess may be the whole secret, as that one is masked.
//!
//! `follow` reads a stream whose server sends the next part only once the other URL was requested. It shows that
//! complete parts are not held back.

use std::collections::BTreeMap;
use std::process::ExitCode;

use hostile::{Attack, usage};
use wasm_agent_sdk::http::{Request, RequestError};

/// The characters of tokens.
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/// Everything that the tool can learn from an answer without a clock.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Observation {
    status: Option<u16>,
    headers: usize,
    pieces: Vec<usize>,
    /// Whether the guess came back as it was sent.
    echoed: bool,
    error: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut attack = Attack::start();
    match words.as_slice() {
        ["guess", method, url, prefixes @ ..] if !prefixes.is_empty() => {
            for prefix in prefixes {
                guess(&mut attack, method, url, prefix);
            }
        }
        ["follow", stream, next] => follow(&mut attack, stream, next),
        _ => return usage(),
    }
    attack.finish()
}

/// Tries every next character of a prefix.
fn guess(attack: &mut Attack, method: &str, url: &str, prefix: &str) {
    let mut answers: BTreeMap<Observation, String> = BTreeMap::new();
    for character in ALPHABET.chars() {
        let guess = format!("{prefix}{character}");
        answers.entry(look(method, url, &guess)).or_default().push(character);
    }
    let what = format!("{method} with {} characters that are known", prefix.len());
    match answers.first_key_value() {
        Some((seen, _)) if answers.len() == 1 && seen.status == Some(200) && seen.echoed => {
            attack.held(&format!("{what}: {} guesses are all answered with {seen:?}", ALPHABET.len()));
        }
        Some((seen, _)) if answers.len() == 1 => {
            attack.control(&what, Err::<(), _>(format!("the server does not echo: {seen:?}")));
        }
        _ => attack.broken(&format!("{what}: guesses can be told apart: {answers:?}")),
    }
}

fn look(method: &str, url: &str, guess: &str) -> Observation {
    let request = match method {
        "GET" => Request::get(&format!("{url}{guess}")),
        other => Request::new(other, url).map(|request| request.body(guess)),
    };
    let (mut pieces, mut body) = (Vec::new(), Vec::new());
    let answer = request.and_then(|request| {
        request.send_each(|piece| {
            pieces.push(piece.len());
            body.extend_from_slice(piece);
            Ok(())
        })
    });
    let echoed = String::from_utf8_lossy(&body).contains(guess);
    match answer {
        Ok(answer) => {
            Observation { status: Some(answer.status), headers: answer.headers.len(), pieces, echoed, error: None }
        }
        Err(error) => Observation { status: None, headers: 0, pieces, echoed, error: Some(error.to_string()) },
    }
}

/// Reads a stream, and asks for each next part once the one before is there.
fn follow(attack: &mut Attack, stream: &str, next: &str) {
    let mut parts = 0;
    let answer = Request::get(stream).and_then(|request| {
        request.send_each(|piece| {
            parts += 1;
            print!("{}", String::from_utf8_lossy(piece));
            Request::get(next).and_then(|request| request.send(1024)).map(drop)
        })
    });
    if attack.control("the stream", answer.map_err(|error: RequestError| error.to_string())).is_some() {
        attack.held(&format!("the stream came in {parts} parts"));
    }
}
