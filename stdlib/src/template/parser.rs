//! Tokens into a tree (functions.md §10.2, §10.3).

use std::collections::VecDeque;
use std::rc::Rc;

use super::Library;
use super::ast::{Base, Branch, Command, MAIN, Node, Operand, Pipeline, Templates};
use super::builtin;
use super::lexer::{Kind, Piece, SyntaxError, Token, pieces};

/// Blocks and parentheses nested deeper than this are refused, so that no text exhausts the stack.
const MAX_DEPTH: usize = 200;

/// Reads a template and those that it defines.
pub(super) fn parse(text: &[u8], library: &dyn Library) -> Result<Templates, SyntaxError> {
    let mut parser = Parser {
        pieces: pieces(text).into(),
        library,
        templates: Templates::new(),
        variables: vec!["$".to_owned()],
        end: text.len(),
        depth: 0,
        ranges: 0,
    };
    let (nodes, ending) = parser.nodes(true)?;
    if let Some(ending) = ending {
        return Err(ending.unexpected());
    }
    parser.define(MAIN.to_vec(), nodes, 0)?;
    Ok(parser.templates)
}

struct Parser<'p> {
    pieces: VecDeque<Piece>,
    library: &'p dyn Library,
    templates: Templates,
    /// The variables in scope.
    variables: Vec<String>,
    /// Where the text ends.
    end: usize,
    depth: usize,
    /// How many ranges are open here.
    ranges: usize,
}

/// What ends a block.
struct Ending {
    at: usize,
    /// The rest of an `else`; nothing for an `end`.
    otherwise: Option<Action>,
}

impl Ending {
    fn unexpected(&self) -> SyntaxError {
        let word = if self.otherwise.is_some() {
            "else"
        } else {
            "end"
        };
        SyntaxError::new(self.at, format!("unexpected {{{{{word}}}}}"))
    }
}

