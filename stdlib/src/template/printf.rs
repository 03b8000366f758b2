//! `printf` of the template language, with flags, widths and precisions (functions.md §10.8).

use super::format::{exponent, print_value, shortest, type_name, with_exponent};
use super::render::Item;
use crate::functions::quoting::{can_backquote, quote_ascii};
use crate::value::{Value, quote};

/// The text of a format with its verbs replaced. Mistakes are written into the text.
pub(super) fn printf(format: &[u8], args: &[&Item]) -> Vec<u8> {
    let args: Vec<Option<Value>> = args.iter().map(|item| item.value()).collect();
    let mut printer = Printer {
        format,
        at: 0,
        args: &args,
        next: 0,
        reordered: false,
        out: Vec::with_capacity(format.len() * 2),
    };
    printer.run();
    printer.out
}

struct Printer<'f> {
    format: &'f [u8],
    at: usize,
    args: &'f [Option<Value>],
    next: usize,
    /// Whether an index chose an argument, so that what is left over is no mistake.
    reordered: bool,
    out: Vec<u8>,
}

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Default)]
struct Flags {
    plus: bool,
    minus: bool,
    sharp: bool,
    zero: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// A width or precision beyond this is a mistake.
const MAX_WIDTH: i64 = 1_000_000;

impl Printer<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.format.get(self.at) {
            self.at += 1;
            if *byte == b'%' {
                self.verb();
            } else {
                self.out.push(*byte);
            }
        }
        if !self.reordered && self.next < self.args.len() {
            self.out.extend_from_slice(b"%!(EXTRA ");
            for (at, arg) in self.args[self.next..].iter().enumerate() {
                if at > 0 {
                    self.out.extend_from_slice(b", ");
                }
                typed(&mut self.out, arg.as_ref());
            }
            self.out.push(b')');
        }
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn verb(&mut self) {
        let mut flags = Flags::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        let mut sound = self.index();
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.int_argument() {
                Some(width) => {
                    flags.minus |= width < 0;
                    flags.width = Some(width.unsigned_abs() as usize);
                }
                None => self.out.extend_from_slice(b"%!(BADWIDTH)"),
            }
        } else {
            flags.width = self.number();
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            sound &= self.index();
            if self.peek() == Some(b'*') {
                self.at += 1;
                match self.int_argument() {
                    Some(precision) => flags.precision = usize::try_from(precision).ok(),
                    None => self.out.extend_from_slice(b"%!(BADPREC)"),
                }
            } else {
                flags.precision = Some(self.number().unwrap_or(0));
            }
        }
        sound &= self.index();
        let (verb, len) = bstr::decode_utf8(&self.format[self.at..]);
        self.at += len;
        let Some(verb) = verb else {
            let invalid = if len == 0 {
                "%!(NOVERB)"
            } else {
                "%!\u{fffd}(NOVERB)"
            };
            self.out.extend_from_slice(invalid.as_bytes());
            return;
        };
        match verb {
            '%' => self.out.push(b'%'),
            _ if !sound => self.mistake(verb, "(BADINDEX)"),
            _ => match self.args.get(self.next) {
                None => self.mistake(verb, "(MISSING)"),
                Some(arg) => {
                    self.next += 1;
                    print(&mut self.out, verb, flags, arg.as_ref());
                }
            },
        }
    }

    fn mistake(&mut self, verb: char, what: &str) {
        self.out
            .extend_from_slice(format!("%!{verb}{what}").as_bytes());
    }

    fn number(&mut self) -> Option<usize> {
        let digits = self.format[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let text = std::str::from_utf8(&self.format[self.at..self.at + digits]).ok()?;
        self.at += digits;
        let number: i64 = text.parse().ok()?;
        (number <= MAX_WIDTH).then_some(number as usize)
    }

    /// `[n]`: which argument comes next. Tells whether there is such an argument.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return true;
        }
        self.reordered = true;
        let rest = &self.format[self.at + 1..];
        let Some(end) = rest.iter().position(|byte| *byte == b']') else {
            return false;
        };
        let index = std::str::from_utf8(&rest[..end])
            .ok()
            .and_then(|text| text.parse::<usize>().ok());
        self.at += end + 2;
        match index {
            Some(index) if (1..=self.args.len()).contains(&index) => {
                self.next = index - 1;
                true
            }
            _ => false,
        }
    }

    /// An argument that is a width or precision.
    fn int_argument(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?.as_ref()?;
        self.next += 1;
        arg.as_int().filter(|int| int.abs() <= MAX_WIDTH)
    }
}

