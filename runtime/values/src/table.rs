//! Types as a table, in which each refers to earlier ones: the form in which they go from one process to another. Types
//! that share parts take no more room than their parts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ty::{Case, Field, Function, Integer, Type};

/// Where in a table a type is. A number beyond the table is refused where the table is read.
pub type Index = u32;

/// A type, with the numbers of the types that it consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// [`Type::Bool`]
    Bool,
    /// [`Type::Integer`]
    Integer(Integer),
    /// [`Type::F32`]
    F32,
    /// [`Type::F64`]
    F64,
    /// [`Type::Char`]
    Char,
    /// [`Type::String`]
    String,
    /// [`Type::List`]
    List(Index),
    /// [`Type::Record`]: names, types and documentation of fields.
    Record(Vec<(String, Index, Option<String>)>),
    /// [`Type::Tuple`]
    Tuple(Vec<Index>),
    /// [`Type::Variant`]: names of cases, types of those that have a value, and documentation.
    Variant(Vec<(String, Option<Index>, Option<String>)>),
    /// [`Type::Enum`]
    Enum(Vec<String>),
    /// [`Type::Flags`]
    Flags(Vec<String>),
    /// [`Type::Option`]
    Option(Index),
    /// [`Type::Result`]: the types of a success and of an error.
    Result(Option<Index>, Option<Index>),
    /// [`Type::Handle`]
    Handle,
}

/// A function's type by the numbers of its types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Names and types of the parameters.
    pub parameters: Vec<(String, Index)>,
    /// The type of the result.
    pub result: Option<Index>,
}

/// Types, each of which consists of earlier ones.
#[derive(Debug, Default)]
pub struct Table(Vec<Type>);

impl Table {
    /// Reads a table; `None` if an entry refers to itself or to a later one.
    #[must_use]
    pub fn read(entries: Vec<Entry>) -> Option<Self> {
        let mut table = Self(Vec::with_capacity(entries.len()));
        for entry in entries {
            let ty = table.entry(entry)?;
            table.0.push(ty);
        }
        Some(table)
    }

    /// The function with these types; `None` if the table does not have one of them.
    #[must_use]
    pub fn function(&self, signature: Signature) -> Option<Function> {
        let result = self.maybe(signature.result)?;
        let field = |(name, ty): (String, Index)| Some(Field { name: name.into(), ty: self.ty(ty)?, docs: None });
        Some(Function { parameters: signature.parameters.into_iter().map(field).collect::<Option<_>>()?, result })
    }

    fn ty(&self, index: Index) -> Option<Type> {
        self.0.get(usize::try_from(index).ok()?).cloned()
    }

    fn shared(&self, index: Index) -> Option<Arc<Type>> {
        self.ty(index).map(Arc::new)
    }

    fn maybe(&self, index: Option<Index>) -> Option<Option<Type>> {
        index.map_or(Some(None), |index| self.ty(index).map(Some))
    }

    fn entry(&self, entry: Entry) -> Option<Type> {
        let names = |names: Vec<String>| names.into_iter().map(Into::into).collect();
        Some(match entry {
            Entry::Bool => Type::Bool,
            Entry::Integer(integer) => Type::Integer(integer),
            Entry::F32 => Type::F32,
            Entry::F64 => Type::F64,
            Entry::Char => Type::Char,
            Entry::String => Type::String,
            Entry::List(ty) => Type::List(self.shared(ty)?),
            Entry::Record(fields) => {
                let each = fields.into_iter().map(|(name, ty, docs)| {
                    Some(Field { name: name.into(), ty: self.ty(ty)?, docs: docs.map(Into::into) })
                });
                Type::Record(each.collect::<Option<_>>()?)
            }
            Entry::Tuple(types) => Type::Tuple(types.into_iter().map(|ty| self.ty(ty)).collect::<Option<_>>()?),
            Entry::Variant(cases) => {
                let each = cases.into_iter().map(|(name, ty, docs)| {
                    Some(Case { name: name.into(), ty: self.maybe(ty)?, docs: docs.map(Into::into) })
                });
                Type::Variant(each.collect::<Option<_>>()?)
            }
            Entry::Enum(cases) => Type::Enum(names(cases)),
            Entry::Flags(flags) => Type::Flags(names(flags)),
            Entry::Option(ty) => Type::Option(self.shared(ty)?),
            Entry::Result(ok, err) => {
                let shared = |ty: Option<Type>| ty.map(Arc::new);
                Type::Result { ok: shared(self.maybe(ok)?), err: shared(self.maybe(err)?) }
            }
            Entry::Handle => Type::Handle,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_consists_of_earlier_ones() {
        assert!(Table::read(vec![Entry::Bool, Entry::List(0)]).is_some());
        assert!(Table::read(vec![Entry::List(0)]).is_none());
        assert!(Table::read(vec![Entry::List(1), Entry::Bool]).is_none());
        let table = Table::read(vec![Entry::Bool]).unwrap();
        assert!(table.function(Signature { parameters: vec![("a".to_owned(), 1)], result: None }).is_none());
    }
}
