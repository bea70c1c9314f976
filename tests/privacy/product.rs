//! The program against a server that sends its secret back.

use crate::desk::{Desk, says_nothing_of};
use crate::echo::{Asked, Echo, Pieces, chunked, whole};
use crate::forms::spellings;

/// Secrets of different kinds: a token, one that every spelling writes in another way, a short one, one that can be a
/// header's name.
pub(crate) const SECRETS: [&str; 4] =
    ["tok-3f9a/77+zz~Qx", r#"p"w\d <&'> 100%41 =/+ end"#, "s3cr+t/9", "gh-3f9A77zz~Qx"];

/// Where the secret comes back.
const CASES: [&str; 9] =
    ["body", "headers", "redirect", "chunks", "name", "status", "garbage", "cut-off", "compressed"];

fn policy(server: &Echo, source: &str) -> String {
    format!(
        "version = 1\n\
         [[http]]\nurl = \"{}/**\"\nmethods = [\"GET\"]\nask = true\nsecrets = [\"token\"]\nnetworks = [\"127.0.0.0/8\"]\n\
         [secrets.token]\n{source}\nheader = \"x-token\"\nvalue = \"Bearer {{}}\"\n",
        server.url("")
    )
}

/// What fits into a header.
fn in_a_line(secret: &str) -> Vec<String> {
    spellings(secret).into_iter().map(|(_, text)| text).filter(|text| !text.contains(['\r', '\n'])).collect()
}

pub(crate) fn answer(asked: &Asked) -> Pieces {
    let secret = asked.secret.as_str();
    let all: Vec<String> = spellings(secret).into_iter().map(|(_, text)| text).collect();
    let all = all.join("\n");
    match asked.target.trim_start_matches('/') {
        "body" => whole("200 OK", &[], &all),
        "headers" => {
            let lines = in_a_line(secret);
            let headers: Vec<(String, &String)> =
                lines.iter().take(100).enumerate().map(|(index, text)| (format!("x-echo-{index}"), text)).collect();
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            whole("200 OK", &headers, "x***x")
        }
        "redirect" => {
            let target =
                spellings(secret).into_iter().filter(|(name, _)| name.contains("percent") || name.contains("URL"));
            let query: Vec<String> = target.map(|(_, text)| format!("t={text}")).collect();
            whole("302 Found", &[("location", &format!("/there?{}", query.join("&")))], &all)
        }
        "chunks" => {
            let bytes: Vec<&[u8]> = all.as_bytes().chunks(1).collect();
            chunked(&bytes, &[("x-end", secret)])
        }
        "name" => {
            let name = if secret.chars().all(is_of_a_name) { secret } else { "other" };
            whole("200 OK", &[(&format!("x-{name}"), "1")], "x***x")
        }
        "status" => whole(&format!("500 {secret}"), &[], &all),
        "garbage" => vec![format!("{secret}\r\n{all}\r\n\r\n").into_bytes()],
        "cut-off" => vec![format!("HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n{all}").into_bytes()],
        "compressed" => whole("200 OK", &[("content-encoding", "gzip")], &all),
        _ => whole("200 OK", &[], &format!("you are there: {} x***x", asked.target)),
    }
}

fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

#[test]
fn no_secret_is_left_anywhere() {
    for (index, secret) in SECRETS.into_iter().enumerate() {
        let server = Echo::new(move |asked| {
            assert_eq!(asked.secret, secret, "the server is the one that knows it");
            answer(asked)
        });
        let desk = Desk::new();
        // From a file or from the environment, it is the same.
        let kept = desk.keep(format!("{secret}\n").as_bytes());
        let source = if index == 1 { format!("file = '{}'", kept.display()) } else { "env = \"API_TOKEN\"".to_owned() };
        desk.folder.write("policy.toml", policy(&server, &source));
        for case in CASES {
            let (journal, url) = (format!("{case}.journal"), server.url(&format!("/{case}")));
            let words = ["run", "-p", "policy.toml", "-j", &journal, "--approve", "exec:./yes.sh"];
            let ran = desk.run(&[&words[..], &["fetch-page.wasm", "--", &url]].concat(), &[("API_TOKEN", secret)]);
            says_nothing_of(secret, &ran, &format!("`{case}`"));
            let stdout = String::from_utf8_lossy(&ran.stdout);
            let is_answered = ["body", "headers", "redirect", "chunks", "name"].contains(&case);
            assert_eq!(stdout.contains("***"), is_answered, "{case}: {stdout}{}", String::from_utf8_lossy(&ran.stderr));
            assert!(String::from_utf8_lossy(&ran.stderr).contains("TRACE"), "diagnostics are on");
            read_back(&desk, secret, &journal);
        }
        desk.knows_nothing_of(secret);
        let asked = desk.folder.read("asked.json");
        assert!(asked.matches("\"secrets\":[\"token\"]").count() >= CASES.len(), "{asked}");
    }
}

/// Every way to look at a journal.
fn read_back(desk: &Desk, secret: &str, journal: &str) {
    for words in [
        &["journal", "show", "--calls", "all", journal][..],
        &["journal", "show", "--calls", "all", "--format", "json", journal],
        &["journal", "verify", journal],
        &["journal", "export", "--format", "jsonl", journal],
        &["replay", journal],
    ] {
        let said = desk.run(words, &[]);
        assert_eq!(said.status.code().filter(|code| *code == 2), None, "{words:?}: {said:?}");
        says_nothing_of(secret, &said, &words.join(" "));
    }
}
