//! Tools with typed exports, made from WIT and a core module in text form, as compilers make them.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A shop: two interfaces with a function of the same name, a resource, and a function for each kind of value that is
/// easily lost on the way.
const WIT: &str = "
    package acme:shop@1.2.0;

    interface cart {
        record line { count: u8, gift-wrap: option<bool> }
        enum size { none, large }
        add: func(line: line) -> u8;
        pick: func(size: size) -> size;
        resource basket { constructor(); size: func() -> u32; }
    }

    interface stock {
        add: func(count: u64) -> u64;
    }

    world shop {
        export cart;
        export stock;
        export same: func(number: f32) -> f32;
        export depth: func(value: option<option<u8>>) -> u8;
        export nested: func(depth: u8) -> option<option<u8>>;
        export length: func(text: string) -> u32;
    }";

const CORE: &str = r#"(module
    (memory (export "memory") 64)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
    (data (i32.const 16) "\01\00\00")
    (data (i32.const 32) "\01\01\07")
    (func (export "acme:shop/cart@1.2.0#add") (param i32 i32 i32) (result i32) local.get 0)
    (func (export "acme:shop/cart@1.2.0#pick") (param i32) (result i32) local.get 0)
    (func (export "acme:shop/cart@1.2.0#[constructor]basket") (result i32) unreachable)
    (func (export "acme:shop/cart@1.2.0#[method]basket.size") (param i32) (result i32) unreachable)
    (func (export "acme:shop/stock@1.2.0#add") (param i64) (result i64) local.get 0)
    (func (export "same") (param f32) (result f32) local.get 0)
    (func (export "depth") (param i32 i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "nested") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 16)))
    (func (export "length") (param i32 i32) (result i32) local.get 1))"#;

/// The shop as a core module, in which a section says which WIT it exports.
pub fn shop_module() -> Vec<u8> {
    embed(CORE)
}

/// The shop as a core module that is also a command.
pub fn shop_command() -> Vec<u8> {
    embed(&CORE.replacen("(module", "(module (func (export \"_start\"))", 1))
}

fn embed(core: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("shop.wit", WIT).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    let mut module = wat::parse_str(core).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    module
}

/// The shop as a component.
pub fn shop() -> Vec<u8> {
    ComponentEncoder::default().module(&shop_module()).unwrap().encode().unwrap()
}
