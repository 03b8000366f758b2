//! Where a field is given, declared and read: in one program, and in all that know its structs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mgmt_compiler::hir;
use mgmt_compiler::infer::FieldGroup;
use mgmt_grammar::ast::{ExprKind, File, Ident, TypeExpr, TypeKind};
use mgmt_grammar::span::Span;
use rustc_hash::FxHashMap;

use super::super::uses::Reference;
use super::super::view::range;
use super::super::{Location, Range, View, syntax};
use super::field_at;

/// What a place does with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An annotation has it.
    Declared,
    /// A literal has it.
    Given,
    /// `$s->field`
    Read,
}

/// All places of a field in one program that have to have one name.
pub struct Places {
    /// What the compiler knows of them.
    pub group: FieldGroup,
    /// The names, where they stand.
    pub places: Vec<(Span, Role)>,
}

impl Places {
    fn has(&self, span: Span) -> bool {
        self.places.iter().any(|(place, _)| *place == span)
    }

    /// Whether a place of a role defines the field: an annotation, or the literals if there is none.
    fn defines(&self, role: Role) -> bool {
        let is_declared = self.places.iter().any(|(_, it)| *it == Role::Declared);
        match role {
            Role::Declared => true,
            Role::Given => !is_declared,
            Role::Read => false,
        }
    }

    /// Where the field is defined.
    pub fn definitions(&self) -> impl Iterator<Item = Span> {
        let places = self.places.iter();
        let defining = places.filter(|(_, role)| self.defines(*role));
        defining.map(|(span, _)| *span)
    }
}

/// The fields of a name, each with all of its places in the program.
pub fn all(view: &View, name: &str) -> Vec<Places> {
    let (Some(types), Some(hir)) = (view.types(), view.hir()) else {
        return Vec::new();
    };
    let groups = types.fields(name);
    let mut named = Named::default();
    let spans = groups.iter().flat_map(|group| {
        let literals = group.literals.iter().map(|literal| hir[*literal].span);
        literals.chain(group.annotations.iter().map(|(span, _)| *span))
    });
    let sources: BTreeSet<_> = spans.map(|span| span.source).collect();
    for source in sources {
        if let Some(tree) = view.analysis.insight.tree(source) {
            named.collect(tree, name);
        }
    }
    let with_places = |group: FieldGroup| {
        let mut places: Vec<(Span, Role)> = Vec::new();
        let literals = group.literals.iter();
        let literals = literals.filter_map(|literal| named.literals.get(&hir[*literal].span));
        places.extend(literals.map(|span| (*span, Role::Given)));
        let annotations = group.annotations.iter();
        let annotations = annotations.filter_map(|place| named.annotations.get(place));
        places.extend(annotations.map(|span| (*span, Role::Declared)));
        places.extend(group.reads.iter().map(|span| (*span, Role::Read)));
        places.sort_by_key(|(span, _)| *span);
        places.dedup();
        Places { group, places }
    };
    groups.into_iter().map(with_places).collect()
}

/// Where the trees have a name in literals and annotations.
#[derive(Default)]
struct Named {
    literals: FxHashMap<Span, Span>,
    annotations: FxHashMap<(Span, usize), Span>,
}

impl Named {
    fn collect(&mut self, tree: &File, name: &str) {
        for (_, expr) in syntax::exprs(tree) {
            if let ExprKind::Struct(fields) = &expr.kind
                && let Some((field, _)) = fields.iter().find(|(it, _)| it.text == name)
            {
                self.literals.insert(expr.span, field.span);
            }
        }
        for ty in syntax::annotations(tree) {
            for (i, fields) in structs(ty).into_iter().enumerate() {
                if let Some((field, _)) = fields.iter().find(|(it, _)| it.text == name) {
                    self.annotations.insert((ty.span, i), field.span);
                }
            }
        }
    }
}

/// The structs in an annotation, counted as [`FieldGroup::annotations`] does.
pub fn structs(ty: &TypeExpr) -> Vec<&[(Ident, TypeExpr)]> {
    let mut found = Vec::new();
    let mut stack = vec![ty];
    while let Some(next) = stack.pop() {
        match &next.kind {
            TypeKind::List(element) => stack.push(element),
            TypeKind::Map(entry) => stack.extend([&entry.1, &entry.0]),
            TypeKind::Struct(fields) => {
                found.push(fields.as_slice());
                stack.extend(fields.iter().rev().map(|(_, ty)| ty));
            }
            TypeKind::Func { args, result } => {
                stack.push(result);
                stack.extend(args.iter().rev().map(|(_, ty)| ty));
            }
            TypeKind::Error
            | TypeKind::Bool
            | TypeKind::Str
            | TypeKind::Int
            | TypeKind::Float
            | TypeKind::Variant => {}
        }
    }
    found
}

/// The places in this program of the field at an offset.
pub fn here(view: &View, offset: u32) -> Option<Places> {
    let field = field_at(view, offset)?;
    let mut found = all(view, &field.name.text).into_iter();
    found.find(|places| places.has(field.name.span))
}

