//! How two types that do not fit differ, in words: for types that are too long to compare by eye.

use mgmt_stdlib::types::Type;

use super::story::with_article;

/// What keeps `have` from being `want`, if the kinds alone do not say it.
pub(super) fn difference(want: &Type, have: &Type) -> Option<String> {
    let mut path = Vec::new();
    innermost(want, have, &mut path)
}

fn innermost(want: &Type, have: &Type, path: &mut Vec<String>) -> Option<String> {
    let inside = |part: &str, want: &Type, have: &Type, path: &mut Vec<String>| {
        path.push(part.to_owned());
        let found = innermost(want, have, path);
        path.pop();
        found
    };
    match (want, have) {
        (Type::List(want), Type::List(have)) => inside("an element", want, have, path),
        (Type::Map(want), Type::Map(have)) => inside("a key", &want.0, &have.0, path)
            .or_else(|| inside("a value", &want.1, &have.1, path)),
        (Type::Struct(want), Type::Struct(have)) => {
            let (want, have): (Vec<_>, Vec<_>) = (want.iter().collect(), have.iter().collect());
            if let Some(text) = names(&want, &have) {
                return Some(match path.last() {
                    Some(part) => format!("in {part}, {text}"),
                    None => text,
                });
            }
            want.iter().zip(&have).find_map(|(want, have)| {
                inside(&format!("the field `{}`", want.0), &want.1, &have.1, path)
            })
        }
        (Type::Func(want), Type::Func(have)) => {
            if want.args.len() != have.args.len() {
                return Some(format!(
                    "a function of {} is needed, and this is one of {}",
                    arguments(want.args.len()),
                    arguments(have.args.len())
                ));
            }
            want.args
                .iter()
                .zip(have.args.iter())
                .enumerate()
                .find_map(|(i, (want, have))| {
                    inside(&format!("argument {}", i + 1), &want.1, &have.1, path)
                })
                .or_else(|| inside("the result", &want.result, &have.result, path))
        }
        (Type::Var(_), _) | (_, Type::Var(_)) => None,
        _ if want == have => None,
        _ => path.last().map(|part| {
            format!(
                "{part} must be {}, and is {}",
                with_article(&want.to_string()),
                with_article(&have.to_string())
            )
        }),
    }
}

/// How the names of the fields of two structs differ.
fn names<T>(want: &[&(T, Type)], have: &[&(T, Type)]) -> Option<String>
where
    T: PartialEq + std::fmt::Display,
{
    let without = |some: &[&(T, Type)], others: &[&(T, Type)]| -> Vec<String> {
        some.iter()
            .filter(|field| !others.iter().any(|other| other.0 == field.0))
            .map(|field| format!("`{}`", field.0))
            .collect()
    };
    let (missing, extra) = (without(want, have), without(have, want));
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!(
            "{} missing: {}",
            fields(missing.len()),
            missing.join(", ")
        ));
    }
    if !extra.is_empty() {
        parts.push(format!(
            "{} too many: {}",
            fields(extra.len()),
            extra.join(", ")
        ));
    }
    if !parts.is_empty() {
        return Some(parts.join("; "));
    }
    let order = |some: &[&(T, Type)]| -> Vec<String> {
        some.iter().map(|field| format!("`{}`", field.0)).collect()
    };
    let (wanted, given) = (order(want), order(have));
    (wanted != given).then(|| format!("the fields must be in the order {}", wanted.join(", ")))
}

fn fields(n: usize) -> String {
    format!("{n} {}", if n == 1 { "field is" } else { "fields are" })
}

fn arguments(n: usize) -> String {
    match n {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        n => format!("{n} arguments"),
    }
}
