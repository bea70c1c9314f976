//! The engine: one configuration of wasmtime for every run and every replay, with one addition for composed tools.
//!
//! It fixes every engine setting that could make two runs of a component differ. What a run may use up (fuel, memory,
//! time) is set for each run, in `limits`.

pub(crate) mod cache;
pub(crate) mod code_key;
pub(crate) mod compile;
mod epochs;

use std::sync::{Arc, OnceLock};

use crate::engine::compile::Compiler;
use crate::engine::epochs::Epochs;
use crate::error::LoadError;
use crate::run::event_loop::EventLoops;

/// Stack of guest code, in bytes. Twice wasmtime's default: interpreters compiled to WebAssembly recurse deeply.
const WASM_STACK_BYTES: usize = 1 << 20;

/// Whole fibre stack, in bytes: the guest's part and 1 MiB for host functions.
const FIBER_STACK_BYTES: usize = WASM_STACK_BYTES + (1 << 20);

/// A configured engine, and the event loops of its runs.
///
/// Cheap to clone. One is enough for a process, and a tool only runs with the engine that it was loaded with.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    shared: Arc<Shared>,
    adapter: Adapter,
}

/// How a tool is built, as far as that matters for running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// One component, as compilers make it.
    Single,
    /// Components that call each other.
    ///
    /// The engine copies the strings that they pass to each other, and counts no fuel for it: a guest could spend hours
    /// between two units. So such tools are also interrupted by time, for which every loop pays; others are interrupted
    /// by fuel alone.
    Composed,
    /// A core module for WASI 0.1, wrapped into one component.
    Adapted(Adapter),
}

impl Build {
    /// The adapter that a core module of this build gets.
    pub(crate) fn adapter(self) -> Adapter {
        match self {
            Self::Adapted(adapter) => adapter,
            Self::Single | Self::Composed => Adapter::default(),
        }
    }
}

/// What serves WASI 0.1 to core modules. Which one it is decides every call that a module makes, so a journal names it,
/// and those that recorded runs had are kept for their replays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Adapter {
    /// The engine's, for the journals of runs before there was another. Its state lies in the module's memory.
    Engine,
    /// `guest-tools/wasi-0.1`, which has a memory of its own.
    #[default]
    OwnMemory,
}

/// What stands between an engine's fingerprint and the name of an adapter.
const ADAPTER: &str = "-adapter-";

/// The first 16 digits of the SHA-256 of [`Adapter::OwnMemory`].
const OWN_MEMORY_DIGEST: &str = "445697e20c05f143";

/// What all handles of one engine share.
struct Shared {
    compiler: Compiler,
    fingerprint: String,
    composed: OnceLock<(wasmtime::Engine, Epochs)>,
    event_loops: EventLoops,
}

impl Engine {
    /// Makes an engine whose tools are compiled by `compiler`. Programs want [`Compiler::this_program`].
    ///
    /// What guests get: the WebAssembly 2.0 instructions with fixed-width SIMD, and 32-bit memories. What they don't:
    /// threads, shared memory, 64-bit memory, relaxed SIMD, garbage collection, exceptions, WASI 0.3's asynchronous
    /// components. Floating-point NaNs are canonical; fuel is counted; Cranelift compiles.
    ///
    /// # Errors
    ///
    /// When this machine's processor is not supported.
    pub fn new(compiler: Compiler) -> Result<Self, LoadError> {
        let inner = compiling(Build::Single).map_err(|source| LoadError::Engine { source })?;
        let fingerprint = fingerprint(&inner);
        let shared = Shared { compiler, fingerprint, composed: OnceLock::new(), event_loops: EventLoops::default() };
        Ok(Self { inner, shared: Arc::new(shared), adapter: Adapter::default() })
    }

    /// This engine, for tools whose runs were recorded by an engine of that name, which a journal's header has.
    ///
    /// A core module for WASI 0.1 then gets the adapter that it had in its run. Components are the same with either.
    #[must_use]
    pub fn as_recorded(&self, name: &str) -> Self {
        let adapter = if name.contains(ADAPTER) { Adapter::default() } else { Adapter::Engine };
        Self { adapter, ..self.clone() }
    }

    /// The engine's identity: its version and everything that changes compiled code.
    ///
    /// Compiled components are cached under it, and journals record it.
    pub fn fingerprint(&self) -> &str {
        &self.shared.fingerprint
    }

    /// The engine that compiles and runs tools of this build.
    ///
    /// # Authority
    ///
    /// The first composed tool starts a thread that does nothing but advance the epoch.
    ///
    /// # Errors
    ///
    /// When that thread can't be started.
    pub(crate) fn wasmtime(&self, build: Build) -> Result<&wasmtime::Engine, LoadError> {
        if build != Build::Composed {
            return Ok(&self.inner);
        }
        if let Some((composed, _)) = self.shared.composed.get() {
            return Ok(composed);
        }
        let engine = compiling(build).map_err(|source| LoadError::Engine { source })?;
        let epochs = Epochs::start(&engine)?;
        Ok(&self.shared.composed.get_or_init(|| (engine, epochs)).0)
    }

