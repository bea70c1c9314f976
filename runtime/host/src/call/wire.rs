//! How arguments and results are encoded in the journal.
//!
//! One trait, implemented for every type that crosses between guest and host. Records and tuples are arrays in WIT's
//! field order; enum and variant cases are their WIT names; flags are an integer in WIT's bit order; an absent option
//! is `null`; a handle is its number. The names make a journal readable without this program.

mod derive;

use bytes::Bytes;
use minicbor::Decoder;
use wasm_agent_journal::{Encoded, Keep, PayloadRef};
use wasmtime::component::Resource;

pub(crate) use derive::{enumeration, flags, record, variant};

/// A value that can be recorded and read back.
pub(crate) trait Wire: Sized {
    /// Appends the value as one CBOR item.
    fn put(&self, out: &mut Sink<'_>);

    /// Reads the value back.
    fn take(from: &mut Source<'_>) -> Result<Self, Malformed>;
}

/// The encoder, and how to record byte strings.
pub(crate) struct Sink<'a> {
    pub(crate) encoded: &'a mut Encoded,
    pub(crate) keep: Keep,
}

/// The decoder.
pub(crate) struct Source<'a> {
    pub(crate) cbor: Decoder<'a>,
    pub(crate) blobs: &'a mut dyn Blobs,
}

/// Fetches payloads that are stored outside of their record.
pub(crate) trait Blobs {
    fn contents(&mut self, payload: PayloadRef<'_>) -> Result<Vec<u8>, Malformed>;
}

/// The error for a record that does not have the shape that its function demands.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) String);

impl From<minicbor::decode::Error> for Malformed {
    fn from(error: minicbor::decode::Error) -> Self {
        Self(error.to_string())
    }
}

impl Malformed {
    pub(crate) fn case(what: &str, found: &str) -> Self {
        Self(format!("`{}` is not a case of {what}", found.escape_debug()))
    }
}

impl Source<'_> {
    /// Reads the head of an array that must have `length` items.
    pub(crate) fn array(&mut self, length: u64) -> Result<(), Malformed> {
        match self.cbor.array()? {
            Some(found) if found == length => Ok(()),
            found => Err(Malformed(format!("expected {length} items, found {found:?}"))),
        }
    }

    fn is_null(&self) -> Result<bool, Malformed> {
        Ok(self.cbor.datatype()? == minicbor::data::Type::Null)
    }
}

macro_rules! unsigned {
    ($($type:ty = $read:ident;)*) => {$(
        impl Wire for $type {
            fn put(&self, out: &mut Sink<'_>) {
                out.encoded.u64(u64::from(*self));
            }

            fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
                Ok(from.cbor.$read()?)
            }
        }
    )*};
}

unsigned! {
    u8 = u8;
    u16 = u16;
    u32 = u32;
    u64 = u64;
}

impl Wire for bool {
    fn put(&self, out: &mut Sink<'_>) {
        out.encoded.bool(*self);
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        Ok(from.cbor.bool()?)
    }
}

impl Wire for () {
    fn put(&self, out: &mut Sink<'_>) {
        out.encoded.null();
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        Ok(from.cbor.null()?)
    }
}

impl Wire for String {
    fn put(&self, out: &mut Sink<'_>) {
        out.encoded.str(self);
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        Ok(from.cbor.str()?.to_owned())
    }
}

/// Byte strings are payloads: long ones are stored outside of the record, or only as a digest.
impl Wire for Vec<u8> {
    fn put(&self, out: &mut Sink<'_>) {
        out.encoded.payload_copy(self, out.keep);
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        let payload = from.cbor.decode::<PayloadRef<'_>>()?;
        from.blobs.contents(payload)
    }
}

/// Contents of at least this many bytes are shared with the journal, not copied.
///
/// A piece of a body is a slice of the buffer that it was read into, and keeps the whole buffer while it waits to be
/// written. If shorter pieces were shared, a guest could skip what lies between and make a few bytes hold much memory.
const SHARED_BYTES_MIN: usize = 32 << 10;

/// Long contents are shared with the journal, not copied.
impl Wire for Bytes {
    fn put(&self, out: &mut Sink<'_>) {
        if self.len() < SHARED_BYTES_MIN {
            out.encoded.payload_copy(self, out.keep);
        } else {
            out.encoded.payload(self.clone(), out.keep);
        }
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        Vec::take(from).map(Self::from)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Sink<'_>) {
        match self {
            None => {
                out.encoded.null();
            }
            // Wrapped, so that an option of an option, or of a unit, is unambiguous.
            Some(value) => {
                out.encoded.array(1);
                value.put(out);
            }
        }
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        if from.is_null()? {
            from.cbor.null()?;
            return Ok(None);
        }
        from.array(1)?;
        T::take(from).map(Some)
    }
}

