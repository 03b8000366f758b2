use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use mgmt_compiler::graph::{Identity, Resource, ResourceGraph, topology};
use mgmt_stdlib::resource::{AutoEdges, Meta, Params, Subject};
use mgmt_stdlib::resources::{exec, file, noop};
use proptest::prelude::*;

use super::*;
use crate::engine::metrics::Metrics;
use crate::engine::prepare::{Overrides, PreparedVertex, Preparer};

/// A graph of real kinds, built by name.
#[derive(Default)]
struct Program(ResourceGraph);

impl Program {
    fn add(mut self, name: &str, params: impl Params, meta: Meta) -> Self {
        let params: Arc<dyn Params> = Arc::new(params);
        self.0.add(Arc::new(Resource {
            identity: Identity::new(params.kind(), name),
            params,
            meta,
            receives: Vec::new(),
            span: None,
        }));
        self
    }

    fn file(self, path: &str) -> Self {
        self.add(path, file::File::default(), Meta::default())
    }

    fn edge(mut self, from: (&str, &str), to: (&str, &str), notify: bool) -> Self {
        let find = |(kind, name): (&str, &str)| {
            self.0
                .find(&Identity::new(kind, name))
                .expect("it was added")
        };
        let (from, to) = (find(from), find(to));
        self.0.connect(from, to, notify);
        self
    }

    /// The edges of the prepared graph; those with `!` notify.
    async fn edges(&self) -> Vec<String> {
        let registry = Arc::new(crate::resources::registry());
        let services = Services::new("h1", "mgmt", Path::new("/nonexistent"));
        let metrics = Arc::new(Metrics::new(registry.kinds()));
        let prepared = Preparer::new(registry, services, metrics)
            .prepare(&self.0, Overrides::default())
            .await
            .expect("a good graph");
        let identity = |at: usize| prepared.vertices[at].identity();
        let mut edges: Vec<_> = prepared
            .edges
            .iter()
            .map(|edge| {
                let arrow = if edge.notify { "->!" } else { "->" };
                format!("{} {arrow} {}", identity(edge.from), identity(edge.to))
            })
            .collect();
        edges.sort();
        edges
    }
}

#[tokio::test]
async fn a_file_comes_after_the_nearest_directory_and_its_fragments() {
    let fragments = file::File {
        fragments: vec!["/a/b/one".to_owned(), "/x/".to_owned()],
        ..file::File::default()
    };
    let program = Program::default()
        .file("/")
        .file("/a/")
        .file("/a/b/c/d")
        .file("/a/b/one")
        .file("/x/")
        .add("/a/all", fragments, Meta::default());
    assert_eq!(
        program.edges().await,
        [
            "file[/] -> file[/a/]",
            "file[/] -> file[/x/]",
            "file[/a/] -> file[/a/all]",
            "file[/a/] -> file[/a/b/c/d]",
            "file[/a/] -> file[/a/b/one]",
            "file[/a/b/one] -> file[/a/all]",
            "file[/x/] -> file[/a/all]",
        ]
    );
}

#[tokio::test]
async fn an_exec_comes_after_the_programs_that_it_uses() {
    let exec = exec::Exec {
        cmd: "/opt/tool --now".to_owned(),
        ifcmd: "/opt/ignored".to_owned(),
        ifshell: "/bin/sh".to_owned(),
        ..exec::Exec::default()
    };
    let program = Program::default()
        .file("/opt/tool")
        .file("/opt/ignored")
        .file("/bin/sh")
        .add("e", exec, Meta::default());
    assert_eq!(
        program.edges().await,
        ["file[/bin/sh] -> exec[e]", "file[/opt/tool] -> exec[e]"]
    );
}

#[tokio::test]
async fn who_is_switched_off_or_hidden_takes_no_part() {
    let off = || Meta {
        autoedge: Some(false),
        ..Meta::default()
    };
    let hidden = || Meta {
        hidden: true,
        ..Meta::default()
    };
    let program = Program::default()
        .add("/a/", file::File::default(), hidden())
        .add("/a/b/", file::File::default(), off())
        .file("/")
        .file("/a/b/c")
        .add("/a/b/d", file::File::default(), off())
        .add("n", noop::Noop::default(), Meta::default());
    assert_eq!(program.edges().await, ["file[/] -> file[/a/b/c]"]);
}

