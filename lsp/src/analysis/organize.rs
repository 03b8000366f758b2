//! Imports: adding one, removing and sorting them.

use mgmt_compiler::diagnostic::Code;
use mgmt_grammar::ast::{ImportAlias, StmtKind};

use super::syntax::blocks;
use super::{Range, TextEdit, View};

/// The edit that imports a package at the top level, unless it is imported there already.
pub fn add_import(view: &View, package: &str) -> Option<TextEdit> {
    let tree = view.tree()?;
    let text = view.text();
    let mut end_of_last = None;
    for stmt in &tree.body.stmts {
        let stmt = &tree[*stmt];
        if let StmtKind::Import { path, .. } = &stmt.kind {
            if path == package {
                return None;
            }
            end_of_last = Some(stmt.span.end);
        }
    }
    let line = format!("import \"{package}\"\n");
    Some(match end_of_last {
        Some(end) => {
            let rest = text.get(end as usize..).unwrap_or_default();
            match rest.find('\n') {
                Some(newline) => {
                    let at = end + newline as u32 + 1;
                    TextEdit {
                        range: at..at,
                        text: line,
                    }
                }
                None => {
                    let at = text.len() as u32;
                    TextEdit {
                        range: at..at,
                        text: format!("\n{line}"),
                    }
                }
            }
        }
        None => {
            // Behind the comment that the file begins with.
            let header: usize = text
                .split_inclusive('\n')
                .take_while(|line| line.starts_with('#') && line.ends_with('\n'))
                .map(str::len)
                .sum();
            let blank = if header > 0 { "\n" } else { "" };
            TextEdit {
                range: header as u32..header as u32,
                text: format!("{blank}{line}"),
            }
        }
    })
}

/// The edits that sort the imports of each scope, packages before files, and remove those that are not used. Comments
/// between imports leave them as they are; one behind an import goes with it.
pub fn organize(view: &View) -> Vec<TextEdit> {
    let Some(tree) = view.tree() else {
        return Vec::new();
    };
    let text = view.text();
    let unused: Vec<_> = view
        .analysis
        .insight
        .diagnostics()
        .iter()
        .filter(|it| it.code == Code::UNUSED_IMPORT)
        .filter_map(|it| it.primary.as_ref().map(|label| label.span))
        .collect();
    let inner = tree.stmts.iter().flat_map(|stmt| blocks(&stmt.kind));
    let mut edits = Vec::new();
    for block in std::iter::once(&tree.body).chain(inner) {
        let mut run: Vec<Line<'_>> = Vec::new();
        for stmt in &block.stmts {
            let stmt = &tree[*stmt];
            // Only an import that has its lines to itself can be moved.
            let lines = lines_of(text, stmt.span.start, stmt.span.end, true);
            let (StmtKind::Import { path, alias, .. }, Some((start, end))) = (&stmt.kind, lines)
            else {
                edits.extend(sorted(text, std::mem::take(&mut run)));
                continue;
            };
            if run.last().is_some_and(|last| last.range.end != start) {
                edits.extend(sorted(text, std::mem::take(&mut run)));
            }
            run.push(Line {
                range: start..end,
                is_used: !unused.contains(&stmt.span),
                is_star: matches!(alias, Some(ImportAlias::Star(_))),
                is_file: path.ends_with(".mcl") || path.ends_with('/'),
                // With the comment behind it.
                text: text
                    .get(start as usize..end as usize)
                    .unwrap_or_default()
                    .trim_end(),
            });
        }
        edits.extend(sorted(text, run));
    }
    edits.sort_by_key(|edit| edit.range.start);
    edits
}

/// An import that has its lines to itself.
struct Line<'t> {
    range: Range,
    is_used: bool,
    is_star: bool,
    is_file: bool,
    text: &'t str,
}

/// The edit that sorts imports which follow each other, if they are not sorted.
fn sorted(text: &str, run: Vec<Line<'_>>) -> Option<TextEdit> {
    let range = run.first()?.range.start..run.last()?.range.end;
    let mut kept: Vec<Line<'_>> = run.into_iter().filter(|line| line.is_used).collect();
    // Of two that define one name without a prefix the later one counts.
    let keeps_order = kept.iter().filter(|line| line.is_star).count() > 1;
    kept.sort_by_key(|line| match line.is_star && keeps_order {
        true => (true, false, ""),
        false => (false, line.is_file, line.text.trim_start()),
    });
    kept.dedup_by(|a, b| a.text == b.text);
    let mut new: String = kept.iter().flat_map(|line| [line.text, "\n"]).collect();
    let old = text.get(range.start as usize..range.end as usize)?;
    if !old.ends_with('\n') {
        new.truncate(new.trim_end_matches('\n').len());
    }
    (new != old).then_some(TextEdit { range, text: new })
}

/// The lines of a statement with their newline, if nothing else stands there.
pub fn whole_line(text: &str, start: u32, end: u32) -> Option<(u32, u32)> {
    lines_of(text, start, end, false)
}

fn lines_of(text: &str, start: u32, end: u32, with_comment: bool) -> Option<(u32, u32)> {
    let line_start = text
        .get(..start as usize)?
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let rest = text.get(end as usize..)?;
    let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let behind = rest[..length].trim();
    let alone = text[line_start..start as usize].trim().is_empty()
        && (behind.is_empty() || (with_comment && behind.starts_with('#')));
    alone.then_some((line_start as u32, end + length as u32))
}