impl Parser<'_> {
    /// Parts up to an `end` or `else`, or to the end of the text.
    fn nodes(&mut self, top: bool) -> Result<(Vec<Node>, Option<Ending>), SyntaxError> {
        self.depth += 1;
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.pop_front() {
            let tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens) => tokens,
                Piece::Broken(error) => return Err(error),
            };
            let mut action = Action::new(tokens);
            if self.depth > MAX_DEPTH {
                return Err(action.error("nested too deeply"));
            }
            let at = action.at();
            let node = match action.keyword() {
                Some("end") => {
                    action.finish("end")?;
                    self.depth -= 1;
                    let otherwise = None;
                    return Ok((nodes, Some(Ending { at, otherwise })));
                }
                Some("else") => {
                    self.depth -= 1;
                    let otherwise = Some(action);
                    return Ok((nodes, Some(Ending { at, otherwise })));
                }
                Some("if") => Node::If(self.branch(&mut action, "if")?),
                Some("with") => Node::With(self.branch(&mut action, "with")?),
                Some("range") => Node::Range(self.branch(&mut action, "range")?),
                Some("break") => self.jump(&mut action, "break", Node::Break)?,
                Some("continue") => self.jump(&mut action, "continue", Node::Continue)?,
                Some("template") => self.template(&mut action, at)?,
                Some("block") => self.block(&mut action, at)?,
                Some("define") => {
                    if !top {
                        return Err(SyntaxError::new(at, "unexpected {{define}}"));
                    }
                    self.definition(&mut action, at)?;
                    continue;
                }
                _ => {
                    let pipeline = self.pipeline(&mut action, Ends::Action)?;
                    if pipeline.commands.is_empty() {
                        return Err(SyntaxError::new(at, "missing value for command"));
                    }
                    Node::Action(pipeline)
                }
            };
            nodes.push(node);
        }
        self.depth -= 1;
        Ok((nodes, None))
    }

    fn jump(&self, action: &mut Action, word: &str, node: Node) -> Result<Node, SyntaxError> {
        if self.ranges == 0 {
            return Err(action.error(format!("{{{{{word}}}}} outside {{{{range}}}}")));
        }
        action.finish(word)?;
        Ok(node)
    }

    /// A condition and its blocks, after the word that starts it.
    fn branch(&mut self, action: &mut Action, word: &str) -> Result<Branch, SyntaxError> {
        // A chain of `else if` nests too.
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(action.error("nested too deeply"));
        }
        let outside = self.variables.len();
        let ends = if word == "range" {
            Ends::Range
        } else {
            Ends::Action
        };
        let pipeline = self.pipeline(action, ends)?;
        if pipeline.commands.is_empty() {
            return Err(action.error(format!("missing value for {word}")));
        }
        self.ranges += usize::from(word == "range");
        let (then, ending) = self.nodes(false)?;
        self.ranges -= usize::from(word == "range");
        let ending = ending.ok_or_else(|| SyntaxError::new(self.end, "unexpected EOF"))?;
        let otherwise = match ending.otherwise {
            None => Vec::new(),
            Some(mut rest) => match rest.keyword() {
                // `else if` stands for a whole `if` with the same end.
                Some("if") if word == "if" => vec![Node::If(self.branch(&mut rest, "if")?)],
                Some("with") if word == "with" => {
                    vec![Node::With(self.branch(&mut rest, "with")?)]
                }
                Some(word) => {
                    return Err(rest.error(format!("unexpected <{word}> in else")));
                }
                None => {
                    rest.finish("else")?;
                    let (nodes, ending) = self.nodes(false)?;
                    match ending {
                        Some(Ending {
                            otherwise: None, ..
                        }) => nodes,
                        Some(ending) => {
                            return Err(SyntaxError::new(
                                ending.at,
                                "expected end; found {{else}}",
                            ));
                        }
                        None => return Err(SyntaxError::new(self.end, "unexpected EOF")),
                    }
                }
            },
        };
        self.variables.truncate(outside);
        self.depth -= 1;
        Ok(Branch {
            pipeline,
            then,
            otherwise,
        })
    }

    fn template(&mut self, action: &mut Action, at: usize) -> Result<Node, SyntaxError> {
        let name = action.text("template clause")?;
        let dot = self.pipeline(action, Ends::Action)?;
        Ok(Node::Template {
            span: at..action.last_end,
            name,
            dot: (!dot.commands.is_empty()).then_some(dot),
        })
    }

    fn block(&mut self, action: &mut Action, at: usize) -> Result<Node, SyntaxError> {
        let name = action.text("block clause")?;
        let dot = self.pipeline(action, Ends::Action)?;
        if dot.commands.is_empty() {
            return Err(action.error("missing value for block clause"));
        }
        let span = at..action.last_end;
        self.body(name.clone(), at)?;
        Ok(Node::Template {
            span,
            name,
            dot: Some(dot),
        })
    }

    fn definition(&mut self, action: &mut Action, at: usize) -> Result<(), SyntaxError> {
        let name = action.text("define clause")?;
        action.finish("define clause")?;
        self.body(name, at)
    }

    /// What a template of this name is, up to its end. It sees no variables from outside.
    fn body(&mut self, name: Vec<u8>, at: usize) -> Result<(), SyntaxError> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let ranges = std::mem::take(&mut self.ranges);
        let (nodes, ending) = self.nodes(false)?;
        (self.variables, self.ranges) = (variables, ranges);
        match ending {
            Some(Ending {
                otherwise: None, ..
            }) => self.define(name, nodes, at),
            Some(ending) => Err(ending.unexpected()),
            None => Err(SyntaxError::new(self.end, "unexpected EOF")),
        }
    }

    fn define(&mut self, name: Vec<u8>, nodes: Vec<Node>, at: usize) -> Result<(), SyntaxError> {
        match self.templates.get(&name) {
            Some(have) if !is_empty(have) => {
                if is_empty(&nodes) && name != MAIN {
                    return Ok(());
                }
                Err(SyntaxError::new(
                    at,
                    format!(
                        "template: multiple definition of template {}",
                        crate::value::quote(&name)
                    ),
                ))
            }
            _ => {
                self.templates.insert(name, nodes);
                Ok(())
            }
        }
    }

    /// Variables and commands up to where the pipeline ends.
    fn pipeline(&mut self, action: &mut Action, ends: Ends) -> Result<Pipeline, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(action.error("nested too deeply"));
        }
        action.spaces();
        let start = action.at();
        let (variables, assigns) = match ends {
            Ends::Parenthesis => (Vec::new(), false),
            _ => self.declaration(action, ends)?,
        };
        let mut commands: Vec<Command> = Vec::new();
        loop {
            action.spaces();
            let closes = match action.peek() {
                Kind::End if ends != Ends::Parenthesis => true,
                Kind::Close if ends == Ends::Parenthesis => true,
                Kind::End | Kind::Close => return Err(action.unexpected("input")),
                _ => false,
            };
            if closes {
                break;
            }
            commands.push(self.command(action)?);
            if *action.peek() == Kind::Pipe {
                action.next();
                action.spaces();
                if matches!(action.peek(), Kind::End | Kind::Close) {
                    return Err(action.error("missing value for command"));
                }
            }
        }
        if commands.is_empty() && (!variables.is_empty() || ends == Ends::Parenthesis) {
            return Err(action.error("missing value for command"));
        }
        for (stage, command) in commands.iter().enumerate().skip(1) {
            let runs = !matches!(
                command.first.base,
                Base::Bool(_) | Base::Dot | Base::Nil | Base::Number(_) | Base::Text(_)
            ) || !command.first.fields.is_empty();
            if !runs {
                return Err(SyntaxError::new(
                    command.span.start,
                    format!("non executable command in pipeline stage {}", stage + 1),
                ));
            }
        }
        if !assigns {
            self.variables.extend(variables.iter().cloned());
        }
        self.depth -= 1;
        Ok(Pipeline {
            span: start..action.last_end.max(start),
            variables,
            assigns,
            commands,
        })
    }

    /// `$x :=`, `$x =` or, in a range, `$i, $x :=`.
    fn declaration(
        &mut self,
        action: &mut Action,
        ends: Ends,
    ) -> Result<(Vec<String>, bool), SyntaxError> {
        let mut ahead = action.clone();
        let mut names = Vec::new();
        while let Kind::Variable(name) = ahead.peek() {
            names.push(name.clone());
            ahead.next();
            ahead.spaces();
            match ahead.peek() {
                Kind::Comma if ends == Ends::Range && names.len() < 2 => {
                    ahead.next();
                    ahead.spaces();
                    if !matches!(ahead.peek(), Kind::Variable(_)) {
                        return Err(ahead.error("range can only initialize variables"));
                    }
                }
                Kind::Comma if ends == Ends::Range => {
                    return Err(ahead.error("too many declarations in range"));
                }
                Kind::Declare | Kind::Assign => {
                    let assigns = *ahead.peek() == Kind::Assign;
                    ahead.next();
                    if assigns {
                        for name in &names {
                            self.known(name, &ahead)?;
                        }
                    }
                    *action = ahead;
                    return Ok((names, assigns));
                }
                _ => break,
            }
        }
        Ok((Vec::new(), false))
    }

    fn known(&self, name: &str, action: &Action) -> Result<(), SyntaxError> {
        if self.variables.iter().any(|known| known == name) {
            Ok(())
        } else {
            Err(action.error(format!("undefined variable \"{name}\"")))
        }
    }

    fn command(&mut self, action: &mut Action) -> Result<Command, SyntaxError> {
        let first = self.operand(action)?;
        let mut args = Vec::new();
        loop {
            match action.peek() {
                Kind::Space => {
                    action.spaces();
                    if !matches!(action.peek(), Kind::End | Kind::Close | Kind::Pipe) {
                        args.push(self.operand(action)?);
                    }
                }
                Kind::End | Kind::Close | Kind::Pipe => break,
                _ => return Err(action.unexpected("operand")),
            }
        }
        let end = args
            .last()
            .map_or(first.span.end, |last: &Operand| last.span.end);
        Ok(Command {
            span: first.span.start..end,
            first,
            args,
        })
    }

    fn operand(&mut self, action: &mut Action) -> Result<Operand, SyntaxError> {
        let start = action.at();
        let mut fields = Vec::new();
        let base = match action.peek().clone() {
            Kind::Dot => Base::Dot,
            Kind::Field(name) => {
                fields.push(name);
                Base::Dot
            }
            Kind::Variable(name) => {
                self.known(&name, action)?;
                Base::Variable(name)
            }
            Kind::Text(text) => Base::Text(text),
            Kind::Number(number) => Base::Number(number),
            Kind::Word(word) => match word.as_str() {
                "true" => Base::Bool(true),
                "false" => Base::Bool(false),
                "nil" => Base::Nil,
                _ if KEYWORDS.contains(&word.as_str()) => {
                    return Err(action.unexpected("command"));
                }
                _ if builtin::find(&word).is_some() || self.library.find(&word).is_some() => {
                    Base::Function(word)
                }
                _ => return Err(action.error(format!("function \"{word}\" not defined"))),
            },
            Kind::Open => {
                action.next();
                let pipeline = self.pipeline(action, Ends::Parenthesis)?;
                Base::Pipeline(Box::new(pipeline))
            }
            _ => return Err(action.unexpected("command")),
        };
        action.next();
        while let Kind::Field(name) = action.peek() {
            let is_dot = matches!(base, Base::Dot) && fields.is_empty();
            if is_dot
                || matches!(
                    base,
                    Base::Bool(_) | Base::Text(_) | Base::Number(_) | Base::Nil
                )
            {
                return Err(action.unexpected("operand"));
            }
            fields.push(name.clone());
            action.next();
        }
        Ok(Operand {
            span: start..action.last_end,
            base,
            fields,
        })
    }
}

