//! What an editor wants to know of names: where each scope reaches, what each use means. It is noted only
//! if it was asked for.

use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::ast;
use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::catalog::{FunctionDef, VariableDef};
use rustc_hash::FxHashMap;

use super::lookup::{ClassMeaning, FuncMeaning, VarMeaning};
use super::names::{Alias, Module, NameScope};
use super::{ModuleState, Resolver};
use crate::hir::{ClassId, ExprId, FuncId, ScopeId, Var};
use crate::load::Unit;

/// What resolving learned besides the program.
#[derive(Debug, Default)]
pub struct Facts {
    /// All uses of names, by place. A dotted name has one use for each of its aliases, and one for the rest.
    pub uses: Vec<Use>,
    /// Where each scope reaches, in the order of their ids.
    pub reach: Vec<Span>,
    /// The names that each scope defines, in the order of their ids.
    pub names: Vec<NameScope>,
    /// The imports and the includes with an alias.
    pub aliases: Vec<AliasDef>,
    /// The outermost scope of each file.
    pub files: FxHashMap<SourceId, ScopeId>,
    /// The resolved expression of each written one, by file; [`Facts::expr`] looks it up.
    exprs: Vec<Vec<Option<ExprId>>>,
    /// The place that the next use stands at, if it is reported somewhere else.
    place: Option<Span>,
    by_name: FxHashMap<(ScopeId, EcoString), usize>,
}

/// The use of a name.
#[derive(Clone, Debug)]
pub struct Use {
    /// The name, without `$` where that is the whole of a dotted name's last part.
    pub span: Span,
    /// What it means.
    pub target: Target,
}

/// What a name means.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Target {
    Var(Var),
    Func(FuncId),
    Class(ClassId),
    /// The position in [`Facts::aliases`].
    Alias(usize),
    LibraryVar(Arc<VariableDef>),
    LibraryFunc(Arc<FunctionDef>),
    Hostname,
    /// A name of a module that could not be had.
    Unknown,
}

/// An import, or an include with an alias.
#[derive(Clone, Debug)]
pub struct AliasDef {
    /// The name that it defines; nothing for `as *`.
    pub name: Option<EcoString>,
    /// Where that name is written out.
    pub name_span: Option<Span>,
    /// The string of an import.
    pub path_span: Option<Span>,
    /// The whole statement.
    pub span: Span,
    /// Where it stands.
    pub scope: ScopeId,
    /// What is behind it.
    pub alias: Alias,
}

impl Facts {
    /// The resolved expression of a written one.
    pub fn expr(&self, source: SourceId, id: ast::ExprId) -> Option<ExprId> {
        *self.exprs.get(source.0 as usize)?.get(id.index())?
    }

    /// The names that a scope defines.
    pub fn scope(&self, scope: ScopeId) -> Option<&NameScope> {
        self.names.get(scope.0 as usize)
    }

    /// The innermost scope at a place.
    pub fn scope_at(&self, source: SourceId, offset: u32) -> Option<ScopeId> {
        let inner = self
            .reach
            .iter()
            .enumerate()
            .filter(|(_, reach)| reach.source == source && reach.touches(offset))
            .min_by_key(|(i, reach)| (reach.len(), std::cmp::Reverse(*i)))
            .map(|(i, _)| ScopeId(i as u32));
        inner.or_else(|| self.files.get(&source).copied())
    }

    /// The uses in one file, by place.
    pub fn uses_in(&self, source: SourceId) -> &[Use] {
        let of = |one: &Use| one.span.source;
        let start = self.uses.partition_point(|one| of(one) < source);
        let end = self.uses.partition_point(|one| of(one) <= source);
        &self.uses[start..end]
    }

    /// The use at a place.
    pub fn use_at(&self, source: SourceId, offset: u32) -> Option<&Use> {
        let uses = self.uses_in(source);
        let end = uses.partition_point(|one| one.span.start <= offset);
        uses[..end]
            .iter()
            .rev()
            .take(2)
            .find(|one| one.span.touches(offset))
    }
}

impl Target {
    pub(super) fn of_var(meaning: &VarMeaning) -> Self {
        match meaning {
            VarMeaning::Var(var) => Self::Var(*var),
            VarMeaning::Catalog(variable) => Self::LibraryVar(variable.clone()),
            VarMeaning::Hostname => Self::Hostname,
            VarMeaning::Broken => Self::Unknown,
        }
    }

    pub(super) fn of_func(meaning: &FuncMeaning) -> Self {
        match meaning {
            FuncMeaning::User(func) => Self::Func(*func),
            FuncMeaning::Catalog(function) => Self::LibraryFunc(function.clone()),
            FuncMeaning::Broken => Self::Unknown,
        }
    }

