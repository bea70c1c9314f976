//! Which WIT function a method implements. It is looked up at compile time in the table made from WIT.
//!
//! `bindgen!` names traits and methods after WIT: `descriptor.open-at` is `HostDescriptor::open_at`, a free function is
//! a method of `Host`, a constructor is `new`, and dropping a handle is `drop`.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "in a constant it is the compiler that panics")]

pub(crate) use wasm_agent_calls::Function;

/// The function that a method implements, for constants. A method that WIT does not have, or with another number of
/// parameters, does not compile.
pub(crate) const fn function(interface: &str, implemented: &str, method: &str, parameters: usize) -> &'static Function {
    let mut index = 0;
    while index < wasm_agent_calls::FUNCTIONS.len() {
        let function = &wasm_agent_calls::FUNCTIONS[index];
        if is_same(function.interface, interface) && is_named(function.name, implemented, method) {
            if function.parameters.len() != parameters {
                panic!("WIT has other parameters");
            }
            return function;
        }
        index += 1;
    }
    panic!("WIT has no such function")
}

/// Refuses to compile a look or an effect that wasmtime-wasi would perform without asking: such a method must say how
/// it goes through the gate.
pub(crate) const fn unchecked(interface: &str, implemented: &str, method: &str) {
    let mut index = 0;
    while index < wasm_agent_calls::FUNCTIONS.len() {
        let function = &wasm_agent_calls::FUNCTIONS[index];
        let is_it = is_same(function.interface, interface) && is_named(function.name, implemented, method);
        if is_it && function.class.is_checked() {
            panic!("a look or an effect goes through the gate: `via` is for calls on handles and for pure ones");
        }
        index += 1;
    }
}

/// Whether a method of a trait implements a function with this name in WIT.
const fn is_named(name: &str, implemented: &str, method: &str) -> bool {
    let name = name.as_bytes();
    match name {
        [b'[', b'r', ..] => is_host_of(implemented, after(name, b']')) && is_same(method, "drop"),
        [b'[', b'c', ..] => is_host_of(implemented, after(name, b']')) && is_same(method, "new"),
        [b'[', ..] => {
            let whole = after(name, b']');
            is_host_of(implemented, before(whole, b'.')) && is_snake_of(method, after(whole, b'.'))
        }
        _ => is_host_of(implemented, &[]) && is_snake_of(method, name),
    }
}

/// Whether a path ends in a resource's trait: `Host` and the resource's name in upper camel case. The trait of free
/// functions is `Host` alone.
const fn is_host_of(implemented: &str, resource: &[u8]) -> bool {
    let implemented = implemented.as_bytes();
    let (mut end, mut left) = (implemented.len(), resource.len());
    while left > 0 {
        left -= 1;
        if resource[left] == b'-' {
            continue;
        }
        let starts_word = left == 0 || resource[left - 1] == b'-';
        let expected = if starts_word { resource[left].to_ascii_uppercase() } else { resource[left] };
        if end == 0 || implemented[end - 1] != expected {
            return false;
        }
        end -= 1;
    }
    let (start, _) = implemented.split_at(end);
    matches!(start, [.., b':' | b' ', b'H', b'o', b's', b't'] | [b'H', b'o', b's', b't'])
}

const fn is_snake_of(method: &str, name: &[u8]) -> bool {
    let method = method.as_bytes();
    let mut index = 0;
    while index < name.len() && index < method.len() {
        let expected = if name[index] == b'-' { b'_' } else { name[index] };
        if method[index] != expected {
            return false;
        }
        index += 1;
    }
    name.len() == method.len()
}

const fn is_same(one: &str, other: &str) -> bool {
    is_same_bytes(one.as_bytes(), other.as_bytes())
}

const fn is_same_bytes(one: &[u8], other: &[u8]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    one.len() == other.len()
}

const fn find(text: &[u8], byte: u8) -> usize {
    let mut index = 0;
    while index < text.len() && text[index] != byte {
        index += 1;
    }
    index
}

/// The part before the first such byte.
const fn before(text: &[u8], byte: u8) -> &[u8] {
    text.split_at(find(text, byte)).0
}

/// The part after the first such byte.
const fn after(text: &[u8], byte: u8) -> &[u8] {
    let (_, rest) = text.split_at(find(text, byte));
    match rest {
        [_, rest @ ..] => rest,
        [] => rest,
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;
    use wasm_agent_calls::named;

    const FILES: &str = "wasi:filesystem/types";

    #[test]
    fn a_method_is_the_function_that_bindgen_named_it_after() {
        for (interface, implemented, method, parameters, key) in [
            (FILES, "types::HostDescriptor", "open_at", 5, "[method]descriptor.open-at"),
            (FILES, "types :: HostDescriptor", "drop", 1, "[resource-drop]descriptor"),
            (FILES, "HostDirectoryEntryStream", "drop", 1, "[resource-drop]directory-entry-stream"),
            (FILES, "types::Host", "filesystem_error_code", 1, "filesystem-error-code"),
            ("wasi:clocks/wall-clock", "wall_clock::Host", "now", 0, "now"),
            ("wasi:http/types", "types::HostFields", "new", 0, "[constructor]fields"),
            ("wasi:http/types", "types::HostFields", "from_list", 1, "[static]fields.from-list"),
        ] {
            let expected = named(&format!("{interface}#{key}"));
            assert_eq!(function(interface, implemented, method, parameters), expected);
        }
    }

    /// In a constant, as in the macro, each of these panics is a compile error.
    #[test]
    fn a_method_without_a_function_in_wit_is_refused() {
        for (implemented, method, parameters) in [
            ("types::HostDescriptor", "erase", 1),
            ("types::HostDescriptor", "open_at", 4),
            ("types::HostDirectoryEntryStream", "open_at", 5),
            ("types::Host", "open_at", 5),
            ("types::HostStream", "drop", 1),
        ] {
            assert!(catch_unwind(|| function(FILES, implemented, method, parameters)).is_err(), "{method}");
        }
        assert!(catch_unwind(|| function("wasi:clocks/wall-clock", "types::HostDescriptor", "stat", 1)).is_err());
    }

    #[test]
    fn looks_and_effects_have_no_short_form() {
        let short = |method| catch_unwind(|| unchecked(FILES, "types::HostDescriptor", method)).is_ok();
        assert!(short("write") && short("stat") && short("drop"));
        assert!(!short("stat_at") && !short("unlink_file_at") && !short("open_at"));
    }
}
