//! The functions that the gate has, by the table made from WIT.

pub(crate) use wasm_agent_calls::Function;

/// The function of a key, for constants. One that WIT does not have, or with another number of parameters, does not
/// compile.
#[expect(clippy::panic, reason = "in a constant it is the compiler that panics")]
pub(crate) const fn function(key: &str, parameters: usize) -> &'static Function {
    let function = wasm_agent_calls::named(key);
    if function.parameters.len() != parameters {
        panic!("WIT has other parameters");
    }
    function
}

/// The same for a function that wasmtime-wasi answers by itself. One that looks at the world by a name or changes it
/// does not compile: it has to say how it goes through the gate.
#[expect(clippy::panic, reason = "in a constant it is the compiler that panics")]
pub(crate) const fn unchecked(key: &str) -> &'static Function {
    let function = wasm_agent_calls::named(key);
    if function.class.is_checked() {
        panic!("a look or an effect goes through the gate: `via` is for calls on handles and for pure ones");
    }
    function
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_agent_calls::{Class, FUNCTIONS};

    /// In a constant, as the macro has it, each of these panics is an error of the compiler.
    #[test]
    fn what_is_checked_has_no_short_form() {
        for function in &FUNCTIONS {
            let short = std::panic::catch_unwind(|| unchecked(function.key));
            assert_eq!(short.is_ok(), matches!(function.class, Class::Pure | Class::Handle), "{}", function.key);
        }
        assert!(
            std::panic::catch_unwind(|| unchecked("wasi:filesystem/types#[method]descriptor.unlink-file-at")).is_err()
        );
        assert!(std::panic::catch_unwind(|| function("wasi:filesystem/types#[method]descriptor.erase", 1)).is_err());
        assert!(std::panic::catch_unwind(|| function("wasi:clocks/wall-clock#now", 1)).is_err());
    }
}
