//! Values from WAVE. The library parses the text; here it gets its types, more strictly than the library would: it
//! drops fields that a record does not have.

use wasm_wave::ast::{Node, NodeType};
use wasm_wave::parser::{ParserError, ParserErrorKind};
use wasm_wave::untyped::UntypedFuncCall;

use super::{kind, syntax};
use crate::check;
use crate::name::clip;
use crate::ty::{Case, Function, Integer, Type};
use crate::value::{Problem, Value};

/// What the parser takes for the name of the function. Its own grammar for names knows neither the versions nor the
/// `#` of an interface's function, so names are not given to it.
const NAME: &str = "f";

impl Function {
    /// Arguments from WAVE, with their parentheses: `("/notes", 7)`. Options at the end can be omitted. A name before
    /// the parentheses is not looked at, but columns in problems are counted from its start.
    ///
    /// # Errors
    ///
    /// When the text is not WAVE, or an argument does not have its parameter's type. The problem says what to write.
    pub fn arguments_from_wave(&self, text: &str) -> Result<Vec<Value>, Problem> {
        let (name, arguments) = text.split_at(text.find('(').unwrap_or_default());
        let before = name.chars().count();
        let text = format!("{NAME}{arguments}");
        let syntax = |error| {
            let list = self.parameter_list();
            let named = ["enum {", "variant {", "flags {"].iter().any(|word| list.contains(word));
            syntax(&text, NAME.len(), before, named, &error)
        };
        let call = UntypedFuncCall::parse(&text).map_err(syntax)?;
        let given: Vec<&Node> = match call.params_node() {
            Some(node) => node.as_tuple().map_err(syntax)?.collect(),
            None => Vec::new(),
        };
        self.positional(&given, |node, ty| value(&text, node, ty))
    }
}

/// A value of a type from its place in the text.
fn value(text: &str, node: &Node, ty: &Type) -> Result<Value, Problem> {
    let wrong = |advice: &str| {
        let shown = slice(text, node);
        let alone = alone(text, node, ty);
        let advice = alone.as_deref().unwrap_or(advice);
        Problem::new(format!("expected {ty}, found {} `{}`: write {advice}", kind(node.ty()), clip(shown)))
    };
    match ty {
        Type::Bool => node.as_bool().map(Value::Bool).map_err(|_| wrong("`true` or `false`")),
        Type::Integer(ty) if node.ty() == NodeType::Number => integer(*ty, slice(text, node)),
        Type::Integer(ty) => Err(wrong(&check::whole(*ty))),
        Type::F32 | Type::F64 => {
            float(ty, slice(text, node)).ok_or_else(|| wrong("a number, `inf`, `-inf` or `nan`"))?
        }
        Type::Char => node.as_char(text).map(Value::Char).map_err(|_| wrong("one character in single quotes: 'a'")),
        Type::String => match node.ty() {
            NodeType::String | NodeType::MultilineString => {
                let read = node.as_str(text).map_err(|error| unreadable(&error))?;
                Ok(Value::String(read.into_owned()))
            }
            NodeType::Char => Err(wrong("it in double quotes")),
            NodeType::Number | NodeType::Label | NodeType::BoolTrue | NodeType::BoolFalse => {
                Err(wrong(&format!("it in double quotes: \"{}\"", clip(slice(text, node)))))
            }
            _ => Err(wrong("text in double quotes")),
        },
        Type::List(element) => {
            let items = node.as_list().map_err(|_| wrong("`[`, items with commas between them, `]`"))?;
            let each = items.enumerate().map(|(index, item)| value(text, item, element).map_err(|p| p.at(index)));
            each.collect::<Result<_, _>>().map(Value::List)
        }
        Type::Record(fields) => {
            // Flags without any are written like a record without any fields.
            let empty = node.ty() == NodeType::Flags && slice(text, node) == "{}";
            let given: Vec<_> = match node.as_record(text) {
                Ok(given) => given.collect(),
                Err(_) if empty => Vec::new(),
                Err(_) => return Err(wrong("`{`, fields as `name: value` with commas between them, `}`")),
            };
            check::fields("field", fields, given, |node, ty| value(text, node, ty)).map(Value::Record)
        }
        Type::Tuple(types) => {
            let items = node.as_tuple().map_err(|_| wrong("`(`, items with commas between them, `)`"))?;
            check::same_length("item", types.len(), items.len())?;
            let each = items.zip(types.iter()).enumerate();
            let each = each.map(|(index, (item, ty))| value(text, item, ty).map_err(|problem| problem.at(index)));
            each.collect::<Result<_, _>>().map(Value::Tuple)
        }
        Type::Flags(names) => {
            let given = flags(text, node).ok_or_else(|| wrong("`{`, names of flags with commas between them, `}`"))?;
            check::flags(names, given.into_iter().map(Ok))
        }
        Type::Enum(names) => match labelled(text, node) {
            Some((name, None)) => check::enumerated(names, name),
            _ => Err(wrong("the name of a case, without quotes")),
        },
        Type::Variant(cases) => match labelled(text, node) {
            Some((name, given)) => variant(text, check::case(cases, name)?, given),
            None => Err(wrong("the name of a case, without quotes, and its value in parentheses if it has one")),
        },
        Type::Option(inner) => match node.as_option() {
            Ok(None) => Ok(Value::Option(None)),
            Ok(Some(node)) => value(text, node, inner).map(|value| Value::Option(Some(Box::new(value)))),
            Err(_) => Err(wrong(&optional(text, node, inner))),
        },
        Type::Result { ok, err } => match node.as_result() {
            Ok(Ok(given)) => payload(text, "ok", ok.as_deref(), given).map(|value| Value::Result(Ok(value))),
            Ok(Err(given)) => payload(text, "err", err.as_deref(), given).map(|value| Value::Result(Err(value))),
            Err(_) => Err(wrong("`ok(…)` or `err(…)`")),
        },
        Type::Handle => Err(Problem::new("a handle can't be passed")),
    }
}

