//! Newlines in places where none is allowed, and the like.

use super::{Layout, Source};
use crate::error::{MAX_DEPTH, SyntaxError, SyntaxErrorKind};
use crate::token::{Token, TokenKind};

fn kind_before(tokens: &[Token], index: usize) -> Option<TokenKind> {
    Some(tokens[index.checked_sub(1)?].kind)
}

fn kind_after(tokens: &[Token], index: usize) -> Option<TokenKind> {
    Some(tokens.get(index + 1)?.kind)
}

/// Whether the newline at `index` needs a closer look.
pub(super) fn may_be_misplaced(tokens: &[Token], index: usize) -> bool {
    let after = kind_after(tokens, index);
    kind_before(tokens, index).is_some_and(continues)
        || after.is_some_and(|kind| {
            matches!(
                kind,
                TokenKind::OpenBrace | TokenKind::Else | TokenKind::Elvis
            ) || kind.is_binary_operator()
        })
}

/// Whether something must follow this token.
fn continues(kind: TokenKind) -> bool {
    kind.is_binary_operator()
        || matches!(
            kind,
            TokenKind::Equals | TokenKind::Rocket | TokenKind::Elvis | TokenKind::Not
        )
}

/// Whether the brace at `index` belongs to a resource without a name.
pub(super) fn is_nameless(tokens: &[Token], index: usize) -> bool {
    use TokenKind::{Capitalized, CloseBrace, Colon, Identifier, Newline, Rocket};
    if kind_before(tokens, index) != Some(Identifier) {
        return false;
    }
    let mut first = index - 1;
    while first >= 2 && tokens[first - 1].kind == Colon && tokens[first - 2].kind == Identifier {
        first -= 2;
    }
    let starts_statement = matches!(
        kind_before(tokens, first),
        None | Some(Newline | TokenKind::Collect)
    );
    let mut inside = index + 1;
    if tokens
        .get(inside)
        .is_some_and(|token| token.kind == Newline)
    {
        inside += 1;
    }
    let entry = match tokens.get(inside).map(|token| token.kind) {
        // It might be an empty map with something behind it, however little sense that makes.
        Some(CloseBrace) => matches!(kind_after(tokens, inside), None | Some(Newline)),
        Some(Identifier) => kind_after(tokens, inside) == Some(Rocket),
        Some(Capitalized) => matches!(kind_after(tokens, inside), Some(Rocket | Colon)),
        _ => false,
    };
    starts_statement && entry
}

/// Leaves out misplaced newlines and what is nested too deep, and names the nameless.
pub(super) fn mend(source: Source<'_>, layout: &mut Layout) {
    let tokens = std::mem::take(&mut layout.tokens);
    let mut out = Vec::with_capacity(tokens.len() + 1);
    let mut line_start = 0;
    let mut open: Vec<TokenKind> = Vec::new();
    let mut index = 0;
    while let Some(token) = tokens.get(index).copied() {
        match token.kind {
            TokenKind::Newline => {
                let around = open.last().copied();
                if let Some(error) = misplaced(source, &tokens, line_start, index, around) {
                    layout.errors.push(error);
                    layout.mended.push(token.start);
                } else {
                    out.push(token);
                    line_start = index + 1;
                }
                index += 1;
                continue;
            }
            kind if kind.is_open() => {
                if open.len() >= MAX_DEPTH {
                    index = skip_deep(source, layout, &tokens, index, &mut out);
                    continue;
                }
                open.push(kind);
                if kind == TokenKind::OpenBrace && is_nameless(&tokens, index) {
                    let kind_end = tokens[index - 1].end;
                    let place = source.span(kind_end, kind_end);
                    let error = SyntaxErrorKind::MissingResourceName {
                        kind: source.span(tokens[index - 1].start, kind_end),
                    };
                    layout.errors.push(SyntaxError::new(error, place));
                    out.push(Token {
                        kind: TokenKind::String,
                        start: kind_end,
                        end: kind_end,
                    });
                }
            }
            kind if kind.is_close() => drop(open.pop()),
            _ => {}
        }
        out.push(token);
        index += 1;
    }
    layout.tokens = out;
}

