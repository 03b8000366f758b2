//! The operators, as functions that only syntax can call (typing-and-evaluation.md §4).

use crate::catalog::{Bound, CallError, CallResult, FunctionDef};
use crate::value::{List, Map, Str, Value};

use super::declare::{Argument, examples, native, pure};

/// The function behind an operator; `in` is `contains`.
///
/// ```
/// use mgmt_stdlib::functions::operator;
/// assert_eq!(operator::operator("+").unwrap().signatures[0].ty.args.len(), 2);
/// assert!(operator::operator("%").is_none());
/// ```
pub fn operator(text: &str) -> Option<FunctionDef> {
    operators().into_iter().find(|def| def.name == text)
}

/// `list[index]`, also called `list.lookup` and `list_lookup`.
pub fn list_lookup(name: &'static str) -> FunctionDef {
    pure(
        name,
        "func(list []?1, index int) ?1",
        "The element at a place in a list; the first is at 0.",
        native!(element(list, index)),
    )
    .catchable(&[
        "list index negative, got: I",
        "list index not present, got: I, len is: L, in: LIST",
    ])
    .examples(examples![
        r#"["a", "b"][1]"# => r#""b""#,
        r#"["a", "b"][2] <|> "none""# => r#""none""#,
    ])
}

/// `map[key]`, also called `map.lookup` and `map_lookup`.
pub fn map_lookup(name: &'static str) -> FunctionDef {
    pure(
        name,
        "func(map map{?1: ?2}, key ?1) ?2",
        "The value that a map holds under a key.",
        native!(entry(map, key)),
    )
    .bound(1, &Bound::Hashable)
    .catchable(&["map key not present, want: KEY in MAP"])
    .examples(examples![
        r#"{"a" => 1}["a"]"# => "1",
        r#"{"a" => 1}["b"] <|> 0"# => "0",
    ])
}

/// `base[key]`, whichever of the two it is.
///
/// # Errors
/// Those of [`list_lookup`] and [`map_lookup`].
pub fn look_up(args: &[Value]) -> CallResult {
    match args {
        [Value::List(list), Value::Int(index)] => element(list, *index),
        [Value::Map(map), key] => entry(map, key),
        _ => Err(CallError::fatal(
            "we must lookup from either a list or a map",
        )),
    }
}

