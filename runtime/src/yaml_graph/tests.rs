use mgmt_compiler::graph::{GraphFormat, format};

use super::*;

const EXAMPLE: &str = r#"
graph: demo
comment: two files and a reload
resources:
  file:
  - name: cfg
    path: /etc/demo/main.conf
    content: "mode=1\n"
    state: exists
    meta: {retry: 3, delay: 500, sema: ["disk:2"], limit: .inf}
  - name: "@@shared"
    path: /srv/x/shared-a
    content: "from a\n"
    state: exists
  svc:
  - name: demo
    state: running
edges:
- name: e1
  from: {kind: File, name: cfg}
  to: {kind: svc, name: demo}
  notify: true
collect:
- kind: file
  pattern: /srv/collected/
"#;

fn outcome(text: &str) -> Result<YamlGraph, Box<Diagnostic>> {
    read(text, SourceId(0), &Catalog::standard().unwrap())
}

#[track_caller]
fn refused(text: &str, says: &str) {
    let error = outcome(text).expect_err("is refused");
    assert_eq!(error.message, says);
}

#[test]
fn a_graph_is_read_whole() {
    let read = outcome(EXAMPLE).unwrap();
    let catalog = Catalog::standard().unwrap();
    assert_eq!(
        format(&read.graph, &catalog, GraphFormat::Text),
        "\
Edge: file[cfg] -> svc[demo] # file[cfg] -> svc[demo]
Field: file[cfg].content = \"mode=1\\n\"
Field: file[cfg].path = \"/etc/demo/main.conf\"
Field: file[cfg].state = \"exists\"
Field: svc[demo].state = \"running\"
Vertex: file[cfg]
Vertex: svc[demo]
"
    );
    let cfg = read.graph.find(&Identity::new("file", "cfg")).unwrap();
    let meta = &read.graph.graph()[cfg].meta;
    assert_eq!((meta.retry, meta.delay), (3, 500));
    assert_eq!(meta.sema, ["disk:2"]);
    assert!(meta.limit.is_infinite());
    let warnings: Vec<_> = read.warnings.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(
        warnings,
        [
            "file[shared] is for other hosts, and has no effect without a cluster",
            "`collect` has no effect without a cluster",
        ]
    );
}

#[test]
fn lists_may_be_empty_or_missing() {
    for rest in [
        "",
        "resources:\nedges:\n",
        "resources: {file: }\nedges: []\n",
    ] {
        let read = outcome(&format!("graph: a\n{rest}")).unwrap();
        assert!(read.graph.is_empty(), "{rest}");
    }
}

#[test]
fn values_are_of_the_types_of_the_parameters() {
    let read = outcome(
        "graph: a\nresources:\n  test:\n  - name: t\n    int8: -3\n    float64: 2\n    \
         mapintfloat: {1: 0.5}\n    mixedstruct: {somestr: x}\n    interface: [1, 2]\n    \
         slicestring: []\n    boolptr: false\n    stringptr: null\n",
    )
    .unwrap();
    let catalog = Catalog::standard().unwrap();
    let text = format(&read.graph, &catalog, GraphFormat::Text);
    for line in [
        "test[t].int8 = -3",
        "test[t].float64 = 2",
        "test[t].mapintfloat = {1: 0.5}",
        "test[t].interface = [1, 2]",
        "test[t].slicestring = []",
        "test[t].boolptr = false",
        "somestr: \"x\"",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("stringptr"), "{text}");
}

#[test]
fn unknown_keys_are_warned_of() {
    let read = outcome(
        "\u{feff}graph: a\nremote: ssh://b\nnode: c\nresources:\n  noop:\n  - name: n\n    coment: x\n",
    )
    .unwrap();
    assert_eq!(read.warnings.len(), 3);
    assert!(read.warnings.iter().all(|warning| !warning.is_error()));
}

#[test]
fn mistakes_are_told_where_they_are() {
    let text =
        "graph: a\nresources:\n  noop:\n  - name: n\n  file:\n  - name: /tmp/a\n    mode: 644\n";
    let error = outcome(text).expect_err("is refused");
    assert_eq!(
        error.message,
        "resources.file[0]: `mode` of `file`: expected a text, not a number; put it into quotes"
    );
    let start = error.primary.unwrap().span.start as usize;
    assert!(text[start..].starts_with("name: /tmp/a"), "{start}");
}

