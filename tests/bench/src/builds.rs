//! The builds that are measured: the program, and examples of the host crate.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use xtask::process;
use xtask::project::Project;

/// How the program is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// As it is shipped.
    Released,
    /// With the dependencies as the tests build them, so that CI does not compile them twice. The project's own crates
    /// are fully optimised.
    Tested,
}

impl Build {
    /// Says which build it is, to be printed.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Released => "of the program as released",
            Self::Tested => "of a test build with its own crates optimised: more than as released",
        }
    }

    /// Builds the command-line program.
    ///
    /// # Errors
    /// When it does not compile.
    pub(crate) fn program(self, project: &Project) -> Result<PathBuf> {
        process::run(self.cargo(project, "wasm-agent").args(["--bin", "wasm-agent"]))?;
        Ok(project.host_binary(self.folder()))
    }

    /// Builds an example of the host crate.
    ///
    /// # Errors
    /// When it does not compile.
    pub(crate) fn example(self, project: &Project, name: &str) -> Result<PathBuf> {
        process::run(self.cargo(project, "wasm-agent-host").args(["--example", name]))?;
        Ok(project.host_binary(self.folder()).with_file_name("examples").join(name))
    }

    fn cargo(self, project: &Project, package: &str) -> Command {
        let mut build = process::cargo();
        build.current_dir(project.root()).args(["build", "--locked"]);
        match self {
            Self::Released => build.args(["--release", "--package", package]),
            // The whole workspace, because the tests turn on features of dependencies. The variable changes the
            // project's own crates only: `profile.dev.package` has its own level for dependencies.
            Self::Tested => build.env("CARGO_PROFILE_DEV_OPT_LEVEL", "3").arg("--workspace"),
        };
        build
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Released => "release",
            Self::Tested => "debug",
        }
    }
}
