//! Inverses of the error function, which no crate in use has.

use std::f64::consts::FRAC_2_SQRT_PI;

/// The number whose `erf` is `x`.
pub(crate) fn erf_inverse(x: f64) -> f64 {
    match x.abs() {
        size if size <= 0.5 => central(x),
        size if size <= 1.0 => tail(1.0 - size).copysign(x),
        _ => f64::NAN,
    }
}

/// The number whose `erfc` is `x`.
pub(crate) fn erfc_inverse(x: f64) -> f64 {
    match x {
        0.0..0.5 => tail(x),
        0.5..=1.5 => central(1.0 - x),
        1.5..=2.0 => -tail(2.0 - x),
        _ => f64::NAN,
    }
}

/// More steps than Newton's method ever needs here.
const STEPS: usize = 100;

/// Solves `erf(y) = x` for `|x| <= 0.5`. Newton's method, which converges from zero, since `erf` bends
/// one way on either side of it.
fn central(x: f64) -> f64 {
    let mut y = x / FRAC_2_SQRT_PI;
    for _ in 0..STEPS {
        let next = y - (libm::erf(y) - x) / (FRAC_2_SQRT_PI * (-y * y).exp());
        if (next - y).abs() <= f64::EPSILON * y.abs() {
            return next;
        }
        y = next;
    }
    y
}

/// Solves `erfc(y) = p` for `p` up to 0.5. Newton's method on the logarithms, which is concave.
fn tail(p: f64) -> f64 {
    if p == 0.0 {
        return f64::INFINITY;
    }
    let wanted = p.ln();
    let mut y = (-wanted).sqrt();
    for _ in 0..STEPS {
        let have = libm::erfc(y);
        if have == 0.0 {
            // Beyond the smallest float; the root is to the left.
            y *= 0.99;
            continue;
        }
        let next = y + (have.ln() - wanted) * have / (FRAC_2_SQRT_PI * (-y * y).exp());
        if (next - y).abs() <= f64::EPSILON * y {
            return next;
        }
        y = next;
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_values() {
        assert_eq!(erf_inverse(1.0), f64::INFINITY);
        assert_eq!(erf_inverse(-1.0), f64::NEG_INFINITY);
        assert!(erf_inverse(1.1).is_nan());
        assert!(erf_inverse(f64::NAN).is_nan());
        assert_eq!(erfc_inverse(0.0), f64::INFINITY);
        assert_eq!(erfc_inverse(2.0), f64::NEG_INFINITY);
        assert!(erfc_inverse(-0.1).is_nan());
        assert!((erf_inverse(0.5) - 0.476_936_276_204_469_9).abs() < 1e-15);
        assert!((erfc_inverse(1e-300) - 26.209_469_960_516_17).abs() < 1e-10);
    }

    proptest! {
        #[test]
        fn erf_undoes_its_inverse(x in -0.999f64..0.999) {
            prop_assert!((libm::erf(erf_inverse(x)) - x).abs() < 1e-14);
        }

        #[test]
        fn erfc_undoes_its_inverse(exponent in -300.0f64..0.3) {
            let x = 10f64.powf(exponent);
            prop_assert!((libm::erfc(erfc_inverse(x)) / x - 1.0).abs() < 1e-11);
        }
    }
}
