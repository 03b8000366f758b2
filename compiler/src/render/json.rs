//! One JSON object a line, for programs.

use mgmt_grammar::span::LineColumn;
use serde::Serialize;

use crate::diagnostic::{Code, Diagnostic, Severity, Stage};
use crate::files::Sources;

use super::{Place, labels};

#[derive(Serialize)]
struct Line<'a> {
    code: Code,
    severity: Severity,
    stage: Stage,
    message: &'a str,
    file: Option<&'a str>,
    range: Option<Range>,
    labels: Vec<LabelObject<'a>>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct LabelObject<'a> {
    file: &'a str,
    range: Range,
    message: &'a str,
    primary: bool,
}

/// Lines and columns from 1, columns in characters, the end exclusive.
#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

impl From<LineColumn> for Position {
    fn from(LineColumn { line, column }: LineColumn) -> Self {
        Self { line, column }
    }
}

impl From<Place<'_>> for Range {
    fn from(place: Place<'_>) -> Self {
        Self {
            start: place.start.into(),
            end: place.end.into(),
        }
    }
}

pub(super) fn render(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let place = Place::primary(diagnostic, sources);
        let found = labels(diagnostic, sources);
        let labels = found
            .iter()
            .filter_map(|(primary, label)| {
                let place = Place::of(label.span, sources)?;
                Some(LabelObject {
                    file: place.file,
                    range: place.into(),
                    message: &label.text,
                    primary: *primary,
                })
            })
            .collect();
        let line = Line {
            code: diagnostic.code,
            severity: diagnostic.severity,
            stage: diagnostic.stage,
            message: &diagnostic.message,
            file: place.map(|place| place.file),
            range: place.map(Range::from),
            labels,
            help: diagnostic.help.as_deref(),
        };
        out.push_str(&serde_json::to_string(&line).expect("these types serialize without errors"));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::example;

    #[test]
    fn has_the_documented_shape() {
        let (diagnostics, sources) = example();
        let text = super::render(&diagnostics[..1], &sources);
        assert_eq!(text.lines().count(), 1);
        let range = json!({"start": {"line": 3, "column": 2}, "end": {"line": 3, "column": 10}});
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            json!({
                "code": "E0416",
                "severity": "error",
                "stage": "unify",
                "message": "`file` has no parameter `contents`",
                "file": "site.mcl",
                "range": range,
                "labels": [
                    {"file": "site.mcl", "range": range, "message": "not a parameter of `file`", "primary": true},
                    {
                        "file": "site.mcl",
                        "range": {"start": {"line": 2, "column": 1}, "end": {"line": 2, "column": 5}},
                        "message": "this is a `file`",
                        "primary": false,
                    },
                ],
                "help": "did you mean `content`?",
            })
        );
    }
}
