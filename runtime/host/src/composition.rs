//! How a tool is composed: how much the engine would have to unfold to compile it.
//!
//! Components instantiate components, which a file of a few hundred bytes can do a billion times. No limit of a run applies to
//! compiling, so what is too much is refused by counting, before anything is unfolded.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef, Encoding,
    ExternalKind, Instance, Payload,
};

use crate::engine::Build;

/// Components within one another. Those that compilers make are three deep.
const NESTED_MAX: usize = 32;

/// Instances of components and of core modules in all. A run may have far fewer of the latter.
const PARTS_MAX: u64 = 1000;

/// Memories in all, by how often they are named. What carries values between two of them is a core module of the engine's, which can't
/// have more; a component that calls what it offers itself has one too.
const MEMORIES_MAX: u64 = 100;

/// What was read of a tool so far.
#[derive(Debug, Default)]
pub(crate) struct Composition {
    /// From the tool itself to what is being read now.
    open: Vec<Open>,
    has_parts: bool,
}

/// A component or module that is being read.
#[derive(Debug)]
struct Open {
    is_component: bool,
    unfolded: Unfolded,
    /// The components it can instantiate, by index.
    components: Vec<Unfolded>,
}

/// What one instance of a component comes to, all in it included.
#[derive(Clone, Copy, Debug, Default)]
struct Unfolded {
    parts: u64,
    memories: u64,
}

/// Why a tool is not compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0}")]
    Malformed(#[from] wasmparser::BinaryReaderError),
    #[error("more than {NESTED_MAX} components within one another")]
    Nested,
    #[error("more than {PARTS_MAX} instances of components and modules, all counted")]
    Parts,
    #[error("more than {MEMORIES_MAX} memories")]
    Memories,
    #[error("a component that comes from outside of another, so that what it holds can't be counted")]
    Given,
}

impl Composition {
    /// How deep in the tool it is what was read last: one is the tool itself.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// How the tool is built, once all of it was read.
    pub(crate) fn build(&self) -> Build {
        // Compilers nest components too, but only to give their types names: those have no code.
        if self.has_parts { Build::Composed } else { Build::Single }
    }

