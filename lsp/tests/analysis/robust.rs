//! Whatever the text is, there is an answer: prefixes of the corpus, and the corpus with a line missing.

use std::path::{Path, PathBuf};

use mgmt_lsp::analysis::{
    View, completion, highlight, hover, inlay, navigate, organize, outline, signature,
};
use mgmt_lsp::analysis::{actions, calls, format, lens, rename, uses};

use crate::fixture::world;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

fn corpus() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut dirs = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lang")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path
                .extension()
                .is_some_and(|it| it == "mcl" || it == "txtar")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((path, text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 1000, "{}", found.len());
    found
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Asks everything at a place. Ranges must lie in the text.
fn ask(view: &View, offset: u32) {
    let text = view.text();
    let whole = 0..text.len() as u32;
    let check = |range: &std::ops::Range<u32>| {
        assert!(
            text.get(range.start as usize..range.end as usize).is_some(),
            "{range:?}"
        );
    };
    if let Some((range, _)) = hover::hover(view, offset) {
        check(&range);
    }
    navigate::definition(view, offset);
    navigate::type_definition(view, offset);
    uses::everywhere(view, offset, &|_, _| true);
    for (range, _) in navigate::highlights(view, offset) {
        check(&range);
    }
    for item in completion::complete(view, offset) {
        check(&item.replace);
    }
    signature::help(view, offset);
    for action in actions::actions(view, &(offset..offset)) {
        for edit in &action.edits {
            check(&edit.range);
        }
    }
    if let Ok((range, _)) = rename::prepare(view, offset) {
        check(&range);
    }
    calls::incoming(view, offset);
    calls::outgoing(view, offset);
    for lens in lens::lenses(view) {
        check(&lens.range);
    }
    if let Some(edit) = format::typed(text, offset) {
        check(&edit.range);
    }
    for range in outline::selections(view, offset) {
        check(&range);
    }
    outline::symbols(view);
    for (range, _) in outline::folds(text) {
        check(&range);
    }
    for (range, _) in outline::links(view) {
        check(&range);
    }
    for edit in organize::organize(view) {
        check(&edit.range);
    }
    for hint in inlay::hints(view, &whole, inlay::Wanted::default()) {
        check(&(hint.offset..hint.offset));
    }
    let colours = highlight::colours(view, None);
    for colour in &colours {
        check(&colour.range);
    }
    assert!(
        colours
            .windows(2)
            .all(|pair| pair[0].range.end <= pair[1].range.start),
        "{text}"
    );
}

fn ask_about(text: &str, dice: &mut Dice, places: usize) {
    let path = PathBuf::from("/nowhere/main.mcl");
    let world = world(&[(path.clone(), text.to_owned())]);
    let Some(view) = world.view(&path) else {
        return;
    };
    for _ in 0..places {
        ask(&view, floor(text, dice.below(text.len() + 1)) as u32);
    }
    ask(&view, text.len() as u32);
}

/// How many variants of each file are tried: a few, or with `MGMT_SOAK` as many as that says.
fn variants() -> usize {
    let wanted = std::env::var("MGMT_SOAK").ok();
    wanted.and_then(|it| it.parse().ok()).unwrap_or(1)
}

#[test]
fn prefixes_of_programs_have_answers() {
    let mut dice = Dice(1);
    for (_, text) in corpus() {
        for _ in 0..variants() {
            let end = floor(&text, dice.below(text.len() + 1));
            ask_about(&text[..end], &mut dice, 2);
        }
    }
}

#[test]
fn programs_without_a_line_have_answers() {
    let mut dice = Dice(2);
    for (_, text) in corpus() {
        for _ in 0..variants() {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let gone = dice.below(lines.len());
            let rest: String = lines
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != gone)
                .map(|(_, line)| *line)
                .collect();
            ask_about(&rest, &mut dice, 2);
        }
    }
}