    /// The name that compiled code of this build is stored under, besides the digest of its component.
    pub(crate) fn code_name(&self, build: Build) -> String {
        match build {
            Build::Single | Build::Adapted(Adapter::Engine) => self.fingerprint().to_owned(),
            Build::Composed => format!("{}-composed", self.fingerprint()),
            Build::Adapted(Adapter::OwnMemory) => format!("{}{ADAPTER}{OWN_MEMORY_DIGEST}", self.fingerprint()),
        }
    }

    /// The name that the journals of a tool's runs have for this engine.
    pub(crate) fn recorded_name(&self, adapted: bool) -> String {
        if adapted { self.code_name(Build::Adapted(self.adapter)) } else { self.fingerprint().to_owned() }
    }

    /// What serves WASI 0.1 to core modules.
    pub(crate) fn adapter(&self) -> Adapter {
        self.adapter
    }

    /// Where tools are compiled.
    pub(crate) fn compiler(&self) -> &Compiler {
        &self.shared.compiler
    }

    /// The event loops that runs of this engine's tools reuse.
    pub(crate) fn event_loops(&self) -> &EventLoops {
        &self.shared.event_loops
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("fingerprint", &self.fingerprint()).finish()
    }
}

/// An engine for tools of this build. No tool may run in it until a thread advances its epoch.
pub(crate) fn compiling(build: Build) -> wasmtime::Result<wasmtime::Engine> {
    wasmtime::Engine::new(&config(build))
}

fn fingerprint(engine: &wasmtime::Engine) -> String {
    use std::hash::{Hash, Hasher};
    // Not the standard library's: that may change between releases, and a cache key and a journal may not.
    let mut hasher = fnv::FnvHasher::default();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("wasmtime-{}-{:016x}", ENGINE_VERSION, hasher.finish())
}

/// The release line of wasmtime this host is built for.
pub(crate) const ENGINE_VERSION: &str = "48";

fn config(build: Build) -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    config
        .strategy(wasmtime::Strategy::Cranelift)
        // Counts a guest's fuel, and interrupts it: see `execute`.
        .consume_fuel(true)
        .epoch_interruption(build == Build::Composed)
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .wasm_component_model(true)
        // The engine is built without its garbage collector. It refuses the types of that proposal then, but not
        // subtypes of functions and casts, for which it needs the collector: it ends the process (RUSTSEC-2026-0570).
        .wasm_gc(false)
        .wasm_memory64(false)
        // Values pass between components through an adapter module that the engine makes, with the memories of both.
        .wasm_multi_memory(true)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(true)
        .shared_memory(false)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(32));
    config
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine::compile::Task;

    #[test]
    fn refuses_features_that_a_replay_or_the_sandbox_could_not_support() {
        let engine = Engine::new(Compiler::in_process()).unwrap();
        let refused = |body: &str| {
            let bytes = wat::parse_str(format!("(component (core module {body}))")).unwrap();
            engine.compiler().make(&engine, Task::Code(Build::Single), Path::new("tool.wasm"), &bytes).is_err()
        };
        assert!(!refused("(memory 1) (func (result v128) v128.const i64x2 1 2)"), "plain modules must be accepted");
        for (what, body) in [
            ("shared memory", "(memory 1 2 shared)"),
            ("64-bit memory", "(memory i64 1)"),
            ("relaxed SIMD", "(func (param v128 v128) (result v128) local.get 0 local.get 1 i8x16.relaxed_swizzle)"),
            ("atomics", "(memory 1 2 shared) (func (result i32) i32.const 0 i32.atomic.load)"),
            ("garbage collection", "(type (struct (field i32)))"),
            ("exceptions", "(tag (param i32))"),
            // RUSTSEC-2026-0570: without the engine's collector, a test of subtypes ends the process.
            ("subtypes of functions", "(type (sub (func)))"),
            ("casts", "(type $t (func)) (func (param funcref) (drop (ref.cast (ref $t) (local.get 0))))"),
            ("tests of types", "(type $t (func)) (func (param funcref) (drop (ref.test (ref $t) (local.get 0))))"),
            (
                "branches on types",
                "(func (param funcref) (result funcref) \
                (block (result funcref) (br_on_cast 0 funcref (ref func) (local.get 0))))",
            ),
        ] {
            assert!(refused(body), "{what}");
        }
    }

    #[test]
    fn fingerprint_is_the_same_for_every_engine_of_this_build() {
        let engine = || Engine::new(Compiler::in_process()).unwrap();
        let (a, b) = (engine(), engine());
        assert_eq!(a.fingerprint(), b.fingerprint());
        assert!(a.fingerprint().starts_with("wasmtime-48-"));
    }
}
