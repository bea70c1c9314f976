//! Names of host functions, given once per place in the code and once per journal.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A host function: its name as components import it, and its parameters.
#[derive(Debug)]
pub(crate) struct Function {
    name: &'static str,
    parameters: &'static [&'static str],
    index: OnceLock<usize>,
}

impl Function {
    pub(crate) const fn new(name: &'static str, parameters: &'static [&'static str]) -> Self {
        Self { name, parameters, index: OnceLock::new() }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn parameters(&self) -> &'static [&'static str] {
        self.parameters
    }

    /// The number of parameters.
    pub(crate) fn arity(&self) -> u64 {
        u64::try_from(self.parameters.len()).unwrap_or(u64::MAX)
    }

    /// A small number that is this function's for as long as the process lives.
    pub(crate) fn index(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        *self.index.get_or_init(|| NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
