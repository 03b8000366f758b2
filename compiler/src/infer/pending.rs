//! Constraints that wait until their subject is known.

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::Bound;
use rustc_hash::FxHashMap;

use super::Infer;
use super::story::with_article;
use super::table::{Mismatch, Table, Ty, TyId};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::resolve::closest;

/// The position of a waiting constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting(usize);

/// Something that must hold of types that are not known yet.
#[derive(Clone, Debug)]
pub struct Constraint {
    pub what: What,
    /// The expression to blame.
    pub span: Span,
    /// The call of a function statement that this is part of.
    pub call: Option<Span>,
}

/// What must hold.
#[derive(Clone, Debug)]
pub enum What {
    /// `subject` may be what a function takes.
    Bound {
        subject: TyId,
        bound: Bound,
        function: EcoString,
    },
    /// `subject` can be the key of a map.
    Hashable { subject: TyId },
    /// `base[key]` is a `result`.
    Lookup {
        base: TyId,
        key: TyId,
        result: TyId,
        base_span: Span,
        key_span: Span,
    },
    /// `base->name`, or `base->name <|> default` if it has one, is a `result`.
    Field {
        base: TyId,
        name: EcoString,
        name_span: Span,
        result: TyId,
        has_default: bool,
    },
}

impl Constraint {
    /// All types that it speaks of, its subject first.
    pub fn types(&self) -> Vec<TyId> {
        match &self.what {
            What::Bound { subject, .. } | What::Hashable { subject } => vec![*subject],
            What::Lookup {
                base, key, result, ..
            } => vec![*base, *key, *result],
            What::Field { base, result, .. } => {
                vec![*base, *result]
            }
        }
    }

    /// A copy for a call of the generalised function that it belongs to.
    pub fn instantiate(
        &self,
        table: &mut Table,
        fresh: &FxHashMap<TyId, TyId>,
        call: Span,
    ) -> Self {
        let mut copy = self.clone();
        copy.call = Some(call);
        let mut each = |ty: &mut TyId| *ty = table.instantiate(*ty, fresh);
        match &mut copy.what {
            What::Bound { subject, .. } | What::Hashable { subject } => each(subject),
            What::Lookup {
                base, key, result, ..
            } => {
                each(base);
                each(key);
                each(result);
            }
            What::Field { base, result, .. } => {
                each(base);
                each(result);
            }
        }
        copy
    }
}

