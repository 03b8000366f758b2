//! A tree and values into text (functions.md §10.2 to §10.5).

use std::ops::Range;

use super::Library;
use super::ast::{Base, Branch, Command, MAIN, Node, Number, Operand, Pipeline, Templates};
use super::call::{self, Argument};
use super::format::{self, title};
use crate::value::{Str, Value, quote};

/// Templates that render one another more deeply than this are taken for endless.
const MAX_DEPTH: usize = 1000;

/// Why a template can not be filled in.
#[derive(Clone, Debug)]
pub(super) struct RenderError {
    pub(super) span: Range<usize>,
    pub(super) template: String,
    pub(super) message: String,
    pub(super) catchable: bool,
}

/// What went wrong in a function, before it is known where that was called.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) message: String,
    pub(super) catchable: bool,
}

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            catchable: false,
        }
    }
}

/// What an operand stands for.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// Nothing at all.
    Absent,
    Value(Value),
    /// A numeric constant, which may still become an int or a float.
    Constant(Number),
}

impl Item {
    /// The value, if there is one; a constant becomes what it is written like.
    pub(super) fn value(&self) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::Value(value) => Some(value.clone()),
            Self::Constant(number) => Some(match number.int {
                Some(int) if !number.is_float => Value::Int(int),
                _ => Value::Float(number.float),
            }),
        }
    }

    /// Whether it counts as true (§10.5).
    pub(super) fn is_true(&self) -> bool {
        match self.value() {
            None => false,
            Some(Value::Bool(value)) => value,
            Some(Value::Int(value)) => value != 0,
            Some(Value::Float(value)) => value != 0.0,
            Some(Value::Str(text)) => !text.is_empty(),
            Some(Value::List(list)) => !list.is_empty(),
            Some(Value::Map(map)) => !map.is_empty(),
            Some(Value::Struct(fields)) => !fields.is_empty(),
            Some(Value::Func(_)) => true,
        }
    }
}

/// Fills the main template in.
pub(super) fn render(
    templates: &Templates,
    vars: Option<Value>,
    library: &dyn Library,
) -> Result<Vec<u8>, RenderError> {
    let mut renderer = Renderer {
        templates,
        library,
        out: Vec::new(),
        variables: Vec::new(),
        name: "template".to_owned(),
        depth: 0,
    };
    let dot = vars.map_or(Item::Absent, Item::Value);
    renderer.variables.push(("$".to_owned(), dot.clone()));
    let nodes = templates.get(MAIN).map(Vec::as_slice).unwrap_or_default();
    renderer.nodes(nodes, &dot)?;
    Ok(renderer.out)
}

struct Renderer<'t> {
    templates: &'t Templates,
    library: &'t dyn Library,
    out: Vec<u8>,
    variables: Vec<(String, Item)>,
    /// The template at work.
    name: String,
    depth: usize,
}

