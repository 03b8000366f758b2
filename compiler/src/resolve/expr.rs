//! Expressions: names resolved, operators and lookups as what they are, strings interpolated.

use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::ast::{self, BinaryOp, Callee};
use mgmt_grammar::interpolate::{self, InterpolationError, InterpolationErrorKind, Piece};
use mgmt_grammar::span::Span;
use mgmt_stdlib::functions::operator;
use mgmt_stdlib::types::Type;
use mgmt_stdlib::value::Value;

use super::lookup::{Classes, FuncMeaning, Funcs, VarMeaning, Vars};
use super::names::Found;
use super::{Definition, Resolver, Target, static_key, types};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::{Expr, ExprId, ExprKind, Lambda, LambdaId, ParamRole, Ref, ScopeId, Var};
use crate::load::Unit;

impl Resolver<'_, '_> {
    pub(super) fn push(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.hir.exprs.push(Expr { kind, span });
        ExprId(self.hir.exprs.len() as u32 - 1)
    }

    fn exprs(&mut self, unit: &Unit, ids: &[ast::ExprId], scope: ScopeId) -> Box<[ExprId]> {
        ids.iter().map(|id| self.expr(unit, *id, scope)).collect()
    }

    /// Resolves one expression.
    pub(super) fn expr(&mut self, unit: &Unit, id: ast::ExprId, scope: ScopeId) -> ExprId {
        let expr =
            stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.expr_nested(unit, id, scope));
        self.note_expr(unit, id, expr);
        expr
    }

    fn expr_nested(&mut self, unit: &Unit, id: ast::ExprId, scope: ScopeId) -> ExprId {
        let ast::Expr { kind, span } = &unit.ast[id];
        let span = *span;
        let kind = match kind {
            ast::ExprKind::Error => ExprKind::Error,
            ast::ExprKind::Bool(value) => ExprKind::Const(Value::Bool(*value), Type::Bool),
            ast::ExprKind::Int(value) => ExprKind::Const(Value::Int(*value), Type::Int),
            ast::ExprKind::Float(value) => ExprKind::Const(Value::Float(*value), Type::Float),
            ast::ExprKind::Str(raw) => return self.string(raw, span, scope),
            ast::ExprKind::Paren(inner) => return self.expr(unit, *inner, scope),
            ast::ExprKind::List(items) => ExprKind::List(self.exprs(unit, items, scope)),
            ast::ExprKind::Map(entries) => {
                let built = entries
                    .iter()
                    .map(|(key, value)| {
                        (self.expr(unit, *key, scope), self.expr(unit, *value, scope))
                    })
                    .collect();
                let mut has_type = true;
                for diagnostic in static_key::check(&unit.ast, entries, span) {
                    has_type &= diagnostic.code == Code::DUPLICATE_MAP_KEY;
                    self.report(diagnostic);
                }
                if has_type {
                    ExprKind::Map(built)
                } else {
                    ExprKind::Error
                }
            }
            ast::ExprKind::Struct(fields) => {
                for (i, (name, _)) in fields.iter().enumerate() {
                    if let Some((first, _)) = fields[..i]
                        .iter()
                        .find(|(first, _)| first.text == name.text)
                    {
                        self.report(
                            Diagnostic::error(
                                Code::DUPLICATE_STRUCT_FIELD,
                                Stage::Init,
                                format!("the field `{}` occurs twice in this struct", name.text),
                            )
                            .at(
                                Span::new(span.source, span.start, span.start + 6),
                                "in this struct",
                            )
                            .label(first.span, "first given here")
                            .label(name.span, "given again here"),
                        );
                    }
                }
                let names: Arc<[EcoString]> =
                    fields.iter().map(|(name, _)| name.text.clone()).collect();
                ExprKind::Struct(
                    names,
                    fields
                        .iter()
                        .map(|(_, value)| self.expr(unit, *value, scope))
                        .collect(),
                )
            }
            ast::ExprKind::Var(name) => {
                self.variable(scope, &name.text, span, Code::UNKNOWN_VARIABLE)
            }
            ast::ExprKind::Call(call) => self.call(unit, call, span, scope),
            ast::ExprKind::Lambda(lambda) => {
                ExprKind::Lambda(self.lambda(unit, lambda, span, scope))
            }
            ast::ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                // The order of language.md §4.13: the branches, then the condition.
                let then = self.expr(unit, then.expr, scope);
                let otherwise = self.expr(unit, otherwise.expr, scope);
                let cond = self.expr(unit, *cond, scope);
                ExprKind::If {
                    cond,
                    then,
                    otherwise,
                }
            }
            ast::ExprKind::Index { base, index } => ExprKind::Lookup {
                base: self.expr(unit, *base, scope),
                key: self.expr(unit, *index, scope),
            },
            ast::ExprKind::Field {
                base,
                field,
                default,
            } => ExprKind::Field {
                base: self.expr(unit, *base, scope),
                name: field.text.clone(),
                name_span: field.span,
                default: default.map(|default| self.expr(unit, default, scope)),
            },
            ast::ExprKind::Not(inner) => {
                let inner = self.expr(unit, *inner, scope);
                self.operator_call("not", Box::new([inner]))
            }
            ast::ExprKind::Binary { op, lhs, rhs, .. } => {
                let lhs = self.expr(unit, *lhs, scope);
                let rhs = self.expr(unit, *rhs, scope);
                match (op, self.catalog.function("", "contains")) {
                    (BinaryOp::In, Some(function)) => ExprKind::Builtin {
                        function: function.clone(),
                        name: "in".into(),
                        args: Box::new([lhs, rhs]),
                    },
                    _ => self.operator_call(op.text(), Box::new([lhs, rhs])),
                }
            }
            ast::ExprKind::Except { main, fallback } => ExprKind::Except {
                main: self.expr(unit, *main, scope),
                fallback: self.expr(unit, *fallback, scope),
            },
        };
        self.push(kind, span)
    }

    /// What a variable's name means; reports it if nothing.
    fn variable(&mut self, scope: ScopeId, name: &EcoString, span: Span, code: Code) -> ExprKind {
        if let Err(reason) = interpolate::validate_var_name(name) {
            self.report(
                Diagnostic::error(
                    Code::BAD_VARIABLE_NAME,
                    Stage::Init,
                    format!("`${name}` can't be the name of a variable"),
                )
                .at(span, reason.to_string()),
            );
            self.use_badly(scope, name);
            return ExprKind::Error;
        }
        let found = self.look_up::<Vars>(scope, name);
        if let Some(found) = &found {
            let target = Target::of_var(&found.target);
            self.note_use(span, &found.steps, target);
        }
        match found {
            Some(Found {
                via,
                target: VarMeaning::Var(var),
                ..
            }) => {
                if let Var::Bind(bind) = var {
                    self.mention(Definition::Bind(bind), &via, span);
                } else if !via.is_empty() {
                    self.mention_instance(&via, span);
                }
                ExprKind::Var(Box::new(Ref {
                    via: via.into(),
                    target: var,
                }))
            }
            Some(Found {
                target: VarMeaning::Catalog(variable),
                ..
            }) => ExprKind::Const(variable.value.clone(), variable.ty.clone()),
            Some(Found {
                target: VarMeaning::Hostname,
                ..
            }) => ExprKind::Const(Value::str(self.hostname.as_str()), Type::Str),
            Some(Found {
                target: VarMeaning::Broken,
                ..
            }) => ExprKind::Error,
            None => {
                self.unknown_variable(scope, name, span, code);
                ExprKind::Error
            }
        }
    }

    /// What was meant by a use that can not be understood counts as used.
    fn use_badly(&mut self, scope: ScopeId, name: &str) {
        if let Some(Found {
            target: VarMeaning::Var(Var::Bind(bind)),
            ..
        }) = self.look_up::<Vars>(scope, name)
        {
            self.used_binds.insert(bind);
        }
    }

    fn operator_call(&mut self, op: &'static str, args: Box<[ExprId]>) -> ExprKind {
        let function = match self.operators.get(op) {
            Some(known) => known.clone(),
            None => {
                let function = operator::operator(op).map(Arc::new);
                self.operators.insert(op, function.clone());
                function
            }
        };
        match function {
            Some(function) => ExprKind::Builtin {
                function,
                name: op.into(),
                args,
            },
            None => ExprKind::Error,
        }
    }

    fn unknown_variable(&mut self, scope: ScopeId, name: &EcoString, span: Span, code: Code) {
        let mut diagnostic = Diagnostic::error(
            code,
            Stage::Scope,
            format!("the variable `${name}` does not exist in this scope"),
        )
        .at(span, self.not_defined(scope, name));
        if let Some(Found { target, .. }) = self.look_up::<Funcs>(scope, name) {
            if let FuncMeaning::User(func) = target {
                self.used_funcs.insert(func);
            }
            diagnostic = diagnostic.help(format!(
                "there is a function `{name}`; a function is called as `{name}(...)` and is no value: wrap it in a lambda to pass it on"
            ));
        } else if let Some(near) = self.suggest_var(scope, name) {
            diagnostic = diagnostic.help(format!("did you mean `${near}`?"));
            let fix = match self.loader.sources.text(span).chars().next() {
                Some('$') => Some(format!("${near}")),
                Some('"') | None => None,
                Some(_) => Some(near.to_string()),
            };
            if let Some(text) = fix {
                diagnostic = diagnostic.fix(format!("use `${near}`"), span, text);
            }
        } else if let Some((alias, rest)) = name.split_once('.')
            && !self.has_alias(scope, alias)
            && let Some(package) = self.packages_with(alias, rest, false)
        {
            diagnostic = diagnostic.help(format!("import its package: `import \"{package}\"`"));
        } else if let Some((base, field)) = name.split_once('.')
            && !self.has_alias(scope, base)
            && self.look_up::<Vars>(scope, base).is_some()
        {
            self.use_badly(scope, base);
            diagnostic = diagnostic.help(format!(
                "a dot leads into a module or an include; a field of a struct is written `${base}->{}`",
                field.replace('.', "->")
            ));
        }
        self.report(diagnostic);
    }

    fn call(&mut self, unit: &Unit, call: &ast::Call, span: Span, scope: ScopeId) -> ExprKind {
        let args = self.exprs(unit, &call.args.exprs, scope);
        match &call.callee {
            Callee::Lambda(lambda) => ExprKind::CallValue {
                callee: self.expr(unit, *lambda, scope),
                args,
            },
            Callee::Var(name) => {
                let name_span = Span::new(span.source, span.start, name.span.end);
                let kind = self.variable(scope, &name.text, name_span, Code::UNKNOWN_LAMBDA);
                let callee = self.push(kind, name_span);
                ExprKind::CallValue { callee, args }
            }
            Callee::Func(name) => self.named_call(&name.text, name.span, args, scope),
        }
    }

    fn named_call(
        &mut self,
        name: &EcoString,
        span: Span,
        args: Box<[ExprId]>,
        scope: ScopeId,
    ) -> ExprKind {
        let found = self.look_up::<Funcs>(scope, name);
        if let Some(found) = &found {
            let target = Target::of_func(&found.target);
            self.note_use(span, &found.steps, target);
        }
        match found {
            Some(Found {
                via,
                target: FuncMeaning::User(func),
                ..
            }) => {
                self.mention(Definition::Func(func), &via, span);
                ExprKind::CallFunc {
                    func: Box::new(Ref {
                        via: via.into(),
                        target: func,
                    }),
                    args,
                }
            }
            Some(Found {
                target: FuncMeaning::Catalog(function),
                ..
            }) => ExprKind::Builtin {
                function,
                name: name.clone(),
                args,
            },
            Some(Found {
                target: FuncMeaning::Broken,
                ..
            }) => ExprKind::Error,
            None => {
                self.unknown_function(scope, name, span);
                ExprKind::Error
            }
        }
    }

    fn unknown_function(&mut self, scope: ScopeId, name: &EcoString, span: Span) {
        let mut diagnostic = Diagnostic::error(
            Code::UNKNOWN_FUNCTION,
            Stage::Scope,
            format!("the function `{name}` does not exist in this scope"),
        )
        .at(span, self.not_defined(scope, name));
        let import = name.rsplit_once('.').and_then(|(alias, rest)| {
            let missing = !self.has_alias(scope, alias);
            missing
                .then(|| self.packages_with(alias, rest, true))
                .flatten()
        });
        if let Some(package) = import {
            let top = Span::new(span.source, 0, 0);
            diagnostic = diagnostic
                .help(format!("add `import \"{package}\"` to this file"))
                .fix(
                    format!("import `{package}`"),
                    top,
                    format!("import \"{package}\"\n"),
                );
        } else if self.look_up::<Vars>(scope, name).is_some() {
            self.use_badly(scope, name);
            diagnostic = diagnostic
                .help(format!("there is a variable of that name; a function in a variable is called as `${name}(...)`"))
                .fix("call the variable", Span::new(span.source, span.start, span.start), "$");
        } else if self.look_up::<Classes>(scope, name).is_some() {
            diagnostic = diagnostic.help(format!(
                "there is a class of that name, which gives resources and no value: `include {name}`"
            ));
        } else if let Some((alias, rest)) = self.written_in_full(scope, name) {
            diagnostic = diagnostic
                .help(format!(
                    "it was imported as `{alias}`: write `{alias}.{rest}`"
                ))
                .fix(format!("use `{alias}`"), span, format!("{alias}.{rest}"));
        } else if let Some(near) = self.suggest_func(scope, name) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("use `{near}`"),
                span,
                near.as_str(),
            );
        }
        self.report(diagnostic);
    }

    /// The alias and the name of something that is written with the whole name of its package:
    /// `golang.strings.to_upper`.
    fn written_in_full(&mut self, scope: ScopeId, name: &str) -> Option<(EcoString, EcoString)> {
        let (package, rest) = name.rsplit_once('.')?;
        let (_, alias) = package.rsplit_once('.')?;
        self.catalog.function(&package.replace('.', "/"), rest)?;
        let short = ecow::eco_format!("{alias}.{rest}");
        self.look_up::<Funcs>(scope, &short)?;
        Some((alias.into(), rest.into()))
    }

    pub(super) fn lambda(
        &mut self,
        unit: &Unit,
        lambda: &ast::Lambda,
        span: Span,
        scope: ScopeId,
    ) -> LambdaId {
        let body_scope = self.new_scope(Some(scope), span);
        let params = self.declare_params(&lambda.params, body_scope, |_| ParamRole::Function);
        let result = lambda.result.as_ref().map(|ty| (types::lower(ty), ty.span));
        let body = self.expr(unit, lambda.body.expr, body_scope);
        let id = LambdaId(self.hir.lambdas.len() as u32);
        self.hir.lambdas.push(Lambda {
            scope: body_scope,
            params,
            result,
            body,
            span,
        });
        id
    }

    /// A string literal: escapes and variables (language.md §3).
    fn string(&mut self, raw: &EcoString, span: Span, scope: ScopeId) -> ExprId {
        // Most strings have neither.
        if !raw.contains(['$', '\\']) {
            let text = ExprKind::Const(Value::str(raw.as_str()), Type::Str);
            return self.push(text, span);
        }
        let pieces = match interpolate::pieces(raw) {
            Ok(pieces) => pieces,
            Err(error) => {
                self.report(interpolation_diagnostic(&error, raw, span));
                for name in raw.split(|c: char| !matches!(c, 'a'..='z' | '0'..='9' | '_' | '.')) {
                    self.use_badly(scope, name);
                }
                return self.push(ExprKind::Error, span);
            }
        };
        self.warn_of_literal_dollars(raw, span, scope);
        let mut parts = Vec::with_capacity(pieces.len());
        for piece in &pieces {
            let (kind, place) = match piece {
                Piece::Text(text) => (ExprKind::Const(Value::str(text.as_str()), Type::Str), span),
                Piece::Var { name, range } => {
                    // What a string on several lines mentions counts as standing where it starts.
                    let first_line = !raw[..range.start].contains('\n');
                    let place = if first_line {
                        inside(raw, span, range.start, range.end)
                    } else {
                        span
                    };
                    if !first_line {
                        self.note_place(inside(raw, span, range.start, range.end));
                    }
                    (
                        self.variable(scope, name, place, Code::UNKNOWN_VARIABLE),
                        place,
                    )
                }
            };
            parts.push(self.push(kind, place));
        }
        let kind = match (parts.as_slice(), pieces.first()) {
            ([], _) => ExprKind::Const(Value::str(""), Type::Str),
            ([text], Some(Piece::Text(_))) => return *text,
            ([var], _) => ExprKind::StrVar(*var),
            _ => ExprKind::Interpolated(parts.into()),
        };
        self.push(kind, span)
    }
}

