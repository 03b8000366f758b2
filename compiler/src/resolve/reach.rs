//! Which classes the program includes, and what nothing uses.

use mgmt_grammar::span::SourceId;
use petgraph::visit::Dfs;
use rustc_hash::FxHashSet;

use super::references::References;
use super::{Definition, Resolver};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::{BindId, ClassId, IncludeId, Stmt};

impl Resolver<'_, '_> {
    /// The classes that are included, directly or through others, by the program's statements.
    pub(super) fn live_classes(&self) -> FxHashSet<ClassId> {
        let mut live = FxHashSet::default();
        let mut stack: Vec<&[Stmt]> = vec![&self.hir.main];
        while let Some(stmts) = stack.pop() {
            for stmt in stmts {
                match stmt {
                    Stmt::Include(include) => {
                        if let Some(class) = &self.hir[*include].class
                            && live.insert(class.target)
                        {
                            stack.push(&self.hir[class.target].body);
                        }
                    }
                    Stmt::If(stmt) => {
                        stack.push(&stmt.then.stmts);
                        stack.extend(stmt.otherwise.as_ref().map(|block| block.stmts.as_slice()));
                    }
                    Stmt::For(stmt) => stack.push(&stmt.body.stmts),
                    Stmt::Resource(_) | Stmt::Edge(_) | Stmt::Panic(_) => {}
                }
            }
        }
        live
    }

    /// The binds that the program's statements need, directly or through others. One that is reached
    /// only through an alias may be missing.
    pub(super) fn live_binds(
        &self,
        references: &References,
        classes: &FxHashSet<ClassId>,
    ) -> FxHashSet<BindId> {
        let includes = (0..self.hir.includes.len()).map(|i| IncludeId(i as u32));
        let includes = includes.filter(|include| {
            let class = self.hir[self.hir[*include].scope].class;
            class.is_none_or(|class| classes.contains(&class))
        });
        let classes = classes.iter().map(|class| Definition::Class(*class));
        let roots = self.roots.iter().copied();
        let roots = roots
            .chain(classes)
            .chain(includes.map(Definition::Include));
        let mut live = FxHashSet::default();
        let mut walk = Dfs::empty(&references.graph);
        for root in roots {
            walk.stack.push(references.node(root));
            while let Some(node) = walk.next(&references.graph) {
                if let Definition::Bind(bind) = references.graph[node] {
                    live.insert(bind);
                }
            }
        }
        live
    }

    /// Warns of definitions and imports of the entry file that nothing uses. What a module defines is
    /// for those who import it.
    pub(super) fn report_unused(
        &mut self,
        main: SourceId,
        references: &References,
        live: &FxHashSet<ClassId>,
    ) {
        let mut found = Vec::new();
        let warning = |code, message: String| Diagnostic::warning(code, Stage::Scope, message);
        for (i, bind) in self.hir.binds.iter().enumerate() {
            let used = self.used_binds.contains(&crate::hir::BindId(i as u32));
            if bind.span.source == main && !used && !self.is_published(bind.scope) {
                found.push(
                    warning(
                        Code::UNUSED_VARIABLE,
                        format!("the variable `${}` is never used", bind.name),
                    )
                    .at(bind.span, "defined here"),
                );
            }
        }
        for (i, func) in self.hir.funcs.iter().enumerate() {
            let used = self.used_funcs.contains(&crate::hir::FuncId(i as u32));
            if func.span.source == main && !used && !self.is_published(func.scope) {
                found.push(
                    warning(
                        Code::UNUSED_FUNCTION,
                        format!("the function `{}` is never called", func.name),
                    )
                    .at(func.span, "defined here"),
                );
            }
        }
        for (i, class) in self.hir.classes.iter().enumerate() {
            let id = ClassId(i as u32);
            // A second class of a name can't be included.
            let duplicate =
                self.names[class.scope.0 as usize].classes.get(&class.name) != Some(&id);
            let used =
                duplicate || live.contains(&id) || references.is_mentioned(Definition::Class(id));
            if class.span.source == main && !used && !self.is_published(class.scope) {
                let diagnostic = warning(
                    Code::UNUSED_CLASS,
                    format!("the class `{}` is never included", class.name),
                )
                .at(class.span, "defined here");
                found.push(match class.name.split_once(':') {
                    Some((base, _)) => diagnostic.help(format!(
                        "nothing can include it: there is no class `{base}` beside it that it could belong to"
                    )),
                    None => diagnostic,
                });
            }
        }
        for (scope, alias, span) in &self.aliases {
            if span.source == main
                && !self.used_aliases.contains(&(*scope, alias.clone()))
                && matches!(
                    self.names[scope.0 as usize].aliases.get(alias),
                    Some(super::names::Alias::Module(
                        super::names::Module::Package(_)
                            | super::names::Module::Written(..)
                            | super::names::Module::File(_)
                    ))
                )
            {
                found.push(
                    warning(
                        Code::UNUSED_IMPORT,
                        format!("the import `{alias}` is never used"),
                    )
                    .at(*span, "imported here")
                    .fix("remove this import", *span, ""),
                );
            }
        }
        self.tagged
            .extend(found.into_iter().map(|diagnostic| (None, diagnostic)));
    }

    /// Whether names of that scope can be reached from outside, through `include ... as`.
    fn is_published(&self, scope: crate::hir::ScopeId) -> bool {
        self.hir[scope].class.is_some()
    }
}
