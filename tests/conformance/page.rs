//! The page DIFFERENCES.md, made of the table.

use std::fmt::Write as _;

use wasm_agent_tests::guests::root;

use crate::table::{Row, Table};

/// What stands above the reasons.
const BEGINNING: &str = "# How this host differs

A program that runs under `wasmtime run` runs here too, with a policy that grants the same, and gets the same answers
but for what is listed here. Each section says what differs and why.

The test `conformance` keeps this page: it calls every function of WASI 0.2 and of WASI 0.1 with ordinary and edge
values, under the bare engine and under this host, and compares the answers, the exit status and what is left on disk.
It fails for a difference that is not listed here, and for one that is listed and gone. The page is made of
`tests/conformance/differences.toml` with `UPDATE_SNAPSHOTS=1 cargo test -p wasm-agent-tests --test conformance`.

What a policy does not grant is denied, and a bare engine has neither policies nor approvals: that is not listed.
[POLICY.md](runtime/policy/POLICY.md) says what a tool is told then. Random numbers and times come from the machine, as
they do in the engine.
";

/// Compares the page with the table, or makes it anew.
pub fn check(table: &Table) {
    let page = page(table);
    let path = root().join("DIFFERENCES.md");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "DIFFERENCES.md is not what the table says: make it anew with UPDATE_SNAPSHOTS=1");
}

fn page(table: &Table) -> String {
    let mut page = BEGINNING.to_owned();
    for reason in &table.reasons {
        // Writing to a string can't fail.
        let _ = write!(page, "\n## {}\n\n{}\n", reason.title, reason.text.trim());
        let rows: Vec<&Row> = table.rows.iter().filter(|row| row.reason == reason.name).collect();
        assert!(!rows.is_empty(), "no difference has the reason `{}`", reason.name);
        let _ = write!(page, "\n| program | case | engine | here |\n| --- | --- | --- | --- |\n");
        for row in rows {
            let cases: Vec<String> = row.cases.iter().map(|case| code(case)).collect();
            let (bare, here) = (code(&row.bare), code(&row.here));
            let _ = writeln!(page, "| {} | {} | {bare} | {here} |", row.program, cases.join("<br>"));
        }
    }
    page
}

/// A text as code in a cell of a table.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.is_empty() || text == "-" { "–".to_owned() } else { format!("`{}`", text.replace('`', "'")) }
}
