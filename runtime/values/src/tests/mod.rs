//! What holds for every type and value, and what people read when theirs is not one.

mod any;
mod forms;
mod messages;
mod numbers;
mod rough;
mod slips;

use crate::{Case, Field, Function, Integer, Type};

fn function(name: &str, ty: Type) -> Function {
    Function { parameters: vec![Field { name: name.into(), ty, docs: None }], result: None }
}

fn record(fields: &[(&str, Type)]) -> Type {
    Type::Record(fields.iter().map(|(name, ty)| Field { name: (*name).into(), ty: ty.clone(), docs: None }).collect())
}

fn variant(cases: &[(&str, Option<Type>)]) -> Type {
    Type::Variant(cases.iter().map(|(name, ty)| Case { name: (*name).into(), ty: ty.clone(), docs: None }).collect())
}

fn names(names: &[&str]) -> std::sync::Arc<[std::sync::Arc<str>]> {
    names.iter().map(|name| (*name).into()).collect()
}

const U8: Type = Type::Integer(Integer::U8);
const U64: Type = Type::Integer(Integer::U64);
