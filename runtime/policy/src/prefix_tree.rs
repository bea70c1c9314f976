//! Finds what is filed under a path or under any directory above it, in time that does not depend on how much is filed.

use crate::fast_hash::PolicyMap;

/// Values filed under paths.
///
/// Each level is a hash table, so a look-up costs one probe per segment, with ten grants or ten thousand.
#[derive(Clone, Debug)]
pub(crate) struct PrefixTree<T> {
    nodes: Vec<Node<T>>,
}

#[derive(Clone, Debug)]
struct Node<T> {
    children: PolicyMap<Box<str>, usize>,
    values: Vec<T>,
}

/// The node that every tree has.
const ROOT: usize = 0;

impl<T> Default for PrefixTree<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::new()] }
    }
}

impl<T> Node<T> {
    fn new() -> Self {
        Self { children: PolicyMap::default(), values: Vec::new() }
    }
}

impl<T> PrefixTree<T> {
    /// Files a value under the path made of these segments.
    pub(crate) fn insert<'s>(&mut self, segments: impl Iterator<Item = &'s str>, value: T) {
        let mut at = ROOT;
        for segment in segments {
            let fresh = self.nodes.len();
            let Some(node) = self.nodes.get_mut(at) else { return };
            match node.children.get(segment) {
                Some(child) => at = *child,
                None => {
                    node.children.insert(Box::from(segment), fresh);
                    self.nodes.push(Node::new());
                    at = fresh;
                }
            }
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.values.push(value);
        }
    }

    /// Any one value.
    pub(crate) fn first(&self) -> Option<&T> {
        self.nodes.iter().find_map(|node| node.values.first())
    }

    /// Visits what is filed under the path and the directories above it, from the root down.
    ///
    /// `path` has its segments separated by `/`, without a leading one; `None` has no segments at all.
    pub(crate) fn walk<'t, 'p>(&'t self, path: Option<&'p str>) -> Walk<'t, 'p, T> {
        Walk { tree: self, node: Some(ROOT), rest: path }
    }

    /// Whether a value is filed under exactly this path or anywhere below it.
    pub(crate) fn has_at_or_below(&self, path: Option<&str>) -> bool {
        let mut at = ROOT;
        for segment in path.into_iter().flat_map(|text| text.split('/')) {
            match self.nodes.get(at).and_then(|node| node.children.get(segment)) {
                Some(child) => at = *child,
                None => return false,
            }
        }
        // Every node but the root exists because something is filed at it or below it.
        self.nodes.get(at).is_some_and(|node| at != ROOT || !node.values.is_empty() || !node.children.is_empty())
    }
}

/// The values on the way down one path. Made by [`PrefixTree::walk`].
pub(crate) struct Walk<'t, 'p, T> {
    tree: &'t PrefixTree<T>,
    node: Option<usize>,
    rest: Option<&'p str>,
}

impl<'t, 'p, T> Iterator for Walk<'t, 'p, T> {
    /// The values filed at a node, and what is left of the path below it.
    type Item = (&'t [T], Option<&'p str>);

    fn next(&mut self) -> Option<Self::Item> {
        let node = self.tree.nodes.get(self.node.take()?)?;
        let rest = self.rest;
        if let Some(text) = rest {
            let (segment, below) = match text.split_once('/') {
                Some((segment, below)) => (segment, Some(below)),
                None => (text, None),
            };
            self.node = node.children.get(segment).copied();
            self.rest = below;
        }
        Some((&node.values, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (values, rest) in tree.walk(path) {
            found.extend(values.iter().map(|value| (*value, rest)));
        }
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
}
