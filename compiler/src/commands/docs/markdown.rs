//! The manual for people.

use std::fmt::Write;

use mgmt_stdlib::catalog::{Catalog, FunctionDef, Purity, VariableDef};
use mgmt_stdlib::functions::golang::template_name;
use mgmt_stdlib::functions::operator;
use mgmt_stdlib::param::HostType;
use mgmt_stdlib::resource::{META_PARAMS, Params, ResourceDef};
use mgmt_stdlib::value::Value;

use super::json::{constraints, type_text};

/// What `$hostname` is; it is not in the catalogue, since its value is the host's.
pub(super) const HOSTNAME: &str = "The name of this agent, its identity among its peers. `sys.hostname()` is the name that the machine has.";

/// One page of the manual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Relative to the manual's directory: `functions/net-http.md`.
    pub path: String,
    /// Markdown.
    pub text: String,
}

/// The whole manual, the table of contents first.
pub fn pages(catalog: &Catalog) -> Vec<Page> {
    let mut pages = vec![operators()];
    pages.push(package(catalog, ""));
    pages.extend(catalog.packages().map(|name| package(catalog, name)));
    pages.push(variables(catalog));
    pages.push(meta_parameters());
    let kinds = catalog.resources().filter(|def| !def.kind.starts_with('_'));
    pages.extend(kinds.map(|def| resource(def)));
    pages.insert(0, contents(catalog, &pages));
    pages
}

/// A value as a program would write it.
pub(super) fn literal(value: &Value) -> String {
    match value {
        // Text alone prints without quotes; in a list it does not.
        Value::Str(_) => {
            let quoted = Value::list([value.clone()]).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        other => other.to_string(),
    }
}

fn contents(catalog: &Catalog, pages: &[Page]) -> Page {
    let mut text = String::from(
        "# Reference\n\nMade by `mgmtc docs` from what this version declares; do not edit.\n",
    );
    let functions = catalog.functions().count();
    let kinds = pages
        .iter()
        .filter(|page| page.path.starts_with("resources/"))
        .count();
    for (title, directory) in [
        (
            format!("## The {functions} functions, by package"),
            "functions/",
        ),
        (format!("## The {kinds} resource kinds"), "resources/"),
        ("## And".to_owned(), ""),
    ] {
        let _ = writeln!(text, "\n{title}\n");
        for page in pages {
            let here = match directory {
                "" => !page.path.contains('/'),
                directory => page.path.starts_with(directory),
            };
            if here {
                let heading = page.text.lines().next().unwrap_or_default();
                let heading = heading.trim_start_matches("# ");
                let _ = writeln!(text, "- [{heading}]({})", page.path);
            }
        }
    }
    Page {
        path: "README.md".to_owned(),
        text,
    }
}

/// The part of a path that stands for a package or kind.
fn file_name(name: &str) -> String {
    name.replace(['/', ':'], "-")
}

fn package(catalog: &Catalog, name: &str) -> Page {
    let (path, mut text) = if name.is_empty() {
        let text = "# Functions that need no import\n".to_owned();
        ("functions/builtin.md".to_owned(), text)
    } else {
        let path = format!("functions/{}.md", file_name(name));
        (
            path,
            format!("# `{name}`\n\n```mcl\nimport \"{name}\"\n```\n"),
        )
    };
    let variables: Vec<_> = catalog.package_variables(name).collect();
    if !name.is_empty() && !variables.is_empty() {
        text += "\n## Variables\n\n";
        text += &variable_table(variables.iter().map(|def| &***def), name);
    }
    for def in catalog.package(name) {
        text += &function(def);
    }
    Page { path, text }
}

fn function(def: &FunctionDef) -> String {
    let mut text = format!("\n## `{}`\n\n```\n", def.full_name());
    for signature in &def.signatures {
        let _ = writeln!(text, "{signature}");
    }
    let _ = writeln!(text, "```\n\n{}", def.doc);
    for (var, kinds) in constraints(def) {
        let _ = writeln!(text, "\n`{var}` is one of: {}.", kinds.join(", "));
    }
    let purity = match def.purity {
        Purity::Pure => "",
        Purity::Effect => "It may end the program, so it is never called before the program runs.",
        Purity::Snapshot => {
            "It looks at the machine when it is called, and is not called again when that changes."
        }
        Purity::Source => "It is called again whenever its source has an event.",
        Purity::Graph => "It instantiates its function argument for each element.",
    };
    if !purity.is_empty() {
        let _ = writeln!(text, "\n{purity}");
    }
    if !def.catchable.is_empty() {
        text += "\nErrors that `<|>` catches:\n\n";
        for error in def.catchable {
            let _ = writeln!(text, "- {}", code(error));
        }
    }
    if !def.examples.is_empty() {
        text += "\nExamples:\n\n";
        for example in def.examples {
            let _ = writeln!(text, "- {} is {}", code(example.expr), code(example.value));
        }
    }
    if let Some(name) = template_name(def) {
        let _ = writeln!(text, "\nIn `golang.template`: `{name}`");
    }
    text
}

/// Text as it is, whatever is in it.
fn code(text: &str) -> String {
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

fn operators() -> Page {
    let mut text = String::from("# Operators\n");
    for def in operator::operators() {
        text += &function(&FunctionDef {
            name: def.name,
            ..def
        });
    }
    Page {
        path: "operators.md".to_owned(),
        text,
    }
}

/// What may stand in a cell of a table.
fn cell(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.join(" ").replace('|', "\\|")
}

fn variables(catalog: &Catalog) -> Page {
    let mut text =
        format!("# Variables that are always there\n\n`$hostname` (str): {HOSTNAME}\n\n");
    text += &variable_table(catalog.package_variables("").map(|def| &**def), "");
    Page {
        path: "variables.md".to_owned(),
        text,
    }
}

fn variable_table<'d>(defs: impl Iterator<Item = &'d VariableDef>, package: &str) -> String {
    let mut text = String::from("| Variable | Type | Value | Meaning |\n|---|---|---|---|\n");
    let last = package.rsplit('/').next().unwrap_or_default();
    for def in defs {
        let dot = if last.is_empty() { "" } else { "." };
        let _ = writeln!(
            text,
            "| `${last}{dot}{}` | {} | {} | {} |",
            def.name,
            def.ty,
            cell(&code(&literal(&def.value))),
            cell(def.doc)
        );
    }
    text
}

fn meta_parameters() -> Page {
    let mut text = String::from(
        "# Meta parameters\n\nWhat the engine does with a resource of any kind: \
         `Meta:noop => true`, or `Meta => struct{noop => true, ...}` for all of them at once.\n\n\
         | Name | Type | Default | Meaning |\n|---|---|---|---|\n",
    );
    for param in META_PARAMS {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            param.name,
            param.ty,
            param.default,
            cell(param.doc)
        );
    }
    Page {
        path: "meta-parameters.md".to_owned(),
        text,
    }
}

