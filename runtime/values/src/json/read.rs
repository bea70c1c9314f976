//! Values from JSON. What is read here is what the [schema](super::schema) describes, and nothing else.

use std::sync::Arc;

use super::Json;
use super::number::whole;
use super::write::{quoted, word};
use crate::check;
use crate::name::clip;
use crate::ty::{Case, Function, Type};
use crate::value::{Problem, Value};

impl Function {
    /// Arguments from JSON: an object with the parameters' names, as the schema describes it, or an array in the order
    /// of the parameters. Options can be omitted; in an array, only at the end.
    ///
    /// # Errors
    ///
    /// When an argument is missing, unknown, or does not have its parameter's type. The problem says what to write.
    pub fn arguments_from_json(&self, given: &Json) -> Result<Vec<Value>, Problem> {
        match given {
            Json::Object(members) => {
                self.not_within(members)?;
                let members = members.iter().map(|(name, value)| (name.as_str(), value));
                let values = check::fields("parameter", &self.parameters, members, from_json)?;
                Ok(values.into_iter().map(|(_, value)| value).collect())
            }
            Json::Array(items) => self.positional(items, from_json),
            other => Err(Problem::new(format!(
                "expected an object with the parameters' names, or an array in their order, found {}",
                other.shown()
            ))),
        }
    }

    /// Refuses the fields of a record where the record's parameter should be.
    fn not_within(&self, members: &[(String, Json)]) -> Result<(), Problem> {
        let is_parameter = |name: &str| self.parameters.iter().any(|parameter| *parameter.name == *name);
        let Some((name, _)) = members.iter().find(|(name, _)| !is_parameter(name)) else { return Ok(()) };
        let has_it = |ty: &Type| match ty {
            Type::Record(fields) => fields.iter().any(|field| *field.name == **name),
            _ => false,
        };
        let around = self.parameters.iter().find(|parameter| match &parameter.ty {
            Type::Option(inner) => has_it(inner),
            ty => has_it(ty),
        });
        let Some(around) = around else { return Ok(()) };
        let (shown, parameter) = (quoted(&clip(name)), quoted(&clip(&around.name)));
        let name = clip(name);
        Err(Problem::new(format!(
            "there is no parameter `{name}`, it is a field of `{}`: write {{{parameter}: {{{shown}: …}}}}",
            clip(&around.name)
        )))
    }
}

/// A value of a type from JSON.
///
/// # Errors
///
/// When it is not of that type. The problem says where, and what to write.
pub fn from_json(given: &Json, ty: &Type) -> Result<Value, Problem> {
    let wrong = |advice: &str| Problem::new(format!("expected {ty}, found {}: write {advice}", given.shown()));
    match (ty, given) {
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Bool, _) => Err(wrong("true or false, without quotes")),
        (Type::Integer(ty), Json::Integer(number)) => check::integer(*ty, *number, &number.to_string()),
        (Type::Integer(ty), Json::Float { text, .. }) => whole(*ty, text),
        (Type::Integer(ty), Json::String(text)) if text.parse::<i128>().is_ok() => {
            Err(wrong(&format!("{}, without quotes", check::whole(*ty))))
        }
        (Type::Integer(ty), _) => Err(wrong(&check::whole(*ty))),
        (Type::F32 | Type::F64, _) => float(given, ty, &wrong),
        (Type::Char, Json::String(text)) => {
            let mut characters = text.chars();
            let only = characters.next().filter(|_| characters.next().is_none());
            only.map(Value::Char).ok_or_else(|| wrong("a string of one character"))
        }
        (Type::Char, _) => Err(wrong("a string of one character")),
        (Type::String, Json::String(text)) => Ok(Value::String(text.clone())),
        (Type::String, Json::Integer(_) | Json::Float { .. } | Json::Bool(_)) => Err(wrong("it in double quotes")),
        (Type::String, _) => Err(wrong("a string")),
        (Type::List(element), Json::Array(items)) => {
            let each = items.iter().enumerate().map(|(index, item)| from_json(item, element).map_err(|p| p.at(index)));
            each.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::List(_), _) => Err(wrong("an array")),
        (Type::Record(fields), Json::Object(members)) => {
            let members = members.iter().map(|(name, value)| (name.as_str(), value));
            check::fields("field", fields, members, from_json).map(Value::Record)
        }
        (Type::Record(_), _) => Err(wrong("an object with the fields' names")),
        (Type::Tuple(types), Json::Array(items)) => {
            check::same_length("item", types.len(), items.len())?;
            let each = items.iter().zip(types.iter()).enumerate();
            let each = each.map(|(index, (item, ty))| from_json(item, ty).map_err(|problem| problem.at(index)));
            each.collect::<Result<_, _>>().map(Value::Tuple)
        }
        (Type::Tuple(_), _) => Err(wrong("an array")),
        (Type::Flags(names), Json::Array(items)) => {
            let each = items.iter().map(|item| match item {
                Json::String(name) => Ok(name.as_str()),
                other => Err(Problem::new(format!("expected the name of a flag, found {}", other.shown()))),
            });
            check::flags(names, each)
        }
        (Type::Flags(_), _) => Err(wrong("an array with the names of flags")),
        (Type::Enum(names), Json::String(name)) => check::enumerated(names, name),
        (Type::Enum(_), _) => Err(wrong("the name of a case as a string")),
        (Type::Variant(cases), Json::String(name)) => variant(check::case(cases, name)?, None),
        (Type::Variant(cases), Json::Object(members)) => match members.as_slice() {
            [(name, value)] => variant(check::case(cases, name)?, Some(value)),
            _ => Err(wrong("an object with one member, the case")),
        },
        (Type::Variant(_), _) => Err(wrong("a case as a string, or an object with the case and its value")),
        (Type::Option(_), Json::Null) => Ok(Value::Option(None)),
        (Type::Option(inner), _) => some(given, inner, &wrong),
        (Type::Result { ok, err }, Json::Object(members)) => match members.as_slice() {
            [(name, value)] if name == "ok" => {
                payload("ok", ok.as_deref(), value).map(|value| Value::Result(Ok(value)))
            }
            [(name, value)] if name == "err" => {
                payload("err", err.as_deref(), value).map(|value| Value::Result(Err(value)))
            }
            _ => Err(wrong("an object with one member, `ok` or `err`")),
        },
        (Type::Result { .. }, _) => Err(wrong("an object with one member, `ok` or `err`")),
        (Type::Handle, _) => Err(Problem::new("a handle can't be passed")),
    }
}

