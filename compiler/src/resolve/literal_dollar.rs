//! Warns of strings that contain `$name` where `${name}` was probably meant.

use ecow::EcoString;
use mgmt_grammar::span::Span;

use super::Resolver;
use super::lookup::Vars;
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::ScopeId;

impl Resolver<'_, '_> {
    /// Looks at the raw text of a string literal. Only names of variables in scope count: a shell's
    /// variables are nobody's mistake.
    pub(super) fn warn_of_literal_dollars(&mut self, raw: &str, span: Span, scope: ScopeId) {
        for (start, name) in literal_dollars(raw) {
            if self.look_up::<Vars>(scope, name).is_none() {
                continue;
            }
            // The literal's first byte is its quote.
            let at = span.start + 1 + start as u32;
            let place = Span::new(span.source, at, at + 1 + name.len() as u32);
            let name = EcoString::from(name);
            self.report(
                Diagnostic::warning(
                    Code::LITERAL_DOLLAR,
                    Stage::Scope,
                    format!("`${name}` in a string is not replaced by the variable"),
                )
                .at(place, "plain text")
                .help(format!(
                    "write `${{{name}}}` for the variable's value, or `\\${name}` for this text"
                ))
                .fix(
                    format!("replace by `${{{name}}}`"),
                    place,
                    format!("${{{name}}}"),
                ),
            );
        }
    }
}

/// The names that follow a `$` which is neither escaped nor followed by a brace, with the offset of the `$`.
fn literal_dollars(raw: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut escaped = false;
    raw.char_indices().filter_map(move |(at, c)| {
        let was_escaped = escaped;
        escaped = c == '\\' && !was_escaped;
        if c != '$' || was_escaped {
            return None;
        }
        let rest = &raw[at + 1..];
        let length = rest
            .find(|c: char| !matches!(c, 'a'..='z' | '0'..='9' | '_'))
            .unwrap_or(rest.len());
        let name = rest[..length].trim_end_matches('_');
        name.starts_with(|c: char| c.is_ascii_lowercase())
            .then_some((at, name))
    })
}

#[cfg(test)]
mod tests {
    use super::literal_dollars;

    #[test]
    fn finds_names_after_plain_dollars() {
        let found: Vec<_> = literal_dollars(r"$a \$b ${c} $$d $1 $e_ $F \\$g $").collect();
        let names: Vec<_> = found.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, ["a", "d", "e", "g"]);
        assert_eq!(found[0].0, 0);
    }
}
