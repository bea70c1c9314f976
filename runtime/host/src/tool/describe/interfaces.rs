//! The imports and exports of a component. They are read in the compiler process, which returns them as JSON.

use serde::{Deserialize, Serialize};
use wasmparser::component_types::{ComponentEntityType, ComponentItem};
use wasmparser::types::TypesRef;
use wasmparser::{BinaryReaderError, Parser, Payload, ValidPayload, Validator};

use super::types;
use crate::tool::lines::{Lines, clip};

/// Most imports, and most functions, that are listed. A tool may export an interface of a thousand functions a thousand
/// times.
const LINES_MAX: usize = 10_000;

/// Most bytes of each list.
const BYTES_MAX: usize = 1 << 20;

/// Most bytes of a description as JSON, in which one byte of a name can take six.
pub(crate) const ANSWER_BYTES_MAX: usize = 16 << 20;

/// The imports and exports of a component, as they are shown.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Interfaces {
    pub(super) command: bool,
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
}

impl Interfaces {
    /// Parses the compiler process's output; `None` if no compiler can have written it.
    pub(super) fn parse(answer: &[u8]) -> Option<Self> {
        let read: Self = serde_json::from_slice(answer).ok()?;
        // The last line says how many more there are.
        [&read.imports, &read.exports].iter().all(|lines| lines.len() <= LINES_MAX + 1).then_some(read)
    }

    /// Reads a component. The validator holds its types, so this must run where memory is limited.
    pub(crate) fn read(validator: Validator, component: &[u8]) -> Result<Self, BinaryReaderError> {
        Reading::default().read(validator, component)
    }
}

/// The parts of a component read so far.
struct Reading {
    command: bool,
    imports: Lines,
    exports: Lines,
}

impl Default for Reading {
    fn default() -> Self {
        let lines = || Lines::new(LINES_MAX, BYTES_MAX);
        Self { command: false, imports: lines(), exports: lines() }
    }
}

impl Reading {
    fn read(mut self, mut validator: Validator, component: &[u8]) -> Result<Interfaces, BinaryReaderError> {
        let (mut depth, mut exported) = (0_usize, Vec::new());
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload?;
            match &payload {
                Payload::Version { .. } => depth = depth.saturating_add(1),
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 1 => {
                    for import in section.clone() {
                        let name = import?.name.name;
                        self.imports.add(|| clip(name).into_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 1 => {
                    for export in section.clone() {
                        exported.push(export?.name.name);
                    }
                }
                _ => {}
            }
            if let ValidPayload::End(types) = validator.payload(&payload)?
                && depth == 0
            {
                for name in &exported {
                    self.export(types.as_ref(), name);
                }
            }
        }
        let Self { command, imports, exports } = self;
        Ok(Interfaces { command, imports: imports.done(), exports: exports.done() })
    }

    /// Adds the functions of an export.
    fn export(&mut self, types: TypesRef<'_>, name: &str) {
        match types.component_item_for_export(name) {
            Some(ComponentItem { ty: ComponentEntityType::Func(function), .. }) => {
                self.exports.add(|| types::function(types, &clip(name), *function));
            }
            Some(ComponentItem { ty: ComponentEntityType::Instance(instance), .. }) => {
                for (inner, item) in types.get(*instance).iter().flat_map(|instance| &instance.exports) {
                    if let ComponentEntityType::Func(function) = item.ty {
                        self.command |= inner == "run" && is_run(name);
                        self.exports
                            .add(|| types::function(types, &format!("{}#{}", clip(name), clip(inner)), function));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether this is the interface of a command.
fn is_run(interface: &str) -> bool {
    interface.strip_prefix("wasi:cli/run@0.2.").is_some_and(|patch| patch.bytes().all(|byte| byte.is_ascii_digit()))
}
