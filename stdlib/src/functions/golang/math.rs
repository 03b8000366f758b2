//! `golang/math`: functions of floats (functions.md §11.2.2).

use crate::catalog::{CallError, FunctionDef};

use super::super::declare::table;
use super::super::special::{erf_inverse, erfc_inverse};

pub(crate) fn all() -> Vec<FunctionDef> {
    table! { "golang/math":
        abs, "func(x float) float", "The absolute value.",
            |x: f64| x.abs(), "math.abs(-1.5)" => "1.5";
        acos, "func(x float) float", "The arc cosine, in radians.",
            |x: f64| x.acos(), "math.acos(1.0)" => "0";
        acosh, "func(x float) float", "The inverse hyperbolic cosine.",
            |x: f64| libm::acosh(x), "math.acosh(1.0)" => "0";
        asin, "func(x float) float", "The arc sine, in radians.",
            |x: f64| x.asin(), "math.asin(0.0)" => "0";
        asinh, "func(x float) float", "The inverse hyperbolic sine.",
            |x: f64| libm::asinh(x), "math.asinh(0.0)" => "0";
        atan, "func(x float) float", "The arc tangent, in radians.",
            |x: f64| x.atan(), "math.atan(0.0)" => "0";
        atan_2, "func(y float, x float) float", "The angle of the point (x, y), in radians.",
            |y: f64, x: f64| y.atan2(x), "math.atan_2(0.0, 1.0)" => "0";
        atanh, "func(x float) float", "The inverse hyperbolic tangent.",
            |x: f64| libm::atanh(x), "math.atanh(0.0)" => "0";
        cbrt, "func(x float) float", "The cube root.",
            |x: f64| x.cbrt(), "math.cbrt(-27.0)" => "-3";
        ceil, "func(x float) float", "The smallest whole number that is not below the argument.",
            |x: f64| x.ceil(), "math.ceil(1.2)" => "2";
        copysign, "func(f float, sign float) float", "The first number with the sign of the second.",
            |f: f64, sign: f64| f.copysign(sign), "math.copysign(3.0, -1.0)" => "-3";
        cos, "func(x float) float", "The cosine of an angle in radians.",
            |x: f64| x.cos(), "math.cos(0.0)" => "1";
        cosh, "func(x float) float", "The hyperbolic cosine.",
            |x: f64| x.cosh(), "math.cosh(0.0)" => "1";
        dim, "func(x float, y float) float", "How much the first number is above the second, or 0.",
            |x: f64, y: f64| dim(x, y), "math.dim(4.0, -2.0)" => "6";
        erf, "func(x float) float", "The error function.",
            |x: f64| libm::erf(x), "math.erf(0.0)" => "0";
        erfc, "func(x float) float", "One minus the error function.",
            |x: f64| libm::erfc(x), "math.erfc(0.0)" => "1";
        erfcinv, "func(x float) float", "The number whose `erfc` is the argument.",
            |x: f64| erfc_inverse(x), "math.erfcinv(1.0)" => "0";
        erfinv, "func(x float) float", "The number whose `erf` is the argument.",
            |x: f64| erf_inverse(x), "math.erfinv(0.0)" => "0";
        exp, "func(x float) float", "e to the power of the argument.",
            |x: f64| x.exp(), "math.exp(0.0)" => "1";
        exp_2, "func(x float) float", "2 to the power of the argument.",
            |x: f64| x.exp2(), "math.exp_2(10.0)" => "1024";
        expm_1, "func(x float) float", "e to the power of the argument, minus 1; exact for small arguments.",
            |x: f64| x.exp_m1(), "math.expm_1(0.0)" => "0";
        fma, "func(x float, y float, z float) float", "x * y + z, rounded once.",
            |x: f64, y: f64, z: f64| x.mul_add(y, z), "math.fma(2.0, 3.0, 4.0)" => "10";
        floor, "func(x float) float", "The greatest whole number that is not above the argument.",
            |x: f64| x.floor(), "math.floor(1.7)" => "1";
        gamma, "func(x float) float", "The gamma function.",
            |x: f64| libm::tgamma(x), "math.gamma(5.0)" => "24";
        hypot, "func(p float, q float) float", "The length of the hypotenuse over two legs.",
            |p: f64, q: f64| p.hypot(q), "math.hypot(3.0, 4.0)" => "5";
        ilogb, "func(x float) int", "The binary exponent, as an int.",
            |x: f64| ilogb(x), "math.ilogb(8.0)" => "3";
        inf, "func(sign int) float", "Infinity, negative for a negative argument.",
            |sign: i64| if sign >= 0 { f64::INFINITY } else { f64::NEG_INFINITY },
            "math.inf(-1)" => "-Inf";
        is_inf, "func(f float, sign int) bool",
            "Whether a number is infinite: positive for a positive sign, negative for a negative one, either for 0.",
            |f: f64, sign: i64| is_inf(f, sign), "math.is_inf(math.inf(1), 0)" => "true";
        is_na_n, "func(f float) bool", "Whether a float is not a number.",
            |f: f64| f.is_nan(), "math.is_na_n(math.na_n())" => "true";
        j_0, "func(x float) float", "The Bessel function of the first kind of order 0.",
            |x: f64| libm::j0(x), "math.j_0(0.0)" => "1";
        j_1, "func(x float) float", "The Bessel function of the first kind of order 1.",
            |x: f64| libm::j1(x), "math.j_1(0.0)" => "0";
        jn, "func(n int, x float) float", "The Bessel function of the first kind of order n.",
            |n: i64, x: f64| order(n).map(|n| libm::jn(n, x)), "math.jn(2, 0.0)" => "0",
            catches "the order N is not one of -1000000 to 1000000";
        ldexp, "func(frac float, exp int) float", "frac * 2^exp.",
            |frac: f64, exp: i64| libm::ldexp(frac, narrow(exp)), "math.ldexp(0.5, 4)" => "8";
        log, "func(x float) float", "The natural logarithm.",
            |x: f64| x.ln(), "math.log(1.0)" => "0";
        log_10, "func(x float) float", "The decimal logarithm.",
            |x: f64| x.log10(), "math.log_10(1000.0)" => "3";
        log_1_p, "func(x float) float", "The natural logarithm of 1 plus the argument; exact for small arguments.",
            |x: f64| x.ln_1p(), "math.log_1_p(0.0)" => "0";
        log_2, "func(x float) float", "The binary logarithm.",
            |x: f64| x.log2(), "math.log_2(8.0)" => "3";
        logb, "func(x float) float", "The binary exponent, as a float.",
            |x: f64| logb(x), "math.logb(8.0)" => "3";
        max, "func(x float, y float) float", "The larger of two numbers.",
            |x: f64, y: f64| -min(-x, -y), "math.max(1.0, 2.0)" => "2";
        min, "func(x float, y float) float", "The smaller of two numbers.",
            |x: f64, y: f64| min(x, y), "math.min(1.0, 2.0)" => "1";
        mod, "func(x float, y float) float", "The remainder of a division; it has the sign of the first number.",
            |x: f64, y: f64| x % y, "math.mod(7.0, 4.0)" => "3";
        na_n, "func() float", "Not a number.",
            | | f64::NAN, "math.na_n()" => "NaN";
        nextafter, "func(x float, y float) float", "The next float after the first, in the direction of the second.",
            |x: f64, y: f64| libm::nextafter(x, y), "math.nextafter(1.0, 1.0)" => "1";
        pow, "func(x float, y float) float", "The first number to the power of the second.",
            |x: f64, y: f64| x.powf(y), "math.pow(2.0, 3.0)" => "8";
        pow_10, "func(n int) float", "10 to the power of n.",
            |n: i64| pow_10(n), "math.pow_10(2)" => "100";
        remainder, "func(x float, y float) float",
            "What is left of the first number beyond the nearest multiple of the second.",
            |x: f64, y: f64| libm::remainder(x, y), "math.remainder(7.0, 4.0)" => "-1";
        round, "func(x float) float", "The nearest whole number; halves go away from zero.",
            |x: f64| x.round(), "math.round(2.5)" => "3";
        round_to_even, "func(x float) float", "The nearest whole number; halves go to the even one.",
            |x: f64| x.round_ties_even(), "math.round_to_even(2.5)" => "2";
        signbit, "func(x float) bool", "Whether a number is negative or negative zero.",
            |x: f64| x.is_sign_negative(), "math.signbit(-1.0)" => "true";
        sin, "func(x float) float", "The sine of an angle in radians.",
            |x: f64| x.sin(), "math.sin(0.0)" => "0";
        sinh, "func(x float) float", "The hyperbolic sine.",
            |x: f64| x.sinh(), "math.sinh(0.0)" => "0";
        sqrt, "func(x float) float", "The square root; of a negative number it is not a number.",
            |x: f64| x.sqrt(), "math.sqrt(9.0)" => "3";
        tan, "func(x float) float", "The tangent of an angle in radians.",
            |x: f64| x.tan(), "math.tan(0.0)" => "0";
        tanh, "func(x float) float", "The hyperbolic tangent.",
            |x: f64| x.tanh(), "math.tanh(0.0)" => "0";
        trunc, "func(x float) float", "The number without its fraction.",
            |x: f64| x.trunc(), "math.trunc(-1.7)" => "-1";
        y_0, "func(x float) float", "The Bessel function of the second kind of order 0.",
            |x: f64| libm::y0(x), "math.y_0(0.0)" => "-Inf";
        y_1, "func(x float) float", "The Bessel function of the second kind of order 1.",
            |x: f64| libm::y1(x), "math.y_1(0.0)" => "-Inf";
        yn, "func(n int, x float) float", "The Bessel function of the second kind of order n.",
            |n: i64, x: f64| order(n).map(|n| libm::yn(n, x)), "math.yn(2, 0.0)" => "-Inf",
            catches "the order N is not one of -1000000 to 1000000";
    }
}

