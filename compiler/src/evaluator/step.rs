//! The evaluation of one node.

use std::sync::Arc;

use mgmt_stdlib::catalog::{CallError, CallResult, Implementation};
use mgmt_stdlib::functions::operator;
use mgmt_stdlib::value::{List, Map, Str, Struct, Value};
use smallvec::SmallVec;

use super::node::{Failure, Kind, NodeId, State};
use super::{Evaluator, Request, call_id};
use crate::interpret;

impl Evaluator {
    /// Evaluates one node with what its inputs hold now.
    pub(super) fn evaluate(&mut self, id: NodeId) {
        // Taken out and put back, since evaluation may create and remove other nodes.
        let mut kind = std::mem::replace(&mut self.store.get_mut(id).kind, Kind::Free);
        let state = match &mut kind {
            Kind::Control(control) => {
                // Its regions must be found when heights change on the way.
                Some(self.run_control(id, control))
            }
            Kind::Free | Kind::Const | Kind::Cell => None,
            kind => self.evaluate_plain(id, kind),
        };
        let is_stmt = matches!(&kind, Kind::Control(control) if control.is_stmt());
        self.store.get_mut(id).kind = kind;
        if let Some(state) = state {
            let changed = self.store.set_state(id, state);
            if changed && is_stmt {
                self.touched.push(id);
            }
        }
    }

    fn evaluate_plain(&mut self, id: NodeId, kind: &mut Kind) -> Option<State> {
        match kind {
            Kind::Select => return Some(self.select_state(id)),
            Kind::Package(package) => return Some(self.packed(id, package)),
            Kind::Gather(gather) => {
                // Its only input is the controller.
                let control = self.store.get(id).inputs.first()?;
                return Some(match &self.store.get(*control).state {
                    State::Ready(_) => gather.state(&self.store),
                    other => other.clone(),
                });
            }
            Kind::Part { gather, at } => {
                let gather = *gather;
                if let Kind::Gather(list) = &mut self.store.get_mut(gather).kind {
                    list.mark(*at);
                }
                self.store.enqueue(gather);
                return Some(State::Ready(Value::Bool(true)));
            }
            _ => {}
        }
        let node = self.store.get(id);
        let span = node.span;
        let mut values: SmallVec<[Value; 4]> = SmallVec::with_capacity(node.inputs.len());
        let mut failed = None;
        let mut pending = false;
        for input in &node.inputs {
            match &self.store.get(*input).state {
                State::Pending => pending = true,
                State::Failed(failure) => {
                    failed.get_or_insert_with(|| failure.clone());
                }
                State::Ready(value) => values.push(value.clone()),
            }
        }
        if let Kind::Resource(_) | Kind::Edge(_) | Kind::Panic = kind {
            self.touched.push(id);
        }
        if pending {
            if let Kind::Sampled(sampled) = kind
                && std::mem::replace(&mut sampled.fed, false)
            {
                self.unfed += 1;
            }
            return Some(State::Pending);
        }
        if let Some(failure) = failed {
            if let Kind::Sampled(sampled) = kind
                && !std::mem::replace(&mut sampled.fed, true)
            {
                // It is not called with failed arguments, so nobody has to wait for it.
                self.unfed -= 1;
                sampled.args = None;
            }
            return Some(State::Failed(failure));
        }
        let result: CallResult = match kind {
            Kind::Call(function, ty) => match &function.implementation {
                Implementation::Pure(call) => call(&values),
                Implementation::Typed(call) => match ty {
                    Some(ty) => call(ty, &values),
                    None => call(&by_values(&values), &values),
                },
                _ => Err(CallError::fatal(
                    "internal error: this function is not called like this",
                )),
            },
            Kind::CallExported(func) => func.call(&values),
            Kind::Sampled(sampled) => {
                let args = values.into_vec();
                let same = sampled.args.as_ref().is_some_and(|was| {
                    was.len() == args.len() && was.iter().zip(&args).all(|(a, b)| a.is_same(b))
                });
                if same {
                    if sampled.fed {
                        return None;
                    }
                    // What it waits for is under way.
                    return Some(State::Pending);
                }
                if std::mem::replace(&mut sampled.fed, false) {
                    self.unfed += 1;
                }
                sampled.args = Some(args.clone());
                self.requests.push(Request::Start {
                    id: call_id(id),
                    function: sampled.function.clone(),
                    start: sampled.start.clone(),
                    args,
                });
                return Some(State::Pending);
            }
            Kind::List => Ok(Value::List(List::from(values.into_vec()))),
            Kind::Map => {
                let mut entries = values.into_iter();
                let mut pairs = Vec::new();
                while let (Some(key), Some(value)) = (entries.next(), entries.next()) {
                    pairs.push((key, value));
                }
                Ok(Value::Map(pairs.into_iter().collect::<Map>()))
            }
            Kind::Struct(names) => Ok(Value::Struct(Struct::new(names.clone(), values.into_vec()))),
            Kind::Join => {
                let parts: Vec<&Str> = values.iter().filter_map(Value::as_str).collect();
                Ok(Value::Str(Str::concat(&parts)))
            }
            Kind::Lookup => operator::look_up(&values),
            Kind::Field(name) => field(&values, name).ok_or_else(|| {
                CallError::fatal(format!("internal error: the struct has no field `{name}`"))
            }),
            Kind::FieldOr(name) => Ok(field(&values, name).unwrap_or_else(|| values[1].clone())),
            Kind::Resource(sink) => {
                return Some(
                    match interpret::resource(&sink.stmt, &values, sink.output.as_deref()) {
                        Ok(output) => {
                            sink.give(output);
                            State::Ready(Value::Bool(true))
                        }
                        Err(diagnostic) => State::Failed(Arc::new(Failure::Interpret(diagnostic))),
                    },
                );
            }
            Kind::Edge(sink) => {
                sink.give(interpret::edge(&sink.stmt, &values));
                Ok(Value::Bool(true))
            }
            Kind::Panic => Ok(Value::Bool(true)),
            Kind::Free
            | Kind::Const
            | Kind::Cell
            | Kind::Select
            | Kind::Gather(_)
            | Kind::Package(_)
            | Kind::Part { .. }
            | Kind::Control(_) => return None,
        };
        self.state_of(result, span)
    }

    fn select_state(&self, id: NodeId) -> State {
        let inputs = &self.store.get(id).inputs;
        let Some(control) = inputs.first() else {
            return State::Pending;
        };
        match (&self.store.get(*control).state, inputs.get(1)) {
            (State::Ready(_), Some(chosen)) => {
                if self.store.is_alive(*chosen) {
                    self.store.get(*chosen).state.clone()
                } else {
                    State::Pending
                }
            }
            (State::Ready(_), None) => State::Pending,
            (other, _) => other.clone(),
        }
    }
}

fn field(values: &[Value], name: &str) -> Option<Value> {
    values.first()?.as_struct()?.get(name).cloned()
}

/// The types of a call as far as its values tell, where nobody asked for the inferred ones.
fn by_values(values: &[Value]) -> mgmt_stdlib::types::FuncType {
    use mgmt_stdlib::types::{FuncType, Type};
    let args = values
        .iter()
        .map(|value| (ecow::EcoString::new(), value.ty().unwrap_or(Type::Variant)))
        .collect();
    FuncType {
        args,
        result: Type::Str,
    }
}