/// A value that is given as an option where the type has none: the value alone.
fn alone(text: &str, node: &Node, ty: &Type) -> Option<String> {
    let within = node.as_option().ok().flatten().filter(|within| value(text, within, ty).is_ok())?;
    Some(format!("`{}`", clip(slice(text, within))))
}

/// What to write for an option, where its value, or no option at all, is given.
fn optional(text: &str, node: &Node, inner: &Type) -> String {
    let given = slice(text, node);
    if node.ty() == NodeType::Label && matches!(given, "null" | "nil" | "nothing" | "undefined") {
        return "`none`".to_owned();
    }
    let (mut within, mut open, mut close) = (inner, "some(".to_owned(), ")".to_owned());
    while let Type::Option(ty) = within {
        (within, open, close) = (ty, format!("{open}some("), format!("{close})"));
    }
    match (value(text, node, within), within) {
        (Ok(_), _) => format!("`none` or `{open}{}{close}`", clip(given)),
        (Err(_), Type::Integer(ty)) => format!("`none`, or `{open}…{close}` with {}", check::whole(*ty)),
        (Err(_), _) => format!("`none`, or `{open}…{close}` with {within}"),
    }
}

/// A string that has the form of one, but no value.
fn unreadable(error: &ParserError) -> Problem {
    Problem::new(match error.kind() {
        ParserErrorKind::InvalidEscape => "`\\u{…}` in the string is not a character (a Unicode scalar value)",
        _ => "a string in `\"\"\"` begins and ends with a line break: write `\\n` in a string in `\"`",
    })
}

/// The names of flags. None of them are written like a record without fields.
fn flags<'t>(text: &'t str, node: &Node) -> Option<Vec<&'t str>> {
    if node.ty() == NodeType::Record && node.as_record(text).is_ok_and(|mut fields| fields.next().is_none()) {
        return Some(Vec::new());
    }
    node.as_flags(text).ok().map(|given| given.map(bare).collect())
}

fn slice<'t>(text: &'t str, node: &Node) -> &'t str {
    text.get(node.span()).unwrap_or_default()
}

/// A name without the mark that it is not a word of WAVE's own.
fn bare(name: &str) -> &str {
    name.strip_prefix('%').unwrap_or(name)
}

/// The name of a case, and its value. WAVE's own words are names too where a case is expected.
fn labelled<'t, 'n>(text: &'t str, node: &'n Node) -> Option<(&'t str, Option<&'n Node>)> {
    let word = || slice(text, node).split('(').next().unwrap_or_default().trim_end();
    match node.ty() {
        NodeType::Label | NodeType::VariantWithPayload => node.as_variant(text).ok(),
        NodeType::BoolTrue | NodeType::BoolFalse => Some((word(), None)),
        NodeType::OptionNone | NodeType::OptionSome => node.as_option().ok().map(|given| (word(), given)),
        NodeType::ResultOk | NodeType::ResultErr => {
            node.as_result().ok().map(|given| (word(), given.unwrap_or_else(|given| given)))
        }
        NodeType::Number => matches!(word(), "inf" | "nan").then(|| (word(), None)),
        _ => None,
    }
}

fn variant(text: &str, case: &Case, given: Option<&Node>) -> Result<Value, Problem> {
    let value = payload(text, &case.name, case.ty.as_ref(), given)?;
    Ok(Value::Variant(std::sync::Arc::clone(&case.name), value))
}

/// The value of a case, of `ok` or of `err`.
fn payload(text: &str, name: &str, ty: Option<&Type>, given: Option<&Node>) -> Result<Option<Box<Value>>, Problem> {
    let shown = clip(name);
    match (ty, given) {
        (None, None) => Ok(None),
        (Some(ty), Some(node)) => {
            value(text, node, ty).map(|value| Some(Box::new(value))).map_err(|problem| problem.within(name))
        }
        (Some(ty), None) => Err(Problem::new(format!("`{shown}` needs a value: write `{shown}(…)` with {ty}"))),
        (None, Some(_)) => Err(Problem::new(format!("`{shown}` has no value: write `{shown}` alone"))),
    }
}

fn integer(ty: Integer, text: &str) -> Result<Value, Problem> {
    match text.parse() {
        Ok(number) => check::integer(ty, number, text),
        Err(_) if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => Err(check::out_of_range(ty, text)),
        Err(_) => Err(check::not_whole(ty, text)),
    }
}

/// A float. The text may be anything: what is not a number is told by it.
fn float(ty: &Type, text: &str) -> Option<Result<Value, Problem>> {
    let number: f64 = text.parse().ok()?;
    // Rust reads other spellings too.
    let is_word = matches!(text, "nan" | "inf" | "-inf");
    if !is_word && !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if number.is_infinite() && !is_word {
        return Some(Err(Problem::new(format!("{} is out of range for {ty}: write `inf` or `-inf`", clip(text)))));
    }
    Some(match ty {
        Type::F64 => Ok(Value::F64(number)),
        _ => match text.parse::<f32>() {
            Ok(narrow) if narrow.is_finite() || is_word => Ok(Value::F32(narrow)),
            _ => Err(check::beyond_f32(text)),
        },
    })
}
