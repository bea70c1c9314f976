//! Leaves out of a module what its exports do not reach: a component then imports only the functions that it can call.

use std::collections::BTreeSet;
use std::convert::Infallible;

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, CustomSection, Function, Import, ImportSection, Imports, Instruction, Module};
use wasmparser::{CodeSectionReader, FunctionBody, ImportSectionReader, Parser, Payload, TypeRef};

/// The module without imports that nothing exported reaches. Functions that are not reached trap and keep their index.
pub(super) fn trim(module: &[u8]) -> Result<Vec<u8>, Error<Infallible>> {
    let (imported, reached) = reached(module)?;
    let mut trimmed = Module::new();
    Trim { imported, reached }.parse_core_module(&mut trimmed, Parser::new(0), module)?;
    Ok(trimmed.finish())
}

/// The number of functions that a module imports, and the indices of all functions that it can call.
fn reached(module: &[u8]) -> Result<(u32, BTreeSet<u32>), Error<Infallible>> {
    let mut imported = 0;
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(is_function(import?.ty));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }
    let mut named = Named::default();
    named.parse_core_module(&mut Module::new(), Parser::new(0), module)?;
    let mut reached = BTreeSet::new();
    while let Some(function) = named.functions.pop_first() {
        let is_new = reached.insert(function);
        let body = function.checked_sub(imported).and_then(|index| bodies.get(usize::try_from(index).ok()?));
        if let Some(body) = body
            && is_new
        {
            named.parse_function_body(&mut CodeSection::new(), body.clone())?;
        }
    }
    Ok((imported, reached))
}

fn is_function(import: TypeRef) -> bool {
    matches!(import, TypeRef::Func(_) | TypeRef::FuncExact(_))
}

/// Collects the functions that a module names in its exports, tables and globals, and those that a body names.
#[derive(Default)]
struct Named {
    functions: BTreeSet<u32>,
}

impl Reencode for Named {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        self.functions.insert(function);
        Ok(function)
    }

    /// Bodies are looked at one by one, once they are reached.
    fn parse_code_section(&mut self, _: &mut CodeSection, _: CodeSectionReader<'_>) -> Result<(), Error<Infallible>> {
        Ok(())
    }

    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}

struct Trim {
    imported: u32,
    reached: BTreeSet<u32>,
}

impl Reencode for Trim {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        let imports_before = u32::try_from(self.reached.range(..function.min(self.imported)).count());
        let imports_before = imports_before.unwrap_or(u32::MAX);
        Ok(function.saturating_sub(self.imported).saturating_add(imports_before))
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let mut function = 0;
        for import in section.into_imports() {
            let import = import?;
            let is_left_out = is_function(import.ty) && !self.reached.contains(&function);
            function += u32::from(is_function(import.ty));
            if !is_left_out {
                let ty = self.entity_type(import.ty)?;
                imports.imports(Imports::Single(Import { module: import.module, name: import.name, ty }));
            }
        }
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error<Infallible>> {
        if self.reached.contains(&self.imported.saturating_add(code.len())) {
            return wasm_encoder::reencode::utils::parse_function_body(self, code, body);
        }
        let mut trap = Function::new([]);
        trap.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
        code.function(&trap);
        Ok(())
    }

    /// All but the names, which belong to the indices from before.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        if section.name() != "name" {
            module.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_exports_reach_is_imported() {
        let module = wat::parse_str(
            r#"(module
                (import "a" "unused" (func $unused))
                (import "a" "called" (func $called))
                (import "a" "memory" (memory 1))
                (import "a" "in-a-table" (func $in_table))
                (import "a" "unused-too" (func $unused_too))
                (table 1 funcref)
                (elem (i32.const 0) func $in_table)
                (func $dead (call $unused) (call $unused_too))
                (func $inner (call $called))
                (func (export "run") (call $inner)))"#,
        )
        .unwrap();
        let trimmed = trim(&module).unwrap();
        wasmparser::validate(&trimmed).unwrap();
        let mut names = Vec::new();
        for payload in Parser::new(0).parse_all(&trimmed) {
            if let Payload::ImportSection(section) = payload.unwrap() {
                names.extend(section.into_imports().map(|import| import.unwrap().name.to_owned()));
            }
        }
        assert_eq!(names, ["called", "memory", "in-a-table"]);
    }
}
