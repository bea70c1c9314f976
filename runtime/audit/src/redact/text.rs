//! Replacements for texts. Equal texts have equal replacements, which reveal nothing else.

/// Hexadecimal digits kept of a component's digest: enough to tell the names of one run apart.
const COMPONENT_DIGITS: usize = 16;

/// The replacement for a path. Each component is replaced on its own, so a path below another one stays below it.
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

/// The replacement for any other text: its digest and length.
pub(super) fn digest(text: &str) -> String {
    format!("~{}:{}", blake3::hash(text.as_bytes()).to_hex(), text.len())
}

/// A label with the paths between its back-ticks replaced: `filesystem grant `/notes` (line 6)`.
pub(super) fn label(text: &str, bytes_max: usize) -> String {
    let parts = text.split('`').zip([false, true].into_iter().cycle());
    let parts = parts.map(|(part, quoted)| if quoted && part.contains('/') { path(part) } else { part.to_owned() });
    let replaced = parts.collect::<Vec<_>>().join("`");
    // This release writes no paths outside of back-ticks. And a label has a maximum length.
    let outside = text.split('`').step_by(2).any(|part| part.contains('/'));
    if outside || replaced.len() > bytes_max { digest(text) } else { replaced }
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