/// Writes a value with its type, as mistakes show it.
fn typed(out: &mut Vec<u8>, arg: Option<&Value>) {
    match arg {
        Some(value) => {
            out.extend_from_slice(type_name(value).as_bytes());
            out.push(b'=');
            print_value(out, value);
        }
        None => out.extend_from_slice(b"<nil>"),
    }
}

fn print(out: &mut Vec<u8>, verb: char, flags: Flags, arg: Option<&Value>) {
    let Some(value) = arg else {
        match verb {
            'T' | 'v' => pad(out, flags, b"<nil>"),
            _ => out.extend_from_slice(format!("%!{verb}(<nil>)").as_bytes()),
        }
        return;
    };
    if verb == 'T' {
        return pad(out, flags, type_name(value).as_bytes());
    }
    if verb == 'v' && flags.sharp {
        return pad(out, flags, value.to_string().as_bytes());
    }
    match value {
        Value::Bool(value) if matches!(verb, 't' | 'v') => {
            pad(out, flags, value.to_string().as_bytes());
        }
        Value::Int(int) => match int_text(*int, verb, flags) {
            Some(text) => pad(out, flags, &text),
            None => bad_verb(out, verb, value),
        },
        Value::Float(float) => match float_text(*float, verb, flags) {
            Some(text) => pad_number(out, flags, float.is_finite(), &text),
            None => bad_verb(out, verb, value),
        },
        Value::Str(text) => match str_text(text.as_bytes(), verb, flags) {
            Some(text) => pad(out, flags, &text),
            None => bad_verb(out, verb, value),
        },
        Value::List(list) => {
            out.push(b'[');
            for (at, element) in list.iter().enumerate() {
                if at > 0 {
                    out.push(b' ');
                }
                print(out, verb, flags, Some(element));
            }
            out.push(b']');
        }
        Value::Map(_) | Value::Struct(_) if verb == 'v' => {
            let mut text = Vec::new();
            print_value(&mut text, value);
            pad(out, flags, &text);
        }
        other => bad_verb(out, verb, other),
    }
}

fn bad_verb(out: &mut Vec<u8>, verb: char, value: &Value) {
    out.extend_from_slice(format!("%!{verb}(").as_bytes());
    typed(out, Some(value));
    out.push(b')');
}

/// Writes text with spaces, or zeros on the left, up to the width in characters.
fn pad(out: &mut Vec<u8>, flags: Flags, text: &[u8]) {
    let len = bstr::ByteSlice::chars(text).count();
    let missing = flags.width.unwrap_or(0).saturating_sub(len);
    if flags.minus {
        out.extend_from_slice(text);
        out.resize(out.len() + missing, b' ');
    } else {
        let filling = if flags.zero { b'0' } else { b' ' };
        out.resize(out.len() + missing, filling);
        out.extend_from_slice(text);
    }
}

/// Writes a number; zeros go between its sign and its digits.
fn pad_number(out: &mut Vec<u8>, flags: Flags, finite: bool, text: &str) {
    let zeros = flags.zero && finite && !flags.minus;
    let sign = usize::from(text.starts_with(['+', '-', ' ']));
    if zeros && sign > 0 {
        out.extend_from_slice(&text.as_bytes()[..sign]);
        let width = flags.width.map(|width| width.saturating_sub(sign));
        return pad(out, Flags { width, ..flags }, &text.as_bytes()[sign..]);
    }
    pad(
        out,
        Flags {
            zero: zeros,
            ..flags
        },
        text.as_bytes(),
    );
}

fn int_text(int: i64, verb: char, flags: Flags) -> Option<Vec<u8>> {
    let size = int.unsigned_abs();
    let (prefix, digits) = match verb {
        'd' | 'v' => ("", size.to_string()),
        'b' => ("0b", format!("{size:b}")),
        'o' => ("0", format!("{size:o}")),
        'O' => ("0o", format!("{size:o}")),
        'x' => ("0x", format!("{size:x}")),
        'X' => ("0X", format!("{size:X}")),
        'c' | 'q' | 'U' => return Some(character(int, verb, flags)),
        _ => return None,
    };
    let prefix = if flags.sharp || verb == 'O' {
        prefix
    } else {
        ""
    };
    let sign = if int < 0 {
        "-"
    } else if flags.plus {
        "+"
    } else if flags.space {
        " "
    } else {
        ""
    };
    // The precision is the least number of digits; zeros fill up the width without one.
    let least = flags.precision.unwrap_or_else(|| {
        let fills = flags.zero && !flags.minus;
        let width = flags.width.filter(|_| fills).unwrap_or(0);
        width.saturating_sub(sign.len() + prefix.len())
    });
    let digits = if flags.precision == Some(0) && int == 0 {
        String::new()
    } else {
        format!("{digits:0>least$}")
    };
    Some(format!("{sign}{prefix}{digits}").into_bytes())
}

