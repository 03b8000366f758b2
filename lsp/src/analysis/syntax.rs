//! Finding one's way in a tree. Statements and expressions lie flat in their arenas, so that what covers an
//! offset is found without walking down.

use mgmt_grammar::ast::{
    Block, EdgeHalf, Entry, EntryKind, Expr, ExprId, ExprKind, File, Ident, Lambda, Params,
    Resource, Stmt, StmtId, StmtKind, TypeExpr,
};
use mgmt_grammar::interpolate::{self, Piece};
use mgmt_grammar::span::Span;

/// All statements with their ids.
pub fn stmts(tree: &File) -> impl Iterator<Item = (StmtId, &Stmt)> {
    let all = tree.stmts.iter().enumerate();
    all.map(|(i, stmt)| (StmtId(i as u32), stmt))
}

/// All expressions with their ids.
pub fn exprs(tree: &File) -> impl Iterator<Item = (ExprId, &Expr)> {
    let all = tree.exprs.iter().enumerate();
    all.map(|(i, expr)| (ExprId(i as u32), expr))
}

/// All resource statements.
pub fn resources(tree: &File) -> impl Iterator<Item = (&Stmt, &Resource)> {
    tree.stmts.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Resource(resource) => Some((stmt, resource)),
        _ => None,
    })
}

/// All ends of edges: those of edge statements and those in the bodies of resources.
pub fn halves(tree: &File) -> impl Iterator<Item = &EdgeHalf> {
    tree.stmts.iter().flat_map(|stmt| -> Vec<&EdgeHalf> {
        match &stmt.kind {
            StmtKind::Edge { halves } => halves.iter().collect(),
            StmtKind::Resource(resource) => resource
                .entries
                .iter()
                .filter_map(|entry| match &entry.kind {
                    EntryKind::Edge { target, .. } => Some(&**target),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    })
}

/// The innermost resource statement at an offset.
pub fn resource_at(tree: &File, offset: u32) -> Option<(&Stmt, &Resource)> {
    resources(tree)
        .filter(|(stmt, _)| stmt.span.touches(offset))
        .min_by_key(|(stmt, _)| stmt.span.len())
}

/// All types that are written down.
pub fn annotations(tree: &File) -> impl Iterator<Item = &TypeExpr> {
    fn of_params(params: &Params) -> impl Iterator<Item = &TypeExpr> {
        params.params.iter().filter_map(|param| param.ty.as_ref())
    }
    fn of_lambda(lambda: &Lambda) -> impl Iterator<Item = &TypeExpr> {
        of_params(&lambda.params).chain(&lambda.result)
    }
    let in_stmts = tree.stmts.iter().flat_map(|stmt| -> Vec<&TypeExpr> {
        match &stmt.kind {
            StmtKind::Bind { ty, .. } => ty.iter().collect(),
            StmtKind::Func { lambda, .. } => of_lambda(lambda).collect(),
            StmtKind::Class {
                params: Some(params),
                ..
            } => of_params(params).collect(),
            _ => Vec::new(),
        }
    });
    let in_exprs = tree.exprs.iter().flat_map(|expr| match &expr.kind {
        ExprKind::Lambda(lambda) => of_lambda(lambda).collect(),
        _ => Vec::new(),
    });
    in_stmts.chain(in_exprs)
}

/// The names of the fields of `Meta => struct{...}`.
pub fn meta_fields<'t>(tree: &'t File, entry: &Entry) -> impl Iterator<Item = &'t Ident> {
    let fields = match &entry.kind {
        EntryKind::MetaStruct { value, .. } => match &tree[*value].kind {
            ExprKind::Struct(fields) => fields.as_slice(),
            _ => &[],
        },
        _ => &[],
    };
    fields.iter().map(|(name, _)| name)
}

/// The line of a resource at an offset.
pub fn entry_at(resource: &Resource, offset: u32) -> Option<&Entry> {
    let mut entries = resource.entries.iter();
    entries.find(|entry| entry.span.touches(offset))
}

/// The innermost statement at an offset.
pub fn stmt_at(tree: &File, offset: u32) -> Option<(StmtId, &Stmt)> {
    stmts(tree)
        .filter(|(_, stmt)| stmt.span.touches(offset))
        .min_by_key(|(_, stmt)| stmt.span.len())
}

/// The innermost expression at an offset.
pub fn expr_at(tree: &File, offset: u32) -> Option<(ExprId, &Expr)> {
    exprs(tree)
        .filter(|(_, expr)| expr.span.touches(offset))
        .min_by_key(|(_, expr)| expr.span.len())
}

/// The blocks of a statement.
pub fn blocks(kind: &StmtKind) -> Vec<&Block> {
    match kind {
        StmtKind::If {
            then, otherwise, ..
        } => std::iter::once(then).chain(otherwise).collect(),
        StmtKind::For { body, .. } | StmtKind::Class { body, .. } => vec![body],
        _ => Vec::new(),
    }
}

/// The innermost block at an offset: between its braces, or the file.
pub fn block_at(tree: &File, offset: u32) -> &Block {
    tree.stmts
        .iter()
        .flat_map(|stmt| blocks(&stmt.kind))
        .filter(|block| block.span.start < offset && offset < block.span.end)
        .min_by_key(|block| block.span.len())
        .unwrap_or(&tree.body)
}

/// The statement of the file's top level, or of the block, that covers an offset.
pub fn stmt_in_block<'t>(tree: &'t File, block: &Block, offset: u32) -> Option<&'t Stmt> {
    let mut stmts = block.stmts.iter().map(|stmt| &tree[*stmt]);
    stmts.find(|stmt| stmt.span.touches(offset))
}

/// How a resource is called in edges: one key for each of its names. Names that are not known from the text
/// alone are compared by how they are written.
pub fn name_keys(tree: &File, text: &str, name: ExprId) -> Vec<(String, Span)> {
    let expr = &tree[name];
    match &expr.kind {
        ExprKind::Paren(inner) => name_keys(tree, text, *inner),
        ExprKind::List(items) => items
            .iter()
            .flat_map(|item| name_keys(tree, text, *item))
            .collect(),
        ExprKind::Str(raw) => vec![(
            literal(raw).unwrap_or_else(|| format!("\"{raw}\"")),
            expr.span,
        )],
        ExprKind::Error => Vec::new(),
        _ => vec![(expr.span.text(text).to_owned(), expr.span)],
    }
}

/// The text of a string literal without variables in it.
pub fn literal(raw: &str) -> Option<String> {
    let pieces = interpolate::pieces(raw).ok()?;
    pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Text(text) => Some(text.to_string()),
            Piece::Var { .. } => None,
        })
        .collect()
}

/// The lines of comments directly above an offset's line: what they say of the definition there.
pub fn comment_above(text: &str, offset: u32) -> Option<String> {
    let start = text
        .get(..offset as usize)?
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let mut lines: Vec<&str> = Vec::new();
    for line in text[..start].lines().rev() {
        match line.trim_start().strip_prefix('#') {
            Some(comment) => lines.push(comment.strip_prefix(' ').unwrap_or(comment)),
            None => break,
        }
    }
    lines.reverse();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
