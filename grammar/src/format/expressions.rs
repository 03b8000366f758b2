//! Expressions, and what they have in common with statements: sequences, parameters, bodies.

use super::printer::Printer;
use crate::ast::{Args, Body, Callee, ExprId, ExprKind, Ident, Lambda, Param, Params, TypeExpr};
use crate::dump;
use crate::stack::with_stack;

/// Something that stands between brackets with others.
pub(super) trait Element {
    fn start(&self, printer: &Printer<'_>) -> u32;
    fn end(&self, printer: &Printer<'_>) -> u32;
    fn print(&self, printer: &mut Printer<'_>);
}

impl Element for ExprId {
    fn start(&self, printer: &Printer<'_>) -> u32 {
        printer.file[*self].span.start
    }

    fn end(&self, printer: &Printer<'_>) -> u32 {
        printer.file[*self].span.end
    }

    fn print(&self, printer: &mut Printer<'_>) {
        printer.expr(*self);
    }
}

impl Element for (ExprId, ExprId) {
    fn start(&self, printer: &Printer<'_>) -> u32 {
        self.0.start(printer)
    }

    fn end(&self, printer: &Printer<'_>) -> u32 {
        self.1.end(printer)
    }

    fn print(&self, printer: &mut Printer<'_>) {
        printer.expr(self.0);
        printer.write(" => ");
        printer.expr(self.1);
    }
}

impl Element for (Ident, ExprId) {
    fn start(&self, _: &Printer<'_>) -> u32 {
        self.0.span.start
    }

    fn end(&self, printer: &Printer<'_>) -> u32 {
        self.1.end(printer)
    }

    fn print(&self, printer: &mut Printer<'_>) {
        printer.write(&self.0.text);
        printer.write(" => ");
        printer.expr(self.1);
    }
}

impl Element for Param {
    fn start(&self, _: &Printer<'_>) -> u32 {
        self.name.span.start
    }

    fn end(&self, _: &Printer<'_>) -> u32 {
        self.ty
            .as_ref()
            .map_or(self.name.span.end, |ty| ty.span.end)
    }

    fn print(&self, printer: &mut Printer<'_>) {
        printer.variable(&self.name);
        printer.annotation(self.ty.as_ref());
    }
}

impl Printer<'_> {
    pub(super) fn expr(&mut self, id: ExprId) {
        with_stack(|| self.expr_kind(id));
    }

    fn expr_kind(&mut self, id: ExprId) {
        let file = self.file;
        let expr = &file[id];
        let (start, end) = (expr.span.start, expr.span.end);
        match &expr.kind {
            // A text with errors is not formatted.
            ExprKind::Error => {}
            ExprKind::Bool(value) => self.write(if *value { "true" } else { "false" }),
            ExprKind::Str(raw) => write!(self, "\"{raw}\""),
            ExprKind::Int(value) => write!(self, "{value}"),
            ExprKind::Float(value) => self.float(*value),
            ExprKind::List(items) => {
                let multiline = self.is_multiline(start, items, end, true);
                self.sequence("[", start, items, end, multiline);
            }
            ExprKind::Map(items) => {
                let multiline = self.is_multiline(start, items, end, true);
                self.sequence("{", start, items, end, multiline);
            }
            ExprKind::Struct(items) => {
                let open = self.find(start, '{');
                let multiline = self.is_multiline(open, items, end, true);
                self.write("struct");
                self.sequence("{", open, items, end, multiline);
            }
            ExprKind::Var(name) => write!(self, "${}", name.text),
            ExprKind::Call(call) => {
                match &call.callee {
                    Callee::Func(name) => self.write(&name.text),
                    Callee::Var(name) => write!(self, "${}", name.text),
                    Callee::Lambda(lambda) => self.expr(*lambda),
                }
                self.args(&call.args);
            }
            ExprKind::Lambda(lambda) => {
                self.write("func");
                self.lambda(lambda);
            }
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                let multiline = self.is_multiline_body(then)
                    || self.has_comment(otherwise.span.start, otherwise.span.end);
                self.write("if ");
                self.expr(*cond);
                self.write(" ");
                self.body(then, multiline);
                self.write(" else ");
                self.body(otherwise, multiline);
            }
            ExprKind::Paren(inner) => {
                self.write("(");
                self.expr(*inner);
                self.write(")");
            }
            ExprKind::Index { base, index } => {
                self.expr(*base);
                self.write("[");
                self.expr(*index);
                self.write("]");
            }
            ExprKind::Field {
                base,
                field,
                default,
            } => {
                self.expr(*base);
                write!(self, "->{}", field.text);
                if let Some(default) = default {
                    self.write(" <|> ");
                    self.expr(*default);
                }
            }
            ExprKind::Not(inner) => {
                self.write("not ");
                self.expr(*inner);
            }
            ExprKind::Binary { op, lhs, rhs, .. } => {
                self.expr(*lhs);
                write!(self, " {} ", op.text());
                self.expr(*rhs);
            }
            ExprKind::Except { main, fallback } => {
                self.expr(*main);
                self.write(" <|> ");
                self.expr(*fallback);
            }
        }
        self.reached(end);
    }

    /// The shortest digits that give this number again, without exponent.
    fn float(&mut self, value: f64) {
        let digits = value.to_string();
        self.write(&digits);
        if !digits.contains('.') {
            self.write(".0");
        }
    }

    pub(super) fn variable(&mut self, name: &Ident) {
        write!(self, "${}", name.text);
    }

    pub(super) fn annotation(&mut self, ty: Option<&TypeExpr>) {
        if let Some(ty) = ty {
            self.write(" ");
            // Writing to a string can not fail.
            let _ = dump::ty(self.out(), ty);
            self.reached(ty.span.end);
        }
    }

    pub(super) fn args(&mut self, args: &Args) {
        let (open, end) = (args.span.start, args.span.end);
        let multiline = self.is_multiline(open, &args.exprs, end, false);
        self.sequence("(", open, &args.exprs, end, multiline);
    }

    pub(super) fn params(&mut self, params: &Params) {
        let (open, end) = (params.span.start, params.span.end);
        let multiline = self.is_multiline(open, &params.params, end, true);
        self.sequence("(", open, &params.params, end, multiline);
    }

    pub(super) fn lambda(&mut self, lambda: &Lambda) {
        self.params(&lambda.params);
        self.annotation(lambda.result.as_ref());
        self.write(" ");
        let multiline = self.is_multiline_body(&lambda.body);
        self.body(&lambda.body, multiline);
    }

    fn is_multiline_body(&self, body: &Body) -> bool {
        let span = body.span;
        self.has_newline(span.start, self.file[body.expr].span.start)
            || self.has_comment(span.start, span.end)
    }

    fn body(&mut self, body: &Body, multiline: bool) {
        let (start, end) = (body.span.start, body.span.end);
        self.reached(start + 1);
        if multiline {
            self.write("{");
            self.indent();
            self.end_line();
            self.start_line(self.file[body.expr].span.start);
            self.expr(body.expr);
            self.end_line();
            self.start_closing_line(end - 1);
            self.write("}");
        } else {
            self.write("{ ");
            self.expr(body.expr);
            self.write(" }");
        }
        self.reached(end);
    }

    /// Whether the author wrote one element a line. With `comments`, a comment inside asks for it too.
    fn is_multiline<T: Element>(&self, open: u32, items: &[T], end: u32, comments: bool) -> bool {
        let first_on_later_line = items
            .first()
            .is_some_and(|first| self.has_newline(open, first.start(self)));
        first_on_later_line || (comments && self.has_comment(open, end))
    }

    /// Elements between brackets. The opening one stands at `open`, the closing one ends at `end`.
    fn sequence<T: Element>(
        &mut self,
        bracket: &str,
        open: u32,
        items: &[T],
        end: u32,
        multiline: bool,
    ) {
        let close = match bracket {
            "(" => ")",
            "[" => "]",
            _ => "}",
        };
        self.write(bracket);
        self.reached(open + 1);
        if multiline {
            self.indent();
            self.end_line();
            for item in items {
                self.start_line(item.start(self));
                item.print(self);
                self.write(",");
                self.reached(item.end(self));
                self.end_line();
            }
            self.start_closing_line(end - 1);
        } else {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    self.write(", ");
                }
                item.print(self);
            }
        }
        self.write(close);
        self.reached(end);
    }
}
