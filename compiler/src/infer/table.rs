//! Types under construction: a union-find table (typing-and-evaluation.md §3.2).

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::types::{FuncType, Type};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

/// A type in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TyId(pub u32);

/// What the variables of a type of the library stand for; they are few.
pub type Vars = SmallVec<[(u32, TyId); 4]>;

/// How deeply a type variable was born in function statements: those of level 1 can be generalised.
pub type Level = u8;

/// One entry of the table.
#[derive(Clone, Debug)]
pub enum Ty {
    /// Nothing is known yet.
    Unknown(Level),
    /// The same as another.
    Link(TyId),
    Bool,
    Str,
    Int,
    Float,
    /// "Any", as an annotation.
    Variant,
    List(TyId),
    Map(TyId, TyId),
    Struct(Arc<[(EcoString, TyId)]>),
    Func(Arc<[(EcoString, TyId)]>, TyId),
    /// Follows from something that has been reported; fits everything.
    Error,
}

impl Ty {
    /// The name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Variant => "variant",
            Self::List(_) => "list",
            Self::Map(..) => "map",
            Self::Struct(_) => "struct",
            Self::Func(..) => "func",
            Self::Unknown(_) | Self::Link(_) | Self::Error => "?",
        }
    }

    /// Puts what it is directly made of onto a stack, so that the first in reading order is taken first.
    fn push_parts(&self, stack: &mut impl Extend<TyId>) {
        match self {
            Self::List(element) => stack.extend([*element]),
            Self::Map(key, value) => stack.extend([*value, *key]),
            Self::Struct(fields) => stack.extend(fields.iter().rev().map(|field| field.1)),
            Self::Func(args, result) => {
                stack.extend([*result]);
                stack.extend(args.iter().rev().map(|arg| arg.1));
            }
            _ => {}
        }
    }
}

/// Why two types do not unify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// Of different kinds, at the innermost place.
    Kind,
    /// Functions with different numbers of arguments.
    ArgCount(usize, usize),
    /// Structs with different fields.
    StructShape,
    /// A type would contain itself.
    Infinite,
}

/// The table.
#[derive(Debug)]
pub struct Table {
    entries: Vec<Ty>,
    /// Where an unknown type became known.
    reasons: FxHashMap<TyId, Span>,
    /// Unknown types that became known since the last look.
    pub bound: Vec<TyId>,
    /// The place that a type learned now is learned from.
    pub place: Span,
    /// Noted only if somebody asks.
    links: Option<StructLinks>,
}

/// Structs that belong together.
#[derive(Debug, Default)]
pub struct StructLinks {
    /// Two that had to be the same.
    pub same: Vec<(TyId, TyId)>,
    /// One of a generalised function, and what a call made of it.
    pub copies: Vec<(TyId, TyId)>,
}

impl Table {
    /// `bool`; the numbers are the places in what [`Table::new`] begins with.
    pub const BOOL: TyId = TyId(0);
    /// `str`
    pub const STR: TyId = TyId(1);
    /// `int`
    pub const INT: TyId = TyId(2);
    /// `float`
    pub const FLOAT: TyId = TyId(3);
    /// The type of what is wrong and has been reported; it fits everywhere.
    pub const ERROR: TyId = TyId(4);
    /// `variant`
    pub const VARIANT: TyId = TyId(5);

    /// The types that need no others.
    pub fn new(with_links: bool) -> Self {
        let entries = vec![
            Ty::Bool,
            Ty::Str,
            Ty::Int,
            Ty::Float,
            Ty::Error,
            Ty::Variant,
        ];
        Self {
            entries,
            reasons: FxHashMap::default(),
            bound: Vec::new(),
            place: Span::default(),
            links: with_links.then(StructLinks::default),
        }
    }

    /// The structs that belong together.
    pub fn links(&self) -> &StructLinks {
        static NONE: StructLinks = StructLinks {
            same: Vec::new(),
            copies: Vec::new(),
        };
        self.links.as_ref().unwrap_or(&NONE)
    }

