//! Statements, blocks and resources.

use super::printer::Printer;
use crate::ast::{Block, EdgeHalf, Entry, EntryKind, ImportAlias, Resource, StmtId, StmtKind};
use crate::span::Span;
use crate::stack::with_stack;

impl Printer<'_> {
    pub(super) fn file(&mut self) {
        let file = self.file;
        self.stmts(&file.body.stmts);
    }

    fn stmts(&mut self, stmts: &[StmtId]) {
        for id in stmts {
            let span = self.file[*id].span;
            self.start_line(span.start);
            with_stack(|| self.stmt(*id));
            self.reached(span.end);
            self.end_line();
        }
    }

    /// The braces and what is between them; collapsed if that is nothing.
    fn braces(&mut self, span: Span, is_empty: bool, inside: impl FnOnce(&mut Self)) {
        self.reached(span.start + 1);
        if is_empty && !self.has_comment(span.start, span.end) {
            self.write("{}");
        } else {
            self.write("{");
            self.indent();
            self.end_line();
            inside(self);
            self.start_closing_line(span.end - 1);
            self.write("}");
        }
        self.reached(span.end);
    }

    fn block(&mut self, block: &Block) {
        self.braces(block.span, block.stmts.is_empty(), |printer| {
            printer.stmts(&block.stmts);
        });
    }

    fn stmt(&mut self, id: StmtId) {
        let file = self.file;
        match &file[id].kind {
            // A text with errors is not formatted.
            StmtKind::Error => {}
            StmtKind::Bind { name, ty, value } => {
                self.variable(name);
                self.annotation(ty.as_ref());
                self.write(" = ");
                self.expr(*value);
            }
            StmtKind::Resource(resource) => self.resource(resource),
            StmtKind::Edge { halves } => {
                for (index, half) in halves.iter().enumerate() {
                    if index > 0 {
                        self.write(" -> ");
                    }
                    self.edge_half(half);
                }
            }
            StmtKind::If {
                cond,
                then,
                otherwise,
            } => {
                self.write("if ");
                self.expr(*cond);
                self.write(" ");
                self.block(then);
                if let Some(otherwise) = otherwise {
                    self.write(" else ");
                    self.block(otherwise);
                }
            }
            StmtKind::For {
                kv,
                key,
                value,
                over,
                body,
            } => {
                let word = if *kv { "forkv" } else { "for" };
                write!(self, "{word} ${}, ${} in ", key.text, value.text);
                self.expr(*over);
                self.write(" ");
                self.block(body);
            }
            StmtKind::Func { name, lambda } => {
                write!(self, "func {}", name.text);
                self.lambda(lambda);
            }
            StmtKind::Class { name, params, body } => {
                write!(self, "class {}", name.text);
                if let Some(params) = params {
                    self.params(params);
                }
                self.write(" ");
                self.block(body);
            }
            StmtKind::Include { class, args, alias } => {
                write!(self, "include {}", class.text);
                if let Some(args) = args {
                    self.args(args);
                }
                if let Some(alias) = alias {
                    write!(self, " as {}", alias.text);
                }
            }
            StmtKind::Import { path, alias, .. } => {
                write!(self, "import \"{path}\"");
                match alias {
                    Some(ImportAlias::Name(name)) => write!(self, " as {}", name.text),
                    Some(ImportAlias::Star(_)) => self.write(" as *"),
                    None => {}
                }
            }
            StmtKind::Panic { args } => {
                self.write("panic");
                self.args(args);
            }
        }
    }

    fn resource(&mut self, resource: &Resource) {
        if resource.collect.is_some() {
            self.write("collect ");
        }
        write!(self, "{} ", resource.kind.text);
        self.expr(resource.name);
        self.write(" ");
        let entries = &resource.entries;
        self.braces(resource.body_span, entries.is_empty(), |printer| {
            for entry in entries {
                printer.start_line(entry.span.start);
                printer.entry(entry);
                printer.write(",");
                printer.reached(entry.span.end);
                printer.end_line();
            }
        });
    }

    fn entry(&mut self, entry: &Entry) {
        match &entry.kind {
            EntryKind::Error => {}
            EntryKind::Field { name, .. } => self.write(&name.text),
            EntryKind::Edge { property, .. } => self.capitalized(&property.text),
            EntryKind::Meta { property, .. } => write!(self, "Meta:{}", property.text),
            EntryKind::MetaStruct { .. } => self.write("Meta"),
        }
        self.write(" => ");
        if let Some(cond) = entry.cond {
            self.expr(cond);
            self.write(" ?: ");
        }
        match &entry.kind {
            EntryKind::Error => {}
            EntryKind::Edge { target, .. } => self.edge_half(target),
            EntryKind::Field { value, .. }
            | EntryKind::Meta { value, .. }
            | EntryKind::MetaStruct { value, .. } => self.expr(*value),
        }
    }

    fn edge_half(&mut self, half: &EdgeHalf) {
        self.capitalized(&half.kind.text);
        self.write("[");
        self.expr(half.name);
        self.write("]");
        if let Some(field) = &half.field {
            write!(self, ".{}", field.text);
        }
    }

    /// A kind as it is written in an edge: every part starts with a capital.
    fn capitalized(&mut self, kind: &str) {
        for (index, part) in kind.split(':').enumerate() {
            if index > 0 {
                self.write(":");
            }
            let (first, rest) = part.split_at(part.len().min(1));
            self.write(&first.to_ascii_uppercase());
            self.write(rest);
        }
    }
}
