//! Diagnostics with excerpts of the program, drawn by miette.

use std::fmt;
use std::iter;

use mgmt_grammar::span::{SourceId, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::files::{Source, Sources};

use super::Terminal;

/// No excerpt shows more than this many bytes before or after the start of a label's span.
const MAX_CONTEXT: usize = 400;
/// A span of more lines is shown by its first line.
const MAX_LINES: u32 = 8;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources, terminal: Terminal) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme {
        characters: if terminal.unicode {
            ThemeCharacters::unicode()
        } else {
            ThemeCharacters::ascii()
        },
        styles: if terminal.color {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        },
    })
    .with_width(terminal.width)
    .with_links(false)
    .without_cause_chain();
    let mut out = String::new();
    for diagnostic in diagnostics {
        let report = Report::new(diagnostic, sources);
        handler
            .render_report(&mut out, &report)
            .expect("writing to a string does not fail, and no excerpt lies outside of its text");
        out.push('\n');
    }
    out
}

/// A diagnostic as miette wants it.
#[derive(Debug)]
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    texts: Texts<'a>,
}

/// The texts that a diagnostic has labels in, laid end to end: miette knows only one text, but asks for
/// the excerpts one by one.
#[derive(Debug)]
struct Texts<'a>(Vec<(SourceId, &'a Source, usize)>);

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Self {
        let mut texts = Texts(Vec::new());
        let mut base = 0;
        for label in labels(diagnostic) {
            let id = label.span.source;
            if texts.0.iter().any(|(known, ..)| *known == id) {
                continue;
            }
            if let Some(source) = sources.get(id) {
                texts.0.push((id, source, base));
                // The gap keeps the end of one text apart from the start of the next.
                base += source.text.len() + 2;
            }
        }
        Self { diagnostic, texts }
    }
}

impl Report<'_> {
    /// Whether another label stands on the last of the several lines of this one: their marks would run
    /// into each other.
    fn is_crowded(&self, span: Span) -> bool {
        let Some((_, source, _)) = self.texts.0.iter().find(|(id, ..)| *id == span.source) else {
            return false;
        };
        let line = |offset: u32| source.lines().line(offset);
        let last = line(span.end.saturating_sub(1).max(span.start));
        last > line(span.start)
            && labels(self.diagnostic).any(|label| {
                label.span.source == span.source
                    && label.span.start >= span.end
                    && line(label.span.start) == last
            })
    }
}

fn labels(diagnostic: &Diagnostic) -> impl Iterator<Item = &Label> {
    diagnostic.primary.iter().chain(&diagnostic.labels)
}

impl Texts<'_> {
    /// The place of a span in the joined texts, cut so that no excerpt becomes long.
    fn place(&self, span: Span) -> Option<SourceSpan> {
        let (_, source, base) = self.0.iter().find(|(id, ..)| *id == span.source)?;
        let text = &*source.text;
        let len = text.len();
        let mut start = floor(text, (span.start as usize).min(len));
        let mut end = (span.end as usize).clamp(start, len);
        if start == len && text.ends_with('\n') {
            // The end of the text is shown as the end of its last line.
            start -= 1;
            end = start;
        } else if start == len && start > 0 {
            // A last line without a newline has nothing after its last character.
            start = floor(text, start - 1);
        }
        let line = source.lines().line(start as u32);
        if source.lines().line(end as u32) - line >= MAX_LINES {
            end = (source.lines().start(line + 1) as usize - 1).max(start);
        }
        end = floor(text, end.min(start + MAX_CONTEXT));
        Some((base + start, end - start).into())
    }

    /// The part of a span that is on its first line.
    fn first_line(&self, span: Span) -> Option<SourceSpan> {
        let (_, source, _) = self.0.iter().find(|(id, ..)| *id == span.source)?;
        let next = source.lines().start(source.lines().line(span.start) + 1);
        self.place(Span::new(
            span.source,
            span.start,
            span.end.min(next.saturating_sub(1)).max(span.start),
        ))
    }
}

