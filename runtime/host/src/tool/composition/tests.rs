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
    let with =
        |inner: &str| build(&format!("(component (core module $m) (core instance (instantiate $m)) {inner})")).unwrap();
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

/// A component of ten instances of a component of ten instances, and so on.
fn laughs(levels: usize) -> String {
    let mut component = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..=levels {
        let instances = format!("(instance (instantiate $c{}))", level - 1).repeat(10);
        component = format!("(component $c{level} {component} {instances})");
    }
    component
}

#[test]
fn a_tool_that_expands_without_end_is_refused_however_it_names_its_parts() {
    let once = |levels: usize| build(&format!("(component {} (instance (instantiate $c{levels})))", laughs(levels)));
    assert_eq!(once(2).unwrap(), Build::Composed);
    assert!(matches!(once(3), Err(Refused::Parts)));
    assert!(matches!(once(9), Err(Refused::Parts)));
    // 231 parts, by the index that an export adds for a component and by an alias from outside.
    let (big, instance) = (laughs(2), "(instance (instantiate 1))");
    let exported = |times| build(&format!("(component {big} (export \"e\" (component 0)) {})", instance.repeat(times)));
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
fn components_from_outside_are_refused() {
    assert!(matches!(
        build("(component (component (import \"c\" (component $c)) (instance (instantiate $c))))"),
        Err(Refused::External)
    ));
    assert!(matches!(
        build(
            "(component
                (component $a (component $b) (export \"b\" (component $b)))
                (instance $a (instantiate $a))
                (alias export $a \"b\" (component $b)) (instance (instantiate $b)))"
        ),
        Err(Refused::External)
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
fn a_memory_with_many_names_counts_once() {
    let aliases = |names: &str, of: &str| {
        let alias = |number: usize| {
            let name = if names == "one" { 0 } else { number };
            format!("(alias core export {of} \"m{name}\" (core memory))")
        };
        let exports: String = (0..200).map(|number| format!("(export \"m{number}\" (memory 0))")).collect();
        let bundle: String = (0..200).map(|number| format!("(export \"m{number}\" (memory $own))")).collect();
        let aliases: String = (0..200).map(alias).collect();
        format!(
            "(component (core module $m (memory 1) {exports}) (core instance $i (instantiate $m))
                (alias core export $i \"m0\" (core memory $own)) (core instance $bundle {bundle}) {aliases})"
        )
    };
    for of in ["$i", "$bundle"] {
        for names in ["one", "many"] {
            assert_eq!(build(&aliases(names, of)).unwrap(), Build::Single, "{names} of {of}");
        }
    }
}

#[test]
fn a_long_name_is_kept_once_however_often_it_is_named() {
    let kept = |aliases: usize| {
        let long = "m".repeat(50_000);
        let alias = "(alias core export $bundle \"m\" (core memory))".repeat(aliases);
        let own = format!("(alias core export 5 \"{long}\" (core memory $own))");
        let text = format!("(component {own} (core instance $bundle (export \"m\" (memory $own))) {alias})");
        let bytes = wat::parse_str(text).unwrap();
        let mut composition = Composition::default();
        let mut most = 0;
        for payload in Parser::new(0).parse_all(&bytes) {
            composition.read(&payload.unwrap()).unwrap();
            most = composition.open.iter().map(|open| open.memories.name_bytes()).fold(most, usize::max);
        }
        most
    };
    assert_eq!(kept(1), 50_001);
    assert_eq!(kept(10_000), 50_001);
}

#[test]
fn memories_of_modules_from_outside_are_distinguished() {
    let instances = |count: usize| {
        let instance = |number: usize| {
            format!("(core instance $i{number} (instantiate $m)) (alias core export $i{number} \"m\" (core memory))")
        };
        let instances: String = (0..count).map(instance).collect();
        format!(
            "(component (core module $m (memory (export \"m\") 1))
                (component (alias outer 1 $m (core module $m)) {instances}) (instance (instantiate 0)))"
        )
    };
    assert_eq!(build(&instances(100)).unwrap(), Build::Composed);
    assert!(matches!(build(&instances(101)), Err(Refused::Memories)));
}

#[test]
fn depth_is_bounded() {
    let nested = |levels: usize| format!("{}{}", "(component ".repeat(levels), ")".repeat(levels));
    assert_eq!(build(&nested(NESTED_MAX)).unwrap(), Build::Single);
    assert!(matches!(build(&nested(NESTED_MAX + 1)), Err(Refused::Nested)));
}
