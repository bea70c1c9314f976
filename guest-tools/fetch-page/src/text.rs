//! Turns HTML into readable text.
//!
//! This is not a parser. It drops everything that is not text, breaks lines where a block ends, decodes the common
//! entities, and collapses white space. It ends on any input, in time linear in the length.

/// Elements whose content is not for reading.
const SKIPPED: [&str; 5] = ["script", "style", "noscript", "template", "svg"];

/// Elements that begin and end a line.
const BLOCKS: [&str; 26] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "p",
    "pre",
    "section",
    "title",
    "tr",
];

/// The longest entity that is looked for, in bytes, so that a stray `&` costs little.
const ENTITY_BYTES_MAX: usize = 10;

/// Extracts the text of a page.
pub(crate) fn from_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        decode(before, &mut text);
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some((tag, after)) = after.split_once('>') else {
            rest = "";
            break;
        };
        rest = after;
        let name = tag
            .trim_start_matches('/')
            .split(|c: char| !c.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        if SKIPPED.contains(&name.as_str()) && !tag.starts_with('/') && !tag.ends_with('/') {
            rest = after_element(rest, &name);
        } else if BLOCKS.contains(&name.as_str()) {
            text.push('\n');
        }
    }
    decode(rest, &mut text);
    tidy(&text)
}

/// Skips past the end tag of an element that contains no elements.
fn after_element<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut rest = rest;
    while let Some((_, after)) = rest.split_once("</") {
        rest = after;
        let starts = rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        if starts {
            return rest.split_once('>').map_or("", |(_, after)| after);
        }
    }
    ""
}

/// Appends `raw` with its entities decoded; unknown entities stay as they are.
fn decode(raw: &str, text: &mut String) {
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let end = after.bytes().take(ENTITY_BYTES_MAX).position(|byte| byte == b';');
        let decoded = end
            .and_then(|end| after.split_at_checked(end))
            .and_then(|(name, after)| Some((entity(name)?, after.strip_prefix(';')?)));
        if let Some((character, after)) = decoded {
            text.push(character);
            rest = after;
        } else {
            text.push('&');
            rest = after;
        }
    }
    text.push_str(rest);
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "copy" => '©',
        _ => return None,
    })
}

/// Collapses white space within lines, and blank lines, and drops characters that control a terminal.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(|line| {
        line.split_whitespace()
            .map(|word| word.chars().filter(|c| !c.is_control()).collect::<String>())
            .collect::<Vec<_>>()
            .join(" ")
    });
    let mut tidied: Vec<String> = Vec::new();
    for line in lines {
        if !line.is_empty() || tidied.last().is_some_and(|last| !last.is_empty()) {
            tidied.push(line);
        }
    }
    tidied.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::from_html;

    #[test]
    fn leaves_out_scripts_styles_and_comments() {
        let html = "<STYLE>p { a }</style><p>one</p><script>if (a</b) {}</SCRIPT >two<!-- <p> -->three";
        assert_eq!(from_html(html), "one\ntwothree");
    }

    #[test]
    fn decodes_entities_and_leaves_stray_ampersands() {
        assert_eq!(
            from_html("a &amp; b &lt;c&gt; &#65;&#x42; & &unknown; AT&T&#xD800;"),
            "a & b <c> AB & &unknown; AT&T&#xD800;"
        );
    }

    #[test]
    fn collapses_space_and_breaks_at_blocks() {
        assert_eq!(from_html("<h1>Title</h1>\n\n\n<p>one\t two</p><ul><li>x<li>y</ul>"), "Title\n\none two\n\nx\ny");
    }

    #[test]
    fn survives_pages_that_end_anywhere() {
        let html = "<p class='é'>é&eacute;<script>x</script><!-- y --></p>";
        for (end, _) in html.char_indices() {
            assert!(from_html(html.get(..end).unwrap_or_default()).len() <= html.len());
        }
    }

    #[test]
    fn drops_characters_that_move_a_cursor() {
        assert_eq!(from_html("a&#27;[2Jb\u{7}c"), "a[2Jbc");
    }
}
