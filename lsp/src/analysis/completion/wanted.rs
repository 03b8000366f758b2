//! Which value is wanted where the cursor stands: what the brackets and operators before it say.

use mgmt_grammar::TokenKind;
use mgmt_stdlib::resource::{MetaParam, ParamDef, ResourceDef};
use mgmt_stdlib::types::Type;

use super::cursor::Cursor;
use crate::analysis::{signature, syntax};

/// Brackets that are nested deeper tell nothing.
const DEPTH: u32 = 50;

/// What a value should be, as far as something says it.
#[derive(Clone, Default)]
pub struct Wanted<'v> {
    /// Of which type.
    pub ty: Option<Type>,
    /// For which parameter.
    pub param: Option<(&'v ResourceDef, &'v ParamDef)>,
}

impl Wanted<'_> {
    fn of(ty: Option<Type>) -> Self {
        Self { ty, param: None }
    }
}

impl<'v> Cursor<'v> {
    /// What is wanted at the cursor, or for the string that it is in.
    pub fn wanted(&self) -> Wanted<'v> {
        self.wanted_after(self.before.len(), DEPTH)
            .unwrap_or_default()
    }

    /// The fields of the struct that is wanted for the `struct` at a position.
    pub fn wanted_fields(&self, at: usize) -> Option<Type> {
        self.wanted_after(at, DEPTH)?.ty
    }

    /// What is wanted after the first `end` tokens.
    fn wanted_after(&self, end: usize, depth: u32) -> Option<Wanted<'v>> {
        let depth = depth.checked_sub(1)?;
        let at = self.last_of(end)?;
        let ty = match self.before[at].kind {
            TokenKind::Rocket => return self.wanted_by_name(at, depth),
            TokenKind::Elvis => {
                let rocket = self.scan_back(at, |kind| kind == TokenKind::Rocket)?;
                return self.wanted_by_name(rocket, depth);
            }
            TokenKind::OpenParen if !self.is_call(at) => return self.wanted_after(at, depth),
            TokenKind::OpenParen => self.argument(at),
            TokenKind::OpenBracket => self.in_brackets(at, depth),
            TokenKind::OpenBrace => return self.in_braces(at, depth),
            TokenKind::Comma => {
                let open = self.open_before(at)?;
                match self.before[open].kind {
                    TokenKind::OpenParen => self.argument(at),
                    TokenKind::OpenBracket => self.in_brackets(open, depth),
                    _ if self.kind_at(open, 1) == Some(TokenKind::Struct) => None,
                    _ => self.map(open, depth).map(|(key, _)| key),
                }
            }
            TokenKind::Equals => self.annotation(at),
            TokenKind::If | TokenKind::Not | TokenKind::And | TokenKind::Or => Some(Type::Bool),
            TokenKind::In => self.looped_over(at),
            TokenKind::Identifier if self.ends_kind(at) => Some(Type::Str),
            kind if kind.is_binary_operator() => self.type_before(self.last_of(at)?),
            _ => None,
        };
        Some(Wanted::of(ty))
    }

    /// After `name =>`: a parameter, a meta parameter, a field, or the value of a map.
    fn wanted_by_name(&self, rocket: usize, depth: u32) -> Option<Wanted<'v>> {
        let open = self.open_before(rocket)?;
        if self.before[open].kind != TokenKind::OpenBrace {
            return None;
        }
        let name = self.text_at(rocket.checked_sub(1)?);
        let meta = || MetaParam::find(name).and_then(|meta| Type::parse(meta.ty).ok());
        if self.is_meta_struct(open) {
            return Some(Wanted::of(meta()));
        }
        if self.kind_at(open, 1) == Some(TokenKind::Struct) {
            let Type::Struct(fields) = self.wanted_after(open - 1, depth)?.ty? else {
                return None;
            };
            let field = fields.iter().find(|(field, _)| field == name);
            return Some(Wanted::of(field.map(|(_, ty)| ty.clone())));
        }
        let start = self.before[open].start;
        let found =
            syntax::resources(self.view.tree()?).find(|(_, it)| it.body_span.start == start);
        let Some((_, resource)) = found else {
            return Some(Wanted::of(self.map(open, depth).map(|(_, value)| value)));
        };
        if self.kind_at(rocket, 2) == Some(TokenKind::Colon) {
            return Some(Wanted::of(meta()));
        }
        let def = self.def(resource)?;
        let param = def.param(name)?;
        Some(Wanted {
            ty: param.ty.mcl(),
            param: Some((def, param)),
        })
    }

    /// Whether a brace is that of `Meta => struct{`.
    pub fn is_meta_struct(&self, open: usize) -> bool {
        let is = |back, kind| self.kind_at(open, back) == Some(kind);
        is(1, TokenKind::Struct)
            && is(2, TokenKind::Rocket)
            && is(3, TokenKind::Capitalized)
            && !is(4, TokenKind::Colon)
    }

    fn is_call(&self, open: usize) -> bool {
        matches!(
            self.kind_at(open, 1),
            Some(TokenKind::Identifier | TokenKind::Panic | TokenKind::Map | TokenKind::CloseParen)
        )
    }

    fn argument(&self, at: usize) -> Option<Type> {
        signature::argument_type(self.view, self.before[at].end)
    }

    /// In `[`: an element of a list, the names of a resource, or what something is looked up by.
    fn in_brackets(&self, open: usize, depth: u32) -> Option<Type> {
        let last = open.checked_sub(1);
        if last.is_some_and(|last| self.ends_kind(last)) {
            return Some(Type::Str);
        }
        if let Some(last) = last.filter(|last| self.before[*last].kind.ends_expression()) {
            return match self.type_before(last)? {
                Type::List(_) => Some(Type::Int),
                Type::Map(types) => Some(types.0.clone()),
                _ => None,
            };
        }
        match self.wanted_after(open, depth)?.ty? {
            Type::List(element) => Some((*element).clone()),
            _ => None,
        }
    }

    /// In `{`: a branch, the body of a function, or the key of a map.
    fn in_braces(&self, open: usize, depth: u32) -> Option<Wanted<'v>> {
        let before = match self.kind_at(open, 1)? {
            TokenKind::Struct => return None,
            // The branch before it.
            TokenKind::Else => self.matching(open.checked_sub(2)?)?,
            _ => open,
        };
        let is_head = |kind| matches!(kind, TokenKind::If | TokenKind::Func);
        let is_end = |kind| {
            matches!(
                kind,
                TokenKind::Newline | TokenKind::Rocket | TokenKind::Equals | TokenKind::Comma
            )
        };
        let head = self.scan_back(before, |kind| is_head(kind) || is_end(kind));
        let Some(head) = head.filter(|head| is_head(self.before[*head].kind)) else {
            return Some(Wanted::of(self.map(open, depth).map(|(key, _)| key)));
        };
        if self.before[head].kind == TokenKind::If {
            return self.wanted_after(head, depth);
        }
        let close = self.scan_close(open)?;
        let written =
            &self.text()[self.before[close].end as usize..self.before[open].start as usize];
        if let Ok(ty) = Type::parse(written.trim()) {
            return Some(Wanted::of(Some(ty)));
        }
        match self.wanted_after(head, depth)?.ty? {
            Type::Func(ty) => Some(Wanted::of(Some(ty.result.clone()))),
            _ => None,
        }
    }

    /// The parenthesis that closes the parameters before the body of a function.
    fn scan_close(&self, body: usize) -> Option<usize> {
        let before = &self.before[..body];
        before
            .iter()
            .rposition(|token| token.kind == TokenKind::CloseParen)
    }

    /// Key and value of the map that is wanted for a brace.
    fn map(&self, open: usize, depth: u32) -> Option<(Type, Type)> {
        match self.wanted_after(open, depth)?.ty? {
            Type::Map(types) => Some((*types).clone()),
            _ => None,
        }
    }

    /// What `$name type =` says.
    fn annotation(&self, equals: usize) -> Option<Type> {
        let dollar = self.scan_back(equals, |kind| {
            matches!(kind, TokenKind::Dollar | TokenKind::Newline)
        })?;
        let name = self.before.get(dollar + 1)?;
        // Nothing if the line begins with the `=`.
        let written = self
            .text()
            .get(name.end as usize..self.before[equals].start as usize)?;
        Type::parse(written.trim()).ok()
    }

    /// What a loop goes through. Of the operator it is not said.
    fn looped_over(&self, at: usize) -> Option<Type> {
        let head = self.scan_back(at, |kind| {
            matches!(kind, TokenKind::For | TokenKind::ForKv | TokenKind::Newline)
        })?;
        match self.before[head].kind {
            TokenKind::For => Some(Type::list(Type::Variant)),
            TokenKind::ForKv => Some(Type::map(Type::Variant, Type::Variant)),
            _ => None,
        }
    }
}
