//! A plan for people, and as JSON for programs.

use std::fmt::Write as _;

use mgmt_compiler::files::Sources;
use mgmt_compiler::render::Terminal;
use serde_json::{Value, json};
use similar::TextDiff;

use super::{Plan, Planned, Verdict};
use crate::redact;
use crate::resource::{Change, Excerpt};

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PlanFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object.
    Json,
}

/// The text of a plan, without passwords of URLs. `sources` tells where resources are declared.
pub fn render(plan: &Plan, format: PlanFormat, sources: &Sources, terminal: Terminal) -> String {
    let text = match format {
        PlanFormat::Human => human(plan, sources, terminal),
        PlanFormat::Json => format!("{}\n", json(plan, sources)),
    };
    redact::passwords(&text).into_owned()
}

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";
const BOLD: &str = "1";
const DIM: &str = "2";

fn human(plan: &Plan, sources: &Sources, terminal: Terminal) -> String {
    let paint = |code: &str, text: &str| {
        if terminal.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    };
    let mut out = String::new();
    for planned in &plan.resources {
        let (sign, color, error) = match &planned.verdict {
            Verdict::Unchanged => continue,
            Verdict::Change => ("~", YELLOW, None),
            Verdict::Unknown(error) => ("?", YELLOW, Some(("not known yet", error))),
            Verdict::Failed(error) => ("!", RED, Some(("error", error))),
            Verdict::Blocked => ("!", RED, None),
        };
        let place = place(planned, sources)
            .map_or_else(String::new, |(file, line, _)| format!("  {file}:{line}"));
        let identity = paint(BOLD, &planned.identity.to_string());
        let _ = writeln!(
            out,
            "{} {identity}{}",
            paint(color, sign),
            paint(DIM, &place)
        );
        if let Some((what, error)) = error {
            let _ = writeln!(out, "    {}: {error}", paint(color, what));
        }
        if planned.verdict == Verdict::Blocked {
            let _ = writeln!(out, "    not checked: what comes before it failed");
        }
        for change in planned.changes.iter() {
            write_change(&mut out, change, &paint);
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let failed = plan.failed();
    let _ = write!(
        out,
        "{} to change, {} unchanged",
        plan.pending(),
        plan.unchanged()
    );
    if failed > 0 {
        let _ = write!(out, ", {failed} failed");
    }
    out.push('\n');
    out
}

fn write_change(out: &mut String, change: &Change, paint: &dyn Fn(&str, &str) -> String) {
    let Change::Content { path, old, new } = change else {
        let _ = writeln!(out, "    {change}");
        return;
    };
    let verb = if old.is_some() { "change" } else { "create" };
    let (before, after) = match (old, new) {
        (None, Excerpt::Text(new)) => ("", new.as_str()),
        (Some(Excerpt::Text(old)), Excerpt::Text(new)) => (old.as_str(), new.as_str()),
        _ => {
            let _ = writeln!(out, "    {verb} `{path}`: {new}");
            return;
        }
    };
    let _ = writeln!(out, "    {verb} `{path}`");
    let diff = TextDiff::from_lines(before, after);
    for line in diff.unified_diff().to_string().lines() {
        let line = match line.as_bytes().first() {
            Some(b'+') => paint(GREEN, line),
            Some(b'-') => paint(RED, line),
            Some(b'@') => paint(DIM, line),
            _ => line.to_owned(),
        };
        let _ = writeln!(out, "    {line}");
    }
}

fn json(plan: &Plan, sources: &Sources) -> Value {
    let resources: Vec<_> = plan
        .resources
        .iter()
        .map(|planned| {
            let (verdict, error) = match &planned.verdict {
                Verdict::Unchanged => ("unchanged", None),
                Verdict::Change => ("change", None),
                Verdict::Unknown(error) => ("unknown", Some(error)),
                Verdict::Failed(error) => ("failed", Some(error)),
                Verdict::Blocked => ("blocked", None),
            };
            let mut object = json!({
                "kind": planned.identity.kind.as_str(),
                "name": planned.identity.name.as_str(),
                "verdict": verdict,
                "changes": planned.changes.iter().map(json_change).collect::<Vec<_>>(),
            });
            if let Some(error) = error {
                object["error"] = json!(&**error);
            }
            if let Some((file, line, column)) = place(planned, sources) {
                object["place"] = json!({ "file": file, "line": line, "column": column });
            }
            object
        })
        .collect();
    json!({
        "resources": resources,
        "pending": plan.pending(),
        "unchanged": plan.unchanged(),
        "failed": plan.failed(),
    })
}

fn json_change(change: &Change) -> Value {
    match change {
        Change::Notice(text) => json!({ "notice": text }),
        Change::Step(text) => json!({ "step": text }),
        Change::Property { name, old, new } => {
            json!({ "property": name, "old": old, "new": new })
        }
        Change::Content { path, old, new } => json!({
            "content": path,
            "old": old.as_ref().map(json_excerpt),
            "new": json_excerpt(new),
        }),
    }
}

fn json_excerpt(excerpt: &Excerpt) -> Value {
    match excerpt {
        Excerpt::Text(text) => json!({ "text": text }),
        Excerpt::Bytes(count) => json!({ "bytes": count }),
        Excerpt::Private => json!({ "private": true }),
    }
}

/// File, line and column of the declaration, from one.
fn place<'s>(planned: &Planned, sources: &'s Sources) -> Option<(&'s str, u32, u32)> {
    let span = planned.span?;
    let source = sources.get(span.source)?;
    let at = source.line_column(span.start);
    Some((&source.name, at.line, at.column))
}
