//! A radix tree: finds the values of a path and of the directories above it, in time that does not depend on how many
//! values there are.

/// Values by path.
///
/// Paths share their common prefixes, byte by byte, so a look-up reads the path once and no further than it has
/// something in common with another, with ten grants or ten thousand.
#[derive(Clone, Debug)]
pub(crate) struct PrefixTree<T> {
    /// The values of the empty path, which is above everything.
    root: Vec<T>,
    /// The first node is the common prefix of all other paths.
    nodes: Vec<Node<T>>,
}

#[derive(Clone, Debug)]
struct Node<T> {
    /// The common prefix of all paths from here on, after the byte that leads here.
    label: Box<[u8]>,
    /// The values of the path that ends with the label.
    values: Vec<T>,
    /// The nodes that follow the label.
    branches: Branches,
}

/// Nodes by the byte that leads to them.
#[derive(Clone, Debug, Default)]
struct Branches {
    /// The lowest byte that has a node.
    first: u8,
    /// The nodes of this byte and of all bytes up to the highest one; [`TOP`], to which nothing leads, for bytes
    /// without a node.
    nodes: Vec<usize>,
}

/// The node where every look-up begins.
const TOP: usize = 0;

impl<T> Default for PrefixTree<T> {
    fn default() -> Self {
        Self { root: Vec::new(), nodes: Vec::new() }
    }
}

impl Branches {
    #[inline]
    fn find(&self, byte: u8) -> Option<usize> {
        // For a byte below the first, the difference wraps around to beyond the last.
        self.nodes.get(usize::from(byte).wrapping_sub(usize::from(self.first))).copied().filter(|node| *node != TOP)
    }

    fn add(&mut self, byte: u8, node: usize) {
        if self.nodes.is_empty() {
            self.first = byte;
        }
        let missing = usize::from(self.first.saturating_sub(byte));
        self.nodes.splice(..0, std::iter::repeat_n(TOP, missing));
        self.first = self.first.min(byte);
        let position = usize::from(byte - self.first);
        if self.nodes.len() <= position {
            self.nodes.resize(position + 1, TOP);
        }
        if let Some(place) = self.nodes.get_mut(position) {
            *place = node;
        }
    }
}

impl<T> Node<T> {
    fn leaf(label: &[u8], value: T) -> Self {
        Self { label: Box::from(label), values: vec![value], branches: Branches::default() }
    }
}

