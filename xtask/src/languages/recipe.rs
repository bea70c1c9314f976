//! Follows the recipe of `wit/README.md` as a reader would: writes its files, types its commands, compares the output.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use xtask::project::Project;

/// # Errors
/// When a command fails or prints something else.
pub(super) fn follow(project: &Project, host: &Path) -> Result<()> {
    let page = project.root().join("wit/README.md");
    let text = fs::read_to_string(&page).with_context(|| format!("could not read `{}`", page.display()))?;
    // Outside of the repository: Cargo takes packages below a workspace for members of it.
    let outside = tempfile::tempdir().context("could not create a folder")?;
    let place = outside.path();

    let (mut file, mut commands) = (None, 0);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            // "…, in `greeter/wit/world.wit`:" or a line of its own.
            file = line.strip_suffix("`:").and_then(|line| line.rsplit('`').next()).or(file);
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if language == "console" {
            commands += type_all(&block, place, (project, host))?;
        } else if let Some(file) = file.take() {
            let path = place.join(file);
            // `cargo new` has written a manifest, to which the recipe adds, and an example, which it replaces.
            let mut options = OpenOptions::new();
            options.create(true).write(true);
            let options = if language == "toml" { options.append(true) } else { options.truncate(true) };
            let written = options.open(&path).and_then(|mut file| writeln!(file, "{}", block.join("\n")));
            written.with_context(|| format!("could not write `{}`", path.display()))?;
        }
    }
    ensure!(commands >= 6, "only {commands} commands found in `{}`", page.display());
    Ok(())
}

/// Types the commands of a block, each of which is followed by its output.
fn type_all(block: &[&str], place: &Path, programs: (&Project, &Path)) -> Result<usize> {
    let mut steps: Vec<(&str, String)> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push((command, String::new())),
            (None, Some((_, output))) => output.push_str(&format!("{line}\n")),
            (None, None) => {}
        }
    }
    for (command, expected) in &steps {
        let output = shell(command, place, programs)?.output().with_context(|| format!("could not run `{command}`"))?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        ensure!(output.status.success() && said == *expected, "`{command}` printed\n{said}\nexpected\n{expected}");
    }
    Ok(steps.len())
}

fn shell(command: &str, place: &Path, (project, host): (&Project, &Path)) -> Result<Command> {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let programs = host.parent().map(Path::to_path_buf).into_iter();
    let path = std::env::join_paths(programs.chain(std::env::split_paths(&inherited)))
        .context("could not put the host on `PATH`")?;
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(place).env("PATH", path).env("XDG_STATE_HOME", place.join("state"));
    shell.env("WASM_AGENT", project.root());
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR"] {
        shell.env_remove(variable);
    }
    Ok(shell)
}
