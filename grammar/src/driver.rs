//! Runs the tables that LALRPOP generates, with error recovery that respects brackets.
//!
//! LALRPOP's own driver drops tokens one by one, and goes on wherever the next one fits: inside a pair of
//! brackets whose first half it has just dropped, or outside of one whose second half is still to come.
//! Either way one mistake becomes several. Here what is dropped and what is given up are
//! whole pairs. That takes layout's word that brackets match. `build.rs` makes the generated code use this
//! module.

pub(crate) use lalrpop_util::state_machine::*;

use crate::token::TokenKind;

/// The state of a parser; see [`lalrpop_util::state_machine::Parser`].
pub(crate) struct Parser<D: ParserDefinition, I> {
    definition: D,
    tokens: I,
    states: Vec<D::StateIndex>,
    symbols: Vec<SymbolTriple<D>>,
    /// The places in `states` of the brackets that are not closed yet.
    open: Vec<usize>,
    /// The end of the last token.
    end: u32,
    mistakes: usize,
}

/// What could have stood at a mistake takes long to find out. After so many of them nobody wants to know.
const MAX_EXPLAINED: usize = 1000;

/// The next token; none at the end.
type Lookahead<D> = Option<(TokenTriple<D>, <D as ParserDefinition>::TokenIndex)>;

/// Why there is no next step: the parse is over, one way or the other.
type Finished<D> = ParseResult<D>;

