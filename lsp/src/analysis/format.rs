//! Formatting, as `mgmtc fmt` does it: of a document, of a part of it, and while one types.

use mgmt_grammar::format::format;
use mgmt_grammar::{TokenKind, tokens};
use similar::{ChangeTag, TextDiff};

use super::{Range, TextEdit};

/// The edits that format a text: none if it is formatted, nothing if it does not parse.
pub fn document(text: &str) -> Option<Vec<TextEdit>> {
    let formatted = format(text).ok()?;
    Some(difference(text, &formatted))
}

/// The same for the lines that a range touches.
pub fn part(text: &str, range: &Range) -> Option<Vec<TextEdit>> {
    let mut edits = document(text)?;
    edits.retain(|edit| edit.range.start <= range.end && range.start <= edit.range.end);
    Some(edits)
}

/// The edits between two texts, line by line, so that an editor keeps its cursor and its marks.
fn difference(before: &str, after: &str) -> Vec<TextEdit> {
    let mut edits: Vec<TextEdit> = Vec::new();
    let mut at = 0;
    // Whether the last change belongs to the edit that is being put together.
    let mut open = false;
    for change in TextDiff::from_lines(before, after).iter_all_changes() {
        let text = change.value();
        let length = text.len() as u32;
        if change.tag() == ChangeTag::Equal {
            at += length;
            open = false;
            continue;
        }
        if !open {
            edits.push(TextEdit {
                range: at..at,
                text: String::new(),
            });
            open = true;
        }
        let Some(edit) = edits.last_mut() else { break };
        if change.tag() == ChangeTag::Delete {
            at += length;
            edit.range.end = at;
        } else {
            edit.text.push_str(text);
        }
    }
    edits
}

/// The edit that a newline or a closing bracket just typed before an offset calls for: the indentation of
/// its line.
pub fn typed(text: &str, offset: u32) -> Option<TextEdit> {
    let head = text.get(..offset as usize)?;
    let start = head.rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].split('\n').next().unwrap_or_default();
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    // Brackets that open on one line, as in `f([`, indent once. Each knows whether it does.
    let mut open: Vec<(u32, bool)> = Vec::new();
    for token in tokens(text) {
        if token.end as usize > start + blanks {
            // The inside of a string or comment is the user's.
            if (token.start as usize) < start + blanks && matches!(token.kind, TokenKind::String) {
                return None;
            }
            if token.kind.is_close() && token.start as usize == start + blanks {
                open.pop();
            }
            break;
        }
        if token.kind.is_open() {
            let line = text[..token.start as usize]
                .rfind('\n')
                .map_or(0, |at| at as u32 + 1);
            let first = open.iter().all(|(other, _)| *other != line);
            open.push((line, first));
        } else if token.kind.is_close() {
            open.pop();
        }
    }
    let wanted = "\t".repeat(open.iter().filter(|(_, indents)| *indents).count());
    if line[..blanks] == wanted {
        return None;
    }
    Some(TextEdit {
        range: start as u32..(start + blanks) as u32,
        text: wanted,
    })
}
