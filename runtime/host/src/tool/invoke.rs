//! What a run calls: the tool's `run` as a command, or a typed export with arguments.

use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::wasm_wave::{self, untyped::UntypedFuncCall};
use wasmtime::component::{Component, ComponentExportIndex, Type, Val};

use crate::error::LoadError;
use crate::tool::Tool;
use crate::tool::lines::{Lines, clip};
use crate::tool::values;

/// What a run calls in a tool.
#[derive(Clone, Debug)]
pub enum Invocation {
    /// `wasi:cli/run`, as for a program.
    Command,
    /// A typed export.
    Call(Call),
}

/// A call of a typed export, its arguments checked against the export's type.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) export: String,
    pub(crate) arguments: Vec<Val>,
    /// The arguments as the journal records them.
    pub(crate) wave: String,
    pub(crate) index: ComponentExportIndex,
}

/// Most exports that a hint names; the others are counted.
const SHOWN_MAX: usize = 50;

/// A function that a tool exports.
struct Export {
    name: String,
    index: ComponentExportIndex,
    ty: ComponentFunc,
}

impl Invocation {
    /// The tool's `run` as a command.
    ///
    /// # Errors
    ///
    /// When the tool has no `wasi:cli/run` export.
    pub fn command(tool: &Tool) -> Result<Self, LoadError> {
        if command_index(&tool.component).is_some() {
            return Ok(Self::Command);
        }
        let mut shown = Lines::new(SHOWN_MAX, usize::MAX);
        each_export(tool, |name, _, _| shown.add(|| name.quoted()));
        let names = shown.done();
        Err(LoadError::Invocation {
            message: format!("`{}` is not a command: it does not export `wasi:cli/run`", tool.name),
            hint: (!names.is_empty()).then(|| format!("call one of its exports with `--call`: {}", names.join(", "))),
        })
    }

    /// A typed call in WAVE syntax: `search("/notes", "todo")`.
    ///
    /// # Errors
    ///
    /// When the text is not a call, there is no such export, or an argument does not have its type.
    pub fn parse(tool: &Tool, text: &str) -> Result<Self, LoadError> {
        let error = |message: String| LoadError::Invocation { message, hint: None };
        let call = UntypedFuncCall::parse(text).map_err(|problem| LoadError::Invocation {
            message: format!("`{text}` is not a call in WAVE syntax: {problem}"),
            hint: (!text.contains('('))
                .then(|| "arguments follow in parentheses, as in `search(\"/notes\", 7)`".to_owned()),
        })?;
        let export = find(tool, call.name())?;
        let types: Vec<Type> = export.ty.params().map(|(_, ty)| ty).collect();
        let arguments: Vec<Val> = call.to_wasm_params::<Val>(&types).map_err(|problem| {
            error(format!("arguments of `{}`: {problem}; expected {}", export.name, signature(&export)))
        })?;
        let wave = waves(&arguments).map_err(error)?;
        Ok(Self::Call(Call { export: export.name, index: export.index, arguments, wave }))
    }

    /// A typed call with JSON arguments: an array with one value for each parameter, or an object with the parameters'
    /// names.
    ///
    /// # Errors
    ///
    /// As [`Invocation::parse`].
    pub fn from_json(tool: &Tool, export: &str, arguments: &str) -> Result<Self, LoadError> {
        let error = |message: String| LoadError::Invocation { message, hint: None };
        let export = find(tool, export)?;
        let value: serde_json::Value =
            serde_json::from_str(arguments).map_err(|problem| error(format!("arguments are not JSON: {problem}")))?;
        let parameters: Vec<(String, Type)> = export.ty.params().map(|(name, ty)| (name.to_owned(), ty)).collect();
        let arguments = values::arguments(&value, &parameters).map_err(|problem| {
            error(format!("arguments of `{}`: {problem}; expected {}", export.name, signature(&export)))
        })?;
        let wave = waves(&arguments).map_err(error)?;
        Ok(Self::Call(Call { export: export.name, index: export.index, arguments, wave }))
    }

    /// The recorded call of a journal, for a replay.
    ///
    /// # Errors
    ///
    /// As [`Invocation::parse`].
    pub(crate) fn recorded(tool: &Tool, recorded: &wasm_agent_journal::Invocation) -> Result<Self, LoadError> {
        match recorded {
            wasm_agent_journal::Invocation::Command => Self::command(tool),
            wasm_agent_journal::Invocation::Call { export, arguments } => {
                let found = find(tool, export)?;
                // WAVE accepts only kebab-case words as names; the name of an interface's export is longer.
                let text = format!("call({arguments})");
                let call = UntypedFuncCall::parse(&text)
                    .and_then(|call| {
                        call.to_wasm_params::<Val>(&found.ty.params().map(|(_, ty)| ty).collect::<Vec<_>>())
                    })
                    .map_err(|problem| LoadError::Invocation {
                        message: format!("recorded arguments of `{export}`: {problem}"),
                        hint: None,
                    })?;
                Ok(Self::Call(Call {
                    export: found.name,
                    index: found.index,
                    arguments: call,
                    wave: arguments.clone(),
                }))
            }
        }
    }

    pub(crate) fn to_record(&self) -> wasm_agent_journal::Invocation {
        match self {
            Self::Command => wasm_agent_journal::Invocation::Command,
            Self::Call(call) => {
                wasm_agent_journal::Invocation::Call { export: call.export.clone(), arguments: call.wave.clone() }
            }
        }
    }
}

