//! A rewrite says the same in other words: the graph of each program of the corpus, and of projects of several files, stays as it is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mgmt_compiler::files::clean;
use mgmt_compiler::graph::GraphFormat;
use mgmt_grammar::ast::{ExprKind, StmtKind};
use mgmt_grammar::span::SourceId;
use mgmt_lsp::analysis::actions::{ActionKind, actions};
use mgmt_lsp::analysis::graph::graph;
use mgmt_lsp::analysis::rename::{Edits, prepare, rename};
use mgmt_lsp::analysis::symbol::Symbol;
use mgmt_lsp::analysis::{Range, View, World};
use serde_json::Value;

use crate::chance::{Dice, corpus, effort};
use crate::fixture::{apply, archive, world};

/// How many places of each program are tried.
const PLACES: usize = 4;

/// The files of a program. The first is the one that it begins with.
type Project = Vec<(PathBuf, String)>;

fn single(text: &str) -> Project {
    vec![(PathBuf::from("/nowhere/main.mcl"), text.to_owned())]
}

/// The archives of the corpus, and programs of it that became a class of a module, whose variables are used from outside.
fn projects() -> Vec<Project> {
    let mut found = Vec::new();
    for (i, text) in corpus().into_iter().enumerate() {
        if text.lines().any(|line| line.starts_with("-- ")) {
            let files = archive(&text).into_iter();
            let files = files.map(|(name, text)| (clean(&Path::new("/nowhere").join(name)), text));
            found.push(files.collect());
        } else if i % 4 < effort() {
            found.push(as_module(&text));
        }
    }
    found
}

/// The same program as the class of a module that the entry file includes.
fn as_module(text: &str) -> Project {
    let tree = mgmt_grammar::parse(SourceId::default(), text).file;
    let mut main = String::from("import \"fmt\"\nimport \"lib.mcl\" as l\n\ninclude l.c as i\n");
    for stmt in &tree.body.stmts {
        if let StmtKind::Bind { name, value, .. } = &tree[*stmt].kind
            && !matches!(tree[*value].kind, ExprKind::Lambda(_))
        {
            let name = name.text.trim_start_matches('$');
            main.push_str(&format!(
                "print \"of {name}\" {{\n\tmsg => fmt.printf(\"%v\", $i.{name}),\n}}\n"
            ));
        }
    }
    let library = format!("class c {{\n{text}\n}}\n");
    vec![
        (PathBuf::from("/nowhere/main.mcl"), main),
        (PathBuf::from("/nowhere/lib.mcl"), library),
    ]
}

/// What a program means, or why it has no meaning.
fn meaning(world: &Arc<World>, path: &Path) -> Result<Value, String> {
    let drawn = graph(world, path, GraphFormat::Json, None)?;
    let mut drawn: Value = serde_json::from_str(&drawn).unwrap();
    // Whether these are said makes no difference to the engine.
    let unsaid = [("autoedge", true), ("autogroup", true), ("reverse", false)];
    for resource in drawn["resources"].as_array_mut().unwrap() {
        let meta = resource["meta"].as_object_mut().unwrap();
        meta.retain(|name, value| {
            !unsaid
                .iter()
                .any(|(it, usual)| it == name && value == usual)
        });
    }
    Ok(drawn)
}

/// Edits that keep what a program means, each with what it is.
type Rewrites = Vec<(String, Edits)>;

