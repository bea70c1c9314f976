//! Types of values and functions, as WIT declares them, without an engine.

use std::sync::Arc;

use crate::name::{CUT, clip};

/// Longest type or signature that is written out, in bytes. A few nested types can be millions of bytes long.
const WRITTEN_BYTES_MAX: usize = 4 << 10;

/// Most parts of a function's types: primitives, fields, cases and so on. Types refer to types, so a file of a few
/// kilobytes can declare more parts than memory holds. A large hand-written interface has some hundred. A long name or
/// documentation counts as several, see [`weight`].
pub const PARTS_MAX: usize = 10_000;

/// Bytes of a name, or of documentation, that count as a part: a type that refers to another one many times repeats its
/// names as often.
const PART_BYTES: usize = 100;

/// How many parts a name or documentation counts as: none, if it is not long.
#[must_use]
pub fn weight(text: &str) -> usize {
    text.len() / PART_BYTES
}

/// Deepest nesting of a type. Values are read and written by functions that call themselves once for each level.
pub const DEPTH_MAX: usize = 64;

/// The type of a value. Parts are shared, so that a copy is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// A whole number of any width.
    Integer(Integer),
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `char`: a Unicode scalar value.
    Char,
    /// `string`
    String,
    /// `list<T>`
    List(Arc<Type>),
    /// `record`: fields in the order of their declaration.
    Record(Arc<[Field]>),
    /// `tuple<…>`
    Tuple(Arc<[Type]>),
    /// `variant`: cases in the order of their declaration.
    Variant(Arc<[Case]>),
    /// `enum`: names in the order of their declaration.
    Enum(Arc<[Arc<str>]>),
    /// `flags`: names in the order of their declaration.
    Flags(Arc<[Arc<str>]>),
    /// `option<T>`
    Option(Arc<Type>),
    /// `result<T, E>`, either of which may be absent.
    Result {
        /// The type of a success.
        ok: Option<Arc<Type>>,
        /// The type of an error.
        err: Option<Arc<Type>>,
    },
    /// Something that lives only in a running tool and has no value outside of it: a resource's handle, a stream, a
    /// future. It can't be passed or returned.
    Handle,
}

/// The types of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Integer {
    /// `s8`
    S8,
    /// `u8`
    U8,
    /// `s16`
    S16,
    /// `u16`
    U16,
    /// `s32`
    S32,
    /// `u32`
    U32,
    /// `s64`
    S64,
    /// `u64`
    U64,
}

/// A field of a record, or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: Type,
    /// What its WIT says about it.
    pub docs: Option<Arc<str>>,
}

/// A case of a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: Arc<str>,
    /// The type of its value, if it has one.
    pub ty: Option<Type>,
    /// What its WIT says about it.
    pub docs: Option<Arc<str>>,
}

/// The type of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its parameters, in order.
    pub parameters: Vec<Field>,
    /// Its result, if it has one.
    pub result: Option<Type>,
}

/// Why a function can't be called with values from outside of the tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum NotCallable {
    /// A parameter or the result is, or has, a [`Type::Handle`].
    #[error("it takes or returns a handle (of a resource, stream or future), which exists only inside the tool")]
    Handle,
    /// Its types have more than [`PARTS_MAX`] parts.
    #[error("its types have more than {PARTS_MAX} parts")]
    Large,
    /// Its types are nested deeper than [`DEPTH_MAX`].
    #[error("its types are nested more than {DEPTH_MAX} levels deep")]
    Deep,
}

impl Integer {
    /// Its name in WIT.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::S8 => "s8",
            Self::U8 => "u8",
            Self::S16 => "s16",
            Self::U16 => "u16",
            Self::S32 => "s32",
            Self::U32 => "u32",
            Self::S64 => "s64",
            Self::U64 => "u64",
        }
    }

    /// Its smallest and its largest number.
    #[must_use]
    pub const fn range(self) -> (i64, u64) {
        match self {
            Self::S8 => (-0x80, 0x7f),
            Self::U8 => (0, 0xff),
            Self::S16 => (-0x8000, 0x7fff),
            Self::U16 => (0, 0xffff),
            Self::S32 => (-0x8000_0000, 0x7fff_ffff),
            Self::U32 => (0, 0xffff_ffff),
            Self::S64 => (i64::MIN, 0x7fff_ffff_ffff_ffff),
            Self::U64 => (0, u64::MAX),
        }
    }

    /// Whether it has this number.
    #[must_use]
    pub fn holds(self, number: i128) -> bool {
        let (least, most) = self.range();
        i128::from(least) <= number && number <= i128::from(most)
    }
}

impl Function {
    /// Whether it can be called with values from outside of the tool, and returns such a value.
    ///
    /// # Errors
    ///
    /// If it can't, the reason.
    pub fn callable(&self) -> Result<(), NotCallable> {
        let mut parts = PARTS_MAX;
        self.parameters.iter().try_for_each(|field| field.count(&mut parts, DEPTH_MAX))?;
        self.result.as_ref().map_or(Ok(()), |ty| ty.count(&mut parts, DEPTH_MAX))
    }

