use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use mgmt_compiler::graph::{Resource, ResourceGraph};
use mgmt_stdlib::resource::{Meta, Params};
use mgmt_stdlib::resources::{file, print, user};
use mgmt_stdlib::value::Str;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// One resource: which one, and one of its declarations.
type Spec = (u8, u8);

fn resource((which, declaration): Spec) -> Arc<Resource> {
    let text = format!("text {}", declaration % 2);
    // Another owner is another automatic edge.
    let owner = if declaration & 2 == 0 { "" } else { "u5" };
    let (name, params): (String, Arc<dyn Params>) = match which {
        0 => ("/d/".to_owned(), Arc::new(file::File::default())),
        1..=4 => {
            let params = file::File {
                state: "exists".to_owned(),
                content: Some(Str::from(text)),
                owner: owner.to_owned(),
                ..file::File::default()
            };
            (format!("/d/f{which}"), Arc::new(params))
        }
        5 => ("u5".to_owned(), Arc::new(user::User::default())),
        _ => {
            let params = print::Print {
                msg: text.into(),
                ..print::Print::default()
            };
            (format!("p{which}"), Arc::new(params))
        }
    };
    let meta = Meta {
        hidden: declaration == 4,
        autoedge: (declaration == 5).then_some(false),
        autogroup: (declaration == 6).then_some(false),
        noop: declaration == 7,
        ..Meta::default()
    };
    Arc::new(Resource {
        identity: Identity::new(params.kind(), name),
        params,
        meta,
        receives: Vec::new(),
        span: None,
    })
}

/// Which resources there are, and which edges, from lower to higher positions.
type Program = (Vec<Spec>, Vec<(usize, usize, bool)>);

fn programs() -> impl Strategy<Value = Vec<(Program, bool)>> {
    let change = (0..6usize, 0..8u8, 0..12u8);
    let edges = vec((0..4usize, 4..9usize, any::<bool>()), 0..4);
    let first = (vec(0..8u8, 9), edges);
    let steps = vec((vec(change, 0..3), prop::bool::weighted(0.1)), 1..8);
    (first, steps).prop_map(|((declarations, edges), steps)| {
        let mut specs: Vec<Spec> = (0..9).zip(declarations).collect();
        let mut programs = vec![((specs.clone(), edges.clone()), false)];
        for (changes, noop) in steps {
            let mut edges = edges.clone();
            for (at, declaration, what) in changes {
                match what {
                    // Rarely another edge, or a resource less.
                    0 => edges.push((0, 8, true)),
                    1 => drop(specs.pop()),
                    _ if at < specs.len() => specs[at].1 = declaration,
                    _ => {}
                }
            }
            edges.retain(|(_, to, _)| *to < specs.len());
            programs.push(((specs.clone(), edges), noop));
        }
        programs
    })
}

/// All that can be told of a prepared graph.
fn told(prepared: &Prepared) -> (Vec<String>, BTreeSet<(usize, usize, bool)>) {
    let vertices = prepared.vertices.iter().map(|vertex| {
        let parts: Vec<String> = vertex
            .parts()
            .map(|part| format!("{} {:?} {:?}", part.identity, part.params, part.meta))
            .collect();
        parts.join(", ")
    });
    let edges = prepared.edges.iter();
    (
        vertices.collect(),
        edges
            .map(|edge| (edge.from, edge.to, edge.notify))
            .collect(),
    )
}

fn preparer() -> Preparer {
    let services = Services::new("h1", "mgmt", Path::new("/nonexistent"));
    let registry = Arc::new(crate::resources::registry());
    let metrics = Arc::new(Metrics::new(registry.kinds()));
    Preparer::new(registry, services, metrics)
}

proptest! {
    /// What is remembered of the graph before makes no difference.
    #[test]
    fn a_graph_is_prepared_alike_after_any_other(programs in programs()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let mut declared: HashMap<Spec, Arc<Resource>> = HashMap::new();
        let mut experienced = preparer();
        for ((specs, edges), noop) in programs {
            let mut graph = ResourceGraph::default();
            let nodes: Vec<_> = specs
                .into_iter()
                .map(|spec| graph.add(declared.entry(spec).or_insert_with(|| resource(spec)).clone()))
                .collect();
            for (from, to, notify) in edges {
                graph.connect(nodes[from], nodes[to], notify);
            }
            let overrides = Overrides { noop, ..Overrides::default() };
            let found = runtime.block_on(experienced.prepare(&graph, overrides));
            let anew = runtime.block_on(preparer().prepare(&graph, overrides));
            prop_assert_eq!(found.as_ref().map(told), anew.as_ref().map(told));
        }
    }
}

#[tokio::test]
async fn only_what_is_exchanged_is_looked_at() {
    let mut preparer = preparer();
    let mut graph = ResourceGraph::default();
    let nodes: Vec<_> = [(0, 0), (1, 0), (2, 0), (6, 0)]
        .map(|spec| graph.add(resource(spec)))
        .into();
    let overrides = Overrides {
        noop: true,
        ..Overrides::default()
    };
    let first = preparer.prepare(&graph, overrides).await.expect("good");
    graph.replace(nodes[1], resource((1, 1)));
    let second = preparer.prepare(&graph, overrides).await.expect("good");
    let same = first.vertices.iter().zip(&second.vertices);
    let same: Vec<bool> = same
        .map(|(old, new)| Arc::ptr_eq(&old.declared, &new.declared))
        .collect();
    assert_eq!(same, [true, false, true, true]);
    // What is wrong is told, and forgotten.
    let good = graph.clone();
    let bad = file::File {
        state: "neither".to_owned(),
        ..file::File::default()
    };
    graph.replace(nodes[1], Arc::new(Resource::new("/d/f1", bad)));
    let problems = preparer.prepare(&graph, overrides).await.expect_err("bad");
    assert_eq!(problems.len(), 1, "{problems:?}");
    let third = preparer.prepare(&good, overrides).await.expect("good");
    assert_eq!(told(&second), told(&third));
}