    pub(super) fn of_class(meaning: &ClassMeaning) -> Self {
        match meaning {
            ClassMeaning::Class(class) => Self::Class(*class),
            ClassMeaning::Broken => Self::Unknown,
        }
    }
}

impl Resolver<'_, '_> {
    /// Notes how far a scope reaches. Scopes are noted in the order of their ids.
    pub(super) fn note_scope(&mut self, _: ScopeId, reach: Span) {
        if let Some(facts) = &mut self.facts {
            facts.reach.push(reach);
        }
    }

    pub(super) fn note_expr(&mut self, unit: &Unit, written: ast::ExprId, resolved: ExprId) {
        let Some(facts) = &mut self.facts else {
            return;
        };
        let source = unit.ast.source.0 as usize;
        if facts.exprs.len() <= source {
            facts.exprs.resize_with(source + 1, Vec::new);
        }
        let exprs = &mut facts.exprs[source];
        if exprs.is_empty() {
            exprs.resize(unit.ast.exprs.len(), None);
        }
        if let Some(entry) = exprs.get_mut(written.index()) {
            *entry = Some(resolved);
        }
    }

    pub(super) fn note_place(&mut self, place: Span) {
        if let Some(facts) = &mut self.facts {
            facts.place = Some(place);
        }
    }

    pub(super) fn note_import(
        &mut self,
        scope: ScopeId,
        name: Option<&EcoString>,
        name_span: Option<Span>,
        path_span: Span,
        span: Span,
        module: &Module,
    ) {
        let Some(facts) = &mut self.facts else {
            return;
        };
        if let Some(name) = name {
            let key = (scope, name.clone());
            facts.by_name.entry(key).or_insert(facts.aliases.len());
        }
        facts.aliases.push(AliasDef {
            name: name.cloned(),
            name_span,
            path_span: Some(path_span),
            span,
            scope,
            alias: Alias::Module(module.clone()),
        });
    }

    pub(super) fn note_alias(
        &mut self,
        scope: ScopeId,
        name: &EcoString,
        name_span: Span,
        span: Span,
        alias: Alias,
    ) {
        let Some(facts) = &mut self.facts else {
            return;
        };
        let key = (scope, name.clone());
        facts.by_name.entry(key).or_insert(facts.aliases.len());
        facts.aliases.push(AliasDef {
            name: Some(name.clone()),
            name_span: Some(name_span),
            path_span: None,
            span,
            scope,
            alias,
        });
    }

    /// Notes what the name at a place means. A dotted name is taken apart: its aliases stand before it.
    pub(super) fn note_use(&mut self, span: Span, steps: &[(ScopeId, EcoString)], target: Target) {
        let Some(facts) = &mut self.facts else {
            return;
        };
        let span = facts.place.take().unwrap_or(span);
        let Some(source) = self.loader.sources.get(span.source) else {
            return;
        };
        let text = span.text(&source.text);
        let mut at = 0;
        for (i, (scope, name)) in steps.iter().enumerate() {
            let Some(found) = text.get(at..).and_then(|rest| rest.find(name.as_str())) else {
                return;
            };
            let start = at + found;
            at = start + name.len();
            let start = if i == 0 { 0 } else { start };
            // The alias may have been refused, so that the name leads somewhere else.
            if let Some(alias) = facts.by_name.get(&(*scope, name.clone())) {
                facts.uses.push(Use {
                    span: Span::new(
                        span.source,
                        span.start + start as u32,
                        span.start + at as u32,
                    ),
                    target: Target::Alias(*alias),
                });
            }
        }
        if !steps.is_empty() {
            let rest = &text[at..];
            let skipped = rest.len()
                - rest
                    .trim_start_matches(|c: char| c == '.' || c.is_whitespace())
                    .len();
            at += skipped;
        }
        facts.uses.push(Use {
            span: Span::new(span.source, span.start + at as u32, span.end),
            target,
        });
    }

    pub(super) fn finish_facts(&mut self) -> Option<Facts> {
        let mut facts = self.facts.take()?;
        facts.names = std::mem::take(&mut self.names);
        facts.uses.sort_by_key(|one| one.span);
        facts.uses.dedup_by_key(|one| one.span);
        facts.files = self
            .modules
            .iter()
            .filter_map(|(source, state)| match state {
                ModuleState::Done(scope) => Some((*source, *scope)),
                ModuleState::Declaring => None,
            })
            .collect();
        Some(facts)
    }
}
