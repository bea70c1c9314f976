//! How a tool is composed: how much the engine would have to unfold to compile it.
//!
//! Components instantiate components, which a file of a few hundred bytes can do a billion times. No limit of a run
//! applies to compiling, so what is too much is refused by counting, before anything is unfolded.

mod memories;

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef, Encoding,
    ExternalKind, Instance, Payload,
};

use crate::engine::Build;
use memories::{Exported, Memories};

/// Components within one another. Those that compilers make are three deep.
const NESTED_MAX: usize = 32;

/// Instances of components and of core modules in all. A run may have far fewer of the latter.
const PARTS_MAX: u64 = 1000;

/// Memories in all. What carries values between two of them is a core module of the engine's, which can't have more; a
/// component that calls what it offers itself has one too.
const MEMORIES_MAX: u64 = 100;

/// What was read of a tool so far.
#[derive(Debug, Default)]
pub(crate) struct Composition {
    /// From the tool itself to what is being read now.
    open: Vec<Open>,
    has_parts: bool,
}

/// A component or module that is being read.
#[derive(Debug, Default)]
struct Open {
    is_component: bool,
    unfolded: Unfolded,
    /// The components it can instantiate, by index.
    components: Vec<Unfolded>,
    /// The memories of its own that it names, if it is a component.
    memories: Memories,
    /// The memories that it exports, if it is a core module.
    exported: Exported,
}

/// What one instance of a component comes to, all in it included.
#[derive(Clone, Copy, Debug, Default)]
struct Unfolded {
    parts: u64,
    memories: u64,
}

/// Why a tool is not compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0}")]
    Malformed(#[from] wasmparser::BinaryReaderError),
    #[error("more than {NESTED_MAX} components within one another")]
    Nested,
    #[error("more than {PARTS_MAX} instances of components and modules, all counted")]
    Parts,
    #[error("more than {MEMORIES_MAX} memories")]
    Memories,
    #[error("a component that comes from outside of another, so that what it holds can't be counted")]
    Given,
}

impl Composition {
    /// How deep in the tool it is what was read last: one is the tool itself.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// How the tool is built, once all of it was read.
    pub(crate) fn build(&self) -> Build {
        // Compilers nest components too, but only to give their types names: those have no code.
        if self.has_parts { Build::Composed } else { Build::Single }
    }

    /// Takes the next part of the file.
    ///
    /// What is no valid component is left for the engine to refuse, which it does before it unfolds anything.
    pub(crate) fn read(&mut self, payload: &Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::Version { encoding, .. } => self.begin(*encoding == Encoding::Component)?,
            Payload::End(_) => self.end(),
            Payload::InstanceSection(section) => {
                self.has_parts |= self.open.len() > 1;
                for instance in section.clone() {
                    let instance = instance?;
                    if matches!(instance, Instance::Instantiate { .. }) {
                        self.add(Unfolded { parts: 1, memories: 0 })?;
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
                        let Unfolded { parts, memories } = self.component(0, component_index);
                        self.add(Unfolded { parts: parts.saturating_add(1), memories })?;
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
                        ComponentTypeRef::Component(_) => return Err(Refused::Given),
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
        self.open.push(Open { is_component, ..Open::default() });
        Ok(())
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open { is_component: true, unfolded, .. }) => self.define(unfolded),
            Some(Open { exported, .. }) => self.with_last(|open| open.memories.module(exported)),
            None => {}
        }
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Refused> {
        match alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => Err(Refused::Given),
            ComponentAlias::CoreInstanceExport { kind: ExternalKind::Memory, instance_index, name } => {
                let Some(open) = self.open.last_mut() else { return Ok(()) };
                let memories = u64::from(open.memories.name(*instance_index, name));
                self.add(Unfolded { parts: 0, memories })
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

    /// A component by its index in what is being read, or so many levels outward.
    fn component(&self, outward: usize, index: u32) -> Unfolded {
        let open = self.open.len().checked_sub(1).and_then(|last| last.checked_sub(outward));
        let components = open.and_then(|open| self.open.get(open)).map(|open| &open.components);
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        components.and_then(|components| components.get(index)).copied().unwrap_or_default()
    }

    /// Gives what is being read a core module, by its number there or so many levels outward.
    fn define_module(&mut self, outward: usize, index: u32) {
        let open = self.open.len().checked_sub(1).and_then(|last| last.checked_sub(outward));
        let module = open.and_then(|open| self.open.get(open)).and_then(|open| open.memories.module_at(index));
        self.with_last(|open| open.memories.outer_module(module));
    }

    fn with_last(&mut self, change: impl FnOnce(&mut Open)) {
        if let Some(open) = self.open.last_mut() {
            change(open);
        }
    }

    fn define(&mut self, component: Unfolded) {
        if let Some(open) = self.open.last_mut() {
            open.components.push(component);
        }
    }

    fn add(&mut self, more: Unfolded) -> Result<(), Refused> {
        let Some(Open { unfolded, .. }) = self.open.last_mut() else { return Ok(()) };
        unfolded.parts = unfolded.parts.saturating_add(more.parts);
        unfolded.memories = unfolded.memories.saturating_add(more.memories);
        if unfolded.parts > PARTS_MAX {
            return Err(Refused::Parts);
        }
        if unfolded.memories > MEMORIES_MAX { Err(Refused::Memories) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
