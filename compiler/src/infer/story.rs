//! What is told when two types do not fit: where each side got its type.

use ecow::EcoString;
use mgmt_grammar::span::Span;

use super::Infer;
use super::difference::difference;
use super::pending::infinite;
use super::table::{Mismatch, Ty, TyId};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::{ExprId, ExprKind, Var};

/// Why an expression must have a type.
#[derive(Clone, Debug)]
pub enum Why {
    /// All elements of a list, or keys or values of a map, have one type.
    Element { what: &'static str, first: Span },
    /// Both branches have one type.
    Else { then: Span },
    /// Both sides of `<|>` have one type.
    Fallback { main: Span },
    /// The default of a field that the struct has.
    FieldDefault {
        name: EcoString,
        field: Span,
        node: Span,
    },
    /// A condition.
    Condition { of: &'static str, node: Span },
    /// The annotation of a bind.
    Annotation { declared: Span },
    /// The declared result of a function.
    Result { declared: Span },
    /// The annotation of a class parameter.
    ClassArg { declared: Span, node: Span },
    /// An argument of a library function.
    Arg {
        function: EcoString,
        index: usize,
        name: EcoString,
        node: Span,
    },
    /// An operand; the other one.
    Operand {
        op: EcoString,
        other: Option<ExprId>,
        node: Span,
    },
    /// An argument of a function of the program, by the name of its statement, or of a function value.
    FuncArg {
        function: Option<EcoString>,
        param: Span,
        node: Span,
    },
    /// A verb of a format.
    Verb {
        verb: &'static str,
        format: Span,
        node: Span,
    },
    /// A parameter of a resource.
    Field {
        kind: EcoString,
        param: EcoString,
        node: Span,
    },
    /// A meta parameter.
    Meta { name: EcoString, node: Span },
    /// The name of a resource or of the end of an edge.
    Name { node: Span, statically: bool },
    /// What is looped over.
    Loop { kv: bool, node: Span },
    /// A part of an interpolated string.
    Interpolated { name: EcoString },
}

impl Infer<'_> {
    /// Makes an expression's type the one that is expected, or reports why it can not be; says which.
    pub(super) fn expect(&mut self, expected: TyId, actual: TyId, expr: ExprId, why: Why) -> bool {
        let span = self.hir[expr].span;
        self.table.place = span;
        let unified = self.table.unify(expected, actual);
        if let Err(mismatch) = &unified {
            self.mismatch(expected, actual, expr, &why, mismatch);
        }
        if !self.table.bound.is_empty() && !self.waiting.is_empty() {
            self.settle();
        }
        unified.is_ok()
    }

    pub(super) fn expect_include(
        &mut self,
        declared: TyId,
        given: TyId,
        arg: ExprId,
        node: Span,
        ty_span: Span,
    ) {
        self.expect(
            declared,
            given,
            arg,
            Why::ClassArg {
                declared: ty_span,
                node,
            },
        );
    }

    pub(super) fn expect_annotation(
        &mut self,
        declared: TyId,
        ty: TyId,
        value: ExprId,
        ty_span: Span,
    ) {
        self.expect(declared, ty, value, Why::Annotation { declared: ty_span });
    }

    fn mismatch(
        &mut self,
        expected: TyId,
        actual: TyId,
        expr: ExprId,
        why: &Why,
        mismatch: &Mismatch,
    ) {
        let span = self.hir[expr].span;
        if *mismatch == Mismatch::Infinite {
            let (want, have) = (self.show(expected), self.show(actual));
            let text = format!(
                "this is {}, and would have to be {} as well",
                with_article(&have),
                with_article(&want)
            );
            self.diagnostics.push(infinite().at(span, text));
            return;
        }
        let (want, have) = (self.show(expected), self.show(actual));
        let code = match (mismatch, why) {
            (_, Why::Name { .. }) => Code::NAME_TYPE,
            (_, Why::Verb { .. }) => Code::PRINTF_TYPE,
            (Mismatch::StructShape, _) => Code::STRUCT_SHAPE,
            (Mismatch::ArgCount(..), _) => Code::ARGUMENT_COUNT,
            _ => Code::TYPE_MISMATCH,
        };
        let message = self.headline(why, &want, &have);
        let node = self.node(why, expr);
        let mut diagnostic = Diagnostic::error(code, Stage::Unify, message);
        // A conflict over a parameter is a conflict between its uses (language.md §6.6).
        let declaration = self.checked_param(expr, why);
        let primary = match declaration {
            Some(param) => {
                let place = self.anchor(param, span);
                if place == param {
                    diagnostic = diagnostic
                        .at(param, "this has one type in all its uses")
                        .label(span, this_is(&have));
                }
                place
            }
            None => match (self.anchor(node, span), why) {
                (place, Why::FuncArg { param, .. }) if place != span => self.anchor(node, *param),
                (place, _) => place,
            },
        };
        if diagnostic.primary.is_none() {
            let text = if primary == span {
                this_is(&have)
            } else if matches!(why, Why::FuncArg { param, .. } if *param == primary) {
                this_is(&want)
            } else {
                String::new()
            };
            diagnostic = diagnostic.at(primary, text);
            if primary != span && !primary.text(self.text(primary)).is_empty() {
                diagnostic = diagnostic.label(span, this_is(&have));
            }
        }
        diagnostic = self.tell_expectation(diagnostic, why, &want);
        if let Why::FuncArg {
            param, function, ..
        } = why
            && let Some(place) = self.table.reason_within(expected)
            && place != *param
            && place != node
        {
            diagnostic = diagnostic.label(
                place,
                format!("it is {} because of this", with_article(&want)),
            );
            if function.is_none() && declaration.is_none() && self.calls_a_variable(place) {
                diagnostic = diagnostic.help(
                    "a function in a variable has one type for all its calls; one of a `func` statement has another for each",
                );
            }
        }
        diagnostic = self.tell_origin(diagnostic, expr, actual, &have);
        let named = match (&why, &self.hir[expr].kind) {
            (Why::Name { .. }, ExprKind::Var(var)) if want == "[]str" && have == "str" => {
                Some(self.variable_name(var.target))
            }
            _ => None,
        };
        if let Some(name) = named {
            diagnostic =
                diagnostic.help(format!("write `\"${{{name}}}\"`, or a list: `[${name}]`"));
        } else if want == "str"
            && matches!(have.as_str(), "int" | "float" | "bool")
            && matches!(self.hir[expr].kind, ExprKind::Const(..))
        {
            let quoted = format!("\"{}\"", span.text(self.text(span)));
            diagnostic = diagnostic
                .help(format!("put it into quotes: `{quoted}`"))
                .fix("put it into quotes", span, quoted);
        } else if let Some(help) = advice(why, &want, &have) {
            diagnostic = diagnostic.help(help);
        }
        let types = (
            self.table.export(expected, &mut Vec::new()),
            self.table.export(actual, &mut Vec::new()),
        );
        if let Some(text) = difference(&types.0, &types.1) {
            diagnostic = diagnostic.help(text);
        }
        if let Some((inner, want, have)) = self.culprit(expr, expected, actual) {
            diagnostic = diagnostic.label(
                inner,
                format!(
                    "this is {}, not {}",
                    with_article(&have),
                    with_article(&want)
                ),
            );
        }
        if let Why::Name { .. } = why
            && want == "[]str"
            && have == "str"
        {
            let source = span.source;
            diagnostic.fixes.push(crate::diagnostic::Fix {
                title: "wrap the name in a list".to_owned(),
                edits: vec![
                    crate::diagnostic::Edit {
                        span: Span::new(source, span.start, span.start),
                        text: "[".to_owned(),
                    },
                    crate::diagnostic::Edit {
                        span: Span::new(source, span.end, span.end),
                        text: "]".to_owned(),
                    },
                ],
            });
        }
        self.diagnostics.push(diagnostic);
    }

    fn headline(&self, why: &Why, want: &str, have: &str) -> String {
        let names = have == "str";
        let (want, have) = (&with_article(want), &with_article(have));
        match why {
            Why::Meta { name, .. } if name == "Meta" => {
                "the struct for `Meta` must have all meta parameters, in their order and of their types"
                    .to_owned()
            }
            Why::Element { what, .. } => {
                format!("all {what} have one type, so this must be {want}, not {have}")
            }
            Why::Else { .. } => {
                format!("both branches must have one type, but they are {want} and {have}")
            }
            Why::Fallback { .. } => {
                format!("both sides of `<|>` must have one type, but they are {want} and {have}")
            }
            Why::FieldDefault { name, .. } => {
                format!("the default must be like the field `{name}`: {want}, not {have}")
            }
            Why::Condition { of, .. } => {
                format!("the condition of {of} must be a bool, not {have}")
            }
            Why::Annotation { .. } => format!("the annotation says {want}, but this is {have}"),
            Why::Result { .. } => {
                format!("the function is declared to give {want}, but gives {have}")
            }
            Why::ClassArg { .. } => format!("the class takes {want} here, not {have}"),
            Why::Arg { function, .. } if function == "in" => {
                format!("`in` looks for an element of {want}, not of {have}")
            }
            Why::Arg {
                function,
                name,
                index,
                ..
            } => {
                if name.is_empty() {
                    format!(
                        "`{function}` takes {want} as its argument {}, not {have}",
                        index + 1
                    )
                } else {
                    format!("`{function}` takes {want} as `{name}`, not {have}")
                }
            }
            Why::Operand {
                op, other: Some(_), ..
            } => {
                format!("both sides of `{op}` must have one type, but they are {want} and {have}")
            }
            Why::Operand {
                op, other: None, ..
            } => format!("`{op}` needs {want}, not {have}"),
            Why::FuncArg {
                function: Some(name),
                ..
            } => format!("the function `{name}` takes {want} here, not {have}"),
            Why::FuncArg { function: None, .. } => {
                format!("this function takes {want} here, not {have}")
            }
            Why::Verb { verb, .. } => format!("`{verb}` prints {want}, not {have}"),
            Why::Field { kind, param, .. } => {
                format!("the parameter `{param}` of `{kind}` is {want}, not {have}")
            }
            Why::Meta { name, .. } => format!("the meta parameter `{name}` is {want}, not {have}"),
            Why::Name {
                statically: true, ..
            } => format!("the name is {want}, not {have}"),
            Why::Name {
                statically: false, ..
            } if !names => format!("a name is a str or a []str, not {have}"),
            Why::Name {
                statically: false, ..
            } => {
                "a name that the program computes must be a list of names, and this is a str".to_owned()
            }
            Why::Loop { kv: false, .. } => format!("`for` loops over a list, not over {have}"),
            Why::Loop { kv: true, .. } => format!("`forkv` loops over a map, not over {have}"),
            Why::Interpolated { name } => {
                format!("only a str can stand in a string, and `${name}` is {have}")
            }
        }
    }

    /// The construct that the language blames; the place shown is the best one on its first line.
    fn node(&self, why: &Why, expr: ExprId) -> Span {
        match why {
            Why::Condition { node, .. }
            | Why::FieldDefault { node, .. }
            | Why::ClassArg { node, .. }
            | Why::Arg { node, .. }
            | Why::Operand { node, .. }
            | Why::FuncArg { node, .. }
            | Why::Verb { node, .. }
            | Why::Field { node, .. }
            | Why::Meta { node, .. }
            | Why::Name { node, .. }
            | Why::Loop { node, .. } => *node,
            _ => self.hir[expr].span,
        }
    }

    /// The declaration of the parameter that the expression is, where a conflict counts against it.
    fn checked_param(&self, expr: ExprId, why: &Why) -> Option<Span> {
        let checks = matches!(
            why,
            Why::Element { .. }
                | Why::Else { .. }
                | Why::Fallback { .. }
                | Why::Condition {
                    of: "an `if` expression",
                    ..
                }
                | Why::Result { .. }
        );
        let ExprKind::Var(var) = &self.hir[expr].kind else {
            return None;
        };
        match var.target {
            Var::Param(param) if checks && self.is_loop_or_function_param(param) => {
                Some(self.hir[param].span)
            }
            _ => None,
        }
    }

    fn tell_expectation(&mut self, diagnostic: Diagnostic, why: &Why, want: &str) -> Diagnostic {
        match why {
            Why::Element { first, .. } => diagnostic.label(*first, this_is(want)),
            Why::Else { then } => diagnostic.label(*then, this_is(want)),
            Why::Fallback { main } => diagnostic.label(*main, this_is(want)),
            Why::FieldDefault { field, .. } => diagnostic.label(*field, this_is(want)),
            Why::Annotation { declared, .. }
            | Why::Result { declared }
            | Why::ClassArg { declared, .. } => diagnostic.label(*declared, "declared here"),
            // Where the parameter is the place that is shown, it has been told.
            Why::FuncArg { param, .. }
                if diagnostic
                    .primary
                    .as_ref()
                    .is_some_and(|label| label.span == *param) =>
            {
                diagnostic
            }
            Why::FuncArg { param, .. } => diagnostic.label(*param, this_is(want)),
            Why::Verb { verb, format, .. } => {
                diagnostic.label(*format, format!("expected because of `{verb}`"))
            }
            Why::Operand {
                other: Some(other), ..
            } => {
                let span = self.hir[*other].span;
                diagnostic.label(span, this_is(want))
            }
            _ => diagnostic,
        }
    }

    /// Where the type of what was found came from.
    fn tell_origin(
        &mut self,
        diagnostic: Diagnostic,
        expr: ExprId,
        actual: TyId,
        have: &str,
    ) -> Diagnostic {
        let (ExprKind::Var(_) | ExprKind::StrVar(_)) = &self.hir[expr].kind else {
            return diagnostic;
        };
        let var = match &self.hir[expr].kind {
            ExprKind::StrVar(inner) => &self.hir[*inner].kind,
            kind => kind,
        };
        let ExprKind::Var(var) = var else {
            return diagnostic;
        };
        match var.target {
            Var::Bind(bind) => {
                let (name, value) = (
                    self.hir[bind].name.clone(),
                    self.hir[self.hir[bind].value].span,
                );
                let place = self.table.reason_within(actual).unwrap_or(value);
                diagnostic.label(
                    place,
                    format!("`${name}` is {} because of this", with_article(have)),
                )
            }
            Var::Param(param) => {
                let name = self.hir[param].name.clone();
                if let Some((_, span)) = self.hir[param].ty {
                    return diagnostic.label(
                        span,
                        format!("`${name}` is declared as {}", with_article(have)),
                    );
                }
                match self.table.reason(actual) {
                    Some(span) if span != self.hir[expr].span => diagnostic.label(
                        span,
                        format!("`${name}` is {} because of this", with_article(have)),
                    ),
                    _ => diagnostic,
                }
            }
        }
    }

    pub(super) fn variable_name(&self, var: Var) -> EcoString {
        match var {
            Var::Bind(bind) => self.hir[bind].name.clone(),
            Var::Param(param) => self.hir[param].name.clone(),
        }
    }

    /// Whether that place is the call of a function value.
    fn calls_a_variable(&self, place: Span) -> bool {
        place.text(self.text(place)).starts_with('$')
    }

    /// The part of a literal that keeps the whole from fitting, with the type it must have and has.
    fn culprit(
        &mut self,
        expr: ExprId,
        expected: TyId,
        actual: TyId,
    ) -> Option<(Span, String, String)> {
        let (mut expr, mut expected, mut actual) = (expr, expected, actual);
        let whole = expr;
        loop {
            let part = match (
                &self.hir[expr].kind,
                self.table.get(expected),
                self.table.get(actual),
            ) {
                (ExprKind::Struct(_, values), Ty::Struct(want), Ty::Struct(have))
                    if want
                        .iter()
                        .map(|field| &field.0)
                        .eq(have.iter().map(|field| &field.0)) =>
                {
                    values
                        .iter()
                        .zip(want.iter().zip(have.iter()))
                        .map(|(value, (want, have))| (*value, want.1, have.1))
                        .find(|(_, want, have)| !self.table.fits(*want, *have))
                }
                (ExprKind::List(items), Ty::List(want), Ty::List(have)) => {
                    items.first().map(|item| (*item, want, have))
                }
                (ExprKind::Map(entries), Ty::Map(key, value), Ty::Map(have_key, have_value)) => {
                    entries.first().map(|(first_key, first_value)| {
                        if self.table.fits(key, have_key) {
                            (*first_value, value, have_value)
                        } else {
                            (*first_key, key, have_key)
                        }
                    })
                }
                (ExprKind::Lambda(lambda), Ty::Func(_, want), Ty::Func(_, have))
                    if !self.table.fits(want, have) =>
                {
                    Some((self.hir[*lambda].body, want, have))
                }
                _ => None,
            };
            match part {
                Some(part) => (expr, expected, actual) = part,
                None if expr == whole => return None,
                None => {
                    let span = self.hir[expr].span;
                    return Some((span, self.show(expected), self.show(actual)));
                }
            }
        }
    }

    fn text(&self, span: Span) -> &str {
        self.sources
            .get(span.source)
            .map_or("", |source| &source.text)
    }

    /// `better` if it starts on the line that `node` starts on, else what `node` has on that line: the
    /// language says which line is to blame, and we choose the best place on it.
    pub(super) fn anchor(&self, node: Span, better: Span) -> Span {
        let Some(source) = self.sources.get(node.source) else {
            return better;
        };
        let line = source.lines().line(node.start);
        if better.source == node.source && source.lines().line(better.start) == line {
            return better;
        }
        let end = source
            .lines()
            .start(line + 1)
            .saturating_sub(1)
            .max(node.start);
        Span::new(node.source, node.start, node.end.min(end))
    }
}

fn advice(why: &Why, want: &str, have: &str) -> Option<String> {
    Some(match why {
        Why::Name { .. } if want == "[]str" && have == "str" => {
            "wrap it in a list, `[...]`, or bind it to a variable and write `\"${name}\"`"
                .to_owned()
        }
        Why::Name { .. } if have == "[]str" => {
            "leave out the quotes and braces to use the whole list as names".to_owned()
        }
        Why::Operand { op, .. } if op == "not" => {
            "`not` binds tighter than any other operator: put what it is about into parentheses"
                .to_owned()
        }
        Why::Operand { .. } if matches!((want, have), ("int", "float") | ("float", "int")) => {
            "ints and floats do not mix: write the number with a fraction, or use `convert.to_float`".to_owned()
        }
        Why::Interpolated { name } if have == "[]str" => {
            format!("to use each of them as a name write `${name}` without quotes and braces")
        }
        Why::Interpolated { name } => {
            let verb = match have {
                "int" => "%d",
                "float" => "%f",
                "bool" => "%t",
                _ => "%v",
            };
            format!("print it first: `fmt.printf(\"{verb}\", ${name})`")
        }
        Why::Arg { function, .. } if function == "in" && have == "str" => {
            "to look for a part of a string use `strings.contains`".to_owned()
        }
        Why::Arg { function, .. } if function == "in" && have.starts_with("map") => {
            "to look for a key use `... in map.keys(...)`".to_owned()
        }
        _ if want == "float" && have == "int" => {
            "an int is never converted: write the number with a fraction, or use `convert.to_float`"
                .to_owned()
        }
        _ if want == "int" && have == "float" => {
            "a float is never converted: use `convert.to_int`".to_owned()
        }
        _ if want == "str" && matches!(have, "int" | "float" | "bool") => {
            "nothing is converted to a str by itself: use `fmt.printf`".to_owned()
        }
        _ if want == format!("[]{have}") => "wrap it in a list: `[...]`".to_owned(),
        Why::Loop { kv: false, .. } if have.starts_with("map") => {
            "`forkv` loops over a map".to_owned()
        }
        Why::Loop { kv: true, .. } if have.starts_with('[') => "`for` loops over a list".to_owned(),
        _ => return None,
    })
}

/// What a label says of the type of what it marks. A long type stands in the message already.
fn this_is(ty: &str) -> String {
    const LONGEST: usize = 60;
    match ty.split_once('{') {
        Some((kind, _)) if ty.len() > LONGEST => {
            format!("this is {}", with_article(&format!("{kind}{{...}}")))
        }
        _ => format!("this is {}", with_article(ty)),
    }
}

/// A type in the words of a sentence: `a str`, `an int`, `a []str`.
pub(super) fn with_article(ty: &str) -> String {
    if ty.starts_with(['a', 'e', 'i', 'o', 'u']) {
        format!("an {ty}")
    } else {
        format!("a {ty}")
    }
}
