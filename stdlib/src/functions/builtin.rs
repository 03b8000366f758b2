//! The functions that need no import (functions.md §2).

use rand::RngExt;

use crate::catalog::{CallError, CallResult, FunctionDef, Host, Sampler, Wake};
use crate::value::{List, Str, Value};

use super::declare::{Argument, examples, native, pure, snapshot, wrong_count};
use super::operator;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "concat",
            "func(a str, b str) str",
            "Joins two strings.",
            native!(concat(a, b)),
        )
        .examples(examples![r#"concat("a", "b")"# => r#""ab""#]),
        pure(
            "contains",
            "func(needle ?1, haystack []?1) bool",
            "Whether a list has an element that equals the first argument; `needle in haystack` means the same.",
            native!(contains(needle, haystack)),
        )
        .examples(examples!["contains(2, [1, 2])" => "true", r#""c" in ["a", "b"]"# => "false"]),
        pure(
            "len",
            "func(x ?1) int",
            "The number of elements of a list, of entries of a map, or of bytes of a string.",
            native!(len(x)),
        )
        .kinds(1, &["str", "list", "map"])
        .examples(examples![r#"len("é")"# => "2", "len([1, 2])" => "2"]),
        operator::list_lookup("list_lookup"),
        operator::map_lookup("map_lookup"),
        pure(
            "panic",
            "func(x ?1) bool",
            "Ends the program if the argument is true, or a string that is not empty.",
            native!(panic(x)),
        )
        .kinds(1, &["bool", "str"])
        .effect(),
        pure(
            "panic_debug",
            "func(x bool, err str) bool",
            "Ends the program with a text if the first argument is true.",
            native!(panic_debug(x, err)),
        )
        .effect(),
        snapshot(
            "random1",
            "func(length int) str",
            "A random string of letters. Each call in the program keeps its string until the length changes.",
            |_| Box::new(Random1::default()),
        ),
    ]
}

fn concat(a: &Str, b: &Str) -> Str {
    Str::concat(&[a, b])
}

fn contains(needle: &Value, haystack: &List) -> bool {
    haystack.contains(needle)
}

fn len(x: &Value) -> CallResult {
    let len = match x {
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        other => {
            return Err(CallError::fatal(format!(
                "unsupported kind: {}",
                other.kind()
            )));
        }
    };
    // No allocation is longer than `isize::MAX`.
    Ok(Value::Int(len as i64))
}

fn panic(x: &Value) -> Result<bool, CallError> {
    match x {
        Value::Bool(true) => Err(CallError::fatal("bool panic occurred")),
        Value::Str(text) if !text.is_empty() => Err(CallError::fatal(format!(
            "str panic occurred: {}",
            text.to_string_lossy()
        ))),
        _ => Ok(false),
    }
}

fn panic_debug(x: bool, err: &Str) -> Result<bool, CallError> {
    if x {
        Err(CallError::fatal(format!(
            "bool panic occurred: {}",
            err.to_string_lossy()
        )))
    } else {
        Ok(false)
    }
}

/// The string that a call of `random1` keeps.
#[derive(Default)]
struct Random1 {
    kept: Option<(i64, Value)>,
}

impl Sampler for Random1 {
    fn call(&mut self, _: &dyn Host, args: &[Value]) -> CallResult {
        let [length] = args else {
            return Err(wrong_count(args.len()));
        };
        let length = i64::from_value(length)?;
        if let Some((_, value)) = self.kept.as_ref().filter(|(kept, _)| *kept == length) {
            return Ok(value.clone());
        }
        self.kept = None;
        if !(0..=i64::from(u16::MAX)).contains(&length) {
            return Err(CallError::fatal("can't generate an invalid length"));
        }
        let value = Value::from(random_letters(length as usize));
        self.kept = Some((length, value.clone()));
        Ok(value)
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        Vec::new()
    }
}

/// Letters from a cryptographic generator.
fn random_letters(length: usize) -> String {
    const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut random = rand::rng();
    (0..length)
        .map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call, fatal, sample};
    use super::*;
    use crate::catalog::Bound;

    #[test]
    fn len_counts_bytes_elements_and_entries() {
        assert_eq!(call("len", &["é".into()]), Ok(Value::Int(2)));
        assert_eq!(call("len", &[Value::list([1.into()])]), Ok(Value::Int(1)));
        let map = Value::Map([("a".into(), 1.into())].into_iter().collect());
        assert_eq!(call("len", &[map]), Ok(Value::Int(1)));
    }

    #[test]
    fn nan_is_in_no_list() {
        let nan = Value::Float(f64::NAN);
        let list = Value::list([nan.clone()]);
        assert_eq!(call("contains", &[nan, list]), Ok(Value::Bool(false)));
    }

    #[test]
    fn panics_are_never_caught() {
        assert_eq!(call("panic", &["".into()]), Ok(Value::Bool(false)));
        assert_eq!(call("panic", &[false.into()]), Ok(Value::Bool(false)));
        assert_eq!(fatal(call("panic", &[true.into()])), "bool panic occurred");
        assert_eq!(
            fatal(call("panic", &["why".into()])),
            "str panic occurred: why"
        );
        assert_eq!(
            fatal(call("panic_debug", &[true.into(), "why".into()])),
            "bool panic occurred: why"
        );
    }

    #[test]
    fn random1_keeps_its_string_while_the_length_stays() {
        let mut random = sample("random1");
        let mut next = |length: i64| random.call(&TestHost::default(), &[length.into()]);
        let first = next(20).unwrap();
        let text = first.as_str().unwrap().clone();
        assert_eq!(text.len(), 20);
        assert!(text.as_bytes().iter().all(u8::is_ascii_alphabetic));
        assert_eq!(next(20), Ok(first.clone()));
        assert_eq!(next(0), Ok(Value::from("")));
        assert_ne!(next(20), Ok(first));
        for length in [-1, 65536] {
            assert_eq!(fatal(next(length)), "can't generate an invalid length");
        }
    }

    #[test]
    fn lookups_share_one_declaration() {
        let lookup = operator::map_lookup("map_lookup");
        assert_eq!(lookup.signatures[0].bounds, [(1, Bound::Hashable)]);
    }
}