/// How the work goes on after a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t> Renderer<'t> {
    fn error(&self, span: Range<usize>, message: impl Into<String>) -> RenderError {
        self.failed(span, Failure::new(message))
    }

    fn failed(&self, span: Range<usize>, failure: Failure) -> RenderError {
        RenderError {
            span,
            template: self.name.clone(),
            message: failure.message,
            catchable: failure.catchable,
        }
    }

    fn nodes(&mut self, nodes: &'t [Node], dot: &Item) -> Result<Flow, RenderError> {
        for node in nodes {
            match self.node(node, dot)? {
                Flow::Next => {}
                jump => return Ok(jump),
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &'t Node, dot: &Item) -> Result<Flow, RenderError> {
        match node {
            Node::Text(text) => self.out.extend_from_slice(text),
            Node::Action(pipeline) => {
                let item = self.pipeline(pipeline, dot)?;
                if pipeline.variables.is_empty() {
                    format::print(&mut self.out, &item);
                } else {
                    self.bind(pipeline, &[item]);
                }
            }
            Node::If(branch) => return self.branch(branch, dot, |_, dot| dot.clone()),
            Node::With(branch) => return self.branch(branch, dot, |item, _| item.clone()),
            Node::Range(branch) => return self.range(branch, dot),
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
            Node::Template {
                span,
                name,
                dot: pipeline,
            } => {
                let dot = match pipeline {
                    Some(pipeline) => self.pipeline(pipeline, dot)?,
                    None => Item::Absent,
                };
                self.template(span, name, &dot)?;
            }
        }
        Ok(Flow::Next)
    }

    fn template(
        &mut self,
        span: &Range<usize>,
        name: &[u8],
        dot: &Item,
    ) -> Result<(), RenderError> {
        let Some(nodes) = self.templates.get(name) else {
            return Err(self.error(
                span.clone(),
                format!("template {} not defined", quote(name)),
            ));
        };
        if self.depth >= MAX_DEPTH {
            return Err(self.error(
                span.clone(),
                format!("exceeded maximum template depth ({MAX_DEPTH})"),
            ));
        }
        let outer_variables =
            std::mem::replace(&mut self.variables, vec![("$".to_owned(), dot.clone())]);
        let own_name = String::from_utf8_lossy(name).into_owned();
        let outer_name = std::mem::replace(&mut self.name, own_name);
        self.depth += 1;
        // The red zone is far more than one level of these functions needs.
        stacker::maybe_grow(256 << 10, 4 << 20, || self.nodes(nodes, dot))?;
        self.depth -= 1;
        self.name = outer_name;
        self.variables = outer_variables;
        Ok(())
    }

    fn branch(
        &mut self,
        branch: &'t Branch,
        dot: &Item,
        inner: fn(&Item, &Item) -> Item,
    ) -> Result<Flow, RenderError> {
        let outside = self.variables.len();
        let item = self.pipeline(&branch.pipeline, dot)?;
        let is_true = item.is_true();
        let inner = inner(&item, dot);
        self.bind(&branch.pipeline, &[item]);
        let flow = if is_true {
            self.nodes(&branch.then, &inner)
        } else {
            self.nodes(&branch.otherwise, dot)
        };
        self.variables.truncate(outside);
        flow
    }

    fn range(&mut self, branch: &'t Branch, dot: &Item) -> Result<Flow, RenderError> {
        let outside = self.variables.len();
        let item = self.pipeline(&branch.pipeline, dot)?;
        let mut ran = false;
        let elements = self.elements(&branch.pipeline, &item)?;
        // Where there is no element the variables stand for the whole.
        self.bind(&branch.pipeline, &[item.clone(), item]);
        let inside = self.variables.len();
        for (key, element) in elements {
            ran = true;
            match branch.pipeline.variables.len() {
                0 => {}
                1 => self.bind(&branch.pipeline, std::slice::from_ref(&element)),
                _ => self.bind(&branch.pipeline, &[key, element.clone()]),
            }
            let flow = self.nodes(&branch.then, &element)?;
            self.variables.truncate(inside);
            if flow == Flow::Break {
                break;
            }
        }
        let flow = if ran {
            Ok(Flow::Next)
        } else {
            self.nodes(&branch.otherwise, dot)
        };
        self.variables.truncate(outside);
        flow
    }

    /// What a range runs over: index or key, and element.
    fn elements(
        &self,
        pipeline: &Pipeline,
        item: &Item,
    ) -> Result<Box<dyn Iterator<Item = (Item, Item)>>, RenderError> {
        let value = |value: &Value| Item::Value(value.clone());
        let index = |at: usize| Item::Value(Value::Int(at as i64));
        Ok(match item.value() {
            None => Box::new(std::iter::empty()),
            Some(Value::List(list)) => {
                Box::new((0..list.len()).map(move |at| (index(at), value(&list[at]))))
            }
            Some(Value::Map(map)) => {
                let entries: Vec<_> = format::map_entries(&map)
                    .into_iter()
                    .map(|(k, v)| (value(k), value(v)))
                    .collect();
                Box::new(entries.into_iter())
            }
            Some(Value::Struct(fields)) => {
                let entries: Vec<_> = format::entries(&fields)
                    .into_iter()
                    .map(|(name, field)| (Item::Value(name.into()), value(field)))
                    .collect();
                Box::new(entries.into_iter())
            }
            Some(Value::Int(count)) => {
                if pipeline.variables.len() > 1 {
                    return Err(self.error(
                        pipeline.span.clone(),
                        format!("can't use {count} to iterate over more than one variable"),
                    ));
                }
                Box::new((0..count).map(|at| {
                    let at = Item::Value(Value::Int(at));
                    (at.clone(), at)
                }))
            }
            Some(other) => {
                let mut text = Vec::new();
                format::print_value(&mut text, &other);
                return Err(self.error(
                    pipeline.span.clone(),
                    format!(
                        "range can't iterate over {}",
                        String::from_utf8_lossy(&text)
                    ),
                ));
            }
        })
    }

    /// Gives the variables of a pipeline their values.
    fn bind(&mut self, pipeline: &Pipeline, items: &[Item]) {
        for (name, item) in pipeline.variables.iter().zip(items) {
            // A constant has a type as soon as it has a name.
            let item = item.value().map_or(Item::Absent, Item::Value);
            let place = self
                .variables
                .iter_mut()
                .rev()
                .find(|(have, _)| have == name);
            match place {
                Some(place) if pipeline.assigns => place.1 = item,
                _ => self.variables.push((name.clone(), item)),
            }
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Item) -> Result<Item, RenderError> {
        let mut last = None;
        for command in &pipeline.commands {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or(Item::Absent))
    }

    fn command(
        &mut self,
        command: &Command,
        dot: &Item,
        last: Option<Item>,
    ) -> Result<Item, RenderError> {
        let first = &command.first;
        if let Base::Function(name) = &first.base {
            let item = self.call(command, name, dot, last)?;
            return self.fields(first, item);
        }
        if !command.args.is_empty() || last.is_some() {
            return Err(self.error(command.span.clone(), "can't give argument to non-function"));
        }
        if matches!(first.base, Base::Nil) {
            return Err(self.error(first.span.clone(), "nil is not a command"));
        }
        self.operand(first, dot)
    }

    fn call(
        &mut self,
        command: &Command,
        name: &str,
        dot: &Item,
        last: Option<Item>,
    ) -> Result<Item, RenderError> {
        // These two look at one argument after another and stop early.
        if let "and" | "or" = name {
            let mut item = None;
            for operand in &command.args {
                let next = self.operand(operand, dot)?;
                let decided = next.is_true() == (name == "or");
                item = Some(next);
                if decided {
                    break;
                }
            }
            let decided = item
                .as_ref()
                .is_some_and(|item| item.is_true() == (name == "or"));
            let item = if decided { item } else { last.or(item) };
            return item.ok_or_else(|| {
                self.error(
                    command.span.clone(),
                    format!("wrong number of args for {name}: want at least 1 got 0"),
                )
            });
        }
        let mut args = Vec::with_capacity(command.args.len() + 1);
        for operand in &command.args {
            args.push(Argument {
                item: self.operand(operand, dot)?,
                span: operand.span.clone(),
            });
        }
        args.extend(last.map(|item| Argument {
            item,
            span: command.span.clone(),
        }));
        call::call(self.library, name, &args, &command.span)
            .map_err(|(span, failure)| self.failed(span, failure))
    }

    /// What an operand stands for; a function without arguments is called.
    fn operand(&mut self, operand: &Operand, dot: &Item) -> Result<Item, RenderError> {
        let item = match &operand.base {
            Base::Dot => dot.clone(),
            Base::Nil => Item::Absent,
            Base::Bool(value) => Item::Value(Value::Bool(*value)),
            Base::Number(number) => Item::Constant(*number),
            Base::Text(text) => Item::Value(Value::Str(Str::from(&text[..]))),
            Base::Variable(name) => self
                .variables
                .iter()
                .rev()
                .find(|(have, _)| have == name)
                .map(|(_, item)| item.clone())
                // It was declared in the other branch.
                .ok_or_else(|| {
                    self.error(operand.span.clone(), format!("undefined variable: {name}"))
                })?,
            Base::Pipeline(pipeline) => self.pipeline(pipeline, dot)?,
            Base::Function(name) => call::call(self.library, name, &[], &operand.span)
                .map_err(|(span, failure)| self.failed(span, failure))?,
        };
        self.fields(operand, item)
    }

    fn fields(&self, operand: &Operand, item: Item) -> Result<Item, RenderError> {
        operand.fields.iter().try_fold(item, |item, name| {
            field(&item, name).map_err(|failure| self.failed(operand.span.clone(), failure))
        })
    }
}

/// A field of a struct, by its name in title case, or an entry of a map (§10.4).
fn field(item: &Item, name: &str) -> Result<Item, Failure> {
    let found = match item {
        Item::Absent => {
            return Err(Failure::new(format!(
                "nil data; no entry for key {}",
                quote(name.as_bytes())
            )));
        }
        Item::Value(Value::Struct(fields)) => fields
            .iter()
            .find(|(have, _)| title(have) == name)
            .map(|(_, value)| value.clone()),
        // All keys are of one type.
        Item::Value(Value::Map(map))
            if map
                .iter()
                .next()
                .is_none_or(|(key, _)| key.as_str().is_some()) =>
        {
            map.get(&Value::from(name)).cloned()
        }
        other => {
            let ty = other
                .value()
                .map_or_else(String::new, |value| format::type_name(&value));
            return Err(Failure::new(format!(
                "can't evaluate field {name} in type {ty}"
            )));
        }
    };
    found.map(Item::Value).ok_or_else(|| {
        Failure::new(format!(
            "map has no entry for key {}",
            quote(name.as_bytes())
        ))
    })
}
