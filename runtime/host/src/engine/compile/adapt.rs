//! Wraps a core module for WASI 0.1 into a component for WASI 0.2.
//!
//! The module keeps its memory for itself, and the adapter (`guest-tools/wasi-0.1`) has one of its own. They are joined
//! by a third module, the bridge, which copies between the two:
//!
//! ```text
//! WASI 0.2 ◄── adapter ◄── module
//!                 │           │
//!                 └─ bridge ──┘
//! ```
//!
//! The encoder makes components around one main module, whose memory all calls of the host use. So the adapter is the
//! main module here, and the module a library of it. The encoder links libraries to memories of the main module only:
//! the bridge's is linked to the module's [afterwards](link_guest_memory).

use wasm_encoder::reencode::{ReencodeComponent, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, Component, ComponentAliasSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    ImportSection, Instruction, MemorySection, MemoryType, Module, RawSection, TypeSection, ValType,
};
use wasmparser::{BinaryReaderError, ComponentAlias, ExternalKind, Instance, Parser, Payload, TypeRef};
use wit_component::{ComponentEncoder, LibraryInfo};

use crate::engine::Adapter;
use crate::tool::imports::{has_wit, is_command};
use wasm_agent_values::clip;

use super::trim::trim;

/// The adapter that this repository builds from `guest-tools/wasi-0.1`.
pub(super) const OWN_MEMORY: &[u8] = include_bytes!("../../../adapters/wasi-0.1.wasm");

/// Under this name the encoder gives a library what the main module exports.
const MAIN: &str = "__main_module__";

/// The module's memory, as the adapter exports it.
const GUEST_MEMORY: &str = "guest-memory";

/// Names of the other two modules, from which the adapter imports.
const GUEST: &str = "guest";
const BRIDGE: &str = "bridge";

/// The component for a core module.
pub(super) fn adapt(module: &[u8], adapter: Adapter) -> Result<Vec<u8>, String> {
    let is_command = is_command(module).map_err(|error| error.to_string())?;
    // Values of WIT pass through the memory of the main module, which must be this one then.
    let has_wit = has_wit(module).map_err(|error| error.to_string())?;
    match adapter {
        Adapter::OwnMemory if is_command && !has_wit => with_own_memory(module),
        Adapter::OwnMemory | Adapter::Engine => with_engines(module, is_command),
    }
}

