//! `fmt`: text from values (functions.md §9).

use std::io::Write;

use crate::catalog::{CallError, CallResult, FunctionDef, Inference};
use crate::types::{FuncType, Type};
use crate::value::{Value, quote};

use super::declare::{examples, typed};

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        typed(
            "fmt.printf",
            "func(format str) str",
            "Text in which each verb of the format is replaced by the next argument. `%s` takes a str, \
             `%q` a str that it quotes, `%d` an int, `%f` a float, `%t` a bool, `%v` anything, `%T` \
             anything whose type it prints, and `%%` is a percent sign. There are no widths or flags.",
            printf,
        )
        .variadic()
        .inferred(Inference::Printf)
        .examples(examples![
            r#"fmt.printf("%s has %d%% of %v", "h1", 42, [1, 2])"# => r#""h1 has 42% of [1, 2]""#,
            r#"fmt.printf("%q is a %T", "a", "a")"# => r#""\"a\" is a str""#,
        ]),
    ]
}

/// A part of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'f> {
    /// Copied as it is.
    Text(&'f [u8]),
    /// Replaced by the next argument.
    Verb(Verb),
}

/// What is done with an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `%t`
    Bool,
    /// `%s`
    Str,
    /// `%q`
    Quoted,
    /// `%d`
    Int,
    /// `%f`
    Float,
    /// `%v`
    Any,
    /// `%T`
    TypeOf,
}

impl Verb {
    /// The type of the argument; nothing if any will do.
    pub fn ty(self) -> Option<Type> {
        match self {
            Self::Bool => Some(Type::Bool),
            Self::Str | Self::Quoted => Some(Type::Str),
            Self::Int => Some(Type::Int),
            Self::Float => Some(Type::Float),
            Self::Any | Self::TypeOf => None,
        }
    }

    /// As it is written: `%d`.
    pub fn text(self) -> &'static str {
        match self {
            Self::Bool => "%t",
            Self::Str => "%s",
            Self::Quoted => "%q",
            Self::Int => "%d",
            Self::Float => "%f",
            Self::Any => "%v",
            Self::TypeOf => "%T",
        }
    }
}

/// A `%` that no verb follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid format string at {offset}")]
pub struct FormatError {
    /// The byte offset of what should have been a verb.
    pub offset: usize,
}

/// Takes a format apart. A `%` at the very end stands for nothing.
///
/// ```
/// use mgmt_stdlib::functions::fmt::{parse_format, Piece, Verb};
/// assert_eq!(parse_format(b"a%d"), Ok(vec![Piece::Text(b"a"), Piece::Verb(Verb::Int)]));
/// ```
///
/// # Errors
/// If a `%` is followed by something else than a verb or `%`.
pub fn parse_format(format: &[u8]) -> Result<Vec<Piece<'_>>, FormatError> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < format.len() {
        if format[at] != b'%' {
            at += 1;
            continue;
        }
        if start < at {
            pieces.push(Piece::Text(&format[start..at]));
        }
        let offset = at + 1;
        match format.get(offset) {
            None => {}
            Some(b'%') => pieces.push(Piece::Text(&format[at..offset])),
            Some(letter) => pieces.push(Piece::Verb(match letter {
                b't' => Verb::Bool,
                b's' => Verb::Str,
                b'q' => Verb::Quoted,
                b'd' => Verb::Int,
                b'f' => Verb::Float,
                b'v' => Verb::Any,
                b'T' => Verb::TypeOf,
                _ => return Err(FormatError { offset }),
            })),
        }
        at = (offset + 1).min(format.len());
        start = at;
    }
    if start < format.len() {
        pieces.push(Piece::Text(&format[start..]));
    }
    Ok(pieces)
}

fn printf(ty: &FuncType, args: &[Value]) -> CallResult {
    let Some((Value::Str(format), values)) = args.split_first() else {
        return Err(CallError::fatal("must have at least one arg"));
    };
    let pieces =
        parse_format(format.as_bytes()).map_err(|error| CallError::fatal(error.to_string()))?;
    let mut out = Vec::with_capacity(format.len() * 2);
    let mut next = 0;
    for piece in &pieces {
        match piece {
            Piece::Text(text) => out.extend_from_slice(text),
            Piece::Verb(verb) => {
                let value = values.get(next).ok_or_else(|| too_few(&pieces, values))?;
                next += 1;
                // The first type is that of the format.
                let ty = ty.args.get(next).map(|(_, ty)| ty);
                print(&mut out, *verb, value, ty)?;
            }
        }
    }
    Ok(Value::from(out))
}

fn too_few(pieces: &[Piece<'_>], values: &[Value]) -> CallError {
    let verbs = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Verb(_)))
        .count();
    let given = match values.len() {
        0 => "no values are given".to_owned(),
        1 => "only 1 value is given".to_owned(),
        count => format!("only {count} values are given"),
    };
    CallError::fatal(format!("the format has {verbs} verbs, but {given}"))
}

