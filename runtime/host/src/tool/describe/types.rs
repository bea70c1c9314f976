//! Types of a file, as a table. It is made in the compiler process, because reading types is what can take memory.

use std::collections::HashMap;

use wasm_agent_values::{DEPTH_MAX, Entry, Index, Integer, NotCallable, Signature};
use wasmparser::PrimitiveValType;
use wasmparser::component_types::{
    ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncTypeId, ComponentValType,
};
use wasmparser::types::TypesRef;

use super::docs::{Docs, TypeName};

/// Most types of all functions, and most bytes of the names in them, and of the documentation. A tool with more is
/// described without the types of some functions, or without a part of the documentation.
const ENTRIES_MAX: usize = 20_000;
const NAMES_BYTES_MAX: usize = 1 << 20;

/// Types, each of which consists of earlier ones.
pub(super) struct Types<'t> {
    types: TypesRef<'t>,
    docs: &'t Docs,
    entries: Vec<Entry>,
    found: HashMap<ComponentDefinedTypeId, Index>,
    /// Of which there are some fifteen.
    primitives: Vec<(PrimitiveValType, Index)>,
    names_bytes: usize,
    docs_bytes_left: usize,
    named: HashMap<ComponentDefinedTypeId, TypeName<'t>>,
}

impl<'t> Types<'t> {
    pub(super) fn new(types: TypesRef<'t>, docs: &'t Docs) -> Self {
        Self {
            types,
            docs,
            entries: Vec::new(),
            found: HashMap::new(),
            primitives: Vec::new(),
            names_bytes: 0,
            docs_bytes_left: NAMES_BYTES_MAX,
            named: HashMap::new(),
        }
    }

    /// The name of a type, by which its documentation is found.
    pub(super) fn name(&mut self, ty: ComponentDefinedTypeId, name: TypeName<'t>) {
        self.named.entry(ty).or_insert(name);
    }

    /// The whole table.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// The type of a function.
    ///
    /// # Errors
    ///
    /// When its types are nested too deep, or there are too many already.
    pub(super) fn function(&mut self, function: ComponentFuncTypeId) -> Result<Signature, NotCallable> {
        let types = self.types;
        let function = types.get(function).ok_or(NotCallable::Handle)?;
        let parameter = |(name, ty): &(_, _)| self.field(name, ty, DEPTH_MAX);
        let parameters = function.params.iter().map(parameter).collect::<Result<_, _>>()?;
        let result = function.result.as_ref().map(|ty| self.value(ty, DEPTH_MAX)).transpose()?;
        Ok(Signature { parameters, result })
    }

    fn field(
        &mut self,
        name: &wasmparser::names::KebabString,
        ty: &ComponentValType,
        depth: usize,
    ) -> Result<(String, Index), NotCallable> {
        Ok((self.text(name.as_str())?, self.value(ty, depth)?))
    }

    /// Takes a name, up to a number of bytes.
    fn text(&mut self, name: &str) -> Result<String, NotCallable> {
        self.names_bytes = self.names_bytes.saturating_add(name.len());
        if self.names_bytes > NAMES_BYTES_MAX { Err(NotCallable::Large) } else { Ok(name.to_owned()) }
    }

    fn add(&mut self, entry: Entry) -> Result<Index, NotCallable> {
        if self.entries.len() >= ENTRIES_MAX {
            return Err(NotCallable::Large);
        }
        let index = Index::try_from(self.entries.len()).map_err(|_| NotCallable::Large)?;
        self.entries.push(entry);
        Ok(index)
    }

    fn value(&mut self, ty: &ComponentValType, depth: usize) -> Result<Index, NotCallable> {
        match ty {
            ComponentValType::Primitive(primitive) => self.primitive(*primitive),
            ComponentValType::Type(id) => {
                if let Some(index) = self.found.get(id) {
                    return Ok(*index);
                }
                let depth = depth.checked_sub(1).ok_or(NotCallable::Deep)?;
                let types = self.types;
                let entry = match types.get(*id) {
                    Some(ComponentDefinedType::Primitive(primitive)) => return self.primitive(*primitive),
                    Some(defined) => self.defined(*id, defined, depth)?,
                    None => Entry::Handle,
                };
                let index = self.add(entry)?;
                self.found.insert(*id, index);
                Ok(index)
            }
        }
    }

