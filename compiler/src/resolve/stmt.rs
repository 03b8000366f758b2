//! Statements, in the order they were written.

use std::sync::Arc;

use ecow::{EcoString, eco_format};
use mgmt_grammar::ast::{self, StmtKind};
use mgmt_grammar::span::Span;
use mgmt_stdlib::resource::{META_PARAMS, MetaParam};

use super::lookup::{ClassMeaning, Classes, Funcs};
use super::names::{Found, closest};
use super::{Declared, Definition, Item, Resolver, Target};
use crate::diagnostic::syntax::capitalized;
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::{
    Block, EdgeProperty, EdgeStmt, Entry, EntryKind, ExprKind, ForStmt, Half, IfStmt, IncludeId,
    ResourceStmt, ScopeId, Stmt,
};
use crate::load::Unit;

impl Resolver<'_, '_> {
    /// Builds the statements of a block; definitions are filled in on the way.
    pub(super) fn block(&mut self, unit: &Unit, items: &[Item], scope: ScopeId) -> Vec<Stmt> {
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            items
                .iter()
                .filter_map(|item| self.stmt(unit, item, scope))
                .collect()
        })
    }

    fn inner_block(&mut self, unit: &Unit, block: &ast::Block, scope: ScopeId) -> Block {
        // Colon classes have been moved into their class.
        let moved = |stmt: &ast::StmtId| matches!(&unit.ast[*stmt].kind, StmtKind::Class { name, .. } if name.text.contains(':'));
        let items: Vec<Item> = block
            .stmts
            .iter()
            .filter(|stmt| !moved(stmt))
            .map(|stmt| Item {
                stmt: *stmt,
                class_name: None,
            })
            .collect();
        Block {
            scope,
            stmts: self.block(unit, &items, scope),
        }
    }

    fn stmt(&mut self, unit: &Unit, item: &Item, scope: ScopeId) -> Option<Stmt> {
        let stmt = &unit.ast[item.stmt];
        let span = stmt.span;
        let declared = self.declared.remove(&(unit.ast.source, item.stmt));
        match (&stmt.kind, declared) {
            (StmtKind::Bind { value, .. }, Some(Declared::Bind(bind))) => {
                self.owners.push(Definition::Bind(bind));
                let value = self.expr(unit, *value, scope);
                self.hir[bind].value = value;
                self.owners.pop();
                None
            }
            (StmtKind::Func { lambda, .. }, Some(Declared::Func(func, lambda_id))) => {
                self.owners.push(Definition::Func(func));
                let body_scope = self.hir[lambda_id].scope;
                let body = self.expr(unit, lambda.body.expr, body_scope);
                self.hir[lambda_id].body = body;
                self.owners.pop();
                None
            }
            (StmtKind::Class { .. }, Some(Declared::Class(class, items))) => {
                let outer = self.class.replace(class);
                self.owners.push(Definition::Class(class));
                let body_scope = self.hir[class].body_scope;
                let body = self.block(unit, &items, body_scope);
                self.hir[class].body = body;
                self.owners.pop();
                self.class = outer;
                None
            }
            (StmtKind::Include { class, args, alias }, Some(Declared::Include(include))) => {
                if alias.is_some() {
                    self.owners.push(Definition::Include(include));
                }
                self.include(unit, include, class, args.as_ref(), span, scope);
                if alias.is_some() {
                    self.owners.pop();
                }
                Some(Stmt::Include(include))
            }
            (
                StmtKind::If {
                    cond,
                    then,
                    otherwise,
                },
                Some(Declared::If(then_scope, otherwise_scope)),
            ) => {
                let cond = self.expr(unit, *cond, scope);
                let then = self.inner_block(unit, then, then_scope);
                let otherwise = match (otherwise, otherwise_scope) {
                    (Some(block), Some(scope)) => Some(self.inner_block(unit, block, scope)),
                    _ => None,
                };
                Some(Stmt::If(Arc::new(IfStmt {
                    cond,
                    then,
                    otherwise,
                    span,
                })))
            }
            (
                StmtKind::For { kv, over, body, .. },
                Some(Declared::For {
                    scope: body_scope,
                    key,
                    value,
                }),
            ) => {
                let over = self.expr(unit, *over, scope);
                let body = self.inner_block(unit, body, body_scope);
                Some(Stmt::For(Arc::new(ForStmt {
                    kv: *kv,
                    key,
                    value,
                    over,
                    body,
                    span,
                })))
            }
            (StmtKind::Resource(resource), _) => Some(self.resource(unit, resource, span, scope)),
            (StmtKind::Edge { halves }, _) => {
                let halves = halves
                    .iter()
                    .map(|half| self.half(unit, half, scope))
                    .collect();
                Some(Stmt::Edge(Arc::new(EdgeStmt { halves, span })))
            }
            (StmtKind::Panic { args }, _) => Some(self.panic(unit, args, span, scope)),
            _ => None,
        }
    }

    fn include(
        &mut self,
        unit: &Unit,
        include: IncludeId,
        name: &ast::Name,
        args: Option<&ast::Args>,
        span: Span,
        scope: ScopeId,
    ) {
        let found = self.look_up::<Classes>(scope, &name.text);
        if let Some(found) = &found {
            let target = Target::of_class(&found.target);
            self.note_use(name.span, &found.steps, target);
        }
        let class = match found {
            Some(Found {
                target: ClassMeaning::Class(_),
                ..
            }) => self.class_of(include),
            Some(Found {
                target: ClassMeaning::Broken,
                ..
            }) => None,
            None => {
                self.unknown_class(scope, name);
                None
            }
        };
        let exprs = args.map(|args| args.exprs.as_slice()).unwrap_or_default();
        if let Some(class) = &class {
            self.mention(Definition::Class(class.target), &class.via, name.span);
            let want = self.hir[class.target].params.len();
            if want != exprs.len() {
                let text = format!(
                    "the class `{}` takes {}, but got {}",
                    name.text,
                    count(want),
                    exprs.len()
                );
                let place = self.hir[class.target].span;
                self.report(
                    Diagnostic::error(Code::CLASS_ARGUMENT_COUNT, Stage::Scope, text)
                        .at(
                            Span::new(span.source, span.start, name.span.end),
                            "included here",
                        )
                        .label(place, "the class is defined here"),
                );
            }
        }
        let args = exprs
            .iter()
            .map(|arg| self.expr(unit, *arg, scope))
            .collect();
        self.hir[include].class = class;
        self.hir[include].args = args;
    }

    fn unknown_class(&mut self, scope: ScopeId, name: &ast::Name) {
        let mut diagnostic = Diagnostic::error(
            Code::UNKNOWN_CLASS,
            Stage::Scope,
            format!("the class `{}` does not exist in this scope", name.text),
        )
        .at(name.span, self.not_defined(scope, &name.text));
        if self.look_up::<Funcs>(scope, &name.text).is_some() {
            diagnostic = diagnostic.help(format!(
                "there is a function of that name; it is called where its value is needed: `{}(...)`",
                name.text
            ));
        } else if let Some(near) = self.suggest_class(scope, &name.text) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("use `{near}`"),
                name.span,
                near.as_str(),
            );
        }
        self.report(diagnostic);
    }

    fn panic(&mut self, unit: &Unit, args: &ast::Args, span: Span, scope: ScopeId) -> Stmt {
        let args: Box<[_]> = args
            .exprs
            .iter()
            .map(|arg| self.expr(unit, *arg, scope))
            .collect();
        let name = if args.len() == 2 {
            "panic_debug"
        } else {
            "panic"
        };
        let kind = match self.catalog.function("", name).cloned() {
            Some(function) => ExprKind::Builtin {
                function,
                name: "panic".into(),
                args,
            },
            None => ExprKind::Error,
        };
        Stmt::Panic(self.push(kind, span))
    }

    fn resource(
        &mut self,
        unit: &Unit,
        resource: &ast::Resource,
        span: Span,
        scope: ScopeId,
    ) -> Stmt {
        if let Some(collect) = resource.collect {
            let text = "`collect` has no effect in this version: no other host exports anything";
            self.report(
                Diagnostic::warning(Code::NO_EFFECT_YET, Stage::Init, text)
                    .at(collect, "this collects nothing"),
            );
        }
        if resource.kind.text.starts_with('_') {
            self.report(
                Diagnostic::error(
                    Code::KIND_UNDERSCORE,
                    Stage::Init,
                    "a kind can't begin with an underscore",
                )
                .at(resource.kind.span, "this kind is internal"),
            );
        }
        let name = self.expr(unit, resource.name, scope);
        let mut seen: Vec<(EcoString, Span)> = Vec::new();
        let mut entries = Vec::with_capacity(resource.entries.len());
        for entry in &resource.entries {
            if let Some(entry) = self.entry(unit, resource, entry, &mut seen, span, scope) {
                entries.push(entry);
            }
        }
        Stmt::Resource(Arc::new(ResourceStmt {
            collect: resource.collect.is_some(),
            kind: resource.kind.text.clone(),
            kind_span: resource.kind.span,
            def: self.catalog.resource(&resource.kind.text).cloned(),
            name,
            entries,
            span,
        }))
    }

    fn entry(
        &mut self,
        unit: &Unit,
        resource: &ast::Resource,
        entry: &ast::Entry,
        seen: &mut Vec<(EcoString, Span)>,
        statement: Span,
        scope: ScopeId,
    ) -> Option<Entry> {
        let kind = match &entry.kind {
            ast::EntryKind::Error => return None,
            ast::EntryKind::Field { name, value } => {
                self.once(
                    seen,
                    name.text.clone(),
                    name.span,
                    statement,
                    resource,
                    Code::DUPLICATE_FIELD,
                    "parameter",
                );
                EntryKind::Field {
                    name: name.text.clone(),
                    name_span: name.span,
                    value: self.expr(unit, *value, scope),
                }
            }
            ast::EntryKind::Edge { property, target } => {
                let property =
                    match property.text.as_str() {
                        "before" => EdgeProperty::Before,
                        "depend" => EdgeProperty::Depend,
                        "notify" => EdgeProperty::Notify,
                        "listen" => EdgeProperty::Listen,
                        other => {
                            let mut diagnostic = Diagnostic::error(
                                Code::UNKNOWN_EDGE_PROPERTY,
                                Stage::Init,
                                format!("`{}` is not an edge", capitalized(other)),
                            )
                            .at(
                                property.span,
                                "expected `Before`, `Depend`, `Notify` or `Listen`",
                            );
                            if let Some(near) =
                                closest(other, ["before", "depend", "notify", "listen"].into_iter())
                            {
                                let near = capitalized(near);
                                diagnostic = diagnostic
                                    .help(format!("did you mean `{near}`?"))
                                    .fix(format!("use `{near}`"), property.span, near);
                            }
                            self.report(diagnostic);
                            return None;
                        }
                    };
                EntryKind::Edge {
                    property,
                    target: self.half(unit, target, scope),
                }
            }
            ast::EntryKind::Meta { property, value } => {
                let Some(param) = MetaParam::find(&property.text) else {
                    self.unknown_meta(property);
                    return None;
                };
                let key = eco_format!("Meta:{}", param.name);
                let is_first = self.once(
                    seen,
                    key,
                    property.span,
                    statement,
                    resource,
                    Code::DUPLICATE_META,
                    "meta parameter",
                );
                let value = self.expr(unit, *value, scope);
                if !is_first {
                    return None;
                }
                EntryKind::Meta {
                    name: param.name,
                    name_span: property.span,
                    value,
                }
            }
            ast::EntryKind::MetaStruct { meta, value } => EntryKind::MetaStruct {
                meta_span: *meta,
                value: self.expr(unit, *value, scope),
            },
        };
        let cond = entry.cond.map(|cond| self.expr(unit, cond, scope));
        Some(Entry {
            kind,
            cond,
            span: entry.span,
        })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "they are the parts of one message"
    )]
    fn once(
        &mut self,
        seen: &mut Vec<(EcoString, Span)>,
        key: EcoString,
        span: Span,
        statement: Span,
        resource: &ast::Resource,
        code: Code,
        what: &str,
    ) -> bool {
        match seen.iter().find(|(name, _)| *name == key) {
            Some((_, first)) => {
                let kind = Span::new(
                    statement.source,
                    resource.kind.span.start,
                    resource.kind.span.end,
                );
                let text = format!("the {what} `{key}` is given twice");
                let first = *first;
                self.report(
                    Diagnostic::error(code, Stage::Init, text)
                        .at(kind, "in this resource")
                        .label(first, "first given here")
                        .label(span, "given again here")
                        .help("keep one of them; to choose between values use an `if` expression"),
                );
                false
            }
            None => {
                seen.push((key, span));
                true
            }
        }
    }

    fn unknown_meta(&mut self, property: &ast::Ident) {
        let mut diagnostic = Diagnostic::error(
            Code::UNKNOWN_META,
            Stage::Init,
            format!("there is no meta parameter `{}`", property.text),
        )
        .at(property.span, "not a meta parameter");
        let names: Vec<&str> = META_PARAMS.iter().map(|param| param.name).collect();
        diagnostic = match closest(&property.text, names.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("use `{near}`"),
                property.span,
                near,
            ),
            None => diagnostic.help(format!("the meta parameters are {}", names.join(", "))),
        };
        self.report(diagnostic);
    }

    fn half(&mut self, unit: &Unit, half: &ast::EdgeHalf, scope: ScopeId) -> Half {
        Half {
            kind: half.kind.text.clone(),
            kind_span: half.kind.span,
            name: self.expr(unit, half.name, scope),
            field: half
                .field
                .as_ref()
                .map(|field| (field.text.clone(), field.span)),
            span: half.span,
        }
    }
}

fn count(n: usize) -> String {
    match n {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        n => format!("{n} arguments"),
    }
}
