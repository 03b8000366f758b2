//! Numbers as text (functions.md §4.4, §4.5, §11.2.9).

use crate::value::quote;

/// Why a text is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NumberError {
    #[error("invalid syntax")]
    Syntax,
    #[error("value out of range")]
    Range,
}

impl NumberError {
    /// The message for `text`, which the parser called `parser` refused.
    pub(crate) fn message(self, parser: &str, text: &[u8]) -> String {
        format!("strconv.{parser}: parsing {}: {self}", quote(text))
    }
}

/// An int in base 10: an optional sign and digits.
///
/// # Errors
/// If there is anything else, or it does not fit.
pub(crate) fn parse_decimal(text: &[u8]) -> Result<i64, NumberError> {
    let (negative, digits) = sign(text);
    integer(negative, digits, 10, 64)
}

/// Splits off a sign; the result tells whether it is a minus.
pub(crate) fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// Digits in a base from 2 to 36 that must fit into a signed integer of `bits` bits.
///
/// # Errors
/// If there are none, or something else is among them, or they do not fit.
pub(crate) fn integer(
    negative: bool,
    digits: &[u8],
    base: u32,
    bits: u32,
) -> Result<i64, NumberError> {
    if digits.is_empty() {
        return Err(NumberError::Syntax);
    }
    let limit = (1i128 << (bits - 1)) - i128::from(!negative);
    let mut value = 0i128;
    for digit in digits {
        let digit = char::from(*digit)
            .to_digit(base)
            .ok_or(NumberError::Syntax)?;
        // One beyond the limit is enough to know; what follows must still be digits.
        value = (value * i128::from(base) + i128::from(digit)).min(limit + 1);
    }
    if value > limit {
        return Err(NumberError::Range);
    }
    // The limit keeps it within 64 bits.
    Ok(if negative { -value } else { value } as i64)
}

/// An int whose prefix tells its base, as Go writes it, with underscores between the digits. It must fit into a signed
/// integer of `bits` bits.
///
/// # Errors
/// If it is no number, or does not fit.
pub(crate) fn prefixed_integer(text: &[u8], bits: u32) -> Result<i64, NumberError> {
    let (negative, digits) = sign(text);
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', b'o' | b'O', rest @ ..] => (8, rest),
        [b'0', b'b' | b'B', rest @ ..] => (2, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, digits),
    };
    // Right after a prefix an underscore may stand.
    let digits = match digits {
        [b'_', rest @ ..] if base != 10 => rest,
        _ => digits,
    };
    integer(
        negative,
        without_underscores(digits, base)?.as_bytes(),
        base,
        bits,
    )
}

/// A float as decimal or hexadecimal number, infinity or NaN.
///
/// # Errors
/// If it is none of these, or too large.
pub(crate) fn parse_float(text: &[u8]) -> Result<f64, NumberError> {
    match prepare(text)? {
        Prepared::Decimal(text) => {
            let value: f64 = text.parse().map_err(|_| NumberError::Syntax)?;
            finite(value, value.is_infinite() && is_numeric(&text))
        }
        Prepared::Hexadecimal(number) => {
            let value = number.round(53, -1022);
            finite(value, value.is_infinite())
        }
    }
}

/// The same in single precision.
///
/// # Errors
/// As for [`parse_float`].
pub(crate) fn parse_float_single(text: &[u8]) -> Result<f64, NumberError> {
    match prepare(text)? {
        Prepared::Decimal(text) => {
            let value: f32 = text.parse().map_err(|_| NumberError::Syntax)?;
            finite(f64::from(value), value.is_infinite() && is_numeric(&text))
        }
        Prepared::Hexadecimal(number) => {
            let value = number.round(24, -126);
            finite(value, value.abs() > f64::from(f32::MAX))
        }
    }
}

fn finite(value: f64, overflow: bool) -> Result<f64, NumberError> {
    if overflow {
        Err(NumberError::Range)
    } else {
        Ok(value)
    }
}

/// Whether a text that is a float is written with digits.
fn is_numeric(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit())
}

enum Prepared {
    Decimal(String),
    Hexadecimal(Hexadecimal),
}

fn prepare(text: &[u8]) -> Result<Prepared, NumberError> {
    let (negative, digits) = sign(text);
    if let [b'0', b'x' | b'X', rest @ ..] = digits {
        let rest = rest.strip_prefix(b"_").unwrap_or(rest);
        return Hexadecimal::parse(negative, &without_underscores(rest, 16)?)
            .map(Prepared::Hexadecimal)
            .ok_or(NumberError::Syntax);
    }
    without_underscores(text, 10).map(Prepared::Decimal)
}

/// Takes out the underscores, which must stand between digits of the base.
pub(crate) fn without_underscores(text: &[u8], base: u32) -> Result<String, NumberError> {
    let text = std::str::from_utf8(text).map_err(|_| NumberError::Syntax)?;
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(|byte| char::from(*byte).is_digit(base))
    };
    let misplaced = bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'_' && !(is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1)))
    });
    if misplaced {
        return Err(NumberError::Syntax);
    }
    Ok(text.replace('_', ""))
}

/// `mantissa * 2^exponent`; the lowest bit of the mantissa also stands for what was cut off.
struct Hexadecimal {
    negative: bool,
    mantissa: u64,
    exponent: i64,
}

