//! Features of WebAssembly that this host does not run, found before anything is compiled.

use wasmparser::{BinaryReaderError, CompositeInnerType, Payload, TypeRef};

/// A feature that a tool needs and this host does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    /// How a tool is built without it.
    pub(crate) advice: &'static str,
}

const EXCEPTIONS: Feature = Feature {
    name: "exceptions (the exception-handling proposal)",
    advice: "build it without: C++ with `-fno-exceptions`; C without `setjmp` and `longjmp`; Rust with \
             `panic = \"abort\"`",
};

const GC: Feature = Feature {
    name: "garbage-collected types (the GC proposal)",
    advice: "compilers of Java, Kotlin, Dart, Scheme and the like need it; build the tool in another language",
};

const MEMORY64: Feature =
    Feature { name: "memory of 64-bit addresses (memory64)", advice: "build it for `wasm32`, not `wasm64`" };

const SHARED: Feature = Feature {
    name: "shared memory (threads)",
    advice: "a tool has one thread; build it without `-pthread`, for `wasm32-wasip1` or `wasm32-wasip2`",
};

const RELAXED: Feature = Feature {
    name: "vector instructions whose results differ between processors (relaxed SIMD)",
    advice: "build it without: C with `-mno-relaxed-simd`, Rust with `-C target-feature=-relaxed-simd`",
};

const ASYNC: Feature = Feature {
    name: "asynchronous functions of components (WASI 0.3)",
    advice: "build it for WASI 0.2, with functions that are not `async`",
};

/// Features that show in instructions alone, by the words with which the compiler refuses them.
const REFUSED: [(&str, Feature); 9] = [
    ("relaxed SIMD", RELAXED),
    ("relaxed_simd", RELAXED),
    ("exceptions", EXCEPTIONS),
    ("threads", SHARED),
    ("component model async", ASYNC),
    ("gc support", GC),
    ("gc proposal", GC),
    ("gc types", GC),
    ("memory64", MEMORY64),
];

/// The feature for which the compiler refused a tool; `None` if it refused it for something else.
pub(crate) fn refused(message: &str) -> Option<Feature> {
    let refused =
        ["not enabled", "must be enabled", "disallowed", "feature required", "requires the component model async"];
    let refused = refused.iter().any(|words| message.contains(words));
    let named = REFUSED.iter().find(|(word, _)| refused && message.contains(word));
    named.map(|(_, feature)| *feature)
}

/// A feature that a part of a tool shows; `None` if it shows none. The parts of a tool are those that its sections
/// declare; instructions are left to the compiler.
pub(crate) fn find(payload: &Payload<'_>) -> Result<Option<Feature>, BinaryReaderError> {
    match payload {
        Payload::TagSection(section) if section.count() > 0 => return Ok(Some(EXCEPTIONS)),
        Payload::TypeSection(section) => {
            for group in section.clone() {
                let collected = |inner: &CompositeInnerType| {
                    matches!(inner, CompositeInnerType::Array(_) | CompositeInnerType::Struct(_))
                };
                if group?.types().any(|ty| collected(&ty.composite_type.inner)) {
                    return Ok(Some(GC));
                }
            }
        }
        Payload::ImportSection(section) => {
            for import in section.clone().into_imports() {
                match import?.ty {
                    TypeRef::Tag(_) => return Ok(Some(EXCEPTIONS)),
                    TypeRef::Memory(memory) => {
                        if let Some(found) = of_memory(memory) {
                            return Ok(Some(found));
                        }
                    }
                    _ => {}
                }
            }
        }
        Payload::MemorySection(section) => {
            for memory in section.clone() {
                if let Some(found) = of_memory(memory?) {
                    return Ok(Some(found));
                }
            }
        }
        _ => {}
    }
    Ok(None)
}

fn of_memory(memory: wasmparser::MemoryType) -> Option<Feature> {
    if memory.memory64 {
        return Some(MEMORY64);
    }
    memory.shared.then_some(SHARED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<Feature> {
        let bytes = wat::parse_str(text).unwrap();
        wasmparser::Parser::new(0).parse_all(&bytes).find_map(|payload| find(&payload.unwrap()).unwrap())
    }

    #[test]
    fn a_feature_of_instructions_is_named_by_the_compiler() {
        use crate::engine::compile::{Compiler, Task};
        use crate::engine::{Build, Engine};
        use crate::error::LoadError;

        let engine = Engine::new(Compiler::in_process()).unwrap();
        let relaxed = "(func (param v128 v128) (result v128) local.get 0 local.get 1 i8x16.relaxed_swizzle)";
        for (body, feature) in [
            (relaxed, Some(RELAXED)),
            ("(func try catch_all end)", Some(EXCEPTIONS)),
            ("(func atomic.fence)", Some(SHARED)),
            ("(type (sub (func)))", Some(GC)),
            ("(type $t (func)) (func (param funcref) (drop (ref.cast (ref $t) (local.get 0))))", Some(GC)),
            ("(func (result anyref) (any.convert_extern (ref.null extern)))", Some(GC)),
            ("(func (result i32) i64.const 0)", None),
        ] {
            let bytes = wat::parse_str(format!("(component (core module {body}))")).unwrap();
            let task = Task::Code(Build::Single);
            let error = engine.compiler().make(&engine, task, std::path::Path::new("a.wasm"), &bytes).unwrap_err();
            let found = if let LoadError::Feature { name, .. } = error { Some(name) } else { None };
            assert_eq!(found, feature.map(|feature| feature.name), "{body}: {error}");
        }
    }

    #[test]
    fn a_feature_shows_in_the_sections() {
        for (text, feature) in [
            ("(module (tag $t) (func (throw $t)))", Some(EXCEPTIONS)),
            (r#"(module (import "env" "__cpp_exception" (tag (param i32))))"#, Some(EXCEPTIONS)),
            ("(component (core module (tag)))", Some(EXCEPTIONS)),
            ("(module (type (struct (field i32))))", Some(GC)),
            ("(module (rec (type (array i8)) (type (func))))", Some(GC)),
            ("(module (memory i64 1))", Some(MEMORY64)),
            ("(module (memory 1 2 shared))", Some(SHARED)),
            (r#"(module (import "env" "memory" (memory 1 2 shared)))"#, Some(SHARED)),
            ("(module (type (func (param i32))) (memory 1) (table 1 funcref))", None),
        ] {
            assert_eq!(found(text), feature, "{text}");
        }
    }
}