    /// The fields of a struct.
    pub fn fields(&self, id: TyId) -> Option<&[(EcoString, TyId)]> {
        match &self.entries[self.root(id).0 as usize] {
            Ty::Struct(fields) => Some(fields),
            _ => None,
        }
    }

    /// Whether nothing is known of a type, as it stands.
    pub fn is_open(&self, id: TyId) -> bool {
        matches!(self.entries[self.root(id).0 as usize], Ty::Unknown(_))
    }

    /// A type and all that it is made of, as it would be read aloud.
    pub fn parts(&self, id: TyId) -> Vec<TyId> {
        let mut found = Vec::new();
        let mut stack = vec![id];
        while let Some(next) = stack.pop() {
            let root = self.root(next);
            found.push(root);
            self.entries[root.0 as usize].push_parts(&mut stack);
        }
        found
    }

    /// Enters a type.
    pub fn add(&mut self, ty: Ty) -> TyId {
        self.entries.push(ty);
        TyId(self.entries.len() as u32 - 1)
    }

    /// A fresh type that is to be found out.
    pub fn unknown(&mut self, level: Level) -> TyId {
        self.add(Ty::Unknown(level))
    }

    /// The type of lists of `element`.
    pub fn list(&mut self, element: TyId) -> TyId {
        self.add(Ty::List(element))
    }

    /// The entry that stands for `id`.
    pub fn find(&mut self, id: TyId) -> TyId {
        let mut root = id;
        while let Ty::Link(next) = self.entries[root.0 as usize] {
            root = next;
        }
        let mut at = id;
        while let Ty::Link(next) = self.entries[at.0 as usize] {
            self.entries[at.0 as usize] = Ty::Link(root);
            at = next;
        }
        root
    }

    /// The entry that stands for `id`, without making the next look faster.
    pub fn root(&self, id: TyId) -> TyId {
        let mut root = id;
        while let Ty::Link(next) = self.entries[root.0 as usize] {
            root = next;
        }
        root
    }

    /// Whether the type follows from something that has been reported.
    pub fn is_error(&self, id: TyId) -> bool {
        matches!(self.entries[self.root(id).0 as usize], Ty::Error)
    }

    /// What is known of a type.
    pub fn get(&mut self, id: TyId) -> Ty {
        let root = self.find(id);
        self.entries[root.0 as usize].clone()
    }

    /// Whether nothing is known of a type.
    pub fn is_unknown(&mut self, id: TyId) -> bool {
        let root = self.find(id);
        matches!(self.entries[root.0 as usize], Ty::Unknown(_))
    }

    /// Where the type, once unknown, became known.
    pub fn reason(&self, id: TyId) -> Option<Span> {
        self.reasons.get(&id).copied()
    }

    /// Where the first part of a type that was once unknown became known.
    pub fn reason_within(&self, id: TyId) -> Option<Span> {
        let mut stack = vec![id];
        while let Some(next) = stack.pop() {
            if let Some(span) = self.reason(next) {
                return Some(span);
            }
            match &self.entries[next.0 as usize] {
                Ty::Link(to) => stack.push(*to),
                Ty::Func(..) => {}
                ty => ty.push_parts(&mut stack),
            }
        }
        None
    }

    /// Whether two types are one as far as they are known, without making them so.
    pub fn fits(&mut self, left: TyId, right: TyId) -> bool {
        let (left, right) = (self.get(left), self.get(right));
        match (left, right) {
            (Ty::Unknown(_) | Ty::Error, _) | (_, Ty::Unknown(_) | Ty::Error) => true,
            (Ty::List(a), Ty::List(b)) => self.fits(a, b),
            (Ty::Map(k, v), Ty::Map(l, w)) => self.fits(k, l) && self.fits(v, w),
            (Ty::Struct(a), Ty::Struct(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b.iter())
                        .all(|(x, y)| x.0 == y.0 && self.fits(x.1, y.1))
            }
            (Ty::Func(a, x), Ty::Func(b, y)) => {
                a.len() == b.len()
                    && a.iter().zip(b.iter()).all(|(x, y)| self.fits(x.1, y.1))
                    && self.fits(x, y)
            }
            (left, right) => left.kind() == right.kind(),
        }
    }

