//! From values to resources and edges (typing-and-evaluation.md §8).

mod assemble;
mod output;
pub mod repeated;

use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::resource::{Invalid, Meta, MetaError, Params, ResourceDef, SetError};
use mgmt_stdlib::value::Value;
use smallvec::SmallVec;

use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::graph::{Identity, Resource, ResourceGraph};
use crate::hir::{EdgeStmt, EntryKind, Half, ResourceStmt};

pub use assemble::Assembly;
pub use output::{Change, Output};

/// What one statement gives.
#[derive(Debug, Default)]
pub struct StmtOutput {
    /// The resources, in the order of their names.
    pub resources: SmallVec<[Arc<Resource>; 2]>,
    /// The edges.
    pub edges: Box<[EdgeOut]>,
}

impl StmtOutput {
    /// Whether the other one has the very same resources, and equal edges.
    pub fn is_same(&self, other: &Self) -> bool {
        self.resources.len() == other.resources.len()
            && self
                .resources
                .iter()
                .zip(&other.resources)
                .all(|(a, b)| Arc::ptr_eq(a, b))
            && self.edges == other.edges
    }
}

/// An edge that a statement gives; its ends may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeOut {
    /// What runs first.
    pub from: Identity,
    /// What runs second.
    pub to: Identity,
    /// Whether the second is notified of changes of the first.
    pub notify: bool,
    /// The sent value and the parameter that receives it.
    pub transfer: Option<(EcoString, EcoString)>,
    /// The statement: the edge, or the beginning of the resource that has it as a line.
    pub span: Span,
    /// The line, if a resource has it as one.
    pub line: Option<Span>,
}

impl EdgeOut {
    /// Where the edge itself is written.
    fn place(&self) -> Span {
        self.line.unwrap_or(self.span)
    }
}

type Result<T> = std::result::Result<T, Box<Diagnostic>>;

/// Reads the inputs of a statement's node in the order in which it has them.
struct Inputs<'v>(std::slice::Iter<'v, Value>);

impl<'v> Inputs<'v> {
    fn next(&mut self) -> Result<&'v Value> {
        self.0
            .next()
            .ok_or_else(|| Box::new(internal("a statement has too few values")))
    }
}

fn internal(what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::RUNTIME_ERROR,
        Stage::Interpret,
        format!("internal error: {what}"),
    )
}

/// The resources that a statement declares with these values. Those that are as before are the very
/// same objects as `before`.
///
/// # Errors
/// If the values do not make a resource of the kind.
pub fn resource(
    stmt: &ResourceStmt,
    values: &[Value],
    before: Option<&StmtOutput>,
) -> Result<StmtOutput> {
    let mut inputs = Inputs(values.iter());
    let names = names(inputs.next()?);
    if stmt.collect {
        // No world gives anything to collect.
        return Ok(StmtOutput::default());
    }
    let Some(def) = &stmt.def else {
        if names.is_empty() {
            return Ok(StmtOutput::default());
        }
        let text = format!("there is no resource kind `{}`", stmt.kind);
        return Err(Box::new(
            Diagnostic::error(Code::UNKNOWN_KIND, Stage::Interpret, text)
                .at(stmt.kind_span, "no such kind"),
        ));
    };
    let mut params = (def.new)();
    let mut meta = Meta::default();
    let mut edges = Vec::new();
    for entry in &stmt.entries {
        let value = inputs.next()?;
        let active = match entry.cond {
            Some(_) => inputs.next()?.as_bool().unwrap_or(false),
            None => true,
        };
        if !active {
            continue;
        }
        match &entry.kind {
            EntryKind::Field {
                name, name_span, ..
            } => {
                params
                    .set(name, value)
                    .map_err(|error| misfit(def, name, &error, entry.span, *name_span))?;
            }
            EntryKind::Meta { name, .. } => {
                meta.set(name, value)
                    .map_err(|error| bad_meta(&error, stmt))?;
            }
            EntryKind::MetaStruct { .. } => {
                let fields = value
                    .as_struct()
                    .into_iter()
                    .flat_map(|fields| fields.iter());
                for (name, value) in fields {
                    meta.set(name, value)
                        .map_err(|error| bad_meta(&error, stmt))?;
                }
            }
            EntryKind::Edge { property, target } => {
                edges.extend(targets(target, value).map(|end| (*property, end, entry.span)));
            }
        }
    }
    meta.validate().map_err(|error| bad_meta(&error, stmt))?;
    let params: Arc<dyn Params> = Arc::from(params);
    let mut resources = SmallVec::new();
    let mut all_edges = Vec::new();
    for name in names {
        let identity = Identity::new(def.kind, name);
        check(def, &identity, &*params, &meta, stmt)?;
        for (property, end, line) in &edges {
            let (from, to) = if property.is_forward() {
                (&identity, end)
            } else {
                (end, &identity)
            };
            let edge = EdgeOut {
                from: from.clone(),
                to: to.clone(),
                notify: property.notifies(),
                transfer: None,
                span: stmt.kind_span,
                line: Some(*line),
            };
            add_edge(&mut all_edges, edge);
        }
        let resource = Resource {
            identity,
            params: params.clone(),
            meta: meta.clone(),
            receives: Vec::new(),
            span: Some(stmt.kind_span),
        };
        let same = before
            .and_then(|before| before.resources.get(resources.len()))
            .filter(|old| old.differs(&resource).is_none());
        resources.push(match same {
            Some(old) => old.clone(),
            None => Arc::new(resource),
        });
    }
    Ok(StmtOutput {
        resources,
        edges: all_edges.into(),
    })
}

