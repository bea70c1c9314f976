//! The program against a server that sends its secret back.

use crate::desk::{Desk, PROMPT, says_nothing_of};
use crate::echo::{Asked, Echo, Pieces, chunked, whole};
use crate::forms::{absent, spellings};

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
         [[http]]\nurl = \"{}/**\"\nmethods = [\"GET\"]\nask = true\nsecrets = [\"token\"]\n\
         networks = [\"127.0.0.0/8\"]\n\
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
        desk.folder.write("nothing.toml", "version = 1\n");
        let first =
            ["run", "-p", "nothing.toml", "-j", "other.journal", "fetch-page.wasm", "--", "http://127.0.0.1:9/"];
        says_nothing_of(secret, &desk.run(&first, &[("API_TOKEN", secret)]), "a run that may do nothing");
        for case in CASES {
            let (journal, url) = (format!("{case}.journal"), server.url(&format!("/{case}")));
            let words = ["run", "-p", "policy.toml", "-j", &journal, "--approve", "exec:./yes.sh"];
            let ran = desk.run(&[&words[..], &["fetch-page.wasm", "--", &url]].concat(), &[("API_TOKEN", secret)]);
            says_nothing_of(secret, &ran, &format!("`{case}`"));
            let stdout = String::from_utf8_lossy(&ran.stdout);
            let is_answered = ["body", "headers", "redirect", "chunks", "name"].contains(&case);
            assert_eq!(stdout.contains("***"), is_answered, "{case}: {stdout}{}", String::from_utf8_lossy(&ran.stderr));
            assert!(String::from_utf8_lossy(&ran.stderr).contains("TRACE"), "diagnostics are on");
            read_back(&desk, secret, &journal, &url);
        }
        desk.knows_nothing_of(secret);
        let asked = desk.folder.read("asked.json");
        assert!(asked.matches("\"secrets\":[\"token\"]").count() >= CASES.len(), "{asked}");
    }
}

/// Every way to look at a journal, and to make another file of it.
fn read_back(desk: &Desk, secret: &str, journal: &str, url: &str) {
    let made = |what: &str| format!("{journal}-{what}");
    let (spans, trace, redacted, recovered) = (made("spans"), made("trace"), made("redacted"), made("recovered"));
    for words in [
        &["journal", "show", "--calls", "all", journal][..],
        &["journal", "show", "--calls", "all", "--format", "json", journal],
        &["journal", "verify", journal],
        &["journal", "stats", journal],
        &["journal", "stats", "--format", "json", journal],
        &["journal", "diff", journal, "other.journal"],
        &["journal", "diff", "--format", "json", journal, "other.journal"],
        &["journal", "files", journal],
        &["journal", "files", "--format", "json", journal],
        &["journal", "why", journal, url],
        &["journal", "why", "--format", "json", journal, url],
        &["journal", "export", "--format", "jsonl", journal],
        &["journal", "export", "--format", "otlp", journal],
        &["journal", "export", "--format", "otlp", "--output", &spans, journal],
        &["journal", "export", "--format", "chrome-trace", journal],
        &["journal", "export", "--format", "chrome-trace", "--output", &trace, journal],
        &["journal", "export", "--redact", "paths", "--output", &redacted, journal],
        &["journal", "recover", journal, &recovered],
        &["policy", "judge", "--policy", "nothing.toml", journal],
        &["policy", "judge", "--policy", "nothing.toml", "--format", "json", journal],
        &["policy", "suggest", journal],
        &["policy", "suggest", "--paths", "glob", "--format", "json", journal],
        &["replay", journal],
        &["replay", "--format", "json", journal],
    ] {
        let said = desk.run(words, &[]);
        let is_usable = said.status.code() != Some(2) || words[1] == "recover";
        assert!(is_usable, "{words:?}: {said:?}");
        says_nothing_of(secret, &said, &words.join(" "));
    }
}

#[test]
fn no_secret_is_on_the_screen_where_somebody_is_asked() {
    for secret in SECRETS {
        let server = Echo::new(answer);
        let desk = Desk::new();
        desk.folder.write("policy.toml", policy(&server, "env = \"API_TOKEN\""));
        for (case, questions) in [("body", 1), ("redirect", 2)] {
            let (journal, url) = (format!("{case}.journal"), server.url(&format!("/{case}")));
            let words =
                ["run", "-p", "policy.toml", "-j", &journal, "--approve", "terminal", "fetch-page.wasm", "--", &url];
            // Diagnostics would be written between question and answer.
            let seen = desk.run_saying_yes(&words, &[("API_TOKEN", secret), ("WASM_AGENT_LOG", "error")]);
            let asked = seen.windows(PROMPT.len()).filter(|end| *end == PROMPT).count();
            assert_eq!(asked, questions, "{case}: {}", String::from_utf8_lossy(&seen));
            assert!(String::from_utf8_lossy(&seen).contains("***"), "the answer arrived, and was masked");
            absent(secret, &seen, &format!("the screen of `{case}`"));
        }
        desk.knows_nothing_of(secret);
    }
}
