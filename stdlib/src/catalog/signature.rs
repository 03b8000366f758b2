//! Polymorphic signatures, written as text: `func(needle ?1, haystack []?1) bool`.

use std::fmt;
use std::sync::Arc;

use ecow::EcoString;

use crate::types::{FuncType, Type};

/// A polymorphic function type with what its variables may become.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Argument and result types; equal variables are equal types.
    pub ty: Arc<FuncType>,
    /// Restrictions of its type variables.
    pub bounds: Vec<(u32, Bound)>,
    /// Whether more arguments of the type of the last one may follow; of any type for
    /// [`Inference::Printf`](super::Inference::Printf).
    pub variadic: bool,
}

/// Prints `func(a ?1, b []?1) bool`; further arguments are an ellipsis (functions.md §1.2).
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("func(")?;
        for (i, (name, ty)) in self.ty.args.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {}", Notation(ty))?;
        }
        let more = if self.variadic { ", …" } else { "" };
        write!(f, "{more}) {}", Notation(&self.ty.result))
    }
}

/// Prints a type as signatures have it: the arguments of functions in it without names.
struct Notation<'t>(&'t Type);

impl fmt::Display for Notation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Type::List(element) => write!(f, "[]{}", Notation(element)),
            Type::Func(func) => {
                f.write_str("func(")?;
                for (i, (_, ty)) in func.args.iter().enumerate() {
                    write!(f, "{}{}", if i == 0 { "" } else { ", " }, Notation(ty))?;
                }
                write!(f, ") {}", Notation(&func.result))
            }
            other => other.fmt(f),
        }
    }
}

/// What a type variable may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A type of one of these kinds, as [`Type::kind`] names them.
    Kinds(&'static [&'static str]),
    /// Any type without a function in it.
    NoFunc,
    /// A type that a map may have as its key.
    Hashable,
}

/// A text is not a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a type: {reason} at byte {offset}")]
pub struct SignatureError {
    text: String,
    reason: &'static str,
    offset: usize,
}

impl Signature {
    /// Parses `func(a ?1, b []?1) bool`.
    ///
    /// # Errors
    /// If the text is not a function type.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        match Type::parse(text)? {
            Type::Func(ty) => Ok(Self::of(ty)),
            _ => Err(SignatureError {
                text: text.to_owned(),
                reason: "expected a function type",
                offset: 0,
            }),
        }
    }

    /// The signature with exactly these arguments.
    pub fn of(ty: Arc<FuncType>) -> Self {
        Self {
            ty,
            bounds: Vec::new(),
            variadic: false,
        }
    }

    /// The signature that a declaration of this crate writes down.
    ///
    /// # Panics
    /// If the text is not a function type; every declaration is built by a test.
    pub fn declare(text: &'static str) -> Self {
        Self::parse(text).expect("a declaration has a valid signature")
    }

    /// The same with a restriction of the type variable `?var`.
    #[must_use]
    pub fn bound(mut self, var: u32, bound: Bound) -> Self {
        self.bounds.push((var, bound));
        self
    }

    /// The same, followed by any number of further arguments; see [`Signature::variadic`].
    #[must_use]
    pub fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    /// Name and type of the argument at a place, counted from 0. Further arguments are like the last.
    pub fn arg(&self, index: usize) -> Option<&(EcoString, Type)> {
        match self.ty.args.get(index) {
            None if self.variadic => self.ty.args.last(),
            arg => arg,
        }
    }

    /// Whether it can be called with this many arguments.
    pub fn accepts(&self, args: usize) -> bool {
        args == self.ty.args.len() || (self.variadic && args > self.ty.args.len())
    }
}

impl Type {
    /// Parses the text form of a type (typing-and-evaluation.md §1.1.2). Blanks around the parts and a
    /// trailing separator before a closing bracket are tolerated.
    ///
    /// # Errors
    /// If the text is not a type.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        let mut parser = Parser {
            text,
            at: 0,
            depth: 0,
        };
        let ty = parser.ty()?;
        parser.blanks();
        if parser.at == text.len() {
            Ok(ty)
        } else {
            Err(parser.error("unexpected text after the type"))
        }
    }
}

