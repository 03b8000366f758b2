//! Type inference (typing-and-evaluation.md §3): constraints in the order of the program, solved as
//! they come.
//!
//! Functions of `func` statements are inferred once and generalised; a call instantiates the scheme.
//! Everything else has one type per instance: a bind has one per instance of the class around it.
//! What can not be decided yet, such as a lookup in something unknown, waits as a
//! constraint until its subject is known; the constraints of a generalised function are part of its
//! scheme.

mod call;
mod difference;
mod expr;
mod facts;
mod fields;
mod pending;
mod printf;
mod scheme;
mod static_value;
mod stmt;
mod story;
mod table;
mod type_text;

use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::Catalog;
use mgmt_stdlib::types::{FuncType, Type};
use mgmt_stdlib::value::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::{Code, Diagnostic, Severity, Stage};
use crate::files::Sources;
use crate::hir::{
    BindId, ClassId, ExprId, FuncId, Hir, IncludeId, ParamId, ParamRole, Ref, ScopeId,
};
use crate::resolve::Resolution;

pub use facts::TypeFacts;
pub use fields::FieldGroup;
use fields::StructNotes;
use pending::{Constraint, Waiting};
use scheme::Scheme;
use table::{Level, Table, TyId, Vars};

/// An instance of the program's definitions for the purpose of typing: the program itself, or one
/// include of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceId(pub u32);

impl InstanceId {
    /// The program itself.
    pub const ROOT: Self = Self(0);
}

/// What the evaluator needs of the types.
#[derive(Debug, Default)]
pub struct Types {
    /// The instance that an include makes, seen from the instance it stands in.
    pub includes: FxHashMap<(InstanceId, IncludeId), InstanceId>,
    /// The types of calls whose implementation wants them. Variables are those of the function around,
    /// numbered from 1.
    pub calls: FxHashMap<(InstanceId, ExprId), Arc<FuncType>>,
    /// What a call of a generalised function makes of its type variables.
    pub type_args: FxHashMap<(InstanceId, ExprId), Arc<[Type]>>,
    /// The types of lambdas.
    pub lambdas: FxHashMap<(InstanceId, ExprId), Type>,
}

struct Instance {
    parent: InstanceId,
    class: Option<ClassId>,
    /// The include that made it, and the instance that stands in.
    include: Option<(IncludeId, InstanceId)>,
}

/// What inference came to.
pub struct Inference {
    /// For the evaluator; not complete if facts were asked for instead.
    pub types: Types,
    /// What does not fit.
    pub diagnostics: Vec<Diagnostic>,
    /// What an editor wants to know besides, if facts were asked for.
    pub facts: Option<TypeFacts>,
}

/// Infers all types of a program and reports what does not fit.
pub fn infer(resolution: &Resolution, sources: &Sources, catalog: &Catalog) -> Inference {
    let mut infer = Infer {
        hir: &resolution.hir,
        catalog,
        sources,
        table: Table::new(resolution.facts.is_some()),
        instances: vec![Instance {
            parent: InstanceId::ROOT,
            class: None,
            include: None,
        }],
        instance: InstanceId::ROOT,
        level: 0,
        binds: FxHashMap::default(),
        running: FxHashSet::default(),
        params: FxHashMap::default(),
        schemes: FxHashMap::default(),
        static_values: FxHashMap::default(),
        waiting: FxHashMap::default(),
        constraints: Vec::new(),
        ready: Vec::new(),
        open: Vec::new(),
        exports: Vec::new(),
        types: Types::default(),
        diagnostics: Vec::new(),
        resource_params: FxHashMap::default(),
        function: None,
        expr_types: match &resolution.facts {
            Some(_) => vec![None; resolution.hir.exprs.len()],
            None => Vec::new(),
        },
        structs: resolution.facts.as_ref().map(|_| StructNotes::default()),
    };
    // In the order of dependencies, so that a long chain of binds needs no deep recursion.
    for bind in &resolution.bind_order {
        if resolution.live_binds.contains(bind) && infer.is_plain(resolution.hir[*bind].scope) {
            infer.bind(*bind, InstanceId::ROOT);
        }
    }
    infer.stmts(&resolution.hir.main);
    infer.settle_by_default();
    infer.check_open();
    let used = std::mem::take(&mut infer.diagnostics);
    infer.unused(resolution);
    let mut diagnostics = used;
    let known: FxHashSet<(Code, Option<Span>)> = diagnostics.iter().map(place_of).collect();
    diagnostics.extend(
        infer
            .diagnostics
            .drain(..)
            .filter(|diagnostic| !known.contains(&place_of(diagnostic))),
    );
    if resolution.facts.is_none() {
        infer.export();
    }
    Inference {
        types: std::mem::take(&mut infer.types),
        diagnostics,
        facts: resolution.facts.is_some().then(|| infer.into_facts()),
    }
}

