//! The inside of strings: escapes and variables (language.md §3), and the names of variables (§1.6.1).

use std::ops::Range;

use ecow::EcoString;

/// A part of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Literal text, escapes processed. Two of these never follow each other, and none is empty.
    Text(String),
    /// `${name}`.
    Var {
        /// The dotted name.
        name: EcoString,
        /// Where the name stands in the raw text, without `${` and `}`.
        range: Range<usize>,
    },
}

/// Why the inside of a string can not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct InterpolationError {
    /// What is wrong.
    pub kind: InterpolationErrorKind,
    /// Where, in bytes of the raw text.
    pub range: Range<usize>,
}

/// What can be wrong inside a string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterpolationErrorKind {
    /// A backslash before a character that needs none; the range covers both.
    #[error("unknown escape sequence `\\{0}`")]
    UnknownEscape(char),
    /// A backslash with nothing after it.
    #[error("a backslash with nothing after it")]
    TrailingBackslash,
    /// `${` without `}` on the same line; the range covers what follows the `${`.
    #[error("`${{` without `}}`")]
    UnclosedVariable,
    /// Something other than a variable's name between `${` and `}`; the range covers what is between.
    #[error("`{0}` is not the name of a variable")]
    NotAVariable(EcoString),
    /// A name that no variable can have; the range covers it.
    #[error(transparent)]
    Name(#[from] VarNameError),
}

/// Why a variable can not have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VarNameError {
    /// The empty name.
    #[error("the name of a variable is empty")]
    Empty,
    /// A character that names do not have, or one in a place where it can not be.
    #[error(
        "a variable's name has lower-case letters, digits and underscores, and starts with a letter"
    )]
    Invalid,
    /// `..`.
    #[error("a variable's name can not have two periods in a row")]
    MultiplePeriods,
    /// `__`.
    #[error("a variable's name can not have two underscores in a row")]
    MultipleUnderscores,
}

/// Splits the raw text of a string literal, as in [`crate::ast::ExprKind::Str`], into text and variables.
/// The empty string has no pieces.
///
/// # Errors
/// The first escape or variable that does not follow the rules.
pub fn pieces(raw: &str) -> Result<Vec<Piece>, InterpolationError> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr2(b'\\', b'$', &raw.as_bytes()[at..]) {
        text.push_str(&raw[at..at + offset]);
        at += offset;
        if raw[at..].starts_with('\\') {
            let (c, length) = escape(raw, at)?;
            text.push(c);
            at += length;
        } else if raw[at..].starts_with("${") {
            let range = variable(raw, at + 2)?;
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            at = range.end + 1;
            pieces.push(Piece::Var {
                name: raw[range.clone()].into(),
                range,
            });
        } else {
            text.push('$');
            at += 1;
        }
    }
    text.push_str(&raw[at..]);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

/// What the escape at `at` stands for, and its length.
fn escape(raw: &str, at: usize) -> Result<(char, usize), InterpolationError> {
    let Some(escaped) = raw[at + 1..].chars().next() else {
        return Err(InterpolationError {
            kind: InterpolationErrorKind::TrailingBackslash,
            range: at..raw.len(),
        });
    };
    let meant = match escaped {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' | '"' | '$' => escaped,
        _ => {
            return Err(InterpolationError {
                kind: InterpolationErrorKind::UnknownEscape(escaped),
                range: at..at + 1 + escaped.len_utf8(),
            });
        }
    };
    Ok((meant, 2))
}

/// Where the name of the variable stands whose `${` ends at `start`.
fn variable(raw: &str, start: usize) -> Result<Range<usize>, InterpolationError> {
    let rest = &raw[start..];
    let line = rest.lines().next().unwrap_or_default();
    let Some(length) = line.find('}') else {
        return Err(InterpolationError {
            kind: InterpolationErrorKind::UnclosedVariable,
            range: start..start + line.len(),
        });
    };
    let range = start..start + length;
    let name = &rest[..length];
    match validate_var_name(name) {
        Ok(()) => Ok(range),
        Err(error @ VarNameError::MultipleUnderscores) => Err(InterpolationError {
            kind: error.into(),
            range,
        }),
        Err(_) => Err(InterpolationError {
            kind: InterpolationErrorKind::NotAVariable(name.into()),
            range,
        }),
    }
}