/// Edges of one resource to the same target collapse; the result notifies if any does.
fn add_edge(edges: &mut Vec<EdgeOut>, edge: EdgeOut) {
    match edges
        .iter_mut()
        .find(|known| known.from == edge.from && known.to == edge.to)
    {
        Some(known) => known.notify |= edge.notify,
        None => edges.push(edge),
    }
}

fn check(
    def: &ResourceDef,
    identity: &Identity,
    params: &dyn Params,
    meta: &Meta,
    stmt: &ResourceStmt,
) -> Result<()> {
    if identity.name.is_empty() {
        return Err(Box::new(
            Diagnostic::error(
                Code::EMPTY_NAME,
                Stage::Interpret,
                format!("a `{}` can't have an empty name", def.kind),
            )
            .at(stmt.kind_span, "its name is empty"),
        ));
    }
    if identity.name.starts_with('$') && !meta.dollar {
        let variable: String = identity.name[1..]
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_')
            .collect();
        let meant = if variable.is_empty() {
            String::new()
        } else {
            format!("a variable in a string is written `${{{variable}}}`; ")
        };
        let text = format!("the name of {identity} begins with a `$`");
        return Err(Box::new(
            Diagnostic::error(Code::DOLLAR_NAME, Stage::Interpret, text)
                .at(stmt.kind_span, "named by the text, not by a variable")
                .help(format!(
                    "{meant}if the name is meant, set `Meta:dollar => true`"
                )),
        ));
    }
    if meta.hidden {
        return Ok(());
    }
    params
        .validate(&identity.name)
        .and_then(|()| params.validate_meta(meta))
        .map_err(|invalid| Box::new(refused(identity, &invalid, stmt)))
}

fn refused(identity: &Identity, invalid: &Invalid, stmt: &ResourceStmt) -> Diagnostic {
    let diagnostic = invalid_resource(identity, invalid, Some(stmt.kind_span));
    let place = invalid.param.and_then(|param| {
        stmt.entries.iter().find_map(|entry| match &entry.kind {
            EntryKind::Field { name, .. } if name == param => Some(entry.span),
            _ => None,
        })
    });
    match place {
        Some(place) => diagnostic.label(place, invalid.message.clone()),
        None => diagnostic,
    }
}

