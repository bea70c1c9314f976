//! [`Wire`](super::Wire) for the types that WIT defines, with one line for each field or case.

/// Implements [`Wire`](crate::call::wire::Wire) for WIT enums by the names of their cases.
macro_rules! enumeration {
    ($($type:path { $($case:ident = $name:literal,)* })*) => {$(
        impl $crate::call::wire::Wire for $type {
            fn put(&self, out: &mut $crate::call::wire::Sink<'_>) {
                out.encoded.str(match self { $(Self::$case => $name,)* });
            }

            fn take(from: &mut $crate::call::wire::Source<'_>) -> Result<Self, $crate::call::wire::Malformed> {
                match from.cbor.str()? {
                    $($name => Ok(Self::$case),)*
                    other => Err($crate::call::wire::Malformed::case(stringify!($type), other)),
                }
            }
        }
    )*};
}
pub(crate) use enumeration;

/// Implements [`Wire`](crate::call::wire::Wire) for WIT flags: an integer, the first flag in the lowest bit.
macro_rules! flags {
    ($($type:path { $($flag:ident),* })*) => {$(
        impl $crate::call::wire::Wire for $type {
            fn put(&self, out: &mut $crate::call::wire::Sink<'_>) {
                let (mut bits, mut bit) = (0_u64, 1_u64);
                $(if self.contains(Self::$flag) { bits |= bit; } bit <<= 1;)*
                let _ = bit;
                out.encoded.u64(bits);
            }

            fn take(from: &mut $crate::call::wire::Source<'_>) -> Result<Self, $crate::call::wire::Malformed> {
                let (mut bits, mut flags) = (from.cbor.u64()?, Self::empty());
                $(if bits & 1 == 1 { flags |= Self::$flag; } bits >>= 1;)*
                match bits {
                    0 => Ok(flags),
                    _ => Err($crate::call::wire::Malformed(format!("unknown bits in {}", stringify!($type)))),
                }
            }
        }
    )*};
}
pub(crate) use flags;

/// Implements [`Wire`](crate::call::wire::Wire) for WIT records: an array of their fields.
macro_rules! record {
    ($($type:path { $length:literal: $($field:ident),* })*) => {$(
        impl $crate::call::wire::Wire for $type {
            fn put(&self, out: &mut $crate::call::wire::Sink<'_>) {
                out.encoded.array($length);
                $(self.$field.put(out);)*
            }

            fn take(from: &mut $crate::call::wire::Source<'_>) -> Result<Self, $crate::call::wire::Malformed> {
                from.array($length)?;
                Ok(Self { $($field: $crate::call::wire::Wire::take(from)?),* })
            }
        }
    )*};
}
pub(crate) use record;

/// Implements [`Wire`](crate::call::wire::Wire) for WIT variants: a case's name alone, or an array of the name and the
/// payload.
macro_rules! variant {
    ($type:path { $($bare:ident = $bare_name:literal,)* ; $($full:ident = $full_name:literal,)* }) => {
        impl $crate::call::wire::Wire for $type {
            fn put(&self, out: &mut $crate::call::wire::Sink<'_>) {
                match self {
                    $(Self::$bare => { out.encoded.str($bare_name); })*
                    $(Self::$full(value) => {
                        out.encoded.array(2).str($full_name);
                        value.put(out);
                    })*
                }
            }

            fn take(from: &mut $crate::call::wire::Source<'_>) -> Result<Self, $crate::call::wire::Malformed> {
                if from.cbor.datatype()? == minicbor::data::Type::String {
                    return match from.cbor.str()? {
                        $($bare_name => Ok(Self::$bare),)*
                        other => Err($crate::call::wire::Malformed::case(stringify!($type), other)),
                    };
                }
                from.array(2)?;
                match from.cbor.str()? {
                    $($full_name => Ok(Self::$full($crate::call::wire::Wire::take(from)?)),)*
                    other => Err($crate::call::wire::Malformed::case(stringify!($type), other)),
                }
            }
        }
    };
}
pub(crate) use variant;
