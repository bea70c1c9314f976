//! JSON Schema 2020-12 of what a function takes and returns.

use serde_json::{Map, Value as Schema, json};

use crate::check::F32_MOST;
use crate::ty::{Case, Field, Function, Integer, NotCallable, Type};

/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

impl Function {
    /// The schema of the arguments: an object with one property for each parameter. Options are not required.
    ///
    /// [`Function::arguments_from_json`] takes exactly the objects that this schema accepts, and their arguments as an
    /// array too.
    ///
    /// # Errors
    ///
    /// When the function [can't be called](Function::callable).
    pub fn input_schema(&self) -> Result<Schema, NotCallable> {
        self.callable()?;
        Ok(dialect(object(&self.parameters)))
    }

    /// The schema of the result; of `null` if there is none.
    ///
    /// # Errors
    ///
    /// When the function [can't be called](Function::callable).
    pub fn output_schema(&self) -> Result<Schema, NotCallable> {
        self.callable()?;
        Ok(dialect(self.result.as_ref().map_or_else(|| json!({ "type": "null" }), schema)))
    }
}

fn dialect(mut schema: Schema) -> Schema {
    if let Schema::Object(members) = &mut schema {
        members.insert("$schema".to_owned(), DIALECT.into());
    }
    schema
}

/// The schema of a type. Its size is bounded by the parts of the type.
fn schema(ty: &Type) -> Schema {
    match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Integer(ty) => integer(*ty),
        Type::F32 => float(json!({ "type": "number", "minimum": -F32_MOST, "maximum": F32_MOST })),
        Type::F64 => float(json!({ "type": "number" })),
        Type::Char => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        Type::String => json!({ "type": "string" }),
        Type::List(element) => json!({ "type": "array", "items": schema(element) }),
        Type::Record(fields) => object(fields),
        Type::Tuple(types) => {
            let items: Vec<Schema> = types.iter().map(schema).collect();
            json!({ "type": "array", "prefixItems": items, "minItems": types.len(), "maxItems": types.len() })
        }
        Type::Variant(cases) => variant(cases),
        Type::Enum(names) => json!({ "enum": names.iter().map(|name| &**name).collect::<Vec<_>>() }),
        Type::Flags(names) => {
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            json!({ "type": "array", "items": { "enum": names }, "uniqueItems": true })
        }
        Type::Option(inner) => {
            let some = match &**inner {
                Type::Option(_) => single("some", schema(inner)),
                _ => schema(inner),
            };
            json!({ "anyOf": [{ "type": "null" }, some] })
        }
        Type::Result { ok, err } => {
            let payload = |ty: Option<&Type>| ty.map_or_else(|| json!({ "type": "null" }), schema);
            json!({ "oneOf": [single("ok", payload(ok.as_deref())), single("err", payload(err.as_deref()))] })
        }
        // Functions with handles can't be called, and have no schema.
        Type::Handle => Schema::Bool(false),
    }
}

fn integer(ty: Integer) -> Schema {
    let (least, most) = ty.range();
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

fn float(number: Schema) -> Schema {
    json!({ "anyOf": [number, { "enum": ["NaN", "Infinity", "-Infinity"] }] })
}

/// An object with one member.
fn single(name: &str, value: Schema) -> Schema {
    json!({ "type": "object", "properties": { name: value }, "required": [name], "additionalProperties": false })
}

fn object(fields: &[Field]) -> Schema {
    let property = |field: &Field| (field.name.to_string(), described(schema(&field.ty), field.docs.as_deref()));
    let properties: Map<String, Schema> = fields.iter().map(property).collect();
    let required = fields.iter().filter(|field| !matches!(field.ty, Type::Option(_)));
    let required: Vec<&str> = required.map(|field| &*field.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// Adds what WIT says about a field or case.
fn described(mut schema: Schema, docs: Option<&str>) -> Schema {
    if let (Schema::Object(members), Some(docs)) = (&mut schema, docs) {
        members.insert("description".to_owned(), docs.into());
    }
    schema
}

fn variant(cases: &[Case]) -> Schema {
    let alone: Vec<&str> = cases.iter().filter(|case| case.ty.is_none()).map(|case| &*case.name).collect();
    let alone = (!alone.is_empty()).then(|| json!({ "enum": alone }));
    let with_value = cases.iter().filter_map(|case| {
        let single = single(&case.name, schema(case.ty.as_ref()?));
        Some(described(single, case.docs.as_deref()))
    });
    json!({ "oneOf": alone.into_iter().chain(with_value).collect::<Vec<_>>() })
}
