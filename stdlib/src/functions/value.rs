//! `value`: what resources brought back into the program (functions.md §25).

use crate::catalog::{CallError, CallResult, FunctionDef, Host, Sampler, Start, Wake};
use crate::types::Type;
use crate::value::{Str, Value};

use super::declare::{Argument, source, wrong_count};

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        source(
            "value.get",
            "func(key str) struct{value ?1; ready bool}",
            "The value that the resource `value` of that name last received, also before a restart, and whether it received \
             any. Its type comes from the context. It has the type's zero value before that. A stored value of \
             another type, or an empty key, ends the program. It wakes when that changes.",
            |start| {
                Box::new(Stored {
                    zero: zero_of(start),
                })
            },
        ),
        source(
            "value.get_bool",
            "func(key str) struct{value bool; ready bool}",
            "The bool that the resource `value` of that name last received, also before a restart, and whether it received \
             any. It has the type's zero value before that. A stored value of another type, or an empty key, \
             ends the program. It wakes when that changes.",
            |_| Box::new(Stored::new(Value::Bool(false))),
        ),
        source(
            "value.get_float",
            "func(key str) struct{value float; ready bool}",
            "The float that the resource `value` of that name last received, also before a restart, and whether it received \
             any. It has the type's zero value before that. A stored value of another type, or an empty key, \
             ends the program. It wakes when that changes.",
            |_| Box::new(Stored::new(Value::Float(0.0))),
        ),
        source(
            "value.get_int",
            "func(key str) struct{value int; ready bool}",
            "The int that the resource `value` of that name last received, also before a restart, and whether it received \
             any. It has the type's zero value before that. A stored value of another type, or an empty key, \
             ends the program. It wakes when that changes.",
            |_| Box::new(Stored::new(Value::Int(0))),
        ),
        source(
            "value.get_str",
            "func(key str) struct{value str; ready bool}",
            "The string that the resource `value` of that name last received, also before a restart, and whether it received \
             any. It has the type's zero value before that. A stored value of another type, or an empty key, \
             ends the program. It wakes when that changes.",
            |_| Box::new(Stored::new(Value::from(""))),
        ),
    ]
}

/// A live call.
struct Stored {
    /// The type of the value, and what it is before there is one; nothing if the type is not known.
    zero: Option<(Type, Value)>,
}

impl Stored {
    fn new(zero: Value) -> Self {
        let zero = zero.ty().map(|ty| (ty, zero));
        Self { zero }
    }
}

/// What `value` of the result is before there is one.
fn zero_of(start: &Start) -> Option<(Type, Value)> {
    let Some(Type::Struct(fields)) = &start.result else {
        return None;
    };
    let (_, ty) = fields.iter().find(|(name, _)| name == "value")?;
    Some((ty.clone(), Value::zero(ty)?))
}

impl Sampler for Stored {
    fn call(&mut self, host: &dyn Host, args: &[Value]) -> CallResult {
        let [key] = args else {
            return Err(wrong_count(args.len()));
        };
        let key = <&Str>::from_value(key)?.to_string_lossy();
        if key.is_empty() {
            return Err(CallError::fatal("can't use an empty key"));
        }
        let stored = host
            .local_value(&key)
            .map_err(|error| CallError::fatal(format!("can't read Value[{key}]: {error}")))?;
        let ready = stored.is_some();
        let Some((ty, zero)) = &self.zero else {
            return Err(CallError::fatal("the type of the value is not known"));
        };
        let value = stored.unwrap_or_else(|| zero.clone());
        if value.kind() != zero.kind() {
            return Err(CallError::fatal(format!(
                "type mismatch, check type in Value[{key}]: base kind does not match ({} != {})",
                zero.kind(),
                value.kind()
            )));
        }
        if !value.fits(ty) {
            // The value itself may be a secret.
            let stored = value.ty();
            let stored = stored.map_or_else(|| value.kind().to_owned(), |ty| ty.to_string());
            return Err(CallError::fatal(format!(
                "type mismatch, check type in Value[{key}]: a value of type {stored} is not of type {ty}"
            )));
        }
        let fields = [("value", value), ("ready", Value::Bool(ready))];
        Ok(Value::Struct(fields.into_iter().collect()))
    }

    fn wake(&self, args: &[Value]) -> Vec<Wake> {
        let key = args.first().and_then(Value::as_str);
        key.map(|key| Wake::LocalValue(key.to_string_lossy().into_owned()))
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call_on, fatal, sample, sample_at};
    use super::*;

    #[test]
    fn nothing_stored_is_zero_and_not_ready() {
        let host = TestHost {
            values: vec![("a".to_owned(), Value::Int(7))],
            ..TestHost::default()
        };
        let get = |name, key: &str| call_on(&host, name, &[key.into()]);
        let text = |name, key| get(name, key).unwrap().to_string();
        assert_eq!(text("value.get_int", "a"), "struct{value: 7; ready: true}");
        assert_eq!(text("value.get_int", "b"), "struct{value: 0; ready: false}");
        assert_eq!(
            text("value.get_str", "b"),
            r#"struct{value: ""; ready: false}"#
        );
        assert_eq!(
            text("value.get_bool", "b"),
            "struct{value: false; ready: false}"
        );
        assert_eq!(
            text("value.get_float", "b"),
            "struct{value: 0; ready: false}"
        );
        assert_eq!(
            fatal(get("value.get_str", "a")),
            "type mismatch, check type in Value[a]: base kind does not match (str != int)"
        );
        assert_eq!(fatal(get("value.get_str", "")), "can't use an empty key");
    }

    #[test]
    fn the_type_of_any_value_comes_from_the_context() {
        let get = |ty: &str, values: &[(String, Value)]| {
            let host = TestHost {
                values: values.to_vec(),
                ..TestHost::default()
            };
            let start = Start {
                result: Some(Type::parse(&format!("struct{{value {ty}; ready bool}}")).unwrap()),
                ..Start::default()
            };
            sample_at("value.get", &start).call(&host, &["a".into()])
        };
        let stored = [("a".to_owned(), Value::list([1.into(), 2.into()]))];
        for (ty, values, shown) in [
            ("[]int", &stored[..], "struct{value: [1, 2]; ready: true}"),
            ("[]int", &[], "struct{value: []; ready: false}"),
            ("map{str: int}", &[], "struct{value: {}; ready: false}"),
            (
                "struct{a int; b str}",
                &[],
                r#"struct{value: struct{a: 0; b: ""}; ready: false}"#,
            ),
        ] {
            assert_eq!(get(ty, values).unwrap().to_string(), shown, "{ty}");
        }
        for ty in ["[]str", "map{str: int}"] {
            let error = fatal(get(ty, &stored));
            assert!(
                error.starts_with("type mismatch, check type in Value[a]: "),
                "{error}"
            );
            assert!(!error.contains("[1, 2]"), "{error}");
        }
    }

    #[test]
    fn the_key_wakes() {
        assert_eq!(
            sample("value.get_int").wake(&["a".into()]),
            [Wake::LocalValue("a".to_owned())]
        );
    }
}
