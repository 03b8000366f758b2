//! Workflow commands of GitHub Actions, which show each problem beside its line in a change.

use std::fmt::Write;

use crate::diagnostic::Diagnostic;
use crate::files::Sources;

use super::Place;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let _ = write!(out, "::{} ", diagnostic.severity.name());
        if let Some(place) = Place::primary(diagnostic, sources) {
            let _ = write!(
                out,
                "file={},line={},endLine={},",
                property(place.file),
                place.start.line,
                place.end.line
            );
            // Columns are only allowed within one line.
            if place.start.line == place.end.line {
                let _ = write!(
                    out,
                    "col={},endColumn={},",
                    place.start.column, place.end.column
                );
            }
        }
        let _ = write!(
            out,
            "title={}::{}",
            property(&diagnostic.code.to_string()),
            data(&diagnostic.message)
        );
        if let Some(help) = &diagnostic.help {
            let _ = write!(out, "{}", data(&format!("\n{help}")));
        }
        out.push('\n');
    }
    out
}

/// Escapes the text after the `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;

    #[test]
    fn one_command_each() {
        let (diagnostics, sources) = example();
        assert_eq!(
            super::render(&diagnostics, &sources),
            "::error file=site.mcl,line=3,endLine=3,col=2,endColumn=10,title=E0416::\
             `file` has no parameter `contents`%0Adid you mean `content`?\n\
             ::warning file=lib.mcl,line=1,endLine=1,col=1,endColumn=3,title=W0801::\
             `$x` is never used, 100%25\n"
        );
    }
}