const KEYWORDS: [&str; 10] = [
    "block", "break", "continue", "define", "else", "end", "if", "range", "template", "with",
];

fn is_empty(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Text(text) => text.trim_ascii().is_empty(),
        _ => false,
    })
}

/// Where a pipeline ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    Action,
    /// With its action, but more variables may come first.
    Range,
    Parenthesis,
}

/// The tokens of an action that are still to be read. Cheap to clone.
#[derive(Clone)]
struct Action {
    tokens: Rc<[Token]>,
    /// Which of them comes next.
    next: usize,
    /// Where the last token that was read, spaces apart, ends.
    last_end: usize,
}

impl Action {
    fn new(tokens: Vec<Token>) -> Self {
        let mut action = Self {
            tokens: tokens.into(),
            next: 0,
            last_end: 0,
        };
        action.spaces();
        action.last_end = action.at();
        action
    }

    /// The next token; an action always ends with one that is not read.
    fn peek(&self) -> &Kind {
        let token = self.tokens.get(self.next);
        token.map_or(&Kind::End, |token| &token.kind)
    }

    fn at(&self) -> usize {
        let token = self.tokens.get(self.next);
        token.map_or(self.last_end, |token| token.span.start)
    }

    fn next(&mut self) {
        if let Some(token) = self.tokens.get(self.next)
            && token.kind != Kind::End
        {
            self.next += 1;
            if token.kind != Kind::Space {
                self.last_end = token.span.end;
            }
        }
    }