/// The last boundary between characters up to `offset`.
fn floor(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

impl SourceCode for Texts<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (_, source, base) = self
            .0
            .iter()
            .rfind(|(_, _, base)| *base <= span.offset())
            .ok_or(MietteError::OutOfBounds)?;
        let text = &*source.text;
        let start = span.offset() - base;
        let end = start + span.len();
        if end > text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let lines = source.lines();
        let first = lines.line(start as u32);
        let last = lines.line(end as u32);
        let (from, to) = if lines_before == 0 && lines_after == 0 {
            (start, end)
        } else {
            let from = lines.start(first.saturating_sub(lines_before as u32)) as usize;
            let to = lines.start(last + 1 + lines_after as u32) as usize;
            (
                floor(text, from.max(start.saturating_sub(MAX_CONTEXT))),
                floor(text, to.min(end + MAX_CONTEXT)),
            )
        };
        let from_line = lines.line(from as u32);
        let from_column = text[lines.start(from_line) as usize..from].chars().count();
        Ok(Box::new(MietteSpanContents::new_named(
            source.name.clone(),
            &text.as_bytes()[from..to],
            (base + from, to - from).into(),
            from_line as usize,
            from_column,
            (lines.line(to as u32) - from_line) as usize,
        )))
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let Diagnostic { severity, code, .. } = self.diagnostic;
        Some(Box::new(format!("{}[{code}]", severity.name())))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let Diagnostic { help, fixes, .. } = self.diagnostic;
        let text = help.as_ref().or_else(|| Some(&fixes.first()?.title))?;
        Some(Box::new(text))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.texts.0.is_empty()).then_some(&self.texts as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let is_primary = self
            .diagnostic
            .primary
            .iter()
            .map(|_| true)
            .chain(iter::repeat(false));
        let labels = labels(self.diagnostic)
            .zip(is_primary)
            .filter_map(|(label, is_primary)| {
                let mut span = self.texts.place(label.span)?;
                if self.is_crowded(label.span) {
                    span = self.texts.first_line(label.span)?;
                }
                let text = (!label.text.is_empty()).then(|| label.text.clone());
                Some(if is_primary {
                    LabeledSpan::new_primary_with_span(text, span)
                } else {
                    LabeledSpan::new_with_span(text, span)
                })
            });
        Some(Box::new(labels))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::example;
    use super::*;
    use crate::diagnostic::{Code, Stage};

    fn plain(diagnostics: &[Diagnostic], sources: &Sources) -> String {
        render(diagnostics, sources, Terminal::PLAIN)
    }

    #[test]
    fn shows_the_places_with_their_labels() {
        let (diagnostics, sources) = example();
        assert_eq!(
            plain(&diagnostics[..1], &sources),
            r#"error[E0416]

  × `file` has no parameter `contents`
   ╭─[site.mcl:3:2]
 1 │ # é
 2 │ file "/etc/motd" {
   · ──┬─
   ·   ╰── this is a `file`
 3 │     contents => "hello\n",
   ·     ────┬───
   ·         ╰── not a parameter of `file`
 4 │ }
   ╰────
  help: did you mean `content`?

"#
        );
    }

    #[test]
    fn shows_places_in_several_files() {
        let (diagnostics, sources) = example();
        assert_eq!(
            plain(&diagnostics[1..], &sources),
            r#"warning[W0801]

  ⚠ `$x` is never used, 100%
   ╭─[lib.mcl:1:1]
 1 │ $x = 1
   · ──
   ╰────
   ╭─[site.mcl:2:1]
 1 │ # é
 2 │ file "/etc/motd" {
   · ──┬─
   ·   ╰── elsewhere
 3 │     contents => "hello\n",
   ╰────

"#
        );
    }

    #[test]
    fn shows_part_of_a_long_line() {
        let mut sources = Sources::default();
        let text = format!("$x = \"{}\"\n", "é".repeat(5_000_000));
        let id = sources.add(Source::new("a.mcl", None, Arc::from(text.as_str())));
        for (start, end) in [(5, 10_000_007), (6_000_001, 6_000_003), (0, 2)] {
            let diagnostic = Diagnostic::error(Code::UNTERMINATED_STRING, Stage::Lex, "long")
                .at(Span::new(id, start, end), "here");
            let text = plain(&[diagnostic], &sources);
            assert!(text.len() < 5_000 && text.contains("here"), "{text}");
        }
    }

    #[test]
    fn shows_the_end_of_a_text() {
        for text in ["", "\n", "if {", "if {\n", "\n\n"] {
            let mut sources = Sources::default();
            let id = sources.add(Source::new("a.mcl", None, Arc::from(text)));
            let end = text.len() as u32;
            let diagnostic = Diagnostic::error(Code::UNCLOSED_BRACKET, Stage::Parse, "message")
                .at(Span::new(id, end, end), "here");
            assert!(
                plain(&[diagnostic], &sources).contains("message"),
                "{text:?}"
            );
        }
    }

    #[test]
    fn shows_the_first_line_of_a_long_span() {
        let mut sources = Sources::default();
        let text = "class c {\n".to_owned() + &"\tnoop \"x\" {}\n".repeat(100) + "}\n";
        let id = sources.add(Source::new("a.mcl", None, Arc::from(text.as_str())));
        let diagnostic = Diagnostic::warning(Code::UNUSED_CLASS, Stage::Scope, "unused")
            .at(Span::new(id, 0, text.len() as u32), "here");
        let text = plain(&[diagnostic], &sources);
        assert!(text.lines().count() < 12 && text.contains("here"), "{text}");
    }

    #[test]
    fn needs_no_place() {
        let diagnostic = Diagnostic::error(Code::UNREADABLE_FILE, Stage::Init, "no file");
        let text = plain(&[diagnostic], &Sources::default());
        assert_eq!(text, "error[E0901]\n\n  × no file\n\n");
    }
}