fn place_of(diagnostic: &Diagnostic) -> (Code, Option<Span>) {
    (
        diagnostic.code,
        diagnostic.primary.as_ref().map(|label| label.span),
    )
}

/// Something whose type must be known in the end.
struct Open {
    ty: TyId,
    span: Span,
    what: &'static str,
}

/// A type that the evaluator wants, to be taken from the table in the end.
enum Export {
    Call(InstanceId, ExprId, TyId, Option<(InstanceId, FuncId)>),
    TypeArgs(InstanceId, ExprId, Vec<TyId>, Option<(InstanceId, FuncId)>),
    Lambda(InstanceId, ExprId, TyId, Option<(InstanceId, FuncId)>),
}

struct Infer<'h> {
    hir: &'h Hir,
    catalog: &'h Catalog,
    sources: &'h Sources,
    table: Table,
    instances: Vec<Instance>,
    /// The instance being walked.
    instance: InstanceId,
    /// 1 inside of a function statement.
    level: Level,
    binds: FxHashMap<(InstanceId, BindId), TyId>,
    /// Binds being inferred; recursion has been reported.
    running: FxHashSet<(InstanceId, BindId)>,
    params: FxHashMap<(InstanceId, ParamId), TyId>,
    schemes: FxHashMap<(InstanceId, FuncId), Option<Arc<Scheme>>>,
    static_values: FxHashMap<(InstanceId, BindId), Option<Value>>,
    /// Constraints by the unknown type that they wait for.
    waiting: FxHashMap<TyId, Vec<Waiting>>,
    constraints: Vec<Option<Constraint>>,
    ready: Vec<Waiting>,
    open: Vec<Open>,
    exports: Vec<Export>,
    types: Types,
    diagnostics: Vec<Diagnostic>,
    /// The types of resource parameters, entered once per kind.
    resource_params: FxHashMap<(&'static str, &'static str), TyId>,
    /// The function statement being inferred.
    function: Option<(InstanceId, FuncId)>,
    /// The type of each expression where it was first met; empty if nobody asks.
    expr_types: Vec<Option<TyId>>,
    /// What is known of fields; nothing if nobody asks.
    structs: Option<StructNotes>,
}

