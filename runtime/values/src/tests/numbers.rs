//! Numbers of JSON are read exactly, whatever form they are written in.

use proptest::prelude::*;

use super::{U8, U64, function};
use crate::{Integer, Json, Problem, Type, Value, from_json};

fn read(ty: &Type, text: &str) -> Result<Value, Problem> {
    from_json(&Json::parse(text).unwrap(), ty)
}

#[test]
fn whole_numbers_beyond_floats_are_exact() {
    for (text, number) in [
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("9007199254740993e0", 9_007_199_254_740_993),
        ("90071992547409930e-1", 9_007_199_254_740_993),
        ("0.9007199254740993E+16", 9_007_199_254_740_993),
        ("123456789012345678.0", 123_456_789_012_345_678),
        ("18446744073709551615.0", u64::MAX.into()),
        ("1.8446744073709551615e19", u64::MAX.into()),
        ("184467440737095516150000e-4", u64::MAX.into()),
        ("1e19", 10_000_000_000_000_000_000),
        ("-0", 0),
        ("-0.0e5", 0),
        ("0e99999999999999999999", 0),
        ("0.0e-99999999999999999999", 0),
    ] {
        assert_eq!(read(&U64, text), Ok(Value::Integer(number)), "{text}");
    }
    let (s64, least) = (Type::Integer(Integer::S64), i128::from(i64::MIN));
    assert_eq!(read(&s64, "-9223372036854775808.0"), Ok(Value::Integer(least)));
    assert_eq!(read(&U8, &format!("7.{}", "0".repeat(10_000))), Ok(Value::Integer(7)));
}

#[test]
fn what_is_not_whole_or_too_large_is_told_as_it_was_written() {
    for (ty, text) in [
        (U8, "255.00000000000000000000000000001"),
        (U8, "2551e-1"),
        (U8, "1e-400"),
        (U8, "1e-99999999999999999999"),
        (U64, "9007199254740993.5"),
    ] {
        let problem = read(&ty, text).unwrap_err().to_string();
        assert!(problem.starts_with(&format!("{text} is not a whole number")), "{problem}");
    }
    for (ty, text) in [
        (U8, "256.0"),
        (U64, "18446744073709551616"),
        (U64, "18446744073709551616.0"),
        (U64, "1.8446744073709551616e19"),
        (U64, "-1.0"),
        (U64, "1e300"),
        (Type::Integer(Integer::S64), "-9223372036854775809.0"),
    ] {
        let problem = read(&ty, text).unwrap_err().to_string();
        assert!(problem.starts_with(&format!("{text} is out of range")), "{problem}");
    }
}

#[test]
fn an_f32_is_rounded_once() {
    // A little more than the middle of 1 and the next `f32`; as an `f64` it is the middle, which rounds down.
    let middle = "1.00000005960464477540";
    assert_eq!(read(&Type::F32, middle), Ok(Value::F32(1.0 + f32::EPSILON)));
}

#[test]
fn numbers_are_told_from_those_in_strings() {
    let text = r#"{"1e3": ["-1.5 \" 2", 9007199254740993.0, "\\", 7, true, null, {"e": -1E0}], "x": 1.5}"#;
    let Json::Object(members) = Json::parse(text).unwrap() else { panic!("not an object") };
    let float = |text: &str| Json::Float { nearest: text.parse().unwrap(), text: text.into() };
    let string = |text: &str| Json::String(text.to_owned());
    let inner = Json::Object(vec![("e".to_owned(), float("-1E0"))]);
    let items = vec![
        string("-1.5 \" 2"),
        float("9007199254740993.0"),
        string("\\"),
        Json::Integer(7),
        Json::Bool(true),
        Json::Null,
        inner,
    ];
    assert_eq!(members, [("1e3".to_owned(), Json::Array(items)), ("x".to_owned(), float("1.5"))]);
}

/// A whole number, written with its point moved and an exponent that makes up for it.
fn written(number: i128, zeros: usize, point: usize, upper: bool) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let zeros = if number == 0 { 0 } else { zeros };
    let digits = format!("{}{}", number.unsigned_abs(), "0".repeat(zeros));
    let at = point % digits.len() + 1;
    let (before, after) = digits.split_at(at);
    let exponent = i64::try_from(after.len()).unwrap() - i64::try_from(zeros).unwrap();
    let fraction = if after.is_empty() { String::new() } else { format!(".{after}") };
    format!("{sign}{before}{fraction}{}{exponent}", if upper { 'E' } else { 'e' })
}

proptest! {
    #[test]
    fn a_whole_number_is_the_same_in_every_form(
        number in prop_oneof![-300_i128..300, any::<i64>().prop_map(i128::from), any::<u64>().prop_map(i128::from),
            (i128::from(u64::MAX) - 3)..(i128::from(u64::MAX) + 3)],
        zeros in 0_usize..40,
        point in any::<usize>(),
        upper in any::<bool>(),
        integer in prop_oneof![Just(Integer::U8), Just(Integer::S32), Just(Integer::S64), Just(Integer::U64)],
    ) {
        let ty = Type::Integer(integer);
        for text in [written(number, zeros, point, upper), format!("{number}.{}", "0".repeat(zeros + 1))] {
            let expected = integer.holds(number).then_some(Value::Integer(number));
            prop_assert_eq!(read(&ty, &text).ok(), expected, "{}", text);
        }
        // The least fraction makes it another number.
        let text = format!("{number}.{}1", "0".repeat(zeros));
        prop_assert!(read(&ty, &text).is_err(), "{}", text);
        let given = Json::parse(&format!("[{text}, {number}.0]")).unwrap();
        let list = function("p", Type::List(ty.into())).arguments_from_json(&Json::Array(vec![given]));
        prop_assert!(list.is_err_and(|problem| problem.to_string().starts_with("`p[0]`")));
    }
}
