//! The template language of Go's `text/template` over values of mcl (functions.md §10).
//!
//! [`Template::parse`] reads a text, [`Template::render`] fills it in. The functions that a template
//! may call besides the built-in ones come from a [`Library`].

mod ast;
mod builtin;
mod call;
mod format;
mod lexer;
mod parser;
mod printf;
mod render;

use crate::catalog::{CallError, CallResult, FunctionDef};
use crate::value::Value;

use ast::Templates;

/// A template that was read.
#[derive(Debug)]
pub struct Template {
    text: Vec<u8>,
    templates: Templates,
}

/// The functions that a template may call besides the built-in ones.
pub trait Library {
    /// The function of that name.
    fn find(&self, name: &str) -> Option<&FunctionDef>;

    /// Calls a function that [`Library::find`] gave. The arguments have the types that it takes.
    ///
    /// # Errors
    /// Those of the function.
    fn call(&self, function: &FunctionDef, args: &[Value]) -> CallResult;
}

/// Why a template can not be read or filled in. Its text is that of functions.md §10.9.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It can not be read.
    #[error("parse error: template: template:{line}: {message}")]
    Parse {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// There is something in its variables that it can do nothing with.
    #[error("can't use `{kind}` as vars input")]
    Vars {
        /// The kind of the value.
        kind: &'static str,
    },
    /// It can not be filled in.
    #[error(
        "execution error: template: template:{line}:{column}: executing {} at <{source_text}>: {message}",
        crate::value::quote(template.as_bytes())
    )]
    Execution {
        /// Counted from 1.
        line: usize,
        /// The byte in the line, counted from 0.
        column: usize,
        /// The name of the template in which it happened.
        template: String,
        /// The part that was at work.
        source_text: String,
        /// What is wrong.
        message: String,
        /// Whether a function that the template calls failed in a way that `<|>` can catch.
        catchable: bool,
    },
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError::Parse`].
    pub fn parse(text: &[u8], library: &dyn Library) -> Result<Self, TemplateError> {
        let templates = parser::parse(text, library).map_err(|error| TemplateError::Parse {
            line: line_and_column(text, error.at).0,
            message: error.message,
        })?;
        Ok(Self {
            text: text.to_vec(),
            templates,
        })
    }

    /// Fills a template in; `vars` is what the dot stands for at the start, if anything.
    ///
    /// # Errors
    /// [`TemplateError::Vars`] and [`TemplateError::Execution`].
    pub fn render(
        &self,
        vars: Option<&Value>,
        library: &dyn Library,
    ) -> Result<Vec<u8>, TemplateError> {
        if let Some(function) = vars.and_then(format::function_inside) {
            return Err(TemplateError::Vars {
                kind: function.kind(),
            });
        }
        render::render(&self.templates, vars.cloned(), library).map_err(|error| {
            let (line, column) = line_and_column(&self.text, error.span.start);
            let source = self.text.get(error.span.clone()).unwrap_or_default();
            TemplateError::Execution {
                line,
                column,
                template: error.template,
                source_text: String::from_utf8_lossy(source).into_owned(),
                message: error.message,
                catchable: error.catchable,
            }
        })
    }
}

impl From<TemplateError> for CallError {
    fn from(error: TemplateError) -> Self {
        let catchable = matches!(
            error,
            TemplateError::Execution {
                catchable: true,
                ..
            }
        );
        Self {
            message: format!("template: {error}"),
            catchable,
        }
    }
}

/// The line of a byte, counted from 1, and its place in the line, counted from 0.
fn line_and_column(text: &[u8], at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n');
    (line, before.len() - start.map_or(0, |newline| newline + 1))
}

#[cfg(test)]
mod tests;