impl Hexadecimal {
    /// Parses what follows `0x`: digits with an optional point, and a binary exponent.
    fn parse(negative: bool, text: &str) -> Option<Self> {
        let (digits, exponent) = text.split_once(['p', 'P'])?;
        let mut exponent = clamp_exponent(exponent)?;
        let (mut mantissa, mut seen, mut fraction) = (0u64, false, false);
        for c in digits.chars() {
            if c == '.' && !fraction {
                fraction = true;
                continue;
            }
            let digit = u64::from(c.to_digit(16)?);
            seen = true;
            if mantissa >> 60 == 0 {
                mantissa = mantissa << 4 | digit;
                exponent -= if fraction { 4 } else { 0 };
            } else {
                mantissa |= u64::from(digit != 0);
                exponent += if fraction { 0 } else { 4 };
            }
        }
        seen.then_some(Self {
            negative,
            mantissa,
            exponent,
        })
    }

    /// The nearest number with so many bits of precision and this least exponent, ties to even.
    fn round(&self, precision: i64, least_exponent: i64) -> f64 {
        let magnitude = if self.mantissa == 0 {
            0.0
        } else {
            let zeros = i64::from(self.mantissa.leading_zeros());
            let top = self.exponent + 63 - zeros;
            let kept = precision.min(precision - (least_exponent - top));
            if kept < 0 {
                0.0
            } else {
                let normal = u128::from(self.mantissa) << zeros;
                let cut = 64 - kept;
                let (quotient, rest) = (normal >> cut, normal & ((1 << cut) - 1));
                let half = 1u128 << (cut - 1);
                let up = rest > half || (rest == half && quotient & 1 == 1);
                let quotient = (quotient + u128::from(up)) as f64;
                let exponent = (self.exponent - zeros + cut).clamp(-10_000, 10_000);
                libm::ldexp(quotient, exponent as i32)
            }
        };
        if self.negative { -magnitude } else { magnitude }
    }
}

/// A decimal exponent, cut to a range beyond which nothing changes.
fn clamp_exponent(text: &str) -> Option<i64> {
    match parse_decimal(text.as_bytes()) {
        Ok(exponent) => Some(exponent.clamp(-1_000_000_000, 1_000_000_000)),
        Err(NumberError::Range) if text.starts_with('-') => Some(-1_000_000_000),
        Err(NumberError::Range) => Some(1_000_000_000),
        Err(NumberError::Syntax) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ints_have_a_sign_and_digits_alone() {
        assert_eq!(parse_decimal(b"+7"), Ok(7));
        assert_eq!(parse_decimal(b"-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(
            parse_decimal(b"9223372036854775808"),
            Err(NumberError::Range)
        );
        let long = "9".repeat(100);
        assert_eq!(parse_decimal(long.as_bytes()), Err(NumberError::Range));
        for text in ["", "-", "+-1", " 1", "1_0", "0x1", "1.0", "٣"] {
            assert_eq!(parse_decimal(text.as_bytes()), Err(NumberError::Syntax));
        }
    }

    #[test]
    fn floats_come_in_many_forms() {
        for (text, value) in [
            ("1", 1.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("-1e5", -1e5),
            ("1_000.5", 1000.5),
            ("1_0e1_0", 1e11),
            ("0x_ap0_1", 20.0),
            ("0x1p-2", 0.25),
            ("0x.8p1", 1.0),
            ("0X1.8P+1", 3.0),
            ("-0x10p0", -16.0),
            ("0x1p-1074", 5e-324),
            ("0x1p-1075", 0.0),
            ("0x1.8p-1075", 5e-324),
            ("0x1.fffffffffffffp1023", f64::MAX),
            ("1e-999", 0.0),
            ("iNf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse_float(text.as_bytes()), Ok(value), "{text}");
        }
        assert!(parse_float(b"NaN").unwrap().is_nan());
    }

    #[test]
    fn what_is_no_float_is_refused() {
        for text in [
            "",
            ".",
            "e5",
            "1e",
            "0x1",
            "0xp1",
            "1__0",
            "_1",
            "1_",
            "1_.5",
            "1_e5",
            "1e_5",
            "0x1_p5",
            " 1",
            "1 ",
            "0x1.2.3p1",
            "infin",
            "٣",
        ] {
            assert_eq!(
                parse_float(text.as_bytes()),
                Err(NumberError::Syntax),
                "{text}"
            );
        }
        for text in ["1e309", "-1e309", "0x1p1024", "0x1p99999999999999999999"] {
            assert_eq!(
                parse_float(text.as_bytes()),
                Err(NumberError::Range),
                "{text}"
            );
        }
    }

    #[test]
    fn single_precision_rounds_once() {
        assert_eq!(parse_float_single(b"0.1"), Ok(f64::from(0.1f32)));
        assert_eq!(parse_float_single(b"0x1.000001p0"), Ok(1.0));
        assert_eq!(parse_float_single(b"1e39"), Err(NumberError::Range));
        assert_eq!(parse_float_single(b"0x1p128"), Err(NumberError::Range));
    }

    proptest! {
        #[test]
        fn decimal_text_reads_back(value: i64) {
            prop_assert_eq!(parse_decimal(value.to_string().as_bytes()), Ok(value));
        }

        #[test]
        fn float_text_reads_back(value in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL) {
            prop_assert_eq!(parse_float(value.to_string().as_bytes()), Ok(value));
            let bits = value.to_bits();
            let exponent = ((bits >> 52) & 0x7ff) as i64;
            let mantissa = bits & ((1 << 52) - 1) | if exponent == 0 { 0 } else { 1 << 52 };
            let sign = if value.is_sign_negative() { "-" } else { "" };
            let hexadecimal = format!("{sign}0x{mantissa:x}p{}", exponent.max(1) - 1075);
            prop_assert_eq!(parse_float(hexadecimal.as_bytes()), Ok(value));
        }
    }
}