fn character(int: i64, verb: char, flags: Flags) -> Vec<u8> {
    let c = u32::try_from(int)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or(char::REPLACEMENT_CHARACTER);
    match verb {
        'c' => c.to_string().into_bytes(),
        'U' => {
            let least = flags.precision.unwrap_or(4).max(4);
            let shown = if flags.sharp && crate::value::is_printable(c) {
                format!(" '{c}'")
            } else {
                String::new()
            };
            format!("U+{int:0least$X}{shown}").into_bytes()
        }
        _ => {
            let text = c.to_string();
            let quoted = if flags.plus {
                quote_ascii(text.as_bytes())
            } else {
                quote(text.as_bytes())
            };
            let inside = &quoted[1..quoted.len() - 1];
            match c {
                '\'' => r"'\''".to_owned(),
                '"' => "'\"'".to_owned(),
                _ => format!("'{inside}'"),
            }
            .into_bytes()
        }
    }
}

fn float_text(float: f64, verb: char, flags: Flags) -> Option<String> {
    let text = if float.is_finite() {
        let size = float.abs();
        match verb {
            'f' | 'F' => format!("{size:.*}", flags.precision.unwrap_or(6)),
            'e' | 'E' => with_exponent(&format!("{size:.*e}", flags.precision.unwrap_or(6))),
            'g' | 'G' | 'v' => general(size, flags),
            _ => return None,
        }
    } else if matches!(verb, 'e' | 'E' | 'f' | 'F' | 'g' | 'G' | 'v') {
        if float.is_nan() { "NaN" } else { "Inf" }.to_owned()
    } else {
        return None;
    };
    let text = match verb {
        'E' | 'G' => text.replace('e', "E"),
        _ => text,
    };
    let sign = if float.is_sign_negative() && !float.is_nan() {
        "-"
    } else if flags.plus
        || (float.is_infinite() && !flags.space && matches!(verb, 'v' | 'g' | 'G' | 'e' | 'f'))
    {
        "+"
    } else if flags.space {
        " "
    } else {
        ""
    };
    Some(format!("{sign}{text}"))
}

/// With so many significant digits, or the fewest that read back, and an exponent if it is far from 0.
fn general(size: f64, flags: Flags) -> String {
    let Some(precision) = flags.precision else {
        return shortest(size);
    };
    let precision = precision.max(1);
    let scientific = format!("{size:.*e}", precision - 1);
    let exponent = exponent(&scientific);
    let text = if exponent < -4 || exponent >= precision as i32 {
        with_exponent(&scientific)
    } else {
        let decimals = (precision as i32 - 1 - exponent).max(0) as usize;
        format!("{size:.decimals$}")
    };
    if flags.sharp {
        return text;
    }
    // Zeros at the end of the fraction say nothing.
    let (mantissa, tail) = text.split_at(text.find('e').unwrap_or(text.len()));
    if mantissa.contains('.') {
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        format!("{mantissa}{tail}")
    } else {
        text
    }
}

fn str_text(text: &[u8], verb: char, flags: Flags) -> Option<Vec<u8>> {
    let cut = match flags.precision {
        Some(chars) if !matches!(verb, 'x' | 'X') => {
            let end = bstr::ByteSlice::char_indices(text).nth(chars);
            &text[..end.map_or(text.len(), |(start, ..)| start)]
        }
        Some(bytes) => &text[..bytes.min(text.len())],
        None => text,
    };
    Some(match verb {
        's' | 'v' => cut.to_vec(),
        'q' if flags.sharp && can_backquote(cut) => [b"`", cut, b"`"].concat(),
        'q' if flags.plus => quote_ascii(cut).into_bytes(),
        'q' => quote(cut).into_bytes(),
        'x' | 'X' => {
            let separator = if flags.space { " " } else { "" };
            let prefix = match (flags.sharp, verb) {
                (false, _) => "",
                (true, 'x') => "0x",
                (true, _) => "0X",
            };
            let bytes: Vec<String> = cut
                .iter()
                .enumerate()
                .map(|(at, byte)| {
                    let prefix = if at == 0 || flags.space { prefix } else { "" };
                    let digits = if verb == 'x' {
                        format!("{byte:02x}")
                    } else {
                        format!("{byte:02X}")
                    };
                    format!("{prefix}{digits}")
                })
                .collect();
            bytes.join(separator).into_bytes()
        }
        _ => return None,
    })
}
