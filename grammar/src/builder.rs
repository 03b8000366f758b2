//! What the grammar's actions do: make nodes, check what the grammar leaves open, keep the errors.

mod distinct;
pub(crate) mod operators;
mod recovery;
pub(crate) mod sequence;
pub(crate) mod types;

use ecow::EcoString;

use crate::ast::{
    Args, Block, Body, Call, Callee, EdgeHalf, Entry, EntryKind, Expr, ExprId, ExprKind, File,
    Ident, ImportAlias, Lambda, Name, Param, Params, Resource, Stmt, StmtId, StmtKind,
};
use crate::error::{MAX_DEPTH, NameRole, SyntaxError, SyntaxErrorKind};
use crate::layout::Layout;
use crate::span::{SourceId, Span};
use crate::token::{Token, TokenKind};
use operators::PendingOperator;
use sequence::Sequence;
use types::NestedType;

/// Collects the tree and the errors of one file while the parser runs.
pub(crate) struct Builder<'text> {
    source: SourceId,
    text: &'text str,
    tokens: &'text [Token],
    /// Where the layout differs from the text.
    mended: &'text [u32],
    exprs: Vec<Expr>,
    /// For each expression, how many levels it has.
    depths: Vec<u16>,
    stmts: Vec<Stmt>,
    operators: Vec<PendingOperator>,
    errors: Vec<SyntaxError>,
    /// Which of the errors only say that a token can not stand where it does.
    generic_errors: Vec<usize>,
    /// Where the last line of a resource ended that is no entry.
    bad_entry_end: u32,
}

impl<'text> Builder<'text> {
    pub(crate) fn new(
        source: SourceId,
        text: &'text str,
        layout: &'text Layout,
        errors: Vec<SyntaxError>,
    ) -> Self {
        Self {
            source,
            text,
            tokens: &layout.tokens,
            mended: &layout.mended,
            exprs: Vec::with_capacity(layout.tokens.len() / 4),
            depths: Vec::with_capacity(layout.tokens.len() / 4),
            stmts: Vec::with_capacity(layout.tokens.len() / 16),
            operators: Vec::new(),
            errors,
            generic_errors: Vec::new(),
            bad_entry_end: 0,
        }
    }

    /// The tree and the errors, one for each mistake.
    pub(crate) fn finish(self, body: Block) -> (File, Vec<SyntaxError>) {
        let file = File {
            source: self.source,
            exprs: self.exprs,
            stmts: self.stmts,
            body,
        };
        let errors = distinct::errors(self.text, self.mended, self.errors, &self.generic_errors);
        (file, errors)
    }

    pub(crate) fn span(&self, start: u32, end: u32) -> Span {
        Span::new(self.source, start, end.max(start))
    }

