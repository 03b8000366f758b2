//! The structure of a file: symbols, folding, selection, links.

use mgmt_compiler::files::clean;
use mgmt_compiler::load::{ImportKind, ImportName};
use mgmt_compiler::resolve::AliasDef;
use mgmt_grammar::ast::{Block, ExprKind, File, ImportAlias, StmtId, StmtKind};
use mgmt_grammar::span::LineIndex;
use mgmt_grammar::{Token, TokenKind, tokens};
use rustc_hash::FxHashMap;
use std::path::PathBuf;

use super::imports::entry_file;
use super::view::range;
use super::{Range, View, library, paths, syntax};

/// What kind of thing a part of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Import,
    Variable,
    Function,
    Class,
    Resource,
    Include,
    Condition,
    Loop,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// As it is shown.
    pub name: String,
    /// More about it.
    pub detail: String,
    /// What it is.
    pub kind: Kind,
    /// All of it.
    pub range: Range,
    /// Its name.
    pub name_range: Range,
    /// What is inside.
    pub children: Vec<Part>,
}

/// The parts of a file.
pub fn symbols(view: &View) -> Vec<Part> {
    let Some(tree) = view.tree() else {
        return Vec::new();
    };
    parts(tree, view.text(), &tree.body)
}

/// The parts of a text that belongs to no program.
pub fn parts(tree: &File, text: &str, block: &Block) -> Vec<Part> {
    let stmts = block.stmts.iter();
    stmts.filter_map(|stmt| part(tree, text, *stmt)).collect()
}

fn part(tree: &File, text: &str, id: StmtId) -> Option<Part> {
    let stmt = &tree[id];
    let (name, detail, kind, name_span) = match &stmt.kind {
        StmtKind::Error | StmtKind::Edge { .. } | StmtKind::Panic { .. } => return None,
        StmtKind::Bind { name, ty, .. } => {
            let ty = ty.as_ref().map_or("", |ty| ty.span.text(text));
            (
                format!("${}", name.text),
                ty.to_owned(),
                Kind::Variable,
                name.span,
            )
        }
        StmtKind::Func { name, lambda } => {
            let params = lambda.params.span.text(text).to_owned();
            (name.text.to_string(), params, Kind::Function, name.span)
        }
        StmtKind::Class { name, params, .. } => {
            let params = params.as_ref().map_or("", |params| params.span.text(text));
            (
                name.text.to_string(),
                params.to_owned(),
                Kind::Class,
                name.span,
            )
        }
        StmtKind::Resource(resource) => {
            let span = tree[resource.name].span;
            let name = format!("{} {}", resource.kind.text, span.text(text));
            (name, String::new(), Kind::Resource, span)
        }
        StmtKind::Include { class, alias, .. } => {
            let alias = alias.as_ref().map(|alias| format!("as {}", alias.text));
            (
                format!("include {}", class.text),
                alias.unwrap_or_default(),
                Kind::Include,
                class.span,
            )
        }
        StmtKind::Import {
            path,
            path_span,
            alias,
        } => {
            let detail = match alias {
                Some(ImportAlias::Name(name)) => format!("as {}", name.text),
                Some(ImportAlias::Star(_)) => "as *".to_owned(),
                None => String::new(),
            };
            (path.to_string(), detail, Kind::Import, *path_span)
        }
        StmtKind::If { cond, .. } => {
            let span = tree[*cond].span;
            (
                format!("if {}", span.text(text)),
                String::new(),
                Kind::Condition,
                span,
            )
        }
        StmtKind::For { over, .. } => {
            let span = tree[*over].span;
            (
                format!("for {}", span.text(text)),
                String::new(),
                Kind::Loop,
                span,
            )
        }
    };
    let children = syntax::blocks(&stmt.kind);
    let children = children
        .into_iter()
        .flat_map(|block| parts(tree, text, block))
        .collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Part {
        // An editor takes an empty name amiss.
        name: if name.is_empty() {
            "?".to_owned()
        } else {
            name
        },
        detail,
        kind,
        range: range(stmt.span),
        name_range: name_span.start.max(stmt.span.start)
            ..name_span
                .end
                .min(stmt.span.end)
                .max(name_span.start.max(stmt.span.start)),
        children,
    })
}

/// What can be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// What stands between brackets.
    Region,
    /// Comments on lines that follow each other.
    Comment,
    /// Imports that follow each other.
    Imports,
}

/// What can be folded, by its offsets. Broken code has its folds too: they follow the brackets.
pub fn folds(text: &str) -> Vec<(Range, Fold)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut open: Vec<Token> = Vec::new();
    // Of each kind of bracket, how many are open, by what closes it.
    let mut waiting: FxHashMap<TokenKind, usize> = FxHashMap::default();
    let lines = LineIndex::new(text);
    let spans_lines = |range: &Range| lines.line(range.start) < lines.line(range.end);
    for token in &tokens {
        if let Some(closer) = token.kind.closer() {
            open.push(*token);
            *waiting.entry(closer).or_default() += 1;
        } else if waiting.get(&token.kind).is_some_and(|count| *count > 0) {
            while let Some(opening) = open.pop()
                && let Some(closer) = opening.kind.closer()
            {
                *waiting.entry(closer).or_default() -= 1;
                // What is not closed is skipped.
                if closer != token.kind {
                    continue;
                }
                let range = opening.start..token.end;
                if spans_lines(&range) {
                    found.push((range, Fold::Region));
                }
                break;
            }
        }
    }
    found.extend(
        runs(text, &tokens)
            .into_iter()
            .filter(|(range, _)| spans_lines(range)),
    );
    found.sort_by_key(|(range, _)| (range.start, range.end));
    found
}

