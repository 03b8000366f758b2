//! `printf` of the template language, with flags, widths and precisions (functions.md §10.8).

mod number;
mod verbs;

use super::render::Item;
use crate::value::Value;

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

/// Writes a value as `%v` does.
pub(super) fn print_value(out: &mut Vec<u8>, value: &Value) {
    verbs::print(out, 'v', Flags::default(), Some(value));
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
    /// The flag `+` of a `%v`, which names fields and means nothing for numbers.
    names: bool,
    /// The flag `#` of a `%v`, which writes values as Go's source does.
    source: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// What a `[n]` said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    /// There was none.
    None,
    /// There was one, for better or worse.
    Read,
    /// It has no end.
    Unclosed,
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
                verbs::print_typed(&mut self.out, Flags::default(), arg.as_ref());
            }
            self.out.push(b')');
        }
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn verb(&mut self) {
        let mut flags = self.flags();
        // Whether each index is one of an argument, and stands where it may.
        let mut sound = true;
        let mut index = self.index(&mut sound);
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.int_argument() {
                Some(width) => {
                    flags.minus |= width < 0;
                    flags.width = Some(width.unsigned_abs() as usize);
                }
                None => self.out.extend_from_slice(b"%!(BADWIDTH)"),
            }
            index = Index::None;
        } else {
            flags.width = self.number();
            sound &= flags.width.is_none() || index != Index::Read;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            sound &= index != Index::Read;
            index = self.index(&mut sound);
            if self.peek() == Some(b'*') {
                self.at += 1;
                match self.int_argument() {
                    Some(precision) if precision >= 0 => {
                        flags.precision = Some(precision as usize);
                    }
                    _ => self.out.extend_from_slice(b"%!(BADPREC)"),
                }
                index = Index::None;
            } else {
                flags.precision = Some(self.number().unwrap_or(0));
            }
        }
        if index != Index::Read {
            self.index(&mut sound);
        }
        self.replace(flags, sound);
    }

    fn flags(&mut self) -> Flags {
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
        flags
    }

    /// Reads the verb and writes the argument.
    fn replace(&mut self, mut flags: Flags, sound: bool) {
        let (verb, len) = bstr::decode_utf8(&self.format[self.at..]);
        if len == 0 {
            self.out.extend_from_slice(b"%!(NOVERB)");
            return;
        }
        self.at += if verb.is_some() { len } else { 1 };
        let verb = verb.unwrap_or(char::REPLACEMENT_CHARACTER);
        if matches!(verb, 'v' | 'w') {
            (flags.source, flags.names) = (flags.sharp, flags.plus);
            (flags.sharp, flags.plus) = (false, false);
        }
        match verb {
            '%' => self.out.push(b'%'),
            _ if !sound => self.mistake(verb, "(BADINDEX)"),
            _ => match self.args.get(self.next) {
                None => self.mistake(verb, "(MISSING)"),
                Some(arg) => {
                    self.next += 1;
                    verbs::print(&mut self.out, verb, flags, arg.as_ref());
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
        if text.is_empty() {
            return None;
        }
        let number = text.parse().ok().filter(|number| *number <= MAX_WIDTH);
        if number.is_none() {
            // After such a number nothing is understood any more.
            self.at = self.format.len();
        }
        number.map(|number: i64| number as usize)
    }

    /// `[n]`: which argument comes next.
    fn index(&mut self, sound: &mut bool) -> Index {
        if self.peek() != Some(b'[') {
            return Index::None;
        }
        self.reordered = true;
        let rest = &self.format[self.at + 1..];
        let end = rest.iter().position(|byte| *byte == b']');
        let Some(end) = end.filter(|_| rest.len() > 1) else {
            self.at += 1;
            *sound = false;
            return Index::Unclosed;
        };
        let digits = &rest[..end];
        let index = std::str::from_utf8(digits)
            .ok()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse::<usize>().ok());
        self.at += end + 2;
        match index {
            Some(index) if (1..=self.args.len()).contains(&index) => {
                self.next = index - 1;
                Index::Read
            }
            other => {
                *sound = false;
                if other.is_some() {
                    Index::Read
                } else {
                    Index::Unclosed
                }
            }
        }
    }

    /// An argument that is a width or precision.
    fn int_argument(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        let int = arg.as_ref()?.as_int();
        int.filter(|int| (-MAX_WIDTH..=MAX_WIDTH).contains(int))
    }
}
