//! Which memories a component names. A memory with several names counts once.

use std::collections::HashMap;
use std::rc::Rc;

use wasmparser::{Export, ExternalKind, Instance};

/// The memories that a core module exports: their names, and their indices in the module.
pub(super) type Exported = HashMap<String, u32>;

/// A component's core modules, core instances and memories so far, each in the order of their indices.
#[derive(Debug, Default)]
pub(super) struct Memories {
    modules: Vec<Rc<Exported>>,
    instances: Vec<Holder>,
    named: Vec<Number>,
    /// Each memory once, with its number. Only here is a name stored: an alias of a few bytes can use a name of a
    /// hundred thousand.
    numbers: HashMap<Memory, Number>,
}

/// The number of a memory, the same for all its names.
type Number = usize;

/// An instance that exports memories.
#[derive(Debug)]
enum Holder {
    /// An instance of a core module.
    Module(Rc<Exported>),
    /// An instance that bundles exports of others.
    Bundle(HashMap<String, Number>),
}

/// A memory, by the instance that exports it.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Memory {
    Numbered(usize, u32),
    /// A memory of a module that is not in the file, or that does not export it, which the engine refuses.
    Named(usize, String),
}

impl Memories {
    /// Adds a core module.
    pub(super) fn module(&mut self, exports: Exported) {
        self.modules.push(Rc::new(exports));
    }

    /// Adds a core module from outside of the component.
    pub(super) fn outer_module(&mut self, module: Option<Rc<Exported>>) {
        self.modules.push(module.unwrap_or_default());
    }

    /// A core module by its index.
    pub(super) fn module_at(&self, index: u32) -> Option<Rc<Exported>> {
        at(&self.modules, index).cloned()
    }

    /// Adds a core instance.
    pub(super) fn instance(&mut self, instance: &Instance<'_>) {
        let holder = match instance {
            Instance::Instantiate { module_index, .. } => {
                Holder::Module(self.module_at(*module_index).unwrap_or_default())
            }
            Instance::FromExports(exports) => Holder::Bundle(exports.iter().filter_map(|e| self.bundled(e)).collect()),
        };
        self.instances.push(holder);
    }

    fn bundled(&self, export: &Export<'_>) -> Option<(String, Number)> {
        let memory = (export.kind == ExternalKind::Memory).then(|| at(&self.named, export.index)).flatten()?;
        Some((export.name.to_owned(), *memory))
    }

    /// Names a memory of an instance. Returns whether it had no name before.
    pub(super) fn name(&mut self, instance_index: u32, name: &str) -> bool {
        let instance = usize::try_from(instance_index).unwrap_or(usize::MAX);
        let memory = match at(&self.instances, instance_index) {
            Some(Holder::Module(exports)) => exports.get(name).map(|index| Memory::Numbered(instance, *index)),
            Some(Holder::Bundle(memories)) => {
                if let Some(number) = memories.get(name) {
                    self.named.push(*number);
                    return false;
                }
                None
            }
            None => None,
        };
        let memory = memory.unwrap_or_else(|| Memory::Named(instance, name.to_owned()));
        let before = self.numbers.len();
        let number = *self.numbers.entry(memory).or_insert(before);
        self.named.push(number);
        self.numbers.len() > before
    }

    /// Total length of the stored names, in bytes.
    #[cfg(test)]
    pub(super) fn name_bytes(&self) -> usize {
        let named = self.numbers.keys().map(|memory| match memory {
            Memory::Named(_, name) => name.len(),
            Memory::Numbered(..) => 0,
        });
        let bundled = self.instances.iter().map(|holder| match holder {
            Holder::Bundle(memories) => memories.keys().map(String::len).sum(),
            Holder::Module(_) => 0,
        });
        named.chain(bundled).sum()
    }
}

fn at<T>(items: &[T], index: u32) -> Option<&T> {
    items.get(usize::try_from(index).ok()?)
}
