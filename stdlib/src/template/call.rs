//! Calls of functions, built-in or of the library (functions.md §10.6).

use std::ops::Range;

use super::Library;
use super::builtin;
use super::format::type_name;
use super::render::{Failure, Item};
use crate::types::Type;
use crate::value::Value;

/// An argument and where it is written.
pub(super) struct Argument {
    pub(super) item: Item,
    pub(super) span: Range<usize>,
}

/// Calls the function of that name.
///
/// # Errors
/// Where and what: that the arguments do not fit, or what the function says.
pub(super) fn call(
    library: &dyn Library,
    name: &str,
    args: &[Argument],
    span: &Range<usize>,
) -> Result<Item, (Range<usize>, Failure)> {
    let here = |failure| (span.clone(), failure);
    let calling = |failure: Failure| {
        here(Failure {
            message: format!("error calling {name}: {}", failure.message),
            ..failure
        })
    };
    let Some(function) = library.find(name) else {
        let builtin = builtin::find(name).ok_or_else(|| {
            here(Failure::new(format!(
                "\"{name}\" is not a defined function"
            )))
        })?;
        if !builtin.args.contains(&args.len()) {
            return Err(here(wrong_count(name, &wanted(&builtin.args), args.len())));
        }
        let items: Vec<&Item> = args.iter().map(|arg| &arg.item).collect();
        return (builtin.call)(&items).map_err(calling);
    };
    let Some(signature) = function.signature(args.len()) else {
        let counts: Vec<String> = function
            .signatures
            .iter()
            .map(|signature| signature.ty.args.len().to_string())
            .collect();
        return Err(here(wrong_count(name, &counts.join(" or "), args.len())));
    };
    let values = args
        .iter()
        .zip(&signature.ty.args)
        .map(|(arg, (_, ty))| convert(&arg.item, ty).map_err(|failure| (arg.span.clone(), failure)))
        .collect::<Result<Vec<Value>, _>>()?;
    library
        .call(function, &values)
        .map(Item::Value)
        .map_err(|error| {
            calling(Failure {
                message: error.message,
                catchable: error.catchable,
            })
        })
}

fn wrong_count(name: &str, wanted: &str, got: usize) -> Failure {
    Failure::new(format!(
        "wrong number of args for {name}: want {wanted} got {got}"
    ))
}

fn wanted(args: &std::ops::RangeInclusive<usize>) -> String {
    if args.start() == args.end() {
        args.start().to_string()
    } else {
        format!("at least {}", args.start())
    }
}

/// The argument as a value of the type that the function takes.
fn convert(item: &Item, ty: &Type) -> Result<Value, Failure> {
    match (item, ty) {
        (Item::Absent, _) => Err(Failure::new(format!("invalid value; expected {ty}"))),
        (Item::Constant(number), Type::Float) => Ok(Value::Float(number.float)),
        (Item::Constant(number), Type::Int) => number
            .int
            .map(Value::Int)
            .ok_or_else(|| Failure::new(format!("expected integer; found {}", number.float))),
        (Item::Constant(number), _) => Err(Failure::new(format!(
            "expected {ty}; found {}",
            number.float
        ))),
        (Item::Value(value), ty) if value.fits(ty) => Ok(value.clone()),
        (Item::Value(value), ty) => Err(Failure::new(format!(
            "wrong type for value; expected {ty}; got {}",
            type_name(value)
        ))),
    }
}
