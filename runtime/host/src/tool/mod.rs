//! From a file to a tool that can be run: what kind of file it is, whether this host has its imports, and its compiled
//! code.

#![expect(clippy::disallowed_methods, reason = "reads the tool that the operator names")]

pub(crate) mod composition;
mod counting;
pub(crate) mod describe;
pub(crate) mod export;
pub(crate) mod features;
mod foreign;
pub(crate) mod imports;
pub(crate) mod invoke;
pub(crate) mod lines;
pub(crate) mod values;

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use sha2::Digest as _;
use wasmtime::component::{Component, InstancePre};

use wasm_agent_ids::ToolDigest;

use crate::call::Host;
use crate::engine::cache;
use crate::engine::code_key::{CodeKey, Entry};
use crate::engine::compile::Task;
use crate::engine::{Build, Engine};
use crate::error::{CompilerProblem, FileRole, LoadError};
use crate::state::StateDir;
use crate::wasi::link;
use imports::is_core_module;
use wasm_agent_files::OwnThings;

/// Largest tool, in bytes. Compiling costs memory in proportion, and no limit of a run applies to compiling.
pub const TOOL_BYTES_MAX: u64 = 128 << 20;

/// A component that is ready to run, any number of times.
#[derive(Clone)]
pub struct Tool {
    pub(crate) engine: Engine,
    pub(crate) name: String,
    pub(crate) sha256: ToolDigest,
    pub(crate) component: Component,
    pub(crate) instance: Arc<InstancePre<Host>>,
    /// The file that it was loaded from, and the state directory that stores its code.
    pub(crate) own: OwnThings,
    adapted: bool,
    compiled: bool,
}

impl Tool {
    /// Loads a tool: reads it, checks it, compiles it or takes its code from the cache, and links it.
    ///
    /// A component is used as it is. A core module for WASI 0.1 is adapted to WASI 0.2. The [engine](Engine::new)'s
    /// compiler compiles it. With `state`, the compiled code and a copy of the tool are stored there, so that its runs
    /// can be replayed.
    ///
    /// # Authority
    ///
    /// Reads `path`; reads and writes the state directory; starts the compiler's process.
    ///
    /// # Errors
    ///
    /// When the file can't be read, is not a component, is larger than [`TOOL_BYTES_MAX`], imports something that this
    /// host does not offer, needs WebAssembly that it does not run, or has nothing to run; when compiling would take or
    /// took too much; when the key of the state directory is not private.
    pub fn load(engine: &Engine, path: &Path, state: Option<&StateDir>) -> Result<Self, LoadError> {
        Self::load_as(engine, path, state, None)
    }

    /// Loads the copy of a tool that a state directory keeps, by its digest.
    ///
    /// # Authority
    ///
    /// As [`Tool::load`].
    ///
    /// # Errors
    ///
    /// [`LoadError::KeptCopy`] if the copy is not the tool, and as [`Tool::load`].
    pub fn load_kept(engine: &Engine, tool: ToolDigest, state: &StateDir) -> Result<Self, LoadError> {
        Self::load_as(engine, &state.component_path(tool), Some(state), Some(tool))
    }

    /// Loads a tool. With `expected`, it is a copy that must have this digest.
    fn load_as(
        engine: &Engine,
        path: &Path,
        state: Option<&StateDir>,
        expected: Option<ToolDigest>,
    ) -> Result<Self, LoadError> {
        let known = state.map_or(Ok(None), |state| Self::load_stored(engine, path, state, expected))?;
        let tool = match known {
            Some(known) => known,
            None => {
                let bytes = read(path)?;
                check_copy(path, digest_of(&bytes), expected)?;
                Self::from_bytes(engine, path, &bytes, state)?
            }
        };
        // The next run would run whatever is there then.
        let mut own = OwnThings::new().with("tool", path);
        if let Some(state) = state {
            own.add("state directory", state.root());
        }
        Ok(Self { own, ..tool })
    }

