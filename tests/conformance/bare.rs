//! The bare engine, with the same files, arguments, environment and input as a run of the host.

use std::sync::OnceLock;

use wasm_agent_tests::Folder;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Module, Store};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::program::{self, End, Program, Ran};

/// Most that a program prints, in bytes.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: Default::default() }
    }
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(&Config::new()).unwrap())
}

/// What a program prints.
struct Pipes {
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
}

impl Pipes {
    fn new() -> Self {
        Self { stdout: MemoryOutputPipe::new(OUTPUT_BYTES_MAX), stderr: MemoryOutputPipe::new(OUTPUT_BYTES_MAX) }
    }

    fn builder(&self, program: &Program, folder: &Folder) -> WasiCtxBuilder {
        let mut builder = WasiCtxBuilder::new();
        builder
            .arg(&program.name)
            .args(&program.arguments)
            .envs(&program.environment)
            .stdin(MemoryInputPipe::new(program.stdin))
            .stdout(self.stdout.clone())
            .stderr(self.stderr.clone());
        for mount in program.folders.mounts() {
            let perms = if mount.writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            builder.preopened_dir(folder.path(mount.host), mount.guest, perms).unwrap();
        }
        builder
    }

    fn ran(self, end: End) -> Ran {
        let text = |pipe: MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
        Ran { end, stdout: text(self.stdout), stderr: text(self.stderr) }
    }
}

/// Runs a component or a core module for WASI 0.1.
pub fn run(program: &Program, folder: &Folder) -> Ran {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let pipes = Pipes::new();
    let end = runtime.block_on(async {
        if is_component(&program.bytes) {
            component(program, folder, &pipes).await
        } else {
            module(program, folder, &pipes).await
        }
    });
    // What is left of a request that nobody reads must not be waited for.
    runtime.shutdown_background();
    pipes.ran(end)
}

/// Whether the binary is a component: its layer follows the magic number and the version.
fn is_component(bytes: &[u8]) -> bool {
    bytes.get(6) == Some(&1)
}

/// The component of all programs in one process is compiled once.
fn compiled(program: &Program) -> Component {
    static GUEST: OnceLock<Component> = OnceLock::new();
    let compile = || Component::new(engine(), &program.bytes).unwrap();
    if program.name == program::GUEST { GUEST.get_or_init(compile).clone() } else { compile() }
}

async fn component(program: &Program, folder: &Folder, pipes: &Pipes) -> End {
    let mut linker = Linker::new(engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
    let wasi = pipes.builder(program, folder).build();
    let mut store = Store::new(engine(), State { wasi, http: WasiHttpCtx::new(), table: ResourceTable::new() });
    let command = Command::instantiate_async(&mut store, &compiled(program), &linker).await.unwrap();
    match command.wasi_cli_run().call_run(&mut store).await {
        Ok(Ok(())) => End::Status(0),
        Ok(Err(())) => End::Status(1),
        Err(error) => ended_by(&error),
    }
}

async fn module(program: &Program, folder: &Folder, pipes: &Pipes) -> End {
    let mut linker = wasmtime::Linker::new(engine());
    wasmtime_wasi::p1::add_to_linker_async(&mut linker, |state: &mut WasiP1Ctx| state).unwrap();
    let module = Module::new(engine(), &program.bytes).unwrap();
    let mut store = Store::new(engine(), pipes.builder(program, folder).build_p1());
    let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
    start.call_async(&mut store, ()).await.map_or_else(|error| ended_by(&error), |()| End::Status(0))
}

fn ended_by(error: &wasmtime::Error) -> End {
    error.downcast_ref::<I32Exit>().map_or(End::Trapped, |exit| End::Status(exit.0))
}
