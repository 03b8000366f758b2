//! The types of calls.

use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{FunctionDef, Implementation, Inference};

use super::fields::looks_into;
use super::pending::{Constraint, What};
use super::story::Why;
use super::table::{Table, Ty, TyId, Vars};
use super::{Export, Infer};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::{ExprId, ExprKind, FuncId, LambdaId, Ref, Var};

impl Infer<'_> {
    /// A call of a function of the library.
    pub(super) fn builtin(
        &mut self,
        id: ExprId,
        function: &Arc<FunctionDef>,
        name: &EcoString,
        args: &[ExprId],
    ) -> TyId {
        let given: Vec<TyId> = args.iter().map(|arg| self.expr(*arg)).collect();
        if function.inference == Inference::Printf {
            self.note_inspected(self.hir[id].span, &given);
            return self.printf(id, name, args, &given);
        }
        let node = self.hir[id].span;
        let Some(signature) = function.signature(args.len()) else {
            self.wrong_count(function, name, args, node);
            return Table::ERROR;
        };
        let mut vars = Vars::new();
        let level = self.level;
        let result = self.table.import(&signature.ty.result, &mut vars, level);
        let is_operator = function.package.is_empty() && crate::resolve::is_operator(function.name);
        let mut fits = true;
        for (i, arg) in args.iter().enumerate() {
            let Some((arg_name, ty)) = signature.arg(i) else {
                break;
            };
            let expected = self.table.import(ty, &mut vars, level);
            let why = if is_operator {
                // The second operand of one type variable must be like the first.
                let other =
                    (i == 1 && matches!(ty, mgmt_stdlib::types::Type::Var(_))).then(|| args[0]);
                Why::Operand {
                    op: name.clone(),
                    other,
                    node,
                }
            } else {
                Why::Arg {
                    function: name.clone(),
                    index: i,
                    name: arg_name.clone(),
                    node,
                }
            };
            fits &= self.expect(expected, given[i], *arg, why);
        }
        if self.structs.is_some() && looks_into(function, signature) {
            self.note_inspected(node, &given);
            self.note_inspected(node, &[result]);
        }
        if !fits {
            // What follows from a wrong call is not worth telling.
            return Table::ERROR;
        }
        if function.inference == Inference::TypeText {
            self.type_text(name, args, result);
        }
        for (var, bound) in &signature.bounds {
            if let Some((_, subject)) = vars.iter().find(|(known, _)| known == var) {
                let what = What::Bound {
                    subject: *subject,
                    bound: bound.clone(),
                    function: name.clone(),
                };
                self.constrain(Constraint {
                    what,
                    span: node,
                    call: None,
                });
            }
        }
        self.must_be_known(result, node, "call");
        let asks = match function.implementation {
            Implementation::Typed(_) => true,
            Implementation::Sampled(_) => signature.ty.result.has_var(),
            _ => false,
        };
        if asks {
            let args = given.iter().map(|ty| (EcoString::new(), *ty)).collect();
            let ty = self.table.add(Ty::Func(args, result));
            self.exports
                .push(Export::Call(self.instance, id, ty, self.function));
        }
        result
    }

    fn wrong_count(
        &mut self,
        function: &FunctionDef,
        name: &EcoString,
        args: &[ExprId],
        node: Span,
    ) {
        let counts: Vec<usize> = function
            .signatures
            .iter()
            .map(|signature| signature.ty.args.len())
            .collect();
        let most = counts.iter().copied().max().unwrap_or(0);
        let code = if args.len() > most {
            Code::TOO_MANY_ARGUMENTS
        } else {
            Code::ARGUMENT_COUNT
        };
        let takes = match counts.as_slice() {
            [0] => "no arguments".to_owned(),
            [1] => "1 argument".to_owned(),
            [n] => format!("{n} arguments"),
            many => {
                let many: Vec<String> = many.iter().map(usize::to_string).collect();
                format!("{} arguments", many.join(" or "))
            }
        };
        let signature = function
            .signatures
            .first()
            .map(|signature| signature.ty.to_string())
            .unwrap_or_default();
        let mut diagnostic = Diagnostic::error(
            code,
            Stage::Unify,
            format!("`{name}` takes {takes}, but got {}", args.len()),
        )
        .at(self.anchor(node, node), "called here")
        .help(format!("it is `{name}{signature}`"));
        if let Some(extra) = args.get(most) {
            diagnostic = diagnostic.label(self.hir[*extra].span, "one too many");
        }
        self.diagnostics.push(diagnostic);
    }

    /// A call of a function statement: the scheme, instantiated.
    pub(super) fn call_func(&mut self, id: ExprId, func: &Ref<FuncId>, args: &[ExprId]) -> TyId {
        let node = self.hir[id].span;
        let given: Vec<TyId> = args.iter().map(|arg| self.expr(*arg)).collect();
        let (from, target) = self.reference(func);
        let Some(scheme) = self.scheme(target, from) else {
            return Table::ERROR;
        };
        let (ty, type_args) = self.instantiate(&scheme, node);
        self.note_choices(node, &type_args);
        if !type_args.is_empty() {
            self.exports.push(Export::TypeArgs(
                self.instance,
                id,
                type_args,
                self.function,
            ));
        }
        let Ty::Func(params, result) = self.table.get(ty) else {
            return Table::ERROR;
        };
        let name = self.hir[target].name.clone();
        if params.len() != args.len() {
            let text = format!(
                "the function `{name}` takes {}, but got {}",
                arguments(params.len()),
                args.len()
            );
            let place = self.hir[target].span;
            self.diagnostics.push(
                Diagnostic::error(Code::ARGUMENT_COUNT, Stage::Unify, text)
                    .at(self.anchor(node, node), "called here")
                    .label(place, "the function is defined here"),
            );
            return result;
        }
        let hir = self.hir;
        let declared = &hir[hir[target].lambda].params;
        let fits = self.expect_args(&params, &given, args, Some(&name), |i| {
            (hir[declared[i]].span, node)
        });
        if !fits {
            // What it would give is of no use any more.
            return Table::ERROR;
        }
        self.must_be_known(result, node, "call");
        result
    }

    /// A call of a function value. What does not fit counts against the value's definition.
    pub(super) fn call_value(&mut self, id: ExprId, callee: ExprId, args: &[ExprId]) -> TyId {
        let call = self.hir[id].span;
        let given: Vec<TyId> = args.iter().map(|arg| self.expr(*arg)).collect();
        let ty = self.expr(callee);
        let definition = self.definition(callee);
        let node = definition.map_or(call, |lambda| self.hir[lambda].span);
        match self.table.get(ty) {
            Ty::Error => Table::ERROR,
            Ty::Func(params, result) => {
                if params.len() != args.len() {
                    let text = format!(
                        "this function takes {}, but is called with {}",
                        arguments(params.len()),
                        args.len()
                    );
                    let blamed = if definition.is_some() {
                        node
                    } else {
                        self.blame(callee)
                    };
                    self.diagnostics.push(
                        Diagnostic::error(Code::ARGUMENT_COUNT, Stage::Unify, text)
                            .at(self.anchor(blamed, blamed), "this function")
                            .label(call, "called here"),
                    );
                    return result;
                }
                let blamed = self.blame(callee);
                let hir = self.hir;
                let fits = self.expect_args(&params, &given, args, None, |i| {
                    // An annotation may promise more parameters than the lambda has.
                    let declared = definition.and_then(|lambda| hir[lambda].params.get(i));
                    let param = declared.map_or(blamed, |param| hir[*param].span);
                    (param, if definition.is_some() { node } else { param })
                });
                if !fits {
                    // What it would give is of no use any more.
                    return Table::ERROR;
                }
                self.must_be_known(result, call, "call");
                result
            }
            Ty::Unknown(_) => {
                let result = self.table.unknown(self.level);
                let args = given.iter().map(|ty| (EcoString::new(), *ty)).collect();
                let func = self.table.add(Ty::Func(args, result));
                self.table.place = call;
                if self.table.unify(ty, func).is_err() {
                    let blamed = self.blame(callee);
                    self.diagnostics.push(
                        super::pending::infinite()
                            .at(self.anchor(blamed, blamed), "")
                            .label(call, "called here"),
                    );
                    return Table::ERROR;
                }
                self.settle();
                self.must_be_known(result, call, "call");
                result
            }
            other => {
                let blamed = self.blame(callee);
                let shown = self.show(ty);
                let text = format!(
                    "{} can't be called",
                    super::story::with_article(other.kind())
                );
                self.diagnostics.push(
                    Diagnostic::error(Code::NOT_A_FUNCTION, Stage::Unify, text)
                        .at(
                            self.anchor(blamed, blamed),
                            format!("this is {}", super::story::with_article(&shown)),
                        )
                        .label(call, "called here"),
                );
                Table::ERROR
            }
        }
    }

    /// Whether the arguments of a call have the types of the parameters. `function` is the name of a statement;
    /// `places` gives where a parameter is declared and what a wrong argument counts against.
    fn expect_args(
        &mut self,
        params: &[(EcoString, TyId)],
        given: &[TyId],
        args: &[ExprId],
        function: Option<&EcoString>,
        places: impl Fn(usize) -> (Span, Span),
    ) -> bool {
        let mut fits = true;
        for (i, arg) in args.iter().enumerate() {
            let (param, node) = places(i);
            let why = Why::FuncArg {
                function: function.cloned(),
                param,
                node,
            };
            fits &= self.expect(params[i].1, given[i], *arg, why);
        }
        fits
    }

    /// The expression that a callee is, or that its variable is bound to; a parameter of a class is bound to
    /// the argument of the include.
    fn stands_for(&mut self, callee: ExprId) -> ExprId {
        let ExprKind::Var(var) = &self.hir[callee].kind else {
            return callee;
        };
        match self.reference(var) {
            (_, Var::Bind(bind)) => self.hir[bind].value,
            (from, Var::Param(param)) => self
                .class_argument(param, from)
                .map_or(callee, |(_, arg)| arg),
        }
    }

    /// The lambda that a callee stands for.
    fn definition(&mut self, callee: ExprId) -> Option<LambdaId> {
        match &self.hir[self.stands_for(callee)].kind {
            ExprKind::Lambda(lambda) => Some(*lambda),
            _ => None,
        }
    }

    /// The place that a wrong call of a value counts against: what the variable is bound to, or the
    /// parameter's declaration.
    fn blame(&mut self, callee: ExprId) -> Span {
        let stands_for = self.stands_for(callee);
        match &self.hir[callee].kind {
            ExprKind::Var(var) if stands_for == callee => match var.target {
                Var::Param(param) => self.hir[param].span,
                Var::Bind(_) => self.hir[callee].span,
            },
            _ => self.hir[stands_for].span,
        }
    }
}

fn arguments(n: usize) -> String {
    match n {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        n => format!("{n} arguments"),
    }
}
