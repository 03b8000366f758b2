//! What stands at a place, and where else it is spoken of. Hover, navigation and renaming begin here.

use std::sync::Arc;

use mgmt_compiler::hir::{ClassId, FuncId, Var};
use mgmt_compiler::resolve::{Alias, AliasDef, Module, Target};
use mgmt_grammar::ast::{EntryKind, StmtKind};
use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::catalog::{FunctionDef, VariableDef};
use mgmt_stdlib::resource::{MetaParam, ResourceDef};

use super::{View, syntax};

/// Something that a program can speak of.
#[derive(Clone, Debug)]
pub enum Symbol {
    /// A bind, a parameter or a loop variable.
    Var(Var),
    /// A function statement.
    Func(FuncId),
    /// A class.
    Class(ClassId),
    /// An import, or an include under an alias; its position among them.
    Alias(usize),
    /// A variable of the library.
    LibraryVar(Arc<VariableDef>),
    /// A function of the library.
    LibraryFunc(Arc<FunctionDef>),
    /// `$hostname`.
    Hostname,
    /// A resource kind.
    Kind(Arc<ResourceDef>),
    /// A parameter of a kind.
    Param(Arc<ResourceDef>, usize),
    /// What a kind sends.
    Send(Arc<ResourceDef>, usize),
    /// A meta parameter.
    Meta(&'static MetaParam),
    /// `Before`, `Depend`, `Notify`, `Listen`; in lower case.
    EdgeProperty(String),
    /// A resource, by kind and name; see [`syntax::name_keys`].
    Resource(String, String),
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Var(a), Self::Var(b)) => a == b,
            (Self::Func(a), Self::Func(b)) => a == b,
            (Self::Class(a), Self::Class(b)) => a == b,
            (Self::Alias(a), Self::Alias(b)) => a == b,
            (Self::LibraryVar(a), Self::LibraryVar(b)) => {
                (a.package, a.name) == (b.package, b.name)
            }
            (Self::LibraryFunc(a), Self::LibraryFunc(b)) => {
                (a.package, a.name) == (b.package, b.name)
            }
            (Self::Hostname, Self::Hostname) => true,
            (Self::Kind(a), Self::Kind(b)) => a.kind == b.kind,
            (Self::Param(a, i), Self::Param(b, j)) | (Self::Send(a, i), Self::Send(b, j)) => {
                a.kind == b.kind && i == j
            }
            (Self::Meta(a), Self::Meta(b)) => a.name == b.name,
            (Self::EdgeProperty(a), Self::EdgeProperty(b)) => a == b,
            (Self::Resource(a, x), Self::Resource(b, y)) => a == b && x == y,
            _ => false,
        }
    }
}

/// A place where something is spoken of.
#[derive(Clone, Debug)]
pub struct Mention {
    /// The place.
    pub span: Span,
    /// What is spoken of.
    pub symbol: Symbol,
    /// Whether it is defined here.
    pub is_definition: bool,
}

impl View {
    /// What stands at an offset of the file.
    pub fn mention_at(&self, offset: u32) -> Option<Mention> {
        self.name_at(offset).or_else(|| {
            self.mentions(self.source)
                .into_iter()
                .find(|it| it.span.touches(offset))
        })
    }

    /// The use of a name at an offset, which is found faster than what else may stand there.
    fn name_at(&self, offset: u32) -> Option<Mention> {
        let found = self.facts()?.use_at(self.source, offset)?;
        Some(Mention {
            span: found.span,
            symbol: symbol_of(&found.target)?,
            is_definition: false,
        })
    }

    /// All that is spoken of in one file of the program.
    pub fn mentions(&self, source: SourceId) -> Vec<Mention> {
        let mut found = self.definitions(source);
        if let Some(facts) = self.facts() {
            found.extend(facts.uses_in(source).iter().filter_map(|one| {
                Some(Mention {
                    span: one.span,
                    symbol: symbol_of(&one.target)?,
                    is_definition: false,
                })
            }));
        }
        self.resource_mentions(source, &mut found);
        found
    }

    /// The definitions of one file.
    pub fn definitions(&self, source: SourceId) -> Vec<Mention> {
        let (Some(hir), Some(facts)) = (self.hir(), self.facts()) else {
            return Vec::new();
        };
        let mut found: Vec<(Span, Symbol)> = Vec::new();
        found.extend(
            hir.binds()
                .map(|(id, it)| (it.span, Symbol::Var(Var::Bind(id)))),
        );
        found.extend(
            hir.params()
                .map(|(id, it)| (it.span, Symbol::Var(Var::Param(id)))),
        );
        found.extend(hir.funcs().map(|(id, it)| (it.span, Symbol::Func(id))));
        found.extend(hir.classes().map(|(id, it)| (it.span, Symbol::Class(id))));
        for (i, alias) in facts.aliases.iter().enumerate() {
            let place = alias.name_span.or(alias.path_span);
            found.extend(place.map(|span| (span, Symbol::Alias(i))));
            // The string of an import leads to what is imported, whatever it is called.
            if alias.name_span.is_some() {
                found.extend(alias.path_span.map(|span| (span, Symbol::Alias(i))));
            }
        }
        found
            .into_iter()
            .filter(|(span, _)| span.source == source)
            .map(|(span, symbol)| Mention {
                span,
                symbol,
                is_definition: true,
            })
            .collect()
    }

