//! What the cursor stands in.

use mgmt_grammar::ast::Resource;
use mgmt_grammar::{Token, TokenKind, tokens};
use mgmt_stdlib::resource::{MetaParam, ParamDef, ResourceDef};
use mgmt_stdlib::types::Type;

use crate::analysis::paths::Root;
use crate::analysis::{Range, View, signature, syntax};

/// A place where something is being written.
pub struct Cursor<'v> {
    pub view: &'v View,
    pub offset: u32,
    /// The word before the cursor, with its dots and colons, and with `$`.
    pub word: &'v str,
    /// What an item replaces: the word, also behind the cursor.
    pub replace: Range,
    /// The tokens before the word, without comments.
    before: Vec<Token>,
    /// The string or comment that the cursor is in.
    inside: Option<Token>,
}

/// What can stand there.
pub enum Context<'v> {
    Nothing,
    Import {
        /// What is between the quotes, if there are any yet.
        quoted: Option<Range>,
    },
    Include,
    Statement,
    Entry {
        resource: &'v Resource,
    },
    Meta,
    Target,
    ResourceName {
        kind: String,
        quoted: Option<Range>,
    },
    HalfField {
        kind: String,
        /// What is sent there, if this is the receiver.
        sender: Option<Type>,
    },
    StructField {
        ty: Type,
    },
    Variable {
        expected: Option<Type>,
        param: Option<(&'v ResourceDef, &'v ParamDef)>,
    },
    Expression {
        expected: Option<Type>,
        param: Option<(&'v ResourceDef, &'v ParamDef)>,
    },
    /// Inside of a string.
    Text {
        param: Option<(&'v ResourceDef, &'v ParamDef)>,
        content: Range,
        /// Where it begins, if it is a path.
        root: Root,
    },
    Type,
}

impl<'v> Cursor<'v> {
    pub fn new(view: &'v View, offset: u32) -> Self {
        let text = view.text();
        let offset = (offset as usize).min(text.len());
        let all = tokens(text);
        let inside = all.iter().copied().find(|token| {
            let (start, end) = (token.start as usize, token.end as usize);
            match token.kind {
                TokenKind::Comment => start < offset && offset <= end,
                TokenKind::String => {
                    let closed = end > start + 1 && text[..end].ends_with('"');
                    start < offset && (offset < end || (!closed && offset == end))
                }
                _ => false,
            }
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

    /// The token before, if it is not separated by a newline.
    fn last(&self) -> Option<TokenKind> {
        self.before.last().map(|token| token.kind)
    }

    /// The tokens before, without newlines, from the last on.
    fn back(&self) -> impl Iterator<Item = &Token> {
        self.before
            .iter()
            .rev()
            .filter(|token| token.kind != TokenKind::Newline)
    }

    /// The innermost bracket that is open, and where it stands among the tokens before.
    fn open(&self) -> Option<(usize, Token)> {
        let mut depth = 0;
        for (i, token) in self.before.iter().enumerate().rev() {
            if token.kind.is_close() {
                depth += 1;
            } else if token.kind.is_open() {
                if depth == 0 {
                    return Some((i, *token));
                }
                depth -= 1;
            }
        }
        None
    }

    pub fn context(&self) -> Context<'v> {
        match self.inside {
            Some(token) if token.kind == TokenKind::Comment => return Context::Nothing,
            Some(token) => return self.in_string(token),
            None => {}
        }
        let last = self.back().next().map(|token| token.kind);
        if self.word.starts_with('.') && last == Some(TokenKind::CloseBracket) {
            return self.half_field();
        }
        if let Some(kind) = self.resource_brackets() {
            return Context::ResourceName { kind, quoted: None };
        }
        let at_line_start = matches!(self.last(), None | Some(TokenKind::Newline));
        if !at_line_start {
            match last {
                Some(TokenKind::Import) => return Context::Import { quoted: None },
                Some(TokenKind::Include) => return Context::Include,
                Some(
                    TokenKind::As
                    | TokenKind::Func
                    | TokenKind::Class
                    | TokenKind::For
                    | TokenKind::ForKv,
                ) => return Context::Nothing,
                Some(TokenKind::Arrow) => return self.after_arrow(),
                _ => {}
            }
        }
        if self.is_type_wanted() {
            return Context::Type;
        }
        if self.in_meta_struct() {
            return Context::Meta;
        }
        let open = self.open();
        if let Some((_, resource)) = self.resource()
            && open.is_some_and(|(_, open)| open.start == resource.body_span.start)
        {
            return self.in_body(resource, at_line_start);
        }
        let block = open.is_none_or(|(_, open)| self.is_block(open.start));
        let begins = at_line_start || last == Some(TokenKind::OpenBrace);
        if block && begins && !self.word.starts_with('$') {
            return Context::Statement;
        }
        self.expression(self.expected(), None)
    }

    fn expression(
        &self,
        expected: Option<Type>,
        param: Option<(&'v ResourceDef, &'v ParamDef)>,
    ) -> Context<'v> {
        if self.word.starts_with('$') {
            Context::Variable { expected, param }
        } else {
            Context::Expression { expected, param }
        }
    }

    fn resource(&self) -> Option<(u32, &'v Resource)> {
        let tree = self.view.tree()?;
        let found = syntax::resources(tree)
            .filter(|(_, it)| it.body_span.start < self.offset && self.offset <= it.body_span.end)
            .min_by_key(|(stmt, _)| stmt.span.len());
        found.map(|(stmt, resource)| (stmt.span.start, resource))
    }

    fn def(&self, resource: &Resource) -> Option<&'v ResourceDef> {
        self.view
            .catalog()
            .resource(&resource.kind.text)
            .map(|def| &**def)
    }

