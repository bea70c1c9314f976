//! From a file to a tool that can be run: what it is, whether this host has what it imports, and its compiled code.

#![expect(clippy::disallowed_methods, reason = "reads the tool that the operator names")]

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use sha2::Digest as _;
use wasmtime::component::{Component, InstancePre};

use crate::cache;
use crate::engine::{Build, Engine};
use crate::error::LoadError;
use crate::gate::Host;
use crate::imports;
use crate::link;
use crate::own::OwnThings;
use crate::state::StateDir;

/// Largest tool, in bytes. Compiling costs memory in proportion, and no limit of a run applies to compiling.
pub const TOOL_BYTES_MAX: u64 = 128 << 20;

/// A component that is ready to run, any number of times.
#[derive(Clone)]
pub struct Tool {
    pub(crate) engine: Engine,
    pub(crate) name: String,
    pub(crate) sha256: [u8; 32],
    pub(crate) component: Component,
    pub(crate) instance: Arc<InstancePre<Host>>,
    /// The file it was loaded from, and the state directory where its code is kept.
    pub(crate) own: OwnThings,
    adapted: bool,
    compiled: bool,
}

impl Tool {
    /// Loads a tool: reads, checks, compiles or takes from the cache, and links it.
    ///
    /// A component is taken as it is. A core module for WASI 0.1 is adapted to WASI 0.2. With `state`, compiled code is
    /// kept there and a copy of the tool too, so that its runs can be replayed.
    ///
    /// # Authority
    ///
    /// Reads `path`; reads and writes the state directory.
    ///
    /// # Errors
    ///
    /// When the file can't be read, is no component, is larger than [`TOOL_BYTES_MAX`], or imports what this host
    /// does not offer.
    pub fn load(engine: &Engine, path: &Path, state: Option<&StateDir>) -> Result<Self, LoadError> {
        let known = state.map_or(Ok(None), |state| Self::known(engine, path, state))?;
        let tool = match known {
            Some(known) => known,
            None => Self::from_bytes(engine, path, &read(path)?, state)?,
        };
        // The next run would run what stands there then.
        let mut own = OwnThings::new().with("tool", path);
        if let Some(state) = state {
            own.add("state directory", state.root());
        }
        Ok(Self { own, ..tool })
    }

    /// A tool whose code and copy are kept already, so that its bytes need not be held: only their digest is made.
    fn known(engine: &Engine, path: &Path, state: &StateDir) -> Result<Option<Self>, LoadError> {
        let Some(Digested { sha256, core }) = digest(path)? else { return Ok(None) };
        let name = hex(&sha256);
        if !state.component_path(&name).exists() {
            return Ok(None);
        }
        let Some(component) = cached(engine, state, &name)? else { return Ok(None) };
        Self::link(engine, path, sha256, component, core, false).map(Some)
    }

    /// Loads a tool from its bytes; `path` names it in messages and in the journal.
    ///
    /// # Errors
    ///
    /// As [`Tool::load`].
    pub fn from_bytes(engine: &Engine, path: &Path, bytes: &[u8], state: Option<&StateDir>) -> Result<Self, LoadError> {
        let sha256: [u8; 32] = sha2::Sha256::digest(bytes).into();
        let digest = hex(&sha256);
        let cached = state.map_or(Ok(None), |state| cached(engine, state, &digest))?;
        let compiled = cached.is_none();
        let component = match cached {
            Some(component) => component,
            None => compile(engine, path, bytes, state.map(|state| (state, digest.as_str())))?,
        };
        if let Some(state) = state {
            state.keep_component(&digest, bytes)?;
        }
        Self::link(engine, path, sha256, component, is_core_module(bytes), compiled)
    }

    fn link(
        engine: &Engine,
        path: &Path,
        sha256: [u8; 32],
        component: Component,
        adapted: bool,
        compiled: bool,
    ) -> Result<Self, LoadError> {
        let invalid = |source| LoadError::Invalid { path: path.to_owned(), source };
        let linker = link::linker(component.engine()).map_err(|source| LoadError::Engine { source })?;
        let instance = linker.instantiate_pre(&component).map_err(invalid)?;
        Ok(Self {
            engine: engine.clone(),
            name: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            sha256,
            component,
            instance: Arc::new(instance),
            own: OwnThings::new(),
            adapted,
            compiled,
        })
    }

    /// The SHA-256 of the file the tool was loaded from: what `sha256sum` prints, and what a policy pins.
    pub fn sha256(&self) -> String {
        hex(&self.sha256)
    }