/// Types nested deeper than this are refused, so that no text can exhaust the stack.
const MAX_DEPTH: usize = 200;

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, reason: &'static str) -> SignatureError {
        SignatureError {
            text: self.text.to_owned(),
            reason,
            offset: self.at,
        }
    }

    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.text[self.at..].starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str, reason: &'static str) -> Result<(), SignatureError> {
        if self.eat(token) {
            Ok(())
        } else {
            Err(self.error(reason))
        }
    }

    fn word(&mut self) -> &str {
        self.blanks();
        let rest = &self.text[self.at..];
        let len = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn ty(&mut self) -> Result<Type, SignatureError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let ty = self.nested();
        self.depth -= 1;
        ty
    }

    fn nested(&mut self) -> Result<Type, SignatureError> {
        if self.eat("[") {
            self.expect("]", "expected `]`")?;
            return Ok(Type::list(self.ty()?));
        }
        if self.eat("?") {
            let digits = self.word();
            let canonical = digits.len() == 1 || !digits.starts_with('0');
            return match digits.parse() {
                Ok(var) if canonical => Ok(Type::Var(var)),
                _ => Err(self.error("expected the number of a type variable")),
            };
        }
        let start = self.at;
        match self.word() {
            "bool" => Ok(Type::Bool),
            "str" => Ok(Type::Str),
            "int" => Ok(Type::Int),
            "float" => Ok(Type::Float),
            "variant" => Ok(Type::Variant),
            "map" => {
                self.expect("{", "expected `{`")?;
                let key = self.ty()?;
                self.expect(":", "expected `:`")?;
                let value = self.ty()?;
                self.expect("}", "expected `}`")?;
                Ok(Type::map(key, value))
            }
            "struct" => {
                self.expect("{", "expected `{`")?;
                let fields = self.sequence("}", ";", |parser| {
                    let name = parser.word().to_owned();
                    if name.is_empty() {
                        return Err(parser.error("expected the name of a field"));
                    }
                    Ok((name, parser.ty()?))
                })?;
                Ok(Type::structure(fields))
            }
            "func" => {
                self.expect("(", "expected `(`")?;
                let args = self.sequence(")", ",", Self::arg)?;
                let result = self.ty()?;
                Ok(Type::func(args, result))
            }
            _ => {
                self.at = start;
                Err(self.error("expected a type"))
            }
        }
    }

    /// `T`, `name T` or `$name T`.
    fn arg(&mut self) -> Result<(String, Type), SignatureError> {
        let start = self.at;
        let dollar = self.eat("$");
        let name = self.word().to_owned();
        self.blanks();
        let alone = self.text[self.at..].starts_with([',', ')', '{', '(']) || name.is_empty();
        if alone && !dollar {
            self.at = start;
            return Ok((String::new(), self.ty()?));
        }
        Ok((name, self.ty()?))
    }

    fn sequence<T>(
        &mut self,
        close: &str,
        separator: &str,
        mut item: impl FnMut(&mut Self) -> Result<T, SignatureError>,
    ) -> Result<Vec<T>, SignatureError> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(item(self)?);
            if !self.eat(separator) {
                self.expect(close, "expected a separator or the closing bracket")?;
                break;
            }
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_it_parses() {
        for text in [
            "bool",
            "[]map{str: []int}",
            "struct{}",
            "struct{a int; b struct{c ?1}}",
            "func(needle ?1, haystack []?1) bool",
            "func(0 int, 1 str) bool",
            "func(f func(0 int) str) []str",
        ] {
            assert_eq!(
                Type::parse(text).map(|ty| ty.to_string()).as_deref(),
                Ok(text)
            );
        }
    }

    #[test]
    fn signatures_print_like_the_manual_writes_them() {
        for text in [
            "func() str",
            "func(inputs []?1, function func(?1, ?1) ?1) ?1",
            "func(m map{?1: ?2}) struct{a int; b []?1}",
        ] {
            let signature = Signature::parse(text).unwrap();
            assert_eq!(signature.to_string(), text);
        }
        let more = Signature::declare("func(format str) str").variadic();
        assert_eq!(more.to_string(), "func(format str, …) str");
    }

    #[test]
    fn tolerates_blanks_and_trailing_separators() {
        let ty = Type::parse(" struct { a int ; b str ; } ").map(|ty| ty.to_string());
        assert_eq!(ty.as_deref(), Ok("struct{a int; b str}"));
        let ty = Type::parse("func(int, map{str: int},) str").map(|ty| ty.to_string());
        assert_eq!(ty.as_deref(), Ok("func(0 int, 1 map{str: int}) str"));
    }

    #[test]
    fn refuses_what_is_no_type() {
        for text in [
            "",
            "[]",
            "map{}",
            "?01",
            "struct{a}",
            "func()",
            "int x",
            "foo",
            &"[]".repeat(1000),
        ] {
            assert!(Type::parse(text).is_err(), "{text}");
        }
    }
}
