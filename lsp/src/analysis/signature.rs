//! What does the call around the cursor want?

use std::sync::Arc;

use mgmt_compiler::hir::Var;
use mgmt_compiler::resolve::Target;
use mgmt_grammar::{Token, TokenKind, tokens};
use mgmt_stdlib::catalog::FunctionDef;
use mgmt_stdlib::types::Type;

use super::View;
use super::present::Call;

/// A call that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// The ways to call it.
    pub calls: Vec<Call>,
    /// The one that is meant, as far as it can be told.
    pub active: usize,
    /// The argument at the cursor, from 0.
    pub argument: usize,
    /// What it does, in Markdown.
    pub doc: String,
}

/// The call around an offset. It goes by tokens, since a call that is being written is seldom complete.
pub fn help(view: &View, offset: u32) -> Option<Help> {
    let text = view.text();
    let tokens = tokens(text);
    let before = &tokens[..tokens.partition_point(|token| token.end <= offset)];
    // In a string or a comment, the tokens before it still say which call it is.
    let mut depth = 0;
    let mut commas = 0;
    for (i, token) in before.iter().enumerate().rev() {
        if token.kind.is_close() {
            depth += 1;
        } else if token.kind.is_open() {
            if depth > 0 {
                depth -= 1;
                continue;
            }
            if token.kind == TokenKind::OpenParen
                && let Some((calls, doc)) = callee(view, text, &before[..i])
            {
                let active = calls
                    .iter()
                    .position(|call| commas == 0 || call.param_of(commas).is_some())
                    .unwrap_or(0);
                let argument = calls.get(active).and_then(|call| call.param_of(commas));
                return Some(Help {
                    calls,
                    active,
                    argument: argument.unwrap_or(commas),
                    doc,
                });
            }
            commas = 0;
        } else if token.kind == TokenKind::Comma && depth == 0 {
            commas += 1;
        } else if is_start_of_statement(token.kind) && depth == 0 {
            return None;
        }
    }
    None
}

fn is_start_of_statement(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Class | TokenKind::Import | TokenKind::Include
    )
}

/// The function of the library whose first argument begins at an offset.
pub fn takes_first(view: &View, offset: u32) -> Option<Arc<FunctionDef>> {
    let text = view.text();
    let tokens = tokens(text);
    let before = &tokens[..tokens.partition_point(|token| token.end <= offset)];
    let (open, before) = before.split_last()?;
    if open.kind != TokenKind::OpenParen {
        return None;
    }
    let start = name_start(before)?;
    let name = text.get(before[start].start as usize..before.last()?.end as usize)?;
    match view.function_in_scope(before[start].start, name)? {
        Target::LibraryFunc(function) => Some(function),
        _ => None,
    }
}

/// The first token of the dotted name that these tokens end with.
fn name_start(before: &[Token]) -> Option<usize> {
    let mut start = before.len().checked_sub(1)?;
    while start >= 2 && matches!(before[start - 1].kind, TokenKind::Dot | TokenKind::Colon) {
        start -= 2;
    }
    Some(start)
}

/// The type that the call around an offset wants there.
pub fn argument_type(view: &View, offset: u32) -> Option<Type> {
    let help = help(view, offset)?;
    let call = help.calls.get(help.active)?;
    let param = call.params.get(help.argument)?;
    let text = call.label.get(param.clone())?;
    // A parameter is a name and a type, or a type alone.
    let ty = text.split_once(' ').map_or(text, |(_, ty)| ty);
    Type::parse(ty).or_else(|_| Type::parse(text)).ok()
}

/// What is called by the name that these tokens end with.
fn callee(view: &View, text: &str, before: &[Token]) -> Option<(Vec<Call>, String)> {
    let last = before.last()?;
    if !matches!(
        last.kind,
        TokenKind::Identifier | TokenKind::Capitalized | TokenKind::Panic | TokenKind::Map
    ) {
        return None;
    }
    let start = name_start(before)?;
    let name = text.get(before[start].start as usize..last.end as usize)?;
    let keyword = start.checked_sub(1).map(|at| before[at].kind);
    match keyword {
        // A definition is no call.
        Some(TokenKind::Func | TokenKind::Class) => return None,
        Some(TokenKind::Dollar) => {
            let scope = view.facts()?.scope_at(view.source, before[start].start)?;
            let var = view.variable_in_scope(scope, name)?;
            return value_call(view, name, var);
        }
        _ => {}
    }
    if last.kind == TokenKind::Panic {
        let call = Call::new("panic", ["message str".to_owned()], false, None);
        return Some((vec![call], "Ends the program with a message.".to_owned()));
    }
    let found = view.facts()?.use_at(view.source, last.end);
    let target = match found {
        Some(found) if found.span.end == last.end => found.target.clone(),
        _ => view.function_in_scope(before[start].start, name)?,
    };
    match target {
        Target::LibraryFunc(function) => {
            let calls = function
                .signatures
                .iter()
                .map(|signature| Call::library(name, signature));
            Some((calls.collect(), function.doc.to_owned()))
        }
        Target::Func(func) => {
            let doc = view.comment_on(view.hir()?[func].span);
            Some((vec![view.func_call(func)?], doc.unwrap_or_default()))
        }
        Target::Class(class) => {
            let doc = view.comment_on(view.hir()?[class].span);
            Some((vec![view.class_call(class)?], doc.unwrap_or_default()))
        }
        Target::Var(var) => value_call(view, name, var),
        _ => None,
    }
}

fn value_call(view: &View, name: &str, var: Var) -> Option<(Vec<Call>, String)> {
    let Some(Type::Func(ty)) = view.var_type(var) else {
        return None;
    };
    let params = ty.args.iter().map(|(name, ty)| {
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            ty.to_string()
        } else {
            format!("{name} {ty}")
        }
    });
    let call = Call::new(
        &format!("${name}"),
        params,
        false,
        Some(&ty.result.to_string()),
    );
    Some((vec![call], String::new()))
}
