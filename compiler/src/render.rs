//! Diagnostics as text: for people, for machines, for continuous integration.
//!
//! Every format shows the same facts; none adds any.

mod github;
mod human;
mod json;
mod sarif;
mod short;

use std::borrow::Cow;
use std::fmt;
use std::io::IsTerminal;
use std::os::fd::AsFd;

use mgmt_grammar::span::{LineColumn, Span};

use crate::Compilation;
use crate::diagnostic::{Diagnostic, Label};
use crate::files::{Source, Sources};
use crate::redact;

/// The formats of `mgmtc check --message-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MessageFormat {
    /// With excerpts of the program, for a terminal.
    #[default]
    Human,
    /// `file:line:column: error[E0101]: message`, one a line.
    Short,
    /// One JSON object a line.
    Json,
    /// Workflow commands of GitHub Actions.
    Github,
    /// One SARIF 2.1.0 document.
    Sarif,
}

/// What the human format is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// Whether colours mean anything there.
    pub color: bool,
    /// Whether lines may be drawn with other characters than ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Terminal {
    /// A file or a pipe: no colours, a fixed width.
    pub const PLAIN: Self = Self {
        color: false,
        unicode: true,
        width: 100,
    };

    /// What a stream can show, from the environment variables: `NO_COLOR`, `TERM`, and the locale.
    pub fn of(stream: &(impl IsTerminal + AsFd), env: impl Fn(&str) -> Option<String>) -> Self {
        let width = stream
            .is_terminal()
            .then(|| terminal_size::terminal_size_of(stream))
            .map(|size| size.map_or(80, |(width, _)| usize::from(width.0)));
        Self::detect(width, env)
    }

    /// The same if the width is known; without one the stream is no terminal.
    fn detect(width: Option<usize>, env: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let dumb = set("TERM").is_none_or(|term| term == "dumb");
        Self {
            color: width.is_some() && !dumb && set("NO_COLOR").is_none(),
            unicode: locale.is_none_or(|locale| {
                let locale = locale.to_ascii_lowercase();
                locale.contains("utf-8") || locale.contains("utf8")
            }),
            width: width.map_or(Self::PLAIN.width, |width| width.clamp(40, 120)),
        }
    }
}

/// A text without characters that a terminal would obey; lines and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_command = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(is_command) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_command(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// What is to be said about one program.
#[derive(Clone, Copy, Debug)]
pub struct Findings<'a> {
    /// In the order in which they are shown.
    pub diagnostics: &'a [Diagnostic],
    /// The texts that they refer to.
    pub sources: &'a Sources,
}

impl Findings<'_> {
    /// The diagnostics without passwords.
    fn masked(&self) -> Vec<Diagnostic> {
        self.diagnostics.iter().map(mask).collect()
    }
}

fn mask(diagnostic: &Diagnostic) -> Diagnostic {
    let mut masked = diagnostic.clone();
    let labels = masked.primary.iter_mut().chain(&mut masked.labels);
    let fixes = masked.fixes.iter_mut().map(|fix| &mut fix.title);
    let texts = std::iter::once(&mut masked.message)
        .chain(&mut masked.help)
        .chain(labels.map(|label| &mut label.text))
        .chain(fixes);
    for text in texts {
        if let Cow::Owned(shown) = redact::passwords(text) {
            *text = shown;
        }
    }
    masked
}

/// The texts as excerpts show them: without passwords, and with all else in its place.
fn excerpts(sources: &Sources) -> Cow<'_, Sources> {
    let hidden = |source: &Source| match redact::passwords_in_place(&source.text) {
        Cow::Owned(masked) => Some(masked),
        Cow::Borrowed(_) => None,
    };
    if sources.iter().all(|(_, source)| hidden(source).is_none()) {
        return Cow::Borrowed(sources);
    }
    let mut shown = Sources::default();
    for (_, source) in sources.iter() {
        let mut each = source.clone();
        if let Some(text) = hidden(source) {
            each = Source::new(&source.name, source.path.clone(), text.into());
            each.imported_at = source.imported_at;
        }
        shown.add(each);
    }
    Cow::Owned(shown)
}

impl Compilation {
    /// The diagnostics and the texts that they refer to.
    pub fn findings(&self) -> Findings<'_> {
        Findings {
            diagnostics: &self.diagnostics,
            sources: &self.sources,
        }
    }
}