fn resource(def: &ResourceDef) -> Page {
    let mut text = format!("# `{}`\n\n{}\n", def.kind, def.doc.trim_end());
    let abilities: Vec<_> = [
        (def.traits.refreshable, "It reacts to notifications."),
        (def.traits.receives, "Its parameters can be received."),
        (def.traits.edgeable, "It has automatic edges."),
        (def.traits.groupable, "Several may run as one."),
        (
            def.traits.reversible,
            "It can be undone when it leaves the graph.",
        ),
    ]
    .into_iter()
    .filter_map(|(is, sentence)| is.then_some(sentence))
    .collect();
    if !abilities.is_empty() {
        let _ = writeln!(text, "\n{}", abilities.join(" "));
    }
    if !def.params.is_empty() {
        let defaults = (def.new)();
        text += "\n## Parameters\n\n";
        for param in &def.params {
            let default = default_text(&*defaults, param.name, &param.ty);
            let _ = writeln!(
                text,
                "### `{}` ({}{default})\n\n{}\n",
                param.name,
                type_text(&param.ty),
                param.doc.trim_end()
            );
        }
    }
    if !def.sends.is_empty() {
        text += "\n## What it sends\n\n";
        for send in &def.sends {
            let _ = writeln!(
                text,
                "### `{}` ({})\n\n{}\n",
                send.name,
                type_text(&send.ty),
                send.doc.trim_end()
            );
        }
    }
    let text = format!("{}\n", text.trim_end()).replace("\n\n\n", "\n\n");
    Page {
        path: format!("resources/{}.md", file_name(def.kind)),
        text,
    }
}

fn default_text(defaults: &dyn Params, name: &str, ty: &HostType) -> String {
    match defaults.get(name) {
        _ if matches!(ty, HostType::Optional(_)) => ", undefined unless given".to_owned(),
        Some(value) if !defaults.is_zero(name) => format!(", default {}", code(&literal(&value))),
        _ => String::new(),
    }
}
