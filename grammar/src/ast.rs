//! The syntax tree: what was written, whole enough to print it back.
//!
//! Nothing is resolved and nothing is desugared. Expressions and statements live in two arenas per
//! file and refer to each other by index, so that a tree of any depth is built, walked and freed
//! without recursion, and later stages can attach facts to a node by its index.

use std::fmt;
use std::ops::Index;

use ecow::EcoString;

use crate::span::{SourceId, Span};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in the arena.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

id!(
    /// An expression of one file.
    ExprId, "e"
);
id!(
    /// A statement of one file.
    StmtId, "t"
);

/// One parsed file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Which file this is.
    pub source: SourceId,
    /// All expressions, children before their parents.
    pub exprs: Vec<Expr>,
    /// All statements, children before their parents.
    pub stmts: Vec<Stmt>,
    /// The statements at the top level.
    pub body: Block,
}

impl Index<ExprId> for File {
    type Output = Expr;
    fn index(&self, id: ExprId) -> &Expr {
        &self.exprs[id.index()]
    }
}

impl Index<StmtId> for File {
    type Output = Stmt;
    fn index(&self, id: StmtId) -> &Stmt {
        &self.stmts[id.index()]
    }
}

/// A single identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ident {
    /// The name. For a capitalized identifier the lower-cased text (language.md §1.6).
    pub text: EcoString,
    /// The identifier; for a variable's declaration from the `$` on.
    pub span: Span,
}

/// A name of several parts: dotted (`a.b.c`) or, for resource kinds and classes, with colons (`a:b`).
/// Blanks around the separators are not part of the text; the parts of a capitalized kind are
/// lower-cased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The parts with their separators.
    pub text: EcoString,
    /// From the first part to the last.
    pub span: Span,
}

/// Statements between braces, or a whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// Includes the braces.
    pub span: Span,
    /// In the order they were written.
    pub stmts: Vec<StmtId>,
}

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// First token to last token, exactly.
    pub span: Span,
}

/// The statements (language.md §2.2).
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// Text that is no statement; already reported.
    Error,
    /// `$name [type] = value`.
    Bind {
        /// The variable; its span includes the `$`.
        name: Ident,
        /// The annotation.
        ty: Option<TypeExpr>,
        /// What it is bound to.
        value: ExprId,
    },
    /// `kind name { ... }`, or the same after `collect`.
    Resource(Resource),
    /// `A["x"] -> B["y"]`.
    Edge {
        /// The chain, at least one half.
        halves: Vec<EdgeHalf>,
    },
    /// `if cond { ... } else { ... }`.
    If {
        /// The condition.
        cond: ExprId,
        /// The block for true.
        then: Block,
        /// The block for false.
        otherwise: Option<Block>,
    },
    /// `for $index, $value in list { ... }` and `forkv $key, $value in map { ... }`.
    For {
        /// Whether it is `forkv`.
        kv: bool,
        /// The index or key variable.
        key: Ident,
        /// The element or value variable.
        value: Ident,
        /// What is looped over.
        over: ExprId,
        /// The body.
        body: Block,
    },
    /// `func name(params) [type] { body }`.
    Func {
        /// The function's name.
        name: Ident,
        /// Its parameters, result and body.
        lambda: Lambda,
    },
    /// `class name[(params)] { ... }`; the name may have colons.
    Class {
        /// The class's name.
        name: Name,
        /// The parameters; absent if there are no parentheses.
        params: Option<Params>,
        /// The body.
        body: Block,
    },
    /// `include name[(args)] [as alias]`.
    Include {
        /// The class's name, dotted.
        class: Name,
        /// The arguments; absent if there are no parentheses.
        args: Option<Args>,
        /// The alias.
        alias: Option<Ident>,
    },
    /// `import "name" [as alias | as *]`.
    Import {
        /// The raw text between the quotes.
        path: EcoString,
        /// The string with its quotes.
        path_span: Span,
        /// What follows `as`.
        alias: Option<ImportAlias>,
    },
    /// `panic(args)`.
    Panic {
        /// The arguments.
        args: Args,
    },
}