    /// Enters a type of the library; `vars` gives its variables.
    pub fn import(&mut self, ty: &Type, vars: &mut Vars, level: Level) -> TyId {
        match ty {
            Type::Bool => Self::BOOL,
            Type::Str => Self::STR,
            Type::Int => Self::INT,
            Type::Float => Self::FLOAT,
            Type::Variant => Self::VARIANT,
            Type::List(element) => {
                let element = self.import(element, vars, level);
                self.list(element)
            }
            Type::Map(entry) => {
                let key = self.import(&entry.0, vars, level);
                let value = self.import(&entry.1, vars, level);
                self.add(Ty::Map(key, value))
            }
            Type::Struct(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, ty)| (name.clone(), self.import(ty, vars, level)))
                    .collect();
                self.add(Ty::Struct(fields))
            }
            Type::Func(func) => {
                let args = func
                    .args
                    .iter()
                    .map(|(name, ty)| (name.clone(), self.import(ty, vars, level)))
                    .collect();
                let result = self.import(&func.result, vars, level);
                self.add(Ty::Func(args, result))
            }
            Type::Var(var) => match vars.iter().find(|(known, _)| known == var) {
                Some((_, known)) => *known,
                None => {
                    let fresh = self.unknown(level);
                    vars.push((*var, fresh));
                    fresh
                }
            },
        }
    }

    /// The type as it stands; what is unknown is a variable, numbered by `vars` in order of appearance.
    pub fn export(&self, id: TyId, vars: &mut Vec<TyId>) -> Type {
        let root = self.root(id);
        match self.entries[root.0 as usize].clone() {
            Ty::Bool => Type::Bool,
            Ty::Str => Type::Str,
            Ty::Int => Type::Int,
            Ty::Float => Type::Float,
            Ty::Variant | Ty::Error | Ty::Link(_) => Type::Variant,
            Ty::List(element) => Type::list(self.export(element, vars)),
            Ty::Map(key, value) => Type::map(self.export(key, vars), self.export(value, vars)),
            Ty::Struct(fields) => Type::structure(
                fields
                    .iter()
                    .map(|(name, ty)| (name.clone(), self.export(*ty, vars)))
                    .collect::<Vec<_>>(),
            ),
            Ty::Func(args, result) => Type::Func(Arc::new(FuncType {
                args: args
                    .iter()
                    .map(|(name, ty)| (name.clone(), self.export(*ty, vars)))
                    .collect(),
                result: self.export(result, vars),
            })),
            Ty::Unknown(_) => {
                let index = vars.iter().position(|var| *var == root).unwrap_or_else(|| {
                    vars.push(root);
                    vars.len() - 1
                });
                Type::Var(index as u32 + 1)
            }
        }
    }

    /// Makes two types one, or says why they can not be.
    pub fn unify(&mut self, left: TyId, right: TyId) -> Result<(), Mismatch> {
        let (left, right) = (self.find(left), self.find(right));
        if left == right {
            return Ok(());
        }
        let pair = (
            self.entries[left.0 as usize].clone(),
            self.entries[right.0 as usize].clone(),
        );
        match pair {
            (Ty::Error, _) | (_, Ty::Error) => Ok(()),
            (Ty::Unknown(a), Ty::Unknown(b)) => {
                // The older variable stays, so that a generalised one never stands for an outer one.
                self.entries[left.0 as usize] = Ty::Unknown(a.min(b));
                self.entries[right.0 as usize] = Ty::Link(left);
                self.bound.push(right);
                Ok(())
            }
            (Ty::Unknown(level), _) => self.bind(left, level, right),
            (_, Ty::Unknown(level)) => self.bind(right, level, left),
            (Ty::Bool, Ty::Bool)
            | (Ty::Str, Ty::Str)
            | (Ty::Int, Ty::Int)
            | (Ty::Float, Ty::Float)
            | (Ty::Variant, Ty::Variant) => Ok(()),
            (Ty::List(a), Ty::List(b)) => self.unify(a, b),
            (Ty::Map(k, v), Ty::Map(l, w)) => {
                self.unify(k, l)?;
                self.unify(v, w)
            }
            (Ty::Struct(a), Ty::Struct(b)) => {
                if a.len() != b.len() || a.iter().zip(b.iter()).any(|(x, y)| x.0 != y.0) {
                    return Err(Mismatch::StructShape);
                }
                if let Some(links) = &mut self.links {
                    links.same.push((left, right));
                }
                a.iter()
                    .zip(b.iter())
                    .try_for_each(|(x, y)| self.unify(x.1, y.1))
            }
            (Ty::Func(a, x), Ty::Func(b, y)) => {
                if a.len() != b.len() {
                    return Err(Mismatch::ArgCount(a.len(), b.len()));
                }
                a.iter()
                    .zip(b.iter())
                    .try_for_each(|(x, y)| self.unify(x.1, y.1))?;
                self.unify(x, y)
            }
            _ => Err(Mismatch::Kind),
        }
    }

    fn bind(&mut self, var: TyId, level: Level, ty: TyId) -> Result<(), Mismatch> {
        self.occurs(var, level, ty)?;
        self.entries[var.0 as usize] = Ty::Link(ty);
        self.reasons.insert(var, self.place);
        self.bound.push(var);
        Ok(())
    }

    /// Refuses a type that contains `var`, and lowers the level of what it contains.
    fn occurs(&mut self, var: TyId, level: Level, ty: TyId) -> Result<(), Mismatch> {
        let mut stack: SmallVec<[TyId; 8]> = smallvec![ty];
        while let Some(next) = stack.pop() {
            let root = self.find(next);
            if root == var {
                return Err(Mismatch::Infinite);
            }
            match &mut self.entries[root.0 as usize] {
                Ty::Unknown(have) => *have = (*have).min(level),
                ty => ty.push_parts(&mut stack),
            }
        }
        Ok(())
    }

    /// The unknown parts of a type, each once, in order of appearance.
    pub fn unknowns(&mut self, id: TyId) -> Vec<(TyId, Level)> {
        let mut found: Vec<(TyId, Level)> = Vec::new();
        let mut stack: SmallVec<[TyId; 8]> = smallvec![id];
        while let Some(next) = stack.pop() {
            let root = self.find(next);
            match &self.entries[root.0 as usize] {
                Ty::Unknown(level) if !found.iter().any(|(have, _)| *have == root) => {
                    found.push((root, *level));
                }
                ty => ty.push_parts(&mut stack),
            }
        }
        found
    }

    /// A copy of a type in which `fresh` replaces the generalised parts. Closed types are shared.
    pub fn instantiate(&mut self, id: TyId, fresh: &FxHashMap<TyId, TyId>) -> TyId {
        let root = self.find(id);
        if let Some(replacement) = fresh.get(&root) {
            return *replacement;
        }
        match self.entries[root.0 as usize].clone() {
            Ty::List(element) => {
                let copy = self.instantiate(element, fresh);
                if copy == element {
                    root
                } else {
                    self.list(copy)
                }
            }
            Ty::Map(key, value) => {
                let copy = (self.instantiate(key, fresh), self.instantiate(value, fresh));
                if copy == (key, value) {
                    root
                } else {
                    self.add(Ty::Map(copy.0, copy.1))
                }
            }
            Ty::Struct(fields) => {
                let copy: Arc<[(EcoString, TyId)]> = fields
                    .iter()
                    .map(|(name, ty)| (name.clone(), self.instantiate(*ty, fresh)))
                    .collect();
                if copy == fields {
                    root
                } else {
                    let copy = self.add(Ty::Struct(copy));
                    if let Some(links) = &mut self.links {
                        links.copies.push((root, copy));
                    }
                    copy
                }
            }
            Ty::Func(args, result) => {
                let copy: Arc<[(EcoString, TyId)]> = args
                    .iter()
                    .map(|(name, ty)| (name.clone(), self.instantiate(*ty, fresh)))
                    .collect();
                let copied_result = self.instantiate(result, fresh);
                if copy == args && copied_result == result {
                    root
                } else {
                    self.add(Ty::Func(copy, copied_result))
                }
            }
            _ => root,
        }
    }
}
