//! Which fields have to have one name: those of structs whose types have become one, and what reads them. An
//! editor follows and renames them; nothing of this is noted for anybody else.

use std::collections::BTreeMap;

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{FunctionDef, Implementation, Inference, Signature};
use mgmt_stdlib::types::Type;
use petgraph::unionfind::UnionFind;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Infer;
use super::facts::TypeFacts;
use super::table::{Table, TyId};
use crate::hir::ExprId;

/// What is noted of structs while types are inferred; of what stands in a class, for each instance.
#[derive(Debug, Default)]
pub(super) struct StructNotes {
    literals: Vec<(ExprId, TyId)>,
    annotations: Vec<(Span, TyId)>,
    reads: Vec<Read>,
    /// What the library may look into, and where it is given to it.
    inspected: Vec<(Span, TyId)>,
    /// What the calls of generalised functions choose.
    chosen: Vec<(Span, TyId)>,
}

/// `base->name` of a struct that is known.
#[derive(Debug)]
struct Read {
    name: EcoString,
    span: Span,
    base: TyId,
}

/// All places of a field that has to have one name.
#[derive(Debug, Default)]
pub struct FieldGroup {
    /// The struct literals that give it.
    pub literals: Vec<ExprId>,
    /// The annotations that declare it, and in which of their structs, counted from the outermost.
    pub annotations: Vec<(Span, usize)>,
    /// The names that read it.
    pub reads: Vec<Span>,
    /// Whether a struct of the library has to have it too.
    pub is_of_library: bool,
    /// A value that the library may look into, so that its result may depend on the name.
    pub inspected: Option<Span>,
    /// Names that it can not have, since they mean something in these structs or where they are read.
    pub taken: FxHashSet<EcoString>,
}

impl TypeFacts {
    /// The fields of a name.
    pub fn fields(&self, name: &str) -> Vec<FieldGroup> {
        let (table, notes) = (&self.table, &self.structs);
        let links = table.links();
        let mut known = Known {
            table,
            name,
            index: FxHashMap::default(),
            pairs: Vec::new(),
        };
        let mut own = FxHashSet::default();
        let mut firsts: FxHashMap<Place, TyId> = FxHashMap::default();
        let mut places: Vec<(Place, usize)> = Vec::new();
        let mut at = |known: &mut Known<'_>, place: Place, ty: TyId| {
            let Some(node) = known.node(ty) else { return };
            match firsts.get(&place) {
                Some(first) => known.join(*first, ty),
                None => {
                    firsts.insert(place, ty);
                    places.push((place, node));
                }
            }
        };
        for (literal, ty) in &notes.literals {
            own.insert(table.root(*ty));
            at(&mut known, Place::Literal(*literal), *ty);
        }
        for (span, ty) in &notes.annotations {
            let structs = table.parts(*ty).into_iter();
            let structs = structs.filter(|part| table.fields(*part).is_some());
            for (i, part) in structs.enumerate() {
                own.insert(part);
                at(&mut known, Place::Annotation(*span, i), part);
            }
        }
        for read in notes.reads.iter().filter(|read| read.name == name) {
            at(&mut known, Place::Read(read.span), read.base);
        }
        for (one, other) in &links.same {
            known.join(*one, *other);
        }
        // A copy of a copy comes later.
        for (of, copy) in &links.copies {
            known.join(*of, *copy);
            if own.contains(&table.root(*of)) {
                own.insert(table.root(*copy));
            }
        }
        let mut sets = UnionFind::<usize>::new(known.index.len());
        for (one, other) in &known.pairs {
            sets.union(*one, *other);
        }
        let mut groups: BTreeMap<usize, FieldGroup> = BTreeMap::new();
        for (place, node) in places {
            let group = groups.entry(sets.find(node)).or_default();
            match place {
                Place::Literal(literal) => group.literals.push(literal),
                Place::Annotation(span, i) => group.annotations.push((span, i)),
                Place::Read(span) => group.reads.push(span),
            }
        }
        for (ty, node) in &known.index {
            let Some(group) = groups.get_mut(&sets.find(*node)) else {
                continue;
            };
            group.is_of_library |= !own.contains(ty);
            let fields = table.fields(*ty).into_iter().flatten();
            group.taken.extend(fields.map(|(name, _)| name.clone()));
        }
        // What reads one struct may read others, which do not have the field.
        let group_of = |ty: TyId| {
            known
                .index
                .get(&table.root(ty))
                .map(|node| sets.find(*node))
        };
        for read in &notes.reads {
            match group_of(read.base).and_then(|group| groups.get_mut(&group)) {
                Some(group) if read.name != name => {
                    group.taken.insert(read.name.clone());
                }
                Some(_) => {}
                None if read.name == name => {
                    let elsewhere = firsts.get(&Place::Read(read.span));
                    let group = elsewhere.and_then(|first| groups.get_mut(&group_of(*first)?));
                    let fields = table.fields(read.base).into_iter().flatten();
                    if let Some(group) = group {
                        group.taken.extend(fields.map(|(name, _)| name.clone()));
                    }
                }
                None => {}
            }
        }
        // What a generalised function passes on is what its callers choose.
        let is_open = |ty: TyId| table.parts(ty).iter().any(|part| table.is_open(*part));
        let passes_on = notes.inspected.iter().any(|(_, ty)| is_open(*ty));
        let chosen = notes.chosen.iter().filter(|_| passes_on);
        for (span, ty) in notes.inspected.iter().chain(chosen) {
            for part in table.parts(*ty) {
                if let Some(group) = group_of(part).and_then(|group| groups.get_mut(&group)) {
                    group.inspected.get_or_insert(*span);
                }
            }
        }
        groups.into_values().collect()
    }
}