    /// As WIT writes it, cut if it is very long: `func(root: string) -> list<string>`.
    #[must_use]
    pub fn signature(&self) -> String {
        let mut text = format!("func{}", self.parameter_list());
        if let Some(result) = &self.result {
            text.push_str(" -> ");
            write_type(&mut text, result);
        }
        text
    }

    /// Its parameters as WIT writes them, cut if they are very long: `(root: string)`.
    #[must_use]
    pub fn parameter_list(&self) -> String {
        let mut text = String::new();
        listed(&mut text, "(", &self.parameters, write_field, ")");
        text
    }
}

impl Field {
    fn count(&self, parts: &mut usize, depth: usize) -> Result<(), NotCallable> {
        named(parts, &self.name, self.docs.as_deref())?;
        self.ty.count(parts, depth)
    }
}

/// Counts a name and what is said about it.
fn named(parts: &mut usize, name: &str, docs: Option<&str>) -> Result<(), NotCallable> {
    let weight = weight(name).saturating_add(docs.map_or(0, weight));
    *parts = parts.checked_sub(weight).ok_or(NotCallable::Large)?;
    Ok(())
}

impl Type {
    /// Counts the parts of a type, until there are too many.
    fn count(&self, parts: &mut usize, depth: usize) -> Result<(), NotCallable> {
        *parts = parts.checked_sub(1).ok_or(NotCallable::Large)?;
        let depth = depth.checked_sub(1).ok_or(NotCallable::Deep)?;
        let mut each = |ty: &Self| ty.count(parts, depth);
        match self {
            Self::Handle => Err(NotCallable::Handle),
            Self::Bool | Self::Integer(_) | Self::F32 | Self::F64 | Self::Char | Self::String => Ok(()),
            Self::List(ty) | Self::Option(ty) => each(ty),
            Self::Tuple(types) => types.iter().try_for_each(each),
            Self::Record(fields) => fields.iter().try_for_each(|field| field.count(parts, depth)),
            Self::Variant(cases) => cases.iter().try_for_each(|case| {
                named(parts, &case.name, case.docs.as_deref())?;
                *parts = parts.checked_sub(1).ok_or(NotCallable::Large)?;
                case.ty.as_ref().map_or(Ok(()), |ty| ty.count(parts, depth))
            }),
            Self::Enum(names) | Self::Flags(names) => names.iter().try_for_each(|name| {
                named(parts, name, None)?;
                *parts = parts.checked_sub(1).ok_or(NotCallable::Large)?;
                Ok(())
            }),
            Self::Result { ok, err } => [ok, err].into_iter().flatten().try_for_each(|ty| each(ty)),
        }
    }
}

/// As WIT writes it, cut if it is very long.
impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        write_type(&mut text, self);
        f.write_str(&text)
    }
}

fn write_type(text: &mut String, ty: &Type) {
    // Each level adds to the text before it goes deeper, so this limits the depth too.
    if text.len() > WRITTEN_BYTES_MAX {
        return text.push_str(CUT);
    }
    match ty {
        Type::Bool => text.push_str("bool"),
        Type::Integer(integer) => text.push_str(integer.name()),
        Type::F32 => text.push_str("f32"),
        Type::F64 => text.push_str("f64"),
        Type::Char => text.push_str("char"),
        Type::String => text.push_str("string"),
        Type::List(ty) => listed(text, "list<", [ty], |text, ty| write_type(text, ty), ">"),
        Type::Option(ty) => listed(text, "option<", [ty], |text, ty| write_type(text, ty), ">"),
        Type::Tuple(types) => listed(text, "tuple<", types.iter(), write_type, ">"),
        Type::Record(fields) => listed(text, "record { ", fields.iter(), write_field, " }"),
        Type::Enum(names) => listed(text, "enum { ", names.iter(), |text, name| text.push_str(&clip(name)), " }"),
        Type::Flags(names) => listed(text, "flags { ", names.iter(), |text, name| text.push_str(&clip(name)), " }"),
        Type::Variant(cases) => listed(text, "variant { ", cases.iter(), write_case, " }"),
        Type::Result { ok: None, err: None } => text.push_str("result"),
        Type::Result { ok: Some(ok), err: None } => listed(text, "result<", [ok], |text, ty| write_type(text, ty), ">"),
        Type::Result { ok, err } => {
            let maybe = |text: &mut String, ty: &Option<Arc<Type>>| match ty {
                Some(ty) => write_type(text, ty),
                None => text.push('_'),
            };
            listed(text, "result<", [ok, err], maybe, ">");
        }
        Type::Handle => text.push_str("a handle"),
    }
}

fn write_field(text: &mut String, field: &Field) {
    text.push_str(&clip(&field.name));
    text.push_str(": ");
    write_type(text, &field.ty);
}

fn write_case(text: &mut String, case: &Case) {
    text.push_str(&clip(&case.name));
    if let Some(ty) = &case.ty {
        listed(text, "(", [ty], write_type, ")");
    }
}

/// Writes items with commas between them, up to the longest text.
fn listed<T>(
    text: &mut String,
    before: &str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
    after: &str,
) {
    text.push_str(before);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        if text.len() > WRITTEN_BYTES_MAX {
            text.push_str(CUT);
            break;
        }
        write(text, item);
    }
    text.push_str(after);
}
