//! Any type, and any value of it.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use crate::{Case, Field, Integer, Type, Value};

/// Names of which types are made: some are words of WAVE's or JSON's own.
const NAMES: [&str; 12] = ["a", "b-2", "URL", "some", "none", "ok", "err", "true", "inf", "nan", "null", "long-name"];

const INTEGERS: [Integer; 8] =
    [Integer::S8, Integer::U8, Integer::S16, Integer::U16, Integer::S32, Integer::U32, Integer::S64, Integer::U64];

fn few_names() -> impl Strategy<Value = Vec<Arc<str>>> {
    proptest::sample::subsequence(NAMES.to_vec(), 1..=5).prop_map(|names| names.into_iter().map(Arc::from).collect())
}

/// Any type whose values can be passed.
pub(super) fn any_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        select(vec![Type::Bool, Type::F32, Type::F64, Type::Char, Type::String]),
        select(INTEGERS.to_vec()).prop_map(Type::Integer),
        few_names().prop_map(|names| Type::Enum(names.into())),
        few_names().prop_map(|names| Type::Flags(names.into())),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let shared = || inner.clone().prop_map(Arc::new);
        let maybe = || proptest::option::of(shared());
        let fields = (few_names(), proptest::collection::vec(inner.clone(), 5)).prop_map(|(names, types)| {
            let field = |(name, ty)| Field { name, ty, docs: None };
            Type::Record(names.into_iter().zip(types).map(field).collect())
        });
        let payloads = proptest::collection::vec(proptest::option::of(inner.clone()), 5);
        let cases = (few_names(), payloads).prop_map(|(names, types)| {
            let case = |(name, ty)| Case { name, ty, docs: None };
            Type::Variant(names.into_iter().zip(types).map(case).collect())
        });
        prop_oneof![
            shared().prop_map(Type::List),
            shared().prop_map(Type::Option),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|types| Type::Tuple(types.into())),
            fields,
            cases,
            (maybe(), maybe()).prop_map(|(ok, err)| Type::Result { ok, err }),
        ]
    })
}

/// Any value of a type.
pub(super) fn any_value(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Integer(ty) => {
            let (least, most) = ty.range();
            let (least, most) = (i128::from(least), i128::from(most));
            prop_oneof![Just(least), Just(most), least..=most, (-9_i128..9).prop_map(move |n| n.clamp(least, most))]
                .prop_map(Value::Integer)
                .boxed()
        }
        Type::F32 => prop_oneof![proptest::num::f32::ANY, select(vec![0.1_f32, f32::MAX, f32::MIN_POSITIVE])]
            .prop_map(Value::F32)
            .boxed(),
        Type::F64 => prop_oneof![proptest::num::f64::ANY, select(vec![0.1_f64, 1e23, f64::MAX, 5e-324, -0.0])]
            .prop_map(Value::F64)
            .boxed(),
        Type::Char => any::<char>().prop_map(Value::Char).boxed(),
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::List(element) => proptest::collection::vec(any_value(element), 0..4).prop_map(Value::List).boxed(),
        Type::Record(fields) => {
            let each: Vec<_> =
                fields.iter().map(|field| (Just(Arc::clone(&field.name)), any_value(&field.ty))).collect();
            each.prop_map(Value::Record).boxed()
        }
        Type::Tuple(types) => types.iter().map(any_value).collect::<Vec<_>>().prop_map(Value::Tuple).boxed(),
        Type::Variant(cases) => {
            let case = |case: Case| match &case.ty {
                Some(ty) => any_value(ty)
                    .prop_map(move |value| Value::Variant(Arc::clone(&case.name), Some(Box::new(value))))
                    .boxed(),
                None => Just(Value::Variant(case.name, None)).boxed(),
            };
            select(cases.to_vec()).prop_flat_map(case).boxed()
        }
        Type::Enum(names) => select(names.to_vec()).prop_map(Value::Enum).boxed(),
        Type::Flags(names) => {
            proptest::sample::subsequence(names.to_vec(), 0..=names.len()).prop_map(Value::Flags).boxed()
        }
        Type::Option(inner) => {
            proptest::option::of(any_value(inner).prop_map(Box::new)).prop_map(Value::Option).boxed()
        }
        Type::Result { ok, err } => {
            let payload = |ty: &Option<Arc<Type>>| match ty {
                Some(ty) => any_value(ty).prop_map(|value| Some(Box::new(value))).boxed(),
                None => Just(None).boxed(),
            };
            let (ok, err) = (payload(ok), payload(err));
            prop_oneof![ok.prop_map(|value| Value::Result(Ok(value))), err.prop_map(|value| Value::Result(Err(value)))]
                .boxed()
        }
        Type::Handle => unreachable!("a handle has no values"),
    }
}

/// A type and a value of it.
pub(super) fn typed_value() -> impl Strategy<Value = (Type, Value)> {
    any_type().prop_flat_map(|ty| any_value(&ty).prop_map(move |value| (ty.clone(), value)))
}
