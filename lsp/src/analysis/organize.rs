//! Imports: adding one, removing and sorting them.

use mgmt_compiler::diagnostic::Code;
use mgmt_grammar::ast::StmtKind;

use super::{TextEdit, View};

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

/// The edits that sort the imports at the top of the file, packages before files, and remove those that are
/// not used. Comments between imports leave them as they are; one behind an import goes with it.
pub fn organize(view: &View) -> Vec<TextEdit> {
    let Some(tree) = view.tree() else {
        return Vec::new();
    };
    let text = view.text();
    let unused: Vec<_> = view
        .analysis
        .insight
        .diagnostics
        .iter()
        .filter(|it| it.code == Code::UNUSED_IMPORT)
        .filter_map(|it| it.primary.as_ref().map(|label| label.span))
        .collect();
    let mut edits = Vec::new();
    let mut run: Vec<(u32, u32, bool, String)> = Vec::new();
    let mut flush = |run: &mut Vec<(u32, u32, bool, String)>| {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            let range = first.0..last.1;
            let mut kept: Vec<_> = run.iter().filter(|(_, _, used, _)| *used).collect();
            kept.sort_by_key(|(_, _, _, line)| {
                let path = line.split('"').nth(1).unwrap_or_default();
                (path.ends_with(".mcl") || path.ends_with('/'), line.clone())
            });
            kept.dedup_by(|a, b| a.3 == b.3);
            let lines: Vec<&str> = kept.iter().map(|(_, _, _, line)| line.as_str()).collect();
            let mut new = lines.concat();
            let old = text
                .get(range.start as usize..range.end as usize)
                .unwrap_or_default();
            if !old.ends_with('\n') {
                new = new.trim_end_matches('\n').to_owned();
            }
            if new != old {
                edits.push(TextEdit { range, text: new });
            }
        }
        run.clear();
    };
    for stmt in &tree.body.stmts {
        let stmt = &tree[*stmt];
        // Only an import that has its lines to itself can be moved.
        let line = matches!(stmt.kind, StmtKind::Import { .. })
            .then(|| lines_of(text, stmt.span.start, stmt.span.end, true))
            .flatten();
        match line {
            Some((start, end)) => {
                if run.last().is_some_and(|last| last.1 != start) {
                    flush(&mut run);
                }
                // With the comment behind it.
                let line = text.get(stmt.span.start as usize..end as usize);
                let line = format!("{}\n", line.unwrap_or_default().trim_end());
                run.push((start, end, !unused.contains(&stmt.span), line));
            }
            None => flush(&mut run),
        }
    }
    flush(&mut run);
    edits
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