/// The nearest `i32`; what lies beyond gives the same results.
fn narrow(n: i64) -> i32 {
    n.clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// The order of a Bessel function. Each takes a step of the computation, which must come to an end.
fn order(n: i64) -> Result<i32, CallError> {
    const MOST: i64 = 1_000_000;
    if (-MOST..=MOST).contains(&n) {
        return Ok(narrow(n));
    }
    let text = format!("the order {n} is not one of -{MOST} to {MOST}");
    Err(CallError::catchable(text))
}

fn dim(x: f64, y: f64) -> f64 {
    let difference = x - y;
    if difference <= 0.0 { 0.0 } else { difference }
}

fn is_inf(f: f64, sign: i64) -> bool {
    match sign.signum() {
        1 => f == f64::INFINITY,
        -1 => f == f64::NEG_INFINITY,
        _ => f.is_infinite(),
    }
}

/// The exponent in binary, as C's `ilogb` gives it for what is zero or not finite.
fn ilogb(x: f64) -> i64 {
    if x == 0.0 {
        i32::MIN.into()
    } else if x.is_finite() {
        let (_, exponent) = libm::frexp(x);
        i64::from(exponent) - 1
    } else {
        i32::MAX.into()
    }
}

fn logb(x: f64) -> f64 {
    if x == 0.0 {
        f64::NEG_INFINITY
    } else if x.is_nan() {
        x
    } else if x.is_infinite() {
        f64::INFINITY
    } else {
        ilogb(x) as f64
    }
}

/// Negative infinity wins over NaN, and NaN over the rest; -0 is less than +0.
fn min(x: f64, y: f64) -> f64 {
    if x == f64::NEG_INFINITY || y == f64::NEG_INFINITY {
        f64::NEG_INFINITY
    } else if x.is_nan() || y.is_nan() {
        f64::NAN
    } else if x == 0.0 && y == 0.0 {
        if x.is_sign_negative() { x } else { y }
    } else {
        x.min(y)
    }
}

fn pow_10(n: i64) -> f64 {
    match n {
        ..-323 => 0.0,
        309.. => f64::INFINITY,
        // The exponent is in range, so the text is a float.
        _ => format!("1e{n}").parse().unwrap_or(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::call;
    use super::*;
    use crate::value::Value;
    use proptest::prelude::*;

    fn of(name: &str, args: &[f64]) -> f64 {
        let args: Vec<Value> = args.iter().map(|arg| Value::Float(*arg)).collect();
        call(&format!("golang/math.{name}"), &args)
            .unwrap()
            .as_float()
            .unwrap()
    }

    proptest! {
        #[test]
        fn functions_undo_their_inverses(x in 0.001f64..20.0) {
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
            for (function, inverse, x) in [
                ("exp", "log", x),
                ("log", "exp", x),
                ("exp_2", "log_2", x),
                ("expm_1", "log_1_p", x),
                ("sinh", "asinh", x),
                ("cosh", "acosh", x + 0.1),
                ("tanh", "atanh", x / 5.0),
                ("sin", "asin", x / 20.0),
                ("cos", "acos", x / 20.0 + 0.1),
                ("tan", "atan", x / 20.0),
                ("erf", "erfinv", x / 10.0),
                ("erfc", "erfcinv", x / 4.0),
            ] {
                let back = of(inverse, &[of(function, &[x])]);
                prop_assert!(near(back, x), "{}({}({})) is {}", inverse, function, x, back);
            }
            prop_assert!(near(of("cbrt", &[of("pow", &[x, 3.0])]), x));
            prop_assert!(near(of("pow", &[of("sqrt", &[x]), 2.0]), x));
        }

        #[test]
        fn a_float_is_its_exponent_and_the_rest(x in prop::num::f64::NORMAL) {
            let exponent = call("golang/math.ilogb", &[x.into()]).unwrap();
            prop_assert_eq!(of("logb", &[x]), exponent.as_int().unwrap() as f64);
            let down = Value::Int(-exponent.as_int().unwrap());
            let rest = call("golang/math.ldexp", &[x.into(), down]).unwrap();
            prop_assert!((1.0..2.0).contains(&rest.as_float().unwrap().abs()));
            let back = call("golang/math.ldexp", &[rest, exponent]);
            prop_assert_eq!(back, Ok(Value::Float(x)));
        }

        #[test]
        fn the_next_float_back_is_the_float(x in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL) {
            let up = of("nextafter", &[x, f64::INFINITY]);
            prop_assert!(up > x);
            prop_assert_eq!(of("nextafter", &[up, f64::NEG_INFINITY]), x);
        }

        #[test]
        fn quotient_and_remainder_are_the_number(x in -1e6f64..1e6, y in 0.5f64..1e3) {
            let rest = of("mod", &[x, y]);
            prop_assert!(rest.abs() < y && (rest == 0.0 || (rest < 0.0) == (x < 0.0)));
            let nearest = of("remainder", &[x, y]);
            prop_assert!(nearest.abs() <= y / 2.0);
            let steps = (x - nearest) / y;
            prop_assert!((steps - steps.round()).abs() < 1e-6);
        }
    }

    #[test]
    fn extremes() {
        assert_eq!(of("max", &[f64::INFINITY, f64::NAN]), f64::INFINITY);
        assert!(of("max", &[1.0, f64::NAN]).is_nan());
        assert!(of("max", &[-0.0, 0.0]).is_sign_positive());
        assert_eq!(of("min", &[f64::NEG_INFINITY, f64::NAN]), f64::NEG_INFINITY);
        assert!(of("min", &[0.0, -0.0]).is_sign_negative());
        assert!(of("dim", &[f64::INFINITY, f64::INFINITY]).is_nan());
        assert_eq!(of("hypot", &[f64::NAN, f64::INFINITY]), f64::INFINITY);
    }

    #[test]
    fn exponents() {
        assert_eq!(ilogb(0.0), -2_147_483_648);
        assert_eq!(ilogb(f64::NAN), 2_147_483_647);
        assert_eq!(ilogb(f64::INFINITY), 2_147_483_647);
        assert_eq!(ilogb(5e-324), -1074);
        assert_eq!(ilogb(-0.75), -1);
        assert_eq!(logb(-f64::INFINITY), f64::INFINITY);
        assert_eq!(pow_10(-323), 1e-323);
        assert_eq!(pow_10(-324), 0.0);
        assert_eq!(pow_10(308), 1e308);
        assert_eq!(pow_10(309), f64::INFINITY);
    }

    #[test]
    fn results_at_the_edges() {
        assert!(of("gamma", &[-2.0]).is_nan());
        assert_eq!(of("gamma", &[-0.0]), f64::NEG_INFINITY);
        assert!(of("acosh", &[0.5]).is_nan());
        assert_eq!(of("atanh", &[-1.0]), f64::NEG_INFINITY);
        assert_eq!(of("log_1_p", &[-1.0]), f64::NEG_INFINITY);
        assert!(of("y_0", &[-1.0]).is_nan());
        assert_eq!(of("pow", &[-1.0, f64::INFINITY]), 1.0);
        assert_eq!(of("log_2", &[5e-324]), -1074.0);
        assert!(of("mod", &[1.0, 0.0]).is_nan());
    }
}
