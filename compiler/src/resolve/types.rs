//! Types as written become types.

use mgmt_grammar::ast::{TypeExpr, TypeKind};
use mgmt_stdlib::types::Type;

/// The type that is written there. Text that is no type, which has been reported, fits everything.
pub(super) fn lower(ty: &TypeExpr) -> Type {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match &ty.kind {
        TypeKind::Error => Type::Var(0),
        TypeKind::Bool => Type::Bool,
        TypeKind::Str => Type::Str,
        TypeKind::Int => Type::Int,
        TypeKind::Float => Type::Float,
        TypeKind::Variant => Type::Variant,
        TypeKind::List(element) => Type::list(lower(element)),
        TypeKind::Map(entry) => Type::map(lower(&entry.0), lower(&entry.1)),
        TypeKind::Struct(fields) => Type::structure(
            fields
                .iter()
                .map(|(name, ty)| (name.text.clone(), lower(ty))),
        ),
        TypeKind::Func { args, result } => Type::func(
            args.iter().map(|(name, ty)| {
                (
                    name.as_ref()
                        .map(|name| name.text.clone())
                        .unwrap_or_default(),
                    lower(ty),
                )
            }),
            lower(result),
        ),
    })
}
