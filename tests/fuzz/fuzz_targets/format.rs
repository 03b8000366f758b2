//! A generated program has no errors, and formatting it changes nothing but its form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mgmt_grammar::{format, testing};

fuzz_target!(|choices: &[u8]| {
    let text = testing::program(choices);
    match format::format(&text) {
        Ok(formatted) => assert_eq!(format::format(&formatted), Ok(formatted)),
        Err(error) => panic!("{error:?}\n{text}"),
    }
});
