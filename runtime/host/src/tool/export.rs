//! The functions that a tool exports, found by what people write for their names.

use wasm_agent_values::{Function, Problem, Value, clip, near, to_wave};
use wasmtime::component::ComponentExportIndex;
use wasmtime::component::types::{ComponentFunc, ComponentItem};

use crate::error::LoadError;
use crate::tool::Tool;
use crate::tool::invoke::{Call, Invocation};
use crate::tool::lines::Lines;
use crate::tool::values;

/// Most exports that a hint names; the others are counted.
pub(crate) const SHOWN_MAX: usize = 50;

/// Most names that are compared with one that the tool does not export, and the longest of them, in bytes.
const NEAR_MAX: usize = 1_000;
const NEAR_BYTES_MAX: usize = 100;

/// Largest arguments of a call as the journal records them, in bytes. The first record has them, the policy and all
/// else that is known before the run, and a record has 16 MiB.
const ARGUMENTS_BYTES_MAX: usize = 12 << 20;

/// A function that a tool exports, and that can be called.
pub(crate) struct Export {
    name: String,
    index: ComponentExportIndex,
    pub(crate) function: Function,
}

impl Export {
    /// Its name for messages.
    pub(crate) fn shown(&self) -> String {
        clip(&self.name).into_owned()
    }

    /// A call with these arguments.
    pub(crate) fn call(&self, arguments: Result<Vec<Value>, Problem>) -> Result<Invocation, String> {
        let (name, parameters) = (self.shown(), &self.function.parameters);
        let expected = || format!("expected `{}`", self.function.parameter_list());
        let given = arguments.map_err(|problem| format!("arguments of `{name}`: {problem}; {}", expected()))?;
        let wave = given.iter().map(to_wave).collect::<Vec<_>>().join(", ");
        if wave.len() > ARGUMENTS_BYTES_MAX {
            let most = ARGUMENTS_BYTES_MAX >> 20;
            return Err(format!("arguments of `{name}` are {} bytes in the journal, more than {most} MiB", wave.len()));
        }
        let values = given.iter().zip(parameters).map(|(value, field)| values::to_engine(value, &field.ty));
        let values = values.collect::<Option<_>>().ok_or_else(|| format!("arguments of `{name}`: {}", expected()))?;
        Ok(Invocation::Call(Call { export: self.name.clone(), arguments: values, wave, index: self.index }))
    }
}

/// The name of an export: a function, or an interface and its function. The two are not joined until they have to be,
/// because a tool may export an interface of a thousand functions a thousand times.
#[derive(Clone, Copy)]
pub(crate) struct Name<'t>(&'t str, Option<&'t str>);

impl<'t> Name<'t> {
    fn is(self, name: &str) -> bool {
        match self.1 {
            Some(function) => name.strip_prefix(self.0).and_then(|rest| rest.strip_prefix('#')) == Some(function),
            None => name == self.0,
        }
    }

    /// Whether a shorter name means this: the function alone, or its interface without package, version or both.
    fn can_mean(self, name: &str) -> bool {
        let Some(function) = self.1 else { return false };
        let Some((interface, named)) = name.split_once('#') else { return name == function };
        named == function && self.interfaces().contains(&interface)
    }

    /// What its interface can be called: without package and version, without version, without package, all of it.
    fn interfaces(&self) -> [&str; 4] {
        let short = |name: &'t str| name.rsplit('/').next().unwrap_or_default();
        let without_version = self.0.split('@').next().unwrap_or_default();
        [short(without_version), without_version, short(self.0), self.0]
    }

    /// What can be written for it, if that is not long.
    fn forms(self) -> Vec<String> {
        match self.1 {
            Some(function) if self.0.len().saturating_add(function.len()) <= NEAR_BYTES_MAX => {
                let wholes = self.interfaces().map(|interface| format!("{interface}#{function}"));
                wholes.into_iter().chain([function.to_owned()]).collect()
            }
            None if self.0.len() <= NEAR_BYTES_MAX => vec![self.0.to_owned()],
            _ => Vec::new(),
        }
    }

    /// Whether it can't be called, as its name tells: it makes a resource or takes one.
    pub(crate) fn is_of_a_resource(self) -> bool {
        let function = self.1.unwrap_or(self.0);
        function.starts_with("[constructor]") || function.starts_with("[method]")
    }

    fn whole(self) -> String {
        self.1.map_or_else(|| self.0.to_owned(), |function| format!("{}#{function}", self.0))
    }

    /// Whether it is for a toolchain and not for callers.
    pub(crate) fn is_toolchains(self, ty: &ComponentFunc) -> bool {
        let Self(interface, Some(function)) = self else { return false };
        is_toolchains(Some(interface), function, ty.params().next().map(|(name, _)| name))
    }

