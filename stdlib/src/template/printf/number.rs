//! Numbers under the verbs of `printf`.

use super::super::format::{exponent, shortest, with_exponent};
use super::Flags;
use super::verbs::{pad, pad_with_spaces};
use crate::functions::quoting::quote_ascii;
use crate::value::{is_printable, quote};

/// Writes an int; tells whether the verb is one for ints.
pub(super) fn print_int(out: &mut Vec<u8>, int: i64, verb: char, flags: Flags) -> bool {
    let size = int.unsigned_abs();
    let (prefix, digits) = match verb {
        'd' | 'v' => ("", size.to_string()),
        'b' => ("0b", format!("{size:b}")),
        'o' | 'O' => ("0", format!("{size:o}")),
        'x' => ("0x", format!("{size:x}")),
        'X' => ("0X", format!("{size:X}")),
        'c' => {
            pad(out, flags, character(int).to_string().as_bytes());
            return true;
        }
        'q' => {
            let quoted = quote_char(character(int), flags.plus);
            pad(out, flags, quoted.as_bytes());
            return true;
        }
        'U' => {
            pad_with_spaces(out, flags, code_point(int, flags).as_bytes());
            return true;
        }
        _ => return false,
    };
    if flags.precision == Some(0) && int == 0 {
        pad_with_spaces(out, flags, b"");
        return true;
    }
    let sign = sign(int < 0, flags);
    // The precision is the least number of digits; zeros fill up the width without one.
    let least = flags.precision.unwrap_or_else(|| {
        let fills = flags.zero && !flags.minus;
        let width = flags.width.filter(|_| fills).unwrap_or(0);
        width.saturating_sub(sign.len())
    });
    let digits = format!("{digits:0>least$}");
    let prefix = match (flags.sharp, prefix) {
        (true, "0") if digits.starts_with('0') => "",
        (true, prefix) => prefix,
        (false, _) => "",
    };
    let octal = if verb == 'O' { "0o" } else { "" };
    let text = format!("{sign}{octal}{prefix}{digits}");
    pad_with_spaces(out, flags, text.as_bytes());
    true
}

fn sign(negative: bool, flags: Flags) -> &'static str {
    if negative {
        "-"
    } else if flags.plus {
        "+"
    } else if flags.space {
        " "
    } else {
        ""
    }
}

