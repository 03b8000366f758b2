//! The place where something is being written, and the tokens before it.

use mgmt_grammar::ast::Resource;
use mgmt_grammar::{Token, TokenKind, tokens};
use mgmt_stdlib::resource::ResourceDef;
use mgmt_stdlib::types::Type;

use crate::analysis::{Range, View, syntax};

/// A place where something is being written.
pub struct Cursor<'v> {
    pub view: &'v View,
    pub offset: u32,
    /// The word before the cursor, with its dots and colons, and with `$`.
    pub word: &'v str,
    /// What an item replaces: the word, also behind the cursor.
    pub replace: Range,
    /// The tokens before the word, without comments.
    pub before: Vec<Token>,
    /// The string or comment that the cursor is in.
    pub inside: Option<Token>,
}

/// Whether what stands behind a string that was never closed is to be a part of it: blanks, and the brace of a variable.
fn goes_on(text: &str, end: usize, offset: usize) -> bool {
    let Some(behind) = text.get(end..offset) else {
        return false;
    };
    let behind = match text[..end].ends_with('$') {
        true => behind.strip_prefix('{').unwrap_or(behind),
        false => behind,
    };
    behind.chars().all(|c| matches!(c, ' ' | '\t'))
}

impl<'v> Cursor<'v> {
    pub fn new(view: &'v View, offset: u32) -> Self {
        let text = view.text();
        let offset = (offset as usize).min(text.len());
        let all = tokens(text);
        let inside = all.iter().find_map(|token| {
            let (start, end) = (token.start as usize, token.end as usize);
            let is_inside = match token.kind {
                TokenKind::Comment => start < offset && offset <= end,
                TokenKind::String => {
                    let closed = end > start + 1 && text[..end].ends_with('"');
                    start < offset && (offset < end || (!closed && goes_on(text, end, offset)))
                }
                _ => false,
            };
            is_inside.then(|| Token {
                end: token.end.max(offset as u32),
                ..*token
            })
        });
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ':');
        let head = &text[..offset];
        let mut start = head.trim_end_matches(is_word).len();
        // `?:` is an operator.
        if head[..start].ends_with('?') {
            start += head[start..].len() - head[start..].trim_start_matches(':').len();
        }
        if head[..start].ends_with('$') {
            start -= 1;
        }
        let behind = &text[offset..];
        let end = offset + behind.len()
            - behind
                .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_')
                .len();
        let limit = inside.map_or(start, |token| token.start as usize);
        let before = all
            .into_iter()
            .filter(|token| token.end as usize <= limit && token.kind != TokenKind::Comment)
            .collect();
        Self {
            view,
            offset: offset as u32,
            word: &text[start..offset],
            replace: start as u32..end as u32,
            before,
            inside,
        }
    }

    pub fn text(&self) -> &'v str {
        self.view.text()
    }

    /// What follows the word on its line.
    pub fn rest_of_line(&self) -> &'v str {
        let rest = &self.text()[self.replace.end as usize..];
        rest.split('\n').next().unwrap_or_default()
    }

    /// The text of one of the tokens before.
    pub fn text_at(&self, at: usize) -> &'v str {
        let token = self.before[at];
        &self.text()[token.start as usize..token.end as usize]
    }

    /// The kind of a token so many before another one.
    pub fn kind_at(&self, at: usize, back: usize) -> Option<TokenKind> {
        Some(self.before[at.checked_sub(back)?].kind)
    }

    /// The last of the first `end` tokens that is no newline.
    pub fn last_of(&self, end: usize) -> Option<usize> {
        let before = self.before.get(..end)?;
        before
            .iter()
            .rposition(|token| token.kind != TokenKind::Newline)
    }

    /// The kind of the token before, newlines aside.
    pub fn last(&self) -> Option<TokenKind> {
        Some(self.before[self.last_of(self.before.len())?].kind)
    }

    /// Whether nothing stands on the line before the word.
    pub fn is_line_start(&self) -> bool {
        let last = self.before.last().map(|token| token.kind);
        matches!(last, None | Some(TokenKind::Newline))
    }

    /// The innermost bracket that is open before one of the tokens, or before the word.
    pub fn open_before(&self, end: usize) -> Option<usize> {
        self.scan_back(end, |kind| kind.is_open())
    }

    /// The nearest token before one of them that is so, pairs of brackets being skipped. A bracket that is open
    /// ends the search.
    pub fn scan_back(&self, end: usize, is_so: impl Fn(TokenKind) -> bool) -> Option<usize> {
        let mut depth = 0;
        for (i, token) in self.before.get(..end)?.iter().enumerate().rev() {
            if token.kind.is_close() {
                depth += 1;
            } else if depth == 0 {
                if is_so(token.kind) {
                    return Some(i);
                }
                if token.kind.is_open() {
                    return None;
                }
            } else if token.kind.is_open() {
                depth -= 1;
            }
        }
        None
    }

    /// The opening bracket of the closing one at a position.
    pub fn matching(&self, close: usize) -> Option<usize> {
        let mut depth = 0;
        for i in (0..=close).rev() {
            let kind = self.before[i].kind;
            if kind.is_close() {
                depth += 1;
            } else if kind.is_open() {
                depth -= 1;
                if depth == 0 {
                    return Some(i);
                }
            }
        }
        None
    }

    /// The first token of the line, or of the block on it, that the word goes on with.
    pub fn head_of_line(&self) -> Option<usize> {
        let is_before =
            |kind: TokenKind| kind == TokenKind::Newline || kind == TokenKind::OpenBrace;
        let at = self
            .scan_back(self.before.len(), is_before)
            .map_or(0, |at| at + 1);
        (at < self.before.len()).then_some(at)
    }

    /// The capitalized kind that ends before a token, in lower case.
    pub fn kind_before(&self, at: usize) -> Option<String> {
        let mut parts: Vec<&str> = Vec::new();
        let mut i = at.checked_sub(1)?;
        loop {
            if self.before.get(i)?.kind != TokenKind::Capitalized {
                return None;
            }
            parts.push(self.text_at(i));
            match self.kind_at(i, 1) {
                Some(TokenKind::Colon) if i >= 2 => i -= 2,
                _ => break,
            }
        }
        parts.reverse();
        Some(parts.join(":").to_lowercase())
    }

    /// The resource in whose body the cursor is.
    pub fn resource(&self) -> Option<&'v Resource> {
        let tree = self.view.tree()?;
        let found = syntax::resources(tree)
            .filter(|(_, it)| it.body_span.start < self.offset && self.offset <= it.body_span.end)
            .min_by_key(|(stmt, _)| stmt.span.len());
        found.map(|(_, resource)| resource)
    }

    /// How its kind is declared.
    pub fn def(&self, resource: &Resource) -> Option<&'v ResourceDef> {
        let catalog = self.view.catalog();
        catalog.resource(&resource.kind.text).map(|def| &**def)
    }

    /// Whether a brace is that of a block of statements.
    pub fn is_block(&self, start: u32) -> bool {
        self.view.tree().is_some_and(|tree| {
            let mut blocks = tree
                .stmts
                .iter()
                .flat_map(|stmt| syntax::blocks(&stmt.kind));
            blocks.any(|block| block.span.start == start)
        })
    }

    /// Whether statements stand around one of the tokens.
    pub fn in_block(&self, end: usize) -> bool {
        let open = self.open_before(end);
        open.is_none_or(|open| self.is_block(self.before[open].start))
    }

    /// Whether a resource kind ends with a token, so that the name of the resource comes next.
    pub fn ends_kind(&self, at: usize) -> bool {
        let mut start = at;
        while self.kind_at(start, 0) == Some(TokenKind::Identifier)
            && self.kind_at(start, 1) == Some(TokenKind::Colon)
            && start >= 2
        {
            start -= 2;
        }
        let begins = matches!(
            self.kind_at(start, 1),
            None | Some(TokenKind::Newline | TokenKind::OpenBrace | TokenKind::Collect)
        );
        self.kind_at(start, 0) == Some(TokenKind::Identifier) && begins && self.in_block(start)
    }

    /// The type of what ends with a token: of `$a`, `$a.b`, `$a->b`, a literal, or whatever the compiler has
    /// understood.
    pub fn type_before(&self, at: usize) -> Option<Type> {
        match self.before.get(at)?.kind {
            TokenKind::String => Some(Type::Str),
            TokenKind::Integer => Some(Type::Int),
            TokenKind::Float => Some(Type::Float),
            TokenKind::True | TokenKind::False => Some(Type::Bool),
            TokenKind::Identifier => self.type_of_name(at).or_else(|| self.type_in_tree(at)),
            _ => self.type_in_tree(at),
        }
    }

    fn type_of_name(&self, at: usize) -> Option<Type> {
        if at >= 2 && self.before[at - 1].kind == TokenKind::Arrow {
            let Type::Struct(fields) = self.type_before(at - 2)? else {
                return None;
            };
            let mut fields = fields.iter();
            let found = fields.find(|(field, _)| field == self.text_at(at));
            return found.map(|(_, ty)| ty.clone());
        }
        let token = self.before[at];
        let found = self.view.facts()?.use_at(self.view.source, token.end);
        if let Some(found) = found
            && let mgmt_compiler::resolve::Target::Var(var) = found.target
        {
            return self.view.var_type(var);
        }
        // What does not parse has no uses.
        if self.kind_at(at, 1) != Some(TokenKind::Dollar) {
            return None;
        }
        let scope = self.view.facts()?.scope_at(self.view.source, token.start)?;
        let var = self.view.variable_in_scope(scope, self.text_at(at))?;
        self.view.var_type(var)
    }

    fn type_in_tree(&self, at: usize) -> Option<Type> {
        let end = self.before[at].end;
        let (id, _) = syntax::exprs(self.view.tree()?)
            .filter(|(_, expr)| expr.span.end == end && !expr.span.is_empty())
            .min_by_key(|(_, expr)| expr.span.len())?;
        let expr = self.view.facts()?.expr(self.view.source, id)?;
        self.view.types()?.expr(expr)
    }
}

/// Whether a backslash stands before an offset, and none before that.
pub fn is_escaped(text: &str, at: usize) -> bool {
    let before = &text[..at];
    (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
}
