//! A rewrite says the same in other words: the graph of each program of the corpus stays as it is.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use mgmt_compiler::graph::GraphFormat;
use mgmt_grammar::ast::ExprKind;
use mgmt_lsp::analysis::actions::{ActionKind, actions};
use mgmt_lsp::analysis::graph::graph;
use mgmt_lsp::analysis::rename::{prepare, rename};
use mgmt_lsp::analysis::symbol::Symbol;
use mgmt_lsp::analysis::{Range, TextEdit, View};
use serde_json::Value;

use crate::chance::{Dice, corpus, effort};
use crate::fixture::{apply, world};

/// How many places of each program are tried.
const PLACES: usize = 4;

fn view(text: &str) -> Option<View> {
    let path = PathBuf::from("/nowhere/main.mcl");
    world(&[(path.clone(), text.to_owned())]).view(&path)
}

/// What a program means, or why it has no meaning.
fn meaning(view: &View) -> Result<Value, String> {
    let path = Path::new("/nowhere/main.mcl");
    let drawn = graph(&view.world, path, GraphFormat::Json, None)?;
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
type Rewrites = Vec<(String, Vec<TextEdit>)>;

/// Applies to each program of the corpus what can be done at some of its places, and counts.
fn each_keeps_the_meaning(
    seed: u64,
    rewrites: impl Fn(&View, &mut Dice) -> Rewrites + Sync,
) -> usize {
    let corpus = corpus();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let tried = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (corpus, rewrites, tried, wrong) = (&corpus, &rewrites, &tried, &wrong);
            scope.spawn(move || {
                for (i, text) in corpus.iter().enumerate().skip(thread).step_by(threads) {
                    let Some(view) = view(text) else { continue };
                    let Ok(before) = meaning(&view) else { continue };
                    // What differs from time to time can't be compared.
                    if meaning(&view).as_ref() != Ok(&before) {
                        continue;
                    }
                    for (title, edits) in rewrites(&view, &mut Dice(seed + i as u64)) {
                        let new = apply(text, &edits);
                        let after = self::view(&new).map(|view| meaning(&view));
                        if after.as_ref() != Some(&Ok(before.clone())) {
                            let told = format!("{title}\n{text}\n---\n{new}\n{before}\n{after:?}");
                            wrong.lock().unwrap().push(told);
                        }
                        tried.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n=====\n"));
    tried.into_inner()
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

#[test]
fn actions_keep_what_a_program_means() {
    let tried = each_keeps_the_meaning(3, |view, dice| {
        let mut found: Rewrites = Vec::new();
        for place in places(view, dice) {
            for action in actions(view, &place) {
                let keeps =
                    action.kind != ActionKind::Fix && action.title != "Add the required parameters";
                let new = (action.title, action.edits);
                if keeps && !found.contains(&new) {
                    found.push(new);
                }
            }
        }
        found
    });
    assert!(tried > 1000, "only {tried}");
}

#[test]
fn renaming_keeps_what_a_program_means() {
    let tried = each_keeps_the_meaning(4, |view, dice| {
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
                found.extend(edits.into_values().map(|edits| (old.clone(), edits)));
            }
        }
        found
    });
    assert!(tried > 500, "only {tried}");
}