fn invalid_resource(identity: &Identity, invalid: &Invalid, place: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code::INVALID_RESOURCE,
        Stage::Interpret,
        format!("{identity} is not valid: {invalid}"),
    )
    .optional_help(invalid.help.clone());
    match place {
        Some(place) => diagnostic.at(place, "this resource"),
        None => diagnostic,
    }
}

/// The resources of a graph that could never work on a machine: an error for each statement. The graph has its
/// meaning nevertheless.
pub fn refused_runs(graph: &ResourceGraph) -> Vec<Diagnostic> {
    let mut refusals: Vec<Diagnostic> = Vec::new();
    for resource in graph.resources().filter(|resource| !resource.meta.hidden) {
        let Resource { identity, meta, .. } = &**resource;
        let Err(invalid) = resource.params.validate_run(&identity.name, meta) else {
            continue;
        };
        // One statement may stand for many resources.
        let refused = |known: &Diagnostic| {
            let place = known.primary.as_ref().map(|label| label.span);
            place.is_some() && place == resource.span
        };
        if !refusals.iter().any(refused) {
            refusals.push(invalid_resource(identity, &invalid, resource.span));
        }
    }
    refusals
}

fn misfit(
    def: &ResourceDef,
    name: &str,
    error: &SetError,
    span: Span,
    name_span: Span,
) -> Box<Diagnostic> {
    let text = format!(
        "the value does not fit the parameter `{name}` of `{}`: {error}",
        def.kind
    );
    let diagnostic = Diagnostic::error(Code::VALUE_DOES_NOT_FIT, Stage::Interpret, text);
    Box::new(diagnostic.at(
        Span::new(
            span.source,
            name_span.start,
            span.end.saturating_sub(1).max(name_span.end),
        ),
        "",
    ))
}

fn bad_meta(error: &MetaError, stmt: &ResourceStmt) -> Box<Diagnostic> {
    let text = format!("the meta parameter {error}");
    let place = stmt.entries.iter().find_map(|entry| match entry.kind {
        EntryKind::Meta {
            name, name_span, ..
        } if name == error.param => Some(name_span),
        EntryKind::MetaStruct { meta_span, .. } => Some(meta_span),
        _ => None,
    });
    let diagnostic = Diagnostic::error(Code::INVALID_META, Stage::Interpret, text);
    Box::new(diagnostic.at(place.unwrap_or(stmt.kind_span), ""))
}

/// The edges that an edge statement gives with these names.
pub fn edge(stmt: &EdgeStmt, values: &[Value]) -> StmtOutput {
    let mut edges = Vec::new();
    for (pair, names) in stmt.halves.windows(2).zip(values.windows(2)) {
        let ([from_half, to_half], [from_names, to_names]) = (pair, names) else {
            continue;
        };
        let transfer = match (&from_half.field, &to_half.field) {
            (Some((send, _)), Some((recv, _))) => Some((send.clone(), recv.clone())),
            _ => None,
        };
        for from in targets(from_half, from_names) {
            for to in targets(to_half, to_names) {
                edges.push(EdgeOut {
                    from: from.clone(),
                    to,
                    notify: false,
                    transfer: transfer.clone(),
                    span: stmt.span,
                    line: None,
                });
            }
        }
    }
    StmtOutput {
        resources: SmallVec::new(),
        edges: edges.into(),
    }
}

fn targets<'h>(half: &'h Half, names_value: &Value) -> impl Iterator<Item = Identity> + use<'h> {
    names(names_value)
        .into_iter()
        .map(|name| Identity::new(half.kind.clone(), name))
}

/// The names that a value gives: one, or those of a list, each once.
fn names(value: &Value) -> Vec<EcoString> {
    match value {
        Value::Str(name) => vec![EcoString::from(&*name.to_string_lossy())],
        Value::List(list) => {
            let mut seen = rustc_hash::FxHashSet::default();
            list.iter()
                .filter_map(|name| Some(EcoString::from(&*name.as_str()?.to_string_lossy())))
                .filter(|name| seen.insert(name.clone()))
                .collect()
        }
        _ => Vec::new(),
    }
}