    /// Whether a server would call it, for each request that it gets.
    pub(crate) fn is_servers(self) -> bool {
        self.0.starts_with("wasi:http/incoming-handler@")
    }

    pub(crate) fn quoted(self) -> String {
        self.1.map_or_else(|| format!("`{}`", clip(self.0)), |inner| format!("`{}#{}`", clip(self.0), clip(inner)))
    }
}

/// Whether an export is what a toolchain needs for itself: componentize-py calls `exports#init` once, when it builds a
/// tool, to start Python and to import the tool's module. Calling it again breaks the tool.
pub(crate) fn is_toolchains(interface: Option<&str>, function: &str, first_parameter: Option<&str>) -> bool {
    (interface, function, first_parameter) == (Some("exports"), "init", Some("app-name"))
}

/// Calls `see` for each function that a tool exports, those of its interfaces included.
pub(crate) fn each_export(tool: &Tool, mut see: impl FnMut(Name<'_>, ComponentExportIndex, ComponentFunc)) {
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

/// Finds an export that can be called, by its whole name or by a shorter one that means no other.
pub(crate) fn find(tool: &Tool, name: &str) -> Result<Export, LoadError> {
    let (mut shown, mut alike) = (Lines::new(SHOWN_MAX, usize::MAX), Lines::new(SHOWN_MAX, usize::MAX));
    let (mut whole, mut meant, mut count) = (None, None, 0_usize);
    // What can be written, and the export that it means.
    let mut forms: Vec<(String, String)> = Vec::new();
    each_export(tool, |export, index, ty| {
        if export.is_toolchains(&ty) {
            return;
        }
        if !export.is_of_a_resource() {
            shown.add(|| export.quoted());
        }
        if export.is(name) {
            whole = Some((export.whole(), index, ty));
        } else if export.can_mean(name) {
            count = count.saturating_add(1);
            alike.add(|| export.quoted());
            // Only the first match is kept: with a second one the name is ambiguous.
            if count == 1 {
                meant = Some((export.whole(), index, ty));
            }
        } else if forms.len() < NEAR_MAX {
            forms.extend(export.forms().into_iter().map(|form| (form, export.quoted())));
        }
    });
    let Some((whole, index, ty)) = whole.or(meant.filter(|_| count == 1)) else {
        let alike = (count > 1).then(|| (count, alike.done()));
        return Err(not_found(&tool.name, name, alike, &shown.done(), &forms));
    };
    let function = values::function(&ty).and_then(|function| function.callable().map(|()| function));
    match function {
        Ok(function) => Ok(Export { name: whole, index, function }),
        Err(problem) => Err(LoadError::Invocation {
            message: format!("`{}` can't be called: {problem}", clip(&whole)),
            hint: Some("`wasm-agent inspect` shows what can be called".to_owned()),
        }),
    }
}

/// Why a name finds no export: it means several (`alike`), or none of those that there are (`shown`). `forms` are names
/// that could have been meant.
fn not_found(
    tool: &str,
    name: &str,
    alike: Option<(usize, Vec<String>)>,
    shown: &[String],
    forms: &[(String, String)],
) -> LoadError {
    let asked = clip(name);
    if let Some((count, alike)) = alike {
        let message = format!("`{asked}` means {count} exports of `{tool}`");
        return LoadError::Invocation { message, hint: Some(format!("write one of {}", alike.join(", "))) };
    }
    let names = shown.join(", ");
    let similar = near(name, forms.iter().map(|(form, _)| form.as_str()));
    let similar = forms.iter().find(|(form, _)| similar == Some(form.as_str())).map(|(_, quoted)| quoted);
    let hint = match similar {
        _ if names.is_empty() => "it exports no functions".to_owned(),
        Some(similar) => format!("did you mean {similar}? it exports {names}"),
        None => format!("it exports {names}"),
    };
    let message = format!("`{tool}` does not export a function `{asked}`");
    LoadError::Invocation { message, hint: Some(hint) }
}

/// The export with this whole name, which a journal has. Whether it can be called was checked for the run.
pub(crate) fn locate(tool: &Tool, name: &str) -> Result<(ComponentExportIndex, ComponentFunc), LoadError> {
    let mut found = None;
    each_export(tool, |export, index, ty| {
        if export.is(name) {
            found = Some((index, ty));
        }
    });
    found.ok_or_else(|| LoadError::Invocation {
        message: format!("`{}` does not export the recorded function `{}`", tool.name, clip(name)),
        hint: None,
    })
}