fn interpolation_diagnostic(error: &InterpolationError, raw: &str, span: Span) -> Diagnostic {
    let new = |code, message: String| Diagnostic::error(code, Stage::Interpolate, message);
    let (diagnostic, label) = match &error.kind {
        InterpolationErrorKind::UnknownEscape('\n') => (
            new(
                Code::UNKNOWN_ESCAPE,
                "a backslash at the end of a line is no escape".to_owned(),
            )
            .help("the line break is part of the string anyway; write `\\\\` for a backslash"),
            "not an escape".to_owned(),
        ),
        kind @ (InterpolationErrorKind::UnknownEscape(_)
        | InterpolationErrorKind::TrailingBackslash) => (
            new(Code::UNKNOWN_ESCAPE, kind.to_string())
                .help("the escapes are \\a \\b \\f \\n \\r \\t \\v \\\\ \\\" \\$; write `\\\\` for a backslash"),
            "not an escape".to_owned(),
        ),
        InterpolationErrorKind::Name(reason) => {
            let name = &raw[error.range.clone()];
            (
                new(
                    Code::BAD_VARIABLE_NAME,
                    format!("`${name}` can't be the name of a variable"),
                ),
                reason.to_string(),
            )
        }
        InterpolationErrorKind::UnclosedVariable => (
            new(
                Code::BAD_INTERPOLATION,
                "the `${` in this string is never closed".to_owned(),
            )
            .help("add a `}` after the name, or write `\\${` for the text itself"),
            "no `}` follows".to_owned(),
        ),
        InterpolationErrorKind::NotAVariable(_) => (
            new(
                Code::BAD_INTERPOLATION,
                "`${` must be followed by the name of a variable and `}`".to_owned(),
            )
            .help("only names can stand there: bind the expression to a variable first, or write `\\${` for the text itself"),
            "not the name of a variable".to_owned(),
        ),
    };
    let place = inside(
        raw,
        span,
        error.range.start,
        error.range.end.max(error.range.start + 1),
    );
    if raw[..error.range.start.min(raw.len())].contains('\n') {
        // The place of an error in a string is the line that the string starts on.
        diagnostic
            .at(
                Span::new(span.source, span.start, span.start + 1),
                "in this string",
            )
            .label(place, label)
    } else {
        diagnostic.at(place, label)
    }
}

/// The place of a part of a string literal's raw text. The literal's first byte is its quote.
fn inside(raw: &str, span: Span, start: usize, end: usize) -> Span {
    let first = span.start + 1;
    Span::new(
        span.source,
        first + start as u32,
        first + end.min(raw.len() + 1) as u32,
    )
}