/// The diagnostics of some programs in one of the formats, each line ended.
pub fn render(format: MessageFormat, programs: &[Findings<'_>], terminal: Terminal) -> String {
    let masked: Vec<_> = programs.iter().map(Findings::masked).collect();
    let programs: Vec<_> = masked
        .iter()
        .zip(programs)
        .map(|(diagnostics, findings)| Findings {
            diagnostics,
            ..*findings
        })
        .collect();
    let programs = programs.as_slice();
    let each = |render: &dyn Fn(&[Diagnostic], &Sources) -> String| {
        programs
            .iter()
            .map(|program| render(program.diagnostics, program.sources))
            .collect()
    };
    match format {
        MessageFormat::Human => {
            each(&|diagnostics, sources| human::render(diagnostics, &excerpts(sources), terminal))
        }
        MessageFormat::Short => each(&short::render),
        MessageFormat::Json => each(&json::render),
        MessageFormat::Github => each(&github::render),
        MessageFormat::Sarif => sarif::render(programs),
    }
}

/// The places of a diagnostic, the primary one first, if it has one. Where an error is in an imported file
/// and nothing leads from it to the entry file, the imports do.
fn labels<'a>(diagnostic: &'a Diagnostic, sources: &Sources) -> Vec<(bool, Cow<'a, Label>)> {
    let mut labels: Vec<_> = diagnostic
        .primary
        .iter()
        .map(|label| (true, label))
        .chain(diagnostic.labels.iter().map(|label| (false, label)))
        .map(|(is_primary, label)| (is_primary, Cow::Borrowed(label)))
        .collect();
    let Some(primary) = diagnostic
        .primary
        .as_ref()
        .filter(|_| diagnostic.is_error())
    else {
        return labels;
    };
    for span in sources.import_trail(primary.span.source) {
        if labels
            .iter()
            .any(|(_, label)| label.span.source == span.source)
        {
            break;
        }
        let text = "imported here".to_owned();
        labels.push((false, Cow::Owned(Label { span, text })));
    }
    labels
}

/// One line that says how many problems were found, and where to read about them; empty if there are none.
pub fn summary(programs: &[Findings<'_>]) -> String {
    let diagnostics = || programs.iter().flat_map(|program| program.diagnostics);
    let errors = diagnostics().filter(|d| d.is_error()).count();
    let warnings = diagnostics().count() - errors;
    let counts: Vec<_> = [(errors, "error"), (warnings, "warning")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
        .collect();
    let Some(first) = diagnostics().next() else {
        return String::new();
    };
    format!(
        "found {}; `mgmtc explain {}` tells more\n",
        counts.join(" and "),
        first.code
    )
}

/// A span as people count it.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    start: LineColumn,
    end: LineColumn,
}

impl<'a> Place<'a> {
    fn of(span: Span, sources: &'a Sources) -> Option<Self> {
        let source = sources.get(span.source)?;
        Some(Self {
            file: &source.name,
            start: source.line_column(span.start),
            end: source.line_column(span.end),
        })
    }

    fn primary(diagnostic: &Diagnostic, sources: &'a Sources) -> Option<Self> {
        Self::of(diagnostic.primary.as_ref()?.span, sources)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.start.line, self.start.column)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{Code, Stage};
    use crate::files::Source;

    /// A diagnostic with all its parts, in two files.
    pub(super) fn example() -> (Vec<Diagnostic>, Sources) {
        let mut sources = Sources::default();
        let text = "# é\nfile \"/etc/motd\" {\n\tcontents => \"hello\\n\",\n}\n";
        let site = sources.add(Source::new("site.mcl", None, Arc::from(text)));
        let lib = sources.add(Source::new("lib.mcl", None, Arc::from("$x = 1\n")));
        let at = |what: &str| {
            let start = text.find(what).unwrap() as u32;
            Span::new(site, start, start + what.len() as u32)
        };
        let error = Diagnostic::error(
            Code::UNKNOWN_PARAMETER,
            Stage::Unify,
            "`file` has no parameter `contents`",
        )
        .at(at("contents"), "not a parameter of `file`")
        .label(at("file"), "this is a `file`")
        .help("did you mean `content`?")
        .fix("replace by `content`", at("contents"), "content");
        let warning = Diagnostic::warning(
            Code::UNUSED_VARIABLE,
            Stage::Scope,
            "`$x` is never used, 100%",
        )
        .at(Span::new(lib, 0, 2), "")
        .label(at("file"), "elsewhere");
        (vec![error, warning], sources)
    }

    #[test]
    fn the_summary_counts() {
        let (diagnostics, sources) = example();
        let findings = Findings {
            diagnostics: &diagnostics,
            sources: &sources,
        };
        assert_eq!(
            summary(&[findings]),
            "found 1 error and 1 warning; `mgmtc explain E0416` tells more\n"
        );
        assert_eq!(summary(&[]), "");
    }

    #[test]
    fn no_text_commands_the_terminal() {
        assert_eq!(visible("a\tb\n\u{1b}[31mc\r\n"), "a\tb\n\\u{1b}[31mc\\r\n");
        assert!(matches!(visible("é\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_pipe_has_no_colours() {
        let env = |name: &str| (name == "TERM").then(|| "xterm".to_owned());
        assert_eq!(Terminal::detect(None, env), Terminal::PLAIN);
        assert!(Terminal::detect(Some(80), env).color);
        let env = |name: &str| ["TERM", "NO_COLOR"].contains(&name).then(|| "1".to_owned());
        assert!(!Terminal::detect(Some(80), env).color);
        let env = |name: &str| (name == "LC_ALL").then(|| "C".to_owned());
        assert!(!Terminal::detect(Some(80), env).unicode);
    }
}
