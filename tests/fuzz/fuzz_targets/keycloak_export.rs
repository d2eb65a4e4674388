#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| palatine_parsers::target("keycloak_export")(data));
