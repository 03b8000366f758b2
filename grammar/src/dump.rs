//! The tree as text, for tests and for comparing trees.
//!
//! Everything but the spans is in the text, so that two trees have the same text exactly if they
//! differ in nothing but spans.

use std::fmt::{self, Write};

use crate::ast::{
    Args, Block, Body, Callee, EdgeHalf, Entry, EntryKind, ExprId, ExprKind, File, ImportAlias,
    Lambda, Params, Resource, StmtId, StmtKind, TypeExpr, TypeKind,
};
use crate::stack::with_stack;

/// The whole file: a statement a line, blocks indented, operators in front of their operands.
pub fn dump(file: &File) -> String {
    let mut out = String::new();
    // Writing to a string can not fail.
    let _ = block(&mut out, file, &file.body, 0);
    out
}

/// One expression on one line.
pub fn dump_expr(file: &File, id: ExprId) -> String {
    let mut out = String::new();
    let _ = expr(&mut out, file, id);
    out
}

/// Whether two files have the same tree, wherever its nodes stand in their text.
pub fn same_tree(a: &File, b: &File) -> bool {
    dump(a) == dump(b)
}

fn block(f: &mut String, file: &File, block: &Block, level: usize) -> fmt::Result {
    for id in &block.stmts {
        indent(f, level)?;
        with_stack(|| stmt(f, file, *id, level))?;
    }
    Ok(())
}

fn indent(f: &mut String, level: usize) -> fmt::Result {
    (0..level).try_for_each(|_| f.write_str("  "))
}

fn stmt(f: &mut String, file: &File, id: StmtId, level: usize) -> fmt::Result {
    match &file[id].kind {
        StmtKind::Error => f.write_str("<error>\n"),
        StmtKind::Bind { name, ty, value } => {
            write!(f, "bind ${}", name.text)?;
            annotation(f, ty.as_ref())?;
            f.write_str(" = ")?;
            expr(f, file, *value)?;
            f.write_char('\n')
        }
        StmtKind::Resource(resource) => self::resource(f, file, resource, level),
        StmtKind::Edge { halves } => {
            f.write_str("edge")?;
            for half in halves {
                f.write_char(' ')?;
                edge_half(f, file, half)?;
            }
            f.write_char('\n')
        }
        StmtKind::If {
            cond,
            then,
            otherwise,
        } => {
            f.write_str("if ")?;
            expr(f, file, *cond)?;
            f.write_char('\n')?;
            block(f, file, then, level + 1)?;
            if let Some(otherwise) = otherwise {
                indent(f, level)?;
                f.write_str("else\n")?;
                block(f, file, otherwise, level + 1)?;
            }
            Ok(())
        }
        StmtKind::For {
            kv,
            key,
            value,
            over,
            body,
        } => {
            let word = if *kv { "forkv" } else { "for" };
            write!(f, "{word} ${} ${} in ", key.text, value.text)?;
            expr(f, file, *over)?;
            f.write_char('\n')?;
            block(f, file, body, level + 1)
        }
        StmtKind::Func { name, lambda } => {
            write!(f, "func {}", name.text)?;
            self::lambda(f, file, lambda)?;
            f.write_char('\n')
        }
        StmtKind::Class { name, params, body } => {
            write!(f, "class {}", name.text)?;
            if let Some(params) = params {
                self::params(f, params)?;
            }
            f.write_char('\n')?;
            block(f, file, body, level + 1)
        }
        StmtKind::Include { class, args, alias } => {
            write!(f, "include {}", class.text)?;
            if let Some(args) = args {
                self::args(f, file, args)?;
            }
            if let Some(alias) = alias {
                write!(f, " as {}", alias.text)?;
            }
            f.write_char('\n')
        }
        StmtKind::Import { path, alias, .. } => {
            write!(f, "import \"{path}\"")?;
            match alias {
                Some(ImportAlias::Name(name)) => write!(f, " as {}", name.text)?,
                Some(ImportAlias::Star(_)) => f.write_str(" as *")?,
                None => {}
            }
            f.write_char('\n')
        }
        StmtKind::Panic { args } => {
            f.write_str("panic")?;
            self::args(f, file, args)?;
            f.write_char('\n')
        }
    }
}

fn resource(f: &mut String, file: &File, resource: &Resource, level: usize) -> fmt::Result {
    let collect = if resource.collect.is_some() {
        "collect "
    } else {
        ""
    };
    write!(f, "{collect}resource {} ", resource.kind.text)?;
    expr(f, file, resource.name)?;
    f.write_char('\n')?;
    for entry in &resource.entries {
        indent(f, level + 1)?;
        self::entry(f, file, entry)?;
        f.write_char('\n')?;
    }
    Ok(())
}

fn entry(f: &mut String, file: &File, entry: &Entry) -> fmt::Result {
    match &entry.kind {
        EntryKind::Error => f.write_str("<error>")?,
        EntryKind::Field { name, value } => {
            write!(f, "{} => ", name.text)?;
            expr(f, file, *value)?;
        }
        EntryKind::Edge { property, target } => {
            write!(f, "edge {} => ", property.text)?;
            edge_half(f, file, target)?;
        }
        EntryKind::Meta { property, value } => {
            write!(f, "meta {} => ", property.text)?;
            expr(f, file, *value)?;
        }
        EntryKind::MetaStruct { value, .. } => {
            f.write_str("meta => ")?;
            expr(f, file, *value)?;
        }
    }
    if let Some(cond) = entry.cond {
        f.write_str(" when ")?;
        expr(f, file, cond)?;
    }
    Ok(())
}

fn edge_half(f: &mut String, file: &File, half: &EdgeHalf) -> fmt::Result {
    write!(f, "{}[", half.kind.text)?;
    expr(f, file, half.name)?;
    f.write_char(']')?;
    if let Some(field) = &half.field {
        write!(f, ".{}", field.text)?;
    }
    Ok(())
}

