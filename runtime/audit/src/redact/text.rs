//! Texts that stand for texts: recognisably equal where those are, and with nothing else of them.

/// Hexadecimal digits of a component's digest that are kept. Enough to tell any names of one run apart.
const COMPONENT_DIGITS: usize = 16;

/// What stands for a path: each component by itself, so that a path below another one still is.
pub(super) fn path(text: &str) -> String {
    let components = text.split('/').map(|component| match component {
        "" | "." | ".." => component.to_owned(),
        _ => {
            let digest = blake3::hash(component.as_bytes()).to_hex();
            format!("~{}", digest.get(..COMPONENT_DIGITS).unwrap_or_default())
        }
    });
    components.collect::<Vec<_>>().join("/")
}

/// What stands for any other text.
pub(super) fn whole(text: &str) -> String {
    format!("~{}:{}", blake3::hash(text.as_bytes()).to_hex(), text.len())
}

/// A label with the paths between its back-ticks replaced: `filesystem grant `/notes` (line 6)`.
pub(super) fn label(text: &str, bytes_max: usize) -> String {
    let parts = text.split('`').zip([false, true].into_iter().cycle());
    let parts = parts.map(|(part, quoted)| if quoted && part.contains('/') { path(part) } else { part.to_owned() });
    let replaced = parts.collect::<Vec<_>>().join("`");
    // A path outside of them is none that this release writes, and a label has room for only so much.
    let outside = text.split('`').step_by(2).any(|part| part.contains('/'));
    if outside || replaced.len() > bytes_max { whole(text) } else { replaced }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_stay_equal_wherever_they_stand() {
        let name = path("today.md");
        assert_eq!(name.len(), 17);
        assert_eq!(path("/notes/today.md"), format!("/{}/{name}", path("notes")));
        assert_eq!(path("../notes/./today.md"), format!("../{}/./{name}", path("notes")));
        assert_eq!((path("/"), path(""), path(".")), ("/".to_owned(), String::new(), ".".to_owned()));
        assert_ne!(path("today.me"), name);
        // What looks like a digest is a name like any other.
        assert_ne!(path(&name), name);
    }

    #[test]
    fn labels_keep_all_but_their_paths() {
        let replaced = label("filesystem grant `/notes` (line 6)", 256);
        assert_eq!(replaced, format!("filesystem grant `{}` (line 6)", path("/notes")));
        assert_eq!(label("read-only", 256), "read-only");
        assert!(label("a/b `c`", 256).starts_with('~'));
        assert!(label("grant `/a/b`", 20).starts_with('~'));
    }
}
