//! What statements demand of their expressions (typing-and-evaluation.md §3.4).

use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::param::HostType;
use mgmt_stdlib::resource::{META_PARAMS, MetaParam, ParamDef, ResourceDef};
use mgmt_stdlib::types::Type;
use mgmt_stdlib::value::Value;
use rustc_hash::FxHashMap;

use super::Infer;
use super::story::{Why, with_article};
use super::table::{Table, Ty, TyId};
use crate::diagnostic::{Code, Diagnostic, Severity, Stage};
use crate::hir::{
    EdgeStmt, Entry, EntryKind, ExprId, ForStmt, Half, IncludeId, ResourceStmt, Stmt,
};
use crate::resolve::closest;

impl Infer<'_> {
    pub(super) fn stmts(&mut self, stmts: &[Stmt]) {
        for stmt in stmts {
            self.stmt(stmt);
            self.settle();
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Resource(resource) => self.resource(resource),
            Stmt::Edge(edge) => self.edge(edge),
            Stmt::If(stmt) => {
                let ty = self.expr(stmt.cond);
                self.expect(
                    Table::BOOL,
                    ty,
                    stmt.cond,
                    Why::Condition {
                        of: "an `if`",
                        node: stmt.span,
                    },
                );
                self.stmts(&stmt.then.stmts);
                if let Some(otherwise) = &stmt.otherwise {
                    self.stmts(&otherwise.stmts);
                }
            }
            Stmt::For(stmt) => self.for_loop(stmt),
            Stmt::Include(include) => self.include(*include),
            Stmt::Panic(call) => {
                self.expr(*call);
            }
        }
    }

    fn include(&mut self, include: IncludeId) {
        let Some(class) = self.hir[include].class.clone() else {
            return;
        };
        let site = self.instance;
        let id = self.include_instance(site, include);
        let outer = std::mem::replace(&mut self.instance, id);
        let hir = self.hir;
        // The body of a class that includes itself, which has been reported, is not entered again.
        if self.depth_of(class.target) <= 1 {
            stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
                self.stmts(&hir[class.target].body)
            });
        }
        self.instance = outer;
    }

    /// How many instances around and including the present one are of a class by inclusion.
    fn depth_of(&self, class: crate::hir::ClassId) -> usize {
        let mut depth = 0;
        let mut at = self.instance;
        while let Some((_, site)) = self.instances[at.0 as usize].include {
            depth += usize::from(self.instances[at.0 as usize].class == Some(class));
            at = site;
        }
        depth
    }

    fn for_loop(&mut self, stmt: &ForStmt) {
        let over = self.expr(stmt.over);
        let (key, value) = (
            self.param(stmt.key, self.instance),
            self.param(stmt.value, self.instance),
        );
        self.table.place = self.hir[stmt.over].span;
        let (expected, key_is) = if stmt.kv {
            (self.table.add(Ty::Map(key, value)), None)
        } else {
            (self.table.list(value), Some(Table::INT))
        };
        self.expect(
            expected,
            over,
            stmt.over,
            Why::Loop {
                kv: stmt.kv,
                node: stmt.span,
            },
        );
        if let Some(int) = key_is {
            // Nothing else has spoken of the index yet, unless it has the name of the element.
            let _ = self.table.unify(key, int);
        }
        self.must_be_known(over, self.hir[stmt.over].span, "collection");
        self.stmts(&stmt.body.stmts);
    }

    fn resource(&mut self, resource: &ResourceStmt) {
        let name = self.expr(resource.name);
        let mut metas: FxHashMap<&'static str, Span> = FxHashMap::default();
        for entry in &resource.entries {
            self.entry(resource, entry, &mut metas);
        }
        if resource.def.is_none() {
            self.unknown_kind_alone(resource);
        }
        if resource.collect {
            self.collected(name, resource.name, resource.span);
        } else {
            self.name(name, resource.name, resource.span);
        }
    }

    /// What is collected is named by a string, by a list of them, or by pairs of a name and a host
    /// (typing-and-evaluation.md §3.4.2).
    fn collected(&mut self, ty: TyId, name: ExprId, node: Span) {
        let element = match self.table.get(ty) {
            Ty::List(element) => self.table.get(element),
            other => other,
        };
        if matches!(element, Ty::Str) {
            return;
        }
        let pair = Type::structure([("name", Type::Str), ("host", Type::Str)]);
        let expected = self.declared(&Type::list(pair));
        self.expect(
            expected,
            ty,
            name,
            Why::Name {
                node,
                statically: false,
            },
        );
    }

    /// A name must be a string if it is known to be one, and else a list of them.
    fn name(&mut self, ty: TyId, name: ExprId, node: Span) {
        let statically = self.is_static_str(name);
        let expected = if statically {
            Table::STR
        } else {
            self.table.list(Table::STR)
        };
        self.expect(expected, ty, name, Why::Name { node, statically });
    }

    fn entry(
        &mut self,
        resource: &ResourceStmt,
        entry: &Entry,
        metas: &mut FxHashMap<&'static str, Span>,
    ) {
        let checked = match &entry.kind {
            EntryKind::Field {
                name,
                name_span,
                value,
            } => {
                let ty = self.expr(*value);
                Some((ty, *value, self.field(resource, name, *name_span)))
            }
            EntryKind::Edge { target, .. } => {
                self.half(target);
                None
            }
            EntryKind::Meta {
                name,
                name_span,
                value,
            } => {
                self.meta_once(resource, name, entry.span, metas);
                let given = self.static_value(*value);
                self.meta_without_effect(name, given.as_ref(), *name_span);
                let ty = self.expr(*value);
                Some((
                    ty,
                    *value,
                    MetaParam::find(name)
                        .map(|param| (self.declared(&param.ty()), Some(param.name))),
                ))
            }
            EntryKind::MetaStruct { meta_span, value } => {
                for param in META_PARAMS {
                    if let Some(given) = self.static_field(*value, param.name) {
                        self.meta_without_effect(param.name, given.as_ref(), *meta_span);
                    }
                    self.meta_once(resource, param.name, entry.span, metas);
                }
                let ty = self.expr(*value);
                let full =
                    Type::structure(META_PARAMS.iter().map(|param| (param.name, param.ty())));
                Some((ty, *value, Some((self.declared(&full), Some("Meta")))))
            }
        };
        if let Some(cond) = entry.cond {
            let ty = self.expr(cond);
            self.expect(
                Table::BOOL,
                ty,
                cond,
                Why::Condition {
                    of: "an entry",
                    node: entry.span,
                },
            );
        }
        let Some((ty, value, Some((expected, meta)))) = checked else {
            return;
        };
        let why = match (&entry.kind, meta) {
            (EntryKind::Field { name, .. }, None) => Why::Field {
                kind: resource.kind.clone(),
                param: name.clone(),
                node: entry.span,
            },
            (_, meta) => Why::Meta {
                name: meta.unwrap_or_default().into(),
                node: entry.span,
            },
        };
        // A parameter of any type may be shown as it is.
        if self.table.is_open(expected) {
            self.note_inspected(self.hir[value].span, &[ty]);
        }
        self.expect(expected, ty, value, why);
        self.must_be_known(ty, self.hir[value].span, "value");
    }

    /// Warns of a meta parameter that is accepted, but of which less comes than in a cluster.
    fn meta_without_effect(&mut self, name: &str, value: Option<&Value>, place: Span) {
        let asks_for_nothing = matches!(value, Some(Value::List(hosts)) if hosts.is_empty());
        if name != "export" || asks_for_nothing {
            return;
        }
        let text = format!("`Meta:{name}` reaches no other host in this version");
        self.diagnostics.push(
            Diagnostic::warning(Code::NO_EFFECT_YET, Stage::Unify, text)
                .at(place, "only programs on this host see it"),
        );
    }

    fn meta_once(
        &mut self,
        resource: &ResourceStmt,
        name: &'static str,
        span: Span,
        metas: &mut FxHashMap<&'static str, Span>,
    ) {
        let Some(first) = metas.insert(name, span) else {
            return;
        };
        // Two single entries of one name have been reported; this is about a struct.
        let told = self.diagnostics.last().is_some_and(|last| {
            last.code == Code::META_SET_TWICE && last.labels.iter().any(|label| label.span == span)
        });
        if !told {
            let text = format!("the meta parameter `{name}` is set twice, once by a struct");
            self.diagnostics.push(
                Diagnostic::error(Code::META_SET_TWICE, Stage::Graph, text)
                    .at(resource.kind_span, "in this resource")
                    .label(first, "first set here")
                    .label(span, "set again here"),
            );
        }
    }

    /// The type of a parameter; `Some` of an unknown type if it takes any.
    fn field(
        &mut self,
        resource: &ResourceStmt,
        name: &str,
        name_span: Span,
    ) -> Option<(TyId, Option<&'static str>)> {
        let Some(def) = &resource.def else {
            self.unknown_kind(&resource.kind, resource.kind_span);
            return None;
        };
        let Some(param) = def.param(name) else {
            self.unknown_param(def, name, name_span, resource.kind_span);
            return None;
        };
        Some((self.param_type(def, param), None))
    }

    fn param_type(&mut self, def: &ResourceDef, param: &ParamDef) -> TyId {
        if let Some(known) = self.resource_params.get(&(def.kind, param.name)) {
            return *known;
        }
        match param.ty.mcl() {
            Some(ty) => {
                let ty = self.declared(&ty);
                self.resource_params.insert((def.kind, param.name), ty);
                ty
            }
            None => self.table.unknown(self.level),
        }
    }

    fn unknown_param(&mut self, def: &ResourceDef, name: &str, span: Span, kind: Span) {
        let mut diagnostic = Diagnostic::error(
            Code::UNKNOWN_PARAMETER,
            Stage::Unify,
            format!("the resource kind `{}` has no parameter `{name}`", def.kind),
        )
        .at(span, "no such parameter")
        .label(kind, format!("in this `{}`", def.kind));
        let names = || def.params.iter().map(|param| param.name);
        if let Some(near) = closest(name, names()) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("use `{near}`"),
                span,
                near,
            );
        } else if let Some(meta) = MetaParam::find(name) {
            diagnostic = diagnostic
                .help(format!("that is a meta parameter: `Meta:{}`", meta.name))
                .fix(
                    "make it a meta parameter",
                    span,
                    format!("Meta:{}", meta.name),
                );
        } else {
            let names: Vec<&str> = names().collect();
            diagnostic = diagnostic.help(format!("its parameters are {}", names.join(", ")));
        }
        // A misspelt name is told once for each place it stands, whatever includes it.
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A resource of an unknown kind without parameters is only an error once it is in the graph, which
    /// it may never be.
    fn unknown_kind_alone(&mut self, resource: &ResourceStmt) {
        let told = self.diagnostics.iter().rev().any(|diagnostic| {
            diagnostic.code == Code::UNKNOWN_KIND
                && diagnostic
                    .primary
                    .as_ref()
                    .is_some_and(|label| label.span == resource.kind_span)
        });
        if !told {
            self.unknown_kind(&resource.kind, resource.kind_span);
            if !resource.collect
                && let Some(last) = self.diagnostics.last_mut()
            {
                last.severity = Severity::Warning;
            }
        }
    }

    fn unknown_kind(&mut self, kind: &str, span: Span) {
        let mut diagnostic = Diagnostic::error(
            Code::UNKNOWN_KIND,
            Stage::Unify,
            format!("there is no resource kind `{kind}`"),
        )
        .at(span, "no such kind");
        if let Some(near) = self.near_kind(kind) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?")).fix(
                format!("use `{near}`"),
                span,
                near,
            );
        }
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn near_kind(&self, kind: &str) -> Option<&'static str> {
        closest(kind, self.catalog.resources().map(|def| def.kind))
            .and_then(|near| self.catalog.resource(near).map(|def| def.kind))
    }

    fn half(&mut self, half: &Half) {
        let ty = self.expr(half.name);
        self.name(ty, half.name, half.span);
    }

    fn edge(&mut self, edge: &EdgeStmt) {
        self.edge_shape(edge);
        for half in &edge.halves {
            self.half(half);
        }
    }

    fn edge_shape(&mut self, edge: &EdgeStmt) {
        let [sender, rest @ ..] = edge.halves.as_slice() else {
            return;
        };
        if rest.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(Code::EDGE_ONE_HALF, Stage::Unify, "an edge needs two ends")
                    .at(self.anchor(edge.span, edge.span), "only one end")
                    .help("write `A[\"x\"] -> B[\"y\"]`; a resource is declared with a lower-case kind"),
            );
            return;
        }
        let Some(receiver) = rest.first() else { return };
        let (Some((send, send_span)), Some((recv, recv_span))) = (&sender.field, &receiver.field)
        else {
            return;
        };
        let (Some(from), Some(to)) = (self.kind_of(sender), self.kind_of(receiver)) else {
            return;
        };
        let refuse = |code, text: String, span, label: &str| {
            Diagnostic::error(code, Stage::Unify, text).at(span, label)
        };
        if from.sends.is_empty() {
            let text = format!("a `{}` sends nothing", from.kind);
            let place = self.anchor(edge.span, sender.span);
            self.diagnostics
                .push(refuse(Code::CANNOT_SEND, text, place, "the sender"));
            return;
        }
        if !to.traits.receives {
            let text = format!("a `{}` receives nothing", to.kind);
            let place = self.anchor(edge.span, receiver.span);
            self.diagnostics
                .push(refuse(Code::CANNOT_RECEIVE, text, place, "the receiver"));
            return;
        }
        let Some(sent) = from.send(send) else {
            let names: Vec<&str> = from.sends.iter().map(|send| send.name).collect();
            let text = format!("a `{}` does not send `{send}`", from.kind);
            let place = self.anchor(edge.span, *send_span);
            self.diagnostics.push(
                refuse(Code::INCOMPATIBLE_SEND, text, place, "not sent")
                    .help(format!("it sends {}", names.join(", "))),
            );
            return;
        };
        let Some(received) = to.param(recv) else {
            let text = format!("a `{}` has no parameter `{recv}` to receive", to.kind);
            let place = self.anchor(edge.span, *recv_span);
            let mut diagnostic = refuse(Code::INCOMPATIBLE_SEND, text, place, "no such parameter");
            if let Some(near) = closest(recv, to.params.iter().map(|param| param.name)) {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            }
            self.diagnostics.push(diagnostic);
            return;
        };
        if !compatible(&sent.ty, &received.ty) {
            let text = format!(
                "`{send}` of `{}` is {}, but `{recv}` of `{}` is {}",
                from.kind,
                with_article(&sent.ty.kind()),
                to.kind,
                with_article(&received.ty.kind())
            );
            let place = self.anchor(edge.span, *send_span);
            self.diagnostics.push(refuse(
                Code::INCOMPATIBLE_SEND,
                text,
                place,
                "can't be received there",
            ));
        }
    }

    fn kind_of(&mut self, half: &Half) -> Option<Arc<ResourceDef>> {
        let def = self.catalog.resource(&half.kind).cloned();
        if def.is_none() {
            self.unknown_kind(&half.kind, half.kind_span);
        }
        def
    }
}

/// Whether a sent value can be received: optional and dynamic slots take everything
/// (typing-and-evaluation.md §8.6.4).
fn compatible(sent: &HostType, received: &HostType) -> bool {
    let loose = |ty: &HostType| matches!(ty, HostType::Optional(_) | HostType::Any);
    let text = |ty: &HostType| matches!(ty, HostType::Str | HostType::Bytes);
    loose(sent) || loose(received) || sent == received || (text(sent) && text(received))
}
