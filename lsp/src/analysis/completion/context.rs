//! What the cursor stands in.

use mgmt_grammar::ast::Resource;
use mgmt_grammar::{Token, TokenKind};
use mgmt_stdlib::types::Type;

use super::cursor::{Cursor, is_escaped};
use super::wanted::Wanted;
use crate::analysis::paths::Root;
use crate::analysis::{Range, signature};

/// What can stand at a place.
pub enum Context<'v> {
    Nothing,
    Import {
        /// What is between the quotes, if there are any yet.
        quoted: Option<Range>,
    },
    Include,
    /// The kind of a resource, after `collect`.
    Kind,
    Statement,
    Entry {
        resource: &'v Resource,
    },
    Meta {
        resource: &'v Resource,
    },
    /// A field of `Meta => struct{`, whose `struct` begins there.
    MetaField {
        start: u32,
    },
    Target,
    /// The other end of an edge that sends a value.
    Receiver {
        sent: Type,
    },
    ResourceName {
        kind: String,
        quoted: Option<Range>,
    },
    HalfField {
        kind: String,
        /// What is sent there, if this is the receiver.
        sender: Option<Type>,
    },
    /// A field that is read.
    StructField {
        ty: Type,
    },
    /// The name of a field in a literal, whose `struct` begins there.
    NewField {
        start: u32,
        ty: Type,
    },
    Variable(Wanted<'v>),
    /// A variable in a string, with the `$` and the braces around it still to be written.
    Interpolation {
        replace: Range,
    },
    Expression(Wanted<'v>),
    /// Words that go on with what is complete.
    Words(&'static [&'static str]),
    /// Inside of a string.
    Text {
        wanted: Wanted<'v>,
        content: Range,
        /// Where it begins, if it is a path.
        root: Root,
    },
    Type,
}

impl<'v> Cursor<'v> {
    pub fn context(&self) -> Context<'v> {
        match self.inside {
            Some(token) if token.kind == TokenKind::Comment => return Context::Nothing,
            Some(token) => return self.in_string(token),
            None => {}
        }
        if self.word.starts_with(|c: char| c.is_ascii_digit()) {
            return Context::Nothing;
        }
        let end = self.before.len();
        let last = self.last();
        if self.word.starts_with('.') && last == Some(TokenKind::CloseBracket) {
            return self.half_field();
        }
        let open = self.open_before(end);
        if let Some(open) = open
            && self.before[open].kind == TokenKind::OpenBracket
            && open + 1 == end
            && let Some(kind) = self.kind_before(open)
        {
            return Context::ResourceName { kind, quoted: None };
        }
        let at_line_start = self.is_line_start();
        if !at_line_start {
            match last {
                Some(TokenKind::Import) => return Context::Import { quoted: None },
                Some(TokenKind::Include) => return Context::Include,
                Some(TokenKind::Collect) if self.in_block(end) => return Context::Kind,
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
            if self.is_type_at(end) {
                return Context::Type;
            }
            if self.is_new_name() {
                return Context::Nothing;
            }
        }
        if let Some(open) = open
            && self.kind_at(open, 1) == Some(TokenKind::Struct)
            && matches!(last, Some(TokenKind::OpenBrace | TokenKind::Comma))
        {
            return self.field_name(open);
        }
        let is_open = |start| open.is_some_and(|open| self.before[open].start == start);
        if let Some(resource) = self.resource()
            && is_open(resource.body_span.start)
        {
            return self.in_body(resource, at_line_start);
        }
        let begins = at_line_start || last == Some(TokenKind::OpenBrace);
        if begins && self.in_block(end) && !self.word.starts_with('$') {
            return Context::Statement;
        }
        self.expression(at_line_start)
    }

