//! One shape for every complaint about a program.

mod code;
pub mod syntax;

use mgmt_grammar::span::Span;
use serde::Serialize;

pub use code::{Code, EXPLANATIONS, Explanation};

/// The stage of the compiler, or of the run, that found a problem (language.md §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Stage {
    Lex,
    Parse,
    Init,
    Interpolate,
    Scope,
    Unify,
    Graph,
    Stream,
    Interpret,
}

impl Stage {
    /// As it is written in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lex => "lex",
            Self::Parse => "parse",
            Self::Init => "init",
            Self::Interpolate => "interpolate",
            Self::Scope => "scope",
            Self::Unify => "unify",
            Self::Graph => "graph",
            Self::Stream => "stream",
            Self::Interpret => "interpret",
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The program can not run.
    Error,
    /// The program runs, but somebody should look.
    Warning,
}

impl Severity {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A part of a text with what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The part.
    pub span: Span,
    /// What was found there; may be empty for the primary label.
    pub text: String,
}

/// Replaces a part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// A way to mend the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an editor's menu would say it.
    pub title: String,
    /// The edits, which do not overlap.
    pub edits: Vec<Edit>,
}

/// A complaint about a program: what is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// Who found it.
    pub stage: Stage,
    /// What is wrong, in the user's terms; starts in lower case, has no final stop.
    pub message: String,
    /// Where to look first; nothing if there is no place to show.
    pub primary: Option<Label>,
    /// Other places that tell the story.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// Edits that mend it.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: Code, stage: Stage, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            stage,
            message: message.into(),
            primary: None,
            labels: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
    }

    /// A warning without a place yet.
    pub fn warning(code: Code, stage: Stage, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, stage, message)
        }
    }

    /// The same, at a place; the text says what was found there.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// The same, with another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// The same, with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with advice if there is any.
    #[must_use]
    pub fn optional_help(mut self, help: Option<impl Into<String>>) -> Self {
        self.help = help.map(Into::into).or(self.help);
        self
    }

    /// The same, with an edit that mends it.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        self.fixes.push(Fix {
            title: title.into(),
            edits: vec![Edit {
                span,
                text: text.into(),
            }],
        });
        self
    }

    /// Whether the program can not run because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Where it is to be listed: by place, those without a place last.
    pub fn sort_key(&self) -> (bool, Option<Span>, Code) {
        (
            self.primary.is_none(),
            self.primary.as_ref().map(|label| label.span),
            self.code,
        )
    }
}
