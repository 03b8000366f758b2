//! Values and the types that they are of.

use super::{Struct, Value};
use crate::types::Type;

impl Value {
    /// What a value of a type is before there is one: false, zero, or empty. Nothing for functions and for types that
    /// are not known.
    pub fn zero(ty: &Type) -> Option<Self> {
        Some(match ty {
            Type::Bool => Self::Bool(false),
            Type::Int => Self::Int(0),
            Type::Float => Self::Float(0.0),
            Type::Str => Self::from(""),
            Type::List(_) => Self::list([]),
            Type::Map(_) => Self::Map([].into_iter().collect()),
            Type::Struct(fields) => Self::Struct(
                fields
                    .iter()
                    .map(|(name, ty)| Some((name.clone(), Self::zero(ty)?)))
                    .collect::<Option<Struct>>()?,
            ),
            Type::Func(_) | Type::Variant | Type::Var(_) => return None,
        })
    }

    /// Whether the value is of a type. An empty list is of every list type, and an empty map of every map type.
    pub fn fits(&self, ty: &Type) -> bool {
        match (self, ty) {
            (Self::Bool(_), Type::Bool)
            | (Self::Int(_), Type::Int)
            | (Self::Float(_), Type::Float)
            | (Self::Str(_), Type::Str) => true,
            (Self::List(list), Type::List(element)) => list.iter().all(|it| it.fits(element)),
            (Self::Map(map), Type::Map(entry)) => map
                .iter()
                .all(|(key, value)| key.fits(&entry.0) && value.fits(&entry.1)),
            (Self::Struct(have), Type::Struct(fields)) => {
                have.len() == fields.len()
                    && have
                        .iter()
                        .zip(fields.iter())
                        .all(|((name, value), (wanted, ty))| name == wanted && value.fits(ty))
            }
            (Self::Func(func), ty) => func.ty().same(ty),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_of_their_type() {
        for text in [
            "bool",
            "int",
            "float",
            "str",
            "[]int",
            "map{str: []int}",
            "struct{a int; b struct{c str}}",
        ] {
            let ty = Type::parse(text).unwrap();
            assert!(Value::zero(&ty).unwrap().fits(&ty), "{text}");
        }
        assert!(Value::zero(&Type::Variant).is_none());
    }

    #[test]
    fn what_is_inside_counts() {
        let ty = Type::parse("[]struct{a int}").unwrap();
        let of = |value: Value| Value::list([Value::Struct([("a", value)].into_iter().collect())]);
        assert!(of(1.into()).fits(&ty));
        assert!(!of("1".into()).fits(&ty));
        assert!(Value::list([]).fits(&ty));
        assert!(!Value::Int(1).fits(&ty));
    }
}
