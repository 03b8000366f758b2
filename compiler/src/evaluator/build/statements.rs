//! Instantiates statements as nodes.

use std::collections::BTreeMap;

use mgmt_grammar::span::Span;
use mgmt_stdlib::value::List;
use smallvec::{SmallVec, smallvec};

use super::super::Evaluator;
use super::super::node::{Control, For, ForKv, Kind, NodeId, Sink};
use super::Place;
use crate::hir::{EdgeStmt, Entry, EntryKind, ExprId, Half, ResourceStmt, Stmt};

impl Evaluator {
    /// Instantiates statements, in order, as part of a region's output.
    pub(in super::super) fn statements(&mut self, stmts: &[Stmt], place: &Place) {
        for stmt in stmts {
            self.statement(stmt, place);
        }
    }

    fn statement(&mut self, stmt: &Stmt, place: &Place) {
        let node = match stmt {
            Stmt::Resource(stmt) => {
                let inputs = self.resource_inputs(stmt, place);
                let sink = Box::new(Sink::new(stmt.clone()));
                self.node(Kind::Resource(sink), inputs, place, stmt.span)
            }
            Stmt::Edge(stmt) => {
                let inputs = edge_exprs(stmt);
                let inputs = self.build_all(&inputs, place);
                let sink = Box::new(Sink::new(stmt.clone()));
                self.node(Kind::Edge(sink), inputs, place, stmt.span)
            }
            Stmt::If(stmt) => {
                let cond = self.build(stmt.cond, place, None);
                let control = Control::IfStmt {
                    stmt: stmt.clone(),
                    env: place.env.clone(),
                    chosen: None,
                };
                self.node(
                    Kind::Control(Box::new(control)),
                    smallvec![cond],
                    place,
                    stmt.span,
                )
            }
            Stmt::For(stmt) => {
                let over = self.build(stmt.over, place, None);
                let (stmt, env) = (stmt.clone(), place.env.clone());
                let span = stmt.span;
                let control = if stmt.kv {
                    Control::ForKv(ForKv {
                        stmt,
                        env,
                        iterations: BTreeMap::new(),
                    })
                } else {
                    Control::For(For {
                        stmt,
                        env,
                        over: List::default(),
                        iterations: Vec::new(),
                    })
                };
                self.node(
                    Kind::Control(Box::new(control)),
                    smallvec![over],
                    place,
                    span,
                )
            }
            Stmt::Include(include) => {
                let program = self.program.clone();
                let Some(class) = &program.hir[*include].class else {
                    return;
                };
                let env = self.include_env(&place.env, *include);
                let inner = Place {
                    env,
                    region: place.region,
                };
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
                    self.statements(&program.hir[class.target].body, &inner);
                });
                return;
            }
            Stmt::Panic(call) => {
                let call = self.build(*call, place, None);
                self.node(Kind::Panic, smallvec![call], place, Span::default())
            }
        };
        self.store.region_mut(place.region).statements.push(node);
    }

    /// The values of a resource statement: its names, then for each line the value and the condition.
    fn resource_inputs(&mut self, stmt: &ResourceStmt, place: &Place) -> SmallVec<[NodeId; 2]> {
        let mut inputs = smallvec![self.build(stmt.name, place, None)];
        for Entry { kind, cond, span } in &stmt.entries {
            inputs.push(match kind {
                EntryKind::Field { name, value, .. } => {
                    let value = self.build(*value, place, None);
                    let param = stmt.def.as_ref().and_then(|def| def.param(name));
                    if param.is_some_and(|param| param.ty.holds_functions()) {
                        self.export(value, place, *span)
                    } else {
                        value
                    }
                }
                EntryKind::Meta { value, .. } | EntryKind::MetaStruct { value, .. } => {
                    self.build(*value, place, None)
                }
                EntryKind::Edge { target, .. } => self.build(target.name, place, None),
            });
            if let Some(cond) = cond {
                inputs.push(self.build(*cond, place, None));
            }
        }
        inputs
    }
}

fn edge_exprs(stmt: &EdgeStmt) -> Vec<ExprId> {
    stmt.halves.iter().map(|Half { name, .. }| *name).collect()
}
