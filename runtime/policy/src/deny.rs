//! `deny`: what a directory's grant does not give, however it is reached.
//!
//! Most patterns are one name at any depth, as `**/.git/**` and `**/*.pem` are. For nearly every path the bits that it has with it
//! tell that no such name is in it; only where they don't is it taken apart.

use crate::guest_path::GuestPath;
use crate::name_bits::NameBits;
use crate::path_pattern::{PathPattern, Wild};
use crate::path_segments::path_segments;

/// The patterns of one grant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deny {
    /// As they are written.
    patterns: Vec<PathPattern>,
    /// Those that are one name at any depth.
    names: Vec<Wild>,
    /// The bits of all of these names.
    name_bits: NameBits,
    /// Those that are anything else.
    others: Vec<PathPattern>,
}

impl Deny {
    pub(crate) fn new(patterns: Vec<PathPattern>) -> Self {
        let mut deny = Self::default();
        for pattern in &patterns {
            match pattern.name_at_any_depth() {
                Some(name) => {
                    deny.name_bits = deny.name_bits.and(bits(name));
                    deny.names.push(name.clone());
                }
                None => deny.others.push(pattern.clone()),
            }
        }
        Self { patterns, ..deny }
    }

    pub(crate) fn patterns(&self) -> &[PathPattern] {
        &self.patterns
    }

    /// Whether a pattern covers the path, of which `relative` is what is below the grant, as in [`PathPattern::covers`].
    #[inline]
    pub(crate) fn covers(&self, path: &GuestPath, relative: Option<&str>) -> bool {
        (self.name_bits.may_share(path.name_bits()) && self.has_name_in(relative))
            || (!self.others.is_empty() && self.others.iter().any(|pattern| pattern.covers(relative)))
    }

    fn has_name_in(&self, relative: Option<&str>) -> bool {
        let mut segments = relative.into_iter().flat_map(path_segments);
        segments.any(|segment| {
            self.name_bits.may_share(NameBits::of(segment))
                && self.names.iter().any(|name| name.matches_segment(segment))
        })
    }
}

/// The bits of what a name stands for.
fn bits(name: &Wild) -> NameBits {
    match name {
        Wild::Literal(text) => NameBits::exactly(text),
        Wild::Star => NameBits::ANY,
        Wild::Tokens(_) => name.last_byte().map_or(NameBits::ANY, NameBits::ending_with),
    }
}
