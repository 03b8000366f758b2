//! `math`: arithmetic beyond the operators (functions.md §16).

use crate::catalog::{CallError, CallResult, FunctionDef};
use crate::types::{FuncType, Type};
use crate::value::Value;

use super::declare::{Argument, examples, native, pure, typed};

const NUMBERS: &[&str] = &["int", "float"];
const NOT_FINITE: &[&str; 3] = &[
    "result is not a number",
    "result is positive infinity",
    "result is negative infinity",
];

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        typed(
            "math.fortytwo",
            "func() ?1",
            "42, as an int or a float, whichever is needed. If neither is, the program does not compile.",
            fortytwo,
        )
        .kinds(1, NUMBERS)
        .examples(examples!["math.fortytwo() + 1" => "43", "math.fortytwo() + 0.5" => "42.5"]),
        pure(
            "math.minus1",
            "func(x int) int",
            "One less. The smallest int gives the largest.",
            native!(minus1(x)),
        )
        .examples(examples!["math.minus1(3)" => "2"]),
        pure(
            "math.mod",
            "func(x ?1, y ?1) ?1",
            "The remainder of a division; it has the sign of the first argument. It is exact for all ints.",
            native!(modulo(x, y)),
        )
        .kinds(1, NUMBERS)
        .catchable(&["result is not a number"])
        .examples(examples!["math.mod(7, 3)" => "1", "math.mod(-7, 3)" => "-1", "math.mod(1, 0) <|> 9" => "9"]),
        pure(
            "math.pow",
            "func(x float, y float) float",
            "The first argument to the power of the second. To the power of 0 everything is 1. A result that is no finite \
             number is an error.",
            native!(pow(x, y)),
        )
        .catchable(NOT_FINITE)
        .examples(examples!["math.pow(2.0, 10.0)" => "1024"]),
        pure(
            "math.sqrt",
            "func(x float) float",
            "The square root. That of a negative number, and of infinity, is an error.",
            native!(sqrt(x)),
        )
        .catchable(NOT_FINITE)
        .examples(examples!["math.sqrt(9.0)" => "3", "math.sqrt(-1.0) <|> 0.0" => "0"]),
        pure(
            "math.abs",
            "func(x ?1) ?1",
            "The number without its sign. The smallest int, which has no counterpart, stays as it is. \
             Not in the original.",
            native!(abs(x)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["math.abs(-3)" => "3", "math.abs(-0.5)" => "0.5"]),
        pure(
            "math.min",
            "func(x ?1, y ?1) ?1",
            "The smaller of two numbers; not a number if one of them is not. Not in the original.",
            native!(min(x, y)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["math.min(1, 2)" => "1"]),
        pure(
            "math.max",
            "func(x ?1, y ?1) ?1",
            "The greater of two numbers; not a number if one of them is not. Not in the original.",
            native!(max(x, y)),
        )
        .kinds(1, NUMBERS)
        .examples(examples!["math.max(1.5, 2.5)" => "2.5"]),
        pure(
            "math.floor",
            "func(x float) float",
            "The greatest whole number that is not above the argument. Not in the original.",
            native!(floor(x)),
        )
        .examples(examples!["math.floor(1.7)" => "1"]),
        pure(
            "math.ceil",
            "func(x float) float",
            "The smallest whole number that is not below the argument. Not in the original.",
            native!(ceil(x)),
        )
        .examples(examples!["math.ceil(1.2)" => "2"]),
        pure(
            "math.round",
            "func(x float) float",
            "The nearest whole number; halves go away from zero. Not in the original.",
            native!(round(x)),
        )
        .examples(examples!["math.round(2.5)" => "3"]),
    ]
}

fn fortytwo(ty: &FuncType, _: &[Value]) -> CallResult {
    match ty.result {
        Type::Int => Ok(Value::Int(42)),
        Type::Float => Ok(Value::Float(42.0)),
        ref other => Err(CallError::fatal(format!(
            "42 is an int or a float, not of type {other}"
        ))),
    }
}

fn minus1(x: i64) -> i64 {
    x.wrapping_sub(1)
}

fn modulo(x: &Value, y: &Value) -> CallResult {
    let nan = || CallError::catchable(NOT_FINITE[0]);
    match x {
        Value::Int(x) => match i64::from_value(y)? {
            0 => Err(nan()),
            y => Ok(Value::Int(x.wrapping_rem(y))),
        },
        x => {
            let remainder = f64::from_value(x)? % f64::from_value(y)?;
            if remainder.is_nan() {
                Err(nan())
            } else {
                Ok(Value::Float(remainder))
            }
        }
    }
}

fn pow(x: f64, y: f64) -> Result<f64, CallError> {
    finite(x.powf(y))
}

fn sqrt(x: f64) -> Result<f64, CallError> {
    finite(x.sqrt())
}

fn finite(result: f64) -> Result<f64, CallError> {
    let [nan, positive, negative] = NOT_FINITE;
    if result.is_nan() {
        Err(CallError::catchable(*nan))
    } else if result == f64::INFINITY {
        Err(CallError::catchable(*positive))
    } else if result == f64::NEG_INFINITY {
        Err(CallError::catchable(*negative))
    } else {
        Ok(result)
    }
}

fn abs(x: &Value) -> CallResult {
    match x {
        Value::Int(x) => Ok(Value::Int(x.wrapping_abs())),
        x => Ok(Value::Float(f64::from_value(x)?.abs())),
    }
}

fn min(x: &Value, y: &Value) -> CallResult {
    choose(x, y, i64::min, |x, y| if y < x { y } else { x })
}

fn max(x: &Value, y: &Value) -> CallResult {
    choose(x, y, i64::max, |x, y| if y > x { y } else { x })
}

