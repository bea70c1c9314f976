//! `cargo xtask bench`: what the gate and the journal cost, as ratios to a bare `wasmtime run`.
//!
//! Both run the same precompiled component and take turns (A B, B A, …), so that other load on the machine falls on
//! both. Each pair gives a ratio, and the median of the ratios is what counts: absolute times say more about the
//! machine than about the program. The harness of `tests/benches` measures the pieces without a counterpart, against
//! fixed targets.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use xtask::guests;
use xtask::hint::Hint;
use xtask::project::Project;
use xtask::server::Server;

use crate::builds::Build;
use crate::contender::{self, Baseline, GuestKind, WasmAgent};
use crate::machine::Machine;
use crate::measure::{Bench, Measured};
use crate::pieces::Pieces;
use crate::rows::{self, Job, Row};
use crate::{inputs, table};

/// The lines above and below the table in a README.
const MARKS: (&str, &str) = ("<!-- table: cargo xtask bench --write -->", "<!-- end of table -->");

/// Measure what the gate and the journal cost, against a bare `wasmtime run`
///
/// Both run the same precompiled component and take turns; the table has the medians. All numbers also go to
/// target/bench/last.json. tests/benches/README.md explains the rows and columns.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Measure these rows instead of all
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
    /// How many times both programs run each row
    #[arg(long, value_name = "N", default_value = "9")]
    pairs: NonZeroUsize,
    /// Measure this `wasm-agent` instead of building one
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Compare with this build of `wasm-agent` instead of `wasmtime`
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Write the numbers here instead of to target/bench/last.json
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Replace the table in this README
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

/// Measures the named rows, or all of them, and prints a table.
///
/// # Errors
/// When something can't be set up, or when either program fails on a row.
pub(crate) fn run(project: &Project, options: Options) -> Result<()> {
    let pairs = options.pairs.get();
    let server = Server::start(inputs::respond)?;
    let mut rows = chosen(&server.url(), &options.rows)?;
    if options.against.is_some() {
        rows.retain_mut(Row::compares_builds);
    }
    guests::build(project, None)?;
    let whole = |path| std::path::absolute(path).context("could not resolve a program's path");
    let binary = options.binary.map_or_else(|| Build::Released.program(project), whole)?;
    let against = options.against.map(whole).transpose()?;

    let work = project.bench_dir();
    inputs::prepare(&work)?;
    let baseline = Baseline::set_up(project, &work)?;
    let ours = WasmAgent::set_up(binary, &work, &server.url())?;
    let earlier = against.map(|program| ours.earlier(program));
    let small = baseline.compile(&project.guests_dir().join("bench.wasm"), &[])?;
    let is_large =
        |row: &Row| matches!(&row.job, Job::Pair(pair) | Job::Guard { pair, .. } if pair.guest == GuestKind::Large);
    let large = if rows.iter().any(is_large) {
        Some(baseline.compile(&contender::large_component(project)?, &[])?)
    } else {
        None
    };
    let machine = Machine::look(baseline.version()?);
    let pieces = Pieces::default();
    let mut bench = Bench { project, baseline, ours, earlier, small, large, pieces, pairs };

    println!("{}", table::heading());
    let mut measured = Vec::new();
    for row in &rows {
        let found = bench.measure(row)?;
        println!("{}", table::line(&found));
        measured.push(found);
    }
    println!("{}", machine.sentence());
    publish(&measured, &machine, pairs, &options.json.unwrap_or_else(|| work.join("last.json")))?;
    options.write.map_or(Ok(()), |readme| write(&readme, &table::markdown(&measured, &machine)))
}

/// The named rows, or all of them.
fn chosen(server: &str, names: &[String]) -> Result<Vec<Row>> {
    let all = rows::all(server);
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|row| row.name == name.as_str())) {
        let known: Vec<&str> = all.iter().map(|row| row.name).collect();
        return Err(anyhow!("unknown row `{unknown}`")).hint(format!("the rows are {}", known.join(", ")));
    }
    Ok(all.into_iter().filter(|row| names.is_empty() || names.iter().any(|name| name == row.name)).collect())
}

fn publish(rows: &[Measured], machine: &Machine, pairs: usize, path: &Path) -> Result<()> {
    let text = format!("{:#}\n", table::json(rows, machine, pairs));
    fs::write(path, text).with_context(|| format!("could not write `{}`", path.display()))
}

/// Replaces the table in a README.
fn write(path: &Path, table: &str) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("could not read `{}`", path.display()))?;
    let replaced = replace(&text, table)
        .with_context(|| format!("`{}` has no place for the table", path.display()))
        .hint(format!("put the lines `{}` and `{}` there", MARKS.0, MARKS.1))?;
    fs::write(path, replaced).with_context(|| format!("could not write `{}`", path.display()))
}

fn replace(text: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(MARKS.0)?;
    let (_, after) = rest.split_once(MARKS.1)?;
    Some(format!("{before}{}\n\n{}\n\n{}{after}", MARKS.0, table.trim_end(), MARKS.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_the_table_and_nothing_else() {
        let text = format!("above\n{}\nold\n{}\nbelow\n", MARKS.0, MARKS.1);
        let once = replace(&text, "new\n").unwrap();
        assert_eq!(once, format!("above\n{}\n\nnew\n\n{}\nbelow\n", MARKS.0, MARKS.1));
        assert_eq!(replace(&once, "new\n").unwrap(), once);
        assert_eq!(replace("no marks", "new"), None);
    }

    #[test]
    fn no_two_rows_have_one_name() {
        let mut names: Vec<&str> = rows::all("http://127.0.0.1:1").iter().map(|row| row.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
