//! Instantiates statements as nodes.

use std::collections::BTreeMap;

use mgmt_grammar::span::Span;
use mgmt_stdlib::value::List;
use smallvec::smallvec;

use super::super::Evaluator;
use super::super::node::{Control, For, ForKv, Kind, Sink};
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
                let inputs = resource_exprs(stmt);
                let inputs = self.build_all(&inputs, place);
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
}

/// The expressions of a resource statement, in the order in which its node has them as inputs.
fn resource_exprs(stmt: &ResourceStmt) -> Vec<ExprId> {
    let mut exprs = vec![stmt.name];
    for Entry { kind, cond, .. } in &stmt.entries {
        exprs.push(match kind {
            EntryKind::Field { value, .. }
            | EntryKind::Meta { value, .. }
            | EntryKind::MetaStruct { value, .. } => *value,
            EntryKind::Edge { target, .. } => target.name,
        });
        exprs.extend(cond);
    }
    exprs
}

fn edge_exprs(stmt: &EdgeStmt) -> Vec<ExprId> {
    stmt.halves.iter().map(|Half { name, .. }| *name).collect()
}