    /// A tool whose code and copy are stored already. Its file is only digested and not held in memory.
    fn load_stored(
        engine: &Engine,
        path: &Path,
        state: &StateDir,
        expected: Option<ToolDigest>,
    ) -> Result<Option<Self>, LoadError> {
        let Some(FileDigest { sha256, core, length }) = digest(path)? else { return Ok(None) };
        check_copy(path, sha256, expected)?;
        // A copy that was cut is made anew.
        if std::fs::metadata(state.component_path(sha256)).map(|copy| copy.len()).ok() != Some(length) {
            return Ok(None);
        }
        let Some(component) = cached(engine, state, sha256, core)? else { return Ok(None) };
        Self::link(engine, path, sha256, component, core, false).map(Some)
    }

    /// Loads a tool from its bytes; `path` names it in messages and in the journal.
    ///
    /// # Errors
    ///
    /// As [`Tool::load`].
    pub fn from_bytes(engine: &Engine, path: &Path, bytes: &[u8], state: Option<&StateDir>) -> Result<Self, LoadError> {
        let sha256 = digest_of(bytes);
        let core = is_core_module(bytes);
        let cached = state.map_or(Ok(None), |state| cached(engine, state, sha256, core))?;
        let compiled = cached.is_none();
        let component = match cached {
            Some(component) => component,
            None => compile(engine, path, bytes, state.map(|state| (state, sha256)))?,
        };
        if let Some(state) = state {
            state.keep_component(sha256, bytes)?;
        }
        Self::link(engine, path, sha256, component, core, compiled)
    }

    fn link(
        engine: &Engine,
        path: &Path,
        sha256: ToolDigest,
        component: Component,
        adapted: bool,
        compiled: bool,
    ) -> Result<Self, LoadError> {
        let invalid = |source| LoadError::Invalid { path: path.to_owned(), source };
        let linker = link::linker(component.engine()).map_err(|source| LoadError::Engine { source })?;
        let instance = linker.instantiate_pre(&component).map_err(invalid)?;
        Ok(Self {
            engine: engine.clone(),
            name: file_name(path),
            sha256,
            component,
            instance: Arc::new(instance),
            own: OwnThings::new(),
            adapted,
            compiled,
        })
    }

    /// The SHA-256 of the file the tool was loaded from: what `sha256sum` prints, and what a policy pins.
    pub fn sha256(&self) -> ToolDigest {
        self.sha256
    }

    /// The name of the file the tool was loaded from, without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the tool is a core module that was adapted from WASI 0.1.
    pub fn is_adapted(&self) -> bool {
        self.adapted
    }

    /// The name of the engine in the journals of this tool's runs.
    pub(crate) fn engine_name(&self) -> String {
        self.engine.recorded_name(self.adapted)
    }

    /// Whether loading compiled the tool, rather than taking its code from the cache.
    pub fn was_compiled(&self) -> bool {
        self.compiled
    }
}

impl std::fmt::Debug for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tool").field("name", &self.name).field("sha256", &self.sha256()).finish_non_exhaustive()
    }
}

/// The name of a file, which messages and journals use for the tool.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The digest that identifies a tool.
fn digest_of(bytes: &[u8]) -> ToolDigest {
    ToolDigest::from_bytes(sha2::Sha256::digest(bytes).into())
}

/// Refuses a copy that is not the tool.
fn check_copy(path: &Path, found: ToolDigest, expected: Option<ToolDigest>) -> Result<(), LoadError> {
    match expected {
        Some(expected) if expected != found => Err(LoadError::KeptCopy { path: path.to_owned(), expected, found }),
        _ => Ok(()),
    }
}

/// A file that was read through once.
struct FileDigest {
    sha256: ToolDigest,
    core: bool,
    length: u64,
}

