//! Which operator binds tighter (language.md §2.4).
//!
//! The grammar hands over operands and operators as they stand. Operators whose right side is not
//! complete wait on a stack. It is shared by all chains of a file: each chain knows where its own part
//! starts, and drops what error recovery may have left above it.

use super::Builder;
use crate::ast::{BinaryOp, ExprId, ExprKind, Ident};
use crate::error::SyntaxErrorKind;
use crate::span::Span;

/// An operator between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Binary(BinaryOp),
    Except,
}

/// Operands and operators in a row, up to here.
pub(crate) struct Chain {
    /// Where this chain's part of the stack starts.
    base: u32,
    /// Where it ends.
    top: u32,
    /// The operand that stands last.
    last: ExprId,
}

/// Operands and operators in a row, of which the last is an operator.
pub(crate) struct OpenChain {
    base: u32,
    top: u32,
}

/// An operator that waits for its right side to be complete.
pub(crate) struct PendingOperator {
    kind: Pending,
    start: u32,
}

enum Pending {
    Not,
    Binary {
        op: BinaryOp,
        op_span: Span,
        lhs: ExprId,
    },
    Except {
        main: ExprId,
    },
    /// `base->field <|>`: the pair binds as tight as `->` on the left, and as loose as `<|>` on the right.
    Default {
        base: ExprId,
        field: Ident,
    },
}

/// How tight an operator binds; more is tighter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Except,
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Not,
}

impl Operator {
    fn level(self) -> Level {
        match self {
            Self::Except => Level::Except,
            Self::Binary(op) => match op {
                BinaryOp::Or => Level::Or,
                BinaryOp::And => Level::And,
                BinaryOp::Eq
                | BinaryOp::Ne
                | BinaryOp::Lt
                | BinaryOp::Gt
                | BinaryOp::Le
                | BinaryOp::Ge
                | BinaryOp::In => Level::Comparison,
                BinaryOp::Add | BinaryOp::Sub => Level::Sum,
                BinaryOp::Mul | BinaryOp::Div => Level::Product,
            },
        }
    }
}

impl PendingOperator {
    /// How tight it binds to what stands on its right.
    fn level(&self) -> Level {
        match &self.kind {
            Pending::Not => Level::Not,
            Pending::Binary { op, .. } => Operator::Binary(*op).level(),
            Pending::Except { .. } | Pending::Default { .. } => Level::Except,
        }
    }
}

impl OpenChain {
    pub(crate) fn closed(self, operand: ExprId) -> Chain {
        Chain {
            base: self.base,
            top: self.top,
            last: operand,
        }
    }
}

impl Builder<'_> {
    pub(crate) fn start_chain(&mut self, operand: ExprId) -> Chain {
        let base = self.operators.len() as u32;
        Chain {
            base,
            top: base,
            last: operand,
        }
    }

    /// A chain that starts with `not`, which stands at `start`.
    pub(crate) fn start_negated_chain(&mut self, start: u32) -> OpenChain {
        let base = self.operators.len() as u32;
        self.push_not(OpenChain { base, top: base }, start)
    }

    pub(crate) fn push_not(&mut self, open: OpenChain, start: u32) -> OpenChain {
        self.push(open.base, open.top, Pending::Not, start)
    }

    /// Adds the operator from `l` to `r`, after applying those that bind tighter to what stands before it.
    pub(crate) fn push_operator(
        &mut self,
        chain: Chain,
        l: u32,
        operator: Operator,
        r: u32,
    ) -> OpenChain {
        let last = self.exprs.len().saturating_sub(1);
        if operator == Operator::Except
            && chain.last.index() == last
            && let Some((base, field)) = self.take_field()
        {
            let start = self.exprs[base.index()].span.start;
            return self.push(
                chain.base,
                chain.top,
                Pending::Default { base, field },
                start,
            );
        }
        let op_span = self.span(l, r);
        let level = operator.level();
        let (lhs, top) = self.apply(&chain, level);
        if level == Level::Comparison {
            self.check_comparison(lhs, op_span);
        }
        let kind = match operator {
            Operator::Binary(op) => Pending::Binary { op, op_span, lhs },
            Operator::Except => Pending::Except { main: lhs },
        };
        let start = self.exprs[lhs.index()].span.start;
        self.push(chain.base, top, kind, start)
    }

    /// Applies what still waits.
    pub(crate) fn finish_chain(&mut self, chain: Chain) -> ExprId {
        if chain.base == chain.top {
            return chain.last;
        }
        self.apply(&chain, Level::Except).0
    }

    fn push(&mut self, base: u32, top: u32, kind: Pending, start: u32) -> OpenChain {
        self.operators.truncate(top as usize);
        self.operators.push(PendingOperator { kind, start });
        OpenChain { base, top: top + 1 }
    }

    /// Takes the node made last back, if it is `base->field`: followed by `<|>` it becomes part of another.
    fn take_field(&mut self) -> Option<(ExprId, Ident)> {
        let ExprKind::Field {
            default: None,
            base,
            ..
        } = self.exprs.last()?.kind
        else {
            return None;
        };
        self.depths.pop();
        match self.exprs.pop()?.kind {
            ExprKind::Field { field, .. } => Some((base, field)),
            _ => None,
        }
    }

    /// Applies the waiting operators that bind at least as tight as `level` to the last operand. Gives the
    /// result and the new top of the stack.
    fn apply(&mut self, chain: &Chain, level: Level) -> (ExprId, u32) {
        self.operators.truncate(chain.top as usize);
        let mut operand = chain.last;
        while self.operators.len() > chain.base as usize
            && let Some(pending) = self.operators.pop_if(|pending| pending.level() >= level)
        {
            operand = self.complete(pending, operand);
        }
        (operand, self.operators.len() as u32)
    }

    fn complete(&mut self, pending: PendingOperator, rhs: ExprId) -> ExprId {
        let span = self.span(pending.start, self.exprs[rhs.index()].span.end);
        match pending.kind {
            Pending::Not => self.node(ExprKind::Not(rhs), span, &[rhs]),
            Pending::Binary { op, op_span, lhs } => {
                let kind = ExprKind::Binary {
                    op,
                    op_span,
                    lhs,
                    rhs,
                };
                self.node(kind, span, &[lhs, rhs])
            }
            Pending::Except { main } => {
                let kind = ExprKind::Except {
                    main,
                    fallback: rhs,
                };
                self.node(kind, span, &[main, rhs])
            }
            Pending::Default { base, field } => {
                let kind = ExprKind::Field {
                    base,
                    field,
                    default: Some(rhs),
                };
                self.node(kind, span, &[base, rhs])
            }
        }
    }

    /// Reports a comparison whose left side is one too.
    fn check_comparison(&mut self, lhs: ExprId, operator: Span) {
        if let ExprKind::Binary { op, op_span, .. } = self.exprs[lhs.index()].kind
            && Operator::Binary(op).level() == Level::Comparison
        {
            self.report(
                SyntaxErrorKind::ChainedComparison { first: op_span },
                operator,
            );
        }
    }
}