impl Infer<'_> {
    /// Solves a constraint now, or when its subject becomes known.
    pub(super) fn constrain(&mut self, constraint: Constraint) {
        if let Some(wait) = self.solve(&constraint) {
            let waiting = Waiting(self.constraints.len());
            self.constraints.push(Some(constraint));
            self.waiting.entry(wait).or_default().push(waiting);
        }
    }

    /// Solves what has become solvable.
    pub(super) fn settle(&mut self) {
        loop {
            while let Some(bound) = self.table.bound.pop() {
                if let Some(waiting) = self.waiting.remove(&bound) {
                    self.ready.extend(waiting);
                }
            }
            let Some(waiting) = self.ready.pop() else {
                return;
            };
            let Some(constraint) = self.constraints[waiting.0].take() else {
                continue;
            };
            if let Some(wait) = self.solve(&constraint) {
                self.constraints[waiting.0] = Some(constraint);
                self.waiting.entry(wait).or_default().push(waiting);
            }
        }
    }

    /// Solves what can be decided although it is not fully known: a lookup by something that is no
    /// index must be one in a map (typing-and-evaluation.md §3.7.4).
    pub(super) fn settle_by_default(&mut self) {
        self.settle();
        for i in 0..self.constraints.len() {
            let Some(Constraint {
                what: What::Lookup {
                    base, key, result, ..
                },
                span,
                ..
            }) = self.constraints[i].clone()
            else {
                continue;
            };
            let key_ty = self.table.get(key);
            if self.table.is_unknown(base)
                && !matches!(key_ty, Ty::Unknown(_) | Ty::Int | Ty::Error)
            {
                self.table.place = span;
                let map = self.table.add(Ty::Map(key, result));
                // Both sides are free to become a map.
                let _ = self.table.unify(base, map);
                self.settle();
            }
        }
    }

    /// Solves a constraint, or gives the unknown type that it waits for.
    fn solve(&mut self, constraint: &Constraint) -> Option<TyId> {
        self.table.place = constraint.span;
        match &constraint.what {
            What::Bound {
                subject,
                bound,
                function,
            } => self.solve_bound(constraint, *subject, bound, function),
            What::Hashable { subject } => self.solve_hashable(constraint, *subject),
            What::Lookup {
                base,
                key,
                result,
                base_span,
                key_span,
            } => match self.table.get(*base) {
                Ty::Unknown(_) => Some(self.table.find(*base)),
                Ty::Error => None,
                Ty::List(element) => {
                    self.lookup_key(
                        constraint,
                        Table::INT,
                        *key,
                        *key_span,
                        "a list is indexed by an int",
                    );
                    self.lookup_result(constraint, element, *result);
                    None
                }
                Ty::Map(want, value) => {
                    self.lookup_key(
                        constraint,
                        want,
                        *key,
                        *key_span,
                        "the key must have the type of the map's keys",
                    );
                    self.lookup_result(constraint, value, *result);
                    None
                }
                other => {
                    let diagnostic = Diagnostic::error(
                        Code::LOOKUP_BASE,
                        Stage::Unify,
                        format!("can't look something up in {}", with_article(other.kind())),
                    );
                    let diagnostic = match other {
                        Ty::Struct(_) => {
                            diagnostic.help("the field of a struct is written `->name`")
                        }
                        Ty::Str => diagnostic.help("part of a string: `strings.substr($s, 0, 1)`"),
                        _ => diagnostic,
                    };
                    let ty = self.show(*base);
                    self.refuse_at(
                        constraint,
                        *base_span,
                        format!("this is {}", with_article(&ty)),
                        diagnostic,
                    );
                    None
                }
            },
            What::Field {
                base,
                name,
                name_span,
                result,
                has_default,
            } => match self.table.get(*base) {
                Ty::Unknown(_) => Some(self.table.find(*base)),
                Ty::Error => None,
                Ty::Struct(fields) => {
                    self.note_read(name, *name_span, *base);
                    match fields.iter().find(|(have, _)| have == name) {
                        Some((_, ty)) => {
                            self.field_result(constraint, name, *name_span, *ty, *result)
                        }
                        None if *has_default => {}
                        None => self.no_such_field(constraint, name, *name_span, *base, &fields),
                    }
                    None
                }
                other => {
                    self.not_a_struct(constraint, name, *name_span, &other);
                    None
                }
            },
        }
    }

    fn solve_hashable(&mut self, constraint: &Constraint, subject: TyId) -> Option<TyId> {
        let Some(kind) = self.unhashable(subject) else {
            return self.table.unknowns(subject).first().map(|(var, _)| *var);
        };
        let ty = self.show(subject);
        let diagnostic = Diagnostic::error(
            Code::UNHASHABLE_KEY,
            Stage::Unify,
            format!("{} can't be the key of a map", with_article(&ty)),
        )
        .help(format!(
            "a key can't be or contain a {kind}: keys can be bool, str, int, float, and structs of those"
        ));
        let label = format!("its keys are of the type {ty}");
        self.refuse_at(constraint, constraint.span, label, diagnostic);
        None
    }

    fn solve_bound(
        &mut self,
        constraint: &Constraint,
        subject: TyId,
        bound: &Bound,
        function: &EcoString,
    ) -> Option<TyId> {
        let is_operator = crate::resolve::is_operator(function);
        match bound {
            Bound::Kinds(kinds) => match self.table.get(subject) {
                Ty::Unknown(_) => Some(self.table.find(subject)),
                Ty::Error => None,
                ty if kinds.contains(&ty.kind()) => None,
                _ => {
                    let ty = self.show(subject);
                    let (code, message) = if is_operator {
                        (
                            Code::UNSUPPORTED_OPERAND,
                            format!("`{function}` does not work on {}", with_article(&ty)),
                        )
                    } else {
                        (
                            Code::BOUND_NOT_SATISFIED,
                            format!("`{function}` does not take {}", with_article(&ty)),
                        )
                    };
                    let mut diagnostic = Diagnostic::error(code, Stage::Unify, message)
                        .help(format!("`{function}` takes {}", alternatives(kinds)));
                    if function == "+" && ty.starts_with("[]") {
                        diagnostic = diagnostic
                            .help("lists are joined with `list.concat` from the package `list`");
                    }
                    let label = format!("used on {} here", with_article(&ty));
                    self.refuse_at(constraint, constraint.span, label, diagnostic);
                    None
                }
            },
            Bound::NoFunc => {
                let mut stack = vec![subject];
                while let Some(next) = stack.pop() {
                    match self.table.get(next) {
                        Ty::Func(..) => {
                            let text = format!("`{function}` can't compare functions");
                            let label =
                                format!("this compares {}", with_article(&self.show(subject)));
                            self.refuse_at(
                                constraint,
                                constraint.span,
                                label,
                                Diagnostic::error(Code::UNSUPPORTED_OPERAND, Stage::Unify, text),
                            );
                            return None;
                        }
                        Ty::List(element) => stack.push(element),
                        Ty::Map(key, value) => stack.extend([key, value]),
                        Ty::Struct(fields) => stack.extend(fields.iter().map(|field| field.1)),
                        _ => {}
                    }
                }
                self.table.unknowns(subject).first().map(|(var, _)| *var)
            }
            Bound::Hashable => {
                if self.unhashable(subject).is_some() {
                    let ty = self.show(subject);
                    let text = format!(
                        "`{function}` needs something that can be the key of a map, not a {ty}"
                    );
                    self.refuse(
                        constraint,
                        Diagnostic::error(Code::UNHASHABLE_KEY, Stage::Unify, text),
                    );
                    return None;
                }
                self.table.unknowns(subject).first().map(|(var, _)| *var)
            }
        }
    }

    /// The kind of the part that keeps a type from being a key.
    fn unhashable(&mut self, subject: TyId) -> Option<&'static str> {
        let mut stack = vec![subject];
        while let Some(next) = stack.pop() {
            match self.table.get(next) {
                ty @ (Ty::List(_) | Ty::Map(..) | Ty::Func(..) | Ty::Variant) => {
                    return Some(ty.kind());
                }
                Ty::Struct(fields) => stack.extend(fields.iter().map(|field| field.1)),
                _ => {}
            }
        }
        None
    }

    fn lookup_key(
        &mut self,
        constraint: &Constraint,
        want: TyId,
        key: TyId,
        key_span: Span,
        rule: &str,
    ) {
        if self.table.unify(want, key).is_err() {
            let (want, have) = (self.show(want), self.show(key));
            let diagnostic = Diagnostic::error(
                Code::TYPE_MISMATCH,
                Stage::Unify,
                format!(
                    "expected {} in the brackets, found {}",
                    with_article(&want),
                    with_article(&have)
                ),
            )
            .help(rule.to_owned());
            self.refuse_at(
                constraint,
                key_span,
                format!("this is {}", with_article(&have)),
                diagnostic,
            );
        }
    }

    fn lookup_result(&mut self, constraint: &Constraint, have: TyId, want: TyId) {
        if self.table.unify(have, want).is_err() {
            let (have, want) = (self.show(have), self.show(want));
            let text = format!(
                "this looks up {}, but {} is needed",
                with_article(&have),
                with_article(&want)
            );
            self.refuse(
                constraint,
                Diagnostic::error(Code::TYPE_MISMATCH, Stage::Unify, text),
            );
        }
    }

    fn field_result(
        &mut self,
        constraint: &Constraint,
        name: &EcoString,
        name_span: Span,
        have: TyId,
        want: TyId,
    ) {
        match self.table.unify(have, want) {
            Ok(()) => {}
            Err(Mismatch::Infinite) => self.refuse(constraint, infinite()),
            Err(_) => {
                let (have, want) = (self.show(have), self.show(want));
                let text = format!(
                    "the field `{name}` is {}, but {} is needed",
                    with_article(&have),
                    with_article(&want)
                );
                let diagnostic = Diagnostic::error(Code::TYPE_MISMATCH, Stage::Unify, text);
                self.refuse_at(
                    constraint,
                    name_span,
                    format!("this is {}", with_article(&have)),
                    diagnostic,
                );
            }
        }
    }

    fn no_such_field(
        &mut self,
        constraint: &Constraint,
        name: &EcoString,
        name_span: Span,
        base: TyId,
        fields: &[(EcoString, TyId)],
    ) {
        let mut diagnostic = Diagnostic::error(
            Code::UNKNOWN_STRUCT_FIELD,
            Stage::Unify,
            format!("the struct has no field `{name}`"),
        );
        if let Some(near) = closest(name, fields.iter().map(|(name, _)| name.as_str())) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("use `{near}`"),
                name_span,
                near,
            );
        } else {
            let ty = self.show(base);
            diagnostic = diagnostic.help(format!(
                "it is a `{ty}`; for a field that may be missing write `->{name} <|> default`"
            ));
        }
        self.refuse_at(
            constraint,
            name_span,
            "no such field".to_owned(),
            diagnostic,
        );
    }

    fn not_a_struct(
        &mut self,
        constraint: &Constraint,
        name: &EcoString,
        name_span: Span,
        ty: &Ty,
    ) {
        let mut diagnostic = Diagnostic::error(
            Code::UNKNOWN_STRUCT_FIELD,
            Stage::Unify,
            format!(
                "{} has no fields, so there is no `{name}`",
                with_article(ty.kind())
            ),
        );
        if let Ty::Map(..) = ty {
            diagnostic = diagnostic.help(format!(
                "look a key up in a map with brackets: `[\"{name}\"]`"
            ));
        }
        self.refuse_at(
            constraint,
            name_span,
            "only a struct has fields".to_owned(),
            diagnostic,
        );
    }

    fn refuse(&mut self, constraint: &Constraint, diagnostic: Diagnostic) {
        self.refuse_at(constraint, constraint.span, String::new(), diagnostic);
    }

    fn refuse_at(
        &mut self,
        constraint: &Constraint,
        better: Span,
        text: String,
        diagnostic: Diagnostic,
    ) {
        let mut diagnostic = diagnostic.at(self.anchor(constraint.span, better), text);
        if let Some(call) = constraint.call {
            diagnostic = diagnostic.label(call, "because of this call");
        }
        self.diagnostics.push(diagnostic);
    }
}

pub(super) fn infinite() -> Diagnostic {
    Diagnostic::error(
        Code::INFINITE_TYPE,
        Stage::Unify,
        "this would need a type that contains itself",
    )
    .help("a function can't be given itself, and a list can't be one of its own elements")
}

fn alternatives(kinds: &[&str]) -> String {
    match kinds {
        [one] => with_article(one),
        [first @ .., last] => format!("{} or {last}", with_article(&first.join(", "))),
        [] => "nothing".to_owned(),
    }
}
