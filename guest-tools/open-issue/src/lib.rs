//! Opens an issue over a REST API.
//!
//! ```text
//! open-issue({repository: "acme/site", title: "Broken link", body: "On the front page.", labels: ["docs"]})
//! ```
//!
//! Posts to `$ISSUES_URL/repos/OWNER/NAME/issues`. The tool has no credentials and sends none: the operator's policy
//! names the secret, and the host adds it after the request has left the sandbox.

#![deny(unsafe_code)]

use serde_json::{Value, json};
use wasm_agent_sdk::http::Request;
use wasm_agent_sdk::intent;

use bindings::{Created, Guest, Issue};

/// The environment variable with the URL of the API, which the policy sets.
const BASE_VARIABLE: &str = "ISSUES_URL";

/// Largest answer that is read, in bytes. An issue is a few thousand.
const ANSWER_BYTES_MAX: usize = 1 << 20;

struct OpenIssue;

#[expect(unsafe_code, clippy::too_many_arguments, reason = "the exported functions of a component are generated")]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "open-issue" });
    export!(OpenIssue with_types_in self);
    use super::OpenIssue;
}

impl Guest for OpenIssue {
    fn open_issue(issue: Issue) -> Result<Created, String> {
        if !is_repository(&issue.repository) {
            return Err(format!("`{}` is not a repository: expected `OWNER/NAME`", issue.repository));
        }
        let base = std::env::var(BASE_VARIABLE)
            .map_err(|_| format!("`{BASE_VARIABLE}` is not set: the policy has to say where the API is"))?;
        let url = format!("{}/repos/{}/issues", base.trim_end_matches('/'), issue.repository);
        let body = json!({ "title": issue.title, "body": issue.body, "labels": issue.labels });
        intent::declare(&format!("to open the issue `{}`", issue.title));
        let response = Request::new("POST", &url)
            .and_then(|request| {
                request
                    .header("content-type", "application/json")
                    .header("accept", "application/json")
                    .body(body.to_string())
                    .send(ANSWER_BYTES_MAX)
            })
            .map_err(|error| error.to_string())?;
        if response.status != 201 {
            return Err(format!("the server answered {}", response.status));
        }
        created(&response.body)
    }
}

/// Whether the name is safe as a part of the path.
fn is_repository(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    name.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

fn created(answer: &[u8]) -> Result<Created, String> {
    let answer: Value =
        serde_json::from_slice(answer).map_err(|error| format!("the server's answer is not JSON: {error}"))?;
    let number = answer.get("number").and_then(Value::as_u64);
    let url = answer.get("html_url").and_then(Value::as_str);
    match (number, url) {
        (Some(number), Some(url)) => Ok(Created { number, url: url.to_owned() }),
        _ => Err("the server's answer has no `number` and `html_url`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_names_that_are_one_owner_and_one_repository() {
        for good in ["acme/site", "a-b/c_d.e"] {
            assert!(is_repository(good), "{good}");
        }
        for bad in ["", "acme", "acme/", "/site", "a/b/c", "acme/..", "../x", "a/b?c", "a/%2e"] {
            assert!(!is_repository(bad), "{bad}");
        }
    }

    #[test]
    fn reads_the_created_issue() {
        let answer = br#"{"number": 7, "html_url": "https://example.test/7", "more": []}"#;
        let created = created(answer).expect("a complete answer");
        assert_eq!((created.number, created.url.as_str()), (7, "https://example.test/7"));
    }

    #[test]
    fn refuses_answers_that_are_not_an_issue() {
        assert!(created(b"<html>").is_err());
        assert!(created(br#"{"number": "7"}"#).is_err());
    }
}
