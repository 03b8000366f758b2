//! The first pass: every definition enters its scope, and imports are loaded.

use std::rc::Rc;

use ecow::EcoString;
use mgmt_grammar::ast::{self, ImportAlias, StmtKind};
use mgmt_grammar::span::Span;
use mgmt_stdlib::types::Type;
use rustc_hash::FxHashMap;

use super::names::{Alias, Module, closest};
use super::{Declared, Item, ModuleState, Pending, Resolver, types};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::{
    Bind, BindId, Class, ClassId, ExprId, Func, FuncId, Include, IncludeId, Lambda, LambdaId,
    Param, ParamId, ParamRole, ScopeId, Var,
};
use crate::load::{ImportKind, ImportName, Unit};

/// Stands for an expression that the second pass fills in.
const LATER: ExprId = ExprId(0);

impl Resolver<'_, '_> {
    /// Declares a file, unless that was done before, and gives its outermost scope.
    pub(super) fn declare_file(&mut self, unit: &Rc<Unit>) -> ScopeId {
        self.modules.insert(unit.ast.source, ModuleState::Declaring);
        let outer = self.class.take();
        let scope = self.new_scope(None, unit.ast.body.span);
        if let Some(package) = &unit.package {
            // The functions and variables of its package stand around it.
            let package = Module::Package(package.clone());
            self.names(scope).stars.push(package);
        }
        let items = unit
            .ast
            .body
            .stmts
            .iter()
            .map(|stmt| Item {
                stmt: *stmt,
                class_name: None,
            })
            .collect();
        let items = self.declare_block(unit, items, scope, None);
        self.class = outer;
        self.modules
            .insert(unit.ast.source, ModuleState::Done(scope));
        self.pending.push(Pending {
            unit: unit.clone(),
            scope,
            items,
        });
        scope
    }