    /// The name of the file the tool was loaded from, without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the tool is a core module that was adapted from WASI 0.1.
    pub fn is_adapted(&self) -> bool {
        self.adapted
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

/// What is known of a file that was read once through.
struct Digested {
    sha256: [u8; 32],
    core: bool,
}

/// Digests a file piece by piece; nothing for what is no regular file, which could not be read again.
fn digest(path: &Path) -> Result<Option<Digested>, LoadError> {
    let error = |source| LoadError::File { verb: "read", what: "tool", path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(error)?;
    let metadata = file.metadata().map_err(error)?;
    if !metadata.is_file() || metadata.len() > TOOL_BYTES_MAX {
        return Ok(None);
    }
    let mut hasher = sha2::Sha256::new();
    let mut piece = vec![0; 256 << 10];
    let mut core = None;
    loop {
        let length = file.read(&mut piece).map_err(error)?;
        let read = piece.get(..length).unwrap_or_default();
        if read.is_empty() {
            break;
        }
        core.get_or_insert_with(|| is_core_module(read));
        hasher.update(read);
    }
    Ok(Some(Digested { sha256: hasher.finalize().into(), core: core.unwrap_or(false) }))
}

fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let error = |source| LoadError::File { verb: "read", what: "tool", path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(error)?;
    let bytes = file.metadata().map_err(error)?.len();
    let too_large = |bytes| LoadError::TooLarge { path: path.to_owned(), bytes, max: TOOL_BYTES_MAX };
    if bytes > TOOL_BYTES_MAX {
        return Err(too_large(bytes));
    }
    // The size that was looked at need not be the size that is read: a file can grow, a pipe has none.
    let mut contents = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
    file.take(TOOL_BYTES_MAX + 1).read_to_end(&mut contents).map_err(error)?;
    match u64::try_from(contents.len()) {
        Ok(bytes) if bytes <= TOOL_BYTES_MAX => Ok(contents),
        _ => Err(too_large(TOOL_BYTES_MAX + 1)),
    }
}

fn is_core_module(bytes: &[u8]) -> bool {
    bytes.get(..8) == Some(b"\0asm\x01\0\0\0")
}

/// Compiled code that is kept of the component with this digest.
fn cached(engine: &Engine, state: &StateDir, sha256: &str) -> Result<Option<Component>, LoadError> {
    for build in [Build::Single, Build::Composed] {
        let code = state.code_path(sha256, &engine.code_name(build));
        // Most tools are single ones: the engine of the others is not made for nothing.
        if code.exists()
            && let Some(component) = cache::load(engine.wasmtime(build)?, &code)
        {
            return Ok(Some(component));
        }
    }
    Ok(None)
}

/// Compiles a tool, and keeps the code under its digest if told where.
fn compile(
    engine: &Engine,
    path: &Path,
    bytes: &[u8],
    keep: Option<(&StateDir, &str)>,
) -> Result<Component, LoadError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotAComponent { path: path.to_owned(), found: describe(bytes) });
    }
    let adapted;
    let (bytes, build) = if is_core_module(bytes) {
        adapted = imports::adapt(path, bytes)?;
        (adapted.as_slice(), Build::Single)
    } else {
        (bytes, imports::check(path, bytes)?)
    };
    let invalid = |source| LoadError::Invalid { path: path.to_owned(), source };
    let component = Component::new(engine.wasmtime(build)?, bytes).map_err(invalid)?;
    if let Some((state, sha256)) = keep {
        let keep = state.code_path(sha256, &engine.code_name(build));
        // A cache that can't be written makes the next start slower, nothing else.
        match component.serialize() {
            Ok(code) => {
                if let Err(error) = crate::state::write_whole(&keep, &code) {
                    tracing::warn!(path = %keep.display(), %error, "cannot keep compiled code");
                }
            }
            Err(error) => tracing::warn!(%error, "cannot serialise compiled code"),
        }
    }
    Ok(component)
}

/// What a file that is no component seems to be.
fn describe(bytes: &[u8]) -> String {
    let start = bytes.get(..bytes.len().min(4)).unwrap_or_default();
    match bytes {
        [] => "it is empty".to_owned(),
        [b'#', b'!', ..] => "it is a script".to_owned(),
        [0x7f, b'E', b'L', b'F', ..] => "it is a native program".to_owned(),
        [b'(', ..] => "it is WebAssembly text; assemble it first".to_owned(),
        _ => format!("it begins with `{}`, expected `{}`", start.escape_ascii(), b"\0asm".escape_ascii()),
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
