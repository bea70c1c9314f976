//! The secrets that responses are searched for.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::bounds::SECRET_BYTES_MIN;
use super::hash::{Base, Pattern, folded};
use super::search::{Search, without_escapes};

/// The secrets that one server may have received.
pub struct Needles {
    pub(super) base: Base,
    /// Each secret.
    pub(super) plain: Vec<Pattern>,
    /// Each secret as it is and with its escapes decoded. Always two entries, so that their number reveals nothing.
    pub(super) decoded: Vec<Pattern>,
}

impl Needles {
    /// Searches for these values, of [`SECRET_BYTES_MIN`] to [`SECRET_BYTES_MAX`](super::SECRET_BYTES_MAX) bytes.
    /// `random` must be drawn for this run alone.
    pub fn new<'a>(random: u64, values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let base = Base::new(random);
        let pattern = |bytes: &[u8]| {
            let text: Vec<u8> = bytes.iter().copied().map(folded).collect();
            Pattern::new(base, Zeroizing::new(text))
        };
        let (mut plain, mut decoded) = (Vec::new(), Vec::new());
        for value in values {
            let bare = Zeroizing::new(without_escapes(value));
            let bare = Some(&*bare).filter(|bare| bare.len() >= SECRET_BYTES_MIN);
            plain.push(pattern(value));
            decoded.extend([pattern(value), pattern(bare.map_or(value, Vec::as_slice))]);
        }
        Self { base, plain, decoded }
    }

    /// Whether there is nothing to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.plain.is_empty()
    }

    /// A text with every occurrence masked.
    #[must_use]
    pub fn masked(self: &Arc<Self>, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        Search::new(Arc::clone(self)).mask(&mut bytes);
        // A mask may end in the middle of a character that is not part of any secret.
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
