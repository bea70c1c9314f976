#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wasm_agent_fuzz_targets::reader(data));
