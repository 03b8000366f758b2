//! What `mgmtc docs` tells: all that the specification lists, and the pages that are in the repository.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mgmt_compiler::commands::docs::{catalogue, pages};
use mgmt_stdlib::catalog::{Catalog, Signature};
use mgmt_tests::agent::workspace;
use serde_json::Value;

/// Names and signatures as functions.md has them, a row each; forms are separated by ` or `.
const ROWS: &str = include_str!("data/signatures.tsv");

fn json() -> Value {
    serde_json::to_value(catalogue(&Catalog::standard().unwrap())).unwrap()
}

fn by<'v>(list: &'v Value, key: &str) -> BTreeMap<&'v str, &'v Value> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|entry| (entry[key].as_str().unwrap(), entry))
        .collect()
}

/// Arguments, result, and whether more arguments may follow.
fn parse(form: &str) -> (Signature, bool) {
    let more = form.contains(", …");
    (Signature::parse(&form.replace(", …", "")).unwrap(), more)
}

/// Whether a printed form is the one that is wanted. Where the latter gives an argument no name, any will do.
fn fits(wanted: &str, printed: &str) -> bool {
    let ((wanted, wants_more), (printed, has_more)) = (parse(wanted), parse(printed));
    let mut wanted_args = wanted.ty.args.clone();
    if wants_more && wanted_args.len() > printed.ty.args.len() {
        // `[]?1, []?1, …`: one or more of them.
        wanted_args.pop();
    }
    wants_more == has_more
        && wanted_args.len() == printed.ty.args.len()
        && wanted.ty.result.same(&printed.ty.result)
        && wanted_args
            .iter()
            .zip(&printed.ty.args)
            .all(|((name, ty), (have, is))| (name.is_empty() || name == have) && ty.same(is))
}

#[test]
fn every_row_of_the_specification_is_in_the_catalogue() {
    let json = json();
    let functions = by(&json["functions"], "name");
    let operators = by(&json["operators"], "name");
    let variables = by(&json["variables"], "name");
    let mut missing = Vec::new();
    for row in ROWS.lines() {
        let (name, wanted) = row.split_once('\t').unwrap();
        let (section, name) = name.split_once(' ').unwrap_or(("function", name));
        let entry = match section {
            "operator" => operators.get(name),
            "variable" => variables.get(name),
            _ => functions.get(name),
        };
        let Some(entry) = entry else {
            missing.push(format!("{section} {name}: not there"));
            continue;
        };
        if section == "variable" {
            if entry["type"] != wanted {
                missing.push(format!("{name}: {} instead of {wanted}", entry["type"]));
            }
            continue;
        }
        let printed: Vec<_> = entry["signatures"].as_array().unwrap().iter().collect();
        for form in wanted.split(" or ") {
            if !printed.iter().any(|it| fits(form, it.as_str().unwrap())) {
                missing.push(format!("{name}: {printed:?} instead of {form}"));
            }
        }
    }
    let count = missing.len();
    assert!(missing.is_empty(), "{count} rows:\n{}", missing.join("\n"));
}

#[test]
fn every_function_says_what_it_is() {
    for function in json()["functions"].as_array().unwrap() {
        let name = &function["name"];
        for key in ["package", "signature", "kind", "doc"] {
            assert!(function[key].is_string(), "{name}: {key}");
        }
        let sorts = [&function["pure"], &function["source"]];
        assert!(sorts.iter().all(|it| it.is_boolean()), "{name}");
        assert_ne!(sorts, [&Value::Bool(true); 2], "{name}");
        assert!(function["catchable"].is_array(), "{name}");
    }
}

fn files_below(directory: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path, text);
        }
    }
}

#[test]
fn the_pages_in_the_repository_are_up_to_date() {
    let directory = workspace().join("docs/reference");
    let wanted: BTreeMap<_, _> = pages(&Catalog::standard().unwrap())
        .into_iter()
        .map(|page| (directory.join(page.path), page.text))
        .collect();
    if std::env::var_os("MGMT_BLESS").is_some() {
        let _ = fs::remove_dir_all(&directory);
        for (path, text) in &wanted {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let mut found = BTreeMap::new();
    files_below(&directory, &mut found);
    let differing: Vec<_> = wanted
        .keys()
        .chain(found.keys())
        .filter(|path| wanted.get(*path) != found.get(*path))
        .collect();
    assert!(
        differing.is_empty(),
        "out of date, `make reference` renews them: {differing:#?}"
    );
}
