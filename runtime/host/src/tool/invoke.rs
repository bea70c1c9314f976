//! What a run calls: the tool's `run` as a command, or a typed export with arguments.

use wasm_agent_values::{Json, clip};
use wasmtime::component::wasm_wave::untyped::UntypedFuncCall;
use wasmtime::component::{Component, ComponentExportIndex, Val};

use crate::error::LoadError;
use crate::tool::Tool;
use crate::tool::export::{SHOWN_MAX, each_export, find, locate};
use crate::tool::lines::Lines;

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
        let (mut shown, mut server) = (Lines::new(SHOWN_MAX, usize::MAX), false);
        each_export(tool, |name, _, ty| {
            server |= name.is_servers();
            if !name.is_servers() && !name.is_of_a_resource() && !name.is_toolchains(&ty) {
                shown.add(|| name.quoted());
            }
        });
        let names = shown.done();
        let hint = match (names.is_empty(), server) {
            (false, _) => Some(format!("call one of its exports with `--call`: {}", names.join(", "))),
            (true, true) => Some(
                "it answers HTTP requests (`wasi:http/incoming-handler`), and nothing here sends any; \
                                  build it as a command, or with typed exports"
                    .to_owned(),
            ),
            (true, false) => None,
        };
        let message = format!("`{}` is not a command: it does not export `wasi:cli/run`", tool.name);
        Err(LoadError::Invocation { message, hint })
    }

    /// A typed call in WAVE syntax: `search("/notes", "todo")`. The name is that of an export, with or without its
    /// interface and version, as long as it names one function.
    ///
    /// # Errors
    ///
    /// When the text is not a call, there is no such export, or an argument does not have its type.
    pub fn parse(tool: &Tool, text: &str) -> Result<Self, LoadError> {
        let (name, arguments) = text.split_at(text.find('(').unwrap_or(text.len()));
        let export = find(tool, name.trim())?;
        let hint = || export.function.example().map(|example| format!("write it like `{}{example}`", export.shown()));
        if arguments.is_empty() {
            let message =
                format!("`{}` has no argument list: write parentheses even if there are no arguments", clip(text));
            return Err(LoadError::Invocation { message, hint: hint() });
        }
        let values = export.function.arguments_from_wave(text.trim_end());
        export.call(values).map_err(|message| LoadError::Invocation { message, hint: hint() })
    }

    /// A typed call with JSON arguments: an object with the parameters' names, or an array in their order.
    ///
    /// # Errors
    ///
    /// As [`Invocation::parse`].
    pub fn from_json(tool: &Tool, export: &str, arguments: &str) -> Result<Self, LoadError> {
        if let Some((name, _)) = export.split_once('(') {
            let hint = Some(format!("with JSON arguments, the call is the name alone: `--call '{}'`", clip(name)));
            return Err(LoadError::Invocation { message: "arguments are given twice".to_owned(), hint });
        }
        let export = find(tool, export)?;
        let error = |message: String| {
            let example = export.function.json_example();
            let hint = example.map(|example| format!("write it like `--json '{example}'`"));
            LoadError::Invocation { message, hint }
        };
        let given = Json::parse(arguments).map_err(|problem| error(format!("arguments are not JSON: {problem}")))?;
        export.call(export.function.arguments_from_json(&given)).map_err(error)
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
                let (index, ty) = locate(tool, export)?;
                // WAVE accepts only kebab-case words as names; the name of an interface's export is longer.
                let text = format!("call({arguments})");
                let call = UntypedFuncCall::parse(&text)
                    .and_then(|call| call.to_wasm_params::<Val>(&ty.params().map(|(_, ty)| ty).collect::<Vec<_>>()))
                    .map_err(|problem| LoadError::Invocation {
                        message: format!("recorded arguments of `{export}`: {problem}"),
                        hint: None,
                    })?;
                Ok(Self::Call(Call { export: export.clone(), index, arguments: call, wave: arguments.clone() }))
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

/// The function `run` of `wasi:cli/run`, any version 0.2.x.
pub(crate) fn command_index(component: &Component) -> Option<ComponentExportIndex> {
    // Names match across 0.2.x as imports do.
    let (_, instance) = component.get_export(None, "wasi:cli/run@0.2.0")?;
    component.get_export_index(Some(&instance), "run")
}
