//! From syntax trees to the [`Hir`]: imports, names, interpolation, and the checks that need no types
//! (language.md §3-§6.4).
//!
//! Two passes. [`declare`] walks all statements of a file, loads what it imports, and enters every
//! definition into its scope. Then [`stmt`] and [`expr`] build the tree, by which time every name is
//! known, whatever the order of the statements.

mod cycle;
mod declare;
mod expr;
mod facts;
mod literal_dollar;
mod lookup;
mod names;
mod purity;
mod reach;
mod references;
mod static_key;
mod stmt;
mod types;

use std::rc::Rc;
use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::ast;
use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::catalog::{Catalog, FunctionDef};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::{Diagnostic, Stage};
use crate::hir::{
    BindId, ClassId, ExprKind, FuncId, Hir, IncludeId, LambdaId, ParamId, Scope, ScopeId,
};
use crate::load::{Loader, Unit};

pub use facts::{AliasDef, Facts, Target, Use};
pub use names::{Alias, Module, NameScope, closest};

/// What resolving came to.
#[derive(Debug)]
pub struct Resolution {
    /// The program.
    pub hir: Hir,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
    /// Binds that the program's statements need, directly or through others.
    pub live_binds: FxHashSet<BindId>,
    /// Functions that something calls.
    pub used_funcs: FxHashSet<FuncId>,
    /// Classes that are included, directly or through others, by the program.
    pub live_classes: FxHashSet<ClassId>,
    /// The definitions so that each comes after those that it mentions.
    pub bind_order: Vec<BindId>,
    /// Which file each definition at the top level of the entry file stands in.
    pub main_source: SourceId,
    /// What an editor wants to know besides, if it was asked for.
    pub facts: Option<Facts>,
}

/// Resolves a program, loading what it imports.
pub fn resolve(
    main: &Rc<Unit>,
    loader: &mut Loader<'_>,
    catalog: &Catalog,
    hostname: &str,
    with_facts: bool,
) -> Resolution {
    let mut resolver = Resolver {
        loader,
        catalog,
        hostname: hostname.into(),
        operators: FxHashMap::default(),
        hir: Hir::default(),
        names: Vec::new(),
        declared: FxHashMap::default(),
        modules: FxHashMap::default(),
        pending: Vec::new(),
        tagged: Vec::new(),
        class: None,
        owners: Vec::new(),
        mentions: Vec::new(),
        include_state: FxHashMap::default(),
        include_names: FxHashMap::default(),
        comparisons_left: MAX_COMPARISONS,
        roots: Vec::new(),
        used_binds: FxHashSet::default(),
        used_funcs: FxHashSet::default(),
        used_aliases: FxHashSet::default(),
        aliases: Vec::new(),
        facts: with_facts.then(Facts::default),
    };
    // The expression of definitions that are never filled in.
    resolver.push(ExprKind::Error, Span::default());
    resolver.program(main);
    resolver.finish(main.ast.source)
}

/// How many names are compared to say what was meant. A program with more than a few unknown names has another
/// problem than spelling, and shall not take long to be told so.
const MAX_COMPARISONS: usize = 200_000;

/// A definition that others can depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Definition {
    Bind(BindId),
    Func(FuncId),
    Class(ClassId),
    Include(IncludeId),
}

/// What the first pass entered for a statement.
#[derive(Clone, Debug)]
enum Declared {
    Bind(BindId),
    Func(FuncId, LambdaId),
    Class(ClassId, Vec<Item>),
    Include(IncludeId),
    If(ScopeId, Option<ScopeId>),
    For {
        scope: ScopeId,
        key: ParamId,
        value: ParamId,
    },
}

/// A statement of a block. Colon classes stand in the class that they belong to, under their last name.
#[derive(Clone, Debug)]
struct Item {
    stmt: ast::StmtId,
    class_name: Option<EcoString>,
}

/// How far the loading of a file has come.
#[derive(Clone, Copy, Debug)]
enum ModuleState {
    Declaring,
    Done(ScopeId),
}

/// A file that waits for the second pass.
struct Pending {
    unit: Rc<Unit>,
    scope: ScopeId,
    items: Vec<Item>,
}

