#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| palatine_parsers::target("imported_hash")(data));
