//! What a name means where it is used.

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{FunctionDef, VariableDef};
use std::sync::Arc;

use super::names::{Alias, Found, Module, NameScope, closest};
use super::{Definition, Resolver};
use crate::hir::{ClassId, FuncId, IncludeId, Ref, ScopeId, Var};

/// How far the class of an include has been looked up.
#[derive(Clone, Debug)]
pub(super) enum IncludeState {
    Running,
    Done(Option<Ref<ClassId>>),
}

/// What a variable's name can mean.
#[derive(Clone, Debug)]
pub(super) enum VarMeaning {
    Var(Var),
    Catalog(Arc<VariableDef>),
    Hostname,
    /// A name of a module that could not be had.
    Broken,
}

/// What a function's name can mean.
#[derive(Clone, Debug)]
pub(super) enum FuncMeaning {
    User(FuncId),
    Catalog(Arc<FunctionDef>),
    Broken,
}

/// What a class's name can mean.
#[derive(Clone, Debug)]
pub(super) enum ClassMeaning {
    Class(ClassId),
    Broken,
}

/// One of the three namespaces.
pub(super) trait Namespace {
    type Meaning;
    /// A definition in the scope itself, by an undotted name.
    fn own(scope: &NameScope, name: &str) -> Option<Self::Meaning>;
    /// What a package of the library has.
    fn package(resolver: &Resolver<'_, '_>, package: &str, name: &str) -> Option<Self::Meaning>;
    /// A name of a module that could not be had.
    fn broken() -> Self::Meaning;
}

pub(super) struct Vars;
pub(super) struct Funcs;
pub(super) struct Classes;

impl Namespace for Vars {
    type Meaning = VarMeaning;
    fn own(scope: &NameScope, name: &str) -> Option<VarMeaning> {
        scope.vars.get(name).copied().map(VarMeaning::Var)
    }
    fn package(resolver: &Resolver<'_, '_>, package: &str, name: &str) -> Option<VarMeaning> {
        if package.is_empty() && name == "hostname" {
            return Some(VarMeaning::Hostname);
        }
        resolver
            .catalog
            .variable(package, name)
            .cloned()
            .map(VarMeaning::Catalog)
    }
    fn broken() -> VarMeaning {
        VarMeaning::Broken
    }
}

impl Namespace for Funcs {
    type Meaning = FuncMeaning;
    fn own(scope: &NameScope, name: &str) -> Option<FuncMeaning> {
        scope.funcs.get(name).copied().map(FuncMeaning::User)
    }
    fn package(resolver: &Resolver<'_, '_>, package: &str, name: &str) -> Option<FuncMeaning> {
        resolver
            .catalog
            .function(package, name)
            .cloned()
            .map(FuncMeaning::Catalog)
    }
    fn broken() -> FuncMeaning {
        FuncMeaning::Broken
    }
}

impl Namespace for Classes {
    type Meaning = ClassMeaning;
    fn own(scope: &NameScope, name: &str) -> Option<ClassMeaning> {
        scope.classes.get(name).copied().map(ClassMeaning::Class)
    }
    fn package(_: &Resolver<'_, '_>, _: &str, _: &str) -> Option<ClassMeaning> {
        None
    }
    fn broken() -> ClassMeaning {
        ClassMeaning::Broken
    }
}

impl Resolver<'_, '_> {
    /// Looks a name up, from `scope` outwards and then in the built-in scope.
    pub(super) fn look_up<N: Namespace>(
        &mut self,
        scope: ScopeId,
        name: &str,
    ) -> Option<Found<N::Meaning>> {
        let mut next = Some(scope);
        while let Some(scope) = next {
            if let Some(found) = self.look_up_here::<N>(scope, name) {
                return Some(found);
            }
            next = self.names(scope).parent;
        }
        N::package(self, "", name).map(Found::direct)
    }