/// Applies to each program what can be done at some places of its files, and counts.
fn each_keeps_the_meaning(
    seed: u64,
    projects: &[Project],
    rewrites: impl Fn(&View, &mut Dice) -> Rewrites + Sync,
) -> usize {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let tried = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (rewrites, tried, wrong) = (&rewrites, &tried, &wrong);
            scope.spawn(move || {
                for (i, files) in projects.iter().enumerate().skip(thread).step_by(threads) {
                    let (main, world) = (&files[0].0, world(files));
                    let Ok(before) = meaning(&world, main) else {
                        continue;
                    };
                    // What differs from time to time can't be compared.
                    if meaning(&world, main).as_ref() != Ok(&before) {
                        continue;
                    }
                    let mut dice = Dice(seed + i as u64);
                    for (path, _) in files {
                        let Some(view) = world.view(path) else {
                            continue;
                        };
                        for (title, edits) in rewrites(&view, &mut dice) {
                            let mut new = files.clone();
                            for (path, text) in &mut new {
                                if let Some(edits) = edits.get(path) {
                                    *text = apply(text, edits);
                                }
                            }
                            let after = meaning(&self::world(&new), main);
                            if after.as_ref() != Ok(&before) {
                                let told = format!(
                                    "{title}\n{}\n---\n{}\n{before}\n{after:?}",
                                    show(files),
                                    show(&new)
                                );
                                wrong.lock().unwrap().push(told);
                            }
                            tried.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n=====\n"));
    tried.into_inner()
}

fn show(files: &Project) -> String {
    let shown = files.iter();
    shown
        .map(|(path, text)| format!("-- {} --\n{text}", path.display()))
        .collect()
}

/// Some expressions and some places of a program.
fn places(view: &View, dice: &mut Dice) -> Vec<Range> {
    let mut found = Vec::new();
    let Some(tree) = view.tree() else {
        return found;
    };
    for _ in 0..PLACES * effort() {
        if !tree.exprs.is_empty() {
            let span = dice.of(&tree.exprs).span;
            found.push(span.start..span.end);
        }
        let at = dice.offset(view.text()) as u32;
        found.push(at..at);
        // Fields are few among all that stands in a program.
        let fields = tree.exprs.iter().flat_map(|expr| match &expr.kind {
            ExprKind::Field { field, .. } => vec![field.span.start],
            ExprKind::Struct(fields) => fields.iter().map(|(name, _)| name.span.start).collect(),
            _ => Vec::new(),
        });
        let fields: Vec<u32> = fields.collect();
        if !fields.is_empty() {
            let at = *dice.of(&fields);
            found.push(at..at);
        }
        if !tree.stmts.is_empty() {
            let at = dice.of(&tree.stmts).span.start;
            found.push(at..at);
        }
    }
    found
}

fn all_actions(view: &View, dice: &mut Dice) -> Rewrites {
    let mut found: Rewrites = Vec::new();
    for place in places(view, dice) {
        for action in actions(view, &place) {
            let keeps =
                action.kind != ActionKind::Fix && action.title != "Add the required parameters";
            let edits = Edits::from([(view.path().to_owned(), action.edits)]);
            let new = (action.title, edits);
            if keeps && !found.contains(&new) {
                found.push(new);
            }
        }
    }
    found
}

fn all_renames(view: &View, dice: &mut Dice) -> Rewrites {
    let mut found: Rewrites = Vec::new();
    for place in places(view, dice) {
        // The name of a resource is in the graph, and so is that of a parameter in the type of a function.
        let Ok((_, old)) = prepare(view, place.start) else {
            continue;
        };
        let is_name = view
            .mention_at(place.start)
            .is_none_or(|it| !matches!(it.symbol, Symbol::Resource(..)));
        if !is_name || view.text().contains("func") {
            continue;
        }
        if let Ok(edits) = rename(view, place.start, "renamed") {
            let new = (old, edits);
            if !found.contains(&new) {
                found.push(new);
            }
        }
    }
    found
}

fn singles() -> Vec<Project> {
    corpus().iter().map(|text| single(text)).collect()
}

#[test]
fn actions_keep_what_a_program_means() {
    let tried = each_keeps_the_meaning(3, &singles(), all_actions);
    assert!(tried > 1000, "only {tried}");
}

#[test]
fn renaming_keeps_what_a_program_means() {
    let tried = each_keeps_the_meaning(4, &singles(), all_renames);
    assert!(tried > 200, "only {tried}");
}

#[test]
fn actions_keep_what_a_project_means() {
    let tried = each_keeps_the_meaning(5, &projects(), all_actions);
    assert!(tried > 500, "only {tried}");
}

#[test]
fn renaming_keeps_what_a_project_means() {
    let tried = each_keeps_the_meaning(6, &projects(), all_renames);
    assert!(tried > 150, "only {tried}");
}
