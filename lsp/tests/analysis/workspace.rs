//! Calls, uses, and symbols of the whole workspace.

use mgmt_compiler::graph::GraphFormat;
use mgmt_lsp::analysis::calls::{incoming, item, outgoing};
use mgmt_lsp::analysis::find::find;
use mgmt_lsp::analysis::graph::graph;
use mgmt_lsp::analysis::lens::lenses;

use crate::fixture::Fixture;

const PROGRAM: &str = "-- main.mcl --\nimport \"lib.mcl\"\nclass c($n) {\n\tnoop \"x\" { Meta:retry => lib.f($n), }\n}\ninclude c(lib.f(1))\n-- lib.mcl --\nfunc f¦($a) {\n\tg($a) + g(1)\n}\nfunc g($a) {\n\t$a\n}\n";

fn names(
    calls: &[(mgmt_lsp::analysis::calls::Caller, Vec<std::ops::Range<u32>>)],
) -> Vec<(String, usize)> {
    calls
        .iter()
        .map(|(caller, places)| (caller.name.clone(), places.len()))
        .collect()
}

#[test]
fn calls_lead_both_ways() {
    let fixture = Fixture::new(PROGRAM);
    assert_eq!(item(&fixture.view, fixture.offset).unwrap().name, "f");
    let callers = names(&incoming(&fixture.view, fixture.offset));
    assert_eq!(callers, [("c".to_owned(), 1), ("main.mcl".to_owned(), 1)]);
    let called = names(&outgoing(&fixture.view, fixture.offset));
    assert_eq!(called, [("g".to_owned(), 2)]);
    let fixture = Fixture::new("$x¦ = 1\n");
    assert_eq!(item(&fixture.view, fixture.offset), None);
}

#[test]
fn uses_are_counted() {
    let fixture = Fixture::new(PROGRAM);
    let found: Vec<_> = lenses(&fixture.view)
        .iter()
        .map(|it| (fixture.text(&it.range).to_owned(), it.uses.len()))
        .collect();
    assert_eq!(found, [("f".to_owned(), 2), ("g".to_owned(), 2)]);
}

#[test]
fn symbols_are_found_by_some_of_their_letters() {
    let fixture = Fixture::new(
        "-- a.mcl --\nclass web_server {\n\tfile \"/etc/x\" {}\n}\n-- b.mcl --\n$server_name = 1\n",
    );
    let found = |query| -> Vec<String> {
        find(&fixture.view.world, query, &|_, _| true)
            .unwrap()
            .into_iter()
            .map(|it| it.name)
            .collect()
    };
    // What begins so comes before what has it somewhere.
    assert_eq!(found("serv"), ["$server_name", "web_server"]);
    assert_eq!(found("$server_name"), ["$server_name"]);
    assert_eq!(found("wsr"), ["web_server"]);
    assert_eq!(found("ETCX"), ["file \"/etc/x\""]);
    assert_eq!(found("zzz"), [""; 0]);
    assert_eq!(
        find(&fixture.view.world, "etc", &|_, _| true).unwrap()[0]
            .container
            .as_deref(),
        Some("web_server")
    );
}

#[test]
fn the_graph_is_drawn_from_unsaved_texts() {
    let fixture = Fixture::new("noop \"a\" {\n\tBefore => Noop[\"b\"],\n}\nnoop \"b\" {}\n");
    let drawn = graph(
        &fixture.view.world,
        fixture.view.path(),
        GraphFormat::Mermaid,
        None,
    )
    .unwrap();
    assert!(
        drawn.starts_with("flowchart TD\n") && drawn.contains("-->"),
        "{drawn}"
    );
    let fixture = Fixture::new("noop $x {}\n");
    let wrong = graph(
        &fixture.view.world,
        fixture.view.path(),
        GraphFormat::Dot,
        None,
    )
    .unwrap_err();
    assert!(wrong.contains("$x"), "{wrong}");
}
