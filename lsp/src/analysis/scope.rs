//! What can be named at a place.

use ecow::EcoString;
use mgmt_compiler::hir::{ClassId, FuncId, ScopeId, Var};
use mgmt_compiler::resolve::{Alias, Module, NameScope, Target};

use super::View;

/// What is visible in one scope and those around it, nearest first. A name that is hidden by a nearer one is
/// not listed.
#[derive(Debug, Default)]
pub struct Visible {
    /// Variables, without the `$`.
    pub vars: Vec<(EcoString, Var)>,
    /// Functions of the program.
    pub funcs: Vec<(EcoString, FuncId)>,
    /// Classes.
    pub classes: Vec<(EcoString, ClassId)>,
    /// Imports and includes under an alias.
    pub aliases: Vec<(EcoString, Alias)>,
    /// Packages that are imported as `*`.
    pub star_packages: Vec<EcoString>,
}

impl View {
    /// What can be named at an offset without a dot.
    pub fn visible_at(&self, offset: u32) -> Visible {
        let mut visible = Visible::default();
        let Some(facts) = self.facts() else {
            return visible;
        };
        let mut next = facts.scope_at(self.source, offset);
        while let Some(scope) = next.and_then(|scope| facts.scope(scope)) {
            self.add(scope, &mut visible, 0);
            next = scope.parent;
        }
        visible
    }

    fn add(&self, scope: &NameScope, visible: &mut Visible, depth: usize) {
        extend(&mut visible.vars, scope.vars.iter());
        extend(&mut visible.funcs, scope.funcs.iter());
        extend(&mut visible.classes, scope.classes.iter());
        extend(&mut visible.aliases, scope.aliases.iter());
        // Of two star imports the later one wins. They may import each other.
        for star in scope.stars.iter().rev() {
            match star {
                Module::File(top) if depth < 50 => {
                    if let Some(scope) = self.facts().and_then(|facts| facts.scope(*top)) {
                        self.add(scope, visible, depth + 1);
                    }
                }
                Module::Package(package) => visible.star_packages.push(package.clone()),
                Module::Written(package, tops) if depth < 50 => {
                    for top in tops.iter().rev() {
                        if let Some(scope) = self.facts().and_then(|facts| facts.scope(*top)) {
                            self.add(scope, visible, depth + 1);
                        }
                    }
                    visible.star_packages.push(package.clone());
                }
                Module::File(_) | Module::Written(..) | Module::Broken => {}
            }
        }
    }

    /// What stands behind a dotted name of aliases at an offset: `a.b` for the members of `a.b.`.
    pub fn members_of(&self, offset: u32, path: &str) -> Option<Members> {
        let mut parts = path.split('.');
        let first = parts.next()?;
        let visible = self.visible_at(offset);
        let (_, alias) = visible
            .aliases
            .into_iter()
            .find(|(name, _)| name == first)?;
        let mut members = self.behind(&alias)?;
        for part in parts {
            let Members::Scope(scope) = members else {
                return None;
            };
            let alias = self.facts()?.scope(scope)?.aliases.get(part)?;
            members = self.behind(alias)?;
        }
        Some(members)
    }

    /// What an alias leads to.
    pub fn behind(&self, alias: &Alias) -> Option<Members> {
        match alias {
            Alias::Module(Module::Package(package)) => Some(Members::Package(package.clone())),
            Alias::Module(Module::File(top)) => Some(Members::Scope(*top)),
            // A whole module is more than its native part; a few definitions are less.
            Alias::Module(Module::Written(package, tops)) => match &**tops {
                [top] => Some(Members::Scope(*top)),
                _ => Some(Members::Package(package.clone())),
            },
            Alias::Module(Module::Broken) => None,
            Alias::Include(include) => {
                let hir = self.hir()?;
                let class = hir[*include].class.as_ref()?;
                Some(Members::Scope(hir[class.target].body_scope))
            }
        }
    }

    /// The variable that an undotted name means in a scope.
    pub fn variable_in_scope(&self, scope: ScopeId, name: &str) -> Option<Var> {
        let facts = self.facts()?;
        let mut next = Some(scope);
        while let Some(scope) = next.and_then(|scope| facts.scope(scope)) {
            if let Some(var) = scope.vars.get(name) {
                return Some(*var);
            }
            next = scope.parent;
        }
        None
    }

    /// The function or class that a name means at an offset, where no complete call stands yet.
    pub fn function_in_scope(&self, offset: u32, name: &str) -> Option<Target> {
        let Some((path, last)) = name.rsplit_once('.') else {
            let visible = self.visible_at(offset);
            let own = visible.funcs.iter().find(|(it, _)| it == name);
            let class = visible.classes.iter().find(|(it, _)| it == name);
            return own
                .map(|(_, func)| Target::Func(*func))
                .or_else(|| class.map(|(_, class)| Target::Class(*class)))
                .or_else(|| {
                    Some(Target::LibraryFunc(
                        self.catalog().function("", name)?.clone(),
                    ))
                });
        };
        match self.members_of(offset, path)? {
            Members::Package(package) => Some(Target::LibraryFunc(
                self.catalog().function(&package, last)?.clone(),
            )),
            Members::Scope(scope) => {
                let scope = self.facts()?.scope(scope)?;
                let func = scope.funcs.get(last).map(|func| Target::Func(*func));
                func.or_else(|| scope.classes.get(last).map(|class| Target::Class(*class)))
            }
        }
    }
}

/// What stands behind an alias.
#[derive(Clone, Debug)]
pub enum Members {
    /// A package of the library.
    Package(EcoString),
    /// The names of a file or of a class.
    Scope(ScopeId),
}

fn extend<'n, T: Clone + 'n>(
    list: &mut Vec<(EcoString, T)>,
    names: impl Iterator<Item = (&'n EcoString, &'n T)>,
) {
    let mut nearer: Vec<(EcoString, T)> = names
        .filter(|(name, _)| !list.iter().any(|(known, _)| known == *name))
        .map(|(name, it)| (name.clone(), it.clone()))
        .collect();
    nearer.sort_by(|(a, _), (b, _)| a.cmp(b));
    list.append(&mut nearer);
}
