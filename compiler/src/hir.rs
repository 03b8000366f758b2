//! The program as understood: names are resolved, syntactic sugar is gone, types are still open.
//!
//! One [`Hir`] holds all files of a program. A definition stands here once, however often it is
//! used: typing instantiates schemes, and the evaluator instantiates bodies, but neither copies
//! definitions.

use std::fmt;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::FunctionDef;
use mgmt_stdlib::resource::ResourceDef;
use mgmt_stdlib::types::Type;
use mgmt_stdlib::value::Value;

macro_rules! arena {
    ($($(#[$doc:meta])* $id:ident => $field:ident: $item:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $id(pub u32);

            impl fmt::Debug for $id {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!(stringify!($id), "({})"), self.0)
                }
            }

            impl Index<$id> for Hir {
                type Output = $item;
                fn index(&self, id: $id) -> &$item {
                    &self.$field[id.0 as usize]
                }
            }

            impl IndexMut<$id> for Hir {
                fn index_mut(&mut self, id: $id) -> &mut $item {
                    &mut self.$field[id.0 as usize]
                }
            }
        )*
    };
}

arena! {
    /// An expression.
    ExprId => exprs: Expr;
    /// A scope as written: a file, a block, a body of a class, loop, function or lambda.
    ScopeId => scopes: Scope;
    /// A bind.
    BindId => binds: Bind;
    /// A parameter of a function, lambda or class, or a loop variable.
    ParamId => params: Param;
    /// A function statement.
    FuncId => funcs: Func;
    /// A function body with its parameters: a function statement's or a lambda's.
    LambdaId => lambdas: Lambda;
    /// A class.
    ClassId => classes: Class;
    /// An include statement.
    IncludeId => includes: Include;
}

/// All definitions, expressions and statements of a program.
#[derive(Debug, Default)]
pub struct Hir {
    pub(crate) exprs: Vec<Expr>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) binds: Vec<Bind>,
    pub(crate) params: Vec<Param>,
    pub(crate) funcs: Vec<Func>,
    pub(crate) lambdas: Vec<Lambda>,
    pub(crate) classes: Vec<Class>,
    pub(crate) includes: Vec<Include>,
    /// The statements of the program's entry file.
    pub(crate) main: Vec<Stmt>,
}

impl Hir {
    /// All binds.
    pub fn binds(&self) -> impl Iterator<Item = (BindId, &Bind)> {
        with_ids(&self.binds, BindId)
    }

    /// All parameters and loop variables.
    pub fn params(&self) -> impl Iterator<Item = (ParamId, &Param)> {
        with_ids(&self.params, ParamId)
    }

    /// All function statements.
    pub fn funcs(&self) -> impl Iterator<Item = (FuncId, &Func)> {
        with_ids(&self.funcs, FuncId)
    }

    /// All classes.
    pub fn classes(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        with_ids(&self.classes, ClassId)
    }

    /// All includes.
    pub fn includes(&self) -> impl Iterator<Item = (IncludeId, &Include)> {
        with_ids(&self.includes, IncludeId)
    }

    /// If a callee is a variable that is bound to a lambda as it is written: how it is reached, the scope of the
    /// bind, and the lambda.
    pub(crate) fn bound_lambda(&self, callee: ExprId) -> Option<(&Ref<Var>, ScopeId, LambdaId)> {
        let ExprKind::Var(var) = &self[callee].kind else {
            return None;
        };
        let Var::Bind(bind) = var.target else {
            return None;
        };
        match self[self[bind].value].kind {
            ExprKind::Lambda(lambda) => Some((var, self[bind].scope, lambda)),
            _ => None,
        }
    }

    /// The statements of the entry file.
    pub fn main(&self) -> &[Stmt] {
        &self.main
    }
}

fn with_ids<Id, T>(items: &[T], id: fn(u32) -> Id) -> impl Iterator<Item = (Id, &T)> {
    items
        .iter()
        .enumerate()
        .map(move |(i, item)| (id(i as u32), item))
}

/// An expression and where it was written.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands; all parts of an interpolated string share the string's place.
    pub span: Span,
}