fn print(out: &mut Vec<u8>, verb: Verb, value: &Value, ty: Option<&Type>) -> Result<(), CallError> {
    match (verb, value) {
        (Verb::Str | Verb::Any, Value::Str(text)) => out.extend_from_slice(text.as_bytes()),
        (Verb::Quoted, Value::Str(text)) => {
            out.extend_from_slice(quote(text.as_bytes()).as_bytes());
        }
        (Verb::Any, Value::Func(_)) => {
            return Err(CallError::fatal("can't print a function value with %v"));
        }
        (Verb::TypeOf, value) => match ty {
            Some(ty) => append(out, ty),
            None => append(out, value.kind()),
        },
        (Verb::Any, value)
        | (Verb::Bool, value @ Value::Bool(_))
        | (Verb::Int, value @ Value::Int(_))
        | (Verb::Float, value @ Value::Float(_)) => append(out, value),
        (verb, value) => {
            let wanted = verb.ty();
            return Err(CallError::fatal(format!(
                "`{}` prints values of type {}, not {}",
                verb.text(),
                wanted.as_ref().map_or("variant", Type::kind),
                value.kind()
            )));
        }
    }
    Ok(())
}

fn append(out: &mut Vec<u8>, text: impl std::fmt::Display) {
    // Writing to a vector never fails.
    let _ = write!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::super::testing::fatal;
    use super::*;
    use proptest::prelude::*;

    fn run(format: &[u8], values: &[Value]) -> CallResult {
        let args: Vec<_> = [Value::from(format.to_vec())]
            .into_iter()
            .chain(values.iter().cloned())
            .collect();
        let types = args.iter().map(|arg| ("", arg.ty().unwrap()));
        let Type::Func(ty) = Type::func(types, Type::Str) else {
            unreachable!()
        };
        printf(&ty, &args)
    }

    fn text(format: &str, values: &[Value]) -> String {
        let value = run(format.as_bytes(), values).unwrap();
        value.as_str().unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn replaces_each_verb() {
        assert_eq!(
            text(
                "%t %s %q %d %f %v%%",
                &[
                    true.into(),
                    "a".into(),
                    "b\n".into(),
                    (-3).into(),
                    3.0.into(),
                    "raw".into()
                ]
            ),
            "true a \"b\\n\" -3 3 raw%"
        );
    }

    #[test]
    fn each_verb_at_its_edges() {
        let record = [("b", Value::from("x")), ("a", Value::Int(1))];
        let record = Value::Struct(record.into_iter().collect());
        let map = [(Value::Int(2), record.clone()), (1.into(), record.clone())];
        let map = Value::Map(map.into_iter().collect());
        for (format, value, expected) in [
            ("%t", false.into(), "false"),
            ("%s", "".into(), ""),
            ("%q", "\u{a0}\u{7}é".into(), r#""\u00a0\aé""#),
            ("%q", "".into(), r#""""#),
            ("%d", i64::MIN.into(), "-9223372036854775808"),
            ("%f", 1e21.into(), "1000000000000000000000"),
            ("%f", (-0.0).into(), "-0"),
            ("%f", f64::NAN.into(), "NaN"),
            ("%f", f64::INFINITY.into(), "+Inf"),
            ("%v", "a\"b".into(), "a\"b"),
            ("%v", 1e-7.into(), "0.0000001"),
            ("%v", record.clone(), r#"struct{b: "x"; a: 1}"#),
            (
                "%v",
                map.clone(),
                r#"{1: struct{b: "x"; a: 1}, 2: struct{b: "x"; a: 1}}"#,
            ),
            ("%T", record, "struct{b str; a int}"),
            ("%T", map, "map{int: struct{b str; a int}}"),
            ("%T", 1.5.into(), "float"),
            ("%%%d%%%", 1.into(), "%1%"),
            ("", 1.into(), ""),
        ] {
            assert_eq!(text(format, &[value]), expected, "{format}");
        }
    }

    #[test]
    fn functions_have_types_but_no_text() {
        let func = Value::Func(crate::value::Func::new(
            Type::func([("a", Type::Int)], Type::Str),
            |_: &[Value]| Ok(Value::from("")),
        ));
        let printed = run(b"%v", std::slice::from_ref(&func));
        assert_eq!(fatal(printed), "can't print a function value with %v");
        assert_eq!(text("%T", &[func]), "func(a int) str");
    }

    #[test]
    fn prints_containers_and_types() {
        let list = Value::list(["a".into()]);
        assert_eq!(text("%v %T", &[list.clone(), list]), "[\"a\"] []str");
    }

    #[test]
    fn copies_what_is_not_ascii() {
        assert_eq!(text("é%s", &["ü".into()]), "éü");
        assert_eq!(run(b"\xff%s", &["".into()]), Ok(Value::from(vec![0xff])));
    }

    #[test]
    fn a_percent_at_the_end_is_nothing() {
        assert_eq!(text("100%", &[]), "100");
    }

    #[test]
    fn what_the_format_asks_must_be_there() {
        for (format, offset) in [("a%y", 2), ("%5d", 1), ("%-d", 1), ("é% d", 3), ("%é", 1)] {
            assert_eq!(
                fatal(run(format.as_bytes(), &[1.into()])),
                format!("invalid format string at {offset}")
            );
        }
        assert_eq!(
            fatal(run(b"%d%d", &[1.into()])),
            "the format has 2 verbs, but only 1 value is given"
        );
        assert_eq!(
            fatal(run(b"%d", &["a".into()])),
            "`%d` prints values of type int, not str"
        );
        assert_eq!(text("%d", &[1.into(), 2.into()]), "1");
    }

    proptest! {
        #[test]
        fn any_text_can_be_escaped(bytes: Vec<u8>) {
            let mut format = Vec::new();
            for byte in &bytes {
                format.push(*byte);
                if *byte == b'%' {
                    format.push(b'%');
                }
            }
            prop_assert_eq!(run(&format, &[]), Ok(Value::from(bytes)));
        }
    }
}