    /// Declares the statements of a block and gives them with colon classes moved to where they belong.
    fn declare_block(
        &mut self,
        unit: &Rc<Unit>,
        items: Vec<Item>,
        scope: ScopeId,
        in_loop: Option<Span>,
    ) -> Vec<Item> {
        let (items, mut inner) = self.sort_colon_classes(unit, items);
        // Blocks in blocks, and imports of imports.
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            self.declare_imports(unit, &items, scope, in_loop);
            for item in &items {
                self.declare_stmt(unit, item, scope, &mut inner);
            }
        });
        items
    }

    /// Takes the classes `base:rest` out of a block that has a class `base`.
    fn sort_colon_classes(
        &self,
        unit: &Unit,
        items: Vec<Item>,
    ) -> (Vec<Item>, FxHashMap<EcoString, Vec<Item>>) {
        let name_of = |item: &Item| match &unit.ast[item.stmt].kind {
            StmtKind::Class { name, .. } => {
                Some(item.class_name.clone().unwrap_or_else(|| name.text.clone()))
            }
            _ => None,
        };
        let plain: Vec<EcoString> = items
            .iter()
            .filter_map(name_of)
            .filter(|name| !name.contains(':'))
            .collect();
        let mut inner: FxHashMap<EcoString, Vec<Item>> = FxHashMap::default();
        let mut rest = Vec::with_capacity(items.len());
        for item in items {
            let name = name_of(&item).unwrap_or_default();
            match name.split_once(':') {
                Some((base, tail)) if plain.iter().any(|name| name == base) => {
                    inner.entry(base.into()).or_default().push(Item {
                        stmt: item.stmt,
                        class_name: Some(tail.into()),
                    });
                }
                _ => rest.push(item),
            }
        }
        (rest, inner)
    }

    fn declare_stmt(
        &mut self,
        unit: &Rc<Unit>,
        item: &Item,
        scope: ScopeId,
        inner: &mut FxHashMap<EcoString, Vec<Item>>,
    ) {
        let stmt = &unit.ast[item.stmt];
        let declared = match &stmt.kind {
            StmtKind::Bind { name, ty, .. } => {
                let id = BindId(self.hir.binds.len() as u32);
                let ty = ty.as_ref().map(|ty| (types::lower(ty), ty.span));
                self.hir.binds.push(Bind {
                    name: name.text.clone(),
                    span: name.span,
                    scope,
                    ty,
                    value: LATER,
                });
                if let Some(Var::Bind(first)) = self.names(scope).vars.get(&name.text).copied() {
                    self.used_binds.insert(id);
                    let first = self.hir[first].span;
                    self.duplicate("variable", &format!("${}", name.text), name.span, first);
                } else {
                    self.names(scope)
                        .vars
                        .insert(name.text.clone(), Var::Bind(id));
                }
                Declared::Bind(id)
            }
            StmtKind::Func { name, lambda } => {
                let reach = lambda.params.span.to(lambda.body.span);
                let body_scope = self.new_scope(Some(scope), reach);
                let params =
                    self.declare_params(&lambda.params, body_scope, |_| ParamRole::Function);
                let lambda_id = LambdaId(self.hir.lambdas.len() as u32);
                let result = lambda.result.as_ref().map(|ty| (types::lower(ty), ty.span));
                let span = name.span;
                self.hir.lambdas.push(Lambda {
                    scope: body_scope,
                    params,
                    result,
                    body: LATER,
                    span,
                });
                let id = FuncId(self.hir.funcs.len() as u32);
                let (text, lambda) = (name.text.clone(), lambda_id);
                self.hir.funcs.push(Func {
                    name: text,
                    span,
                    scope,
                    lambda,
                    pure: false,
                });
                if let Some(first) = self.names(scope).funcs.get(&name.text).copied() {
                    self.used_funcs.insert(id);
                    let first = self.hir[first].span;
                    self.duplicate("function", &name.text, name.span, first);
                } else {
                    self.names(scope).funcs.insert(name.text.clone(), id);
                }
                Declared::Func(id, lambda_id)
            }
            StmtKind::Class { name, params, body } => {
                let text = item.class_name.clone().unwrap_or_else(|| name.text.clone());
                let extra = inner.remove(&text).unwrap_or_default();
                self.declare_class(unit, &text, name.span, params.as_ref(), body, extra, scope)
            }
            StmtKind::Include { class, alias, .. } => {
                let id = IncludeId(self.hir.includes.len() as u32);
                self.include_names.insert(id, class.text.clone());
                self.hir.includes.push(Include {
                    class: None,
                    scope,
                    args: Box::default(),
                    span: stmt.span,
                });
                if let Some(alias) = alias {
                    self.note_alias(
                        scope,
                        &alias.text,
                        alias.span,
                        stmt.span,
                        Alias::Include(id),
                    );
                    self.declare_alias(scope, &alias.text, alias.span, Alias::Include(id));
                }
                Declared::Include(id)
            }
            StmtKind::If {
                then, otherwise, ..
            } => {
                let then = self.declare_inner(unit, then, scope, None);
                let otherwise = otherwise
                    .as_ref()
                    .map(|block| self.declare_inner(unit, block, scope, None));
                Declared::If(then, otherwise)
            }
            StmtKind::For {
                key, value, body, ..
            } => {
                let body_scope = self.new_scope(Some(scope), body.span);
                let key = self.declare_loop_var(key, body_scope);
                let value = self.declare_loop_var(value, body_scope);
                let items = block_items(body);
                self.declare_block(unit, items, body_scope, Some(stmt.span));
                Declared::For {
                    scope: body_scope,
                    key,
                    value,
                }
            }
            _ => return,
        };
        self.declared.insert((unit.ast.source, item.stmt), declared);
    }

    fn declare_inner(
        &mut self,
        unit: &Rc<Unit>,
        block: &ast::Block,
        parent: ScopeId,
        in_loop: Option<Span>,
    ) -> ScopeId {
        let scope = self.new_scope(Some(parent), block.span);
        self.declare_block(unit, block_items(block), scope, in_loop);
        scope
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "they are the parts of one statement"
    )]
    fn declare_class(
        &mut self,
        unit: &Rc<Unit>,
        name: &EcoString,
        span: Span,
        params: Option<&ast::Params>,
        body: &ast::Block,
        extra: Vec<Item>,
        scope: ScopeId,
    ) -> Declared {
        let id = ClassId(self.hir.classes.len() as u32);
        let outer = self.class.replace(id);
        // A bind of the body may have the name of a parameter, so parameters have a scope of their own.
        let reach = params.map_or(body.span, |params| params.span.to(body.span));
        let param_scope = self.new_scope(Some(scope), reach);
        let body_scope = self.new_scope(Some(param_scope), body.span);
        let class = Class {
            name: name.clone(),
            span,
            scope,
            body_scope,
            params: Box::default(),
            body: Vec::new(),
        };
        self.hir.classes.push(class);
        if let Some(params) = params {
            let params = self.declare_params(params, param_scope, |i| ParamRole::Class(id, i));
            self.hir[id].params = params;
        }
        if let Some(first) = self.names(scope).classes.get(name).copied() {
            let first = self.hir[first].span;
            self.report_always(
                Diagnostic::error(
                    Code::DUPLICATE_CLASS,
                    Stage::Interpolate,
                    format!("the class `{name}` is defined twice"),
                )
                .at(span, "defined again here")
                .label(first, "first defined here")
                .help("rename one of them; classes can not be overloaded"),
            );
        } else {
            self.names(scope).classes.insert(name.clone(), id);
        }
        let mut items = block_items(body);
        items.extend(extra);
        let items = self.declare_block(unit, items, body_scope, None);
        self.class = outer;
        Declared::Class(id, items)
    }

    /// Declares the parameters of a function, lambda or class in its scope.
    pub(super) fn declare_params(
        &mut self,
        params: &ast::Params,
        scope: ScopeId,
        role: impl Fn(u32) -> ParamRole,
    ) -> Box<[ParamId]> {
        let mut ids = Vec::with_capacity(params.params.len());
        for (i, param) in params.params.iter().enumerate() {
            let ty = param.ty.as_ref().map(|ty| (types::lower(ty), ty.span));
            let id = self.new_param(&param.name, ty, scope, role(i as u32));
            if let Some(Var::Param(first)) = self.names(scope).vars.get(&param.name.text).copied() {
                let first = self.hir[first].span;
                self.report_always(
                    Diagnostic::error(
                        Code::DUPLICATE_PARAMETER,
                        Stage::Scope,
                        format!("the parameter `${}` is declared twice", param.name.text),
                    )
                    .at(param.name.span, "declared again here")
                    .label(first, "first declared here"),
                );
            } else {
                self.names(scope)
                    .vars
                    .insert(param.name.text.clone(), Var::Param(id));
            }
            ids.push(id);
        }
        ids.into()
    }

    /// Of two loop variables of one name the second counts.
    fn declare_loop_var(&mut self, name: &ast::Ident, scope: ScopeId) -> ParamId {
        // A bind of the body may have the name of a loop variable: binds are entered later and replace it.
        let id = self.new_param(name, None, scope, ParamRole::Loop);
        self.names(scope)
            .vars
            .insert(name.text.clone(), Var::Param(id));
        id
    }

    fn new_param(
        &mut self,
        name: &ast::Ident,
        ty: Option<(Type, Span)>,
        scope: ScopeId,
        role: ParamRole,
    ) -> ParamId {
        let id = ParamId(self.hir.params.len() as u32);
        self.hir.params.push(Param {
            name: name.text.clone(),
            span: name.span,
            scope,
            ty,
            role,
        });
        id
    }

    fn duplicate(&mut self, what: &str, name: &str, span: Span, first: Span) {
        self.report_always(
            Diagnostic::error(
                Code::DUPLICATE_DEFINITION,
                Stage::Scope,
                format!("the {what} `{name}` is defined twice in one scope"),
            )
            .at(span, "defined again here")
            .label(first, "first defined here")
            .help("a name means one thing in a scope, whatever the order of the statements; rename one of them"),
        );
    }

    fn declare_alias(&mut self, scope: ScopeId, name: &EcoString, span: Span, alias: Alias) {
        if self.names(scope).aliases.contains_key(name) {
            let first = self.alias_place(scope, name);
            let mut diagnostic = Diagnostic::error(
                Code::DUPLICATE_DEFINITION,
                Stage::Scope,
                format!("the alias `{name}` is defined twice in one scope"),
            )
            .at(span, "defined again here")
            .help("give one of them another name with `as`");
            if let Some(first) = first {
                diagnostic = diagnostic.label(first, "first defined here");
            }
            self.report_always(diagnostic);
        } else {
            self.aliases.push((scope, name.clone(), span));
            self.names(scope).aliases.insert(name.clone(), alias);
        }
    }

    fn alias_place(&self, scope: ScopeId, name: &EcoString) -> Option<Span> {
        self.aliases
            .iter()
            .find(|(s, n, _)| *s == scope && n == name)
            .map(|(_, _, span)| *span)
    }

    /// Imports come before everything else of their scope, in source order (language.md §5.2, §5.5).
    fn declare_imports(
        &mut self,
        unit: &Rc<Unit>,
        items: &[Item],
        scope: ScopeId,
        in_loop: Option<Span>,
    ) {
        let mut seen: FxHashMap<&EcoString, Span> = FxHashMap::default();
        for item in items {
            let stmt = &unit.ast[item.stmt];
            let StmtKind::Import {
                path,
                path_span,
                alias,
            } = &stmt.kind
            else {
                continue;
            };
            if let Some(around) = in_loop {
                self.report_always(
                    Diagnostic::error(
                        Code::IMPORT_IN_LOOP,
                        Stage::Init,
                        "an import can't stand in a loop",
                    )
                    .at(around, "this loop contains an import")
                    .label(stmt.span, "the import")
                    .help("move the import out of the loop, to the top of the file"),
                );
                // It is imported all the same, so that its names are no further mistakes.
            }
            if path.is_empty() {
                self.report_always(
                    Diagnostic::error(
                        Code::EMPTY_IMPORT,
                        Stage::Init,
                        "the name of an import is empty",
                    )
                    .at(*path_span, "nothing is named here"),
                );
                continue;
            }
            if let Some(first) = seen.insert(path, stmt.span) {
                self.report(
                    Diagnostic::error(
                        Code::DUPLICATE_IMPORT,
                        Stage::Scope,
                        format!("`{path}` is imported twice"),
                    )
                    .at(stmt.span, "imported again here")
                    .label(first, "first imported here")
                    .help("remove one of them; an alias does not make a second import possible")
                    .fix("remove this import", stmt.span, ""),
                );
                continue;
            }
            self.declare_import(unit, scope, stmt.span, path, *path_span, alias.as_ref());
        }
    }

    fn declare_import(
        &mut self,
        unit: &Rc<Unit>,
        scope: ScopeId,
        span: Span,
        path: &EcoString,
        path_span: Span,
        alias: Option<&ImportAlias>,
    ) {
        let name = match ImportName::parse(path) {
            Ok(name) => name,
            Err(reason) => {
                self.report(
                    Diagnostic::error(
                        Code::INVALID_IMPORT_NAME,
                        Stage::Scope,
                        format!("can't import `{path}`: {reason}"),
                    )
                    .at(path_span, "not the name of an import"),
                );
                return;
            }
        };
        let alias_place = match alias {
            Some(ImportAlias::Name(alias)) => Some(alias.span),
            Some(ImportAlias::Star(_)) | None => None,
        };
        let (alias, alias_span) = match alias {
            Some(ImportAlias::Name(alias)) => (Some(alias.text.clone()), alias.span),
            Some(ImportAlias::Star(_)) => (None, span),
            None => (Some(EcoString::from(name.alias.as_str())), span),
        };
        if let Some(alias) = &alias
            && self.names(scope).aliases.contains_key(alias)
        {
            let first = self.alias_place(scope, alias);
            let mut diagnostic = Diagnostic::error(
                Code::IMPORT_ALIAS_TAKEN,
                Stage::Scope,
                format!("the import alias `{alias}` already exists in this scope"),
            )
            .at(alias_span, format!("imported as `{alias}`"))
            .help("choose another name with `as`");
            if let Some(first) = first {
                diagnostic = diagnostic.label(first, "taken here");
            }
            self.report(diagnostic);
            return;
        }
        let module = self.load_module(unit, span, path, path_span, &name.kind);
        self.note_import(scope, alias.as_ref(), alias_place, path_span, span, &module);
        match alias {
            Some(alias) => {
                self.check_squash(scope, &alias, path, span);
                self.aliases.push((scope, alias.clone(), span));
                self.names(scope)
                    .aliases
                    .insert(alias, Alias::Module(module));
            }
            None => self.names(scope).stars.push(module),
        }
    }

    /// A star import may have brought in the names that this alias defines (language.md §5.5).
    fn check_squash(&mut self, scope: ScopeId, alias: &EcoString, path: &EcoString, span: Span) {
        let taken = self.names(scope).stars.clone().iter().any(
            |module| matches!(module, Module::File(star) if self.names(*star).aliases.contains_key(alias)),
        );
        if taken {
            self.report(
                Diagnostic::error(
                    Code::IMPORT_COLLISION,
                    Stage::Scope,
                    format!("an import `as *` of this scope already brings in `{alias}`"),
                )
                .at(
                    span,
                    format!("this would define the names of `{path}` again"),
                )
                .help("import it under another name with `as`, or leave it out"),
            );
        }
    }

    fn load_module(
        &mut self,
        unit: &Rc<Unit>,
        span: Span,
        path: &EcoString,
        path_span: Span,
        kind: &ImportKind,
    ) -> Module {
        if *kind == ImportKind::System {
            return self.load_package(path, path_span);
        }
        let loaded = match self.loader.load_import(unit, kind, span) {
            Ok(Some(loaded)) => loaded,
            Ok(None) => return Module::Broken,
            Err(error) => {
                let code = if error.code == Code::UNREADABLE_FILE {
                    Code::UNREADABLE_IMPORT
                } else {
                    error.code
                };
                let mut diagnostic = Diagnostic::error(
                    code,
                    Stage::Scope,
                    format!("can't import `{path}`: {}", error.message),
                );
                diagnostic = match error.place {
                    Some(place) => diagnostic.at(place, ""),
                    None => diagnostic.at(path_span, "imported here"),
                };
                diagnostic.help = error.help;
                self.report(diagnostic);
                return Module::Broken;
            }
        };
        match self.module_scope(&loaded) {
            Some(scope) => Module::File(scope),
            None => {
                self.report(
                    Diagnostic::error(
                        Code::CYCLIC_IMPORT,
                        Stage::Scope,
                        format!("the import of `{path}` is recursive"),
                    )
                    .at(span, "this file is being imported already")
                    .help("move what both files need into a third one"),
                );
                Module::Broken
            }
        }
    }

    /// The outermost scope of an imported file, which is declared if that was not done before; nothing while
    /// it is being declared.
    fn module_scope(&mut self, unit: &Rc<Unit>) -> Option<ScopeId> {
        match self.modules.get(&unit.ast.source) {
            Some(ModuleState::Done(scope)) => Some(*scope),
            Some(ModuleState::Declaring) => None,
            None => {
                self.check_module(unit);
                Some(self.declare_file(unit))
            }
        }
    }

    fn load_package(&mut self, path: &EcoString, path_span: Span) -> Module {
        if self.catalog.has_package(path) {
            // The tests of the library compile what is written in mcl.
            let units = self.loader.load_package(path).unwrap_or_default();
            let scopes: Vec<_> = units
                .iter()
                .filter_map(|unit| self.module_scope(unit))
                .collect();
            return if scopes.is_empty() {
                Module::Package(path.clone())
            } else {
                Module::Written(path.clone(), scopes.into())
            };
        }
        let mut diagnostic = Diagnostic::error(
            Code::UNKNOWN_PACKAGE,
            Stage::Scope,
            format!("there is no package `{path}`"),
        )
        .at(path_span, "not a package of the library");
        if let Some(near) = closest(path, self.catalog.packages()) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("import `{near}`"),
                path_span,
                format!("\"{near}\""),
            );
        } else {
            diagnostic =
                diagnostic.help("a file is imported as \"name.mcl\", a directory as \"name/\"");
        }
        self.report(diagnostic);
        Module::Broken
    }

    /// A module only defines (language.md §4.12).
    fn check_module(&mut self, unit: &Unit) {
        for stmt in &unit.ast.body.stmts {
            let stmt = &unit.ast[*stmt];
            let what = match &stmt.kind {
                StmtKind::Import { .. }
                | StmtKind::Bind { .. }
                | StmtKind::Func { .. }
                | StmtKind::Class { .. } => continue,
                StmtKind::Error => continue,
                StmtKind::Resource(_) => "a resource",
                StmtKind::Edge { .. } => "an edge",
                StmtKind::If { .. } => "an `if`",
                StmtKind::For { .. } => "a loop",
                StmtKind::Include { .. } => "an `include`",
                StmtKind::Panic { .. } => "a `panic`",
            };
            self.report(
                Diagnostic::error(
                    Code::MODULE_STATEMENT,
                    Stage::Scope,
                    format!("a module can't contain {what}"),
                )
                .at(stmt.span, "this file is imported, so it can only define")
                .help("put it into a class, and include that where the module is imported"),
            );
        }
    }
}

fn block_items(block: &ast::Block) -> Vec<Item> {
    block
        .stmts
        .iter()
        .map(|stmt| Item {
            stmt: *stmt,
            class_name: None,
        })
        .collect()
}
