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
        let empty = Value::Map([].into_iter().collect());
        for value in ["".into(), Value::list([]), empty] {
            assert_eq!(call("len", &[value]), Ok(Value::Int(0)));
        }
        assert_eq!(call("len", &[b"\xff\0".to_vec().into()]), Ok(Value::Int(2)));
        assert_eq!(fatal(call("len", &[1.into()])), "unsupported kind: int");
    }

    #[test]
    fn concat_joins_bytes() {
        for (a, b, joined) in [
            (&b"a"[..], &b"b"[..], &b"ab"[..]),
            (b"", b"", b""),
            (b"\xc3", b"\xa9", b"\xc3\xa9"),
        ] {
            let found = call("concat", &[a.to_vec().into(), b.to_vec().into()]);
            assert_eq!(found, Ok(joined.to_vec().into()));
        }
    }

    #[test]
    fn contains_looks_at_what_is_inside() {
        let pair = |a: i64, b: &str| {
            let fields = [("a", Value::from(a)), ("b", Value::from(b))];
            Value::Struct(fields.into_iter().collect())
        };
        let nested = |value: i64| Value::list([Value::list([value.into()])]);
        for (needle, haystack, found) in [
            (1.into(), vec![], false),
            (2.into(), vec![1.into(), 2.into()], true),
            (pair(1, "x"), vec![pair(1, "y"), pair(1, "x")], true),
            (pair(2, "x"), vec![pair(1, "x")], false),
            (nested(1), vec![nested(2), nested(1)], true),
            ((-0.0).into(), vec![0.0.into()], true),
            ("".into(), vec!["a".into()], false),
        ] {
            let args = [needle, Value::from(haystack)];
            assert_eq!(call("contains", &args), Ok(found.into()), "{args:?}");
        }
    }

    #[test]
    fn a_function_is_in_a_list_only_as_itself() {
        use crate::types::Type;
        use crate::value::Func;
        let func = || {
            let body = |args: &[Value]| Ok(args[0].clone());
            Value::Func(Func::new(Type::func([("a", Type::Int)], Type::Int), body))
        };
        let (one, other) = (func(), func());
        let list = Value::list([one.clone()]);
        assert_eq!(call("contains", &[one, list.clone()]), Ok(true.into()));
        assert_eq!(call("contains", &[other, list]), Ok(false.into()));
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
        assert_eq!(
            call("panic_debug", &[false.into(), "why".into()]),
            Ok(false.into())
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
        let mut kept = next(20);
        assert_ne!(kept, Ok(first));
        for length in [-1, 65536, i64::MIN, i64::MAX] {
            assert_eq!(fatal(next(length)), "can't generate an invalid length");
            // The string was dropped.
            let new = next(20);
            assert_ne!(new, kept);
            kept = new;
        }
        assert_eq!(next(65535).unwrap().as_str().unwrap().len(), 65535);
    }

    #[test]
    fn each_call_has_its_own_random_letters() {
        let length = [Value::Int(5000)];
        let make = || {
            let value = sample("random1")
                .call(&TestHost::default(), &length)
                .unwrap();
            value.as_str().unwrap().as_bytes().to_vec()
        };
        let (one, other) = (make(), make());
        assert_ne!(one, other);
        // Each of the 52 letters is missing with a chance of one in 10^42.
        let letters: std::collections::BTreeSet<u8> = one.into_iter().collect();
        assert_eq!(letters.len(), 52);
    }

    #[test]
    fn lookups_share_one_declaration() {
        let lookup = operator::map_lookup("map_lookup");
        assert_eq!(lookup.signatures[0].bounds, [(1, Bound::Hashable)]);
    }
}
