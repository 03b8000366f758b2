//! Strings that are paths of files: of the machine, or of what a program or module comes with.

use std::path::{Path, PathBuf};

use mgmt_compiler::files::clean;
use mgmt_compiler::resolve::Target;
use mgmt_grammar::ast::{Callee, EntryKind, ExprId, ExprKind, File};
use mgmt_stdlib::catalog::FunctionDef;

use super::imports::metadata;
use super::syntax::{literal, resources};
use super::view::range;
use super::{Range, View};

/// Where the path in a string begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// At the root of the machine.
    Machine,
    /// At this directory, which the path calls `/`.
    Directory(PathBuf),
}

impl Root {
    /// Where a path leads that a program writes so.
    pub fn locate(&self, written: &str) -> Option<PathBuf> {
        let below = written.strip_prefix('/')?;
        Some(match self {
            Self::Machine => clean(Path::new(written)),
            Self::Directory(directory) => clean(&directory.join(below)),
        })
    }
}

/// The functions of `deploy` whose argument is a path below the module that calls them.
const OF_MODULE: [&str; 4] = ["abspath", "directory", "file_exists", "readfile"];

/// The parameters that name files of the machine to read.
const SOURCES: [&str; 2] = ["source", "fragments"];

impl View {
    /// Where the path begins that a function takes first; nothing if it takes none.
    pub fn root_of_argument(&self, function: &FunctionDef) -> Option<Root> {
        match (function.package, function.name) {
            ("deploy", name) if OF_MODULE.contains(&name) => {
                Some(Root::Directory(self.module_directory()))
            }
            ("deploy", "readfileabs") => {
                let root = self.analysis.root.parent()?;
                Some(Root::Directory(root.to_owned()))
            }
            ("os", "readfile" | "file_exists") => Some(Root::Machine),
            _ => None,
        }
    }

    /// The directory of the module that the file belongs to: that of the file, unless a `metadata.yaml` further up
    /// says that the module begins with the file.
    fn module_directory(&self) -> PathBuf {
        let path = self.path();
        let begins_with = |dir: &&Path| {
            metadata(dir, &*self.world.files).is_some_and(|it| clean(&dir.join(it.main)) == path)
        };
        let own = path.parent().unwrap_or(Path::new("/"));
        path.ancestors()
            .skip(2)
            .find(begins_with)
            .unwrap_or(own)
            .to_owned()
    }
}

/// The strings of a file that name files which are there, without their quotes.
pub fn paths(view: &View) -> Vec<(Range, PathBuf)> {
    let mut found = Vec::new();
    let (Some(tree), Some(facts)) = (view.tree(), view.facts()) else {
        return found;
    };
    for expr in &tree.exprs {
        let ExprKind::Call(call) = &expr.kind else {
            continue;
        };
        let (Callee::Func(name), Some(argument)) = (&call.callee, call.args.exprs.first()) else {
            continue;
        };
        let target = facts.use_at(view.source, name.span.end);
        if let Some(Target::LibraryFunc(function)) = target.map(|it| &it.target)
            && let Some(root) = view.root_of_argument(function)
        {
            note(view, tree, *argument, &root, &mut found);
        }
    }
    for (_, resource) in resources(tree) {
        for entry in &resource.entries {
            if let EntryKind::Field { name, value } = &entry.kind
                && SOURCES.contains(&&*name.text)
            {
                note(view, tree, *value, &Root::Machine, &mut found);
            }
        }
    }
    found
}

fn note(view: &View, tree: &File, expr: ExprId, root: &Root, found: &mut Vec<(Range, PathBuf)>) {
    let expr = &tree[expr];
    match &expr.kind {
        ExprKind::List(items) => {
            for item in items {
                note(view, tree, *item, root, found);
            }
        }
        ExprKind::Str(raw) => {
            let path = literal(raw).and_then(|written| root.locate(&written));
            if let Some(path) = path.filter(|path| view.world.has_file(path)) {
                let Range { start, end } = range(expr.span);
                found.push((start + 1..end - 1, path));
            }
        }
        _ => {}
    }
}
