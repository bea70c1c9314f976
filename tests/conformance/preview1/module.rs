//! Core modules for WASI 0.1, made of lists of calls. Each call prints its case, its error by name, and numbers of its
//! result, so that a module needs no toolchain.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The functions of `wasi_snapshot_preview1`: `i` is a parameter of 32 bits, `I` one of 64.
const FUNCTIONS: [(&str, &str); 44] = [
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "iIi"),
    ("fd_advise", "iIIi"),
    ("fd_allocate", "iII"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "iII"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "iI"),
    ("fd_filestat_set_times", "iIIi"),
    ("fd_pread", "iiiIi"),
    ("fd_prestat_get", "ii"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_pwrite", "iiiIi"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiiIi"),
    ("fd_renumber", "ii"),
    ("fd_seek", "iIii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiiIIi"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiiIIii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

/// The names of the error numbers, from 0.
const ERRORS: &str = "success 2big acces addrinuse addrnotavail afnosupport again already badf badmsg busy canceled \
    child connaborted connrefused connreset deadlk destaddrreq dom dquot exist fault fbig hostunreach idrm ilseq \
    inprogress intr inval io isconn isdir loop mfile mlink msgsize multihop nametoolong netdown netreset netunreach \
    nfile nobufs nodev noent noexec nolck nolink nomem nomsg noprotoopt nospc nosys notconn notdir notempty \
    notrecoverable notsock notsup notty nxio overflow ownerdead perm pipe proto protonosupport prototype range rofs \
    spipe srch stale timedout txtbsy xdev notcapable";

/// Where the names of errors stand in memory, 16 bytes each: the name, and its length in the last byte.
const ERRORS_AT: usize = 1024;

/// Where texts begin.
const TEXTS_AT: usize = 4096;

/// Where functions put what they return.
const RESULT_AT: usize = 512;

/// Where buffers begin.
const BUFFER_AT: usize = 0x3_0000;

/// An argument of a call.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// A number of 32 bits.
    Number(u32),
    /// A number of 64 bits.
    Long(u64),
    /// A text: its address and its length.
    Text(&'a str),
    /// A descriptor that an earlier call put into this slot.
    Fd(usize),
    /// The address of a slot for a descriptor.
    Slot(usize),
    /// The address of the result.
    Result,
    /// The address of a buffer, and its length.
    Buffer(u32),
    /// One vector of bytes to read into, of this length: its address and 1.
    Into(u32),
    /// One vector of bytes with this text: its address and 1.
    From(&'a str),
}

/// What is printed of a result.
#[derive(Clone, Copy)]
pub enum Shown {
    /// A number: its offset in the result, and its size in bytes.
    Number(usize, usize),
    /// As much of the buffer as the result's first number says.
    Text,
}

/// A module under construction.
#[derive(Default)]
pub struct Module {
    texts: Vec<u8>,
    known: BTreeMap<String, usize>,
    body: String,
}

impl Module {
    /// Adds a call, with the numbers of its result that are printed.
    pub fn call(&mut self, case: &str, function: &str, arguments: &[Value<'_>], shown: &[Shown]) {
        assert!(FUNCTIONS.iter().any(|(name, _)| *name == function), "{function}");
        let case = self.text(&format!("{case} => "));
        let arguments: String = arguments.iter().map(|argument| self.argument(*argument)).collect();
        // Writing to a string can't fail.
        let _ = write!(
            self.body,
            "(call $clear) (local.set $error (call ${function} {arguments}))
            (call $print {case}) (call $error (local.get $error))"
        );
        for shown in shown {
            let Shown::Number(offset, bytes) = shown else {
                let space = self.text(" ");
                let _ = write!(
                    self.body,
                    "(call $print {space})
                    (call $print (i32.const {BUFFER_AT}) (i32.load (i32.const {RESULT_AT})))"
                );
                continue;
            };
            let load = match bytes {
                1 => "i64.load8_u",
                2 => "i64.load16_u",
                4 => "i64.load32_u",
                _ => "i64.load",
            };
            let _ = write!(self.body, "(call $number ({load} (i32.const {})))", RESULT_AT + offset);
        }
        let end = self.text("\n");
        let _ = writeln!(self.body, "(call $print {end})");
    }

    /// Ends the module with a status.
    pub fn exit(&mut self, status: u32) {
        let _ = writeln!(self.body, "(call $proc_exit (i32.const {status}))");
    }

    /// The text of the module.
    pub fn finish(&self) -> String {
        let mut module = "(module\n".to_owned();
        for (name, parameters) in FUNCTIONS {
            let parameters: Vec<&str> =
                parameters.chars().map(|kind| if kind == 'I' { "i64" } else { "i32" }).collect();
            let _ = writeln!(
                module,
                r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {}) (result i32)))"#,
                parameters.join(" ")
            );
        }
        let mut errors = Vec::new();
        for name in ERRORS.split_whitespace() {
            let mut entry = [0; 16];
            entry[..name.len()].copy_from_slice(name.as_bytes());
            entry[15] = name.len().try_into().unwrap();
            errors.extend(entry);
        }
        let _ = write!(
            module,
            r#"(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
            (memory (export "memory") 4)
            (data (i32.const {ERRORS_AT}) "{}")
            (data (i32.const {TEXTS_AT}) "{}")
            {PRINT}
            (func (export "_start") (local $error i32) {}))"#,
            escaped(&errors),
            escaped(&self.texts),
            self.body
        );
        module
    }

    fn argument(&mut self, argument: Value<'_>) -> String {
        match argument {
            Value::Number(number) => format!("(i32.const {})", number.cast_signed()),
            Value::Long(number) => format!("(i64.const {})", number.cast_signed()),
            Value::Text(text) => self.text(text),
            Value::Fd(slot) => format!("(i32.load (i32.const {}))", slot_at(slot)),
            Value::Slot(slot) => format!("(i32.const {})", slot_at(slot)),
            Value::Result => format!("(i32.const {RESULT_AT})"),
            Value::Buffer(length) => format!("(i32.const {BUFFER_AT}) (i32.const {length})"),
            Value::Into(length) => {
                format!("(call $vector (i32.const {BUFFER_AT}) (i32.const {length})) (i32.const 1)")
            }
            Value::From(text) => format!("(call $vector {}) (i32.const 1)", self.text(text)),
        }
    }

    /// A text as two arguments: its address and its length.
    fn text(&mut self, text: &str) -> String {
        let next = TEXTS_AT + self.texts.len();
        let at = *self.known.entry(text.to_owned()).or_insert(next);
        if at == next {
            self.texts.extend_from_slice(text.as_bytes());
        }
        assert!(TEXTS_AT + self.texts.len() < BUFFER_AT, "too many texts for one module");
        format!("(i32.const {at}) (i32.const {})", text.len())
    }
}

fn slot_at(slot: usize) -> usize {
    256 + 4 * slot
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}

/// Prints texts, error names and numbers; makes vectors; clears the result before a call.
const PRINT: &str = r#"
    (func $print (param $at i32) (param $length i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func $error (param $error i32)
        (local $at i32)
        (local.set $at (i32.add (i32.const 1024) (i32.shl (local.get $error) (i32.const 4))))
        (call $print (local.get $at) (i32.load8_u offset=15 (local.get $at))))
    (func $number (param $number i64)
        (local $at i32)
        (local.set $at (i32.const 63))
        (loop $digits
            (i32.store8 (local.get $at)
                (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
            (br_if $digits (i64.ne (local.get $number) (i64.const 0))))
        (i32.store8 (local.get $at) (i32.const 32))
        (call $print (local.get $at) (i32.sub (i32.const 64) (local.get $at))))
    (func $vector (param $at i32) (param $length i32) (result i32)
        (i32.store (i32.const 16) (local.get $at))
        (i32.store (i32.const 20) (local.get $length))
        (i32.const 16))
    (func $clear
        (memory.fill (i32.const 512) (i32.const 0) (i32.const 256)))"#;
