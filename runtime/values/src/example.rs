//! A call that can be pasted, with a value for each parameter.

use std::sync::Arc;

use crate::json::to_json;
use crate::ty::{Function, Type};
use crate::value::Value;
use crate::wave::to_wave;

/// Longest example, in bytes.
const EXAMPLE_BYTES_MAX: usize = 4 << 10;

impl Function {
    /// Arguments in WAVE with their parentheses, as an example: empty strings, zeros, first cases. Options at the end
    /// are left out. `None` if the function can't be called, or its example would be very long.
    #[must_use]
    pub fn example(&self) -> Option<String> {
        self.callable().ok()?;
        let shown = self.parameters.iter().take(self.required());
        let values = shown.map(|parameter| value(&parameter.ty).map(|value| to_wave(&value)));
        let text = format!("({})", values.collect::<Option<Vec<_>>>()?.join(", "));
        (text.len() <= EXAMPLE_BYTES_MAX).then_some(text)
    }

    /// The same as JSON, an object with the parameters' names.
    #[must_use]
    pub fn json_example(&self) -> Option<String> {
        self.callable().ok()?;
        let required = self.parameters.iter().filter(|parameter| !matches!(parameter.ty, Type::Option(_)));
        let values = required.map(|parameter| Some((Arc::clone(&parameter.name), value(&parameter.ty)?)));
        let text = to_json(&Value::Record(values.collect::<Option<_>>()?)).ok()?;
        (text.len() <= EXAMPLE_BYTES_MAX).then_some(text)
    }
}

/// The simplest value of a type; `None` for a handle, and for a type without values.
fn value(ty: &Type) -> Option<Value> {
    Some(match ty {
        Type::Bool => Value::Bool(false),
        Type::Integer(_) => Value::Integer(0),
        Type::F32 => Value::F32(0.0),
        Type::F64 => Value::F64(0.0),
        Type::Char => Value::Char('a'),
        Type::String => Value::String(String::new()),
        Type::List(_) => Value::List(Vec::new()),
        Type::Record(fields) => {
            let each = fields.iter().map(|field| Some((Arc::clone(&field.name), value(&field.ty)?)));
            Value::Record(each.collect::<Option<_>>()?)
        }
        Type::Tuple(types) => Value::Tuple(types.iter().map(value).collect::<Option<_>>()?),
        Type::Variant(cases) => {
            let case = cases.iter().find(|case| case.ty.is_none()).or_else(|| cases.first())?;
            let payload = match &case.ty {
                Some(ty) => Some(Box::new(value(ty)?)),
                None => None,
            };
            Value::Variant(Arc::clone(&case.name), payload)
        }
        Type::Enum(names) => Value::Enum(Arc::clone(names.first()?)),
        Type::Flags(_) => Value::Flags(Vec::new()),
        Type::Option(_) => Value::Option(None),
        Type::Result { ok: Some(ok), .. } => Value::Result(Ok(Some(Box::new(value(ok)?)))),
        Type::Result { ok: None, .. } => Value::Result(Ok(None)),
        Type::Handle => return None,
    })
}