/// Digests a file piece by piece; `None` if it is not a regular file and so could not be read again.
fn digest(path: &Path) -> Result<Option<FileDigest>, LoadError> {
    let error = |source| LoadError::File { verb: "read", what: FileRole::Tool, path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(error)?;
    let metadata = file.metadata().map_err(error)?;
    if !metadata.is_file() || metadata.len() > TOOL_BYTES_MAX {
        return Ok(None);
    }
    let mut hasher = sha2::Sha256::new();
    let mut piece = vec![0; 256 << 10];
    let (mut core, mut total) = (None, 0_u64);
    loop {
        let length = file.read(&mut piece).map_err(error)?;
        let read = piece.get(..length).unwrap_or_default();
        if read.is_empty() {
            break;
        }
        core.get_or_insert_with(|| is_core_module(read));
        hasher.update(read);
        total = total.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    }
    let sha256 = ToolDigest::from_bytes(hasher.finalize().into());
    Ok(Some(FileDigest { sha256, core: core.unwrap_or(false), length: total }))
}

/// Reads a whole tool.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let error = |source| LoadError::File { verb: "read", what: FileRole::Tool, path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(error)?;
    let bytes = file.metadata().map_err(error)?.len();
    let too_large = |bytes| LoadError::TooLarge { path: path.to_owned(), bytes, max: TOOL_BYTES_MAX };
    if bytes > TOOL_BYTES_MAX {
        return Err(too_large(bytes));
    }
    // The size that was checked may not be the size that is read: a file can grow, a pipe has none.
    let mut contents = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
    file.take(TOOL_BYTES_MAX + 1).read_to_end(&mut contents).map_err(error)?;
    match u64::try_from(contents.len()) {
        Ok(bytes) if bytes <= TOOL_BYTES_MAX => Ok(contents),
        _ => Err(too_large(TOOL_BYTES_MAX + 1)),
    }
}

/// The stored code of the component with this digest, if there is any.
fn cached(engine: &Engine, state: &StateDir, sha256: ToolDigest, core: bool) -> Result<Option<Component>, LoadError> {
    let adapted = [Build::Adapted(engine.adapter())];
    for &build in if core { adapted.as_slice() } else { &[Build::Single, Build::Composed] } {
        let made_by = engine.code_name(build);
        let code = state.code_path(sha256, &made_by);
        // Most tools are single components, so the engine for composed ones is made only if needed.
        if !code.exists() {
            continue;
        }
        let key = match CodeKey::open(state) {
            Ok(key) => key,
            // Without a key nothing can be authenticated, and the tool is compiled.
            Err(LoadError::File { verb: "create", .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let entry = Entry { sha256: sha256.as_bytes(), engine: &made_by };
        if let Some(component) = cache::load(engine.wasmtime(build)?, &code, state.source(), &key, &entry) {
            return Ok(Some(component));
        }
    }
    Ok(None)
}

/// Compiles a tool, and stores the code under its digest if there is a state directory.
fn compile(
    engine: &Engine,
    path: &Path,
    bytes: &[u8],
    keep: Option<(&StateDir, ToolDigest)>,
) -> Result<Component, LoadError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotAComponent { path: path.to_owned(), found: describe(bytes) });
    }
    let build = imports::check(path, bytes, engine.adapter())?;
    let code = engine.compiler().make(engine, Task::Code(build), path, bytes)?;
    let component = cache::of_bytes(engine.wasmtime(build)?, &code).map_err(|error| LoadError::Compiler {
        path: path.to_owned(),
        source: CompilerProblem::Answer(format!("what the compiler made is not code for this program: {error:#}")),
    })?;
    if let Some((state, sha256)) = keep {
        let made_by = engine.code_name(build);
        let (keep, entry) = (state.code_path(sha256, &made_by), Entry { sha256: sha256.as_bytes(), engine: &made_by });
        let warn =
            |error: &dyn std::fmt::Display| tracing::warn!(path = %keep.display(), %error, "cannot keep compiled code");
        // A cache that can't be written only makes the next start slower.
        match CodeKey::open(state) {
            Ok(key) => cache::keep(&keep, &key, &entry, code).unwrap_or_else(|error| warn(&error)),
            Err(error @ LoadError::State { .. }) => return Err(error),
            Err(error) => warn(&error),
        }
    }
    Ok(component)
}

/// What a file seems to be that is not a component.
pub(crate) fn describe(bytes: &[u8]) -> String {
    let start = bytes.get(..bytes.len().min(4)).unwrap_or_default();
    match bytes {
        [] => "it is empty".to_owned(),
        [b'#', b'!', ..] => "it is a script".to_owned(),
        [0x7f, b'E', b'L', b'F', ..] => "it is a native program".to_owned(),
        [b'(', ..] => "it is WebAssembly text; assemble it first".to_owned(),
        _ => format!("it begins with `{}`, expected `{}`", start.escape_ascii(), b"\0asm".escape_ascii()),
    }
}
