//! Instantiates expressions as nodes.

mod calls;
mod names;
mod statements;

use std::sync::Arc;

use mgmt_grammar::span::Span;
use mgmt_stdlib::value::{Func, Value};
use smallvec::{SmallVec, smallvec};

use super::Evaluator;
use super::env::{Closure, Env};
use super::node::{Control, Kind, NodeId, RegionId, State};
use crate::hir::{ExprId, ExprKind};

/// Where something is instantiated.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub env: Arc<Env>,
    pub region: RegionId,
}

impl Evaluator {
    fn node(
        &mut self,
        kind: Kind,
        inputs: SmallVec<[NodeId; 2]>,
        place: &Place,
        span: Span,
    ) -> NodeId {
        self.store.add(kind, inputs, place.region, span, None)
    }

    pub(super) fn select(
        &mut self,
        inputs: SmallVec<[NodeId; 2]>,
        place: &Place,
        span: Span,
    ) -> NodeId {
        self.store.add(
            Kind::Select,
            inputs,
            place.region,
            span,
            Some(State::Pending),
        )
    }

    fn constant(&mut self, value: Value, span: Span) -> NodeId {
        let root = self.root;
        self.store.add(
            Kind::Const,
            SmallVec::new(),
            root,
            span,
            Some(State::Ready(value)),
        )
    }

    fn build_all(&mut self, exprs: &[ExprId], place: &Place) -> SmallVec<[NodeId; 2]> {
        exprs
            .iter()
            .map(|expr| self.build(*expr, place, None))
            .collect()
    }

    /// Instantiates an expression. `shown` is the call that errors of its last step are told at, if it is
    /// the result of a called function (language.md §6.8).
    pub(super) fn build(&mut self, id: ExprId, place: &Place, shown: Option<Span>) -> NodeId {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            self.build_nested(id, place, shown)
        })
    }

    fn build_nested(&mut self, id: ExprId, place: &Place, shown: Option<Span>) -> NodeId {
        let program = self.program.clone();
        let expr = &program.hir[id];
        let span = shown.unwrap_or(expr.span);
        match &expr.kind {
            // A program with errors is not run; were it, this would wait for ever.
            ExprKind::Error => self.store.add(
                Kind::Cell,
                SmallVec::new(),
                place.region,
                span,
                Some(State::Pending),
            ),
            ExprKind::Hostname => self.constant(Value::str(""), span),
            ExprKind::Const(value, _) => match self.constants.get(&id) {
                Some(known) => *known,
                None => {
                    let node = self.constant(value.clone(), span);
                    self.constants.insert(id, node);
                    node
                }
            },
            ExprKind::List(items) => {
                let inputs = self.build_all(items, place);
                self.node(Kind::List, inputs, place, span)
            }
            ExprKind::Map(entries) => {
                let flat: Vec<ExprId> = entries
                    .iter()
                    .flat_map(|(key, value)| [*key, *value])
                    .collect();
                let inputs = self.build_all(&flat, place);
                self.node(Kind::Map, inputs, place, span)
            }
            ExprKind::Struct(names, values) => {
                let inputs = self.build_all(values, place);
                self.node(Kind::Struct(names.clone()), inputs, place, span)
            }
            ExprKind::Var(var) => self.variable(var, place),
            ExprKind::StrVar(inner) => self.build(*inner, place, shown),
            ExprKind::Interpolated(parts) => {
                let inputs = self.build_all(parts, place);
                self.node(Kind::Join, inputs, place, span)
            }
            ExprKind::Builtin { function, args, .. } => {
                self.builtin(id, function, args, place, span)
            }
            ExprKind::CallFunc { func, args } => {
                let args: SmallVec<[NodeId; 4]> = args
                    .iter()
                    .map(|arg| self.build(*arg, place, None))
                    .collect();
                self.call_func(id, func, &args, place, span)
            }
            ExprKind::CallValue { callee, args } => {
                let args: SmallVec<[NodeId; 4]> = args
                    .iter()
                    .map(|arg| self.build(*arg, place, None))
                    .collect();
                self.call_value(*callee, &args, place, span)
            }
            ExprKind::Lambda(lambda) => {
                let ty = self.lambda_type(id, &place.env);
                let closure = Closure {
                    lambda: *lambda,
                    env: place.env.clone(),
                };
                let value = Value::Func(Func::new(ty, closure));
                self.store.add(
                    Kind::Const,
                    SmallVec::new(),
                    place.region,
                    span,
                    Some(State::Ready(value)),
                )
            }
            ExprKind::If {
                cond,
                then,
                otherwise,
            } => {
                let cond = self.build(*cond, place, None);
                let select = self.select(SmallVec::new(), place, span);
                let control = Control::If {
                    then: *then,
                    otherwise: *otherwise,
                    env: place.env.clone(),
                    select,
                    chosen: None,
                };
                self.control(control, smallvec![cond], place, span, select)
            }
            ExprKind::Except { main, fallback } => {
                let main = self.build(*main, place, None);
                let select = self.select(SmallVec::new(), place, span);
                let control = Control::Except {
                    fallback: *fallback,
                    env: place.env.clone(),
                    select,
                    active: None,
                };
                self.control(control, smallvec![main], place, span, select)
            }
            ExprKind::Lookup { base, key } => {
                let inputs = self.build_all(&[*base, *key], place);
                self.node(Kind::Lookup, inputs, place, span)
            }
            ExprKind::Field {
                base,
                name,
                default,
                ..
            } => match default {
                None => {
                    let inputs = self.build_all(&[*base], place);
                    self.node(Kind::Field(name.clone()), inputs, place, span)
                }
                Some(default) => {
                    let inputs = self.build_all(&[*base, *default], place);
                    self.node(Kind::FieldOr(name.clone()), inputs, place, span)
                }
            },
        }
    }

    /// A controller and the node that shows what it chose.
    pub(super) fn control(
        &mut self,
        control: Control,
        inputs: SmallVec<[NodeId; 2]>,
        place: &Place,
        span: Span,
        result: NodeId,
    ) -> NodeId {
        let control = self.node(Kind::Control(Box::new(control)), inputs, place, span);
        self.store.set_inputs(result, smallvec![control]);
        result
    }
}
