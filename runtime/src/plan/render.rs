//! A plan for people, and as JSON for programs.

use std::borrow::Cow;
use std::fmt::Write as _;

use mgmt_compiler::files::Sources;
use mgmt_compiler::graph::Identity;
use mgmt_compiler::redact::{self, Masked};
use mgmt_compiler::render::{Terminal, visible};
use serde_json::{Value, json};
use similar::TextDiff;

use super::{Plan, Planned, Verdict};
use crate::resource::{Change, Excerpt};
use crate::styles::{Styles, paint};

/// How a plan is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum PlanFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object.
    Json,
}

/// The version of the JSON; a field is only ever added within one.
const VERSION: u32 = 1;

/// The text of a plan, without passwords. `sources` tells where resources are declared; what is unchanged is shown to
/// people only if they want `all`.
pub fn render(
    plan: &Plan,
    format: PlanFormat,
    all: bool,
    sources: &Sources,
    terminal: Terminal,
) -> String {
    match format {
        PlanFormat::Human => human(plan, all, sources, terminal),
        PlanFormat::Json => format!("{}\n", json(plan, sources)),
    }
}

fn human(plan: &Plan, all: bool, sources: &Sources, terminal: Terminal) -> String {
    let styles = Styles::new(terminal.color);
    let mut out = String::new();
    for planned in &plan.resources {
        let (sign, style, note) = match &planned.verdict {
            Verdict::Unchanged if all => ("=", styles.dim, None),
            Verdict::Unchanged => continue,
            Verdict::Change => ("~", styles.yellow, None),
            Verdict::Noop => (
                "/",
                styles.dim,
                Some(("noop", "it is not changed".to_owned())),
            ),
            Verdict::Unknown { error, after } => {
                let note = match error {
                    Some(error) => ("not known yet", error.to_string()),
                    None => ("may change", format!("depends on {}", listed(after))),
                };
                ("?", styles.yellow, Some(note))
            }
            Verdict::Failed(error) => ("!", styles.red, Some(("error", error.to_string()))),
            Verdict::Blocked => (
                "!",
                styles.red,
                Some(("not checked", "what comes before it failed".to_owned())),
            ),
        };
        let place = match place(planned, sources) {
            Some((file, line, _)) => format!("  {file}:{line}"),
            None if planned.undoes => "  undoes what an earlier program did".to_owned(),
            None => String::new(),
        };
        let identity = planned.identity.to_string();
        let _ = writeln!(
            out,
            "{} {}{}",
            paint(style, sign),
            paint(styles.bold, &indented(&identity)),
            paint(styles.dim, &place)
        );
        if let Some((what, note)) = note {
            let note = redact::passwords(&note);
            let _ = writeln!(out, "    {}: {}", paint(style, what), indented(&note));
        }
        for change in planned.changes.iter() {
            // Of a resource that is as it should be nothing is to be done.
            if planned.verdict != Verdict::Unchanged {
                write_change(&mut out, change, &styles);
            }
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let _ = write!(
        out,
        "{} to change, {} unchanged",
        plan.pending(),
        plan.unchanged()
    );
    for (count, what) in [(plan.forbidden(), "noop"), (plan.failed(), "failed")] {
        if count > 0 {
            let _ = write!(out, ", {count} {what}");
        }
    }
    out.push('\n');
    out
}

/// Some resources by name, and how many more.
fn listed(identities: &[Identity]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<_> = identities
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    match identities.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A text whose further lines stand below its first one.
fn indented(text: &str) -> String {
    visible(text.trim_end()).replace('\n', "\n      ")
}

fn write_change(out: &mut String, change: &Change, styles: &Styles) {
    let Change::Content { path, old, new } = change else {
        let text = change.to_string();
        let _ = writeln!(out, "    {}", indented(&redact::passwords(&text)));
        return;
    };
    let verb = if old.is_some() { "change" } else { "create" };
    let path = indented(&redact::passwords(path));
    let Some((before, after)) = texts(old.as_ref(), new) else {
        let size = match old {
            Some(old) if *old != Excerpt::Private && *new != Excerpt::Private => {
                format!("{old} -> {new}, which are not shown")
            }
            _ => new.to_string(),
        };
        let _ = writeln!(out, "    {verb} `{path}`: {size}");
        return;
    };
    let _ = writeln!(out, "    {verb} `{path}`");
    // Not `lines`, which takes carriage returns away.
    for line in visible(difference(before, after).trim_end_matches('\n')).split('\n') {
        let line = match line.as_bytes().first() {
            Some(b'+') => paint(styles.green, line),
            Some(b'-') => paint(styles.red, line),
            Some(b'@') => paint(styles.dim, line),
            _ => line.to_owned(),
        };
        let _ = writeln!(out, "    {line}");
    }
}

/// What can be compared line by line.
fn texts<'a>(old: Option<&'a Excerpt>, new: &'a Excerpt) -> Option<(&'a str, &'a str)> {
    match (old, new) {
        (None, Excerpt::Text(new)) => Some(("", new)),
        (Some(Excerpt::Text(old)), Excerpt::Text(new)) => Some((old, new)),
        _ => None,
    }
}

/// A unified diff.
fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new).unified_diff().to_string();
    redact::passwords(&diff).into_owned()
}

