//! The imports and exports of a component. They are read in the compiler process, which returns them as JSON.

use serde::{Deserialize, Serialize};
use wasm_agent_values::{Entry, NotCallable, Signature, Table, clip};
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId, ComponentItem};
use wasmparser::types::TypesRef;
use wasmparser::{BinaryReaderError, Parser, Payload, ValidPayload, Validator};

use super::docs::{Docs, SECTION};
use super::types::Types;
use super::{Exported, Exports};
use crate::tool::lines::Lines;

/// Most imports, and most functions, that are listed. A tool may export an interface of a thousand functions a thousand
/// times.
const LINES_MAX: usize = 10_000;

/// Most bytes of each list.
const BYTES_MAX: usize = 1 << 20;

/// Most bytes of a description as JSON, in which one byte of a name can take six.
pub(crate) const ANSWER_BYTES_MAX: usize = 32 << 20;

/// The imports and exports of a component, as the compiler process returns them.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Interfaces {
    command: bool,
    imports: Vec<String>,
    types: Vec<Entry>,
    exports: Vec<Export>,
    /// Functions that are not listed.
    more: usize,
}

/// An exported function.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Export {
    interface: Option<String>,
    name: String,
    ty: Result<Signature, NotCallable>,
    docs: Option<String>,
}

/// What the parent takes from it.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) command: bool,
    pub(super) imports: Vec<String>,
    pub(super) exports: Exports,
}

impl Interfaces {
    /// Parses the compiler process's output; `None` if no compiler can have written it.
    pub(super) fn parse(answer: &[u8]) -> Option<Parsed> {
        let read: Self = serde_json::from_slice(answer).ok()?;
        // The last line says how many more there are.
        if read.imports.len() > LINES_MAX + 1 || read.exports.len() > LINES_MAX {
            return None;
        }
        let table = Table::read(read.types)?;
        let each = read.exports.into_iter().map(|Export { interface, name, ty, docs }| {
            let function = match ty {
                Ok(signature) => Ok(table.function(signature)?),
                Err(problem) => Err(problem),
            };
            Some(Exported { interface, name, function, docs })
        });
        let exports = Exports { listed: each.collect::<Option<_>>()?, more: read.more };
        Some(Parsed { command: read.command, imports: read.imports, exports })
    }

    /// Reads a component. The validator holds its types, so this must run where memory is limited.
    pub(crate) fn read(mut validator: Validator, component: &[u8]) -> Result<Self, BinaryReaderError> {
        let (mut depth, mut exported, mut docs) = (0_usize, Vec::new(), Docs::default());
        let mut imports = Lines::new(LINES_MAX, BYTES_MAX);
        let mut read = Self::default();
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload?;
            match &payload {
                Payload::Version { .. } => depth = depth.saturating_add(1),
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section.clone() {
                        let name = import?.name.name;
                        imports.add(|| clip(name).into_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section.clone() {
                        exported.push(export?.name.name);
                    }
                }
                Payload::CustomSection(section) if depth == 1 && section.name() == SECTION => {
                    docs = Docs::read(section.data());
                }
                _ => {}
            }
            if let ValidPayload::End(types) = validator.payload(&payload)?
                && depth == 0
            {
                read.exports(types.as_ref(), &docs, &exported);
            }
        }
        read.imports = imports.done();
        Ok(read)
    }

    /// Reads what is exported under these names.
    fn exports(&mut self, types: TypesRef<'_>, docs: &Docs, names: &[&str]) {
        let mut table = Types::new(types, docs);
        for name in names {
            name_types(&mut table, types, name);
        }
        let mut bytes_left = BYTES_MAX;
        let mut add = |interface: Option<&str>, name: &str, ty: ComponentFuncTypeId| {
            if self.exports.len() >= LINES_MAX || bytes_left == 0 {
                self.more = self.more.saturating_add(1);
                return;
            }
            let (ty, docs) = (table.function(ty), docs.function(interface, name));
            let bytes = [interface, Some(name), docs.as_deref()].into_iter().flatten().map(str::len).sum();
            bytes_left = bytes_left.saturating_sub(bytes);
            let interface = interface.map(str::to_owned);
            self.exports.push(Export { interface, name: name.to_owned(), ty, docs });
        };
        for name in names {
            match types.component_item_for_export(name) {
                Some(ComponentItem { ty: ComponentEntityType::Func(function), .. }) => add(None, name, *function),
                Some(ComponentItem { ty: ComponentEntityType::Instance(instance), .. }) => {
                    for (inner, item) in types.get(*instance).iter().flat_map(|instance| &instance.exports) {
                        if let ComponentEntityType::Func(function) = item.ty {
                            self.command |= inner == "run" && is_run(name);
                            add(Some(name), inner, function);
                        }
                    }
                }
                _ => {}
            }
        }
        self.types = table.into_entries();
    }
}

/// Finds the names of the types that an export has, for their documentation.
fn name_types<'t>(table: &mut Types<'t>, types: TypesRef<'t>, name: &'t str) {
    let mut see = |interface, name, item: &ComponentItem| {
        if let ComponentEntityType::Type { referenced, created } = item.ty {
            for id in [referenced, created] {
                if let ComponentAnyTypeId::Defined(id) = id {
                    table.name(id, (interface, name));
                }
            }
        }
    };
    match types.component_item_for_export(name) {
        Some(ComponentItem { ty: ComponentEntityType::Instance(instance), .. }) => {
            for (inner, item) in types.get(*instance).iter().flat_map(|instance| &instance.exports) {
                see(Some(name), inner, item);
            }
        }
        Some(item) => see(None, name, item),
        None => {}
    }
}

/// Whether this is the interface of a command.
fn is_run(interface: &str) -> bool {
    interface.strip_prefix("wasi:cli/run@0.2.").is_some_and(|patch| patch.bytes().all(|byte| byte.is_ascii_digit()))
}
