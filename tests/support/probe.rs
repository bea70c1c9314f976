//! Guests that are just a list of WASI calls, for attacks that no library would make.
//!
//! A probe is a core module in text form, wrapped into a component with the project's WIT. The results of its calls are
//! read from the journal: see [`results`].

use std::fmt::Write as _;
use std::path::Path;

use wasm_agent_host::Tool;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::{Recorded, guests};

/// The address of texts in the probe's memory.
const TEXTS: usize = 1024;

/// The address where functions write their results.
const RETURN: &str = "(i32.const 8)";

/// A list of calls.
#[derive(Debug, Default)]
pub struct Probe {
    imports: String,
    imported: Vec<&'static str>,
    locals: usize,
    body: String,
    texts: Vec<u8>,
}

/// A handle that a probe gets from an earlier call. If that call is refused, calls with the handle are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(usize);

impl Probe {
    /// A probe that calls nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares a function of an interface. `signature` is that of the canonical ABI.
    pub(crate) fn import(&mut self, interface: &str, function: &'static str, signature: &str) {
        if !self.imported.contains(&function) {
            self.imported.push(function);
            // Writing to a string can't fail.
            let _ = writeln!(
                self.imports,
                r#"(import "{interface}@0.2.12" "{function}" (func $"{function}" {signature}))"#
            );
        }
    }

    /// A text as two arguments: its address and its length.
    pub(crate) fn text(&mut self, text: &str) -> String {
        let at = TEXTS + self.texts.len();
        self.texts.extend_from_slice(text.as_bytes());
        format!("(i32.const {at}) (i32.const {})", text.len())
    }

    /// Computes for this many turns of a loop, each of about eight units of fuel.
    pub fn compute(&mut self, turns: u32) {
        let end = 0x10000 + turns;
        self.when(
            &[],
            &format!(
                "(global.set $next (i32.const 0x10000))
                (loop $again
                    (global.set $next (i32.add (global.get $next) (i32.const 1)))
                    (br_if $again (i32.lt_u (global.get $next) (i32.const {end}))))"
            ),
        );
    }

    /// A new handle, not set yet.
    pub(crate) fn handle(&mut self) -> Handle {
        self.locals += 1;
        Handle(self.locals - 1)
    }

    /// The argument for a handle.
    pub(crate) fn get(handle: Handle) -> String {
        format!("(local.get {})", handle.0)
    }

    /// Instructions that set a handle to the result of `value`.
    pub(crate) fn set(handle: Handle, value: &str) -> String {
        format!("(local.set {} {value})", handle.0)
    }

    /// Adds instructions that run only if these handles are set.
    pub(crate) fn when(&mut self, handles: &[Handle], instructions: &str) {
        let mut guarded = instructions.to_owned();
        for handle in handles {
            guarded = format!("(if (i32.ne (local.get {}) (i32.const -1)) (then {guarded}))", handle.0);
        }
        self.body.push_str(&guarded);
        self.body.push('\n');
    }

    /// Sets a handle from a result whose payload is `payload` bytes after its tag.
    pub(crate) fn take(handle: Handle, tag: usize, payload: usize) -> String {
        format!(
            "(if (i32.eqz (i32.load8_u (i32.const {}))) (then (local.set {} (i32.load (i32.const {})))))",
            8 + tag,
            handle.0,
            8 + payload
        )
    }

    /// The address where functions write their results, as an argument.
    pub(crate) fn returned() -> &'static str {
        RETURN
    }

    /// The probe as a tool.
    pub fn tool(&self) -> Tool {
        Tool::from_bytes(guests::engine(), Path::new("probe.wasm"), &self.component(), None).unwrap()
    }

    /// The probe as the bytes of a component.
    pub fn component(&self) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(guests::root().join("wit")).unwrap();
        let world = resolve.select_world(&[package], Some("command")).unwrap();
        let mut module = crate::wat::parse_str(&self.module());
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
    }

    fn module(&self) -> String {
        let data: String = self.texts.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let locals = "i32 ".repeat(self.locals);
        let unset: String = (0..self.locals).map(|local| format!("(local.set {local} (i32.const -1))")).collect();
        // The bump allocator begins after the texts, and the memory has room for what the tests read.
        let heap = (TEXTS + self.texts.len()).next_multiple_of(16);
        format!(
            r#"(module
                {imports}
                (memory (export "memory") 64)
                (data (i32.const {TEXTS}) "{data}")
                (global $next (mut i32) (i32.const {heap}))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
                    (global.set $next (i32.add (local.get $at) (local.get 3)))
                    (local.get $at))
                (func (export "wasi:cli/run@0.2.12#run") (result i32)
                    (local {locals})
                    {unset}
                    {body}
                    (i32.const 0)))"#,
            imports = self.imports,
            body = self.body,
        )
    }
}

/// The result of each call, in order: the function without its interface and resource, then `ok` or the name of the
/// error.
///
/// Dropped handles and the list of preopens are left out.
pub fn results(run: &Recorded) -> Vec<String> {
    let calls = run.events_of("call");
    let seen = calls.iter().filter_map(|call| {
        let name = call["function"].as_str().unwrap();
        if name.contains("[resource-drop]") || name.contains("preopens") || name.contains("[constructor]") {
            return None;
        }
        let function = name.rsplit(['#', '.']).next().unwrap();
        let outcome = &call["outcome"];
        let what = match outcome[0].as_u64() {
            Some(0) => "ok".to_owned(),
            Some(1) => outcome[1].as_str().map_or_else(|| outcome[1].to_string(), str::to_owned),
            _ => format!("trap {}", outcome[1]),
        };
        Some(format!("{function} {what}"))
    });
    seen.collect()
}