impl<T> PrefixTree<T> {
    /// Adds a value for the path made of these segments.
    pub(crate) fn insert<'s>(&mut self, segments: impl Iterator<Item = &'s str>, value: T) {
        let segments: Vec<&str> = segments.collect();
        if segments.is_empty() {
            self.root.push(value);
            return;
        }
        let path = segments.join("/");
        let (mut at, mut rest) = (TOP, path.as_bytes());
        loop {
            let fresh = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else {
                self.nodes.push(Node::leaf(rest, value));
                return;
            };
            let common = node.label.iter().zip(rest).take_while(|(one, other)| one == other).count();
            let lower = node.split(common, fresh);
            rest = rest.get(common..).unwrap_or_default();
            let Some((byte, below)) = rest.split_first() else {
                node.values.push(value);
                self.nodes.extend(lower);
                return;
            };
            if let Some(next) = node.branches.find(*byte) {
                (at, rest) = (next, below);
                continue;
            }
            let leaf = fresh + usize::from(lower.is_some());
            node.branches.add(*byte, leaf);
            self.nodes.extend(lower);
            self.nodes.push(Node::leaf(below, value));
            return;
        }
    }

    /// Any one value.
    pub(crate) fn first(&self) -> Option<&T> {
        self.root.first().or_else(|| self.nodes.iter().find_map(|node| node.values.first()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.root.is_empty() && self.nodes.is_empty()
    }

    /// The values of exactly this path, which has at least one segment.
    #[inline]
    pub(crate) fn get(&self, path: &str) -> &[T] {
        let (mut at, mut rest) = (TOP, path.as_bytes());
        while let Some(node) = self.nodes.get(at) {
            let Some(below) = rest.strip_prefix(&*node.label) else { return &[] };
            let Some((byte, below)) = below.split_first() else { return &node.values };
            let Some(next) = node.branches.find(*byte) else { return &[] };
            (at, rest) = (next, below);
        }
        &[]
    }

    /// Visits the values of the path and of the directories above it, from the root down, each with the rest of the
    /// path below it.
    ///
    /// `path` has its segments separated by `/`, without a leading one; `None` has no segments at all.
    #[inline]
    pub(crate) fn visit<'t, 'p>(&'t self, path: Option<&'p str>, mut each: impl FnMut(&'t T, Option<&'p str>)) {
        self.root.iter().for_each(|value| each(value, path));
        let Some(path) = path else { return };
        let (mut at, mut rest) = (TOP, path.as_bytes());
        while let Some(node) = self.nodes.get(at) {
            if !node.label.is_empty() {
                let Some(below) = rest.strip_prefix(&*node.label) else { return };
                rest = below;
            }
            let Some((byte, below)) = rest.split_first() else {
                node.values.iter().for_each(|value| each(value, None));
                return;
            };
            // Only at a `/`: a longer name is not a deeper path.
            if *byte == b'/' && !node.values.is_empty() {
                let below = path.get(path.len() - below.len()..);
                node.values.iter().for_each(|value| each(value, below));
            }
            let Some(next) = node.branches.find(*byte) else { return };
            (at, rest) = (next, below);
        }
    }

    /// A value of this path or of any path below it.
    pub(crate) fn first_at_or_below(&self, path: Option<&str>) -> Option<&T> {
        let Some(path) = path else { return self.first() };
        let (mut at, mut rest) = (TOP, path.as_bytes());
        while let Some(node) = self.nodes.get(at) {
            if let Some(label) = node.label.strip_prefix(rest) {
                return match label.first() {
                    Some(b'/') => self.first_from(at),
                    Some(_) => None,
                    None => node.values.first().or_else(|| self.first_from(node.branches.find(b'/')?)),
                };
            }
            let (byte, below) = rest.strip_prefix(&*node.label).and_then(<[u8]>::split_first)?;
            (at, rest) = (node.branches.find(*byte)?, below);
        }
        None
    }

    /// The first value of a node or of the nodes below it: each node leads to a value.
    fn first_from(&self, mut at: usize) -> Option<&T> {
        loop {
            let node = self.nodes.get(at)?;
            if let Some(value) = node.values.first() {
                return Some(value);
            }
            at = node.branches.nodes.iter().copied().find(|node| *node != TOP)?;
        }
    }

    /// Whether this path or any path below it has a value.
    pub(crate) fn has_at_or_below(&self, path: Option<&str>) -> bool {
        let Some(path) = path else { return self.first().is_some() };
        let (mut at, mut rest) = (TOP, path.as_bytes());
        while let Some(node) = self.nodes.get(at) {
            if let Some(label) = node.label.strip_prefix(rest) {
                // The path ends here, or within the label: what follows must not be more of the same segment.
                return match label.first() {
                    Some(next) => *next == b'/',
                    None => !node.values.is_empty() || node.branches.find(b'/').is_some(),
                };
            }
            let Some((byte, below)) = rest.strip_prefix(&*node.label).and_then(<[u8]>::split_first) else {
                return false;
            };
            let Some(next) = node.branches.find(*byte) else { return false };
            (at, rest) = (next, below);
        }
        false
    }
}

impl<T> Node<T> {
    /// Splits the label after `common` bytes if it is longer. The rest becomes a node of its own, at `fresh`.
    fn split(&mut self, common: usize, fresh: usize) -> Option<Self> {
        let (upper, lower) = self.label.split_at_checked(common)?;
        let (byte, label) = lower.split_first()?;
        let (upper, byte, label) = (Box::from(upper), *byte, Box::from(label));
        let values = std::mem::take(&mut self.values);
        let branches = std::mem::take(&mut self.branches);
        self.branches.add(byte, fresh);
        self.label = upper;
        Some(Self { label, values, branches })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tree() -> PrefixTree<u8> {
        let mut tree = PrefixTree::default();
        tree.insert(std::iter::empty(), 0);
        tree.insert("a".split('/'), 1);
        tree.insert("a/b/c".split('/'), 2);
        tree.insert("a".split('/'), 3);
        tree
    }

    fn found(path: Option<&str>) -> Vec<(u8, Option<&str>)> {
        let tree = tree();
        let mut found = Vec::new();
        tree.visit(path, |value, rest| found.push((*value, rest)));
        found
    }

    #[test]
    fn yields_what_covers_a_path_with_the_rest() {
        assert_eq!(found(None), [(0, None)]);
        assert_eq!(found(Some("x")), [(0, Some("x"))]);
        assert_eq!(found(Some("a")), [(0, Some("a")), (1, None), (3, None)]);
        assert_eq!(
            found(Some("a/b/c/d")),
            [(0, Some("a/b/c/d")), (1, Some("b/c/d")), (3, Some("b/c/d")), (2, Some("d"))]
        );
    }

    #[test]
    fn a_longer_name_is_not_a_deeper_path() {
        assert_eq!(found(Some("ab")), [(0, Some("ab"))]);
    }

    #[test]
    fn knows_what_lies_below() {
        assert!(tree().has_at_or_below(Some("a/b")));
        assert!(tree().has_at_or_below(Some("a/b/c")));
        assert!(tree().has_at_or_below(None));
        assert!(!tree().has_at_or_below(Some("a/b/c/d")));
        assert!(!tree().has_at_or_below(Some("b")));
        assert!(!PrefixTree::<u8>::default().has_at_or_below(None));
    }

    fn any_path() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(prop::sample::select(&["", "a", "ab", "abc", "b", "é", "è"][..]), 0..4)
    }

    proptest! {
        #[test]
        fn finds_what_comparing_segments_finds(filed in prop::collection::vec(any_path(), 0..8), path in any_path()) {
            let mut tree = PrefixTree::default();
            for (number, segments) in filed.iter().enumerate() {
                tree.insert(segments.iter().copied(), number);
            }
            let text = path.join("/");
            let text = Some(text.as_str()).filter(|_| !path.is_empty());
            let mut found = Vec::new();
            tree.visit(text, |number, rest| found.push((*number, rest.map(str::to_owned))));
            let mut expected = Vec::new();
            for depth in 0..=path.len() {
                let (above, below) = path.split_at(depth);
                let rest = (!below.is_empty()).then(|| below.join("/"));
                let here = filed.iter().enumerate().filter(|(_, segments)| *segments == above);
                expected.extend(here.map(|(number, _)| (number, rest.clone())));
            }
            prop_assert_eq!(found, expected);
            let below = filed.iter().any(|segments| segments.starts_with(&path));
            prop_assert_eq!(tree.has_at_or_below(text), below);
            let first = tree.first_at_or_below(text).and_then(|number| filed.get(*number));
            prop_assert_eq!(first.is_some(), below);
            prop_assert!(first.is_none_or(|segments| segments.starts_with(&path)));
            prop_assert_eq!((tree.first().is_some(), tree.is_empty()), (!filed.is_empty(), filed.is_empty()));
            let here = filed.iter().enumerate().filter(|(_, segments)| **segments == path);
            let here: Vec<usize> = here.map(|(number, _)| number).collect();
            prop_assert_eq!(text.map_or(&here[..], |text| tree.get(text)), &here[..]);
        }
    }
}