/// A program that knows a field.
pub struct Program {
    /// It is seen in one of its files.
    pub view: View,
    /// The fields of that name; those that are meant, first.
    pub fields: Vec<Places>,
    /// How many are meant.
    pub meant: usize,
}

impl Program {
    fn new(view: View, name: &str) -> Self {
        Self {
            fields: all(&view, name),
            view,
            meant: 0,
        }
    }

    /// The fields that are meant.
    pub fn meant(&self) -> &[Places] {
        &self.fields[..self.meant]
    }

    /// Whether more of the fields are meant, now that these places are known; they are added.
    fn grow(&mut self, known: &mut BTreeMap<PathBuf, BTreeSet<u32>>) -> bool {
        let before = self.meant;
        for i in before..self.fields.len() {
            let locations: Vec<Location> = self.fields[i]
                .places
                .iter()
                .filter_map(|(span, _)| self.view.location(*span))
                .collect();
            let is_known = |it: &Location| {
                let starts = known.get(&it.path);
                starts.is_some_and(|starts| starts.contains(&it.range.start))
            };
            if locations.iter().any(is_known) {
                for it in locations {
                    known.entry(it.path).or_default().insert(it.range.start);
                }
                self.fields.swap(self.meant, i);
                self.meant += 1;
            }
        }
        self.meant > before
    }
}

/// Gives the program of an entry file, the second path, seen in one of its files, the first.
type Open<'a> = dyn Fn(&Path, &Path, usize, usize) -> Opened + 'a;

/// A program; nothing if its import is not right.
pub type Opened = Result<Option<View>, GivenUp>;

/// All programs that know the field at an offset. A struct that two of them share makes their fields one. `open` gives
/// the program of an entry file, seen in one of its files; it is told how many of how many were looked through.
/// Nothing comes of it if nothing more is wanted.
pub fn programs(view: &View, offset: u32, open: &Open<'_>) -> Result<Vec<Program>, GivenUp> {
    let Some(field) = field_at(view, offset) else {
        return Ok(Vec::new());
    };
    let name = &field.name.text;
    let mut known: BTreeMap<PathBuf, BTreeSet<u32>> = BTreeMap::new();
    if let Some(here) = view.location(field.name.span) {
        known.entry(here.path).or_default().insert(here.range.start);
    }
    let mut found = vec![Program::new(view.clone(), name)];
    let mut opened = BTreeSet::from([view.analysis.root.clone()]);
    loop {
        let mut has_grown = false;
        for program in &mut found {
            while program.grow(&mut known) {
                has_grown = true;
            }
        }
        let mut todo: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
        for path in known.keys() {
            let roots = view.world.imports.all_roots(path).into_iter();
            let new = roots.filter(|root| !opened.contains(root));
            todo.extend(new.map(|root| (root, path.clone())));
        }
        if todo.is_empty() && !has_grown {
            found.retain(|program| program.meant > 0);
            return Ok(found);
        }
        let total = opened.len() + todo.len();
        for (root, path) in todo {
            if let Some(view) = open(&path, &root, opened.len(), total)? {
                found.push(Program::new(view, name));
            }
            opened.insert(root);
        }
    }
}

/// Nobody wants to know any more.
pub struct GivenUp;

/// Where the field at an offset is spoken of in all programs; see [`super::super::uses::everywhere`].
pub fn references(
    view: &View,
    offset: u32,
    step: &dyn Fn(usize, usize) -> bool,
) -> Option<Vec<Reference>> {
    let open = |path: &Path, root: &Path, done, total| {
        let is_wanted = || step(done, total);
        match view.world.view_once(path, root, &is_wanted) {
            None if !is_wanted() => Err(GivenUp),
            found => Ok(found),
        }
    };
    if !step(0, 1) {
        return None;
    }
    let programs = programs(view, offset, &open).ok()?;
    let mut found = Vec::new();
    for program in &programs {
        for places in program.meant() {
            for (span, role) in &places.places {
                if let Some(location) = program.view.location(*span) {
                    found.push(Reference {
                        location,
                        is_definition: places.defines(*role),
                    });
                }
            }
        }
    }
    Some(found)
}

/// Where the field at an offset is spoken of in the same file, and whether it is given or declared there.
pub fn highlights(view: &View, offset: u32) -> Vec<(Range, bool)> {
    let places = here(view, offset).map(|it| it.places).unwrap_or_default();
    let places = places.into_iter();
    places
        .filter(|(span, _)| span.source == view.source)
        .map(|(span, role)| (range(span), role != Role::Read))
        .collect()
}

/// The definition of a literal's field.
pub fn in_literal(view: &View, literal: hir::ExprId, name: &str) -> Option<Span> {
    let span = view.hir()?[literal].span;
    let tree = view.analysis.insight.tree(span.source)?;
    let mut named = Named::default();
    named.collect(tree, name);
    named.literals.get(&span).copied()
}
