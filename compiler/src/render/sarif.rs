//! SARIF 2.1.0, which code-scanning services read.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::diagnostic::{Code, Diagnostic, Label};
use crate::files::Sources;

use super::{Findings, Place, labels};

pub(super) fn render(programs: &[Findings<'_>]) -> String {
    let all = || {
        programs.iter().flat_map(|program| {
            let sources = program.sources;
            program.diagnostics.iter().map(move |it| (it, sources))
        })
    };
    let codes: BTreeSet<Code> = all().map(|(diagnostic, _)| diagnostic.code).collect();
    let rules: Vec<_> = codes
        .iter()
        .map(|code| {
            json!({
                "id": code,
                "shortDescription": {"text": code.title()},
                "help": {"text": Code::find(code.as_str()).map_or("", |it| it.page)},
            })
        })
        .collect();
    let results: Vec<_> = all()
        .map(|(diagnostic, sources)| result(diagnostic, sources))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "mgmtc",
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn result(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let text = match &diagnostic.help {
        Some(help) => format!("{}\n{help}", diagnostic.message),
        None => diagnostic.message.clone(),
    };
    let locations = |labels: &[&Label]| -> Vec<Value> {
        labels
            .iter()
            .filter_map(|label| location(label, sources))
            .collect()
    };
    let labels = labels(diagnostic, sources);
    let related: Vec<&Label> = labels
        .iter()
        .filter(|(is_primary, _)| !is_primary)
        .map(|(_, label)| &**label)
        .collect();
    json!({
        "ruleId": diagnostic.code,
        "level": diagnostic.severity.name(),
        "message": {"text": text},
        "locations": locations(&diagnostic.primary.iter().collect::<Vec<_>>()),
        "relatedLocations": locations(&related),
        "properties": {"stage": diagnostic.stage},
    })
}

fn location(label: &Label, sources: &Sources) -> Option<Value> {
    let place = Place::of(label.span, sources)?;
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": {"uri": uri(place.file)},
            "region": {
                "startLine": place.start.line,
                "startColumn": place.start.column,
                "endLine": place.end.line,
                "endColumn": place.end.column,
            },
        },
    });
    if !label.text.is_empty() {
        location["message"] = json!({"text": label.text});
    }
    Some(location)
}

/// A path as a URI reference: everything is escaped that can not stand in a path.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::example;
    use super::*;

    #[test]
    fn points_at_the_same_places() {
        let (diagnostics, sources) = example();
        let findings = Findings {
            diagnostics: &diagnostics,
            sources: &sources,
        };
        let value: Value = serde_json::from_str(&render(&[findings])).unwrap();
        let run = &value["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 2);
        let result = &run["results"][0];
        assert_eq!(result["ruleId"], "E0416");
        assert_eq!(result["level"], "error");
        let location = &result["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "site.mcl");
        assert_eq!(
            location["region"],
            json!({"startLine": 3, "startColumn": 2, "endLine": 3, "endColumn": 10})
        );
        assert_eq!(
            result["relatedLocations"][0]["message"]["text"],
            "this is a `file`"
        );
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("/a b/é.mcl"), "file:///a%20b/%C3%A9.mcl");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