impl Infer<'_> {
    /// Whether the scope lies in no class.
    fn is_plain(&self, scope: ScopeId) -> bool {
        self.hir[scope].class.is_none()
    }

    /// The instance, from the present one outwards, that gives meaning to definitions of `scope`.
    fn instance_of(&self, from: InstanceId, scope: ScopeId) -> InstanceId {
        let class = self.hir[scope].class;
        let mut at = from;
        while self.instances[at.0 as usize].class != class && at != InstanceId::ROOT {
            at = self.instances[at.0 as usize].parent;
        }
        at
    }

    /// The instance in which the target of a reference is to be looked up.
    fn follow(&mut self, via: &[IncludeId]) -> InstanceId {
        let mut at = self.instance;
        for include in via {
            at = self.include_instance(at, *include);
        }
        at
    }

    /// The instance that an include makes, typed on first demand.
    fn include_instance(&mut self, from: InstanceId, include: IncludeId) -> InstanceId {
        let site = self.instance_of(from, self.hir[include].scope);
        if let Some(known) = self.types.includes.get(&(site, include)) {
            return *known;
        }
        let Some(class) = self.hir[include].class.clone() else {
            return site;
        };
        let outer = std::mem::replace(&mut self.instance, site);
        let around = self.follow(&class.via);
        self.instance = outer;
        let parent = self.instance_of(around, self.hir[class.target].scope);
        let id = InstanceId(self.instances.len() as u32);
        self.instances.push(Instance {
            parent,
            class: Some(class.target),
            include: Some((include, site)),
        });
        self.types.includes.insert((site, include), id);
        // Arguments are typed where the include stands.
        let args = self.hir[include].args.clone();
        let params = self.hir[class.target].params.clone();
        let outer = (
            std::mem::replace(&mut self.instance, site),
            std::mem::replace(&mut self.level, 0),
        );
        for (param, arg) in params.iter().zip(args.iter()) {
            let given = self.expr(*arg);
            let ty = match &self.hir[*param].ty {
                Some((ty, ty_span)) => {
                    let declared = self.annotation(ty, *ty_span);
                    let span = self.hir[include].span;
                    self.expect_include(declared, given, *arg, span, *ty_span);
                    declared
                }
                None => given,
            };
            self.params.insert((id, *param), ty);
        }
        (self.instance, self.level) = outer;
        id
    }

    /// The type of a parameter in the instance that owns it.
    fn param(&mut self, param: ParamId, from: InstanceId) -> TyId {
        let declaration = &self.hir[param];
        let instance = self.instance_of(from, declaration.scope);
        if let Some(ty) = self.params.get(&(instance, param)) {
            return *ty;
        }
        let ty = match &declaration.ty {
            Some((ty, span)) => self.annotation(ty, *span),
            None => self.table.unknown(self.level),
        };
        self.params.insert((instance, param), ty);
        ty
    }

    /// The type of a bind in the instance that owns it, inferred on first demand.
    fn bind(&mut self, bind: BindId, from: InstanceId) -> TyId {
        let declaration = &self.hir[bind];
        let instance = self.instance_of(from, declaration.scope);
        if let Some(ty) = self.binds.get(&(instance, bind)) {
            return *ty;
        }
        if !self.running.insert((instance, bind)) {
            return Table::ERROR;
        }
        let outer = (
            std::mem::replace(&mut self.instance, instance),
            std::mem::replace(&mut self.level, 0),
        );
        let place = self.table.place;
        let ty = stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.bind_value(bind));
        self.table.place = place;
        (self.instance, self.level) = outer;
        self.running.remove(&(instance, bind));
        self.binds.insert((instance, bind), ty);
        ty
    }

    fn bind_value(&mut self, bind: BindId) -> TyId {
        let declaration = &self.hir[bind];
        let ty = self.expr(declaration.value);
        if let Some((annotation, span)) = &declaration.ty {
            let declared = self.annotation(annotation, *span);
            self.expect_annotation(declared, ty, declaration.value, *span);
            return declared;
        }
        ty
    }

    /// Enters a type that the program writes down.
    fn annotation(&mut self, ty: &Type, span: Span) -> TyId {
        let ty = self.declared(ty);
        self.note_annotation(span, ty);
        ty
    }

    /// Enters a type that the library declares.
    fn declared(&mut self, ty: &Type) -> TyId {
        let level = self.level;
        self.table.import(ty, &mut Vars::new(), level)
    }

    /// Checks what nothing uses; what is wrong there is a warning.
    fn unused(&mut self, resolution: &Resolution) {
        let hir = self.hir;
        self.open.clear();
        self.instance = InstanceId::ROOT;
        for i in 0..hir.binds.len() {
            let bind = BindId(i as u32);
            if self.is_plain(hir[bind].scope) {
                self.bind(bind, InstanceId::ROOT);
            }
        }
        for i in 0..hir.funcs.len() {
            let func = FuncId(i as u32);
            if self.is_plain(hir[func].scope) {
                self.scheme(func, InstanceId::ROOT);
            }
        }
        for i in 0..hir.classes.len() {
            let class = ClassId(i as u32);
            // One that is included has been checked with its arguments; nested ones with the one around.
            if !resolution.live_classes.contains(&class) && self.is_plain(hir[class].scope) {
                self.unused_class(class);
            }
        }
        self.settle();
        for diagnostic in &mut self.diagnostics {
            diagnostic.severity = Severity::Warning;
        }
    }

    fn unused_class(&mut self, class: ClassId) {
        let id = InstanceId(self.instances.len() as u32);
        self.instances.push(Instance {
            parent: self.instance,
            class: Some(class),
            include: None,
        });
        let outer = std::mem::replace(&mut self.instance, id);
        let body = &self.hir[class].body;
        self.stmts(body);
        self.instance = outer;
    }

    /// Reports what is still unknown: the first place of each unknown type.
    fn check_open(&mut self) {
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return;
        }
        let mut told: FxHashSet<TyId> = FxHashSet::default();
        for open in std::mem::take(&mut self.open) {
            let unknown = self.table.unknowns(open.ty);
            if unknown.is_empty() || unknown.iter().any(|(var, _)| told.contains(var)) {
                continue;
            }
            told.extend(unknown.iter().map(|(var, _)| *var));
            self.follow_unknowns(&mut told);
            let ty = self.show(open.ty);
            self.diagnostics.push(
                Diagnostic::error(
                    Code::AMBIGUOUS_TYPE,
                    Stage::Unify,
                    format!("the type of this {} is not known", open.what),
                )
                .at(
                    open.span,
                    format!("it is `{ty}`, and nothing says what that is"),
                )
                .help(match open.what {
                    "list" => "annotate it, as in `$x []str = []`, or use it where its type follows",
                    "map" => "annotate it, as in `$x map{str: int} = {}`, or use it where its type follows",
                    "parameter" => "annotate it, as in `func($x int) { ... }`, or call the function",
                    _ => "annotate the variable that it is bound to, as in `$x str = ...`, or use it where its type follows",
                }),
            );
        }
    }

    /// Adds what would be known if the types in the set were: the results of lookups in them.
    fn follow_unknowns(&mut self, told: &mut FxHashSet<TyId>) {
        for constraint in self.constraints.iter().flatten() {
            let unknown: Vec<TyId> = constraint
                .types()
                .into_iter()
                .flat_map(|ty| self.table.unknowns(ty))
                .map(|(var, _)| var)
                .collect();
            if unknown.iter().any(|var| told.contains(var)) {
                told.extend(unknown);
            }
        }
    }

    /// Notes something whose type must be known in the end. Inside of a function statement the callers
    /// decide.
    fn must_be_known(&mut self, ty: TyId, span: Span, what: &'static str) {
        if self.level == 0 {
            self.open.push(Open { ty, span, what });
        }
    }

    /// Hands the evaluator what it wants.
    fn export(&mut self) {
        for export in std::mem::take(&mut self.exports) {
            match export {
                Export::Call(instance, expr, ty, around) => {
                    if let Type::Func(ty) = self.export_type(ty, around) {
                        self.types.calls.insert((instance, expr), ty);
                    }
                }
                Export::TypeArgs(instance, expr, args, around) => {
                    let args = args
                        .into_iter()
                        .map(|ty| self.export_type(ty, around))
                        .collect();
                    self.types.type_args.insert((instance, expr), args);
                }
                Export::Lambda(instance, expr, ty, around) => {
                    let ty = self.export_type(ty, around);
                    self.types.lambdas.insert((instance, expr), ty);
                }
            }
        }
    }

    fn export_type(&mut self, ty: TyId, around: Option<(InstanceId, FuncId)>) -> Type {
        let mut vars = match around.and_then(|key| self.schemes.get(&key).cloned().flatten()) {
            Some(scheme) => scheme.vars.clone(),
            None => Vec::new(),
        };
        self.table.export(ty, &mut vars)
    }

    /// The type as people write it.
    fn show(&mut self, ty: TyId) -> String {
        self.table.export(ty, &mut Vec::new()).to_string()
    }

    fn is_loop_or_function_param(&self, param: ParamId) -> bool {
        !matches!(self.hir[param].role, ParamRole::Class(..))
    }

    fn reference<T: Copy>(&mut self, reference: &Ref<T>) -> (InstanceId, T) {
        (self.follow(&reference.via), reference.target)
    }
}