    /// Directly in the body of a resource.
    fn in_body(&self, resource: &'v Resource, at_line_start: bool) -> Context<'v> {
        let last = self.back().next().map(|token| token.kind);
        if at_line_start || matches!(last, Some(TokenKind::OpenBrace | TokenKind::Comma)) {
            // A line that begins with an operator goes on with the expression before it.
            if self.word.to_ascii_lowercase().starts_with("meta:") {
                return Context::Meta;
            }
            return Context::Entry { resource };
        }
        match self.entry_name() {
            Some((name, true)) if name != "Meta" && !name.contains(':') => Context::Target,
            Some((name, true)) => {
                let meta = name
                    .split_once(':')
                    .and_then(|(_, name)| MetaParam::find(name));
                self.expression(meta.and_then(|meta| Type::parse(meta.ty).ok()), None)
            }
            Some((name, false)) => {
                let param = self
                    .def(resource)
                    .and_then(|def| Some((def, def.param(&name)?)));
                let expected = param.and_then(|(_, param)| param.ty.mcl());
                self.expression(expected, param)
            }
            None => self.expression(None, None),
        }
    }

    /// The name of the entry whose value is being written, and whether it is capitalized. Only directly
    /// after `=>` or `?:`: inside of an expression, other types are wanted.
    fn entry_name(&self) -> Option<(String, bool)> {
        let last = self.back().next()?.kind;
        if !matches!(last, TokenKind::Rocket | TokenKind::Elvis) {
            return None;
        }
        let mut back = self
            .back()
            .skip_while(|token| token.kind != TokenKind::Rocket);
        back.next()?;
        let name = back.next()?;
        let word = |token: &Token| &self.text()[token.start as usize..token.end as usize];
        let mut text = word(name).to_owned();
        let mut is_capitalized = name.kind == TokenKind::Capitalized;
        if let (Some(colon), Some(meta)) = (back.next(), back.next())
            && colon.kind == TokenKind::Colon
            && meta.kind == TokenKind::Capitalized
        {
            text = format!("{}:{text}", word(meta));
            is_capitalized = true;
        }
        Some((text, is_capitalized))
    }

    /// The kind, if the cursor is directly behind `Kind[`.
    fn resource_brackets(&self) -> Option<String> {
        let (at, open) = self.open()?;
        if open.kind != TokenKind::OpenBracket || at + 1 != self.before.len() {
            return None;
        }
        self.kind_before(at)
    }

    /// The capitalized kind that ends before a token, in lower case.
    fn kind_before(&self, at: usize) -> Option<String> {
        let mut parts: Vec<&str> = Vec::new();
        let mut i = at.checked_sub(1)?;
        loop {
            let token = self.before.get(i)?;
            if token.kind != TokenKind::Capitalized {
                return None;
            }
            parts.push(&self.text()[token.start as usize..token.end as usize]);
            match i.checked_sub(1).map(|i| self.before[i].kind) {
                Some(TokenKind::Colon) if i >= 2 => i -= 2,
                _ => break,
            }
        }
        parts.reverse();
        Some(parts.join(":").to_lowercase())
    }

    fn in_string(&self, token: Token) -> Context<'v> {
        let text = self.text();
        let (start, end) = (token.start as usize, token.end as usize);
        let closed = end > start + 1 && text[..end].ends_with('"');
        let content = token.start + 1..token.end - u32::from(closed);
        let typed = &text[start + 1..self.offset as usize];
        if let Some(open) = typed.rfind("${")
            && !typed[open..].contains('}')
        {
            return Context::Variable {
                expected: Some(Type::Str),
                param: None,
            };
        }
        let last = self.back().next().map(|token| token.kind);
        match last {
            Some(TokenKind::Import) => Context::Import {
                quoted: Some(content),
            },
            Some(TokenKind::OpenBracket) => match self.kind_before(self.before.len() - 1) {
                Some(kind) => Context::ResourceName {
                    kind,
                    quoted: Some(content),
                },
                None => Context::Nothing,
            },
            _ => {
                let name = self.entry_name().filter(|(_, capitalized)| !capitalized);
                let param = name.and_then(|(name, _)| {
                    let def = self.def(self.resource()?.1)?;
                    Some((def, def.param(&name)?))
                });
                let function = signature::takes_first(self.view, token.start);
                let root = function.and_then(|it| self.view.root_of_argument(&it));
                Context::Text {
                    param,
                    content,
                    root: root.unwrap_or(Root::Machine),
                }
            }
        }
    }

