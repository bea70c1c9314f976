//! Types and values of the engine, as those of [`wasm_agent_values`], and back.

use std::sync::Arc;

use wasm_agent_values::{Case, DEPTH_MAX, Field, Function, Integer, NotCallable, PARTS_MAX, Type, Value, weight};
use wasmtime::component::types::{self, ComponentFunc};
use wasmtime::component::{Type as EngineType, Val};

/// The type of an export.
///
/// # Errors
///
/// When it has too many parts, or they are nested too deep: types refer to types, and a small tool can declare more
/// than memory holds.
pub(crate) fn function(ty: &ComponentFunc) -> Result<Function, NotCallable> {
    let mut reading = Reading { parts: PARTS_MAX };
    let parameters = ty.params().map(|(name, ty)| reading.field(name, &ty, DEPTH_MAX)).collect::<Result<_, _>>()?;
    let result = ty.results().next().map(|ty| reading.ty(&ty, DEPTH_MAX)).transpose()?;
    Ok(Function { parameters, result })
}

/// Reads types, up to a number of parts.
struct Reading {
    parts: usize,
}

impl Reading {
    fn field(&mut self, name: &str, ty: &EngineType, depth: usize) -> Result<Field, NotCallable> {
        self.parts(weight(name))?;
        Ok(Field { name: name.into(), ty: self.ty(ty, depth)?, docs: None })
    }

    fn case(&mut self, case: types::Case<'_>, depth: usize) -> Result<Case, NotCallable> {
        self.parts(weight(case.name).saturating_add(1))?;
        Ok(Case { name: case.name.into(), ty: case.ty.map(|ty| self.ty(&ty, depth)).transpose()?, docs: None })
    }

    fn name(&mut self, name: &str) -> Result<Arc<str>, NotCallable> {
        self.parts(weight(name).saturating_add(1))?;
        Ok(name.into())
    }

    fn parts(&mut self, count: usize) -> Result<(), NotCallable> {
        self.parts = self.parts.checked_sub(count).ok_or(NotCallable::Large)?;
        Ok(())
    }

    fn shared(&mut self, ty: &EngineType, depth: usize) -> Result<Arc<Type>, NotCallable> {
        self.ty(ty, depth).map(Arc::new)
    }

    fn ty(&mut self, ty: &EngineType, depth: usize) -> Result<Type, NotCallable> {
        self.parts(1)?;
        let depth = depth.checked_sub(1).ok_or(NotCallable::Deep)?;
        Ok(match ty {
            EngineType::Bool => Type::Bool,
            EngineType::S8 => Type::Integer(Integer::S8),
            EngineType::U8 => Type::Integer(Integer::U8),
            EngineType::S16 => Type::Integer(Integer::S16),
            EngineType::U16 => Type::Integer(Integer::U16),
            EngineType::S32 => Type::Integer(Integer::S32),
            EngineType::U32 => Type::Integer(Integer::U32),
            EngineType::S64 => Type::Integer(Integer::S64),
            EngineType::U64 => Type::Integer(Integer::U64),
            EngineType::Float32 => Type::F32,
            EngineType::Float64 => Type::F64,
            EngineType::Char => Type::Char,
            EngineType::String => Type::String,
            EngineType::List(list) => Type::List(self.shared(&list.ty(), depth)?),
            EngineType::Option(option) => Type::Option(self.shared(&option.ty(), depth)?),
            EngineType::Result(result) => Type::Result {
                ok: result.ok().map(|ty| self.shared(&ty, depth)).transpose()?,
                err: result.err().map(|ty| self.shared(&ty, depth)).transpose()?,
            },
            EngineType::Tuple(tuple) => {
                Type::Tuple(tuple.types().map(|ty| self.ty(&ty, depth)).collect::<Result<_, _>>()?)
            }
            EngineType::Record(record) => {
                let fields = record.fields().map(|field| self.field(field.name, &field.ty, depth));
                Type::Record(fields.collect::<Result<_, _>>()?)
            }
            EngineType::Variant(variant) => {
                Type::Variant(variant.cases().map(|case| self.case(case, depth)).collect::<Result<_, _>>()?)
            }
            EngineType::Enum(names) => Type::Enum(names.names().map(|name| self.name(name)).collect::<Result<_, _>>()?),
            EngineType::Flags(names) => {
                Type::Flags(names.names().map(|name| self.name(name)).collect::<Result<_, _>>()?)
            }
            _ => Type::Handle,
        })
    }
}