    /// Takes the next part of the file.
    ///
    /// What is no valid component is left for the engine to refuse, which it does before it unfolds anything.
    pub(crate) fn read(&mut self, payload: &Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::Version { encoding, .. } => self.begin(*encoding == Encoding::Component)?,
            Payload::End(_) => self.end(),
            Payload::InstanceSection(section) => {
                self.has_parts |= self.open.len() > 1;
                for instance in section.clone() {
                    if matches!(instance?, Instance::Instantiate { .. }) {
                        self.add(Unfolded { parts: 1, memories: 0 })?;
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    if let ComponentInstance::Instantiate { component_index, .. } = instance? {
                        let Unfolded { parts, memories } = self.component(0, component_index);
                        self.add(Unfolded { parts: parts.saturating_add(1), memories })?;
                    }
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    self.alias(&alias?)?;
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section.clone() {
                    let export = export?;
                    if export.kind == ComponentExternalKind::Component {
                        let exported = self.component(0, export.index);
                        self.define(exported);
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section.clone() {
                    if matches!(import?.ty, ComponentTypeRef::Component(_)) {
                        return Err(Refused::Given);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, is_component: bool) -> Result<(), Refused> {
        if self.open.len() >= NESTED_MAX {
            return Err(Refused::Nested);
        }
        self.open.push(Open { is_component, unfolded: Unfolded::default(), components: Vec::new() });
        Ok(())
    }

    fn end(&mut self) {
        if let Some(Open { is_component: true, unfolded, .. }) = self.open.pop() {
            self.define(unfolded);
        }
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) -> Result<(), Refused> {
        match alias {
            ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => Err(Refused::Given),
            ComponentAlias::CoreInstanceExport { kind: ExternalKind::Memory, .. } => {
                self.add(Unfolded { parts: 0, memories: 1 })
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                let outer = self.component(usize::try_from(*count).unwrap_or(usize::MAX), *index);
                self.define(outer);
                Ok(())
            }
            ComponentAlias::InstanceExport { .. }
            | ComponentAlias::CoreInstanceExport { .. }
            | ComponentAlias::Outer { .. } => Ok(()),
        }
    }

    /// A component by its index in what is being read, or so many levels outward.
    fn component(&self, outward: usize, index: u32) -> Unfolded {
        let open = self.open.len().checked_sub(1).and_then(|last| last.checked_sub(outward));
        let components = open.and_then(|open| self.open.get(open)).map(|open| &open.components);
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        components.and_then(|components| components.get(index)).copied().unwrap_or_default()
    }

    fn define(&mut self, component: Unfolded) {
        if let Some(open) = self.open.last_mut() {
            open.components.push(component);
        }
    }

    fn add(&mut self, more: Unfolded) -> Result<(), Refused> {
        let Some(Open { unfolded, .. }) = self.open.last_mut() else { return Ok(()) };
        unfolded.parts = unfolded.parts.saturating_add(more.parts);
        unfolded.memories = unfolded.memories.saturating_add(more.memories);
        if unfolded.parts > PARTS_MAX {
            return Err(Refused::Parts);
        }
        if unfolded.memories > MEMORIES_MAX { Err(Refused::Memories) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use wasmparser::Parser;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Build, Refused> {
        let mut composition = Composition::default();
        for payload in Parser::new(0).parse_all(bytes) {
            composition.read(&payload?)?;
        }
        Ok(composition.build())
    }

    fn build(text: &str) -> Result<Build, Refused> {
        read(&wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
    }

    #[test]
    fn tool_is_composed_where_a_component_in_it_has_code_of_its_own() {
        let with = |inner: &str| {
            build(&format!("(component (core module $m) (core instance (instantiate $m)) {inner})")).unwrap()
        };
        assert_eq!(with(""), Build::Single);
        assert_eq!(with("(component (type $t u8) (export \"t\" (type $t)))"), Build::Single);
        let own = "(core module $n) (core instance (instantiate $n))";
        assert_eq!(with(&format!("(component {own})")), Build::Composed);
        assert_eq!(
            with("(component (alias outer 1 $m (core module $n)) (core instance (instantiate $n)))"),
            Build::Composed
        );
        assert_eq!(with(&format!("(component (component {own}))")), Build::Composed);
    }

    /// A component of ten instances of one of ten instances, and so on.
    fn laughs(levels: usize) -> String {
        let mut component = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
        for level in 1..=levels {
            let instances = format!("(instance (instantiate $c{}))", level - 1).repeat(10);
            component = format!("(component $c{level} {component} {instances})");
        }
        component
    }

    #[test]
    fn what_would_unfold_without_end_is_refused_however_it_is_named() {
        let once =
            |levels: usize| build(&format!("(component {} (instance (instantiate $c{levels})))", laughs(levels)));
        assert_eq!(once(2).unwrap(), Build::Composed);
        assert!(matches!(once(3), Err(Refused::Parts)));
        assert!(matches!(once(9), Err(Refused::Parts)));
        // 231 parts, by the index that exporting gives a component and by one from outside.
        let (big, instance) = (laughs(2), "(instance (instantiate 1))");
        let exported =
            |times| build(&format!("(component {big} (export \"e\" (component 0)) {})", instance.repeat(times)));
        assert_eq!(exported(4).unwrap(), Build::Composed);
        assert!(matches!(exported(5), Err(Refused::Parts)));
        let instance = "(instance (instantiate $mine))";
        let aliased = |times| {
            let inner = format!("(component (alias outer 1 $c2 (component $mine)) {})", instance.repeat(times));
            build(&format!("(component {big} {inner})"))
        };
        assert_eq!(aliased(4).unwrap(), Build::Composed);
        assert!(matches!(aliased(5), Err(Refused::Parts)));
    }

    #[test]
    fn components_that_are_handed_around_are_refused() {
        assert!(matches!(
            build("(component (component (import \"c\" (component $c)) (instance (instantiate $c))))"),
            Err(Refused::Given)
        ));
        assert!(matches!(
            build(
                "(component
                    (component $a (component $b) (export \"b\" (component $b)))
                    (instance $a (instantiate $a))
                    (alias export $a \"b\" (component $b)) (instance (instantiate $b)))"
            ),
            Err(Refused::Given)
        ));
    }

    #[test]
    fn memories_of_composed_components_are_counted() {
        let composed = |times: usize| {
            let part = "(component $part
                (core module $m (memory (export \"memory\") 1))
                (core instance $i (instantiate $m))
                (alias core export $i \"memory\" (core memory)))";
            format!("(component {part} {})", "(instance (instantiate $part))".repeat(times))
        };
        assert_eq!(build(&composed(100)).unwrap(), Build::Composed);
        assert!(matches!(build(&composed(101)), Err(Refused::Memories)));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| format!("{}{}", "(component ".repeat(levels), ")".repeat(levels));
        assert_eq!(build(&nested(NESTED_MAX)).unwrap(), Build::Single);
        assert!(matches!(build(&nested(NESTED_MAX + 1)), Err(Refused::Nested)));
    }
}