/// Adapts with the engine's adapter, whose state lies in pages that it takes from the module's memory.
fn with_engines(module: &[u8], is_command: bool) -> Result<Vec<u8>, String> {
    use wasi_preview1_component_adapter_provider as engine;
    let adapter = if is_command {
        engine::WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER
    } else {
        engine::WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER
    };
    ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.adapter(engine::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{error:#}"))
}

fn with_own_memory(module: &[u8]) -> Result<Vec<u8>, String> {
    let library = || LibraryInfo { instantiate_after_shims: false, arguments: Vec::new() };
    let imports = imports(module)?;
    let main = adapter(&imports)?;
    let guest = guest(module, &imports).map_err(|error| error.to_string())?;
    let component = ComponentEncoder::default()
        .module(&main)
        .and_then(|encoder| encoder.library(GUEST, &guest, library()))
        .and_then(|encoder| encoder.library(BRIDGE, &bridge(), library()))
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{error:#}"))?;
    link_guest_memory(&component).map_err(|error| error.to_string())
}

/// A function of WASI 0.1 that a module imports.
struct Import {
    name: String,
    /// The same, but for each further import of one function, which Go's compiler makes. The encoder refuses those.
    alias: String,
    /// The index of its type.
    function: u32,
}

fn imports(module: &[u8]) -> Result<Vec<Import>, String> {
    let mut imports: Vec<Import> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::ImportSection(section) = payload.map_err(|error| error.to_string())? else { continue };
        for import in section.into_imports() {
            let import = import.map_err(|error| error.to_string())?;
            let TypeRef::Func(function) = import.ty else {
                return Err(format!("its import `{}` is not a function", clip(import.name)));
            };
            let name = import.name.to_owned();
            let earlier = imports.iter().filter(|earlier| earlier.name == name).count();
            let alias = if earlier == 0 { name.clone() } else { format!("{name} {earlier}") };
            imports.push(Import { name, alias, function });
        }
    }
    Ok(imports)
}

/// A memory of whatever size.
fn any_memory() -> MemoryType {
    MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None }
}

/// The adapter without the functions that the module does not import. One that is imported twice is exported twice.
fn adapter(imports: &[Import]) -> Result<Vec<u8>, String> {
    let mut made = Module::new();
    for payload in Parser::new(0).parse_all(OWN_MEMORY) {
        match payload.map_err(|error| error.to_string())? {
            Payload::ExportSection(section) => {
                let own: Vec<_> = section.into_iter().collect::<Result<_, _>>().map_err(|error| error.to_string())?;
                let mut exports = ExportSection::new();
                for export in own.iter().filter(|export| !is_wasi(export)) {
                    exports.export(export.name, kind(export.kind), export.index);
                }
                for Import { name, alias, .. } in imports {
                    let function = own.iter().find(|export| export.name == *name && is_wasi(export));
                    let function = function.ok_or_else(|| format!("WASI 0.1 has no function `{}`", clip(name)))?;
                    exports.export(alias, ExportKind::Func, function.index);
                }
                made.section(&exports);
            }
            other => copy(&mut made, &other, OWN_MEMORY),
        }
    }
    trim(&made.finish()).map_err(|error| error.to_string())
}

/// Whether the adapter exports this for modules, and not for the component model.
fn is_wasi(export: &wasmparser::Export<'_>) -> bool {
    export.kind == ExternalKind::Func && !export.name.contains(':') && !export.name.starts_with("cabi_")
}

/// Whether a module defines a memory.
fn has_memory(module: &[u8]) -> Result<bool, BinaryReaderError> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::MemorySection(section) = payload? {
            return Ok(section.count() > 0);
        }
    }
    Ok(false)
}

/// For a module without a memory, which can't be given any bytes.
fn empty_memory() -> MemorySection {
    let mut section = MemorySection::new();
    section.memory(any_memory());
    section
}

fn stands_behind_memories(payload: &Payload<'_>) -> bool {
    matches!(
        payload,
        Payload::TagSection(_)
            | Payload::GlobalSection(_)
            | Payload::ExportSection(_)
            | Payload::StartSection { .. }
            | Payload::ElementSection(_)
            | Payload::DataCountSection { .. }
            | Payload::CodeSectionStart { .. }
            | Payload::DataSection(_)
    )
}

/// The module, which takes the functions of WASI 0.1 from the adapter, and exports its start and its memory only.
fn guest(module: &[u8], imports: &[Import]) -> Result<Vec<u8>, BinaryReaderError> {
    let mut made = Module::new();
    let mut memory = (!has_memory(module)?).then(empty_memory);
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if stands_behind_memories(&payload)
            && let Some(memory) = memory.take()
        {
            made.section(&memory);
        }
        match payload {
            Payload::MemorySection(section) if section.count() == 0 => {}
            Payload::ImportSection(_) => {
                let mut section = ImportSection::new();
                for Import { alias, function, .. } in imports {
                    section.import(MAIN, alias, EntityType::Function(*function));
                }
                made.section(&section);
            }
            Payload::ExportSection(section) => {
                let mut exports = ExportSection::new();
                for export in section {
                    let export = export?;
                    if export.name == "_start" {
                        exports.export(export.name, kind(export.kind), export.index);
                    }
                }
                exports.export(GUEST_MEMORY, ExportKind::Memory, 0);
                made.section(&exports);
            }
            // Functions keep their names, for backtraces. Nothing else has a meaning to the engine.
            Payload::CustomSection(section) if section.name() != "name" => {}
            other => copy(&mut made, &other, module),
        }
    }
    Ok(made.finish())
}

