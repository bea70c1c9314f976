//! `wasi:cli`. Made by `tests/table`, which says how.

#[allow(unused_imports, reason = "a package need not use each kind of type")]
use crate::Type::*;
use crate::table::macros::interface;

interface! {
    /// Functions of `wasi:cli/environment`.
    environment "wasi:cli/environment" {
        GET_ARGUMENTS Pure "get-arguments" () -> List(&String);
        GET_ENVIRONMENT Pure "get-environment" () -> List(&Tuple(&[String, String]));
        INITIAL_CWD Pure "initial-cwd" () -> Option(&String);
    }
}

interface! {
    /// Functions of `wasi:cli/exit`.
    exit "wasi:cli/exit" {
        EXIT Pure "exit" ("status": Result(None, None));
        EXIT_WITH_CODE Pure "exit-with-code" ("status-code": U8);
    }
}

interface! {
    /// Functions of `wasi:cli/stderr`.
    stderr "wasi:cli/stderr" {
        GET_STDERR Pure "get-stderr" () -> Own("output-stream");
    }
}

interface! {
    /// Functions of `wasi:cli/stdin`.
    stdin "wasi:cli/stdin" {
        GET_STDIN Pure "get-stdin" () -> Own("input-stream");
    }
}

interface! {
    /// Functions of `wasi:cli/stdout`.
    stdout "wasi:cli/stdout" {
        GET_STDOUT Pure "get-stdout" () -> Own("output-stream");
    }
}

interface! {
    /// Functions of `wasi:cli/terminal-input`.
    terminal_input "wasi:cli/terminal-input" {
        DROP_TERMINAL_INPUT Handle "[resource-drop]terminal-input" ("self": Own("terminal-input"));
    }
}

interface! {
    /// Functions of `wasi:cli/terminal-output`.
    terminal_output "wasi:cli/terminal-output" {
        DROP_TERMINAL_OUTPUT Handle "[resource-drop]terminal-output" ("self": Own("terminal-output"));
    }
}

interface! {
    /// Functions of `wasi:cli/terminal-stderr`.
    terminal_stderr "wasi:cli/terminal-stderr" {
        GET_TERMINAL_STDERR Pure "get-terminal-stderr" () -> Option(&Own("terminal-output"));
    }
}

interface! {
    /// Functions of `wasi:cli/terminal-stdin`.
    terminal_stdin "wasi:cli/terminal-stdin" {
        GET_TERMINAL_STDIN Pure "get-terminal-stdin" () -> Option(&Own("terminal-input"));
    }
}

interface! {
    /// Functions of `wasi:cli/terminal-stdout`.
    terminal_stdout "wasi:cli/terminal-stdout" {
        GET_TERMINAL_STDOUT Pure "get-terminal-stdout" () -> Option(&Own("terminal-output"));
    }
}
