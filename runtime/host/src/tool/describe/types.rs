//! Types of a file as WIT writes them.

use wasmparser::PrimitiveValType;
use wasmparser::component_types::{ComponentDefinedType, ComponentFuncTypeId, ComponentValType};
use wasmparser::types::TypesRef;

use crate::tool::lines::{CUT, clip};

/// Longest line for a function, in bytes. A few nested types can be millions of bytes when written out.
const LINE_BYTES_MAX: usize = 4 << 10;

/// A function's line: `search: func(root: string) -> list<string>`.
pub(super) fn function(types: TypesRef<'_>, name: &str, function: ComponentFuncTypeId) -> String {
    let Some(function) = types.get(function) else { return format!("{name}: func") };
    let mut line = Line { types, text: format!("{name}: func(") };
    line.listed(&function.params, |line, (name, ty)| line.field(name.as_str(), ty));
    line.text.push(')');
    if let Some(result) = &function.result {
        line.text.push_str(" -> ");
        line.value(result);
    }
    line.text
}

struct Line<'t> {
    types: TypesRef<'t>,
    text: String,
}

impl Line<'_> {
    /// Writes items with commas between them, up to the longest line.
    fn listed<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            if self.text.len() > LINE_BYTES_MAX {
                self.text.push_str(CUT);
                return;
            }
            write(self, item);
        }
    }

    fn field(&mut self, name: &str, ty: &ComponentValType) {
        self.text.push_str(&clip(name));
        self.text.push_str(": ");
        self.value(ty);
    }

    fn value(&mut self, ty: &ComponentValType) {
        match ty {
            ComponentValType::Primitive(primitive) => self.text.push_str(primitive_name(*primitive)),
            // Each level adds to the line before it goes deeper, so this also limits the depth.
            ComponentValType::Type(_) if self.text.len() > LINE_BYTES_MAX => self.text.push_str(CUT),
            ComponentValType::Type(id) => match self.types.get(*id) {
                Some(defined) => self.defined(defined),
                None => self.text.push('_'),
            },
        }
    }

    fn maybe(&mut self, ty: Option<&ComponentValType>) {
        match ty {
            Some(ty) => self.value(ty),
            None => self.text.push('_'),
        }
    }

    fn inside(&mut self, before: &str, write: impl FnOnce(&mut Self), after: &str) {
        self.text.push_str(before);
        write(self);
        self.text.push_str(after);
    }

    fn defined(&mut self, ty: &ComponentDefinedType) {
        use ComponentDefinedType as Ty;
        match ty {
            Ty::Primitive(primitive) => self.text.push_str(primitive_name(*primitive)),
            Ty::List { element, .. } => self.inside("list<", |line| line.value(element), ">"),
            Ty::Option { ty, .. } => self.inside("option<", |line| line.value(ty), ">"),
            Ty::Result { ok, err, .. } => {
                let both = |line: &mut Self| {
                    line.maybe(ok.as_ref());
                    line.text.push_str(", ");
                    line.maybe(err.as_ref());
                };
                self.inside("result<", both, ">");
            }
            Ty::Tuple(tuple) => {
                self.inside("tuple<", |line| line.listed(&tuple.types, |line, ty| line.value(ty)), ">");
            }
            Ty::Record(record) => {
                let fields =
                    |line: &mut Self| line.listed(&record.fields, |line, (name, ty)| line.field(name.as_str(), ty));
                self.inside("record { ", fields, " }");
            }
            Ty::Enum(names) => self.names("enum { ", names.iter().map(|name| name.as_str())),
            Ty::Flags(names) => self.names("flags { ", names.iter().map(|name| name.as_str())),
            Ty::Variant(variant) => {
                let cases = |line: &mut Self| {
                    line.listed(&variant.cases, |line, (name, case)| {
                        line.text.push_str(&clip(name.as_str()));
                        if let Some(ty) = &case.ty {
                            line.inside("(", |line| line.value(ty), ")");
                        }
                    });
                };
                self.inside("variant { ", cases, " }");
            }
            _ => self.text.push_str("a resource"),
        }
    }

    fn names<'n>(&mut self, before: &str, names: impl Iterator<Item = &'n str>) {
        self.inside(before, |line| line.listed(names, |line, name| line.text.push_str(&clip(name))), " }");
    }
}

fn primitive_name(ty: PrimitiveValType) -> &'static str {
    match ty {
        PrimitiveValType::Bool => "bool",
        PrimitiveValType::S8 => "s8",
        PrimitiveValType::U8 => "u8",
        PrimitiveValType::S16 => "s16",
        PrimitiveValType::U16 => "u16",
        PrimitiveValType::S32 => "s32",
        PrimitiveValType::U32 => "u32",
        PrimitiveValType::S64 => "s64",
        PrimitiveValType::U64 => "u64",
        PrimitiveValType::F32 => "f32",
        PrimitiveValType::F64 => "f64",
        PrimitiveValType::Char => "char",
        PrimitiveValType::String => "string",
        _ => "a resource",
    }
}