/// The expressions that are left after desugaring.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Something wrong that has been reported.
    Error,
    /// A literal, or a variable of the catalogue.
    Const(Value, Type),
    /// `$hostname`.
    Hostname,
    /// A list literal.
    List(Box<[ExprId]>),
    /// A map literal.
    Map(Box<[(ExprId, ExprId)]>),
    /// A struct literal.
    Struct(Arc<[EcoString]>, Box<[ExprId]>),
    /// The use of a bind or parameter.
    Var(Box<Ref<Var>>),
    /// A string with variables in it: strings to be joined.
    Interpolated(Box<[ExprId]>),
    /// `"${x}"`: a variable that must be a string.
    StrVar(ExprId),
    /// A call of a function of the library; operators are such calls.
    Builtin {
        /// What is called.
        function: Arc<FunctionDef>,
        /// The name as it was written, or the operator.
        name: EcoString,
        /// With what.
        args: Box<[ExprId]>,
    },
    /// A call of a function statement.
    CallFunc {
        /// What is called.
        func: Box<Ref<FuncId>>,
        /// With what.
        args: Box<[ExprId]>,
    },
    /// A call of a function value.
    CallValue {
        /// What is called: a variable or a lambda.
        callee: ExprId,
        /// With what.
        args: Box<[ExprId]>,
    },
    /// A lambda.
    Lambda(LambdaId),
    /// An if expression.
    If {
        /// The condition.
        cond: ExprId,
        /// The value for true.
        then: ExprId,
        /// The value for false.
        otherwise: ExprId,
    },
    /// `main <|> fallback`.
    Except {
        /// The main side.
        main: ExprId,
        /// What takes over.
        fallback: ExprId,
    },
    /// `base[key]`.
    Lookup {
        /// A list or map.
        base: ExprId,
        /// An index or key.
        key: ExprId,
    },
    /// `base->name` and `base->name <|> default`.
    Field {
        /// A struct.
        base: ExprId,
        /// The field.
        name: EcoString,
        /// Where the field's name stands.
        name_span: Span,
        /// The value if the struct has no such field.
        default: Option<ExprId>,
    },
}

impl ExprKind {
    /// Gives each expression directly inside of this one, in the order of the text. The bodies of lambdas
    /// and of called functions are not inside.
    pub fn for_each_child(&self, mut each: impl FnMut(ExprId)) {
        match self {
            Self::Error | Self::Const(..) | Self::Hostname | Self::Var(_) | Self::Lambda(_) => {}
            Self::List(items) | Self::Struct(_, items) | Self::Interpolated(items) => {
                items.iter().copied().for_each(each);
            }
            Self::Map(entries) => entries.iter().for_each(|(key, value)| {
                each(*key);
                each(*value);
            }),
            Self::StrVar(inner) => each(*inner),
            Self::Builtin { args, .. } | Self::CallFunc { args, .. } => {
                args.iter().copied().for_each(each);
            }
            Self::CallValue { callee, args } => {
                each(*callee);
                args.iter().copied().for_each(each);
            }
            Self::If {
                cond,
                then,
                otherwise,
            } => [*cond, *then, *otherwise].into_iter().for_each(each),
            Self::Except { main, fallback } => [*main, *fallback].into_iter().for_each(each),
            Self::Lookup { base, key } => [*base, *key].into_iter().for_each(each),
            Self::Field { base, default, .. } => {
                each(*base);
                default.iter().copied().for_each(each);
            }
        }
    }
}

/// A definition as seen from a use: reached through include aliases, outermost first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ref<T> {
    /// The includes on the way; the first is visible where the use stands, each further one in the
    /// class that the former includes.
    pub via: Box<[IncludeId]>,
    /// What is meant.
    pub target: T,
}

/// What a variable can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Var {
    /// A bind.
    Bind(BindId),
    /// A parameter or loop variable.
    Param(ParamId),
}

/// A scope as written.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The surrounding scope; a file has none.
    pub parent: Option<ScopeId>,
    /// The innermost class around it, whose instances give it meaning.
    pub class: Option<ClassId>,
}

/// `$name [type] = value`.
#[derive(Clone, Debug)]
pub struct Bind {
    /// The name without the `$`.
    pub name: EcoString,
    /// The name with the `$`.
    pub span: Span,
    /// Where it is defined.
    pub scope: ScopeId,
    /// The annotation.
    pub ty: Option<(Type, Span)>,
    /// The expression.
    pub value: ExprId,
}

/// A parameter or loop variable.
#[derive(Clone, Debug)]
pub struct Param {
    /// The name without the `$`.
    pub name: EcoString,
    /// The name with the `$`.
    pub span: Span,
    /// The scope that it is visible in.
    pub scope: ScopeId,
    /// The annotation.
    pub ty: Option<(Type, Span)>,
    /// Who gives it a value.
    pub role: ParamRole,
}

/// Who gives a parameter its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ParamRole {
    Function,
    /// The class and the position.
    Class(ClassId, u32),
    Loop,
}

/// A function statement.
#[derive(Clone, Debug)]
pub struct Func {
    /// Its name.
    pub name: EcoString,
    /// Where the name stands.
    pub span: Span,
    /// Where it is defined.
    pub scope: ScopeId,
    /// Parameters and body.
    pub lambda: LambdaId,
    /// Whether equal arguments always give equal results and no event can change that.
    pub pure: bool,
}