fn float(given: &Json, ty: &Type, wrong: &dyn Fn(&str) -> Problem) -> Result<Value, Problem> {
    let (wide, text) = match given {
        #[expect(clippy::cast_precision_loss, reason = "the nearest float is meant")]
        Json::Integer(number) => (*number as f64, number.to_string().into()),
        Json::Float { nearest, text } => (*nearest, text.clone()),
        Json::String(text) => {
            let special =
                [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().find(|value| word(*value) == Some(text));
            let write = "a number, or \"NaN\", \"Infinity\" or \"-Infinity\" for what JSON has no numbers for";
            let special = special.ok_or_else(|| wrong(write))?;
            return Ok(if *ty == Type::F64 { Value::F64(special) } else { Value::F32(check::narrow(special)) });
        }
        _ => return Err(wrong("a number")),
    };
    match ty {
        Type::F64 => Ok(Value::F64(wide)),
        _ if wide.abs() > check::F32_MOST => Err(check::beyond_f32(&text)),
        // From the text: by way of an `f64`, a number could be rounded twice, to a neighbour of the nearest one.
        _ => Ok(Value::F32(text.parse().unwrap_or(check::narrow(wide)))),
    }
}

/// An option that is not `null`. Where `null` could be the inner option's `none`, the value stands in an object.
fn some(given: &Json, inner: &Type, wrong: &dyn Fn(&str) -> Problem) -> Result<Value, Problem> {
    let value = match (inner, given) {
        (Type::Option(_), Json::Object(members)) => match members.as_slice() {
            [(name, value)] if name == "some" => from_json(value, inner).map_err(|problem| problem.within("some"))?,
            _ => return Err(wrong("null, or an object with the member `some`")),
        },
        (Type::Option(_), _) => return Err(wrong("null, or an object with the member `some`")),
        _ => from_json(given, inner)?,
    };
    Ok(Value::Option(Some(Box::new(value))))
}

fn variant(case: &Case, given: Option<&Json>) -> Result<Value, Problem> {
    let name = quoted(&clip(&case.name));
    let value = match (&case.ty, given) {
        (None, None) => None,
        (Some(ty), Some(value)) => Some(Box::new(from_json(value, ty).map_err(|problem| problem.within(&case.name))?)),
        (Some(ty), None) => {
            return Err(Problem::new(format!("case {name} needs a value: write {{{name}: …}} with {ty}")));
        }
        (None, Some(_)) => return Err(Problem::new(format!("case {name} has no value: write {name} alone"))),
    };
    Ok(Value::Variant(Arc::clone(&case.name), value))
}

/// The value of `ok` or of `err`. Without one, it is `null`.
fn payload(name: &str, ty: Option<&Type>, given: &Json) -> Result<Option<Box<Value>>, Problem> {
    match (ty, given) {
        (Some(ty), given) => from_json(given, ty).map(|value| Some(Box::new(value))),
        (None, Json::Null) => Ok(None),
        (None, given) => Err(Problem::new(format!("expected null, for no value, found {}", given.shown()))),
    }
    .map_err(|problem| problem.within(name))
}
