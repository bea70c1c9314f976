//! `cargo xtask bench`: what the gate and the journal cost, as ratios to a bare `wasmtime run`.
//!
//! Both run the same component with compiled code at hand, in turns (A B, B A, …), so that whatever else the
//! machine does falls on both. A ratio is taken in each pair, and the median of the ratios is what counts:
//! times alone say more about the machine than about the program.

mod contender;
mod rows;
mod statistics;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Context, Error};
use crate::project::Project;
use crate::server::{Answer, Server};
use crate::{guests, process};
use contender::{Baseline, Contender, Guest, Ours, Time};
use rows::Row;
use statistics::{median, median_duration};

/// How often each row is run by both, unless the arguments say otherwise.
const PAIRS: usize = 9;

/// What the arguments ask for.
struct Options {
    pairs: usize,
    binary: Option<PathBuf>,
    rows: Vec<String>,
}

/// Measures the rows that are named, or all of them, and prints a table.
///
/// # Errors
/// When something can't be set up, or when either program fails on a row.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Error> {
    let options = Options::parse(arguments)?;
    let server =
        Server::start(|_| Answer { status: 200, content_type: "text/plain", body: "x".repeat(rows::BODY_BYTES) })?;
    let all = rows::all(&server.url());
    if let Some(unknown) = options.rows.iter().find(|name| !all.iter().any(|row| row.name == name.as_str())) {
        let names: Vec<&str> = all.iter().map(|row| row.name).collect();
        return Err(Error::new(format!("unknown row `{unknown}`")).hint(format!("the rows are {}", names.join(", "))));
    }
    guests::build(project, None)?;
    let binary = match options.binary {
        Some(binary) => binary,
        None => build_host(project)?,
    };

    let work = project.bench_dir();
    prepare(&work)?;
    let baseline = Baseline::set_up(project, &work)?;
    let ours = Ours::set_up(binary, &work, &server.url())?;
    let wanted = |row: &&Row| options.rows.is_empty() || options.rows.iter().any(|name| name == row.name);
    let small = baseline.compile(project.guests_dir().join("bench.wasm"))?;
    let large = if all.iter().filter(wanted).any(|row| row.is_large) {
        Some(baseline.compile(contender::large_component(project)?)?)
    } else {
        None
    };

    println!(
        "{:<18} {:>10} {:>10} {:>7} {:>15} {:>14} {:>14}",
        "", "wasmtime", "wasm-agent", "ratio", "lowest-highest", "ratio inside", "added a call"
    );
    for row in all.iter().filter(wanted) {
        let guest = large.as_ref().filter(|_| row.is_large).unwrap_or(&small);
        let pairs = measure(row, guest, options.pairs, &baseline, &ours)?;
        println!("{}", Line::new(row, &pairs).render());
    }
    Ok(())
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Error> {
        let mut options = Self { pairs: PAIRS, binary: None, rows: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| Error::new(format!("`{argument}` needs a value")));
            match argument.as_str() {
                "--pairs" => {
                    let text = value()?;
                    options.pairs = text
                        .parse()
                        .ok()
                        .filter(|pairs| *pairs > 0)
                        .ok_or_else(|| Error::new(format!("`--pairs` must be a number above 0, not `{text}`")))?;
                }
                "--binary" => options.binary = Some(PathBuf::from(value()?)),
                row => options.rows.push(row.to_owned()),
            }
        }
        Ok(options)
    }
}

/// Builds the command line program as it is shipped.
fn build_host(project: &Project) -> Result<PathBuf, Error> {
    process::run(Command::new("cargo").current_dir(project.root()).args([
        "build",
        "--release",
        "--locked",
        "--package",
        "wasm-agent",
    ]))?;
    Ok(project.host_binary("release"))
}

/// Makes the folder that the guest gets, with the files that the rows read.
fn prepare(work: &Path) -> Result<(), Error> {
    let files = work.join("files");
    let step = || format!("could not prepare `{}`", work.display());
    if work.exists() {
        fs::remove_dir_all(work).context(step)?;
    }
    fs::create_dir_all(&files).context(step)?;
    fs::write(files.join(rows::SMALL_FILE), vec![b's'; rows::SMALL_FILE_BYTES]).context(step)?;
    // Not zeros: neither a file system nor the journal's blobs should have it easier than with real data.
    let mut seed = blake3::Hasher::new().update(b"bench").finalize_xof();
    let mut content = vec![0; rows::LARGE_FILE_BYTES];
    seed.fill(&mut content);
    fs::write(files.join(rows::LARGE_FILE), content).context(step)
}

/// Runs a row in pairs, after one pair that fills the caches and is not counted.
fn measure(
    row: &Row,
    guest: &Guest,
    pairs: usize,
    baseline: &Baseline,
    ours: &Ours,
) -> Result<Vec<(Time, Time)>, Error> {
    let (first, second): (&dyn Contender, &dyn Contender) = (baseline, ours);
    let mut times = Vec::with_capacity(pairs);
    for round in 0..=pairs {
        let pair = if round % 2 == 0 {
            let base = first.run(guest, &row.arguments)?;
            (base, second.run(guest, &row.arguments)?)
        } else {
            let own = second.run(guest, &row.arguments)?;
            (first.run(guest, &row.arguments)?, own)
        };
        if round > 0 {
            times.push(pair);
        }
    }
    Ok(times)
}

/// A line of the table.
struct Line {
    name: &'static str,
    base: Duration,
    own: Duration,
    ratios: Vec<f64>,
    inside: f64,
    added_ns: Option<f64>,
}

impl Line {
    fn new(row: &Row, pairs: &[(Time, Time)]) -> Self {
        let ratio = |base: Duration, own: Duration| own.as_secs_f64() / base.as_secs_f64().max(f64::MIN_POSITIVE);
        let mut ratios: Vec<f64> = pairs.iter().map(|(base, own)| ratio(base.process, own.process)).collect();
        ratios.sort_by(f64::total_cmp);
        let inside: Vec<f64> = pairs.iter().map(|(base, own)| ratio(base.inside, own.inside)).collect();
        let added: Vec<f64> =
            pairs.iter().map(|(base, own)| own.inside.as_secs_f64() - base.inside.as_secs_f64()).collect();
        Self {
            name: row.name,
            base: median_duration(pairs.iter().map(|(base, _)| base.process)),
            own: median_duration(pairs.iter().map(|(_, own)| own.process)),
            ratios,
            inside: median(&inside),
            added_ns: row.calls.map(|calls| median(&added) * 1e9 / f64::from(calls)),
        }
    }

    fn render(&self) -> String {
        let spread = match (self.ratios.first(), self.ratios.last()) {
            (Some(lowest), Some(highest)) => format!("{lowest:.2}-{highest:.2}"),
            _ => String::new(),
        };
        let (inside, added) = match self.added_ns {
            Some(added) => (format!("{:.2}", self.inside), format!("{added:.0} ns")),
            None => (String::new(), String::new()),
        };
        format!(
            "{:<18} {:>10} {:>10} {:>7.2} {spread:>15} {inside:>14} {added:>14}",
            self.name,
            milliseconds(self.base),
            milliseconds(self.own),
            median(&self.ratios),
        )
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
