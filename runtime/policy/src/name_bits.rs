//! What can be told of names without reading them.

/// Two bits for each of some names, of 64 each: one from its length and both its ends, one from its last byte alone.
///
/// A path has the bits of its segments with it, and `deny` those of what it is about. Where none of them is the same, none of the
/// names is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameBits {
    ends: u64,
    last: u64,
}

impl NameBits {
    /// Every name that ends with anything.
    pub(crate) const ANY: Self = Self { ends: 0, last: u64::MAX };

    /// The bits of a name.
    #[inline]
    pub(crate) fn of(name: &str) -> Self {
        let bytes = name.as_bytes();
        let (first, last) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
        let ends = usize::from(first) + 5 * usize::from(last) + 7 * bytes.len();
        Self { ends: 1 << (ends & 63), last: Self::ending_with(last).last }
    }

    /// The bits that are looked for to find just this name.
    pub(crate) fn exactly(name: &str) -> Self {
        Self { last: 0, ..Self::of(name) }
    }

    /// The bits that are looked for to find all names with this last byte.
    pub(crate) fn ending_with(last: u8) -> Self {
        Self { ends: 0, last: 1 << (last & 63) }
    }

    /// The bits of both.
    #[inline]
    pub(crate) fn and(self, other: Self) -> Self {
        Self { ends: self.ends | other.ends, last: self.last | other.last }
    }

    /// `false` only where no name of one is a name of the other.
    #[inline]
    pub(crate) fn may_share(self, other: Self) -> bool {
        self.ends & other.ends | self.last & other.last != 0
    }
}