    /// An expression, unless there is one already.
    fn expression(&self, at_line_start: bool) -> Context<'v> {
        let last = self.before.len().checked_sub(1);
        if let Some(last) = last.filter(|_| !at_line_start)
            && self.ends_operand(last)
        {
            return self.after_operand();
        }
        if self.word.starts_with('$') {
            Context::Variable(self.wanted())
        } else {
            Context::Expression(self.wanted())
        }
    }

    fn ends_operand(&self, last: usize) -> bool {
        let kind = self.before[last].kind;
        let is_type = matches!(
            kind,
            TokenKind::Bool | TokenKind::Str | TokenKind::Int | TokenKind::FloatType
        );
        is_type || (kind.ends_expression() && !self.ends_kind(last))
    }

    /// Directly behind something complete.
    fn after_operand(&self) -> Context<'v> {
        const ALIAS: &[&str] = &["as"];
        const LOOP: &[&str] = &["in"];
        const OTHER: &[&str] = &["else"];
        const OPERATORS: &[&str] = &["and", "or", "in"];
        let end = self.before.len();
        let after = |wanted: TokenKind| self.scan_back(end, |kind| kind == wanted).is_some();
        let Some(head) = self.head_of_line() else {
            return Context::Nothing;
        };
        let last = self.kind_at(end, 1);
        if last == Some(TokenKind::CloseBrace) {
            let open = self.matching(end - 1).unwrap_or(0);
            let is_end = |kind| matches!(kind, TokenKind::Newline | TokenKind::Rocket);
            let is_head = |kind| matches!(kind, TokenKind::If | TokenKind::Else);
            let head = self.scan_back(open, |kind| is_head(kind) || is_end(kind));
            if head.is_some_and(|head| self.before[head].kind == TokenKind::If) {
                return Context::Words(OTHER);
            }
        }
        match self.before[head].kind {
            TokenKind::Import | TokenKind::Include if !after(TokenKind::As) => {
                Context::Words(ALIAS)
            }
            TokenKind::For | TokenKind::ForKv if !after(TokenKind::In) => Context::Words(LOOP),
            TokenKind::Dollar if after(TokenKind::Equals) => Context::Words(OPERATORS),
            TokenKind::If if last != Some(TokenKind::CloseBrace) => Context::Words(OPERATORS),
            TokenKind::Identifier | TokenKind::Capitalized if after(TokenKind::Rocket) => {
                Context::Words(OPERATORS)
            }
            _ => Context::Nothing,
        }
    }

    /// Where a parameter or a loop variable gets its name.
    fn is_new_name(&self) -> bool {
        let end = self.before.len();
        let last = self.kind_at(end, 1);
        if !matches!(last, Some(TokenKind::OpenParen | TokenKind::Comma)) {
            return false;
        }
        if let Some(open) = self.open_before(end)
            && self.before[open].kind == TokenKind::OpenParen
        {
            return self.kind_at(open, 1) == Some(TokenKind::Func)
                || matches!(
                    self.kind_at(open, 2),
                    Some(TokenKind::Func | TokenKind::Class)
                );
        }
        let head = self.scan_back(end, |kind| {
            matches!(
                kind,
                TokenKind::For | TokenKind::ForKv | TokenKind::In | TokenKind::Newline
            )
        });
        head.is_some_and(|head| matches!(self.before[head].kind, TokenKind::For | TokenKind::ForKv))
    }

    /// In `struct{`.
    fn field_name(&self, open: usize) -> Context<'v> {
        let start = self.before[open - 1].start;
        if self.is_meta_struct(open) {
            return Context::MetaField { start };
        }
        match self.wanted_fields(open - 1) {
            Some(ty) => Context::NewField { start, ty },
            None => Context::Nothing,
        }
    }

    /// Directly in the body of a resource.
    fn in_body(&self, resource: &'v Resource, at_line_start: bool) -> Context<'v> {
        let last = self.last();
        if at_line_start || matches!(last, Some(TokenKind::OpenBrace | TokenKind::Comma)) {
            // A line that begins with an operator goes on with the expression before it.
            if self.word.to_ascii_lowercase().starts_with("meta:") {
                return Context::Meta { resource };
            }
            return Context::Entry { resource };
        }
        // `Before => `, also with a condition.
        let end = self.before.len();
        if matches!(last, Some(TokenKind::Rocket | TokenKind::Elvis))
            && let Some(rocket) = self.scan_back(end, |kind| kind == TokenKind::Rocket)
            && self.kind_at(rocket, 1) == Some(TokenKind::Capitalized)
            && self.text_at(rocket - 1) != "Meta"
        {
            return Context::Target;
        }
        self.expression(at_line_start)
    }

    fn in_string(&self, token: Token) -> Context<'v> {
        let text = self.text();
        let (start, end) = (token.start as usize, token.end as usize);
        let closed = end > start + 1 && text[..end].ends_with('"');
        let content = token.start + 1..token.end - u32::from(closed);
        let typed = &text[start + 1..self.offset as usize];
        if let Some(open) = typed.rfind("${")
            && !typed[open..].contains('}')
            && !is_escaped(typed, open)
        {
            return Context::Variable(Wanted {
                ty: Some(Type::Str),
                param: None,
            });
        }
        let end = self.before.len();
        match self.last() {
            Some(TokenKind::Import) => {
                return Context::Import {
                    quoted: Some(content),
                };
            }
            Some(TokenKind::OpenBracket) => {
                if let Some(kind) = self.last_of(end).and_then(|open| self.kind_before(open)) {
                    return Context::ResourceName {
                        kind,
                        quoted: Some(content),
                    };
                }
            }
            _ => {}
        }
        let word = typed.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || "_.".contains(c));
        if word.ends_with('$') && !is_escaped(typed, word.len() - 1) {
            let from = token.start + word.len() as u32;
            return Context::Interpolation {
                replace: from..self.replace.end,
            };
        }
        let function = signature::takes_first(self.view, token.start);
        let root = function.and_then(|it| self.view.root_of_argument(&it));
        Context::Text {
            wanted: self.wanted(),
            content,
            root: root.unwrap_or(Root::Machine),
        }
    }

    /// After `File["x"].`: what is sent or received.
    fn half_field(&self) -> Context<'v> {
        let Some(open) = self
            .last_of(self.before.len())
            .and_then(|at| self.matching(at))
        else {
            return Context::Nothing;
        };
        let Some(kind) = self.kind_before(open) else {
            return Context::Nothing;
        };
        // `Sender["x"].field -> Kind["y"].`
        let arrow = self.scan_back(open, |kind| {
            matches!(kind, TokenKind::Arrow | TokenKind::Newline)
        });
        let arrow = arrow.filter(|at| self.before[*at].kind == TokenKind::Arrow);
        Context::HalfField {
            kind,
            sender: arrow.and_then(|at| self.sent_before(at)),
        }
    }

    /// What is sent by `Sender["x"].field` before an arrow.
    fn sent_before(&self, arrow: usize) -> Option<Type> {
        let field = arrow.checked_sub(1)?;
        if self.kind_at(field, 1) != Some(TokenKind::Dot) {
            return None;
        }
        let open = self.matching(field.checked_sub(2)?)?;
        let def = self.view.catalog().resource(&self.kind_before(open)?)?;
        def.send(self.text_at(field))?.ty.mcl()
    }

    /// After `->`: another end of an edge, or a field of a struct.
    fn after_arrow(&self) -> Context<'v> {
        let arrow = self.before.len() - 1;
        let Some(at) = arrow.checked_sub(1) else {
            return Context::Nothing;
        };
        let edge = |at: usize| self.matching(at).and_then(|open| self.kind_before(open));
        if let Some(sent) = self.sent_before(arrow) {
            return Context::Receiver { sent };
        }
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

    /// Whether a type comes after the first `end` tokens: after the `$name` of a bind or a parameter, after the
    /// parameters of a function, or inside of another type.
    fn is_type_at(&self, end: usize) -> bool {
        let Some(last) = end.checked_sub(1) else {
            return false;
        };
        match self.before[last].kind {
            TokenKind::Identifier if self.kind_at(last, 1) == Some(TokenKind::Dollar) => {
                self.is_declared(last - 1)
            }
            // `struct{name `
            TokenKind::Identifier => {
                matches!(
                    self.kind_at(last, 1),
                    Some(TokenKind::OpenBrace | TokenKind::Semicolon)
                ) && self.open_before(last).is_some_and(|open| {
                    self.kind_at(open, 1) == Some(TokenKind::Struct) && self.is_type_at(open - 1)
                })
            }
            // `[]`
            TokenKind::CloseBracket => {
                self.kind_at(last, 1) == Some(TokenKind::OpenBracket) && self.is_type_at(last - 1)
            }
            // `map{`, `map{str:`
            TokenKind::OpenBrace => self.kind_at(last, 1) == Some(TokenKind::Map),
            TokenKind::Colon => self
                .open_before(last)
                .is_some_and(|open| self.kind_at(open, 1) == Some(TokenKind::Map)),
            // `func(`
            TokenKind::OpenParen | TokenKind::Comma => self.open_before(end).is_some_and(|open| {
                self.kind_at(open, 1) == Some(TokenKind::Func) && self.is_type_at(open - 1)
            }),
            // `func name($x)`
            TokenKind::CloseParen => self.matching(last).is_some_and(|open| {
                self.kind_at(open, 1) == Some(TokenKind::Func)
                    || self.kind_at(open, 2) == Some(TokenKind::Func)
            }),
            _ => false,
        }
    }

    /// Whether the variable whose `$` is there is defined there.
    fn is_declared(&self, dollar: usize) -> bool {
        match self.kind_at(dollar, 1) {
            None | Some(TokenKind::Newline) => self.in_block(dollar),
            Some(TokenKind::OpenParen | TokenKind::Comma) => {
                let open = self.open_before(dollar);
                open.is_some_and(|open| {
                    self.kind_at(open, 1) == Some(TokenKind::Func)
                        || matches!(
                            self.kind_at(open, 2),
                            Some(TokenKind::Func | TokenKind::Class)
                        )
                })
            }
            _ => false,
        }
    }
}