impl<T: Wire, E: Wire> Wire for Result<T, E> {
    fn put(&self, out: &mut Sink<'_>) {
        out.encoded.array(2);
        match self {
            Ok(value) => {
                out.encoded.u64(0);
                value.put(out);
            }
            Err(error) => {
                out.encoded.u64(1);
                error.put(out);
            }
        }
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        from.array(2)?;
        match from.cbor.u64()? {
            0 => T::take(from).map(Ok),
            1 => E::take(from).map(Err),
            other => Err(Malformed(format!("a result is 0 or 1, found {other}"))),
        }
    }
}

macro_rules! list {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::call::wire::Wire for Vec<$type> {
            fn put(&self, out: &mut $crate::call::wire::Sink<'_>) {
                out.encoded.array(u64::try_from(self.len()).unwrap_or(u64::MAX));
                for item in self {
                    item.put(out);
                }
            }

            fn take(from: &mut $crate::call::wire::Source<'_>) -> Result<Self, $crate::call::wire::Malformed> {
                let length = $crate::call::wire::length(from)?;
                // The vector grows as items are read: the declared length proves nothing about what follows.
                let mut items = Vec::new();
                for _ in 0..length {
                    items.push($crate::call::wire::Wire::take(from)?);
                }
                Ok(items)
            }
        }
    )*};
}
pub(crate) use list;

/// Reads the head of a list.
pub(crate) fn length(from: &mut Source<'_>) -> Result<u64, Malformed> {
    from.cbor.array()?.ok_or_else(|| Malformed("a list has no length".to_owned()))
}

list!(u32, String, Vec<u8>, (String, String), (String, Vec<u8>));

impl<T: 'static> Wire for Vec<Resource<T>> {
    fn put(&self, out: &mut Sink<'_>) {
        out.encoded.array(u64::try_from(self.len()).unwrap_or(u64::MAX));
        for item in self {
            item.put(out);
        }
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        let length = length(from)?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(Wire::take(from)?);
        }
        Ok(items)
    }
}

macro_rules! tuple {
    ($length:literal: $($name:ident.$index:tt),*) => {
        impl<$($name: Wire),*> Wire for ($($name,)*) {
            fn put(&self, out: &mut Sink<'_>) {
                out.encoded.array($length);
                $(self.$index.put(out);)*
            }

            fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
                from.array($length)?;
                Ok(($($name::take(from)?,)*))
            }
        }
    };
}

tuple!(2: A.0, B.1);
tuple!(3: A.0, B.1, C.2);
tuple!(4: A.0, B.1, C.2, D.3);
tuple!(8: A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7);

/// A handle is its number. A replay makes the same number again, with no resource behind it.
impl<T: 'static> Wire for Resource<T> {
    fn put(&self, out: &mut Sink<'_>) {
        out.encoded.u64(u64::from(self.rep()));
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        Ok(Self::new_own(from.cbor.u32()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoBlobs;

    impl Blobs for NoBlobs {
        fn contents(&mut self, payload: PayloadRef<'_>) -> Result<Vec<u8>, Malformed> {
            match payload {
                PayloadRef::Inline(bytes) => Ok(bytes.to_vec()),
                other => Err(Malformed(format!("{other:?}"))),
            }
        }
    }

    fn there_and_back<T: Wire + std::fmt::Debug + PartialEq>(value: T) {
        let mut encoded = Encoded::new();
        value.put(&mut Sink { encoded: &mut encoded, keep: Keep::Contents });
        assert!(encoded.is_whole());
        let bytes = encoded.to_record();
        let mut source = Source { cbor: Decoder::new(&bytes), blobs: &mut NoBlobs };
        assert_eq!(T::take(&mut source).unwrap(), value);
    }

    #[test]
    fn only_long_contents_are_shared_with_the_journal() {
        for (length, is_shared) in [(300, false), (SHARED_BYTES_MIN - 1, false), (SHARED_BYTES_MIN, true)] {
            let contents = Bytes::from(vec![7; length]);
            let mut encoded = Encoded::new();
            contents.put(&mut Sink { encoded: &mut encoded, keep: Keep::Contents });
            assert!(encoded.is_whole());
            assert_eq!(contents.is_unique(), !is_shared, "{length} bytes");
        }
    }

    #[test]
    fn values_survive_recording() {
        there_and_back(7_u8);
        there_and_back(u64::MAX);
        there_and_back("text".to_owned());
        there_and_back(vec![1_u8, 2, 3]);
        there_and_back(Bytes::from_static(&[1, 2, 3]));
        there_and_back(Some(Some(3_u32)));
        there_and_back::<Option<Option<u32>>>(Some(None));
        there_and_back(Option::<()>::Some(()));
        there_and_back(Result::<(), String>::Err("no".to_owned()));
        there_and_back((1_u64, "b".to_owned()));
        there_and_back(vec![("a".to_owned(), vec![0_u8])]);
    }
}
