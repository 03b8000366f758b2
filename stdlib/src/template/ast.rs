//! What a template says.

use std::collections::BTreeMap;
use std::ops::Range;

/// The template itself, which is [`MAIN`], and those that it defines.
pub(super) type Templates = BTreeMap<Vec<u8>, Vec<Node>>;

/// The name of the whole template; no definition can have it.
pub(super) const MAIN: &[u8] = b"template";

/// A part of a template.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(Vec<u8>),
    /// Writes the value, unless it declares or assigns variables.
    Action(Pipeline),
    If(Branch),
    With(Branch),
    Range(Branch),
    Break,
    Continue,
    /// Renders a template, with the dot or without.
    Template {
        span: Range<usize>,
        name: Vec<u8>,
        dot: Option<Pipeline>,
    },
}

/// A condition and what depends on it.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) pipeline: Pipeline,
    pub(super) then: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

/// Commands, each of which gets the value of the one before it as its last argument.
#[derive(Clone, Debug)]
pub(super) struct Pipeline {
    pub(super) span: Range<usize>,
    /// The variables that get the value.
    pub(super) variables: Vec<String>,
    /// Whether the variables exist already.
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

/// A function or value, followed by arguments.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) span: Range<usize>,
    pub(super) first: Operand,
    pub(super) args: Vec<Operand>,
}

/// A value as it is written.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) span: Range<usize>,
    pub(super) base: Base,
    /// The fields that are taken one after another.
    pub(super) fields: Vec<String>,
}

/// What an operand starts with.
#[derive(Clone, Debug)]
pub(super) enum Base {
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Text(Vec<u8>),
    Variable(String),
    Pipeline(Box<Pipeline>),
    Function(String),
}

/// A numeric constant, and what it can serve as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) int: Option<i64>,
    pub(super) float: f64,
    /// Whether it is written like a float.
    pub(super) is_float: bool,
}