impl<D, I> Parser<D, I>
where
    D: ParserDefinition<Location = u32, Token = TokenKind>,
    I: Iterator<Item = Result<TokenTriple<D>, ParseError<D>>>,
{
    /// Parses `tokens` as `definition` has it.
    pub(crate) fn drive(definition: D, tokens: I) -> ParseResult<D> {
        let states = vec![definition.start_state()];
        let mut parser = Self {
            definition,
            tokens,
            states,
            symbols: Vec::new(),
            open: Vec::new(),
            end: 0,
            mistakes: 0,
        };
        let Err(result) = parser.run();
        result
    }

    fn run(&mut self) -> Result<std::convert::Infallible, Finished<D>> {
        let mut lookahead = self.next()?;
        loop {
            let action = self.action(self.top(), lookahead.as_ref());
            if let Some(reduce) = action.as_reduce() {
                self.reduce(reduce, lookahead.as_ref())?;
            } else if let (Some(state), Some(((start, token, end), index))) =
                (action.as_shift(), lookahead)
            {
                self.shift(state, start, token, index, end);
                lookahead = self.next()?;
            } else {
                lookahead = self.recover(lookahead)?;
            }
        }
    }

    fn top(&self) -> D::StateIndex {
        *self
            .states
            .last()
            .expect("the start state is never taken off the stack")
    }

    fn action(
        &self,
        state: D::StateIndex,
        lookahead: Option<&(TokenTriple<D>, D::TokenIndex)>,
    ) -> D::Action {
        match lookahead {
            Some((_, index)) => self.definition.action(state, *index),
            None => self.definition.eof_action(state),
        }
    }

    fn next(&mut self) -> Result<Lookahead<D>, Finished<D>> {
        let Some(token) = self.tokens.next() else {
            return Ok(None);
        };
        let token = token.map_err(Err)?;
        self.end = token.2;
        match self.definition.token_to_index(&token.1) {
            Some(index) => Ok(Some((token, index))),
            None => Err(Err(self.unexpected(Some(token)))),
        }
    }

    fn shift(
        &mut self,
        state: D::StateIndex,
        start: u32,
        token: TokenKind,
        index: D::TokenIndex,
        end: u32,
    ) {
        if token.is_open() {
            self.open.push(self.states.len());
        } else if token.is_close() {
            self.open.pop();
        }
        self.states.push(state);
        let symbol = self.definition.token_to_symbol(index, token);
        self.symbols.push((start, symbol, end));
    }

    fn reduce(
        &mut self,
        reduce: D::ReduceIndex,
        lookahead: Option<&(TokenTriple<D>, D::TokenIndex)>,
    ) -> Result<(), Finished<D>> {
        let start = lookahead.map(|(token, _)| &token.0);
        match self
            .definition
            .reduce(reduce, start, &mut self.states, &mut self.symbols)
        {
            Some(result) => Err(result),
            None => Ok(()),
        }
    }

    fn unexpected(&self, token: Option<TokenTriple<D>>) -> ParseError<D> {
        let expected = if self.mistakes > MAX_EXPLAINED {
            Vec::new()
        } else {
            self.definition.expected_tokens_from_states(&self.states)
        };
        match token {
            Some(token) => ParseError::<D>::UnrecognizedToken { token, expected },
            None => ParseError::<D>::UnrecognizedEof {
                location: self.end,
                expected,
            },
        }
    }

    /// Drops what has to be dropped until the parse can go on, and gives the next token then.
    fn recover(&mut self, mut lookahead: Lookahead<D>) -> Result<Lookahead<D>, Finished<D>> {
        self.mistakes += 1;
        let error = self.unexpected(lookahead.map(|(token, _)| token));
        // What is complete before the mistake is kept.
        while let Some(reduce) = self.definition.error_action(self.top()).as_reduce() {
            self.reduce(reduce, lookahead.as_ref())?;
        }
        let mut dropped: Option<(u32, u32)> = None;
        let mut closed = 0;
        let top = loop {
            if let Some(top) = self.resumable(lookahead.as_ref(), closed) {
                break top;
            }
            let Some(((start, token, mut end), _)) = lookahead else {
                return Err(Err(error));
            };
            if token.is_open() {
                end = self.drop_pair()?;
            } else if token.is_close() {
                closed += 1;
            }
            dropped = Some((dropped.map_or(start, |(start, _)| start), end));
            lookahead = self.next()?;
        };
        let given_up = self.symbols.get(top).map(|symbol| symbol.0);
        let before = top.checked_sub(1).map_or(0, |last| self.symbols[last].2);
        let start = given_up
            .or(dropped.map(|(start, _)| start))
            .unwrap_or(before);
        let given_up = self.symbols.get(top..).and_then(|symbols| symbols.last());
        let end = dropped
            .map(|(_, end)| end)
            .or(given_up.map(|symbol| symbol.2))
            .unwrap_or(start);
        self.states.truncate(top + 1);
        self.symbols.truncate(top);
        self.open.retain(|open| *open <= top);
        if let Some(state) = self.definition.error_action(self.top()).as_shift() {
            self.states.push(state);
        }
        let symbol = self
            .definition
            .error_recovery_symbol(lalrpop_util::ErrorRecovery {
                error,
                dropped_tokens: Vec::new(),
            });
        self.symbols.push((start, symbol, end));
        Ok(lookahead)
    }

    /// Drops everything up to the bracket that closes the one just dropped, and gives its end.
    fn drop_pair(&mut self) -> Result<u32, Finished<D>> {
        let mut depth = 1;
        while depth > 0
            && let Some(((_, token, _), _)) = self.next()?
        {
            if token.is_open() {
                depth += 1;
            } else if token.is_close() {
                depth -= 1;
            }
        }
        Ok(self.end)
    }

    /// The place on the stack, as near to the top as can be, from which the parse can go on with this token
    /// if what is above it counts as a mistake. After `closed` closing brackets were dropped, it is
    /// among those that are outside of as many pairs.
    fn resumable(
        &self,
        lookahead: Option<&(TokenTriple<D>, D::TokenIndex)>,
        closed: usize,
    ) -> Option<usize> {
        let pairs = self.open.len().checked_sub(closed)?;
        let above = self.open.get(pairs).copied().unwrap_or(self.states.len());
        let lowest = pairs.checked_sub(1).map_or(0, |last| self.open[last]);
        (lowest..above).rev().find(|top| {
            self.definition
                .error_action(self.states[*top])
                .as_shift()
                .is_some_and(|state| self.accepts(*top + 1, state, lookahead))
        })
    }

    /// Whether the token can be shifted, after reductions, when `state` stands on the first `below` states.
    fn accepts(
        &self,
        mut below: usize,
        state: D::StateIndex,
        lookahead: Option<&(TokenTriple<D>, D::TokenIndex)>,
    ) -> bool {
        let mut above = vec![state];
        loop {
            let top = above.last().copied().unwrap_or(self.states[below - 1]);
            let action = self.action(top, lookahead);
            let Some(reduce) = action.as_reduce() else {
                return action.is_shift();
            };
            match self.definition.simulate_reduce(reduce) {
                SimulatedReduce::Accept => return true,
                SimulatedReduce::Reduce {
                    states_to_pop,
                    nonterminal_produced,
                } => {
                    let from_above = states_to_pop.min(above.len());
                    above.truncate(above.len() - from_above);
                    below -= states_to_pop - from_above;
                    let top = above.last().copied().unwrap_or(self.states[below - 1]);
                    above.push(self.definition.goto(top, nonterminal_produced));
                }
            }
        }
    }
}
