//! `fmt.printf`: a format that is known types its arguments (typing-and-evaluation.md §3.7.2).

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::functions::fmt::{Piece, Verb, parse_format};

use super::story::Why;
use super::table::{Table, Ty, TyId, Vars};
use super::{Export, Infer};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::{ExprId, ExprKind};

impl Infer<'_> {
    pub(super) fn printf(
        &mut self,
        id: ExprId,
        name: &EcoString,
        args: &[ExprId],
        given: &[TyId],
    ) -> TyId {
        let node = self.hir[id].span;
        let Some((format, rest)) = args.split_first() else {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::PRINTF_COUNT,
                    Stage::Unify,
                    format!("`{name}` needs a format"),
                )
                .at(self.anchor(node, node), "called without arguments")
                .help(format!("write `{name}(\"%s\", ...)`")),
            );
            return Table::STR;
        };
        let why = Why::Arg {
            function: name.clone(),
            index: 0,
            name: "format".into(),
            node,
        };
        self.expect(Table::STR, given[0], *format, why);
        let value = self.static_value(*format);
        let mut needs_types = true;
        if let Some(text) = value.as_ref().and_then(|value| value.as_str()) {
            let format_span = self.hir[*format].span;
            match parse_format(text.as_bytes()) {
                Err(error) => self.bad_format(node, format_span, *format, error.offset),
                Ok(pieces) => {
                    let verbs: Vec<Verb> = pieces
                        .iter()
                        .filter_map(|piece| {
                            if let Piece::Verb(verb) = piece {
                                Some(*verb)
                            } else {
                                None
                            }
                        })
                        .collect();
                    needs_types = verbs.contains(&Verb::TypeOf);
                    self.verbs(node, name, format_span, &verbs, rest, &given[1..]);
                }
            }
        }
        if needs_types {
            let args = given.iter().map(|ty| (EcoString::new(), *ty)).collect();
            let ty = self.table.add(Ty::Func(args, Table::STR));
            self.exports
                .push(Export::Call(self.instance, id, ty, self.function));
        }
        Table::STR
    }

    fn verbs(
        &mut self,
        node: Span,
        name: &EcoString,
        format: Span,
        verbs: &[Verb],
        args: &[ExprId],
        given: &[TyId],
    ) {
        if verbs.len() != args.len() {
            let text = format!(
                "the format of `{name}` has {}, but {} given",
                count(verbs.len(), "verb"),
                if args.len() == 1 {
                    "1 argument is".to_owned()
                } else {
                    format!("{} arguments are", args.len())
                },
            );
            let mut diagnostic = Diagnostic::error(Code::PRINTF_COUNT, Stage::Unify, text)
                .at(self.anchor(node, format), count(verbs.len(), "verb"));
            if let Some(extra) = args.get(verbs.len()) {
                diagnostic = diagnostic.label(self.hir[*extra].span, "no verb prints this");
            }
            self.diagnostics.push(diagnostic);
        }
        for ((verb, arg), ty) in verbs.iter().zip(args).zip(given) {
            let Some(expected) = verb.ty() else { continue };
            let expected = self.table.import(&expected, &mut Vars::new(), 0);
            self.expect(
                expected,
                *ty,
                *arg,
                Why::Verb {
                    verb: verb.text(),
                    format,
                    node,
                },
            );
        }
    }

    fn bad_format(&mut self, node: Span, format_span: Span, format: ExprId, offset: usize) {
        // In a literal without escapes the offset is also one in the text.
        let source = self.sources.text(format_span);
        let exact = matches!(self.hir[format].kind, ExprKind::Const(..))
            && !source.contains('\\')
            && source.starts_with('"');
        let place = if exact {
            let at = format_span.start + offset as u32;
            let len = source[offset + 1..]
                .chars()
                .next()
                .map_or(0, char::len_utf8) as u32;
            Span::new(format_span.source, at, at + 1 + len)
        } else {
            format_span
        };
        self.diagnostics.push(
            Diagnostic::error(Code::PRINTF_FORMAT, Stage::Unify, format!("the format has no valid verb at byte {offset}"))
                .at(self.anchor(node, place), "not a verb")
                .help("the verbs are %t %s %q %d %f %v %T, without width or precision; %% is a percent sign"),
        );
    }
}

fn count(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
