//! Both forms of a value are read as that value, and the schema accepts what the call accepts.

use proptest::prelude::*;
use serde_json::{Value as Instance, json};

use super::any::{any_type, typed_value};
use super::{U8, U64, function, names, record, variant};
use crate::{Function, Integer, Json, Type, Value, to_json, to_wave};

/// Compared as text: NaN is not equal to itself.
fn same(one: &Value, other: &Value) -> bool {
    to_wave(one) == to_wave(other) && to_json(one).unwrap() == to_json(other).unwrap()
}

/// The type as the engine's reader of WAVE knows it, which replays use for recorded arguments.
fn of_library(ty: &Type) -> wasm_wave::value::Type {
    use wasm_wave::value::Type as Ty;
    let names = |names: &[std::sync::Arc<str>]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let maybe = |ty: &Option<std::sync::Arc<Type>>| ty.as_ref().map(|ty| of_library(ty));
    match ty {
        Type::Bool => Ty::BOOL,
        Type::Integer(Integer::S8) => Ty::S8,
        Type::Integer(Integer::U8) => Ty::U8,
        Type::Integer(Integer::S16) => Ty::S16,
        Type::Integer(Integer::U16) => Ty::U16,
        Type::Integer(Integer::S32) => Ty::S32,
        Type::Integer(Integer::U32) => Ty::U32,
        Type::Integer(Integer::S64) => Ty::S64,
        Type::Integer(Integer::U64) => Ty::U64,
        Type::F32 => Ty::F32,
        Type::F64 => Ty::F64,
        Type::Char => Ty::CHAR,
        Type::String => Ty::STRING,
        Type::List(ty) => Ty::list(of_library(ty)),
        Type::Record(fields) => {
            Ty::record(fields.iter().map(|field| (field.name.to_string(), of_library(&field.ty)))).unwrap()
        }
        Type::Tuple(types) => Ty::tuple(types.iter().map(of_library).collect::<Vec<_>>()).unwrap(),
        Type::Variant(cases) => {
            Ty::variant(cases.iter().map(|case| (case.name.to_string(), case.ty.as_ref().map(of_library)))).unwrap()
        }
        Type::Enum(cases) => Ty::enum_ty(names(cases)).unwrap(),
        Type::Flags(flags) => Ty::flags(names(flags)).unwrap(),
        Type::Option(ty) => Ty::option(of_library(ty)),
        Type::Result { ok, err } => Ty::result(maybe(ok), maybe(err)),
        Type::Handle => unreachable!("a handle has no values"),
    }
}

fn validator(schema: &Instance) -> jsonschema::Validator {
    jsonschema::draft202012::options().build(schema).unwrap()
}

/// Changes one place of an instance, chosen by `pick`, in a way chosen by `how`.
fn mutate(instance: &mut Instance, pick: &mut usize, how: usize) {
    if *pick == 0 {
        let other = [
            json!(null),
            json!(-1),
            json!(1.0),
            json!(1.5),
            json!(1e39),
            json!(256),
            json!(18_446_744_073_709_551_615_u64),
            json!("a"),
            json!("none"),
            json!("NaN"),
            json!("ab"),
            json!([]),
            json!([0, 0]),
            json!({}),
            json!({ "some": null }),
            json!({ "ok": null }),
            json!({ "a": 1, "b-2": "x" }),
            json!([instance.clone()]),
            json!({ "some": instance.clone() }),
            json!({ "a": instance.clone() }),
            json!(true),
        ];
        match instance {
            Instance::Object(members) if how.is_multiple_of(3) => drop(members.insert("a".to_owned(), json!(1))),
            Instance::Object(members) if how % 3 == 1 && !members.is_empty() => {
                let name = members.keys().nth(how % members.len()).unwrap().clone();
                members.remove(&name);
            }
            Instance::Array(items) if how.is_multiple_of(3) && !items.is_empty() => items.push(items[0].clone()),
            Instance::Array(items) if how % 3 == 1 => drop(items.pop()),
            _ => *instance = other[how % other.len()].clone(),
        }
    }
    *pick = pick.wrapping_sub(1);
    match instance {
        Instance::Object(members) => members.values_mut().for_each(|value| mutate(value, pick, how)),
        Instance::Array(items) => items.iter_mut().for_each(|value| mutate(value, pick, how)),
        _ => {}
    }
}