#[test]
fn what_does_not_fit_together_is_told_where_it_is() {
    let noops = "graph: a\nresources:\n  noop:\n  - name: n\n  - name: m\n  print:\n  - name: p\n";
    let edge = |name: &str, from: &str, to: &str| {
        format!(
            "- name: {name}\n  from: {{kind: noop, name: {from}}}\n  to: {{kind: noop, name: {to}}}\n"
        )
    };
    let edges = |second: String| format!("{noops}edges:\n{}{second}", edge("e1", "n", "m"));
    let twice = format!("{noops}  - name: p\n    msg: other\n");
    for (text, place) in [
        (edges(edge("e2", "n", "x")), "name: e2"),
        (edges(edge("e2", "x", "n")), "name: e2"),
        (
            edges("- name: e2\n  from: {kind: noop}\n".to_owned()),
            "{kind: noop}",
        ),
        // The first of those that make the cycle.
        (edges(edge("e2", "m", "n")), "name: e1"),
        (twice, "name: p\n    msg: other"),
        // Wherever the edges are.
        (
            format!("edges:\n{}{noops}", edge("e1", "n", "x")),
            "name: e1",
        ),
    ] {
        let error = outcome(&text).expect_err("is refused");
        let start = error.primary.as_ref().map(|it| it.span.start as usize);
        let rest = start.map(|start| &text[start..]).unwrap_or_default();
        assert!(rest.starts_with(place), "{place}: {error:?}");
    }
}

#[test]
fn a_hidden_resource_can_be_the_end_of_an_edge() {
    let text = "graph: a\nresources:\n  noop:\n  - {name: n, meta: {hidden: true}}\n  - {name: m}\n\
                edges:\n- {name: e, from: {kind: noop, name: n}, to: {kind: noop, name: m}}\n";
    let read = outcome(text).unwrap();
    assert_eq!(read.graph.graph().edge_count(), 1);
}

#[test]
fn mistakes_are_refused() {
    refused(
        "resources: {}\n",
        "invalid graph: it has no name, which is the value of `graph`",
    );
    refused(
        "graph: a\nresources: {flie: []}\n",
        "resources: there is no resource kind `flie`",
    );
    refused(
        "graph: a\nresources: {noop: [{comment: x}]}\n",
        "resources.noop[0]: a `noop` has no `name`",
    );
    refused(
        "graph: a\nresources: {timer: [{name: t}]}\n",
        "resources.timer[0]: timer[t] is not valid: `interval` must be at least one second \
         (give the seconds between two ticks, such as `interval => 60`)",
    );
    refused(
        "graph: a\nresources: {noop: [{name: n, meta: {retri: 1}}]}\n",
        "resources.noop[0]: `meta` of `noop`: there is no meta parameter `retri`",
    );
    refused(
        "graph: a\nresources: {print: [{name: p, msg: a}, {name: p, msg: b}]}\n",
        "resources.print[1]: print[p] is declared twice, but not alike: the Msg differs",
    );
    refused(
        "graph: a\nresources: {noop: [{name: n}]}\nedges:\n\
         - {name: e, from: {kind: noop, name: n}, to: {kind: noop, name: m}}\n",
        "edges[0]: the edge `e` begins or ends nowhere: there is no noop[m], which is its `to`",
    );
    refused(
        "graph: a\nresources: {noop: [{name: n}]}\nedges:\n\
         - {name: e, from: {kind: noop, name: n}, to: {kind: noop, name: n}}\n",
        "edges[0]: these wait for each other: noop[n]",
    );
}

#[test]
fn what_is_no_yaml_is_shown_at_its_place() {
    let error = outcome("graph: [a\n").expect_err("is refused");
    assert!(error.primary.is_some(), "{error:?}");
}

#[test]
fn the_place_of_a_mistake_is_found_behind_letters_of_several_bytes() {
    let text = "graph: a # äöü €\nresources:\n  noop:\n  - nam: n\n";
    let error = outcome(text).expect_err("is refused");
    let start = error.primary.unwrap().span.start as usize;
    assert!(text[start..].starts_with("nam: n"), "{start}");
}

#[test]
fn unknown_keys_of_edges_are_warned_of() {
    let text = "graph: a\nresources: {noop: [{name: n}, {name: m}]}\n\
                edges: [{from: {kind: noop, name: n}, to: {kind: noop, name: m}, notfy: true}]\n";
    let read = outcome(text).unwrap();
    assert_eq!(
        read.warnings[0].message,
        "`notfy` means nothing in an edge and is ignored"
    );
}

#[test]
fn the_graph_of_the_guide_is_read_without_warnings() {
    let guide = include_str!("../../../docs/operating.md");
    let (_, graph) = guide.split_once("```yaml\n").unwrap();
    let (graph, _) = graph.split_once("```").unwrap();
    assert_eq!(outcome(graph).unwrap().warnings, []);
}