    fn look_up_here<N: Namespace>(
        &mut self,
        scope: ScopeId,
        name: &str,
    ) -> Option<Found<N::Meaning>> {
        if let Some((first, rest)) = name.split_once('.') {
            if let Some(alias) = self.names(scope).aliases.get(first).cloned() {
                self.used_aliases.insert((scope, first.into()));
                if let Some(mut found) = self.look_up_in_alias::<N>(&alias, rest) {
                    found.steps.insert(0, (scope, first.into()));
                    return Some(found);
                }
            }
        } else if let Some(found) = N::own(self.names(scope), name) {
            return Some(Found::direct(found));
        }
        // Of two star imports the later one wins (language.md §5.2).
        for i in (0..self.names(scope).stars.len()).rev() {
            let found = match self.names(scope).stars[i].clone() {
                Module::File(top) => self.look_up_here::<N>(top, name),
                Module::Package(package) => N::package(self, &package, name).map(Found::direct),
                Module::Written(package, tops) => self.look_up_written::<N>(&package, &tops, name),
                Module::Broken => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Of what several files of a package define, the last counts (functions.md §30.1).
    fn look_up_written<N: Namespace>(
        &mut self,
        package: &str,
        tops: &[ScopeId],
        name: &str,
    ) -> Option<Found<N::Meaning>> {
        tops.iter()
            .rev()
            .find_map(|top| self.look_up_here::<N>(*top, name))
            .or_else(|| N::package(self, package, name).map(Found::direct))
    }

    fn look_up_in_alias<N: Namespace>(
        &mut self,
        alias: &Alias,
        rest: &str,
    ) -> Option<Found<N::Meaning>> {
        match alias {
            Alias::Module(Module::File(top)) => self.look_up::<N>(*top, rest),
            Alias::Module(Module::Package(package)) => {
                N::package(self, package, rest).map(Found::direct)
            }
            Alias::Module(Module::Written(package, tops)) => {
                self.look_up_written::<N>(package, tops, rest)
            }
            Alias::Module(Module::Broken) => Some(Found::direct(N::broken())),
            Alias::Include(include) => {
                let Some(class) = self.class_of(*include) else {
                    return Some(Found::direct(N::broken()));
                };
                let scope = self.hir[class.target].body_scope;
                let mut found = self.look_up::<N>(scope, rest)?;
                found.via.insert(0, *include);
                Some(found)
            }
        }
    }

    /// The class that an include names, looked up on first demand; nothing if there is none.
    pub(super) fn class_of(&mut self, include: IncludeId) -> Option<Ref<ClassId>> {
        match self.include_state.get(&include) {
            Some(IncludeState::Done(class)) => return class.clone(),
            // An include that is reached through itself: the search for cycles reports it.
            Some(IncludeState::Running) => return None,
            None => {}
        }
        self.include_state.insert(include, IncludeState::Running);
        let name = self
            .include_names
            .get(&include)
            .cloned()
            .unwrap_or_default();
        let scope = self.hir[include].scope;
        let class = match self.look_up::<Classes>(scope, &name) {
            Some(Found {
                via,
                target: ClassMeaning::Class(class),
                ..
            }) => Some(Ref {
                via: via.into(),
                target: class,
            }),
            _ => None,
        };
        self.include_state
            .insert(include, IncludeState::Done(class.clone()));
        class
    }

    /// Notes that what is being walked mentions a definition.
    pub(super) fn mention(&mut self, target: Definition, via: &[IncludeId], span: Span) {
        match target {
            Definition::Bind(bind) => {
                self.used_binds.insert(bind);
            }
            Definition::Func(func) => {
                self.used_funcs.insert(func);
            }
            Definition::Class(_) | Definition::Include(_) => {}
        }
        if self.owners.is_empty() {
            self.roots.push(target);
        }
        for i in 0..self.owners.len() {
            let owner = self.owners[i];
            // Through an alias a use depends on the whole instance; what is inside follows from that.
            match via.first() {
                Some(include) => self
                    .mentions
                    .push((owner, Definition::Include(*include), span)),
                None => self.mentions.push((owner, target, span)),
            }
        }
    }

    /// Notes that what is being walked mentions a parameter of an included class.
    pub(super) fn mention_instance(&mut self, via: &[IncludeId], span: Span) {
        if let Some(include) = via.first() {
            for i in 0..self.owners.len() {
                self.mentions
                    .push((self.owners[i], Definition::Include(*include), span));
            }
        }
    }

    /// The variable in scope that was probably meant.
    pub(super) fn suggest_var(&mut self, scope: ScopeId, name: &str) -> Option<EcoString> {
        if self.comparisons_left == 0 {
            return None;
        }
        let mut names = self.visible(scope, |names| names.vars.keys().cloned().collect());
        names.extend(self.alias_members(
            scope,
            name,
            |names| names.vars.keys().cloned().collect(),
            |resolver, package| {
                resolver
                    .catalog
                    .package_variables(package)
                    .map(|variable| variable.name.into())
                    .collect()
            },
        ));
        names.extend(
            self.catalog
                .package_variables("")
                .map(|variable| EcoString::from(variable.name)),
        );
        names.push("hostname".into());
        self.suggest(name, &names)
    }

    /// The function in scope that was probably meant.
    pub(super) fn suggest_func(&mut self, scope: ScopeId, name: &str) -> Option<EcoString> {
        if self.comparisons_left == 0 {
            return None;
        }
        let mut names = self.visible(scope, |names| names.funcs.keys().cloned().collect());
        names.extend(self.alias_members(
            scope,
            name,
            |names| names.funcs.keys().cloned().collect(),
            |resolver, package| {
                resolver
                    .catalog
                    .package(package)
                    .map(|function| function.name.into())
                    .collect()
            },
        ));
        names.extend(
            self.catalog
                .package("")
                .map(|function| EcoString::from(function.name)),
        );
        self.suggest(name, &names)
    }

    /// The class in scope that was probably meant.
    pub(super) fn suggest_class(&mut self, scope: ScopeId, name: &str) -> Option<EcoString> {
        if self.comparisons_left == 0 {
            return None;
        }
        let mut names = self.visible(scope, |names| names.classes.keys().cloned().collect());
        names.extend(self.alias_members(
            scope,
            name,
            |names| names.classes.keys().cloned().collect(),
            |_, _| Vec::new(),
        ));
        self.suggest(name, &names)
    }

    fn suggest(&mut self, name: &str, names: &[EcoString]) -> Option<EcoString> {
        self.comparisons_left = self.comparisons_left.saturating_sub(names.len());
        closest(name, names.iter().map(EcoString::as_str)).map(EcoString::from)
    }

    fn visible(
        &mut self,
        scope: ScopeId,
        keys: impl Fn(&NameScope) -> Vec<EcoString>,
    ) -> Vec<EcoString> {
        let mut names = Vec::new();
        let mut next = Some(scope);
        while let Some(scope) = next {
            names.extend(keys(self.names(scope)));
            next = self.names(scope).parent;
        }
        names.sort();
        names
    }

    /// The names behind the alias that a dotted name begins with, or was probably meant to, with the alias in front.
    fn alias_members(
        &mut self,
        scope: ScopeId,
        name: &str,
        keys: impl Fn(&NameScope) -> Vec<EcoString>,
        package_keys: impl Fn(&Self, &str) -> Vec<EcoString>,
    ) -> Vec<EcoString> {
        let Some((written, _)) = name.rsplit_once('.') else {
            return Vec::new();
        };
        let (first, alias) = match self.alias(scope, written) {
            Some(alias) => (EcoString::from(written), alias),
            None => {
                let aliases = self.visible(scope, |names| names.aliases.keys().cloned().collect());
                let Some(near) = self.suggest(written, &aliases) else {
                    return Vec::new();
                };
                let Some(alias) = self.alias(scope, &near) else {
                    return Vec::new();
                };
                (near, alias)
            }
        };
        let members = match alias {
            Alias::Module(Module::File(top)) => keys(self.names(top)),
            Alias::Module(Module::Package(package)) => package_keys(self, &package),
            Alias::Module(Module::Written(package, tops)) => {
                let mut members = package_keys(self, &package);
                for top in &*tops {
                    members.extend(keys(self.names(*top)));
                }
                members
            }
            Alias::Module(Module::Broken) => Vec::new(),
            Alias::Include(include) => match self.class_of(include) {
                Some(class) => {
                    let body = self.hir[class.target].body_scope;
                    keys(self.names(body))
                }
                None => Vec::new(),
            },
        };
        members
            .iter()
            .map(|member| ecow::eco_format!("{first}.{member}"))
            .collect()
    }

    /// What an alias of some scope around stands for.
    fn alias(&mut self, scope: ScopeId, alias: &str) -> Option<Alias> {
        let mut next = Some(scope);
        while let Some(scope) = next {
            if let Some(found) = self.names(scope).aliases.get(alias) {
                return Some(found.clone());
            }
            next = self.names(scope).parent;
        }
        None
    }

    /// What stands below a name that does not exist.
    pub(super) fn not_defined(&mut self, scope: ScopeId, name: &str) -> String {
        match name.split_once('.') {
            Some((alias, rest)) if !rest.contains('.') && !self.has_alias(scope, alias) => {
                format!("nothing is imported or included as `{alias}`")
            }
            _ => "not defined".to_owned(),
        }
    }

    /// Whether some scope around has this alias.
    pub(super) fn has_alias(&mut self, scope: ScopeId, alias: &str) -> bool {
        self.alias(scope, alias).is_some()
    }

    /// The package of the library that a name would be found in, if it were imported.
    pub(super) fn packages_with(
        &self,
        alias: &str,
        name: &str,
        functions: bool,
    ) -> Option<&'static str> {
        let has = |package: &&str| {
            let last = package.rsplit('/').next().unwrap_or(package);
            last == alias
                && if functions {
                    self.catalog.function(package, name).is_some()
                } else {
                    self.catalog.variable(package, name).is_some()
                }
        };
        // Of two packages of one last name the shorter is meant more often.
        self.catalog
            .packages()
            .filter(has)
            .min_by_key(|package| package.matches('/').count())
    }
}