    fn slice(&self, start: u32, end: u32) -> &'text str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    fn report(&mut self, kind: SyntaxErrorKind, span: Span) {
        self.push_error(SyntaxError::new(kind, span));
    }

    /// Reports an error that is mended by replacing `edited` with `text`.
    fn report_with_edit(&mut self, kind: SyntaxErrorKind, span: Span, edited: Span, text: &str) {
        self.push_error(SyntaxError::new(kind, span).replacing(edited, text));
    }

    /// Reports too many levels, once: where one part of a program is nested that deep, others are too.
    fn report_too_deep(&mut self, span: Span) {
        let reported = |error: &SyntaxError| error.kind == SyntaxErrorKind::TooDeep;
        if !self.errors.iter().any(reported) {
            self.report(SyntaxErrorKind::TooDeep, span);
        }
    }

    fn push_error(&mut self, error: SyntaxError) {
        self.errors.push(error);
    }

    fn depth(&self, expr: ExprId) -> u16 {
        self.depths[expr.index()]
    }

    /// A node above `children`. If it is too deep for the stages that follow, it is an error instead.
    fn node(&mut self, kind: ExprKind, span: Span, children: &[ExprId]) -> ExprId {
        let below = children.iter().map(|child| self.depth(*child)).max();
        self.node_above(kind, span, below.unwrap_or(0))
    }

    fn node_above(&mut self, kind: ExprKind, span: Span, below: u16) -> ExprId {
        let id = ExprId(self.exprs.len() as u32);
        let (kind, depth) = if usize::from(below) < MAX_DEPTH {
            (kind, below + 1)
        } else {
            self.report_too_deep(span);
            (ExprKind::Error, 1)
        };
        self.exprs.push(Expr { kind, span });
        self.depths.push(depth);
        id
    }

    // Names.

    pub(crate) fn ident(&self, l: u32, r: u32) -> Ident {
        Ident {
            text: self.slice(l, r).into(),
            span: self.span(l, r),
        }
    }

    /// The name of something that is missing.
    pub(crate) fn no_ident(&self, at: u32) -> Ident {
        Ident {
            text: EcoString::new(),
            span: self.span(at, at),
        }
    }

    pub(crate) fn capitalized(&self, l: u32, r: u32) -> Ident {
        Ident {
            text: lowercased(self.slice(l, r)),
            span: self.span(l, r),
        }
    }

    /// A declared variable: the span starts at the `$`, the word at `word`.
    pub(crate) fn variable_ident(&self, l: u32, word: u32, r: u32) -> Ident {
        Ident {
            text: self.slice(word, r).into(),
            span: self.span(l, r),
        }
    }

    pub(crate) fn name(&self, l: u32, r: u32) -> Name {
        let text = self.slice(l, r);
        let text = if text.contains([' ', '\t']) {
            text.chars().filter(|c| !matches!(c, ' ' | '\t')).collect()
        } else {
            text.into()
        };
        Name {
            text,
            span: self.span(l, r),
        }
    }

    pub(crate) fn capitalized_kind(&self, l: u32, r: u32) -> Name {
        let mut name = self.name(l, r);
        name.text = lowercased(&name.text);
        name
    }

    pub(crate) fn reserved(&mut self, l: u32, word: TokenKind, role: NameRole, r: u32) {
        let span = self.span(l, r);
        self.report(SyntaxErrorKind::ReservedWord { word, role }, span);
    }

    pub(crate) fn reserved_ident(
        &mut self,
        l: u32,
        word: TokenKind,
        role: NameRole,
        r: u32,
    ) -> Ident {
        // Otherwise it is no name but the start of a statement, in a place where there can be none.
        let next = self.tokens.partition_point(|token| token.start < r);
        let after_arrow = self
            .token_before(l)
            .is_some_and(|token| matches!(token.kind, TokenKind::Arrow | TokenKind::Dot));
        let named = self
            .tokens
            .get(next)
            .is_some_and(|next| next.kind == TokenKind::Rocket || next.kind.starts_type());
        if after_arrow || named {
            self.reserved(l, word, role, r);
        }
        self.ident(l, r)
    }

    // Statements.

    pub(crate) fn stmt(&mut self, l: u32, kind: StmtKind, r: u32) -> StmtId {
        let id = StmtId(self.stmts.len() as u32);
        let span = self.span(l, r);
        self.stmts.push(Stmt { kind, span });
        id
    }

    pub(crate) fn bind(
        &mut self,
        l: u32,
        name: Ident,
        ty: Option<Box<NestedType>>,
        value: ExprId,
        r: u32,
    ) -> StmtId {
        let ty = ty.map(|ty| ty.expr);
        if let Some(ty) = &ty {
            self.check_literal(ty, value);
        }
        self.stmt(l, StmtKind::Bind { name, ty, value }, r)
    }

    pub(crate) fn additional_equals(&mut self, name: &Ident, l: u32, r: u32) {
        let operator = self.span(l, r);
        self.report_with_edit(
            SyntaxErrorKind::AdditionalEquals { operator },
            name.span,
            operator,
            "=",
        );
    }

    pub(crate) fn else_if(&mut self, l: u32, r: u32, nested: StmtId) -> Block {
        let inner = self.stmts[nested.index()].span;
        let words = self.span(l, inner.start + 2);
        self.report(SyntaxErrorKind::ElseIf { nested: inner }, words);
        Block {
            span: self.span(r, inner.end),
            stmts: vec![nested],
        }
    }

    pub(crate) fn missing_newline(&mut self, at: u32) {
        let place = self.span(at, at);
        self.report_with_edit(SyntaxErrorKind::MissingNewline, place, place, "\n");
    }

    pub(crate) fn statement_separator(&mut self, l: u32, r: u32, found: TokenKind) {
        let span = self.span(l, r);
        self.report_with_edit(
            SyntaxErrorKind::StatementSeparator { found },
            span,
            span,
            "",
        );
    }

    pub(crate) fn import(
        &mut self,
        l: u32,
        path_l: u32,
        path_r: u32,
        alias: Option<ImportAlias>,
        r: u32,
    ) -> StmtId {
        let kind = StmtKind::Import {
            path: unquoted(self.slice(path_l, path_r)).into(),
            path_span: self.span(path_l, path_r),
            alias,
        };
        self.stmt(l, kind, r)
    }

    pub(crate) fn edge_chain(&mut self, l: u32, halves: Vec<EdgeHalf>, r: u32) -> StmtId {
        self.stmt(l, StmtKind::Edge { halves }, r)
    }

    // Resources.

    pub(crate) fn resource(
        &mut self,
        kind: Name,
        name: ExprId,
        l: u32,
        entries: Vec<Entry>,
        r: u32,
    ) -> Box<Resource> {
        Box::new(Resource {
            collect: None,
            kind,
            name,
            entries,
            body_span: self.span(l, r),
        })
    }

    pub(crate) fn entry(
        &mut self,
        l: u32,
        (kind, cond): (EntryKind, Option<ExprId>),
        r: u32,
    ) -> Entry {
        Entry {
            kind,
            cond,
            span: self.span(l, r),
        }
    }

    pub(crate) fn entry_without_comma(
        &mut self,
        l: u32,
        body: (EntryKind, Option<ExprId>),
        r: u32,
    ) -> Entry {
        let value = match &body {
            (EntryKind::Field { value, .. }, None) => Some(&self.exprs[value.index()]),
            _ => None,
        };
        let value = value
            .filter(|value| !matches!(value.kind, ExprKind::If { .. } | ExprKind::Paren(_)))
            .map(|value| value.span);
        self.missing_comma(l, r, value);
        self.entry(l, body, r)
    }

    /// Reports that what stands from `l` to `r`, perhaps a field of this value, is not followed by a comma.
    pub(crate) fn missing_comma(&mut self, l: u32, r: u32, value: Option<Span>) {
        let place = self.span(r, r);
        let after = self.span(l, r);
        let kind = SyntaxErrorKind::MissingComma { after, value };
        self.report_with_edit(kind, place, place, ",");
    }

    pub(crate) fn meta(&mut self, meta: Ident, property: Ident, value: ExprId) -> EntryKind {
        self.check_meta(meta);
        EntryKind::Meta { property, value }
    }

    pub(crate) fn meta_struct(&mut self, meta: Ident, value: ExprId) -> EntryKind {
        let span = meta.span;
        self.check_meta(meta);
        EntryKind::MetaStruct { meta: span, value }
    }

    fn check_meta(&mut self, word: Ident) {
        if word.text != "meta" {
            self.report(SyntaxErrorKind::NotMeta { word: word.text }, word.span);
        }
    }

    // Expressions.

    pub(crate) fn expr(&mut self, l: u32, kind: ExprKind, r: u32) -> ExprId {
        let span = self.span(l, r);
        self.node(kind, span, &[])
    }

    pub(crate) fn string(&mut self, l: u32, r: u32) -> ExprId {
        let raw = unquoted(self.slice(l, r));
        self.expr(l, ExprKind::Str(raw.into()), r)
    }

    pub(crate) fn integer(&mut self, l: u32, r: u32) -> ExprId {
        // The lexer has reported what does not fit.
        let kind = self
            .slice(l, r)
            .parse()
            .map_or(ExprKind::Error, ExprKind::Int);
        self.expr(l, kind, r)
    }

    pub(crate) fn float(&mut self, l: u32, r: u32) -> ExprId {
        let kind = match self.slice(l, r).parse::<f64>() {
            Ok(value) if value.is_finite() => ExprKind::Float(value),
            _ => ExprKind::Error,
        };
        self.expr(l, kind, r)
    }

    pub(crate) fn list(&mut self, l: u32, items: Sequence<ExprId>, r: u32) -> ExprId {
        let items = self.elements(items, l, r);
        let below = self.deepest(items.iter().copied());
        let span = self.span(l, r);
        self.node_above(ExprKind::List(items), span, below)
    }

    pub(crate) fn map(&mut self, l: u32, items: Sequence<(ExprId, ExprId)>, r: u32) -> ExprId {
        let items = self.elements(items, l, r);
        let below = self.deepest(items.iter().flat_map(|(key, value)| [*key, *value]));
        let span = self.span(l, r);
        self.node_above(ExprKind::Map(items), span, below)
    }

    pub(crate) fn struct_(
        &mut self,
        l: u32,
        open: u32,
        items: Sequence<(Ident, ExprId)>,
        r: u32,
    ) -> ExprId {
        let items = self.elements(items, open, r);
        let below = self.deepest(items.iter().map(|(_, value)| *value));
        let span = self.span(l, r);
        self.node_above(ExprKind::Struct(items), span, below)
    }

    pub(crate) fn args(&mut self, l: u32, items: Sequence<ExprId>, r: u32) -> Args {
        Args {
            exprs: self.elements(items, l, r),
            span: self.span(l, r),
        }
    }

    pub(crate) fn params(
        &mut self,
        l: u32,
        items: Sequence<(Ident, Option<Box<NestedType>>)>,
        r: u32,
    ) -> Params {
        let params = self.elements(items, l, r).into_iter();
        Params {
            params: params
                .map(|(name, ty)| Param {
                    name,
                    ty: ty.map(|ty| ty.expr),
                })
                .collect(),
            span: self.span(l, r),
        }
    }

    fn deepest(&self, children: impl Iterator<Item = ExprId>) -> u16 {
        children.map(|child| self.depth(child)).max().unwrap_or(0)
    }

    pub(crate) fn call(&mut self, l: u32, callee: Callee, args: Args, r: u32) -> ExprId {
        let mut below = self.deepest(args.exprs.iter().copied());
        if let Callee::Lambda(lambda) = callee {
            below = below.max(self.depth(lambda));
        }
        let span = self.span(l, r);
        self.node_above(ExprKind::Call(Box::new(Call { callee, args })), span, below)
    }

    pub(crate) fn lambda(&mut self, l: u32, lambda: Box<Lambda>, r: u32) -> ExprId {
        let body = lambda.body.expr;
        let span = self.span(l, r);
        self.node(ExprKind::Lambda(lambda), span, &[body])
    }

    pub(crate) fn if_expr(
        &mut self,
        l: u32,
        cond: ExprId,
        then: Body,
        otherwise: Body,
        r: u32,
    ) -> ExprId {
        let kind = ExprKind::If {
            cond,
            then,
            otherwise,
        };
        let span = self.span(l, r);
        self.node(kind, span, &[cond, then.expr, otherwise.expr])
    }

    pub(crate) fn paren(&mut self, l: u32, inner: ExprId, r: u32) -> ExprId {
        let span = self.span(l, r);
        self.node(ExprKind::Paren(inner), span, &[inner])
    }

    pub(crate) fn index(&mut self, l: u32, base: ExprId, index: ExprId, r: u32) -> ExprId {
        let span = self.span(l, r);
        self.node(ExprKind::Index { base, index }, span, &[base, index])
    }

    pub(crate) fn field(&mut self, l: u32, base: ExprId, field: Ident, r: u32) -> ExprId {
        let kind = ExprKind::Field {
            base,
            field,
            default: None,
        };
        let span = self.span(l, r);
        self.node(kind, span, &[base])
    }
}

fn lowercased(text: &str) -> EcoString {
    EcoString::from(text).to_ascii_lowercase()
}

/// The text between the quotes; a string that was never closed has only the first.
fn unquoted(literal: &str) -> &str {
    let body = literal.strip_prefix('"').unwrap_or(literal);
    body.strip_suffix('"').unwrap_or(body)
}