/// A value for the engine; `None` if it is not of the type.
pub(crate) fn to_engine(value: &Value, ty: &Type) -> Option<Val> {
    let each = |values: &[Value], ty: &Type| values.iter().map(|value| to_engine(value, ty)).collect::<Option<_>>();
    Some(match (value, ty) {
        (Value::Bool(value), Type::Bool) => Val::Bool(*value),
        (Value::Integer(number), Type::Integer(ty)) => match ty {
            Integer::S8 => Val::S8((*number).try_into().ok()?),
            Integer::U8 => Val::U8((*number).try_into().ok()?),
            Integer::S16 => Val::S16((*number).try_into().ok()?),
            Integer::U16 => Val::U16((*number).try_into().ok()?),
            Integer::S32 => Val::S32((*number).try_into().ok()?),
            Integer::U32 => Val::U32((*number).try_into().ok()?),
            Integer::S64 => Val::S64((*number).try_into().ok()?),
            Integer::U64 => Val::U64((*number).try_into().ok()?),
        },
        (Value::F32(value), Type::F32) => Val::Float32(*value),
        (Value::F64(value), Type::F64) => Val::Float64(*value),
        (Value::Char(value), Type::Char) => Val::Char(*value),
        (Value::String(value), Type::String) => Val::String(value.as_str().into()),
        (Value::List(items), Type::List(element)) => Val::List(each(items, element)?),
        (Value::Tuple(items), Type::Tuple(types)) => {
            Val::Tuple(items.iter().zip(types.iter()).map(|(item, ty)| to_engine(item, ty)).collect::<Option<_>>()?)
        }
        (Value::Record(values), Type::Record(fields)) => {
            let each = values.iter().zip(fields.iter());
            let each = each.map(|((name, value), field)| Some((name.to_string(), to_engine(value, &field.ty)?)));
            Val::Record(each.collect::<Option<_>>()?)
        }
        (Value::Variant(name, value), Type::Variant(cases)) => {
            let case = cases.iter().find(|case| case.name == *name)?;
            Val::Variant(name.to_string(), inside(value.as_deref(), case.ty.as_ref())?)
        }
        (Value::Enum(name), Type::Enum(_)) => Val::Enum(name.to_string()),
        (Value::Flags(names), Type::Flags(_)) => Val::Flags(names.iter().map(ToString::to_string).collect()),
        (Value::Option(None), Type::Option(_)) => Val::Option(None),
        (Value::Option(value), Type::Option(ty)) => Val::Option(inside(value.as_deref(), Some(ty))?),
        (Value::Result(Ok(value)), Type::Result { ok, .. }) => {
            Val::Result(Ok(inside(value.as_deref(), ok.as_deref())?))
        }
        (Value::Result(Err(value)), Type::Result { err, .. }) => {
            Val::Result(Err(inside(value.as_deref(), err.as_deref())?))
        }
        _ => return None,
    })
}

fn inside(value: Option<&Value>, ty: Option<&Type>) -> Option<Option<Box<Val>>> {
    match (value, ty) {
        (None, None) => Some(None),
        (Some(value), Some(ty)) => to_engine(value, ty).map(|value| Some(Box::new(value))),
        _ => None,
    }
}

/// A value from the engine; `None` if a part of it is a handle, which has no value outside of its run.
pub(crate) fn from_engine(value: &Val) -> Option<Value> {
    let each = |values: &[Val]| values.iter().map(from_engine).collect::<Option<Vec<_>>>();
    Some(match value {
        Val::Bool(value) => Value::Bool(*value),
        Val::S8(value) => Value::Integer((*value).into()),
        Val::U8(value) => Value::Integer((*value).into()),
        Val::S16(value) => Value::Integer((*value).into()),
        Val::U16(value) => Value::Integer((*value).into()),
        Val::S32(value) => Value::Integer((*value).into()),
        Val::U32(value) => Value::Integer((*value).into()),
        Val::S64(value) => Value::Integer((*value).into()),
        Val::U64(value) => Value::Integer((*value).into()),
        Val::Float32(value) => Value::F32(*value),
        Val::Float64(value) => Value::F64(*value),
        Val::Char(value) => Value::Char(*value),
        Val::String(value) => Value::String(value.as_str().to_owned()),
        Val::List(items) => Value::List(each(items)?),
        Val::Tuple(items) => Value::Tuple(each(items)?),
        Val::Record(fields) => {
            let each = fields.iter().map(|(name, value)| Some((name.as_str().into(), from_engine(value)?)));
            Value::Record(each.collect::<Option<_>>()?)
        }
        Val::Variant(name, value) => Value::Variant(name.as_str().into(), boxed(value.as_deref())?),
        Val::Enum(name) => Value::Enum(name.as_str().into()),
        Val::Flags(names) => Value::Flags(names.iter().map(|name| name.as_str().into()).collect()),
        Val::Option(value) => Value::Option(boxed(value.as_deref())?),
        Val::Result(Ok(value)) => Value::Result(Ok(boxed(value.as_deref())?)),
        Val::Result(Err(value)) => Value::Result(Err(boxed(value.as_deref())?)),
        _ => return None,
    })
}

fn boxed(value: Option<&Val>) -> Option<Option<Box<Value>>> {
    match value {
        None => Some(None),
        Some(value) => from_engine(value).map(|value| Some(Box::new(value))),
    }
}