fn accepts(function: &Function, instance: &Instance) -> Result<Vec<Value>, crate::Problem> {
    function.arguments_from_json(&Json::parse(&instance.to_string()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 512 } else { 8_192 }))]

    #[test]
    fn what_is_written_is_read_as_the_same((ty, value) in typed_value()) {
        let json = to_json(&value).unwrap();
        let read = crate::from_json(&Json::parse(&json).unwrap(), &ty);
        let read = read.map_err(|problem| TestCaseError::fail(format!("{json}: {problem}")))?;
        prop_assert!(same(&read, &value), "{ty} {json}");
        let wave = to_wave(&value);
        let read = function("p", ty.clone()).arguments_from_wave(&format!("({wave})"));
        let read = read.map_err(|problem| TestCaseError::fail(format!("{wave}: {problem}")))?;
        prop_assert!(same(&read[0], &value), "{ty} {wave}");
    }

    #[test]
    fn the_library_reads_what_is_written((ty, value) in typed_value()) {
        let wave = to_wave(&value);
        let call = format!("f({wave})");
        let read: Vec<wasm_wave::value::Value> = wasm_wave::untyped::UntypedFuncCall::parse(&call)
            .and_then(|call| call.to_wasm_params([&of_library(&ty)]))
            .map_err(|error| TestCaseError::fail(format!("{ty} {wave}: {error}")))?;
        let again = format!("({})", wasm_wave::to_string(&read[0]).unwrap());
        let again = function("p", ty.clone()).arguments_from_wave(&again);
        prop_assert!(again.as_ref().is_ok_and(|again| same(&again[0], &value)), "{ty} {wave} {again:?}");
    }

    #[test]
    fn the_schema_accepts_what_the_call_accepts(
        (ty, value) in typed_value(),
        changes in proptest::collection::vec((0_usize..12, 0_usize..1000), 0..4),
    ) {
        let function = Function { result: Some(ty.clone()), ..function("p", ty) };
        let input = validator(&function.input_schema().unwrap());
        let output = validator(&function.output_schema().unwrap());
        let returned: Instance = serde_json::from_str(&to_json(&value).unwrap()).unwrap();
        prop_assert!(output.is_valid(&returned), "{returned}");
        let mut instance = json!({ "p": returned });
        prop_assert!(input.is_valid(&instance) && accepts(&function, &instance).is_ok());
        for (mut pick, how) in changes {
            mutate(&mut instance, &mut pick, how);
            // An array is the command line's short form, which the schema does not have.
            if instance.is_object() {
                let accepted = accepts(&function, &instance);
                prop_assert_eq!(input.is_valid(&instance), accepted.is_ok(), "{} {:?}", instance, accepted);
            }
        }
    }

    #[test]
    fn an_example_is_a_call(ty in any_type()) {
        let function = function("p", ty);
        let example = function.example().unwrap();
        let read = function.arguments_from_wave(&example);
        prop_assert!(read.is_ok(), "{example}: {read:?}");
        let example = function.json_example().unwrap();
        let read = function.arguments_from_json(&Json::parse(&example).unwrap());
        prop_assert!(read.is_ok(), "{example}: {read:?}");
    }
}

#[test]
fn each_type_has_its_form_in_json() {
    let cases = [
        (U64, "18446744073709551615", "18446744073709551615"),
        (Type::Integer(Integer::S64), "-9223372036854775808", "-9223372036854775808"),
        (Type::F32, "0.1", "0.1"),
        (Type::F32, "nan", r#""NaN""#),
        (Type::F64, "-inf", r#""-Infinity""#),
        (Type::Char, "'ö'", r#""ö""#),
        (record(&[("z", U8), ("a", Type::Option(U8.into()))]), "{a: none, z: 1}", r#"{"z":1,"a":null}"#),
        (Type::Tuple([U8, Type::Bool].into()), "(1, true)", "[1,true]"),
        (variant(&[("none", None), ("some", Some(U8))]), "none", r#""none""#),
        (variant(&[("none", None), ("some", Some(U8))]), "some(1)", r#"{"some":1}"#),
        (Type::Enum(names(&["true", "inf"])), "inf", r#""inf""#),
        (Type::Flags(names(&["read", "none"])), "{none, read}", r#"["read","none"]"#),
        (Type::Option(Type::Option(U8.into()).into()), "none", "null"),
        (Type::Option(Type::Option(U8.into()).into()), "some(none)", r#"{"some":null}"#),
        (Type::Option(Type::Option(U8.into()).into()), "some(some(1))", r#"{"some":1}"#),
        (Type::Result { ok: None, err: Some(Type::String.into()) }, "ok", r#"{"ok":null}"#),
        (Type::Result { ok: None, err: Some(Type::String.into()) }, "err(\"no\")", r#"{"err":"no"}"#),
        (Type::List(U8.into()), "[1, 2]", "[1,2]"),
    ];
    for (ty, wave, json) in cases {
        let value = function("p", ty.clone()).arguments_from_wave(&format!("({wave})")).unwrap().remove(0);
        assert_eq!(to_json(&value).unwrap(), json, "{ty}");
        assert!(same(&crate::from_json(&Json::parse(json).unwrap(), &ty).unwrap(), &value), "{ty}");
    }
}

#[test]
fn json_does_not_tell_a_whole_number_from_one_with_a_fraction_of_zero() {
    let function = function("p", U64);
    let schema = validator(&function.input_schema().unwrap());
    for (number, accepted) in
        [("1.0", true), ("1e3", true), ("-0", true), ("1.5", false), ("1e20", false), ("-1", false)]
    {
        let text = format!("{{\"p\": {number}}}");
        assert_eq!(function.arguments_from_json(&Json::parse(&text).unwrap()).is_ok(), accepted, "{number}");
        assert_eq!(schema.is_valid(&serde_json::from_str(&text).unwrap()), accepted, "{number}");
    }
}

#[test]
fn the_shortest_digits_of_an_f32_are_read_as_that_f32() {
    // All exponents, with mantissas all over.
    for bits in (0..=u32::MAX).step_by(9_973) {
        let value = f32::from_bits(bits);
        let text = to_json(&Value::F32(value)).unwrap();
        let Value::F32(read) = crate::from_json(&Json::parse(&text).unwrap(), &Type::F32).unwrap() else { panic!() };
        assert!(read.to_bits() == bits || value.is_nan(), "{text}");
    }
}

#[test]
fn a_name_in_an_object_twice_is_refused() {
    let error = Json::parse(r#"{"a": 1, "a": 2}"#).unwrap_err().to_string();
    assert!(error.starts_with("`a` is given twice"), "{error}");
}
