use std::collections::{BTreeMap, BTreeSet};

use mgmt_stdlib::resource::Params;
use mgmt_stdlib::resources::{file, noop, print};
use proptest::prelude::*;

use super::*;
use crate::engine::tests::fake::{Fake, FakeParams, Part, PartParams, World};
use mgmt_compiler::graph::topology;

fn resource(params: impl Params, name: &str, meta: Meta) -> PreparedVertex {
    let params: Arc<dyn Params> = Arc::new(params);
    PreparedVertex::new(Arc::new(Resource {
        identity: Identity::new(params.kind(), name),
        params,
        meta,
        receives: Vec::new(),
        span: None,
    }))
}

fn print(name: &str) -> PreparedVertex {
    resource(print::Print::default(), name, Meta::default())
}

fn grouped(vertices: Vec<PreparedVertex>, edges: &[(usize, usize, bool)]) -> Prepared {
    let edges = edges.iter().map(|(from, to, notify)| PreparedEdge {
        from: *from,
        to: *to,
        notify: *notify,
    });
    let prepared = Prepared {
        vertices,
        edges: edges.collect(),
        warnings: Vec::new(),
    };
    let mut registry = crate::resources::registry();
    registry.add::<Fake>();
    registry.add::<Part<false>>();
    registry.add::<Part<true>>();
    let (prepared, _) = group(prepared, &registry).expect("it can be grouped");
    prepared
}

/// Each vertex with its members: `print[c]=print[a]+print[b]`.
fn text(prepared: &Prepared) -> Vec<String> {
    let mut texts: Vec<_> = prepared
        .vertices
        .iter()
        .map(|vertex| {
            let names: Vec<_> = vertex
                .parts()
                .map(|part| part.identity.to_string())
                .collect();
            names.join("+")
        })
        .collect();
    texts.sort();
    texts
}

#[test]
fn the_last_name_leads() {
    let prepared = grouped(vec![print("b"), print("c"), print("a")], &[]);
    assert_eq!(text(&prepared), ["print[c]+print[a]+print[b]"]);
}

#[test]
fn who_differs_stays_alone() {
    let with = |name: &str, change: fn(&mut Meta)| {
        let mut meta = Meta::default();
        change(&mut meta);
        resource(print::Print::default(), name, meta)
    };
    let refresh_only = print::Print {
        refresh_only: true,
        ..print::Print::default()
    };
    let prepared = grouped(
        vec![
            print("a"),
            print("b"),
            with("noop", |meta| meta.noop = true),
            with("hidden", |meta| meta.hidden = true),
            with("off", |meta| meta.autogroup = Some(false)),
            with("slow", |meta| meta.timeout = 1),
            with("export", |meta| meta.export = vec!["*".to_owned()]),
            resource(refresh_only, "refresh", Meta::default()),
            resource(noop::Noop::default(), "a", Meta::default()),
        ],
        &[],
    );
    assert_eq!(
        text(&prepared),
        [
            "noop[a]",
            "print[b]+print[a]",
            "print[export]",
            "print[hidden]",
            "print[noop]",
            "print[off]",
            "print[refresh]",
            "print[slow]",
        ]
    );
}

#[test]
fn who_is_ordered_stays_apart_also_by_way_of_others() {
    // a -> f -> c; d is free.
    let file = resource(file::File::default(), "/f", Meta::default());
    let prepared = grouped(
        vec![print("a"), file, print("c"), print("d")],
        &[(0, 1, true), (1, 2, true)],
    );
    assert_eq!(
        text(&prepared),
        ["file[/f]", "print[a]", "print[d]+print[c]"]
    );
    let pairs: BTreeSet<_> = prepared.pairs().into_iter().collect();
    assert_eq!(pairs.len(), 2, "the edges lead to the owner");
    assert!(prepared.edges.iter().all(|edge| edge.notify));
}

#[test]
fn a_merger_that_would_close_a_cycle_is_left_out() {
    // a -> b and c -> d: a with d, and then b with c, would order b before itself.
    let prepared = grouped(
        vec![print("a"), print("b"), print("c"), print("d")],
        &[(0, 1, false), (2, 3, false)],
    );
    assert_eq!(
        topology::cycle(prepared.vertices.len(), &prepared.pairs()),
        None
    );
    assert_eq!(text(&prepared), ["print[c]+print[a]", "print[d]+print[b]"]);
}

#[test]
fn semaphores_are_united() {
    let with = |name: &str, ids: &[&str]| {
        let meta = Meta {
            sema: ids.iter().map(|id| (*id).to_owned()).collect(),
            ..Meta::default()
        };
        resource(print::Print::default(), name, meta)
    };
    let prepared = grouped(vec![with("a", &["x", "y"]), with("b", &["y"])], &[]);
    assert_eq!(prepared.vertices[0].declared.meta.sema, ["y", "x"]);
}

/// A random graph: what kind each is, and the edges from lower to higher numbers; then another order.
#[derive(Clone, Debug)]
struct Situation {
    kinds: Vec<u8>,
    edges: Vec<(usize, usize, bool)>,
    order: Vec<usize>,
}