fn expr(f: &mut String, file: &File, id: ExprId) -> fmt::Result {
    with_stack(|| expr_kind(f, file, &file[id].kind))
}

fn expr_kind(f: &mut String, file: &File, kind: &ExprKind) -> fmt::Result {
    match kind {
        ExprKind::Error => f.write_str("<error>"),
        ExprKind::Bool(value) => write!(f, "{value}"),
        ExprKind::Str(raw) => write!(f, "\"{raw}\""),
        ExprKind::Int(value) => write!(f, "{value}"),
        ExprKind::Float(value) => write!(f, "{value:?}"),
        ExprKind::List(items) => separated(f, "[", items, "]", |f, item| expr(f, file, *item)),
        ExprKind::Map(items) => separated(f, "{", items, "}", |f, (key, value)| {
            expr(f, file, *key)?;
            f.write_str(" => ")?;
            expr(f, file, *value)
        }),
        ExprKind::Struct(items) => separated(f, "struct{", items, "}", |f, (name, value)| {
            write!(f, "{} => ", name.text)?;
            expr(f, file, *value)
        }),
        ExprKind::Var(name) => write!(f, "${}", name.text),
        ExprKind::Call(call) => {
            match &call.callee {
                Callee::Func(name) => write!(f, "{}", name.text)?,
                Callee::Var(name) => write!(f, "${}", name.text)?,
                Callee::Lambda(lambda) => expr(f, file, *lambda)?,
            }
            args(f, file, &call.args)
        }
        ExprKind::Lambda(lambda) => {
            f.write_str("func")?;
            self::lambda(f, file, lambda)
        }
        ExprKind::If {
            cond,
            then,
            otherwise,
        } => operation(f, file, "if", &[*cond, then.expr, otherwise.expr]),
        ExprKind::Paren(inner) => operation(f, file, "paren", &[*inner]),
        ExprKind::Index { base, index } => operation(f, file, "index", &[*base, *index]),
        ExprKind::Field {
            base,
            field,
            default,
        } => {
            f.write_str("(-> ")?;
            expr(f, file, *base)?;
            write!(f, " {}", field.text)?;
            if let Some(default) = default {
                f.write_str(" default ")?;
                expr(f, file, *default)?;
            }
            f.write_char(')')
        }
        ExprKind::Not(inner) => operation(f, file, "not", &[*inner]),
        ExprKind::Binary { op, lhs, rhs, .. } => operation(f, file, op.text(), &[*lhs, *rhs]),
        ExprKind::Except { main, fallback } => operation(f, file, "<|>", &[*main, *fallback]),
    }
}

fn operation(f: &mut String, file: &File, name: &str, operands: &[ExprId]) -> fmt::Result {
    write!(f, "({name}")?;
    for operand in operands {
        f.write_char(' ')?;
        expr(f, file, *operand)?;
    }
    f.write_char(')')
}

fn separated<T>(
    f: &mut String,
    open: &str,
    items: &[T],
    close: &str,
    show: impl Fn(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        show(f, item)?;
    }
    f.write_str(close)
}

fn args(f: &mut String, file: &File, args: &Args) -> fmt::Result {
    separated(f, "(", &args.exprs, ")", |f, arg| expr(f, file, *arg))
}

fn params(f: &mut String, params: &Params) -> fmt::Result {
    separated(f, "(", &params.params, ")", |f, param| {
        write!(f, "${}", param.name.text)?;
        annotation(f, param.ty.as_ref())
    })
}

fn lambda(f: &mut String, file: &File, lambda: &Lambda) -> fmt::Result {
    params(f, &lambda.params)?;
    annotation(f, lambda.result.as_ref())?;
    let Body { expr: inner, .. } = lambda.body;
    f.write_str(" { ")?;
    expr(f, file, inner)?;
    f.write_str(" }")
}

fn annotation(f: &mut String, ty: Option<&TypeExpr>) -> fmt::Result {
    if let Some(ty) = ty {
        f.write_char(' ')?;
        self::ty(f, ty)?;
    }
    Ok(())
}

/// The type as the formatter writes it.
pub(crate) fn ty(f: &mut impl Write, ty: &TypeExpr) -> fmt::Result {
    with_stack(|| match &ty.kind {
        TypeKind::Error => f.write_str("<error>"),
        TypeKind::Bool => f.write_str("bool"),
        TypeKind::Str => f.write_str("str"),
        TypeKind::Int => f.write_str("int"),
        TypeKind::Float => f.write_str("float"),
        TypeKind::Variant => f.write_str("variant"),
        TypeKind::List(element) => {
            f.write_str("[]")?;
            self::ty(f, element)
        }
        TypeKind::Map(types) => {
            f.write_str("map{")?;
            self::ty(f, &types.0)?;
            f.write_str(": ")?;
            self::ty(f, &types.1)?;
            f.write_char('}')
        }
        TypeKind::Struct(fields) => {
            f.write_str("struct{")?;
            for (index, (name, ty)) in fields.iter().enumerate() {
                let separator = if index > 0 { "; " } else { "" };
                write!(f, "{separator}{} ", name.text)?;
                self::ty(f, ty)?;
            }
            f.write_char('}')
        }
        TypeKind::Func { args, result } => {
            f.write_str("func(")?;
            for (index, (name, ty)) in args.iter().enumerate() {
                f.write_str(if index > 0 { ", " } else { "" })?;
                if let Some(name) = name {
                    write!(f, "${} ", name.text)?;
                }
                self::ty(f, ty)?;
            }
            f.write_str(") ")?;
            self::ty(f, result)
        }
    })
}
