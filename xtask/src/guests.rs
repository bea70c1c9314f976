//! Builds the workspace `guest-tools` into components.
//!
//! [`route`] chooses the toolchain; [`packaged`] is the route for machines whose Rust installation can't add the
//! target.

mod packaged;
mod route;
mod stamp;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::process;
use crate::project::Project;

use route::Route;
pub use route::RouteName;

/// The result of building the guests.
#[derive(Debug)]
pub struct Built {
    /// How many components there are.
    pub count: usize,
}

/// Builds all guests into `target/guests`, unless those already there were built from the same sources.
///
/// With `only`, takes that route and no other, and always builds.
///
/// # Errors
/// When no toolchain for WebAssembly can be found or set up, or when a guest does not compile.
pub fn build(project: &Project, only: Option<RouteName>) -> Result<Built> {
    let sources = [project.guest_sources(), project.root().join("wit")];
    let digest = stamp::digest(&sources)?;
    let out = project.guests_dir();
    if only.is_none()
        && let Some(count) = stamp::count_if_fresh(&out, &digest)
    {
        println!("guests: unchanged");
        return Ok(Built { count });
    }

    let route = route::choose(project, only)?;
    println!("guests: building with {}", route.describe());
    let release = project.guest_target().join(route::TARGET).join("release");
    // Cargo leaves the artefacts of deleted guests in place. They must not be published as guests.
    for artefact in components_in(&release)? {
        fs::remove_file(&artefact).with_context(|| format!("could not remove `{}`", artefact.display()))?;
    }
    compile(project, &route)?;
    let count = publish(&release, &out)?;
    stamp::write(&out, &digest)?;
    Ok(Built { count })
}

fn compile(project: &Project, route: &Route) -> Result<()> {
    let mut command = route.cargo();
    command
        .current_dir(project.guest_sources())
        .args(["build", "--release", "--workspace", "--locked"])
        .args(["--target", route::TARGET])
        .arg("--target-dir")
        .arg(project.guest_target());
    process::run(&mut command)
}

/// Replaces the contents of `out` with the components in `release`, each under the name of its crate.
fn publish(release: &Path, out: &Path) -> Result<usize> {
    if out.exists() {
        fs::remove_dir_all(out).with_context(|| format!("could not clear `{}`", out.display()))?;
    }
    fs::create_dir_all(out).with_context(|| format!("could not create `{}`", out.display()))?;
    let artefacts = components_in(release)?;
    for artefact in &artefacts {
        let name = artefact
            .file_name()
            .map(|name| name.to_string_lossy().replace('_', "-"))
            .with_context(|| format!("`{}` has no name", artefact.display()))?;
        fs::copy(artefact, out.join(&name)).with_context(|| format!("could not copy `{name}`"))?;
    }
    Ok(artefacts.len())
}

fn components_in(dir: &Path) -> Result<Vec<PathBuf>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let entries = fs::read_dir(dir).with_context(|| format!("could not read `{}`", dir.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("could not read `{}`", dir.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            found.push(path);
        }
    }
    Ok(found)
}
