//! Differences between the headers of two journals.

use wasm_agent_journal::{Header, Invocation};

/// Longest text of a difference, in bytes.
const TEXT_BYTES_MAX: usize = 4096;

/// One difference between two headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderDifference {
    /// What differs, such as `arguments`.
    pub name: &'static str,
    /// What the first run had.
    pub first: String,
    /// What the second run had.
    pub second: String,
}

/// All differences, except for the runs' times and ids.
#[must_use]
pub fn header_differences(first: &Header, second: &Header) -> Vec<HeaderDifference> {
    let mut found = Vec::new();
    let mut compare = |name, first: String, second: String| {
        if first != second {
            found.push(HeaderDifference { name, first: cut(first), second: cut(second) });
        }
    };
    compare("tool", first.component_name.clone(), second.component_name.clone());
    compare("sha256", first.component_sha256.to_string(), second.component_sha256.to_string());
    compare("invocation", invocation(first), invocation(second));
    compare("arguments", quoted(&first.arguments), quoted(&second.arguments));
    compare("environment", variables(first), variables(second));
    if first.policy_text != second.policy_text {
        let (a, b) = policy_lines(&first.policy_text, &second.policy_text);
        compare("policy", a, b);
    }
    compare("limits", limits(first), limits(second));
    compare("engine", first.engine.clone(), second.engine.clone());
    compare("approver", first.approver.clone(), second.approver.clone());
    found
}

fn invocation(header: &Header) -> String {
    match &header.invocation {
        Invocation::Command => "command".to_owned(),
        Invocation::Call { export, arguments } => format!("{export}{arguments}"),
    }
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" ")
}

fn variables(header: &Header) -> String {
    header.environment.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(" ")
}

fn limits(header: &Header) -> String {
    header.limits.iter().map(|(name, limit)| format!("{name}={limit}")).collect::<Vec<_>>().join(" ")
}

/// The first line in which two policies differ.
fn policy_lines(first: &str, second: &str) -> (String, String) {
    let (mut a, mut b) = (first.lines(), second.lines());
    let mut number = 1_u64;
    loop {
        match (a.next(), b.next()) {
            (None, None) => return ("other line ends".to_owned(), format!("other line ends, from line {number}")),
            (first, second) if first == second => number += 1,
            (first, second) => {
                let line = |line: Option<&str>| match line {
                    Some(line) => format!("line {number}: {line}"),
                    None => format!("ends before line {number}"),
                };
                return (line(first), line(second));
            }
        }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > TEXT_BYTES_MAX {
        let mut end = TEXT_BYTES_MAX;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}