    fn primitive(&mut self, ty: PrimitiveValType) -> Result<Index, NotCallable> {
        if let Some((_, index)) = self.primitives.iter().find(|(known, _)| *known == ty) {
            return Ok(*index);
        }
        let index = self.add(match ty {
            PrimitiveValType::Bool => Entry::Bool,
            PrimitiveValType::S8 => Entry::Integer(Integer::S8),
            PrimitiveValType::U8 => Entry::Integer(Integer::U8),
            PrimitiveValType::S16 => Entry::Integer(Integer::S16),
            PrimitiveValType::U16 => Entry::Integer(Integer::U16),
            PrimitiveValType::S32 => Entry::Integer(Integer::S32),
            PrimitiveValType::U32 => Entry::Integer(Integer::U32),
            PrimitiveValType::S64 => Entry::Integer(Integer::S64),
            PrimitiveValType::U64 => Entry::Integer(Integer::U64),
            PrimitiveValType::F32 => Entry::F32,
            PrimitiveValType::F64 => Entry::F64,
            PrimitiveValType::Char => Entry::Char,
            PrimitiveValType::String => Entry::String,
            _ => Entry::Handle,
        })?;
        self.primitives.push((ty, index));
        Ok(index)
    }

    fn maybe(&mut self, ty: Option<&ComponentValType>, depth: usize) -> Result<Option<Index>, NotCallable> {
        ty.map(|ty| self.value(ty, depth)).transpose()
    }

    /// What the documentation says about an item of a type, up to a number of bytes for the whole tool.
    fn described(&mut self, id: ComponentDefinedTypeId, item: &str) -> Option<String> {
        let docs = self.docs.item(*self.named.get(&id)?, item)?;
        self.docs_bytes_left = self.docs_bytes_left.checked_sub(docs.len())?;
        Some(docs)
    }

    fn defined(
        &mut self,
        id: ComponentDefinedTypeId,
        ty: &ComponentDefinedType,
        depth: usize,
    ) -> Result<Entry, NotCallable> {
        use ComponentDefinedType as Ty;
        Ok(match ty {
            Ty::List { element, .. } => Entry::List(self.value(element, depth)?),
            Ty::Option { ty, .. } => Entry::Option(self.value(ty, depth)?),
            Ty::Result { ok, err, .. } => {
                Entry::Result(self.maybe(ok.as_ref(), depth)?, self.maybe(err.as_ref(), depth)?)
            }
            Ty::Tuple(tuple) => {
                Entry::Tuple(tuple.types.iter().map(|ty| self.value(ty, depth)).collect::<Result<_, _>>()?)
            }
            Ty::Record(record) => {
                let each = record.fields.iter().map(|(name, ty)| {
                    let (text, ty) = self.field(name, ty, depth)?;
                    Ok((text, ty, self.described(id, name.as_str())))
                });
                Entry::Record(each.collect::<Result<_, _>>()?)
            }
            Ty::Variant(variant) => {
                let each = variant.cases.iter().map(|(name, case)| {
                    let text = self.text(name.as_str())?;
                    Ok((text, self.maybe(case.ty.as_ref(), depth)?, self.described(id, name.as_str())))
                });
                Entry::Variant(each.collect::<Result<_, _>>()?)
            }
            Ty::Enum(names) => {
                Entry::Enum(names.iter().map(|name| self.text(name.as_str())).collect::<Result<_, _>>()?)
            }
            Ty::Flags(names) => {
                Entry::Flags(names.iter().map(|name| self.text(name.as_str())).collect::<Result<_, _>>()?)
            }
            _ => Entry::Handle,
        })
    }
}
