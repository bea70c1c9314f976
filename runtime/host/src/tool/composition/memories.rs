//! Which memories a component names. One that is named many times is one memory.

use std::collections::HashMap;
use std::rc::Rc;

use wasmparser::{Export, ExternalKind, Instance};

/// Memories that a core module exports, by name, each by its number in the module.
pub(super) type Exported = HashMap<String, u32>;

/// What a component has of core modules, of their instances and of memories so far, each in the order of its numbers.
#[derive(Debug, Default)]
pub(super) struct Memories {
    modules: Vec<Rc<Exported>>,
    instances: Vec<Holder>,
    named: Vec<Number>,
    /// Each memory once, with its number. Only here is a name kept: aliases of a few bytes can name one of a hundred
    /// thousand.
    numbers: HashMap<Memory, Number>,
}

/// Of a memory, however often it is named.
type Number = usize;

/// An instance that memories are taken from.
#[derive(Debug)]
enum Holder {
    /// Of a core module.
    Module(Rc<Exported>),
    /// Put together of what others have.
    Bundle(HashMap<String, Number>),
}

/// A memory, by the instance of the module that has it.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Memory {
    Numbered(usize, u32),
    /// Of a module that is not in the file, or that has no such memory, which the engine refuses.
    Named(usize, String),
}

impl Memories {
    /// Takes a core module.
    pub(super) fn module(&mut self, exports: Exported) {
        self.modules.push(Rc::new(exports));
    }

    /// Takes a core module that comes from outside of the component.
    pub(super) fn outer_module(&mut self, module: Option<Rc<Exported>>) {
        self.modules.push(module.unwrap_or_default());
    }

    /// A core module by its number.
    pub(super) fn module_at(&self, index: u32) -> Option<Rc<Exported>> {
        at(&self.modules, index).cloned()
    }

    /// Takes a core instance.
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

    /// Names a memory of an instance. Says whether it was not named before.
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

    /// Bytes of all names that are kept.
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
