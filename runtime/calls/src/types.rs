//! The WIT types of parameters and results, as far as this host's functions use them.
//!
//! Each type says how journal format 1 encodes its values.

/// A type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `bool`.
    Bool,
    /// `u8`.
    U8,
    /// `u16`.
    U16,
    /// `u32`.
    U32,
    /// `u64`.
    U64,
    /// `string`.
    String,
    /// `list<u8>`: contents, which a journal may keep outside of the record.
    Bytes,
    /// Any other `list`: an array.
    List(&'static Type),
    /// `option`: `null`, or an array of one item.
    Option(&'static Type),
    /// `result`: an array of 0 and the value, or of 1 and the error. `null` stands for a value or error that the result
    /// does not have.
    Result(Option<&'static Type>, Option<&'static Type>),
    /// `tuple`: an array.
    Tuple(&'static [Type]),
    /// A handle of this resource whose ownership is passed: its number.
    Own(&'static str),
    /// A handle of this resource that is borrowed: its number.
    Borrow(&'static str),
    /// `record`: an array of its fields.
    Record(&'static Record),
    /// `enum`: the name of a case.
    Enum(&'static Enum),
    /// `flags`: an integer, the first flag in the lowest bit.
    Flags(&'static Flags),
    /// `variant`: the name of a case, or an array of the name and what the case holds.
    Variant(&'static Variant),
}

/// A parameter of a function, or a field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
}

/// A `record`.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: &'static str,
    /// Its fields.
    pub fields: &'static [Named],
}

/// An `enum`.
#[derive(Debug, PartialEq, Eq)]
pub struct Enum {
    /// Its name.
    pub name: &'static str,
    /// The names of its cases.
    pub cases: &'static [&'static str],
}

/// A set of `flags`.
#[derive(Debug, PartialEq, Eq)]
pub struct Flags {
    /// Its name.
    pub name: &'static str,
    /// The names of its flags, that of the lowest bit first.
    pub flags: &'static [&'static str],
}

/// A `variant`.
#[derive(Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name.
    pub name: &'static str,
    /// Its cases, and what each of them holds.
    pub cases: &'static [(&'static str, Option<Type>)],
}

impl Type {
    /// Whether this is a handle.
    #[must_use]
    pub const fn is_handle(&self) -> bool {
        matches!(self, Self::Own(_) | Self::Borrow(_))
    }

    /// Whether a value of this type is a handle or can contain one.
    #[must_use]
    pub fn has_handle(&self) -> bool {
        match self {
            Self::Own(_) | Self::Borrow(_) => true,
            Self::Bool | Self::U8 | Self::U16 | Self::U32 | Self::U64 => false,
            Self::String | Self::Bytes | Self::Enum(_) | Self::Flags(_) => false,
            Self::List(of) | Self::Option(of) => of.has_handle(),
            Self::Result(value, error) => [value, error].iter().any(|of| of.is_some_and(Self::has_handle)),
            Self::Tuple(items) => items.iter().any(Self::has_handle),
            Self::Record(record) => record.fields.iter().any(|field| field.ty.has_handle()),
            Self::Variant(variant) => variant.cases.iter().any(|(_, of)| of.as_ref().is_some_and(Self::has_handle)),
        }
    }
}

impl Named {
    pub(crate) const fn new(name: &'static str, ty: Type) -> Self {
        Self { name, ty }
    }
}

impl Flags {
    /// The bit of a flag, for constants: an unknown flag does not compile.
    ///
    /// # Panics
    ///
    /// If the type does not have the flag.
    #[must_use]
    #[expect(clippy::panic, clippy::indexing_slicing, reason = "in a constant it is the compiler that panics")]
    pub const fn bit(&self, flag: &str) -> u64 {
        let mut bit = 0;
        while bit < self.flags.len() {
            if crate::function::compare(self.flags[bit], flag).is_eq() {
                return 1 << bit;
            }
            bit += 1;
        }
        panic!("no such flag")
    }

    /// The names of the flags that are set; `None` if a bit without a name is set.
    #[must_use]
    pub fn names(&self, bits: u64) -> Option<Vec<&'static str>> {
        let is_set = |bit: usize| u32::try_from(bit).ok().and_then(|bit| bits.checked_shr(bit)).unwrap_or(0) & 1 == 1;
        let names: Vec<&str> = (0..).zip(self.flags).filter(|(bit, _)| is_set(*bit)).map(|(_, name)| *name).collect();
        (u32::try_from(names.len()) == Ok(bits.count_ones())).then_some(names)
    }
}