fn choose(
    x: &Value,
    y: &Value,
    ints: fn(i64, i64) -> i64,
    floats: fn(f64, f64) -> f64,
) -> CallResult {
    match x {
        Value::Int(x) => Ok(Value::Int(ints(*x, Argument::from_value(y)?))),
        x => {
            let (x, y) = (f64::from_value(x)?, f64::from_value(y)?);
            Ok(Value::Float(if x.is_nan() || y.is_nan() {
                f64::NAN
            } else {
                floats(x, y)
            }))
        }
    }
}

fn floor(x: f64) -> f64 {
    x.floor()
}

fn ceil(x: f64) -> f64 {
    x.ceil()
}

fn round(x: f64) -> f64 {
    x.round()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fortytwo_follows_the_type() {
        let of = |result: Type| {
            fortytwo(
                &FuncType {
                    args: Vec::new(),
                    result,
                },
                &[],
            )
        };
        assert_eq!(of(Type::Int), Ok(Value::Int(42)));
        assert_eq!(of(Type::Float), Ok(Value::Float(42.0)));
        assert!(of(Type::Str).is_err());
    }

    #[test]
    fn int_remainders_are_exact() {
        let remainder = |x: i64, y: i64| call("math.mod", &[x.into(), y.into()]);
        assert_eq!(remainder(9_007_199_254_740_993, 2), Ok(Value::Int(1)));
        assert_eq!(remainder(-7, 3), Ok(Value::Int(-1)));
        assert_eq!(remainder(i64::MIN, -1), Ok(Value::Int(0)));
        assert_eq!(caught(remainder(1, 0)), "result is not a number");
    }

    #[test]
    fn float_remainders_refuse_what_has_none() {
        let remainder = |x: f64, y: f64| call("math.mod", &[x.into(), y.into()]);
        for (x, y, expected) in [
            (5.5, f64::INFINITY, 5.5),
            (-5.5, f64::NEG_INFINITY, -5.5),
            (-5.5, 2.0, -1.5),
            (5.5, -2.0, 1.5),
            (-4.0, 2.0, -0.0),
        ] {
            let found = remainder(x, y).unwrap();
            assert!(found.is_same(&Value::Float(expected)), "{x} {y}: {found}");
        }
        for (x, y) in [
            (1.0, 0.0),
            (0.0, 0.0),
            (f64::INFINITY, 2.0),
            (f64::NEG_INFINITY, f64::INFINITY),
            (f64::NAN, 2.0),
            (1.0, f64::NAN),
        ] {
            assert_eq!(caught(remainder(x, y)), "result is not a number");
        }
    }

    #[test]
    fn results_are_finite() {
        let power = |x: f64, y: f64| call("math.pow", &[x.into(), y.into()]);
        assert_eq!(power(f64::NAN, 0.0), Ok(Value::Float(1.0)));
        assert_eq!(power(1.0, f64::NAN), Ok(Value::Float(1.0)));
        assert_eq!(caught(power(0.0, -1.0)), "result is positive infinity");
        assert_eq!(caught(power(-0.0, -1.0)), "result is negative infinity");
        assert_eq!(caught(power(-1.0, 0.5)), "result is not a number");
        assert_eq!(caught(power(f64::NAN, 1.0)), "result is not a number");
        assert_eq!(caught(power(10.0, 400.0)), "result is positive infinity");
        assert_eq!(caught(power(-10.0, 401.0)), "result is negative infinity");
        assert_eq!(power(f64::INFINITY, 0.0), Ok(Value::Float(1.0)));
        assert_eq!(power(10.0, -400.0), Ok(Value::Float(0.0)));
        let root = |x: f64| call("math.sqrt", &[x.into()]);
        assert_eq!(root(-0.0), Ok(Value::Float(-0.0)));
        assert_eq!(caught(root(f64::INFINITY)), "result is positive infinity");
        assert_eq!(caught(root(-1.0)), "result is not a number");
        assert_eq!(caught(root(f64::NAN)), "result is not a number");
    }

    #[test]
    fn one_less_than_the_smallest_int_is_the_largest() {
        let less = |x: i64| call("math.minus1", &[x.into()]);
        assert_eq!(less(i64::MIN), Ok(Value::Int(i64::MAX)));
        assert_eq!(less(0), Ok(Value::Int(-1)));
    }

    #[test]
    fn the_smallest_int_has_no_positive_counterpart() {
        assert_eq!(
            call("math.abs", &[i64::MIN.into()]),
            Ok(Value::Int(i64::MIN))
        );
    }

    #[test]
    fn extremes_of_nan_are_nan() {
        for name in ["math.min", "math.max"] {
            for (x, y) in [(f64::NAN, 1.0), (1.0, f64::NAN)] {
                let value = call(name, &[x.into(), y.into()]).unwrap();
                assert!(value.as_float().unwrap().is_nan());
            }
        }
    }

    proptest! {
        #[test]
        fn quotient_and_remainder_make_the_whole(x: i64, y: i64) {
            prop_assume!(y != 0);
            let remainder = call("math.mod", &[x.into(), y.into()]).unwrap().as_int().unwrap();
            prop_assert!(remainder == 0 || (remainder < 0) == (x < 0));
            prop_assert!(remainder.unsigned_abs() < y.unsigned_abs());
            prop_assert_eq!(x.wrapping_div(y).wrapping_mul(y).wrapping_add(remainder), x);
        }

        #[test]
        fn a_square_undoes_a_root(x in 0.0f64..1e12) {
            let root = call("math.sqrt", &[x.into()]).unwrap();
            let square = call("math.pow", &[root, 2.0.into()]).unwrap().as_float().unwrap();
            prop_assert!((square - x).abs() <= x * 1e-15, "{} {}", square, x);
        }
    }
}
