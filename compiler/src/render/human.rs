//! Diagnostics with excerpts of the program, drawn by miette.

use std::borrow::Cow;
use std::fmt;

use mgmt_grammar::span::{SourceId, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::files::{Source, Sources};

use super::{Terminal, labels};

/// No excerpt shows more than this many bytes before or after the start of a label's span.
const MAX_CONTEXT: usize = 400;
/// A span of more lines is shown by its first line.
const MAX_LINES: u32 = 8;
/// Two labels with up to so many line ends between them are shown in one excerpt.
const MERGED_LINES: u32 = 3;
/// No more errors are shown: the rest are likely to come from the first ones.
const MAX_ERRORS: usize = 20;

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
    let mut errors = 0;
    for diagnostic in diagnostics {
        errors += usize::from(diagnostic.is_error());
        if errors > MAX_ERRORS {
            break;
        }
        let report = Report::new(diagnostic, sources);
        handler
            .render_report(&mut out, &report)
            .expect("writing to a string does not fail, and no excerpt lies outside of its text");
        out.push('\n');
    }
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    if errors > MAX_ERRORS {
        let more = diagnostics.len() - MAX_ERRORS;
        out.push_str(&format!(
            "{more} more are not shown here; `--message-format short` lists all\n\n"
        ));
    }
    out
}

/// A diagnostic as miette wants it.
#[derive(Debug)]
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    labels: Vec<(bool, Cow<'a, Label>)>,
    texts: Texts<'a>,
}

/// The texts that a diagnostic has labels in, laid end to end: miette knows only one text, but asks for
/// the excerpts one by one, and shows them in order.
#[derive(Debug, Default)]
struct Texts<'a> {
    /// Each with the offset at which it begins. The one with the primary label is the first; it comes again at
    /// the end for what stands above the primary excerpt.
    texts: Vec<(SourceId, &'a Source, usize)>,
    /// Where the primary excerpt begins in the first text.
    first: u32,
}

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &'a Sources) -> Self {
        let labels = labels(diagnostic, sources);
        let mut texts = Texts::default();
        let mut base = 0;
        let mut add = |id: SourceId, again: bool| {
            if !again && texts.texts.iter().any(|(known, ..)| *known == id) {
                return;
            }
            if let Some(source) = sources.get(id) {
                texts.texts.push((id, source, base));
                // The gap keeps the end of one text apart from the start of the next.
                base += source.text.len() + 2;
            }
        };
        for (_, label) in &labels {
            add(label.span.source, false);
        }
        if let Some((true, primary)) = labels.first() {
            add(primary.span.source, true);
            let spans: Vec<Span> = labels.iter().map(|(_, label)| label.span).collect();
            texts.first = texts.start_of_excerpt(primary.span, &spans);
        }
        Self {
            diagnostic,
            labels,
            texts,
        }
    }
}

impl Report<'_> {
    /// Whether another label stands on the last of the several lines of this one: their marks would run
    /// into each other.
    fn is_crowded(&self, span: Span) -> bool {
        let Some((source, _)) = self.texts.find(span) else {
            return false;
        };
        let line = |offset: u32| source.lines().line(offset);
        let last = line(span.end.saturating_sub(1).max(span.start));
        last > line(span.start)
            && self.labels.iter().any(|(_, label)| {
                label.span.source == span.source
                    && label.span.start >= span.end
                    && line(label.span.start) == last
            })
    }
}

impl<'a> Texts<'a> {
    /// The text of a span and the offset at which it begins.
    fn find(&self, span: Span) -> Option<(&'a Source, usize)> {
        let mut found = self.texts.iter().filter(|(id, ..)| *id == span.source);
        let (_, source, base) = found.next()?;
        match found.next() {
            Some((.., again)) if span.start < self.first => Some((source, *again)),
            _ => Some((source, *base)),
        }
    }

    /// Where the excerpt begins that shows the span at `primary`, and the others that are so close that they
    /// are shown with it.
    fn start_of_excerpt(&self, primary: Span, others: &[Span]) -> u32 {
        let Some((source, _)) = self.find(primary) else {
            return 0;
        };
        let line = |offset: u32| source.lines().line(offset);
        let mut above: Vec<Span> = others
            .iter()
            .copied()
            .filter(|span| span.source == primary.source && span.start < primary.start)
            .collect();
        above.sort_by_key(|span| std::cmp::Reverse(span.start));
        let mut start = primary.start;
        for span in above {
            let (first, last) = (line(span.start), line(span.end));
            let last = if last - first >= MAX_LINES {
                first
            } else {
                last
            };
            if last + MERGED_LINES < line(start) {
                break;
            }
            start = span.start;
        }
        start
    }

    /// The place of a span in the joined texts, cut so that no excerpt becomes long.
    fn place(&self, span: Span) -> Option<SourceSpan> {
        let (source, base) = self.find(span)?;
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
        let (source, _) = self.find(span)?;
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
            .texts
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
        (!self.texts.texts.is_empty()).then_some(&self.texts as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.labels.iter().filter_map(|(is_primary, label)| {
            let mut span = self.texts.place(label.span)?;
            if self.is_crowded(label.span) {
                span = self.texts.first_line(label.span)?;
            }
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            Some(if *is_primary {
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
    fn shows_the_primary_place_first() {
        let mut sources = Sources::default();
        let lines: String = (1..30).map(|n| format!("$x{n:02} = 1\n")).collect();
        let id = sources.add(Source::new("a.mcl", None, Arc::from(lines)));
        let line = |n: u32| Span::new(id, (n - 1) * 9, (n - 1) * 9 + 4);
        let diagnostic = Diagnostic::error(Code::TYPE_MISMATCH, Stage::Unify, "message")
            .at(line(15), "primary")
            .label(line(2), "above")
            .label(line(13), "close")
            .label(line(25), "below");
        let text = plain(&[diagnostic], &sources);
        let places: Vec<_> = [
            "a.mcl:15:1",
            "close",
            "primary",
            "a.mcl:25:1",
            "below",
            "a.mcl:2:1",
            "above",
        ]
        .iter()
        .map(|what| {
            text.find(what)
                .unwrap_or_else(|| panic!("{what} in {text}"))
        })
        .collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn leads_from_an_imported_file_to_the_program() {
        let mut sources = Sources::default();
        let mut add =
            |name: &str, text: &str| sources.add(Source::new(name, None, Arc::from(text)));
        let main = add("main.mcl", "import \"a.mcl\"\n");
        let a = add("a.mcl", "import \"b.mcl\"\n");
        let b = add("b.mcl", "$x = $y\n");
        sources.imported_at(a, Span::new(main, 0, 14));
        sources.imported_at(b, Span::new(a, 0, 14));
        let error = Diagnostic::error(Code::UNKNOWN_VARIABLE, Stage::Scope, "unknown")
            .at(Span::new(b, 5, 7), "");
        let text = plain(std::slice::from_ref(&error), &sources);
        assert_eq!(text.matches("imported here").count(), 2, "{text}");
        let told = error.label(Span::new(main, 0, 6), "because of this");
        let text = plain(&[told], &sources);
        assert_eq!(text.matches("imported here").count(), 1, "{text}");
    }

    #[test]
    fn shows_no_flood_of_errors() {
        let (diagnostics, sources) = example();
        let many = vec![diagnostics[0].clone(); 25];
        let text = plain(&many, &sources);
        assert_eq!(text.matches("E0416").count(), 20);
        assert!(
            text.ends_with("5 more are not shown here; `--message-format short` lists all\n\n")
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