    fn spaces(&mut self) {
        while *self.peek() == Kind::Space {
            self.next();
        }
    }

    /// Reads a keyword, if there is one.
    fn keyword(&mut self) -> Option<&'static str> {
        self.spaces();
        let Kind::Word(word) = self.peek() else {
            return None;
        };
        let keyword = KEYWORDS.into_iter().find(|keyword| keyword == word)?;
        self.next();
        Some(keyword)
    }

    /// Reads a string.
    fn text(&mut self, context: &str) -> Result<Vec<u8>, SyntaxError> {
        self.spaces();
        match self.peek().clone() {
            Kind::Text(text) => {
                self.next();
                Ok(text)
            }
            _ => Err(self.unexpected(context)),
        }
    }

    /// Checks that nothing follows.
    fn finish(&mut self, context: &str) -> Result<(), SyntaxError> {
        self.spaces();
        match self.peek() {
            Kind::End => Ok(()),
            _ => Err(self.unexpected(context)),
        }
    }

    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.at(), message)
    }

    fn unexpected(&self, context: &str) -> SyntaxError {
        let what = match self.peek() {
            Kind::Space => "space".to_owned(),
            Kind::Dot => "<.>".to_owned(),
            Kind::Field(name) => format!("<.{name}>"),
            Kind::Variable(name) => format!("<{name}>"),
            Kind::Word(word) if KEYWORDS.contains(&word.as_str()) => format!("<{word}>"),
            Kind::Word(word) => format!("\"{word}\""),
            Kind::Text(text) => crate::value::quote(text),
            Kind::Number(number) => format!("\"{}\"", number.float),
            Kind::Open => "\"(\"".to_owned(),
            Kind::Close => "\")\"".to_owned(),
            Kind::Pipe => "\"|\"".to_owned(),
            Kind::Comma => "\",\"".to_owned(),
            Kind::Declare => "\":=\"".to_owned(),
            Kind::Assign => "\"=\"".to_owned(),
            Kind::End => "\"}}\"".to_owned(),
        };
        self.error(format!("unexpected {what} in {context}"))
    }
}