fn character(int: i64) -> char {
    u32::try_from(int)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn quote_char(c: char, ascii: bool) -> String {
    let text = c.to_string();
    match c {
        '\'' => r"'\''".to_owned(),
        '"' => "'\"'".to_owned(),
        _ => {
            let quoted = if ascii {
                quote_ascii(text.as_bytes())
            } else {
                quote(text.as_bytes())
            };
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

fn code_point(int: i64, flags: Flags) -> String {
    let least = flags.precision.unwrap_or(4).max(4);
    let c = u32::try_from(int).ok().and_then(char::from_u32);
    let shown = match c {
        Some(c) if flags.sharp && is_printable(c) => format!(" '{c}'"),
        _ => String::new(),
    };
    format!("U+{int:0least$X}{shown}")
}

/// Writes a float; tells whether the verb is one for floats.
pub(super) fn print_float(out: &mut Vec<u8>, float: f64, verb: char, flags: Flags) -> bool {
    if !matches!(
        verb,
        'b' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'v' | 'x' | 'X'
    ) {
        return false;
    }
    if float.is_nan() {
        let sign = sign(false, flags);
        pad_with_spaces(out, flags, format!("{sign}NaN").as_bytes());
        return true;
    }
    let negative = float.is_sign_negative();
    if float.is_infinite() {
        let sign = match sign(negative, flags) {
            "" => "+",
            sign => sign,
        };
        // Zeros would make no sense here, and a plus is not asked for by a space.
        pad_with_spaces(out, flags, format!("{sign}Inf").as_bytes());
        return true;
    }
    let mut text = magnitude(float.abs(), verb, flags);
    if flags.sharp && verb != 'b' {
        text = with_point(&text, verb, flags);
    }
    let sign = sign(negative, flags);
    if flags.zero && !flags.minus && !sign.is_empty() {
        // The zeros go between the sign and the digits.
        out.extend_from_slice(sign.as_bytes());
        let width = flags.width.map(|width| width.saturating_sub(1));
        pad(out, Flags { width, ..flags }, text.as_bytes());
    } else {
        pad(out, flags, format!("{sign}{text}").as_bytes());
    }
    true
}

/// A finite number that is not negative.
fn magnitude(size: f64, verb: char, flags: Flags) -> String {
    match verb {
        'b' => {
            let (mantissa, exponent) = parts(size);
            format!("{mantissa}p{exponent:+}")
        }
        'x' => hexadecimal(size, flags.precision),
        'X' => hexadecimal(size, flags.precision).to_uppercase(),
        'f' | 'F' => format!("{size:.*}", flags.precision.unwrap_or(6)),
        'e' => with_exponent(&format!("{size:.*e}", flags.precision.unwrap_or(6))),
        'E' => magnitude(size, 'e', flags).to_uppercase(),
        'G' => magnitude(size, 'g', flags).to_uppercase(),
        _ => match flags.precision {
            Some(precision) => general(size, precision.max(1)),
            None => shortest(size),
        },
    }
}

/// A whole number and a power of two, of which the float is the product.
fn parts(size: f64) -> (u64, i64) {
    let bits = size.to_bits();
    let exponent = (bits >> 52) as i64;
    let mantissa = bits & ((1 << 52) - 1);
    if exponent == 0 {
        (mantissa, -1074)
    } else {
        (mantissa | 1 << 52, exponent - 1075)
    }
}

/// So many significant digits at most, and an exponent if it is far from 0.
fn general(size: f64, precision: usize) -> String {
    let scientific = format!("{size:.*e}", precision - 1);
    let exponent = exponent(&scientific);
    let text = if exponent < -4 || i64::from(exponent) >= precision as i64 {
        with_exponent(&scientific)
    } else {
        let decimals = (precision as i64 - 1 - i64::from(exponent)).max(0) as usize;
        format!("{size:.decimals$}")
    };
    // Zeros at the end of the fraction say nothing.
    let (mantissa, tail) = text.split_at(text.find('e').unwrap_or(text.len()));
    if mantissa.contains('.') {
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        format!("{mantissa}{tail}")
    } else {
        text
    }
}

/// Hexadecimal digits with one before the point, and a binary exponent.
fn hexadecimal(size: f64, precision: Option<usize>) -> String {
    /// Digits after the point that a float has at most.
    const DIGITS: usize = 13;
    let (mut mantissa, mut exponent) = parts(size);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // The first digit is a 1.
        let shift = mantissa.leading_zeros() - 11;
        mantissa <<= shift;
        exponent += 52 - i64::from(shift);
    }
    if let Some(precision) = precision.filter(|precision| *precision < DIGITS) {
        let cut = 4 * (DIGITS - precision);
        let (kept, rest, half) = (mantissa >> cut, mantissa & ((1 << cut) - 1), 1 << (cut - 1));
        let up = rest > half || (rest == half && kept & 1 == 1);
        mantissa = (kept + u64::from(up)) << cut;
        if mantissa >> 53 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(precision) => {
            let zeros = "0".repeat(precision.saturating_sub(DIGITS));
            format!("{}{zeros}", &digits[..precision.min(DIGITS)])
        }
    };
    let point = if digits.is_empty() { "" } else { "." };
    let (sign, power) = (if exponent < 0 { '-' } else { '+' }, exponent.abs());
    format!("0x{}{point}{digits}p{sign}{power:02}", mantissa >> 52)
}

/// The number with a point in any case, and for some verbs with the zeros that they leave out.
fn with_point(text: &str, verb: char, flags: Flags) -> String {
    let is_hexadecimal = matches!(verb, 'x' | 'X');
    let tail = text.find(|c| match c {
        'p' | 'P' => true,
        'e' | 'E' => !is_hexadecimal,
        _ => false,
    });
    let (digits, tail) = text.split_at(tail.unwrap_or(text.len()));
    let wanted = match verb {
        'g' | 'G' | 'v' | 'x' => flags.precision.unwrap_or(6),
        _ => 0,
    };
    // What counts are the digits from the first that is not zero; a lone zero counts, too.
    let is_zero = |c: &char| matches!(c, '0' | '.');
    let mut have = digits
        .chars()
        .skip_while(is_zero)
        .filter(|c| *c != '.')
        .count();
    let point = if digits.contains('.') {
        ""
    } else {
        have += usize::from(digits == "0");
        "."
    };
    let zeros = "0".repeat(wanted.saturating_sub(have));
    format!("{digits}{point}{zeros}{tail}")
}