/// What is wrong with the newline at `index`, inside of that bracket, if its line and the next belong together.
fn misplaced(
    source: Source<'_>,
    tokens: &[Token],
    line_start: usize,
    index: usize,
    around: Option<TokenKind>,
) -> Option<SyntaxError> {
    let newline = tokens[index];
    let before = tokens[index.checked_sub(1)?];
    let after = *tokens.get(index + 1)?;
    let gap = source.span(before.end, after.start);
    let after_span = source.span(after.start, after.end);
    let has_comment = gap.text(source.text).contains('#');
    let joined = |error: SyntaxError| {
        if has_comment {
            error
        } else {
            error.replacing(gap, " ")
        }
    };
    let newline_span = source.span(newline.start, newline.end);
    let head = matches!(
        tokens[line_start].kind,
        TokenKind::If
            | TokenKind::For
            | TokenKind::ForKv
            | TokenKind::Class
            | TokenKind::Func
            | TokenKind::CloseBrace
            | TokenKind::Identifier
            | TokenKind::Collect
    );
    if after.kind == TokenKind::OpenBrace && head && line_start < index {
        let complete = before.kind == TokenKind::Else
            || before.kind.ends_type()
            || before.kind.ends_expression();
        let closed_statement =
            before.kind == TokenKind::CloseBrace && !ends_type(tokens, line_start, index);
        return (complete && !closed_statement).then(|| {
            joined(SyntaxError::new(
                SyntaxErrorKind::BraceOnNextLine { brace: after_span },
                newline_span,
            ))
        });
    }
    if after.kind == TokenKind::Else && before.kind == TokenKind::CloseBrace {
        return Some(joined(SyntaxError::new(
            SyntaxErrorKind::ElseOnNextLine,
            after_span,
        )));
    }
    let operator = if before.kind.ends_expression()
        && (after.kind.is_binary_operator() || after.kind == TokenKind::Elvis)
    {
        after_span
    } else if continues(before.kind)
        && !(before.kind == TokenKind::Star
            && kind_before(tokens, index - 1) == Some(TokenKind::As))
        && source.indentation(after.start) > source.indentation(tokens[line_start].start)
        && !after.kind.is_close()
    {
        // Without the indentation it is a line that nobody has finished yet.
        source.span(before.start, before.end)
    } else {
        return None;
    };
    let could_end = around.is_none_or(|around| around == TokenKind::OpenBrace)
        && !has_rocket(&tokens[line_start..index]);
    let place = if operator == after_span && could_end {
        operator
    } else {
        newline_span
    };
    let error = SyntaxErrorKind::LineEndsEarly { operator };
    Some(joined(SyntaxError::new(error, place)))
}

/// Whether a line is one of a resource or map: it has a `=>` outside of the brackets in it.
fn has_rocket(line: &[Token]) -> bool {
    let mut depth = 0_i32;
    line.iter().any(|token| {
        depth += i32::from(token.kind.is_open()) - i32::from(token.kind.is_close());
        depth == 0 && token.kind == TokenKind::Rocket
    })
}

/// Whether the closing brace before `index` is the end of a type or a literal in the head of a statement.
fn ends_type(tokens: &[Token], line_start: usize, index: usize) -> bool {
    tokens[line_start..index]
        .iter()
        .any(|token| matches!(token.kind, TokenKind::Struct | TokenKind::Map))
}

/// Puts an error token in the place of everything in the bracket at `index`. Gives the place after it.
fn skip_deep(
    source: Source<'_>,
    layout: &mut Layout,
    tokens: &[Token],
    index: usize,
    out: &mut Vec<Token>,
) -> usize {
    let open = tokens[index];
    let mut depth = 0_usize;
    let length = tokens[index..]
        .iter()
        .position(|token| {
            if token.kind.is_open() {
                depth += 1;
            } else if token.kind.is_close() {
                depth -= 1;
            }
            depth == 0
        })
        .unwrap_or(tokens.len() - index - 1);
    let close = tokens[index + length];
    let reported = |error: &SyntaxError| error.kind == SyntaxErrorKind::TooDeep;
    if !layout.errors.iter().any(reported) {
        let place = source.span(open.start, open.end);
        layout
            .errors
            .push(SyntaxError::new(SyntaxErrorKind::TooDeep, place));
    }
    out.push(Token {
        kind: TokenKind::Error,
        start: open.start,
        end: close.end,
    });
    index + length + 1
}