    /// Where a symbol is spoken of, in all files of the program.
    pub fn mentions_of(&self, symbol: &Symbol) -> Vec<Mention> {
        self.analysis
            .insight
            .sources
            .iter()
            .flat_map(|(source, _)| self.mentions(source))
            .filter(|mention| mention.symbol == *symbol)
            .collect()
    }

    /// Kinds, parameters, and resources by name.
    fn resource_mentions(&self, source: SourceId, found: &mut Vec<Mention>) {
        let insight = &self.analysis.insight;
        let (Some(tree), Some(file)) = (insight.tree(source), insight.sources.get(source)) else {
            return;
        };
        let mut note = |span, symbol, is_definition| {
            found.push(Mention {
                span,
                symbol,
                is_definition,
            });
        };
        let is_name = |span: Span| matches!(span.text(&file.text).as_bytes().first(), Some(b'"'));
        for stmt in &tree.stmts {
            let StmtKind::Resource(resource) = &stmt.kind else {
                continue;
            };
            for (key, span) in syntax::name_keys(tree, &file.text, resource.name) {
                if is_name(span) {
                    note(
                        span,
                        Symbol::Resource(resource.kind.text.to_string(), key),
                        true,
                    );
                }
            }
            let def = self.catalog().resource(&resource.kind.text);
            if let Some(def) = def {
                note(resource.kind.span, Symbol::Kind(def.clone()), false);
            }
            for entry in &resource.entries {
                match &entry.kind {
                    EntryKind::Field { name, .. } => {
                        let Some(def) = def else { continue };
                        let param = def.params.iter().position(|param| name.text == param.name);
                        if let Some(param) = param {
                            note(name.span, Symbol::Param(def.clone(), param), false);
                        }
                    }
                    EntryKind::Edge { property, .. } => {
                        note(
                            property.span,
                            Symbol::EdgeProperty(property.text.to_string()),
                            false,
                        );
                    }
                    EntryKind::Meta { property, .. } => {
                        if let Some(meta) = MetaParam::find(&property.text) {
                            note(property.span, Symbol::Meta(meta), false);
                        }
                    }
                    EntryKind::MetaStruct { .. } => {
                        for name in syntax::meta_fields(tree, entry) {
                            if let Some(meta) = MetaParam::find(&name.text) {
                                note(name.span, Symbol::Meta(meta), false);
                            }
                        }
                    }
                    EntryKind::Error => {}
                }
            }
        }
        for stmt in &tree.stmts {
            if let StmtKind::Edge { halves } = &stmt.kind {
                for (i, half) in halves.iter().enumerate() {
                    let Some(def) = self.catalog().resource(&half.kind.text) else {
                        continue;
                    };
                    let Some(field) = &half.field else { continue };
                    // The first end sends, the others receive.
                    let symbol = if i == 0 {
                        let sent = def.sends.iter().position(|sent| field.text == sent.name);
                        sent.map(|sent| Symbol::Send(def.clone(), sent))
                    } else {
                        let param = def.params.iter().position(|param| field.text == param.name);
                        param.map(|param| Symbol::Param(def.clone(), param))
                    };
                    if let Some(symbol) = symbol {
                        note(field.span, symbol, false);
                    }
                }
            }
        }
        for half in syntax::halves(tree) {
            if let Some(def) = self.catalog().resource(&half.kind.text) {
                note(half.kind.span, Symbol::Kind(def.clone()), false);
            }
            for (key, span) in syntax::name_keys(tree, &file.text, half.name) {
                if is_name(span) {
                    note(
                        span,
                        Symbol::Resource(half.kind.text.to_string(), key),
                        false,
                    );
                }
            }
        }
    }

    /// An import, or an include under an alias.
    pub fn alias(&self, index: usize) -> Option<&AliasDef> {
        self.facts()?.aliases.get(index)
    }

    /// The file behind an import; of a package, the first that is written in mcl.
    pub fn imported_file(&self, alias: &AliasDef) -> Option<SourceId> {
        let scope = match &alias.alias {
            Alias::Module(Module::File(scope)) => scope,
            Alias::Module(Module::Written(_, scopes)) => scopes.first()?,
            Alias::Module(Module::Package(_) | Module::Broken) | Alias::Include(_) => return None,
        };
        let mut files = self.facts()?.files.iter();
        files
            .find(|(_, top)| *top == scope)
            .map(|(source, _)| *source)
    }

    /// The class behind an include with an alias.
    pub fn included_class(&self, alias: &AliasDef) -> Option<ClassId> {
        let Alias::Include(include) = &alias.alias else {
            return None;
        };
        let class = self.hir()?[*include].class.as_ref()?;
        Some(class.target)
    }
}

/// What the resolver found behind a name.
pub fn symbol_of(target: &Target) -> Option<Symbol> {
    Some(match target {
        Target::Var(var) => Symbol::Var(*var),
        Target::Func(func) => Symbol::Func(*func),
        Target::Class(class) => Symbol::Class(*class),
        Target::Alias(alias) => Symbol::Alias(*alias),
        Target::LibraryVar(variable) => Symbol::LibraryVar(variable.clone()),
        Target::LibraryFunc(function) => Symbol::LibraryFunc(function.clone()),
        Target::Hostname => Symbol::Hostname,
        Target::Unknown => return None,
    })
}