    /// After `File["x"].`: what is sent or received.
    fn half_field(&self) -> Context<'v> {
        let Some(end) = self.before.len().checked_sub(1) else {
            return Context::Nothing;
        };
        let Some(open) = self.matching(end) else {
            return Context::Nothing;
        };
        let Some(kind) = self.kind_before(open) else {
            return Context::Nothing;
        };
        // `Sender["x"].field -> Kind["y"].`
        let arrow = self.before[..open]
            .iter()
            .rposition(|token| matches!(token.kind, TokenKind::Arrow | TokenKind::Newline));
        let arrow = arrow.filter(|at| self.before[*at].kind == TokenKind::Arrow && *at >= 3);
        let sender = arrow.and_then(|at| {
            let field = self.before[at - 1];
            let open = self.matching(at - 3)?;
            let def = self.view.catalog().resource(&self.kind_before(open)?)?;
            let name = &self.text()[field.start as usize..field.end as usize];
            def.send(name)?.ty.mcl()
        });
        Context::HalfField { kind, sender }
    }

    /// The opening bracket of the closing one at a position.
    fn matching(&self, close: usize) -> Option<usize> {
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

    /// After `->`: another end of an edge, or a field of a struct.
    fn after_arrow(&self) -> Context<'v> {
        let arrow = self.before.len() - 1;
        let edge = |at: usize| self.matching(at).and_then(|open| self.kind_before(open));
        let Some(at) = arrow.checked_sub(1) else {
            return Context::Nothing;
        };
        let closes = self.before[at].kind == TokenKind::CloseBracket && edge(at).is_some();
        let sends = at >= 2
            && self.before[at - 1].kind == TokenKind::Dot
            && self.before[at - 2].kind == TokenKind::CloseBracket
            && edge(at - 2).is_some();
        if closes || sends {
            return Context::Target;
        }
        match self.type_before(at) {
            Some(ty) => Context::StructField { ty },
            None => Context::Nothing,
        }
    }

    /// The type of `$a`, `$a.b` or `$a->b` that ends with a token.
    fn type_before(&self, at: usize) -> Option<Type> {
        if at >= 2 && self.before[at - 1].kind == TokenKind::Arrow {
            let Type::Struct(fields) = self.type_before(at - 2)? else {
                return None;
            };
            let token = self.before[at];
            let name = &self.text()[token.start as usize..token.end as usize];
            return fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, ty)| ty.clone());
        }
        let end = self.before[at].end;
        let found = self.view.facts()?.use_at(self.view.source, end);
        if let Some(found) = found
            && let mgmt_compiler::resolve::Target::Var(var) = found.target
        {
            return self.view.var_type(var);
        }
        // What does not parse has no uses.
        let token = self.before[at];
        let name = &self.text()[token.start as usize..token.end as usize];
        if at == 0 || self.before[at - 1].kind != TokenKind::Dollar {
            return None;
        }
        let scope = self.view.facts()?.scope_at(self.view.source, token.start)?;
        self.view
            .var_type(self.view.variable_in_scope(scope, name)?)
    }

    /// After the `$name` of a bind or a parameter.
    fn is_type_wanted(&self) -> bool {
        let [.., before, dollar, name] = self.before.as_slice() else {
            return matches!(self.before.as_slice(), [dollar, name]
                if dollar.kind == TokenKind::Dollar && name.kind == TokenKind::Identifier);
        };
        if dollar.kind != TokenKind::Dollar || name.kind != TokenKind::Identifier {
            return false;
        }
        match before.kind {
            TokenKind::Newline => self
                .open()
                .is_none_or(|(_, open)| self.is_block(open.start)),
            TokenKind::OpenParen | TokenKind::Comma => {
                // `func name(` and `class name(`, and lambdas.
                let Some((at, _)) = self.open() else {
                    return false;
                };
                let back = |n: usize| at.checked_sub(n).map(|at| self.before[at].kind);
                back(1) == Some(TokenKind::Func)
                    || matches!(back(2), Some(TokenKind::Func | TokenKind::Class))
            }
            _ => false,
        }
    }

    /// In `Meta => struct{`.
    fn in_meta_struct(&self) -> bool {
        let Some((at, open)) = self.open() else {
            return false;
        };
        let back = |n: usize| at.checked_sub(n).map(|at| self.before[at]);
        let is = |n: usize, kind| back(n).is_some_and(|token| token.kind == kind);
        let last = self.back().next().map(|token| token.kind);
        open.kind == TokenKind::OpenBrace
            && is(1, TokenKind::Struct)
            && is(2, TokenKind::Rocket)
            && is(3, TokenKind::Capitalized)
            && matches!(last, Some(TokenKind::OpenBrace | TokenKind::Comma))
    }

    /// Whether a brace is that of a block of statements.
    fn is_block(&self, start: u32) -> bool {
        self.view.tree().is_some_and(|tree| {
            let mut blocks = tree
                .stmts
                .iter()
                .flat_map(|stmt| syntax::blocks(&stmt.kind));
            blocks.any(|block| block.span.start == start)
        })
    }

    /// The type that is wanted inside of an expression, where something says it.
    fn expected(&self) -> Option<Type> {
        let last = self.back().next().map(|token| token.kind);
        match last {
            Some(TokenKind::OpenParen | TokenKind::Comma) => {
                signature::argument_type(self.view, self.replace.start)
            }
            Some(TokenKind::If | TokenKind::Not | TokenKind::And | TokenKind::Or) => {
                Some(Type::Bool)
            }
            Some(TokenKind::In) => {
                let keyword = self
                    .back()
                    .find(|token| matches!(token.kind, TokenKind::For | TokenKind::ForKv))?;
                Some(match keyword.kind {
                    TokenKind::For => Type::list(Type::Variant),
                    _ => Type::map(Type::Variant, Type::Variant),
                })
            }
            Some(TokenKind::Equals) => {
                // `$x str = `: the annotation.
                let tree = self.view.tree()?;
                let (_, stmt) = syntax::stmt_at(tree, self.back().next()?.start)?;
                match &stmt.kind {
                    mgmt_grammar::ast::StmtKind::Bind { ty: Some(ty), .. } => {
                        Type::parse(ty.span.text(self.text())).ok()
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
