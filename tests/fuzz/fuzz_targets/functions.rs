//! Whatever a pure function of the library is called with, it gives a value of its type, or an error.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use mgmt_stdlib::catalog::{Catalog, FunctionDef, Implementation, Inference, Purity, Signature};
use mgmt_stdlib::types::{FuncType, Type};
use mgmt_stdlib::value::Value;

/// What type variables stand for, in turn.
const TYPES: [&str; 6] = [
    "str",
    "int",
    "float",
    "[]str",
    "map{str: []int}",
    "struct{a str; b map{int: float}; c bool}",
];

/// A function with one of its signatures, without type variables.
struct Call {
    function: Arc<FunctionDef>,
    ty: FuncType,
    variadic: bool,
}

static CALLS: LazyLock<Vec<Call>> = LazyLock::new(|| {
    let catalog = Catalog::standard().expect("no duplicates");
    let mut calls = Vec::new();
    for function in catalog.functions() {
        // The types of a call of printf follow from its format.
        if function.purity != Purity::Pure || function.inference == Inference::Printf {
            continue;
        }
        for signature in &function.signatures {
            calls.extend(instances(signature).into_iter().map(|ty| Call {
                function: Arc::clone(function),
                ty,
                variadic: signature.variadic,
            }));
        }
    }
    calls
});

fn instances(signature: &Signature) -> Vec<FuncType> {
    let is_closed = |ty: &FuncType| {
        let mut types = ty.args.iter().map(|arg| &arg.1).chain([&ty.result]);
        types.all(has_values)
    };
    if is_closed(&signature.ty) {
        return vec![FuncType::clone(&signature.ty)];
    }
    if !signature.bounds.is_empty() {
        return Vec::new();
    }
    let with = |text: &&str| {
        let replacement = Type::parse(text).expect("a type");
        let replaced = |ty: &Type| replace(ty, &replacement);
        FuncType {
            args: signature
                .ty
                .args
                .iter()
                .map(|(name, ty)| (name.clone(), replaced(ty)))
                .collect(),
            result: replaced(&signature.ty.result),
        }
    };
    TYPES.iter().map(with).filter(is_closed).collect()
}

/// Whether it says of all parts which values they have.
fn has_values(ty: &Type) -> bool {
    match ty {
        Type::Bool | Type::Str | Type::Int | Type::Float => true,
        Type::List(element) => has_values(element),
        Type::Map(entry) => has_values(&entry.0) && has_values(&entry.1),
        Type::Struct(fields) => fields.iter().all(|field| has_values(&field.1)),
        Type::Func(_) | Type::Variant | Type::Var(_) => false,
    }
}

fn replace(ty: &Type, replacement: &Type) -> Type {
    match ty {
        Type::Var(_) => replacement.clone(),
        Type::List(element) => Type::list(replace(element, replacement)),
        Type::Map(entry) => {
            let (key, value) = (
                replace(&entry.0, replacement),
                replace(&entry.1, replacement),
            );
            Type::Map(Arc::new((key, value)))
        }
        other => other.clone(),
    }
}

fn value(ty: &Type, u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match ty {
        Type::Bool => Value::Bool(u.arbitrary()?),
        // What is as long as an int says is either small, or too much for any memory.
        Type::Int if u.ratio(3, 4)? => Value::Int(u.int_in_range(-10..=1000)?),
        Type::Int => Value::Int(*u.choose(&[i64::MIN, -(1 << 53), 1 << 53, i64::MAX])?),
        Type::Float => Value::Float(u.arbitrary()?),
        Type::Str => Value::str(u.arbitrary::<&[u8]>()?),
        Type::List(element) => {
            let length = u.int_in_range(0..=4)?;
            let values: Result<Vec<_>> = (0..length).map(|_| value(element, u)).collect();
            Value::list(values?)
        }
        Type::Map(entry) => {
            let length = u.int_in_range(0..=4)?;
            let entries = (0..length).map(|_| Ok((value(&entry.0, u)?, value(&entry.1, u)?)));
            Value::Map(entries.collect::<Result<_>>()?)
        }
        Type::Struct(fields) => {
            let fields = fields
                .iter()
                .map(|(name, ty)| Ok((name.clone(), value(ty, u)?)));
            Value::Struct(fields.collect::<Result<_>>()?)
        }
        Type::Func(_) | Type::Variant | Type::Var(_) => unreachable!("it has values"),
    })
}

fn call(u: &mut Unstructured<'_>) -> Result<()> {
    let Call {
        function,
        ty,
        variadic,
    } = u.choose(&CALLS)?;
    let mut ty = ty.clone();
    if *variadic && let Some(last) = ty.args.last().cloned() {
        let more = u.int_in_range(0..=2)?;
        ty.args.extend((0..more).map(|_| last.clone()));
    }
    let args: Result<Vec<_>> = ty.args.iter().map(|(_, ty)| value(ty, u)).collect();
    let args = args?;
    let result = match &function.implementation {
        Implementation::Pure(body) => body(&args),
        Implementation::Typed(body) => body(&ty, &args),
        Implementation::Sampled(_) | Implementation::Graph(_) => return Ok(()),
    };
    if let Ok(result) = result {
        assert!(
            result.fits(&ty.result),
            "{} of {args:?} is {result:?}",
            function.full_name()
        );
    }
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    // Too few bytes are no call.
    let _ = call(&mut Unstructured::new(bytes));
});