/// What follows `as` in an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportAlias {
    /// `as name`.
    Name(Ident),
    /// `as *`.
    Star(Span),
}

/// A resource statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The position of the word `collect`, if it is one.
    pub collect: Option<Span>,
    /// The kind, lower-case, with colons.
    pub kind: Name,
    /// The name or names.
    pub name: ExprId,
    /// The lines between the braces.
    pub entries: Vec<Entry>,
    /// The braces and what is between them.
    pub body_span: Span,
}

/// One line of a resource's body.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// The part before `?:`.
    pub cond: Option<ExprId>,
    /// From the first token to the comma, exactly.
    pub span: Span,
}

/// The lines of a resource's body (language.md §2.2).
#[derive(Clone, Debug, PartialEq)]
pub enum EntryKind {
    /// Text that is no entry; already reported.
    Error,
    /// `name => value,`.
    Field {
        /// The parameter.
        name: Ident,
        /// Its value.
        value: ExprId,
    },
    /// `Before => Kind["name"],`.
    Edge {
        /// The capitalized word, lower-cased; any word is accepted here.
        property: Ident,
        /// The other end.
        target: Box<EdgeHalf>,
    },
    /// `Meta:name => value,`.
    Meta {
        /// The meta parameter.
        property: Ident,
        /// Its value.
        value: ExprId,
    },
    /// `Meta => struct{...},`.
    MetaStruct {
        /// The word `Meta`.
        meta: Span,
        /// The struct.
        value: ExprId,
    },
}

/// `Kind["name"]` or `Kind["name"].field`.
#[derive(Clone, Debug, PartialEq)]
pub struct EdgeHalf {
    /// The kind, lower-cased.
    pub kind: Name,
    /// The name or names.
    pub name: ExprId,
    /// The field sent or received.
    pub field: Option<Ident>,
    /// The whole.
    pub span: Span,
}

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// First token to last token, exactly.
    pub span: Span,
}

/// The expressions (language.md §2.3).
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// Text that is no expression; already reported.
    Error,
    /// `true`, `false`.
    Bool(bool),
    /// `"..."`: the raw text between the quotes. Escapes and interpolation: see [`crate::interpolate`].
    Str(EcoString),
    /// `42`, `-1`.
    Int(i64),
    /// `1.5`.
    Float(f64),
    /// `[a, b]`.
    List(Vec<ExprId>),
    /// `{k => v}`.
    Map(Vec<(ExprId, ExprId)>),
    /// `struct{f => v}`.
    Struct(Vec<(Ident, ExprId)>),
    /// `$a.b`: the span of the name is without the `$`.
    Var(Name),
    /// `f(x)`, `$f(x)`, `func(...) {...}(x)`.
    Call(Box<Call>),
    /// `func($x) { ... }`.
    Lambda(Box<Lambda>),
    /// `if c { a } else { b }`.
    If {
        /// The condition.
        cond: ExprId,
        /// The branch for true, and its braces.
        then: Body,
        /// The branch for false, and its braces.
        otherwise: Body,
    },
    /// `( e )`.
    Paren(ExprId),
    /// `a[b]`.
    Index {
        /// The list or map.
        base: ExprId,
        /// The index or key.
        index: ExprId,
    },
    /// `a->f`, `a->f <|> d`.
    Field {
        /// The struct.
        base: ExprId,
        /// The field.
        field: Ident,
        /// What follows `<|>`.
        default: Option<ExprId>,
    },
    /// `not a`.
    Not(ExprId),
    /// `a + b` and the other binary operators except `<|>`.
    Binary {
        /// Which.
        op: BinaryOp,
        /// The operator's own place.
        op_span: Span,
        /// Left operand.
        lhs: ExprId,
        /// Right operand.
        rhs: ExprId,
    },
    /// `a <|> b`.
    Except {
        /// The main side.
        main: ExprId,
        /// The fallback.
        fallback: ExprId,
    },
}

