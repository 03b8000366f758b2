use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use mgmt_compiler::graph::{Resource, ResourceGraph};
use mgmt_stdlib::resource::{Meta, Params};
use mgmt_stdlib::resources::{file, print, user};
use mgmt_stdlib::value::Str;
use petgraph::stable_graph::NodeIndex;
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
            prop_assert_eq!(found.as_ref().map(|it| told(it)), anew.as_ref().map(|it| told(it)));
        }
    }
}

/// A step of a program whose graph is changed and not made anew.
#[derive(Clone, Debug)]
enum Change {
    /// Declares a resource, or declares it otherwise.
    Declare(Spec),
    Remove(u8),
    Connect(u8, u8, bool),
    Disconnect(u8, u8),
}

fn changes() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let declare = (0..9u8, 0..8u8).prop_map(Change::Declare);
    let change = prop_oneof![
        // Most resources are there most of the time.
        4 => declare.clone(),
        2 => (0..9u8).prop_map(Change::Remove),
        1 => (0..9u8, 0..9u8, any::<bool>()).prop_map(|(from, to, notify)| Change::Connect(from, to, notify)),
        1 => (0..9u8, 0..9u8).prop_map(|(from, to)| Change::Disconnect(from, to)),
    ];
    let first = vec(declare, 9);
    let steps = vec(vec(change, 1..4), 1..12);
    (first, steps).prop_map(|(first, mut steps)| {
        steps.insert(0, first);
        steps
    })
}

/// A graph and where its resources are.
#[derive(Default)]
struct Changing {
    graph: ResourceGraph,
    nodes: HashMap<u8, NodeIndex>,
    declared: HashMap<Spec, Arc<Resource>>,
}

impl Changing {
    fn change(&mut self, change: &Change) {
        let node = |which: &u8| self.nodes.get(which).copied();
        match change {
            Change::Declare(spec) => {
                let declared = self.declared.entry(*spec);
                let declared = declared.or_insert_with(|| resource(*spec)).clone();
                let former = node(&spec.0);
                let hidden = |node: NodeIndex| self.graph.graph()[node].meta.hidden;
                match former {
                    Some(node) if hidden(node) == declared.meta.hidden => {
                        self.graph.replace(node, declared);
                    }
                    // One that is hidden can not be removed.
                    Some(node) if hidden(node) => {}
                    former => {
                        former.into_iter().for_each(|node| self.graph.remove(node));
                        self.nodes.insert(spec.0, self.graph.add(declared));
                    }
                }
            }
            Change::Remove(which) => {
                if let Some(node) = node(which)
                    && !self.graph.graph()[node].meta.hidden
                {
                    self.graph.remove(node);
                    self.nodes.remove(which);
                }
            }
            Change::Connect(from, to, notify) => {
                if let (Some(from), Some(to)) = (node(from), node(to))
                    && from != to
                {
                    self.graph.connect(from, to, *notify);
                }
            }
            Change::Disconnect(from, to) => {
                if let (Some(from), Some(to)) = (node(from), node(to)) {
                    self.graph.disconnect(from, to);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Resources come and go, and edges with them.
    #[test]
    fn a_changing_graph_is_prepared_like_a_new_one(
        steps in changes(),
        skip_autoedges in prop::bool::weighted(0.2),
        skip_autogroup in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let overrides = Overrides { skip_autoedges, skip_autogroup, ..Overrides::default() };
        let mut changing = Changing::default();
        let mut experienced = preparer();
        for changes in steps {
            for change in &changes {
                changing.change(change);
            }
            let found = runtime.block_on(experienced.prepare(&changing.graph, overrides));
            let anew = runtime.block_on(preparer().prepare(&changing.graph, overrides));
            prop_assert_eq!(found.as_ref().map(|it| told(it)), anew.as_ref().map(|it| told(it)), "after {:?}", changes);
        }
    }
}

/// Which resources of the second graph are the very same as in the first, so that nothing was done to them.
fn untouched(first: &Prepared, second: &Prepared) -> Vec<String> {
    let known: HashSet<_> = first.parts().map(Arc::as_ptr).collect();
    let same = second.parts().filter(|it| known.contains(&Arc::as_ptr(it)));
    same.map(|it| it.identity.name.to_string()).collect()
}

#[tokio::test]
async fn only_what_comes_or_goes_is_looked_at() {
    let mut preparer = preparer();
    let mut graph = ResourceGraph::default();
    // Each resource is copied for this, unless it is known already.
    let overrides = Overrides {
        noop: true,
        ..Overrides::default()
    };
    let nodes: Vec<_> = [(0, 0), (1, 0), (2, 0), (6, 0), (7, 0)]
        .map(|spec| graph.add(resource(spec)))
        .into();
    let first = preparer.prepare(&graph, overrides).await.expect("good");
    assert_eq!(first.vertices[3].members.len(), 1, "two prints are one");

    // It takes the place of the one that is gone.
    graph.remove(nodes[1]);
    graph.add(resource((3, 0)));
    let file = graph.add(resource((4, 0)));
    graph.connect(file, nodes[3], true);
    graph.connect(file, nodes[4], false);
    let second = preparer.prepare(&graph, overrides).await.expect("good");
    // With an edge in, from the directory, and one out, it might come between two prints.
    assert!(untouched(&first, &second).is_empty());

    graph.remove(file);
    let third = preparer.prepare(&graph, overrides).await.expect("good");
    assert!(untouched(&second, &third).is_empty());

    let file = graph.add(resource((4, 0)));
    graph.connect(nodes[0], file, true);
    let fourth = preparer.prepare(&graph, overrides).await.expect("good");
    assert_eq!(
        untouched(&third, &fourth),
        ["/d/", "/d/f3", "/d/f2", "p7", "p6"]
    );
    assert_eq!(fourth.vertices.len(), 5);

    graph.remove(nodes[2]);
    graph.remove(file);
    let fifth = preparer.prepare(&graph, overrides).await.expect("good");
    assert_eq!(untouched(&fourth, &fifth), ["/d/", "/d/f3", "p7", "p6"]);
    assert_eq!(fifth.edges.len(), 1);

    // Others want to come after it.
    graph.remove(nodes[0]);
    let sixth = preparer.prepare(&graph, overrides).await.expect("good");
    assert!(untouched(&fifth, &sixth).is_empty());
    assert!(sixth.edges.is_empty());
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

/// Who changes nothing has nothing to undo, also if it is the owner of a part who may not.
#[test]
fn who_may_change_something_is_told_by_the_owners_too() {
    let part = |name: &str, noop: bool| {
        let meta = Meta {
            noop,
            ..Meta::default()
        };
        let resource = Resource::new(name, print::Print::default());
        Arc::new(Resource { meta, ..resource })
    };
    let applied = |owner: bool, a: bool| {
        let of = |name: &str| Identity::new("print", name);
        let member = |name: &str, noop: bool, owner: &str| PreparedMember {
            declared: part(name, noop),
            owner: of(owner),
        };
        let vertex = PreparedVertex {
            members: vec![member("a", a, "z"), member("b", false, "a")],
            ..PreparedVertex::new(part("z", owner))
        };
        let names = vertex.applied().map(|it| it.identity.name.to_string());
        names.collect::<Vec<_>>().concat()
    };
    assert_eq!(applied(false, false), "zab");
    assert_eq!(applied(false, true), "z");
    assert_eq!(applied(true, false), "");
}
