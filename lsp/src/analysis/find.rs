//! Symbols of the whole workspace, by a part of their names.

use std::sync::Arc;

use mgmt_compiler::files::Files;
use mgmt_grammar::span::SourceId;

use super::outline::{Kind, Part, parts};
use super::{Location, World};

/// More than this nobody reads.
const MAX_FOUND: usize = 500;

/// A definition or resource somewhere in the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where its name stands.
    pub location: Location,
    /// What it stands in.
    pub container: Option<String>,
    /// The text that it was found in.
    pub text: Arc<str>,
}

/// The definitions and resources whose names have the letters of the query in them, in that order; those that fit best
/// come first. `step` is told how many files of how many were searched, and says whether to go on; nothing comes of it
/// if not.
pub fn find(world: &World, query: &str, step: &dyn Fn(usize, usize) -> bool) -> Option<Vec<Found>> {
    let query = query.to_lowercase();
    let mut found = Vec::new();
    let total = world.imports.paths().count();
    for (done, path) in world.imports.paths().enumerate() {
        if !step(done, total) {
            return None;
        }
        let text: Option<Arc<str>> = match world.files.texts.get(path) {
            Some(text) => Some(text.clone()),
            None => world
                .files
                .read(path)
                .ok()
                .and_then(|bytes| Some(String::from_utf8(bytes).ok()?.into())),
        };
        let Some(text) = text else { continue };
        let parsed = mgmt_grammar::parse(SourceId::default(), &text);
        let all = parts(&parsed.file, &text, &parsed.file.body);
        let mut stack: Vec<(&Part, Option<&str>)> =
            all.iter().rev().map(|part| (part, None)).collect();
        while let Some((part, container)) = stack.pop() {
            stack.extend(
                part.children
                    .iter()
                    .rev()
                    .map(|child| (child, Some(part.name.as_str()))),
            );
            let is_definition = matches!(
                part.kind,
                Kind::Variable | Kind::Function | Kind::Class | Kind::Resource
            );
            let Some(fit) = fit(&part.name.to_lowercase(), &query) else {
                continue;
            };
            if !is_definition {
                continue;
            }
            let one = Found {
                name: part.name.clone(),
                kind: part.kind,
                location: Location {
                    path: path.to_owned(),
                    range: part.name_range.clone(),
                },
                container: container.map(str::to_owned),
                text: text.clone(),
            };
            found.push((fit, one));
        }
    }
    found.sort_by_key(|(fit, _)| *fit);
    found.truncate(MAX_FOUND);
    Some(found.into_iter().map(|(_, one)| one).collect())
}

/// How well a name fits a query, both in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Whole,
    Begin,
    Part,
    Letters,
}

fn fit(name: &str, query: &str) -> Option<Fit> {
    let name = name.strip_prefix('$').unwrap_or(name);
    let query = query.strip_prefix('$').unwrap_or(query);
    if name == query {
        return Some(Fit::Whole);
    }
    if let Some(at) = name.find(query) {
        return Some(if at == 0 { Fit::Begin } else { Fit::Part });
    }
    let mut letters = name.chars();
    let mut wanted = query.chars();
    wanted
        .all(|wanted| letters.any(|letter| letter == wanted))
        .then_some(Fit::Letters)
}
