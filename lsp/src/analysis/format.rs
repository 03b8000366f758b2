//! Formatting, as `mgmtc fmt` does it.

use mgmt_grammar::format::format;

use super::TextEdit;

/// The edits that format a text: none if it is formatted, nothing if it does not parse.
pub fn document(text: &str) -> Option<Vec<TextEdit>> {
    let formatted = format(text).ok()?;
    Some(difference(text, &formatted).into_iter().collect())
}

/// The one edit between two texts, without the lines that they begin and end with in common, so that an
/// editor keeps its cursor and its marks.
fn difference(before: &str, after: &str) -> Option<TextEdit> {
    if before == after {
        return None;
    }
    let common = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> usize {
        pairs
            .take_while(|(a, b)| a == b)
            .map(|(a, _)| a.len())
            .sum()
    };
    let start = common(
        &mut before
            .split_inclusive('\n')
            .zip(after.split_inclusive('\n')),
    );
    let (old, new) = (&before[start..], &after[start..]);
    let backwards = old
        .split_inclusive('\n')
        .rev()
        .zip(new.split_inclusive('\n').rev());
    let end = common(&mut backwards.into_iter());
    Some(TextEdit {
        range: start as u32..(before.len() - end) as u32,
        text: new[..new.len() - end].to_owned(),
    })
}
