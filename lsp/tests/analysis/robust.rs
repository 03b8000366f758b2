//! Whatever the text is, there is an answer: prefixes of the corpus, and the corpus with a line missing.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use mgmt_lsp::analysis::{
    View, completion, highlight, hover, inlay, navigate, organize, outline, signature,
};
use mgmt_lsp::analysis::{actions, calls, format, lens, rename, uses};

use crate::chance::{Dice, corpus, effort, setting};
use crate::fixture::world;

/// No answer takes nearly as long as this.
const HANGS: Duration = Duration::from_secs(20);

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

fn ask_about(text: &str, places: &[usize]) {
    let path = PathBuf::from("/nowhere/main.mcl");
    let world = world(&[(path.clone(), text.to_owned())]);
    let Some(view) = world.view(&path) else {
        return;
    };
    let begun = Instant::now();
    for place in places {
        ask(&view, *place as u32);
    }
    assert!(begun.elapsed() < HANGS, "{text}");
}

/// Tries each text of the corpus, in as many threads as the machine has processors.
fn each_of_the_corpus(seed: u64, attempt: impl Fn(&str, &mut Dice) + Sync) {
    let corpus = corpus();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (corpus, attempt) = (&corpus, &attempt);
            scope.spawn(move || {
                for (i, text) in corpus.iter().enumerate().skip(thread).step_by(threads) {
                    attempt(text, &mut Dice(seed + i as u64));
                }
            });
        }
    });
}

/// Whether `MGMT_EVERYTHING` asks for each prefix and each line, and not only for some of each text.
fn everything() -> bool {
    setting("MGMT_EVERYTHING").is_some()
}

#[test]
fn prefixes_of_programs_have_answers() {
    each_of_the_corpus(1, |text, dice| {
        let ends: Vec<usize> = if everything() {
            text.char_indices().map(|(at, _)| at).collect()
        } else {
            (0..effort()).map(|_| dice.offset(text)).collect()
        };
        for end in ends {
            let prefix = &text[..end];
            ask_about(prefix, &[dice.offset(prefix), end]);
        }
    });
}

#[test]
fn programs_without_a_line_have_answers() {
    each_of_the_corpus(2, |text, dice| {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let gone: Vec<usize> = if everything() {
            (0..lines.len()).collect()
        } else {
            (0..effort()).map(|_| dice.below(lines.len())).collect()
        };
        for gone in gone {
            let kept = lines.iter().enumerate().filter(|(i, _)| *i != gone);
            let rest: String = kept.map(|(_, line)| *line).collect();
            let place = dice.offset(&rest);
            ask_about(&rest, &[place, dice.offset(&rest), rest.len()]);
        }
    });
}