/// Copies a section as it is.
fn copy(to: &mut Module, payload: &Payload<'_>, from: &[u8]) {
    if let Some(section) = raw(payload, from) {
        to.section(&section);
    }
}

/// A section as it is.
fn raw<'a>(payload: &Payload<'_>, from: &'a [u8]) -> Option<RawSection<'a>> {
    let (id, range) = payload.as_section()?;
    from.get(range).map(|data| RawSection { id, data })
}

fn kind(kind: ExternalKind) -> ExportKind {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Tag => ExportKind::Tag,
    }
}

/// Links the bridge to the module's memory: the encoder could only name a memory of the adapter.
fn link_guest_memory(component: &[u8]) -> Result<Vec<u8>, String> {
    // Modules have the order in which they were given to the encoder: the adapter, the module, the bridge.
    const GUEST_MODULE: u32 = 1;
    let mut made = Component::new();
    let mut nested = 0_u32;
    let (mut instances, mut guest) = (0, 0);
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(|error| error.to_string())?;
        match &payload {
            Payload::End(_) => nested = nested.saturating_sub(1),
            _ if nested > 0 => {}
            Payload::ComponentAliasSection(section) => {
                let mut aliases = ComponentAliasSection::new();
                for alias in section.clone() {
                    let mut alias = alias.map_err(|error| error.to_string())?;
                    if let ComponentAlias::CoreInstanceExport { name: GUEST_MEMORY, instance_index, .. } = &mut alias {
                        *instance_index = guest;
                    }
                    let alias = RoundtripReencoder.component_alias(alias).map_err(|error| error.to_string())?;
                    aliases.alias(alias);
                }
                made.section(&aliases);
            }
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    let instance = instance.map_err(|error| error.to_string())?;
                    if matches!(instance, Instance::Instantiate { module_index: GUEST_MODULE, .. }) {
                        guest = instances;
                    }
                    instances += 1;
                }
            }
            _ => {}
        }
        let is_rewritten = matches!(payload, Payload::ComponentAliasSection(_));
        if nested == 0
            && !is_rewritten
            && let Some(section) = raw(&payload, component)
        {
            made.section(&section);
        }
        nested += u32::from(matches!(payload, Payload::ModuleSection { .. } | Payload::ComponentSection { .. }));
    }
    Ok(made.finish())
}

/// The module that copies from one memory to the other: `copy_in(to, from, bytes)` into the adapter's.
fn bridge() -> Vec<u8> {
    const ADAPTER: u32 = 0;
    const GUEST: u32 = 1;
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 3], []);
    let mut imports = ImportSection::new();
    imports.import("env", "memory", EntityType::Memory(any_memory())).import(
        MAIN,
        GUEST_MEMORY,
        EntityType::Memory(any_memory()),
    );
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    let pairs = [("copy_in", ADAPTER, GUEST), ("copy_out", GUEST, ADAPTER)];
    for (index, (name, to, from)) in (0..).zip(pairs) {
        functions.function(0);
        exports.export(name, ExportKind::Func, index);
        let mut body = Function::new([]);
        for argument in 0..3 {
            body.instruction(&Instruction::LocalGet(argument));
        }
        body.instruction(&Instruction::MemoryCopy { src_mem: from, dst_mem: to }).instruction(&Instruction::End);
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module.finish()
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use crate::engine::{Build, Compiler, Engine};

    use super::*;

    /// A journal names the adapter of its run. Another adapter needs another name, and this one must stay for replays.
    #[test]
    fn the_adapters_name_is_its_digest() {
        let digest = wasm_agent_ids::Hex(&sha2::Sha256::digest(OWN_MEMORY)).to_string();
        let name = Engine::new(Compiler::in_process()).unwrap().code_name(Build::Adapted(Adapter::OwnMemory));
        assert!(digest.starts_with(name.rsplit('-').next().unwrap()), "{name} is stored with code of {digest}");
    }
}
