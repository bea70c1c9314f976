//! What a live run acts on: its gate, files and network, and WASI's own state.

pub(crate) mod input;
pub(crate) mod output;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use wasm_agent_files::{Disk, DiskLimit, Files, Guard};
use wasm_agent_policy::Limits;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::cli::{WasiCliCtxView, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocksCtxView, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystemCtxView, WasiFilesystemView};
use wasmtime_wasi::random::{WasiRandomCtx, WasiRandomView};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

use crate::gate::Gate;
use crate::http::{Hooks, Outbound};
use crate::run::limits::{HEADER_BYTES_MAX, RANDOM_BYTES_MAX};
use crate::world::input::Input;
use crate::world::output::{Output, OutputSink, Stream};

/// What a live run acts on. A replay has none of it.
pub(crate) struct World {
    pub(crate) gate: Arc<Gate>,
    /// All handles of the guest.
    pub(crate) table: ResourceTable,
    pub(crate) files: Files,
    pub(crate) folders: Folders,
    pub(crate) outbound: Outbound,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
}

/// What a tool did with the folders that it was granted.
///
/// A program finds a path by comparing it with the names of its folders. Where none is a prefix of it, nothing reaches
/// the host: the program finds nothing there, and its host can only know that it asked for the names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Folders {
    /// It did not ask which folders it has.
    #[default]
    Untouched,
    /// It asked which folders it has, and used none of them.
    Listed,
    /// It used at least one of them.
    Used,
}

/// The inputs of a tool, and the receiver of its output.
pub(crate) struct ToolIo<'a> {
    pub(crate) arguments: &'a [String],
    pub(crate) environment: &'a [(String, String)],
    pub(crate) stdin: Input,
    pub(crate) sink: Arc<dyn OutputSink>,
}

impl World {
    pub(crate) fn new(gate: Arc<Gate>, limits: &Limits, io: ToolIo<'_>, outbound: Outbound, guard: Guard) -> Self {
        let left = Arc::new(AtomicU64::new(limits.output_bytes));
        let output = |stream| Output {
            stream,
            sink: Arc::clone(&io.sink),
            session: Arc::clone(&gate.session),
            left: Arc::clone(&left),
            gone: Arc::default(),
        };
        // Nothing is inherited. Preopens are made by the gate; sockets don't exist.
        let mut builder = WasiCtx::builder();
        builder
            .args(io.arguments)
            .envs(io.environment)
            .stdin(io.stdin.stream(&gate.session))
            .stdout(output(Stream::Stdout))
            .stderr(output(Stream::Stderr))
            .max_random_size(RANDOM_BYTES_MAX)
            // A run has its own thread, so a file operation may block it: handing the operation to another thread costs
            // more.
            .allow_blocking_current_thread(true);
        let mut table = ResourceTable::new();
        table.set_max_capacity(usize::try_from(limits.handles).unwrap_or(usize::MAX));
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(HEADER_BYTES_MAX);
        let (files, folders) = (Files::new(guard, disk(&gate, limits)), Folders::default());
        Self { gate, table, files, folders, outbound, wasi: builder.build(), http, hooks: Hooks }
    }

    pub(crate) fn filesystem(&mut self) -> WasiFilesystemCtxView<'_> {
        WasiFilesystemView::filesystem(self)
    }

    pub(crate) fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksView::clocks(self)
    }

    pub(crate) fn random(&mut self) -> &mut WasiRandomCtx {
        WasiRandomView::random(self)
    }

    pub(crate) fn cli(&mut self) -> WasiCliCtxView<'_> {
        WasiCliView::cli(self)
    }

    pub(crate) fn io(&mut self) -> &mut ResourceTable {
        &mut self.table
    }

    pub(crate) fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// What the run may add to the disk.
fn disk(gate: &Arc<Gate>, limits: &Limits) -> Disk {
    let gate = Arc::clone(gate);
    Disk::new(limits.files_bytes, limits.file_count, move |limit, max| match limit {
        DiskLimit::Bytes => {
            gate.reached("files", || format!("files may grow by {max} bytes in all, and a write did not fit"))
        }
        DiskLimit::Files => {
            gate.reached("file-count", || format!("a run may make {max} files, and another one was refused"))
        }
    })
}

impl WasiView for World {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
