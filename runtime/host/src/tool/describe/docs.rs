//! What the WIT of a tool says about its functions and types: the custom section `package-docs`, in which WIT tools
//! keep doc comments.

use serde_json::Value;

/// Longest section that is read, and longest text that is taken from it, in bytes.
const SECTION_BYTES_MAX: usize = 1 << 20;
const TEXT_BYTES_MAX: usize = 4 << 10;

/// The name of the section. It has a byte for its version, and JSON.
pub(super) const SECTION: &str = "package-docs";

/// Versions that are read. The later one has more, at other places.
const VERSIONS: std::ops::RangeInclusive<u8> = 0..=1;

/// The name of a type, with the interface that exports it.
pub(super) type TypeName<'t> = (Option<&'t str>, &'t str);

/// The documentation of a tool; empty if it has none that can be read.
#[derive(Default)]
pub(super) struct Docs(Value);

impl Docs {
    /// Reads the section. A malformed one counts as missing: documentation changes no call.
    pub(super) fn read(section: &[u8]) -> Self {
        let json = section.split_first().filter(|(version, _)| VERSIONS.contains(version)).map(|(_, json)| json);
        let json = json.filter(|json| json.len() <= SECTION_BYTES_MAX);
        Self(json.and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default())
    }

    /// What it says about a function.
    pub(super) fn function(&self, interface: Option<&str>, name: &str) -> Option<String> {
        let within = |place: &Value| place.get("func_exports").and_then(|all| all.get(name)).and_then(text);
        let plain = |place: &Value| place.get("funcs").and_then(|all| all.get(name)).and_then(text);
        self.places(interface).find_map(|place| within(place).or_else(|| plain(place)))
    }

    /// What it says about a field, a case or a flag of a type.
    pub(super) fn item(&self, (interface, ty): TypeName<'_>, item: &str) -> Option<String> {
        let within = |place: &Value| place.get("types")?.get(ty)?.get("items")?.get(item).and_then(text);
        self.places(interface).find_map(within)
    }

    /// Where an interface is documented; without one, the worlds.
    fn places<'d>(&'d self, interface: Option<&'d str>) -> Box<dyn Iterator<Item = &'d Value> + 'd> {
        let worlds = || self.0.get("worlds").and_then(Value::as_object).into_iter().flat_map(|worlds| worlds.values());
        let Some(interface) = interface else { return Box::new(worlds()) };
        let without_version = interface.split('@').next().unwrap_or_default();
        let without_package = without_version.rsplit('/').next().unwrap_or_default();
        let maps = worlds().flat_map(|world| [world.get("interface_exports"), world.get("interfaces")]);
        let maps = maps.chain([self.0.get("interfaces")]).flatten();
        let names = [interface, without_version, without_package];
        Box::new(maps.flat_map(move |map| names.into_iter().filter_map(|name| map.get(name))))
    }
}

/// A text, or an object with one.
fn text(value: &Value) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("docs").and_then(Value::as_str))?.trim();
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    text.get(..end).filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_and_fields_are_documented_where_their_interface_is() {
        let json = serde_json::json!({
            "worlds": { "root": {
                "func_exports": { "greet": { "docs": "Greets." } },
                "interfaces": { "cart": { "funcs": { "add": "Adds." } } },
            } },
            "interfaces": { "stock": {
                "funcs": { "add": "Adds to the stock." },
                "types": { "line": { "items": { "count": "How many." } } },
            } },
        });
        let docs = Docs::read(format!("\u{1}{json}").as_bytes());
        assert_eq!(docs.function(None, "greet").as_deref(), Some("Greets."));
        assert_eq!(docs.function(Some("cart"), "add").as_deref(), Some("Adds."));
        assert_eq!(docs.function(Some("acme:shop/stock@1.2.0"), "add").as_deref(), Some("Adds to the stock."));
        assert_eq!(docs.item((Some("acme:shop/stock@1.2.0"), "line"), "count").as_deref(), Some("How many."));
        assert_eq!(docs.function(None, "add"), None);
    }

    #[test]
    fn a_malformed_section_is_as_good_as_none() {
        for section in [&b""[..], b"\x01", b"\x01{", b"\x07{}", b"\x01[1]", b"\x01{\"worlds\": [3]}"] {
            assert_eq!(Docs::read(section).function(None, "f"), None);
            assert_eq!(Docs::read(section).function(Some("a:b/c"), "f"), None);
        }
    }
}