/// Parameters, result and body of a function.
#[derive(Clone, Debug)]
pub struct Lambda {
    /// The scope of the parameters.
    pub scope: ScopeId,
    /// The parameters.
    pub params: Box<[ParamId]>,
    /// The declared result.
    pub result: Option<(Type, Span)>,
    /// The body.
    pub body: ExprId,
    /// From `func` to the closing brace; for a function statement its header.
    pub span: Span,
}

/// A class.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name.
    pub name: EcoString,
    /// Where the name stands.
    pub span: Span,
    /// Where it is defined.
    pub scope: ScopeId,
    /// The scope of its body.
    pub body_scope: ScopeId,
    /// The parameters.
    pub params: Box<[ParamId]>,
    /// The statements.
    pub body: Vec<Stmt>,
}

/// An include statement.
#[derive(Clone, Debug)]
pub struct Include {
    /// The class; nothing if there is none of that name, which has been reported.
    pub class: Option<Ref<ClassId>>,
    /// Where it stands.
    pub scope: ScopeId,
    /// The arguments.
    pub args: Box<[ExprId]>,
    /// The whole statement.
    pub span: Span,
}

/// A statement that produces output.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// A resource.
    Resource(Arc<ResourceStmt>),
    /// An edge statement.
    Edge(Arc<EdgeStmt>),
    /// An if statement.
    If(Arc<IfStmt>),
    /// A loop.
    For(Arc<ForStmt>),
    /// An include.
    Include(IncludeId),
    /// A panic: the call.
    Panic(ExprId),
}

/// A resource statement.
#[derive(Clone, Debug)]
pub struct ResourceStmt {
    /// Whether it is made of what other hosts export.
    pub collect: bool,
    /// The kind as written, lower-case.
    pub kind: EcoString,
    /// Where the kind stands.
    pub kind_span: Span,
    /// The kind's declaration, if there is one.
    pub def: Option<Arc<ResourceDef>>,
    /// The name or names.
    pub name: ExprId,
    /// The lines.
    pub entries: Vec<Entry>,
    /// The whole statement.
    pub span: Span,
}

/// A line of a resource.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// What must hold for it.
    pub cond: Option<ExprId>,
    /// The whole line.
    pub span: Span,
}

/// The lines of a resource.
#[derive(Clone, Debug)]
pub enum EntryKind {
    /// A parameter.
    Field {
        /// Its name.
        name: EcoString,
        /// Where the name stands.
        name_span: Span,
        /// Its value.
        value: ExprId,
    },
    /// An edge to or from another resource.
    Edge {
        /// Which of the four.
        property: EdgeProperty,
        /// The other end.
        target: Half,
    },
    /// A meta parameter, lower-case.
    Meta {
        /// Its name.
        name: &'static str,
        /// Where the name stands.
        name_span: Span,
        /// Its value.
        value: ExprId,
    },
    /// `Meta => struct{...}`.
    MetaStruct {
        /// Where the word `Meta` stands.
        meta_span: Span,
        /// The struct.
        value: ExprId,
    },
}

/// The edges that a resource can declare inside of its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum EdgeProperty {
    Before,
    Depend,
    Notify,
    Listen,
}

impl EdgeProperty {
    /// Whether this resource comes first.
    pub fn is_forward(self) -> bool {
        matches!(self, Self::Before | Self::Notify)
    }

    /// Whether the edge notifies.
    pub fn notifies(self) -> bool {
        matches!(self, Self::Notify | Self::Listen)
    }
}

/// One end of an edge.
#[derive(Clone, Debug)]
pub struct Half {
    /// The kind, lower-case.
    pub kind: EcoString,
    /// Where the kind stands.
    pub kind_span: Span,
    /// The name or names.
    pub name: ExprId,
    /// The field sent or received.
    pub field: Option<(EcoString, Span)>,
    /// The whole.
    pub span: Span,
}

/// `A["x"] -> B["y"]`.
#[derive(Clone, Debug)]
pub struct EdgeStmt {
    /// The ends, at least one.
    pub halves: Vec<Half>,
    /// The whole.
    pub span: Span,
}

/// An if statement.
#[derive(Clone, Debug)]
pub struct IfStmt {
    /// The condition.
    pub cond: ExprId,
    /// The block for true.
    pub then: Block,
    /// The block for false.
    pub otherwise: Option<Block>,
    /// The whole.
    pub span: Span,
}

/// A loop over a list or, with keys, a map.
#[derive(Clone, Debug)]
pub struct ForStmt {
    /// Whether it loops over a map.
    pub kv: bool,
    /// The index or key.
    pub key: ParamId,
    /// The element or value.
    pub value: ParamId,
    /// What is looped over.
    pub over: ExprId,
    /// The body.
    pub body: Block,
    /// The whole.
    pub span: Span,
}

/// The statements of a scope.
#[derive(Clone, Debug)]
pub struct Block {
    /// The scope.
    pub scope: ScopeId,
    /// The statements.
    pub stmts: Vec<Stmt>,
}