fn json(plan: &Plan, sources: &Sources) -> Value {
    let resources: Vec<_> = plan
        .resources
        .iter()
        .map(|planned| {
            let (verdict, error) = match &planned.verdict {
                Verdict::Unchanged => ("unchanged", None),
                Verdict::Change => ("change", None),
                Verdict::Noop => ("noop", None),
                Verdict::Unknown { error, .. } => ("unknown", error.as_ref()),
                Verdict::Failed(error) => ("failed", Some(error)),
                Verdict::Blocked => ("blocked", None),
            };
            let mut object = json!({
                "kind": planned.identity.kind.as_str(),
                "name": planned.identity.shown_name(),
                "verdict": verdict,
                "changes": planned.changes.iter().map(json_change).collect::<Vec<_>>(),
            });
            if let Some(error) = error {
                object["error"] = json!(Masked::from(&**error));
            }
            if let Some((file, line, column)) = place(planned, sources) {
                object["place"] = json!({ "file": file, "line": line, "column": column });
            }
            if let Verdict::Unknown { after, .. } = &planned.verdict {
                object["after"] = after
                    .iter()
                    .map(|it| json!({ "kind": it.kind.as_str(), "name": it.shown_name() }))
                    .collect();
            }
            if planned.undoes {
                object["undoes"] = json!(true);
            }
            object
        })
        .collect();
    json!({
        "version": VERSION,
        "resources": resources,
        "pending": plan.pending(),
        "unchanged": plan.unchanged(),
        "noop": plan.forbidden(),
        "failed": plan.failed(),
    })
}

fn json_change(change: &Change) -> Value {
    let masked = |text: &str| Masked::from(text);
    match change {
        Change::Notice(text) => json!({ "notice": masked(text) }),
        Change::Step(text) => json!({ "step": masked(text) }),
        Change::Property { name, old, new } => {
            json!({ "property": name, "old": masked(old), "new": masked(new) })
        }
        Change::Content { path, old, new } => {
            let mut object = json!({
                "content": masked(path),
                "old": old.as_ref().map(json_excerpt),
                "new": json_excerpt(new),
            });
            if let Some((before, after)) = texts(old.as_ref(), new) {
                object["diff"] = json!(difference(before, after));
            }
            object
        }
    }
}

fn json_excerpt(excerpt: &Excerpt) -> Value {
    match excerpt {
        Excerpt::Text(text) => json!({ "text": Masked::from(text.as_str()) }),
        Excerpt::Bytes(count) => json!({ "bytes": count }),
        Excerpt::Private => json!({ "private": true }),
    }
}

/// File, line and column of the declaration, from one.
fn place<'s>(planned: &Planned, sources: &'s Sources) -> Option<(Cow<'s, str>, u32, u32)> {
    let span = planned.span?;
    let source = sources.get(span.source)?;
    let at = source.line_column(span.start);
    Some((redact::passwords(&source.name), at.line, at.column))
}
