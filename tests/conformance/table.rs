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
    /// The text on the page. A reason without one is a fault that is known and not on the page.
    pub text: Option<String>,
}

/// One difference.
pub struct Row {
    pub reason: String,
    pub program: String,
    pub case: String,
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
                text: reason.get("text").map(text),
            })
            .collect();
        let mut rows = Vec::new();
        for difference in list(&table["difference"]) {
            let (reason, program) = (text(&difference["reason"]), text(&difference["program"]));
            assert!(reasons.iter().any(|known| known.name == reason), "no reason is called `{reason}`");
            for case in list(&difference["cases"]) {
                let [case, bare, here] = [0, 1, 2].map(|place| text(&case[place]));
                rows.push(Row { reason: reason.clone(), program: program.clone(), case, bare, here });
            }
        }
        Self { reasons, rows }
    }

    /// What is wrong with these differences of a program: those that the table does not have, and rows of the table
    /// that were not found. A known fault may be gone.
    pub fn faults(&self, program: &str, found: &[(String, String, String)]) -> Vec<String> {
        let mut faults = Vec::new();
        for (case, bare, here) in found {
            let row = self.rows.iter().find(|row| row.program == program && row.case == *case);
            let known = row.is_some_and(|row| !self.is_intended(row) || (row.bare == *bare && row.here == *here));
            if !known {
                let mut fault = format!("[{program}] {case}\n    bare: {bare}\n    here: {here}");
                if let Some(row) = row {
                    // Writing to a string can't fail.
                    let _ = write!(fault, "\n    in the table: {} and {}", row.bare, row.here);
                }
                faults.push(fault);
            }
        }
        for row in self.rows.iter().filter(|row| row.program == program && self.is_intended(row)) {
            if !found.iter().any(|(case, ..)| *case == row.case) {
                faults.push(format!("[{program}] {}\n    is in the table, and not different", row.case));
            }
        }
        faults
    }

    fn is_intended(&self, row: &Row) -> bool {
        self.reasons.iter().any(|reason| reason.name == row.reason && reason.text.is_some())
    }
}
