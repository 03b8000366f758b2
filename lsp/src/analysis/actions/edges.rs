//! Between edge statements, `A["a"] -> B["b"]`, and edges inside of resources, `Before => B["b"]`.

use mgmt_grammar::ast::{Block, EdgeHalf, Entry, EntryKind, File, Resource, Stmt, StmtKind};

use super::resources::add_lines;
use super::{Action, ActionKind, indent};
use crate::analysis::completion::capitalized;
use crate::analysis::organize::whole_line;
use crate::analysis::view::range;
use crate::analysis::{TextEdit, View, syntax};

/// `Before => B["b"]` in a resource as `A["a"] -> B["b"]` behind it.
pub fn edge_out(
    view: &View,
    tree: &File,
    stmt: &Stmt,
    resource: &Resource,
    offset: u32,
) -> Option<Action> {
    let entry = syntax::entry_at(resource, offset)?;
    let text = view.text();
    // An edge statement has no condition.
    if entry.cond.is_some() {
        return None;
    }
    let edge = edge_statement(tree, text, resource, entry)?;
    let (start, end) = whole_line(text, entry.span.start, entry.span.end)?;
    let at = stmt.span.end;
    let edits = vec![
        TextEdit {
            range: start..end,
            text: String::new(),
        },
        TextEdit {
            range: at..at,
            text: format!("\n{}{edge}", indent(text, stmt.span.start)),
        },
    ];
    Some(Action::new(
        ActionKind::Rewrite,
        "Write the edge as a statement",
        edits,
    ))
}

/// The edge statement that says what a line of a resource does; there is none that notifies.
pub fn edge_statement(
    tree: &File,
    text: &str,
    resource: &Resource,
    entry: &Entry,
) -> Option<String> {
    let EntryKind::Edge { property, target } = &entry.kind else {
        return None;
    };
    let name = tree[resource.name].span.text(text);
    let own = format!("{}[{name}]", capitalized(&resource.kind.text));
    let other = target.span.text(text);
    match property.text.as_str() {
        "before" => Some(format!("{own} -> {other}")),
        "depend" => Some(format!("{other} -> {own}")),
        _ => None,
    }
}

/// `A["a"] -> B["b"]` as `Before => B["b"]` in each resource but the last, if they stand in this block.
pub fn edge_in(view: &View, tree: &File, edge: &Stmt) -> Option<Action> {
    let StmtKind::Edge { halves } = &edge.kind else {
        return None;
    };
    let text = view.text();
    let mut lines = EdgeLines::default();
    // The same conditions and loops must be around both.
    let block = syntax::block_at(tree, edge.span.start);
    lines.add(tree, text, block, halves, "")?;
    Some(Action::new(
        ActionKind::Rewrite,
        "Write the edge inside of the resource",
        lines.edits(text, edge)?,
    ))
}

/// Lines for resources that say what edge statements do.
#[derive(Default)]
pub struct EdgeLines<'t> {
    lines: Vec<(&'t Stmt, &'t Resource, Vec<String>)>,
}

impl<'t> EdgeLines<'t> {
    /// The lines for a chain between resources of a block.
    pub fn add(
        &mut self,
        tree: &'t File,
        text: &str,
        block: &Block,
        halves: &[EdgeHalf],
        condition: &str,
    ) -> Option<()> {
        if halves.len() < 2 || halves.iter().any(|half| half.field.is_some()) {
            return None;
        }
        for pair in halves.windows(2) {
            let [from, to] = pair else { return None };
            let (at, property, other) = match resource_of(tree, text, block, from) {
                Some(found) => (found, "Before", to),
                None => (resource_of(tree, text, block, to)?, "Depend", from),
            };
            let line = format!("{property} => {condition}{},", other.span.text(text));
            let mut known = self.lines.iter_mut();
            match known.find(|(stmt, ..)| stmt.span == at.0.span) {
                Some((_, _, lines)) => lines.push(line),
                None => self.lines.push((at.0, at.1, vec![line])),
            }
        }
        Some(())
    }

    /// The edits that write the lines, and remove the statement that they come from.
    pub fn edits(self, text: &str, gone: &Stmt) -> Option<Vec<TextEdit>> {
        if self.lines.is_empty() {
            return None;
        }
        let mut edits = Vec::new();
        for (stmt, resource, lines) in &self.lines {
            edits.push(add_lines(text, stmt, resource, lines)?);
        }
        edits.push(TextEdit {
            range: match whole_line(text, gone.span.start, gone.span.end) {
                Some((start, end)) => start..end,
                None => range(gone.span),
            },
            text: String::new(),
        });
        edits.sort_by_key(|edit| edit.range.start);
        let apart = edits
            .windows(2)
            .all(|pair| pair[0].range.end <= pair[1].range.start);
        apart.then_some(edits)
    }
}

/// The resource of a block that an end of an edge names.
fn resource_of<'t>(
    tree: &'t File,
    text: &str,
    block: &Block,
    half: &EdgeHalf,
) -> Option<(&'t Stmt, &'t Resource)> {
    let wanted = syntax::name_keys(tree, text, half.name);
    let [(wanted, _)] = wanted.as_slice() else {
        return None;
    };
    block.stmts.iter().find_map(|id| {
        let stmt = &tree[*id];
        let StmtKind::Resource(resource) = &stmt.kind else {
            return None;
        };
        let names = syntax::name_keys(tree, text, resource.name);
        let is_it =
            resource.kind.text == half.kind.text && names.len() == 1 && names[0].0 == *wanted;
        is_it.then_some((stmt, resource))
    })
}
