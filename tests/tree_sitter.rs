//! The tree-sitter grammar reads what the compiler reads: every file of the corpus, of the examples and of the
//! modules that the compiler parses. Its queries fit the grammar, and colour what they should.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::{Path, PathBuf};

use mgmt_grammar::parse;
use mgmt_grammar::span::SourceId;
use mgmt_tests::agent::workspace;
use mgmt_tests::case::archive;
use tree_sitter::{Language, Node, Parser, Query, QueryCursor, StreamingIterator, Tree};
use tree_sitter_mcl::{FOLDS, HIGHLIGHTS, INDENTS, INJECTIONS, LANGUAGE, LOCALS, TAGS};

#[test]
fn what_the_compiler_parses_is_parsed() {
    let mut parsed = 0;
    let mut failed = Vec::new();
    for (path, text) in programs() {
        if !parse(SourceId::default(), &text).errors.is_empty() {
            continue;
        }
        parsed += 1;
        if let Some(error) = first_error(tree(&text).root_node()) {
            let at = error.start_position();
            let line = text.lines().nth(at.row).unwrap_or_default();
            failed.push(format!("{}:{}: {line}", path.display(), at.row + 1));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {parsed}: {failed:#?}",
        failed.len()
    );
    assert!(parsed > 1000, "only {parsed} programs were found");
}

#[test]
fn what_follows_an_error_is_parsed() {
    let text =
        "$a = [1, 2\n\nfile \"/tmp/x\" {\n\tstate => \"exists\",\n}\n$b = 1 +\nclass c() {}\n";
    let tree = tree(text);
    let kinds = |kind: &str| count(tree.root_node(), kind);
    assert_eq!(kinds("class_definition"), 1, "{}", tree.root_node());
    assert_eq!(kinds("field"), 1, "{}", tree.root_node());
}

#[test]
fn queries_fit_the_grammar() {
    for query in [FOLDS, HIGHLIGHTS, INDENTS, INJECTIONS, LOCALS, TAGS] {
        Query::new(&language(), query).unwrap();
    }
    // Those of single editors.
    for directory in ["helix/queries/mcl", "zed/languages/mcl"] {
        let mut found = 0;
        for entry in fs::read_dir(workspace().join("lsp/editors").join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "scm") {
                let query = fs::read_to_string(&path).unwrap();
                if let Err(wrong) = Query::new(&language(), &query) {
                    panic!("{}: {wrong}", path.display());
                }
                found += 1;
            }
        }
        assert!(found > 0, "no queries in {directory}");
    }
}

#[test]
fn helix_has_scopes_of_its_own() {
    let path = workspace().join("lsp/editors/helix/queries/mcl/highlights.scm");
    let query = fs::read_to_string(path).unwrap();
    let text = "# why\n$n = 12\nfile \"/a\" {\n\tmode => true,\n}\n";
    let colours = captures(&query, text);
    for expected in [
        ("# why", "comment"),
        ("12", "constant.numeric.integer"),
        ("true", "constant.builtin.boolean"),
        ("mode", "variable.other.member"),
    ] {
        assert!(colours.contains(&expected), "{expected:?}: {colours:?}");
    }
}

#[test]
fn colours() {
    let text = "import \"fmt\" as f\nclass web($port int) {\n\tfile \"/a${port}\" {\n\t\tmode => $const.x.y,\n\
                \t\tMeta:noop => f.g(true),\n\t}\n}\n";
    let colours = captures(HIGHLIGHTS, text);
    for expected in [
        ("\"fmt\"", "string.special.path"),
        ("f", "module"),
        ("class", "keyword.function"),
        ("web", "type.definition"),
        ("$port", "variable.parameter"),
        ("int", "type.builtin"),
        ("file", "type"),
        ("port", "variable"),
        ("mode", "property"),
        ("$const.x.y", "constant.builtin"),
        ("noop", "attribute"),
        ("f.g", "function.call"),
        ("true", "boolean"),
    ] {
        assert!(colours.contains(&expected), "{expected:?}: {colours:?}");
    }
}

/// Every mcl text of the tree.
fn programs() -> Vec<(PathBuf, String)> {
    let mut programs = Vec::new();
    for directory in ["tests/lang", "examples", "stdlib"] {
        collect(&workspace().join(directory), &mut programs);
    }
    programs
}

fn collect(directory: &Path, programs: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, programs);
            continue;
        }
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("mcl") => {
                let text = fs::read_to_string(&path).unwrap();
                programs.push((path, text));
            }
            Some("txtar") => {
                let text = fs::read_to_string(&path).unwrap();
                let files = archive(&text).into_iter();
                programs.extend(
                    files
                        .filter(|(name, _)| name.ends_with(".mcl"))
                        .map(|(name, text)| (path.join(name), text)),
                );
            }
            _ => {}
        }
    }
}

fn language() -> Language {
    LANGUAGE.into()
}

fn tree(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&language()).unwrap();
    parser.parse(text, None).unwrap()
}

/// The first place that was not understood.
fn first_error(node: Node<'_>) -> Option<Node<'_>> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    children(node)
        .filter(|child| child.has_error() || child.is_missing())
        .find_map(first_error)
}

fn children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    (0..node.child_count()).filter_map(move |i| node.child(i))
}

/// How many nodes there are of a kind.
fn count(node: Node<'_>, kind: &str) -> usize {
    let below: usize = children(node).map(|child| count(child, kind)).sum();
    below + usize::from(node.kind() == kind)
}

/// The texts that a query captures, each with the name of the capture.
fn captures<'text>(query: &str, text: &'text str) -> Vec<(&'text str, &'static str)> {
    let query = Box::leak(Box::new(Query::new(&language(), query).unwrap()));
    let tree = tree(text);
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(query, tree.root_node(), text.as_bytes());
    let mut found = Vec::new();
    while let Some(matched) = matches.next() {
        for capture in matched.captures() {
            let name = query.capture_names()[capture.index as usize];
            found.push((&text[capture.node.byte_range()], name));
        }
    }
    found
}