struct Resolver<'a, 'f> {
    loader: &'a mut Loader<'f>,
    catalog: &'a Catalog,
    hostname: EcoString,
    /// The operators met so far.
    operators: FxHashMap<&'static str, Option<Arc<FunctionDef>>>,
    hir: Hir,
    names: Vec<NameScope>,
    declared: FxHashMap<(SourceId, ast::StmtId), Declared>,
    modules: FxHashMap<SourceId, ModuleState>,
    pending: Vec<Pending>,
    /// Diagnostics with the class they were found in: a class that is never included only warns.
    tagged: Vec<(Option<ClassId>, Diagnostic)>,
    /// The class being walked.
    class: Option<ClassId>,
    /// The definitions being walked, outermost first.
    owners: Vec<Definition>,
    /// What statements mention that stand in no definition.
    roots: Vec<Definition>,
    /// Who mentions whom, and where.
    mentions: Vec<(Definition, Definition, Span)>,
    include_state: FxHashMap<IncludeId, lookup::IncludeState>,
    /// The class that each include names, as written.
    include_names: FxHashMap<IncludeId, EcoString>,
    /// With how many more names an unknown one may be compared.
    comparisons_left: usize,
    used_binds: FxHashSet<BindId>,
    used_funcs: FxHashSet<FuncId>,
    used_aliases: FxHashSet<(ScopeId, EcoString)>,
    /// All import aliases of the entry file with their place, to find those without use.
    aliases: Vec<(ScopeId, EcoString, Span)>,
    /// What an editor wants to know besides.
    facts: Option<Facts>,
}

impl Resolver<'_, '_> {
    fn program(&mut self, main: &Rc<Unit>) {
        self.declare_file(main);
        // Every file is there by now.
        let pending = std::mem::take(&mut self.pending);
        let written = pending.iter().map(|it| it.unit.ast.exprs.len()).sum();
        self.hir.exprs.reserve(written);
        for pending in pending {
            let stmts = self.block(&pending.unit, &pending.items, pending.scope);
            if pending.unit.ast.source == main.ast.source {
                self.hir.main = stmts;
            }
        }
    }

    fn finish(mut self, main_source: SourceId) -> Resolution {
        let references = self.references();
        let bind_order = self.report_cycles(&references);
        // Only the evaluator asks for it.
        if self.facts.is_none() {
            self.mark_pure();
        }
        let live_classes = self.live_classes();
        let live_binds = self.live_binds(&references, &live_classes);
        self.report_unused(main_source, &references, &live_classes);
        let facts = self.finish_facts();
        let diagnostics = self
            .tagged
            .into_iter()
            .map(|(class, mut diagnostic)| {
                if class.is_some_and(|class| !live_classes.contains(&class)) {
                    diagnostic.severity = crate::diagnostic::Severity::Warning;
                }
                diagnostic
            })
            .collect();
        Resolution {
            hir: self.hir,
            diagnostics,
            live_binds,
            used_funcs: self.used_funcs,
            live_classes,
            bind_order,
            main_source,
            facts,
        }
    }

    /// Reports something wrong in what is being walked.
    /// Reports something that matters only if the class around it is included. What needs no names to be
    /// seen is wrong in any case (language.md §4.7, §6.1).
    fn report(&mut self, diagnostic: Diagnostic) {
        let class = self.class.filter(|_| diagnostic.stage >= Stage::Scope);
        self.tagged.push((class, diagnostic));
    }

    /// Reports something that is wrong whether or not the class around it is ever included.
    fn report_always(&mut self, diagnostic: Diagnostic) {
        self.tagged.push((None, diagnostic));
    }

    fn new_scope(&mut self, parent: Option<ScopeId>, reach: Span) -> ScopeId {
        let id = ScopeId(self.hir.scopes.len() as u32);
        let class = self.class;
        self.hir.scopes.push(Scope { parent, class });
        self.note_scope(id, reach);
        self.names.push(NameScope {
            parent,
            ..NameScope::default()
        });
        id
    }

    fn names(&mut self, scope: ScopeId) -> &mut NameScope {
        &mut self.names[scope.0 as usize]
    }
}

/// Whether the function of that name is one that syntax calls.
pub fn is_operator(name: &str) -> bool {
    matches!(name, "and" | "or" | "not")
        || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}
