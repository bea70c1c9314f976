//! What JSON and WAVE have in common: which fields, cases, flags and numbers there are, and what to write instead of
//! others.

use std::sync::Arc;

use crate::name::{clip, instead};
use crate::ty::{Case, Field, Function, Integer, Type};
use crate::value::{Problem, Value};

/// Fields or parameters by name, in the order of their declaration. Those that are options can be omitted.
///
/// `noun` says what they are: `field` or `parameter`.
pub(crate) fn fields<'g, G>(
    noun: &str,
    fields: &[Field],
    given: impl IntoIterator<Item = (&'g str, G)>,
    read: impl Fn(G, &Type) -> Result<Value, Problem>,
) -> Result<Vec<(Arc<str>, Value)>, Problem> {
    let names = || fields.iter().map(|field| &*field.name);
    let mut values: Vec<Option<Value>> = vec![None; fields.len()];
    for (name, value) in given {
        let found = fields.iter().zip(&mut values).find(|(field, _)| *field.name == *name);
        let (field, place) = found.ok_or_else(|| unknown(noun, name, names()))?;
        if place.is_some() {
            return Err(Problem::new(format!("{noun} `{}` is given twice", clip(name))));
        }
        *place = Some(read(value, &field.ty).map_err(|problem| problem.within(name))?);
    }
    let complete = fields.iter().zip(values).map(|(field, value)| match (value, &field.ty) {
        (Some(value), _) => Ok((Arc::clone(&field.name), value)),
        (None, Type::Option(_)) => Ok((Arc::clone(&field.name), Value::Option(None))),
        (None, ty) => Err(Problem::new(format!("{noun} `{}` ({ty}) is missing", clip(&field.name)))),
    });
    complete.collect()
}

fn unknown<'n>(what: &str, name: &str, known: impl IntoIterator<Item = &'n str> + Clone) -> Problem {
    Problem::new(format!("there is no {what} `{}`: {}", clip(name), instead(name, known)))
}

/// The case with this name.
pub(crate) fn case<'c>(cases: &'c [Case], name: &str) -> Result<&'c Case, Problem> {
    let found = cases.iter().find(|case| *case.name == *name);
    found.ok_or_else(|| unknown("case", name, cases.iter().map(|case| &*case.name)))
}

/// The name of an enum's case.
pub(crate) fn enumerated(names: &[Arc<str>], name: &str) -> Result<Value, Problem> {
    let found = names.iter().find(|known| ***known == *name);
    found
        .map(|name| Value::Enum(Arc::clone(name)))
        .ok_or_else(|| unknown("case", name, names.iter().map(|name| &**name)))
}

/// Flags, in the order of their declaration.
pub(crate) fn flags<'g>(
    names: &[Arc<str>],
    given: impl IntoIterator<Item = Result<&'g str, Problem>>,
) -> Result<Value, Problem> {
    let mut set = vec![false; names.len()];
    for (index, name) in given.into_iter().enumerate() {
        let name = name.map_err(|problem| problem.at(index))?;
        let found = names.iter().zip(&mut set).find(|(known, _)| ***known == *name);
        let (_, set) = found.ok_or_else(|| unknown("flag", name, names.iter().map(|name| &**name)))?;
        if std::mem::replace(set, true) {
            return Err(Problem::new(format!("flag `{}` is given twice", clip(name))));
        }
    }
    let set = names.iter().zip(set).filter(|(_, set)| *set).map(|(name, _)| Arc::clone(name));
    Ok(Value::Flags(set.collect()))
}

/// A whole number within the range of its type. `shown` is how it was written.
pub(crate) fn integer(ty: Integer, number: i128, shown: &str) -> Result<Value, Problem> {
    if ty.holds(number) { Ok(Value::Integer(number)) } else { Err(out_of_range(ty, shown)) }
}

pub(crate) fn out_of_range(ty: Integer, shown: &str) -> Problem {
    Problem::new(format!("{} is out of range for {}: write {}", clip(shown), ty.name(), whole(ty)))
}

pub(crate) fn not_whole(ty: Integer, shown: &str) -> Problem {
    Problem::new(format!("{} is not a whole number: write {} for {}", clip(shown), whole(ty), ty.name()))
}

/// What to write for a whole number.
pub(crate) fn whole(ty: Integer) -> String {
    let (least, most) = ty.range();
    format!("a whole number from {least} to {most}")
}

/// The largest number for an `f32`, as its shortest digits are read: a little more than [`f32::MAX`] itself.
pub(crate) const F32_MOST: f64 = 3.402_823_5e38;

/// A number that an `f32` does not reach.
pub(crate) fn beyond_f32(shown: &str) -> Problem {
    Problem::new(format!("{} is out of range for f32, whose largest number is {F32_MOST:e}", clip(shown)))
}

/// As many items as a tuple, or a list of arguments, has.
pub(crate) fn same_length(what: &str, expected: usize, found: usize) -> Result<(), Problem> {
    if expected == found {
        return Ok(());
    }
    let plural = if expected == 1 { "" } else { "s" };
    Err(Problem::new(format!("expected {expected} {what}{plural}, found {found}")))
}

/// The nearest 32-bit float.
#[expect(clippy::cast_possible_truncation, reason = "a 32-bit float is what the type holds; the nearest one is meant")]
pub(crate) fn narrow(value: f64) -> f32 {
    value as f32
}

impl Function {
    /// How many arguments must be given: options at the end can be omitted.
    pub(crate) fn required(&self) -> usize {
        let last = self.parameters.iter().rposition(|parameter| !matches!(parameter.ty, Type::Option(_)));
        last.map_or(0, |last| last.saturating_add(1))
    }

    /// Arguments in the order of the parameters. Options at the end can be omitted.
    pub(crate) fn positional<G>(
        &self,
        given: &[G],
        read: impl Fn(&G, &Type) -> Result<Value, Problem>,
    ) -> Result<Vec<Value>, Problem> {
        if given.len() > self.parameters.len() || given.len() < self.required() {
            same_length("argument", self.parameters.len(), given.len())?;
        }
        let mut given = given.iter();
        let each = self.parameters.iter().map(|parameter| match given.next() {
            Some(value) => read(value, &parameter.ty).map_err(|problem| problem.within(&parameter.name)),
            None => Ok(Value::Option(None)),
        });
        each.collect()
    }
}