/// Whether a variable can be used under this name, which may be dotted (language.md §1.6.1).
///
/// # Errors
/// The first rule that the name breaks.
pub fn validate_var_name(name: &str) -> Result<(), VarNameError> {
    let bytes = name.as_bytes();
    let Some(first) = bytes.first() else {
        return Err(VarNameError::Empty);
    };
    let word = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if !first.is_ascii_lowercase()
        || bytes.last() == Some(&b'.')
        || !bytes.iter().all(|byte| *byte == b'.' || word(byte))
    {
        return Err(VarNameError::Invalid);
    }
    if name.contains("..") {
        return Err(VarNameError::MultiplePeriods);
    }
    if name.contains("__") {
        return Err(VarNameError::MultipleUnderscores);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    fn var(name: &str, start: usize) -> Piece {
        Piece::Var {
            name: name.into(),
            range: start..start + name.len(),
        }
    }

    #[test]
    fn text_and_variables() {
        let cases = [
            ("", vec![]),
            ("plain", vec![text("plain")]),
            ("${x}", vec![var("x", 2)]),
            ("a${x.y_1}b", vec![text("a"), var("x.y_1", 3), text("b")]),
            ("$x", vec![text("$x")]),
            ("$$", vec![text("$$")]),
            ("$${x}", vec![text("$"), var("x", 3)]),
            (r"\${x}", vec![text("${x}")]),
            (r"\\${x}", vec![text("\\"), var("x", 4)]),
            ("{}", vec![text("{}")]),
            (
                r#"\a\b\f\n\r\t\v\\\"\$"#,
                vec![text("\x07\x08\x0c\n\r\t\x0b\\\"$")],
            ),
            ("é\n${a}${b}", vec![text("é\n"), var("a", 5), var("b", 9)]),
        ];
        for (raw, expected) in cases {
            assert_eq!(pieces(raw), Ok(expected), "{raw}");
        }
    }

    #[test]
    fn everything_else_is_an_error() {
        use InterpolationErrorKind::*;
        let cases = [
            ("${}", NotAVariable("".into()), 2..2),
            ("${ x}", NotAVariable(" x".into()), 2..4),
            ("${X}", NotAVariable("X".into()), 2..3),
            ("${1}", NotAVariable("1".into()), 2..3),
            ("${_a}", NotAVariable("_a".into()), 2..4),
            ("${a.}", NotAVariable("a.".into()), 2..4),
            ("${a..b}", NotAVariable("a..b".into()), 2..6),
            ("${f()}", NotAVariable("f()".into()), 2..5),
            ("${x[0]}", NotAVariable("x[0]".into()), 2..6),
            ("${s->f}", NotAVariable("s->f".into()), 2..6),
            ("a${", UnclosedVariable, 3..3),
            ("a${x", UnclosedVariable, 3..4),
            ("a${x\n}", UnclosedVariable, 3..4),
            ("${a__b}", Name(VarNameError::MultipleUnderscores), 2..6),
            (r"ab\z", UnknownEscape('z'), 2..4),
            (r"\0", UnknownEscape('0'), 0..2),
            ("\\é", UnknownEscape('é'), 0..3),
            ("\\\n", UnknownEscape('\n'), 0..2),
            ("ab\\", TrailingBackslash, 2..3),
        ];
        for (raw, kind, range) in cases {
            assert_eq!(
                pieces(raw),
                Err(InterpolationError { kind, range }),
                "{raw}"
            );
        }
    }

    #[test]
    fn names_of_variables() {
        let cases = [
            ("a", Ok(())),
            ("a.b_c.d1", Ok(())),
            ("", Err(VarNameError::Empty)),
            ("1a", Err(VarNameError::Invalid)),
            ("a.", Err(VarNameError::Invalid)),
            ("aB", Err(VarNameError::Invalid)),
            ("a..b", Err(VarNameError::MultiplePeriods)),
            ("a__b", Err(VarNameError::MultipleUnderscores)),
        ];
        for (name, expected) in cases {
            assert_eq!(validate_var_name(name), expected, "{name}");
        }
    }
}