#[tokio::test]
async fn what_the_user_ordered_stays_as_it_is() {
    let program = Program::default()
        .file("/a/")
        .file("/a/b")
        .file("/c/")
        .file("/c/d")
        .add("n", noop::Noop::default(), Meta::default())
        .edge(("file", "/a/"), ("file", "/a/b"), true)
        .edge(("file", "/c/d"), ("noop", "n"), false)
        .edge(("noop", "n"), ("file", "/c/"), false);
    assert_eq!(
        program.edges().await,
        [
            "file[/a/] ->! file[/a/b]",
            "file[/c/d] -> noop[n]",
            "noop[n] -> file[/c/]",
        ]
    );
}

fn participants(answers: &[AutoEdges]) -> Vec<Participant> {
    let answers = answers.iter().cloned().enumerate();
    answers
        .map(|(at, edges)| Participant { at, edges })
        .collect()
}

/// From, to, and whether it notifies.
type DeclaredEdge = (usize, usize, bool);

/// Resources that provide and want the packages `p0` to `p5` at random, some edges between them, and
/// another order to declare them in.
fn situations() -> impl Strategy<Value = (Vec<AutoEdges>, Vec<DeclaredEdge>, Vec<usize>)> {
    let subject = || (0..6).prop_map(|at| Subject::package(format!("p{at}")));
    let subjects = move || prop::collection::vec(subject(), 0..3);
    let answer = (subjects(), subjects(), subjects(), subjects()).prop_map(
        |(provided, each, first, before)| {
            let answer = AutoEdges::default()
                .after_each(each)
                .after_first(first)
                .before_each(before);
            provided.into_iter().fold(answer, AutoEdges::provides)
        },
    );
    prop::collection::vec(answer, 1..12).prop_flat_map(|answers| {
        let count = answers.len();
        let edges = prop::collection::vec((0..count, 0..count, any::<bool>()), 0..8);
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (Just(answers), edges, order)
    })
}

/// The graph of these resources, declared in `order`.
fn declare(
    answers: &[AutoEdges],
    edges: &[DeclaredEdge],
    order: &[usize],
) -> (Prepared, Vec<Participant>) {
    let place = |at: usize| {
        order
            .iter()
            .position(|other| *other == at)
            .expect("it is there")
    };
    let vertices = order.iter().map(|at| {
        PreparedVertex::new(Arc::new(Resource {
            identity: Identity::new("noop", format!("n{at:02}")),
            params: Arc::new(noop::Noop::default()),
            meta: Meta::default(),
            receives: Vec::new(),
            span: None,
        }))
    });
    let mut seen = BTreeSet::new();
    let edges = edges
        .iter()
        // From the lower to the higher number, so that there is no cycle.
        .filter(|(from, to, _)| from < to && seen.insert((*from, *to)))
        .map(|(from, to, notify)| PreparedEdge {
            from: place(*from),
            to: place(*to),
            notify: *notify,
        });
    let prepared = Prepared {
        vertices: vertices.collect(),
        edges: edges.collect(),
        warnings: Vec::new(),
    };
    let mut participants = participants(answers);
    for participant in &mut participants {
        participant.at = place(participant.at);
    }
    (prepared, participants)
}

fn named(prepared: &Prepared) -> BTreeSet<(String, String, bool)> {
    let name = |at: usize| prepared.vertices[at].identity().to_string();
    let edges = prepared.edges.iter();
    edges
        .map(|edge| (name(edge.from), name(edge.to), edge.notify))
        .collect()
}

proptest! {
    #![proptest_config(crate::engine::tests::chance::cases(2_000))]

    /// T13.
    #[test]
    fn automatic_edges_are_a_matter_of_the_graph_alone((answers, edges, order) in situations()) {
        let in_order: Vec<usize> = (0..answers.len()).collect();
        let (mut prepared, participants) = declare(&answers, &edges, &in_order);
        let declared = named(&prepared);
        add(&mut prepared, &participants);
        let pairs: Vec<_> = prepared.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        prop_assert_eq!(topology::cycle(answers.len(), &pairs), None);
        let first = named(&prepared);
        prop_assert!(declared.is_subset(&first), "what was declared stays, and notifies as before");
        prop_assert_eq!(first.len(), prepared.edges.len(), "one edge a pair");
        add(&mut prepared, &participants);
        prop_assert_eq!(&named(&prepared), &first, "a second time adds nothing");
        let (mut shuffled, participants) = declare(&answers, &edges, &order);
        add(&mut shuffled, &participants);
        prop_assert_eq!(&named(&shuffled), &first, "the order of declaration is no matter");
    }
}
