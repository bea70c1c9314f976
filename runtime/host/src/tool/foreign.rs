//! Modules for other hosts, recognised by what they import: a browser's, or another version of WASI.

/// What an import of a core module is for, and how a tool is built without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// What the import is.
    pub(crate) what: &'static str,
    /// What to do.
    pub(crate) advice: &'static str,
}

const BINDGEN: Foreign = Foreign {
    what: "JavaScript by wasm-bindgen",
    advice: "this module is made for a browser; build it with `cargo build --target wasm32-wasip2`, and without \
             wasm-bindgen",
};

const EMSCRIPTEN: Foreign = Foreign {
    what: "JavaScript by Emscripten",
    advice: "this module is made for a browser; build it with wasi-sdk, or with `zig cc -target wasm32-wasi`",
};

const GO_JS: Foreign = Foreign {
    what: "JavaScript by Go",
    advice: "this module is made for a browser; build it with `GOOS=wasip1 GOARCH=wasm go build`",
};

const ASSEMBLYSCRIPT: Foreign = Foreign {
    what: "JavaScript by AssemblyScript, if that built the module",
    advice: "AssemblyScript builds tools with the configuration of `@assemblyscript/wasi-shim`; otherwise link what \
             `env` stands for into the module",
};

const UNSTABLE: Foreign = Foreign {
    what: "WASI before 0.1",
    advice: "build it with a compiler of 2020 or later, for `wasm32-wasip1` or `wasm32-wasip2`",
};

const WASIX: Foreign =
    Foreign { what: "WASIX, which only Wasmer has", advice: "build it for WASI: `wasm32-wasip1` or `wasm32-wasip2`" };

const THREADS: Foreign = Foreign {
    what: "threads",
    advice: "a tool has one thread; build it for `wasm32-wasip1`, not `wasm32-wasip1-threads`",
};

const ENV: Foreign = Foreign {
    what: "a function that the linker did not find, or that a host of its own provides",
    advice: "link what `env` stands for into the module; for a component with imports of its own, write WIT and use \
             `wit-bindgen`",
};

const WIT: Foreign = Foreign {
    what: "WIT, and the module has no section `component-type` that says which",
    advice: "build it with bindings of `wit-bindgen`, and don't strip its custom sections; or make it a component with \
             `wasm-tools component embed` and `wasm-tools component new`",
};

/// What an import is for; `None` if it is not known.
pub(crate) fn recognise(module: &str, name: &str) -> Option<Foreign> {
    let bindgen = module == "wbg" || module.starts_with("__wbindgen") || name.starts_with("__wbindgen");
    Some(match module {
        _ if bindgen || module.ends_with("_bg.js") => BINDGEN,
        "go" | "gojs" => GO_JS,
        "wasi_unstable" => UNSTABLE,
        "wasix_32v1" | "wasix_64v1" => WASIX,
        "wasi" if name == "thread-spawn" => THREADS,
        "env" | "a" if name.contains("emscripten") || name.starts_with("invoke_") || name.starts_with("__syscall") => {
            EMSCRIPTEN
        }
        // What Emscripten shortens its names to.
        "a" => EMSCRIPTEN,
        "env" if matches!(name, "abort" | "seed" | "trace" | "console.log") => ASSEMBLYSCRIPT,
        "env" => ENV,
        _ if module.contains(':') && module.contains('/') => WIT,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_hosts_are_recognised() {
        for (module, name, found) in [
            ("wbg", "__wbg_log_1", Some(BINDGEN)),
            ("./site_bg.js", "alert", Some(BINDGEN)),
            ("__wbindgen_placeholder__", "__wbindgen_throw", Some(BINDGEN)),
            ("env", "emscripten_resize_heap", Some(EMSCRIPTEN)),
            ("env", "invoke_vi", Some(EMSCRIPTEN)),
            ("a", "b", Some(EMSCRIPTEN)),
            ("gojs", "runtime.wasmExit", Some(GO_JS)),
            ("env", "abort", Some(ASSEMBLYSCRIPT)),
            ("env", "now", Some(ENV)),
            ("wasi_unstable", "fd_write", Some(UNSTABLE)),
            ("wasix_32v1", "fd_dup2", Some(WASIX)),
            ("wasi", "thread-spawn", Some(THREADS)),
            ("acme:shop/cart@1.0.0", "add", Some(WIT)),
            ("other", "f", None),
        ] {
            assert_eq!(recognise(module, name), found, "{module} {name}");
        }
    }
}
