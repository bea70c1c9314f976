//! `cargo xtask languages`: one program in each of eight languages, as their users would write it, built with the
//! language's own tools from its package registry.
//!
//! Each does the same: it prints arguments, a variable and a line of input, reads, writes, lists and renames files,
//! looks for one that is not there, waits, takes random numbers, and where its language can sends a request. Under a
//! bare `wasmtime run` and under the host it must print and leave the same, and print the same in the replay.

mod build;
mod check;
mod recipe;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use xtask::project::Project;
use xtask::server::{Answer, Server};
use xtask::{process, wasmtime};

use build::{LANGUAGES, Workshop};
use check::{Bench, Checked};

use crate::summary::Summary;

/// Builds and checks all programs, and prints a table.
///
/// # Errors
/// When one can't be built, or differs.
pub(crate) fn run(project: &Project, release: bool) -> Result<ExitCode> {
    let mut summary = Summary::default();
    check(project, release, &mut summary)?;
    println!("{summary}");
    Ok(if summary.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// As [`run`], and counts each language. One whose tools can't be had here is skipped.
///
/// # Errors
/// When the host can't be built, or there is no bare engine to compare with.
pub(crate) fn check(project: &Project, release: bool, summary: &mut Summary) -> Result<()> {
    let bench = bench(project, release)?;
    let server =
        Server::start(|_| Answer { status: 200, content_type: "text/plain", body: "a page".to_owned(), repeat: 1 })?;
    let workshop = Workshop::new(project)?;
    let mut table = Vec::new();
    for language in LANGUAGES {
        println!("languages: {}", language.name);
        if let Err(error) = workshop.install(language) {
            summary.note_skipped(language.name, format!("{error:#}"));
            continue;
        }
        let program = workshop.build(language);
        match program.and_then(|program| bench.check(language, &program, &server.url())) {
            Ok(checked) => {
                table.push((language.name, checked));
                summary.note_passed();
            }
            Err(error) => summary.note_failed(language.name, format!("{error:#}")),
        }
    }
    println!("languages: the recipe of wit/README.md");
    match recipe::follow(project, &bench.host) {
        Ok(()) => summary.note_passed(),
        Err(error) => summary.note_failed("the recipe of wit/README.md", format!("{error:#}")),
    }
    print(&table);
    Ok(())
}

fn bench(project: &Project, release: bool) -> Result<Bench> {
    // The whole workspace, as other features of the engine would build it again.
    let mut cargo = process::cargo();
    cargo.current_dir(project.root()).args(["build", "--locked", "--workspace", "--bins"]);
    if release {
        cargo.arg("--release");
    }
    process::run(&mut cargo)?;
    let wasmtime = wasmtime::install(&project.cache())?;
    let profile = if release { "release" } else { "debug" };
    let host = project.host_binary(profile);
    if !host.is_file() {
        bail!("there is no `{}`", host.display());
    }
    let place = project.languages_dir().join("runs");
    if place.exists() {
        std::fs::remove_dir_all(&place).with_context(|| format!("could not empty `{}`", place.display()))?;
    }
    Ok(Bench { wasmtime, host, place })
}

fn print(table: &[(&str, Checked)]) {
    println!("{:<16} {:>9} {:>12} {:>12}", "language", "size", "first start", "next start");
    for (name, Checked { bytes, first, next }) in table {
        let size = format!("{} KB", bytes.div_ceil(1000));
        let milliseconds = |time: &std::time::Duration| format!("{} ms", time.as_millis());
        println!("{name:<16} {size:>9} {:>12} {:>12}", milliseconds(first), milliseconds(next));
    }
}