/// Where a field stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Literal(ExprId),
    Annotation(Span, usize),
    Read(Span),
}

/// The structs that have a field of the name, and which of them are one.
struct Known<'t> {
    table: &'t Table,
    name: &'t str,
    index: FxHashMap<TyId, usize>,
    pairs: Vec<(usize, usize)>,
}

impl Known<'_> {
    fn node(&mut self, ty: TyId) -> Option<usize> {
        let root = self.table.root(ty);
        if let Some(node) = self.index.get(&root) {
            return Some(*node);
        }
        let mut fields = self.table.fields(root)?.iter();
        fields.find(|(name, _)| name == self.name)?;
        let node = self.index.len();
        self.index.insert(root, node);
        Some(node)
    }

    fn join(&mut self, one: TyId, other: TyId) {
        if let (Some(one), Some(other)) = (self.node(one), self.node(other)) {
            self.pairs.push((one, other));
        }
    }
}

impl Infer<'_> {
    pub(super) fn note_literal(&mut self, literal: ExprId, ty: TyId) {
        if let Some(notes) = &mut self.structs {
            notes.literals.push((literal, ty));
        }
    }

    pub(super) fn note_annotation(&mut self, span: Span, ty: TyId) {
        if let Some(notes) = &mut self.structs {
            notes.annotations.push((span, ty));
        }
    }

    pub(super) fn note_read(&mut self, name: &EcoString, span: Span, base: TyId) {
        if let Some(notes) = &mut self.structs {
            let name = name.clone();
            notes.reads.push(Read { name, span, base });
        }
    }

    pub(super) fn note_inspected(&mut self, span: Span, types: &[TyId]) {
        if let Some(notes) = &mut self.structs {
            notes.inspected.extend(types.iter().map(|ty| (span, *ty)));
        }
    }

    pub(super) fn note_choices(&mut self, span: Span, types: &[TyId]) {
        if let Some(notes) = &mut self.structs {
            notes.chosen.extend(types.iter().map(|ty| (span, *ty)));
        }
    }
}

/// Whether a function of the library may look at the names of fields: one that is given the types does, and one
/// that takes anything and gives something else. What has the same variable elsewhere only passes it on.
pub(super) fn looks_into(function: &FunctionDef, signature: &Signature) -> bool {
    if matches!(function.implementation, Implementation::Typed(_))
        || function.inference != Inference::Signature
    {
        return true;
    }
    let mut seen = FxHashMap::default();
    count_vars(&Type::Func(signature.ty.clone()), &mut seen);
    seen.into_values().any(|times| times == 1)
}

fn count_vars(ty: &Type, seen: &mut FxHashMap<u32, usize>) {
    match ty {
        Type::Var(var) => *seen.entry(*var).or_default() += 1,
        Type::List(element) => count_vars(element, seen),
        Type::Map(entry) => {
            count_vars(&entry.0, seen);
            count_vars(&entry.1, seen);
        }
        Type::Struct(fields) => fields.iter().for_each(|(_, ty)| count_vars(ty, seen)),
        Type::Func(func) => {
            func.args.iter().for_each(|(_, ty)| count_vars(ty, seen));
            count_vars(&func.result, seen);
        }
        Type::Bool | Type::Str | Type::Int | Type::Float | Type::Variant => {}
    }
}
