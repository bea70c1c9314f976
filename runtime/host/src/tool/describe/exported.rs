//! Functions that a tool exports, as its file has them.

use wasm_agent_values::{Function, NotCallable, clip};

use crate::tool::export::is_toolchains;

/// The functions that a tool exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exports {
    pub(super) listed: Vec<Exported>,
    pub(super) more: usize,
}

/// A function that a tool exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    pub(super) interface: Option<String>,
    pub(super) name: String,
    pub(super) function: Result<Function, NotCallable>,
    pub(super) docs: Option<String>,
}

impl Exports {
    /// The functions in the order of the file; with more than 10,000, or very long names, only the first ones. What a
    /// toolchain needs for itself is left out.
    pub fn iter(&self) -> impl Iterator<Item = &Exported> {
        self.listed.iter().filter(|export| !export.is_toolchains())
    }

    /// How many functions are not listed.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// The functions that a toolchain needs for itself, such as `exports#init`, by which componentize-py starts Python
    /// once, when it builds the tool. They are not for callers.
    pub fn of_the_toolchain(&self) -> impl Iterator<Item = &Exported> {
        self.listed.iter().filter(|export| export.is_toolchains())
    }
}

impl Exported {
    fn is_toolchains(&self) -> bool {
        let first = self.function.as_ref().ok().and_then(|function| function.parameters.first());
        is_toolchains(self.interface.as_deref(), &self.name, first.map(|first| &*first.name))
    }

    /// Its whole name, by which `--call` finds it: `search`, or `acme:shop/cart@1.2.0#add`.
    #[must_use]
    pub fn name(&self) -> String {
        self.interface.as_ref().map_or_else(|| self.name.clone(), |interface| format!("{interface}#{}", self.name))
    }

    /// Its name for showing, cut if it is very long.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.interface {
            Some(interface) => format!("{}#{}", clip(interface), clip(&self.name)),
            None => clip(&self.name).into_owned(),
        }
    }

    /// Its type, if it can be called.
    ///
    /// # Errors
    ///
    /// If it can't be called, the reason.
    pub fn callable(&self) -> Result<&Function, NotCallable> {
        let function = self.function.as_ref().map_err(|problem| *problem)?;
        function.callable().map(|()| function)
    }

    /// Its type as WIT writes it, cut if it is very long: `func(root: string) -> list<string>`.
    #[must_use]
    pub fn signature(&self) -> String {
        self.function.as_ref().map_or_else(|_| "func".to_owned(), Function::signature)
    }

    /// What its WIT says about it, if the file has it.
    #[must_use]
    pub fn docs(&self) -> Option<&str> {
        self.docs.as_deref()
    }

    /// A call in WAVE syntax, as an example. `None` if it can't be called, or if the call would be very long.
    #[must_use]
    pub fn example(&self) -> Option<String> {
        let arguments = self.callable().ok()?.example()?;
        let name = self.name();
        (name == self.shown()).then(|| name + &arguments)
    }
}