/// Values in WAVE syntax, with commas between them.
fn waves(values: &[Val]) -> Result<String, String> {
    let texts: Result<Vec<String>, _> = values.iter().map(wasm_wave::to_string).collect();
    texts.map(|texts| texts.join(", ")).map_err(|problem| format!("a value has no WAVE form: {problem}"))
}

/// The function `run` of `wasi:cli/run`, any version 0.2.x.
pub(crate) fn command_index(component: &Component) -> Option<ComponentExportIndex> {
    // Names match across 0.2.x as imports do.
    let (_, instance) = component.get_export(None, "wasi:cli/run@0.2.0")?;
    component.get_export_index(Some(&instance), "run")
}

/// The name of an export: a function, or an interface and its function. The two are not joined until they have to be,
/// because a tool may export an interface of a thousand functions a thousand times.
#[derive(Clone, Copy)]
struct Name<'t>(&'t str, Option<&'t str>);

impl Name<'_> {
    fn is(self, name: &str) -> bool {
        match self.1 {
            Some(function) => name.strip_prefix(self.0).and_then(|rest| rest.strip_prefix('#')) == Some(function),
            None => name == self.0,
        }
    }

    fn ends_with(self, name: &str) -> bool {
        self.1.unwrap_or(self.0) == name
    }

    fn whole(self) -> String {
        self.1.map_or_else(|| self.0.to_owned(), |function| format!("{}#{function}", self.0))
    }

    fn quoted(self) -> String {
        self.1.map_or_else(|| format!("`{}`", clip(self.0)), |inner| format!("`{}#{}`", clip(self.0), clip(inner)))
    }
}

/// Calls `see` for each function that a tool exports, those of its interfaces included.
fn each_export(tool: &Tool, mut see: impl FnMut(Name<'_>, ComponentExportIndex, ComponentFunc)) {
    let engine = tool.component.engine();
    for (name, item) in tool.component.component_type().exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(ty) => {
                if let Some(index) = tool.component.get_export_index(None, name) {
                    see(Name(name, None), index, ty);
                }
            }
            ComponentItem::ComponentInstance(instance) => {
                let Some(parent) = tool.component.get_export_index(None, name) else { continue };
                for (function, item) in instance.exports(engine) {
                    if let ComponentItem::ComponentFunc(ty) = item.ty
                        && let Some(index) = tool.component.get_export_index(Some(&parent), function)
                    {
                        see(Name(name, Some(function)), index, ty);
                    }
                }
            }
            ComponentItem::CoreFunc(_)
            | ComponentItem::Module(_)
            | ComponentItem::Component(_)
            | ComponentItem::Type(_)
            | ComponentItem::Resource(_) => {}
        }
    }
}

/// Finds an export by its whole name, or by its last part if that is unique.
fn find(tool: &Tool, name: &str) -> Result<Export, LoadError> {
    let mut shown = Lines::new(SHOWN_MAX, usize::MAX);
    let (mut whole, mut last, mut lasts) = (None, None, 0_usize);
    each_export(tool, |export, index, ty| {
        shown.add(|| export.quoted());
        let found = || Some(Export { name: export.whole(), index, ty });
        if export.is(name) {
            whole = found();
        } else if export.ends_with(name) {
            lasts = lasts.saturating_add(1);
            // Only the first match is kept: with a second one the name is ambiguous.
            if lasts == 1 {
                last = found();
            }
        }
    });
    if let Some(export) = whole.or(last.filter(|_| lasts == 1)) {
        return Ok(export);
    }
    let names = shown.done();
    Err(LoadError::Invocation {
        message: format!("`{}` has no one export `{name}`", tool.name),
        hint: Some(if names.is_empty() {
            "it exports no functions".to_owned()
        } else {
            format!("it exports {}", names.join(", "))
        }),
    })
}

fn signature(export: &Export) -> String {
    format!("`({})`", parameters(export))
}

fn parameters(export: &Export) -> String {
    let each = export.ty.params().map(|(name, ty)| format!("{name}: {}", values::type_name(&ty)));
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::engine::Engine;
    use crate::engine::compile::Compiler;

    #[test]
    fn types_that_are_long_when_written_out_are_cut_in_errors() {
        let mut types = "(type $t0 u8)".to_owned();
        for level in 1..=12 {
            types += &format!("(type $t{level} (tuple $t{0} $t{0}))", level - 1);
        }
        let text = format!(
            r#"(component {types} (type $last (list $t12))
                (core module $m (func (export "f") (param i32 i32)) (memory (export "memory") 1)
                    (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
                (core instance $m (instantiate $m))
                (func (export "f") (param "p" $last) (canon lift (core func $m "f")
                    (memory (core memory $m "memory")) (realloc (core func $m "realloc")))))"#
        );
        let engine = Engine::new(Compiler::in_process()).unwrap();
        let bytes = wat::parse_str(text).unwrap();
        let tool = Tool::from_bytes(&engine, Path::new("tool.wasm"), &bytes, None).unwrap();
        let shown = signature(&find(&tool, "f").unwrap());
        assert!(shown.starts_with("`(p: list<tuple<tuple<") && shown.contains('…') && shown.len() < 8 << 10, "{shown}");
    }
}