/// Every operator.
pub fn operators() -> Vec<FunctionDef> {
    const NUMBERS: &[&str] = &["int", "float"];
    vec![
        pure(
            "π",
            "func() float",
            "The ratio of a circle's circumference to its diameter; no syntax calls it.",
            native!(pi()),
        ),
        pure(
            "+",
            "func(a ?1, b ?1) ?1",
            "Adds numbers, or joins strings. Ints wrap around.",
            native!(add(a, b)),
        )
        .kinds(1, &["str", "int", "float"])
        .examples(examples!["1 + 2" => "3", r#""a" + "b""# => r#""ab""#]),
        pure(
            "-",
            "func(a ?1, b ?1) ?1",
            "Subtracts numbers. Ints wrap around.",
            native!(subtract(a, b)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["1 - 2" => "-1"]),
        pure(
            "*",
            "func(a ?1, b ?1) ?1",
            "Multiplies numbers. Ints wrap around.",
            native!(multiply(a, b)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["2 * 3" => "6"]),
        pure(
            "/",
            "func(a ?1, b ?1) float",
            "Divides numbers; the result is a float even for ints.",
            native!(divide(a, b)),
        )
        .kinds(1, NUMBERS)
        .catchable(&["can't divide by zero"])
        .examples(examples!["1 / 2" => "0.5", "1 / 0 <|> 0.0" => "0"]),
        pure(
            "==",
            "func(a ?1, b ?1) bool",
            "Whether two values are equal, whatever is nested in them.",
            native!(equal(a, b)),
        )
        .bound(1, &Bound::NoFunc)
        .examples(examples!["[1] == [1]" => "true"]),
        pure(
            "!=",
            "func(a ?1, b ?1) bool",
            "Whether two values differ.",
            native!(unequal(a, b)),
        )
        .bound(1, &Bound::NoFunc)
        .examples(examples!["1 != 2" => "true"]),
        pure(
            "<",
            "func(a ?1, b ?1) bool",
            "Whether a number is less than another.",
            native!(less(a, b)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["1 < 2" => "true"]),
        pure(
            ">",
            "func(a ?1, b ?1) bool",
            "Whether a number is greater than another.",
            native!(greater(a, b)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["1 > 2" => "false"]),
        pure(
            "<=",
            "func(a ?1, b ?1) bool",
            "Whether a number is less than another or equal to it.",
            native!(less_or_equal(a, b)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["2 <= 2" => "true"]),
        pure(
            ">=",
            "func(a ?1, b ?1) bool",
            "Whether a number is greater than another or equal to it.",
            native!(greater_or_equal(a, b)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["2 >= 2" => "true"]),
        pure(
            "and",
            "func(a bool, b bool) bool",
            "Whether both are true. Both sides are evaluated in any case.",
            native!(and(a, b)),
        )
        .examples(examples!["true and false" => "false"]),
        pure(
            "or",
            "func(a bool, b bool) bool",
            "Whether one at least is true. Both sides are evaluated in any case.",
            native!(or(a, b)),
        )
        .examples(examples!["true or false" => "true"]),
        pure("not", "func(a bool) bool", "The opposite.", native!(not(a)))
            .examples(examples!["not true" => "false"]),
    ]
}

/// The element of a list at an index (functions.md §2.5).
fn element(list: &List, index: i64) -> CallResult {
    if index < 0 {
        return Err(CallError::catchable(format!(
            "list index negative, got: {index}"
        )));
    }
    usize::try_from(index)
        .ok()
        .and_then(|at| list.get(at))
        .cloned()
        .ok_or_else(|| {
            CallError::catchable(format!(
                "list index not present, got: {index}, len is: {}, in: {}",
                list.len(),
                Value::List(list.clone()).excerpt(MAX_SHOWN)
            ))
        })
}

/// An error shows no more bytes than this of what it was looked up in: it may be caught, and then nobody reads it.
const MAX_SHOWN: usize = 200;

/// The value of a map under a key (functions.md §2.6).
fn entry(map: &Map, key: &Value) -> CallResult {
    map.get(key).cloned().ok_or_else(|| {
        CallError::catchable(format!(
            "map key not present, want: {key} in {}",
            Value::Map(map.clone()).excerpt(MAX_SHOWN)
        ))
    })
}

/// Operands of one numeric kind.
enum Numbers {
    Ints(i64, i64),
    Floats(f64, f64),
}

impl Numbers {
    fn of(a: &Value, b: &Value) -> Result<Self, CallError> {
        match a {
            Value::Int(a) => Ok(Self::Ints(*a, Argument::from_value(b)?)),
            Value::Float(a) => Ok(Self::Floats(*a, Argument::from_value(b)?)),
            other => Err(CallError::fatal(format!(
                "unsupported kind: {}",
                other.kind()
            ))),
        }
    }

    fn arithmetic(self, ints: fn(i64, i64) -> i64, floats: fn(f64, f64) -> f64) -> Value {
        match self {
            Self::Ints(a, b) => Value::Int(ints(a, b)),
            Self::Floats(a, b) => Value::Float(floats(a, b)),
        }
    }

    fn compare(&self) -> Option<std::cmp::Ordering> {
        match self {
            Self::Ints(a, b) => Some(a.cmp(b)),
            Self::Floats(a, b) => a.partial_cmp(b),
        }
    }
}

fn pi() -> f64 {
    std::f64::consts::PI
}

fn add(a: &Value, b: &Value) -> CallResult {
    if let Value::Str(a) = a {
        return Ok(Value::Str(Str::concat(&[a, Argument::from_value(b)?])));
    }
    Ok(Numbers::of(a, b)?.arithmetic(i64::wrapping_add, |a, b| a + b))
}

fn subtract(a: &Value, b: &Value) -> CallResult {
    Ok(Numbers::of(a, b)?.arithmetic(i64::wrapping_sub, |a, b| a - b))
}

fn multiply(a: &Value, b: &Value) -> CallResult {
    Ok(Numbers::of(a, b)?.arithmetic(i64::wrapping_mul, |a, b| a * b))
}

fn divide(a: &Value, b: &Value) -> CallResult {
    let (a, b) = match Numbers::of(a, b)? {
        Numbers::Ints(a, b) => (a as f64, b as f64),
        Numbers::Floats(a, b) => (a, b),
    };
    if b == 0.0 {
        return Err(CallError::catchable("can't divide by zero"));
    }
    Ok(Value::Float(a / b))
}

fn equal(a: &Value, b: &Value) -> bool {
    a == b
}

fn unequal(a: &Value, b: &Value) -> bool {
    a != b
}

fn less(a: &Value, b: &Value) -> Result<bool, CallError> {
    Ok(Numbers::of(a, b)?.compare().is_some_and(|o| o.is_lt()))
}

fn greater(a: &Value, b: &Value) -> Result<bool, CallError> {
    Ok(Numbers::of(a, b)?.compare().is_some_and(|o| o.is_gt()))
}

fn less_or_equal(a: &Value, b: &Value) -> Result<bool, CallError> {
    Ok(Numbers::of(a, b)?.compare().is_some_and(|o| o.is_le()))
}

fn greater_or_equal(a: &Value, b: &Value) -> Result<bool, CallError> {
    Ok(Numbers::of(a, b)?.compare().is_some_and(|o| o.is_ge()))
}

fn and(a: bool, b: bool) -> bool {
    a && b
}

fn or(a: bool, b: bool) -> bool {
    a || b
}

fn not(a: bool) -> bool {
    !a
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call_def, caught, fatal};
    use super::*;

    fn op(text: &str, a: impl Into<Value>, b: impl Into<Value>) -> CallResult {
        call_def(&operator(text).unwrap(), &[a.into(), b.into()])
    }

    #[test]
    fn each_operator_has_its_types() {
        let list = |items: &[i64]| Value::list(items.iter().map(|item| Value::Int(*item)));
        let record =
            |name: &'static str| Value::Struct([(name, Value::Int(1))].into_iter().collect());
        let map = |key: &str| Value::Map([(key.into(), 1.into())].into_iter().collect());
        for (operator, a, b, result) in [
            ("+", "a".into(), "".into(), "a".into()),
            ("+", 0.5.into(), 0.25.into(), 0.75.into()),
            ("-", 0.5.into(), 0.25.into(), 0.25.into()),
            ("*", (-3).into(), 2.into(), (-6).into()),
            (
                "*",
                f64::INFINITY.into(),
                (-1.0).into(),
                f64::NEG_INFINITY.into(),
            ),
            ("/", 1.into(), 2.into(), 0.5.into()),
            ("/", (-7).into(), 7.into(), (-1.0).into()),
            // Each operand is converted first.
            (
                "/",
                9_007_199_254_740_993_i64.into(),
                1.into(),
                9_007_199_254_740_992.0.into(),
            ),
            (
                "/",
                i64::MIN.into(),
                (-1).into(),
                9_223_372_036_854_775_808.0.into(),
            ),
            ("/", 0.0.into(), (-1.0).into(), (-0.0).into()),
            ("/", 1.0.into(), f64::INFINITY.into(), 0.0.into()),
            ("==", true.into(), true.into(), true.into()),
            ("==", "a".into(), "A".into(), false.into()),
            ("==", 0.0.into(), (-0.0).into(), true.into()),
            ("==", list(&[1, 2]), list(&[1, 2]), true.into()),
            ("==", list(&[1, 2]), list(&[2, 1]), false.into()),
            ("==", map("a"), map("a"), true.into()),
            ("!=", map("a"), map("b"), true.into()),
            ("==", record("a"), record("a"), true.into()),
            ("!=", record("a"), record("b"), true.into()),
            ("!=", list(&[]), list(&[]), false.into()),
            ("<", i64::MIN.into(), i64::MAX.into(), true.into()),
            ("<", 1.into(), 1.into(), false.into()),
            ("<=", 1.into(), 1.into(), true.into()),
            (">", 1.5.into(), f64::NEG_INFINITY.into(), true.into()),
            (">", (-0.0).into(), 0.0.into(), false.into()),
            (">=", 0.0.into(), (-0.0).into(), true.into()),
            ("and", true.into(), true.into(), true.into()),
            ("and", true.into(), false.into(), false.into()),
            ("or", false.into(), true.into(), true.into()),
            ("or", false.into(), false.into(), false.into()),
        ] as [(&str, Value, Value, Value); 31]
        {
            let text = format!("{a} {operator} {b}");
            let found = op(operator, a, b).unwrap();
            assert_eq!(found.to_string(), result.to_string(), "{text}");
        }
        for (value, opposite) in [(true, false), (false, true)] {
            let not = call_def(&operator("not").unwrap(), &[value.into()]);
            assert_eq!(not, Ok(opposite.into()));
        }
        let pi = call_def(&operator("π").unwrap(), &[]);
        assert_eq!(pi, Ok(Value::Float(std::f64::consts::PI)));
    }

    #[test]
    fn ints_wrap_around() {
        assert_eq!(op("+", i64::MAX, 1), Ok(Value::Int(i64::MIN)));
        assert_eq!(op("-", i64::MIN, 1), Ok(Value::Int(i64::MAX)));
        assert_eq!(op("*", i64::MAX, 2), Ok(Value::Int(-2)));
    }

    #[test]
    fn division_gives_a_float_and_refuses_zero() {
        assert_eq!(op("/", 7, 2), Ok(Value::Float(3.5)));
        assert_eq!(caught(op("/", 7, 0)), "can't divide by zero");
        assert_eq!(caught(op("/", 7.0, -0.0)), "can't divide by zero");
    }

    #[test]
    fn nan_equals_and_orders_with_nothing() {
        assert_eq!(op("==", f64::NAN, f64::NAN), Ok(Value::Bool(false)));
        assert_eq!(op("!=", f64::NAN, f64::NAN), Ok(Value::Bool(true)));
        for order in ["<", ">", "<=", ">="] {
            assert_eq!(op(order, f64::NAN, 1.0), Ok(Value::Bool(false)));
        }
    }

    #[test]
    fn plus_joins_bytes() {
        assert_eq!(
            op("+", b"\xff".to_vec(), "a"),
            Ok(Value::from(b"\xffa".to_vec()))
        );
    }

    #[test]
    fn kinds_without_the_operator_are_fatal() {
        assert_eq!(fatal(op("<", "a", "b")), "unsupported kind: str");
        assert_eq!(
            fatal(op("+", 1, 1.0)),
            "a value of type float was given where one of type int is needed"
        );
    }

    #[test]
    fn lookups_say_what_is_missing() {
        let list = Value::list([Value::Int(1)]);
        let lookup = list_lookup("list_lookup");
        let at = |index: i64| call_def(&lookup, &[list.clone(), index.into()]);
        assert_eq!(at(0), Ok(Value::Int(1)));
        assert_eq!(caught(at(-1)), "list index negative, got: -1");
        assert_eq!(
            caught(at(i64::MIN)),
            "list index negative, got: -9223372036854775808"
        );
        assert_eq!(
            caught(at(i64::MAX)),
            "list index not present, got: 9223372036854775807, len is: 1, in: [1]"
        );
        assert_eq!(
            caught(at(1)),
            "list index not present, got: 1, len is: 1, in: [1]"
        );
        let map = Value::Map([("a".into(), 1.into())].into_iter().collect());
        assert_eq!(
            caught(call_def(&map_lookup("map_lookup"), &[map, "b".into()])),
            r#"map key not present, want: "b" in {"a": 1}"#
        );
    }
}