/// Comments and imports on lines that follow each other.
fn runs(text: &str, tokens: &[Token]) -> Vec<(Range, Fold)> {
    let mut found: Vec<(Range, Fold)> = Vec::new();
    let mut last_line_kind: Option<Fold> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at as u32;
        at += line.len();
        let first = tokens.partition_point(|token| token.start < start);
        let token = tokens[first..]
            .iter()
            .find(|token| token.kind != TokenKind::Newline);
        let token = token.filter(|token| (token.start as usize) < at);
        let kind = match token.map(|token| token.kind) {
            Some(TokenKind::Comment) => Some(Fold::Comment),
            Some(TokenKind::Import) => Some(Fold::Imports),
            _ => None,
        };
        let end = start + line.trim_end().len() as u32;
        match (kind, found.last_mut()) {
            (Some(kind), Some(last)) if last_line_kind == Some(kind) => last.0.end = end,
            (Some(kind), _) => {
                let start = token.map_or(start, |token| token.start);
                found.push((start..end.max(start), kind));
            }
            (None, _) => {}
        }
        last_line_kind = kind;
    }
    found
}

/// What a selection grows to, step by step, from the inside out.
pub fn selections(view: &View, offset: u32) -> Vec<Range> {
    let Some(tree) = view.tree() else {
        return Vec::new();
    };
    let whole: Range = 0..view.text().len() as u32;
    let mut found = Vec::from([whole]);
    let mut add = |range: Range| {
        if range.start <= offset && offset <= range.end {
            found.push(range);
        }
    };
    for stmt in &tree.stmts {
        add(range(stmt.span));
        for block in syntax::blocks(&stmt.kind) {
            add(inside(range(block.span)));
            add(range(block.span));
        }
        if let StmtKind::Resource(resource) = &stmt.kind {
            add(range(resource.kind.span));
            add(range(resource.body_span));
            add(inside(range(resource.body_span)));
            for entry in &resource.entries {
                add(range(entry.span));
            }
        }
    }
    for half in syntax::halves(tree) {
        add(range(half.span));
    }
    for expr in &tree.exprs {
        add(range(expr.span));
        // The entries of structs and maps, and all arguments of a call.
        match &expr.kind {
            ExprKind::Struct(fields) => fields
                .iter()
                .for_each(|(name, value)| add(name.span.start..tree[*value].span.end)),
            ExprKind::Map(entries) => entries
                .iter()
                .for_each(|(key, value)| add(tree[*key].span.start..tree[*value].span.end)),
            ExprKind::Call(call) => {
                add(inside(range(call.args.span)));
                add(range(call.args.span));
            }
            _ => {}
        }
        // The text of a string, without its quotes.
        if matches!(expr.kind, ExprKind::Str(_)) {
            add(inside(range(expr.span)));
        }
    }
    for token in tokens(view.text()) {
        if !matches!(token.kind, TokenKind::Newline) {
            add(token.start..token.end);
        }
    }
    // Only what lies in each other is a chain.
    found.sort_by_key(|range| (range.end - range.start, range.start));
    found.dedup();
    let mut chain: Vec<Range> = Vec::new();
    for range in found {
        let fits = chain
            .last()
            .is_none_or(|last| range.start <= last.start && last.end <= range.end);
        if fits {
            chain.push(range);
        }
    }
    chain
}

/// Without the first and the last byte, which are brackets or quotes.
fn inside(range: Range) -> Range {
    let start = range.start.saturating_add(1).min(range.end);
    start..range.end.saturating_sub(1).max(start)
}

/// The imports of a file with the files that they lead to, and strings that name a file which exists.
pub fn links(view: &View) -> Vec<(Range, PathBuf)> {
    let mut found = Vec::new();
    let Some(tree) = view.tree() else {
        return found;
    };
    for stmt in &tree.stmts {
        let StmtKind::Import {
            path, path_span, ..
        } = &stmt.kind
        else {
            continue;
        };
        if let Some(file) = import_file(view, path, *path_span) {
            let span = range(*path_span);
            found.push((inside(span), file));
        }
    }
    found.extend(paths::paths(view));
    found
}

fn import_file(view: &View, path: &str, span: mgmt_grammar::span::Span) -> Option<PathBuf> {
    // As it was resolved, so that remote modules are found too.
    let resolved = || {
        let alias: &AliasDef = view
            .facts()?
            .aliases
            .iter()
            .find(|it| it.path_span == Some(span))?;
        let source = view.imported_file(alias)?;
        library::path_of(view.analysis.insight.sources.get(source)?)
    };
    let beside = || {
        let dir = view.path().parent()?;
        match ImportName::parse(path).ok()?.kind {
            ImportKind::File(file) => Some(clean(&dir.join(file))),
            ImportKind::Directory(module) => {
                Some(entry_file(&clean(&dir.join(module)), &*view.world.files))
            }
            ImportKind::System | ImportKind::Remote { .. } => None,
        }
    };
    resolved().or_else(beside)
}
