//! The table of differences, which a person keeps: `differences.toml`.

use std::fmt::Write as _;

use serde_json::Value;
use wasm_agent_tests::guests::root;

/// The table.
pub struct Table {
    /// What is different, and why that is intended.
    pub reasons: Vec<Reason>,
    /// The differences.
    pub rows: Vec<Row>,
}

/// Why answers differ.
pub struct Reason {
    /// Its name in the rows.
    pub name: String,
    /// The heading on the page.
    pub title: String,
    /// The text on the page.
    pub text: String,
}

/// Cases of one program with the same two answers.
pub struct Row {
    pub reason: String,
    pub program: String,
    pub cases: Vec<String>,
    pub bare: String,
    pub here: String,
}

impl Table {
    /// Reads it.
    pub fn load() -> Self {
        let text = std::fs::read_to_string(root().join("tests/conformance/differences.toml")).unwrap();
        let table: toml::Table = toml::from_str(&text).unwrap();
        let table = serde_json::to_value(table).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{value} is not a text")).to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let reasons: Vec<Reason> = list(&table["reason"])
            .iter()
            .map(|reason| Reason {
                name: text(&reason["name"]),
                title: text(&reason["title"]),
                text: text(&reason["text"]),
            })
            .collect();
        let mut rows = Vec::new();
        for difference in list(&table["difference"]) {
            let part = |name: &str| text(&difference[name]);
            let row = Row {
                reason: part("reason"),
                program: part("program"),
                cases: list(&difference["cases"]).iter().map(text).collect(),
                bare: part("bare"),
                here: part("here"),
            };
            assert!(reasons.iter().any(|known| known.name == row.reason), "no reason is called `{}`", row.reason);
            assert!(!row.cases.is_empty(), "{}: {} has no cases", row.program, row.here);
            rows.push(row);
        }
        Self { reasons, rows }
    }

    /// What is wrong with these differences of a program: those that the table does not have, and rows of the table
    /// that were not found.
    pub fn faults(&self, program: &str, found: &[(String, String, String)]) -> Vec<String> {
        let mut faults = Vec::new();
        for (case, bare, here) in found {
            let row = self.rows.iter().find(|row| row.program == program && row.cases.contains(case));
            let known = row.is_some_and(|row| row.bare == *bare && row.here == *here);
            if !known {
                let mut fault = format!("[{program}] {case}\n    bare: {bare}\n    here: {here}");
                if let Some(row) = row {
                    // Writing to a string can't fail.
                    let _ = write!(fault, "\n    in the table: {} and {}", row.bare, row.here);
                }
                faults.push(fault);
            }
        }
        for row in self.rows.iter().filter(|row| row.program == program) {
            for case in row.cases.iter().filter(|case| !found.iter().any(|(found, ..)| found == *case)) {
                faults.push(format!("[{program}] {case}\n    is in the table, and not different"));
            }
        }
        faults
    }
}