impl ExprKind {
    /// The expressions directly inside of this one, from left to right.
    pub fn children(&self) -> Vec<ExprId> {
        match self {
            Self::Error
            | Self::Bool(_)
            | Self::Str(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Var(_) => Vec::new(),
            Self::List(items) => items.clone(),
            Self::Map(entries) => entries
                .iter()
                .flat_map(|(key, value)| [*key, *value])
                .collect(),
            Self::Struct(fields) => fields.iter().map(|(_, value)| *value).collect(),
            Self::Call(call) => {
                let mut all = match &call.callee {
                    Callee::Lambda(lambda) => vec![*lambda],
                    _ => Vec::new(),
                };
                all.extend(&call.args.exprs);
                all
            }
            Self::Lambda(lambda) => vec![lambda.body.expr],
            Self::If {
                cond,
                then,
                otherwise,
            } => vec![*cond, then.expr, otherwise.expr],
            Self::Paren(inner) | Self::Not(inner) => vec![*inner],
            Self::Index { base, index } => vec![*base, *index],
            Self::Field { base, default, .. } => {
                let mut all = vec![*base];
                all.extend(default);
                all
            }
            Self::Binary { lhs, rhs, .. } => vec![*lhs, *rhs],
            Self::Except { main, fallback } => vec![*main, *fallback],
        }
    }
}

/// The braces of a function's body or of a branch, around one expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// The one expression.
    pub expr: ExprId,
    /// The braces and what is between them.
    pub span: Span,
}

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// With what.
    pub args: Args,
}

/// The three forms of callee (language.md §2.3).
#[derive(Clone, Debug, PartialEq)]
pub enum Callee {
    /// `f(...)`, dotted.
    Func(Name),
    /// `$f(...)`, dotted; the span of the name is without the `$`.
    Var(Name),
    /// `func(...) {...}(...)`: an expression of kind `Lambda`.
    Lambda(ExprId),
}

/// Arguments between parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// The expressions.
    pub exprs: Vec<ExprId>,
    /// The parentheses and what is between them.
    pub span: Span,
}

/// Parameters between parentheses.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// The parameters.
    pub params: Vec<Param>,
    /// The parentheses and what is between them.
    pub span: Span,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The variable; its span includes the `$`.
    pub name: Ident,
    /// The annotation.
    pub ty: Option<TypeExpr>,
}

/// What a function statement and a lambda have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// The parameters.
    pub params: Params,
    /// The declared result.
    pub result: Option<TypeExpr>,
    /// The body.
    pub body: Body,
}

/// The binary operators except `<|>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
    And,
    Or,
    In,
}

impl BinaryOp {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Gt => ">",
            Self::Le => "<=",
            Self::Ge => ">=",
            Self::And => "and",
            Self::Or => "or",
            Self::In => "in",
        }
    }
}

/// A type as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    /// What it is.
    pub kind: TypeKind,
    /// First token to last token.
    pub span: Span,
}

/// The types (language.md §2.5).
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// Text that is no type; already reported.
    Error,
    /// `bool`.
    Bool,
    /// `str`.
    Str,
    /// `int`.
    Int,
    /// `float`.
    Float,
    /// `variant`.
    Variant,
    /// `[]T`.
    List(Box<TypeExpr>),
    /// `map{K: V}`.
    Map(Box<(TypeExpr, TypeExpr)>),
    /// `struct{a T; b U}`.
    Struct(Vec<(Ident, TypeExpr)>),
    /// `func($a T, U) R`.
    Func {
        /// Argument names are optional.
        args: Vec<(Option<Ident>, TypeExpr)>,
        /// The result.
        result: Box<TypeExpr>,
    },
}

/// A comment. It produces no token; the formatter and the editor use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` up to, not including, the newline.
    pub span: Span,
}
