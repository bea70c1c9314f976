//! How a tool is composed, and how many instances the engine would have to make to compile it.
//!
//! Components instantiate components, and a file of a few hundred bytes can do that a billion times. No limit of a run
//! applies to compiling, so tools with too many are refused by counting, before anything is expanded.

mod memories;

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef, Encoding,
    ExternalKind, Instance, Payload,
};

use crate::engine::Build;
use memories::{Exported, Memories};

/// Most levels of nested components. Those that compilers make are three deep.
const NESTED_MAX: usize = 32;

/// Most instances of components and core modules in total. A run may have far fewer of the latter.
const PARTS_MAX: u64 = 1000;

/// Most memories in total. The adapter that passes values between two components is a core module that the engine
/// makes, which can't have more memories. A component that calls its own exports also has an adapter.
const MEMORIES_MAX: u64 = 100;

/// The parts of a tool read so far.
#[derive(Debug, Default)]
pub(crate) struct Composition {
    /// The nested items from the tool itself to the one that is being read.
    open: Vec<OpenItem>,
    has_parts: bool,
}

/// A component or module that is being read.
#[derive(Debug, Default)]
struct OpenItem {
    is_component: bool,
    expanded: Expanded,
    /// The components it can instantiate, by index.
    components: Vec<Expanded>,
    /// Its own memories that it names, if it is a component.
    memories: Memories,
    /// The memories that it exports, if it is a core module.
    exported: Exported,
}

/// The parts in one instance of a component, nested instances included.
#[derive(Clone, Copy, Debug, Default)]
struct Expanded {
    parts: u64,
    memories: u64,
}

/// Why a tool is not compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0}")]
    Malformed(#[from] wasmparser::BinaryReaderError),
    #[error("components nested more than {NESTED_MAX} deep")]
    Nested,
    #[error("more than {PARTS_MAX} instances of components and modules in total")]
    Parts,
    #[error("more than {MEMORIES_MAX} memories")]
    Memories,
    #[error("a component from outside of another, so that its parts can't be counted")]
    External,
}

impl Composition {
    /// How deep in the tool the last part read is: 1 is the tool itself.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// How the tool is built, once it has been read to its end.
    pub(crate) fn build(&self) -> Build {
        // Compilers nest components too, but only to give their types names: those have no code.
        if self.has_parts { Build::Composed } else { Build::Single }
    }

    /// Reads the next part of the file.
    ///
    /// An invalid component is left to the engine, which refuses it before it expands anything.
    pub(crate) fn read(&mut self, payload: &Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::Version { encoding, .. } => self.begin(*encoding == Encoding::Component)?,
            Payload::End(_) => self.end(),
            Payload::InstanceSection(section) => {
                self.has_parts |= self.open.len() > 1;
                for instance in section.clone() {
                    let instance = instance?;
                    if matches!(instance, Instance::Instantiate { .. }) {
                        self.add(Expanded { parts: 1, memories: 0 })?;
                    }
                    self.with_last(|open| open.memories.instance(&instance));
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    if export.kind == ExternalKind::Memory {
                        self.with_last(|open| {
                            open.exported.insert(export.name.to_owned(), export.index);
                        });
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    if let ComponentInstance::Instantiate { component_index, .. } = instance? {
                        let Expanded { parts, memories } = self.component(0, component_index);
                        self.add(Expanded { parts: parts.saturating_add(1), memories })?;
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    self.alias(&alias?)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    if export.kind == ComponentExternalKind::Component {
                        let exported = self.component(0, export.index);
                        self.define(exported);
                    } else if export.kind == ComponentExternalKind::Module {
                        self.define_module(0, export.index);
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    match import?.ty {
                        ComponentTypeRef::Component(_) => return Err(Refused::External),
                        ComponentTypeRef::Module(_) => self.with_last(|open| open.memories.outer_module(None)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, is_component: bool) -> Result<(), Refused> {
        if self.open.len() >= NESTED_MAX {
            return Err(Refused::Nested);
        }
        self.open.push(OpenItem { is_component, ..OpenItem::default() });
        Ok(())
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(OpenItem { is_component: true, expanded, .. }) => self.define(expanded),
            Some(OpenItem { exported, .. }) => self.with_last(|open| open.memories.module(exported)),
            None => {}
        }
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Refused> {
        match alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => Err(Refused::External),
            ComponentAlias::CoreInstanceExport { kind: ExternalKind::Memory, instance_index, name } => {
                let Some(open) = self.open.last_mut() else { return Ok(()) };
                let memories = u64::from(open.memories.name(*instance_index, name));
                self.add(Expanded { parts: 0, memories })
            }
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Module, .. } => {
                self.with_last(|open| open.memories.outer_module(None));
                Ok(())
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, count, index } => {
                self.define_module(usize::try_from(*count).unwrap_or(usize::MAX), *index);
                Ok(())
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                let outer = self.component(usize::try_from(*count).unwrap_or(usize::MAX), *index);
                self.define(outer);
                Ok(())
            }
            ComponentAlias::InstanceExport { .. }
            | ComponentAlias::CoreInstanceExport { .. }
            | ComponentAlias::Outer { .. } => Ok(()),
        }
    }

    /// A component by its index in the current item, or in the one that many levels outward.
    fn component(&self, outward: usize, index: u32) -> Expanded {
        let open = self.open.len().checked_sub(1).and_then(|last| last.checked_sub(outward));
        let components = open.and_then(|open| self.open.get(open)).map(|open| &open.components);
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        components.and_then(|components| components.get(index)).copied().unwrap_or_default()
    }

    /// Adds a core module to the current item, by its index there or that many levels outward.
    fn define_module(&mut self, outward: usize, index: u32) {
        let open = self.open.len().checked_sub(1).and_then(|last| last.checked_sub(outward));
        let module = open.and_then(|open| self.open.get(open)).and_then(|open| open.memories.module_at(index));
        self.with_last(|open| open.memories.outer_module(module));
    }

    fn with_last(&mut self, change: impl FnOnce(&mut OpenItem)) {
        if let Some(open) = self.open.last_mut() {
            change(open);
        }
    }

    fn define(&mut self, component: Expanded) {
        if let Some(open) = self.open.last_mut() {
            open.components.push(component);
        }
    }

    fn add(&mut self, more: Expanded) -> Result<(), Refused> {
        let Some(OpenItem { expanded, .. }) = self.open.last_mut() else { return Ok(()) };
        expanded.parts = expanded.parts.saturating_add(more.parts);
        expanded.memories = expanded.memories.saturating_add(more.memories);
        if expanded.parts > PARTS_MAX {
            return Err(Refused::Parts);
        }
        if expanded.memories > MEMORIES_MAX { Err(Refused::Memories) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