fn situations() -> impl Strategy<Value = Situation> {
    prop::collection::vec(0u8..8, 1..14).prop_flat_map(|kinds| {
        let count = kinds.len();
        let edges = prop::collection::vec((0..count, 0..count, any::<bool>()), 0..14);
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (Just(kinds), edges, order).prop_map(|(kinds, edges, order)| {
            let mut seen = BTreeSet::new();
            let edges = edges
                .into_iter()
                .filter(|(from, to, _)| from < to && seen.insert((*from, *to)))
                .collect();
            Situation {
                kinds,
                edges,
                order,
            }
        })
    })
}

impl Situation {
    fn identity(&self, at: usize) -> Identity {
        let kind = match self.kinds[at] {
            0 => "file",
            1..=3 => "print",
            4 => "fake",
            5 => "fake:part",
            _ => "fake:part:piece",
        };
        Identity::new(kind, format!("/{at:02}"))
    }

    /// The grouped graph, declared in this order.
    fn run(&self, order: &[usize]) -> Prepared {
        let world = World::new();
        let vertices = order.iter().map(|at| {
            let name = format!("/{at:02}");
            let sema = vec![format!("s{at}")];
            let meta = Meta {
                // Two classes of prints, and files that do not group.
                noop: self.kinds[*at] == 1,
                sema,
                ..Meta::default()
            };
            match self.kinds[*at] {
                0 => resource(file::File::default(), &name, meta),
                4 => resource(FakeParams::new(&world, ""), &name, meta),
                5 => resource(PartParams::<false>::new(&world, "", ""), &name, meta),
                6.. => resource(PartParams::<true>::new(&world, "", ""), &name, meta),
                _ => resource(print::Print::default(), &name, meta),
            }
        });
        let place = |at: usize| {
            order
                .iter()
                .position(|other| *other == at)
                .expect("it is there")
        };
        let edges: Vec<_> = self
            .edges
            .iter()
            .map(|(from, to, notify)| (place(*from), place(*to), *notify))
            .collect();
        grouped(vertices.collect(), &edges)
    }
}

/// All pairs of which the first comes before the second.
fn closure(count: usize, pairs: &[topology::Pair]) -> BTreeSet<topology::Pair> {
    let mut closure: BTreeSet<_> = pairs.iter().copied().collect();
    for middle in 0..count {
        let (into, from): (Vec<_>, Vec<_>) = (
            closure
                .iter()
                .filter(|pair| pair.1 == middle)
                .map(|pair| pair.0)
                .collect(),
            closure
                .iter()
                .filter(|pair| pair.0 == middle)
                .map(|pair| pair.1)
                .collect(),
        );
        for a in &into {
            closure.extend(from.iter().map(|b| (*a, *b)));
        }
    }
    closure
}

proptest! {
    #![proptest_config(crate::engine::tests::chance::cases(2_000))]

    /// T14.
    #[test]
    fn grouping_loses_no_order_and_no_notification(situation in situations()) {
        let count = situation.kinds.len();
        let in_order: Vec<usize> = (0..count).collect();
        let prepared = situation.run(&in_order);
        prop_assert_eq!(topology::cycle(prepared.vertices.len(), &prepared.pairs()), None);
        let place: BTreeMap<_, _> = prepared
            .vertices
            .iter()
            .enumerate()
            .flat_map(|(at, vertex)| vertex.parts().map(move |part| (part.identity.clone(), at)))
            .collect();
        let place = |at: usize| place[&situation.identity(at)];
        let original: Vec<_> = situation.edges.iter().map(|(from, to, _)| (*from, *to)).collect();
        let after = closure(prepared.vertices.len(), &prepared.pairs());
        for (from, to) in closure(count, &original) {
            prop_assert!(place(from) != place(to), "{from} and {to} are ordered");
            prop_assert!(after.contains(&(place(from), place(to))), "{from} is before {to}");
        }
        for (from, to, notify) in &situation.edges {
            let kept = prepared.edges.iter().any(|edge| {
                (edge.from, edge.to) == (place(*from), place(*to)) && (edge.notify || !notify)
            });
            prop_assert!(kept, "{from} notifies {to}");
        }
        for vertex in &prepared.vertices {
            let held: BTreeSet<_> = vertex.declared.meta.sema.iter().cloned().collect();
            let wanted: BTreeSet<_> = vertex.parts().flat_map(|part| part.meta.sema.clone()).collect();
            prop_assert_eq!(held, wanted);
            for member in &vertex.members {
                prop_assert!(vertex.parts().any(|part| part.identity == member.owner));
                let (kind, owner) = (&member.declared.identity.kind, &member.owner.kind);
                prop_assert!(kind == owner || kind.rsplit_once(':').is_some_and(|it| it.0 == owner));
            }
        }
        prop_assert_eq!(text(&situation.run(&situation.order)), text(&prepared));
    }
}
