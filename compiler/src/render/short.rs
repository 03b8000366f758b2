//! One line a diagnostic, as compilers have always done it.

use std::fmt::Write;

use crate::diagnostic::Diagnostic;
use crate::files::Sources;

use super::Place;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        if let Some(place) = Place::primary(diagnostic, sources) {
            let _ = write!(out, "{place}: ");
        }
        let _ = writeln!(
            out,
            "{}[{}]: {}",
            diagnostic.severity.name(),
            diagnostic.code,
            diagnostic.message.replace('\n', " ")
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;

    #[test]
    fn one_line_each() {
        let (diagnostics, sources) = example();
        assert_eq!(
            super::render(&diagnostics, &sources),
            "site.mcl:3:2: error[E0416]: `file` has no parameter `contents`\n\
             lib.mcl:1:1: warning[W0801]: `$x` is never used, 100%\n"
        );
    }
}
