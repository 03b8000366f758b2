//! Hardware addresses (functions.md §17.2).

use crate::catalog::{CallError, FunctionDef};
use crate::value::Str;

use super::super::declare::{examples, native, pure};

const REFUSED: &[&str] = &[
    "invalid MAC address length: S",
    "address S: invalid MAC address",
];

pub(super) fn functions() -> Vec<FunctionDef> {
    vec![
        pure(
            "net.is_mac",
            "func(a str) bool",
            "Whether a text is a hardware address of six bytes in lower case with colons. Any other text gives false.",
            native!(is_mac(a)),
        )
        .examples(examples![
            r#"net.is_mac("00:1a:2b:3c:4d:5e")"# => "true",
            r#"net.is_mac("00-1A-2B-3C-4D-5E")"# => "false",
        ]),
        pure(
            "net.macfmt",
            "func(a str) str",
            "A hardware address in lower case with colons. It is written in six pairs of digits with colons or hyphens \
             between all of them.",
            native!(macfmt(a)),
        )
        .catchable(REFUSED)
        .examples(examples![r#"net.macfmt("00-1A-2B-3C-4D-5E")"# => r#""00:1a:2b:3c:4d:5e""#]),
        pure(
            "net.oldmacfmt",
            "func(a str) str",
            "A hardware address in lower case with hyphens. It is written in six pairs of digits with colons or hyphens \
             between all of them.",
            native!(oldmacfmt(a)),
        )
        .catchable(REFUSED)
        .examples(examples![r#"net.oldmacfmt("00:1A:2B:3C:4D:5E")"# => r#""00-1a-2b-3c-4d-5e""#]),
    ]
}

fn is_mac(a: &[u8]) -> bool {
    is_valid(a, b":") && !a.iter().any(u8::is_ascii_uppercase)
}

fn macfmt(a: &Str) -> Result<Vec<u8>, CallError> {
    format(a, b':')
}

fn oldmacfmt(a: &Str) -> Result<Vec<u8>, CallError> {
    format(a, b'-')
}

/// Six pairs of hexadecimal digits with one of these between all of them.
fn is_valid(a: &[u8], separators: &[u8]) -> bool {
    a.len() == 17
        && separators.iter().any(|separator| {
            a.iter().enumerate().all(|(at, byte)| {
                if at % 3 == 2 {
                    byte == separator
                } else {
                    byte.is_ascii_hexdigit()
                }
            })
        })
}

fn format(a: &Str, separator: u8) -> Result<Vec<u8>, CallError> {
    let bytes = a.as_bytes();
    if bytes.len() != 17 {
        return Err(CallError::catchable(format!(
            "invalid MAC address length: {}",
            a.to_string_lossy()
        )));
    }
    if !is_valid(bytes, b":-") {
        return Err(CallError::catchable(format!(
            "address {}: invalid MAC address",
            a.to_string_lossy()
        )));
    }
    let written = |(at, byte): (usize, &u8)| {
        if at % 3 == 2 {
            separator
        } else {
            byte.to_ascii_lowercase()
        }
    };
    Ok(bytes.iter().enumerate().map(written).collect())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, caught};
    use crate::value::Value;
    use proptest::prelude::*;

    #[test]
    fn separators_do_not_mix() {
        let mixed = "00:1a-2b:3c:4d:5e";
        for name in ["net.macfmt", "net.oldmacfmt"] {
            assert_eq!(
                caught(call(name, &[mixed.into()])),
                format!("address {mixed}: invalid MAC address")
            );
            assert_eq!(
                caught(call(name, &["001a2b3c4d5e".into()])),
                "invalid MAC address length: 001a2b3c4d5e"
            );
            for (text, reason) in [
                ("", "invalid MAC address length: "),
                (
                    "00:1a:2b:3c:4d:5e ",
                    "invalid MAC address length: 00:1a:2b:3c:4d:5e ",
                ),
                (
                    "00:1a:2b:3c:4d:5g",
                    "address 00:1a:2b:3c:4d:5g: invalid MAC address",
                ),
                (
                    "001a.2b3c.4d5e.00",
                    "address 001a.2b3c.4d5e.00: invalid MAC address",
                ),
            ] {
                assert_eq!(caught(call(name, &[text.into()])), reason);
            }
        }
    }

    #[test]
    fn only_the_plain_form_counts() {
        for text in [
            "00:1A:2b:3c:4d:5e",
            "00-1a-2b-3c-4d-5e",
            "",
            "00:1a:2b:3c:4d:5g",
        ] {
            assert_eq!(
                call("net.is_mac", &[text.into()]),
                Ok(Value::Bool(false)),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn both_forms_say_the_same(text in "([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}|([0-9a-fA-F]{2}-){5}[0-9a-fA-F]{2}") {
            let new = call("net.macfmt", &[text.as_str().into()]).unwrap();
            let old = call("net.oldmacfmt", &[text.as_str().into()]).unwrap();
            prop_assert_eq!(call("net.is_mac", std::slice::from_ref(&new)), Ok(Value::Bool(true)));
            prop_assert_eq!(call("net.macfmt", std::slice::from_ref(&old)), Ok(new.clone()));
            prop_assert_eq!(call("net.macfmt", std::slice::from_ref(&new)), Ok(new.clone()));
            prop_assert_eq!(call("net.oldmacfmt", &[new]), Ok(old));
        }
    }
}
