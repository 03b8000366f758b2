//! The counters that are kept up to date by small steps, against the definition of engine.md 3.5.1 worked
//! out from scratch after every step.

use proptest::prelude::*;

use super::*;

/// What may happen to the vertex of that number.
#[derive(Clone, Copy, Debug)]
enum Step {
    Invalidate(usize),
    Start(usize, bool),
    Fail(usize),
    Begin(usize),
    Abandon(usize),
    Complete(usize, bool, bool),
}

fn step(size: usize) -> impl Strategy<Value = Step> {
    let at = 0..size;
    prop_oneof![
        3 => at.clone().prop_map(Step::Invalidate),
        3 => (at.clone(), prop::bool::weighted(0.9)).prop_map(|(at, on)| Step::Start(at, on)),
        1 => at.clone().prop_map(Step::Fail),
        6 => at.clone().prop_map(Step::Begin),
        1 => at.clone().prop_map(Step::Abandon),
        6 => (at, any::<bool>(), any::<bool>())
            .prop_map(|(at, called, raise)| Step::Complete(at, called, raise)),
    ]
}

fn take(scheduler: &mut Scheduler, ids: &[VertexId], tickets: &mut [Option<Ticket>], step: Step) {
    match step {
        Step::Invalidate(at) => scheduler.invalidate(ids[at]),
        Step::Start(at, on) => scheduler.set_started(ids[at], on),
        Step::Fail(at) => scheduler.fail(ids[at]),
        Step::Begin(at) => {
            if scheduler.is_ready(ids[at]) {
                tickets[at] = Some(scheduler.ticket(ids[at]));
                scheduler.begin(ids[at]);
            }
        }
        Step::Abandon(at) => {
            if tickets[at].take().is_some() {
                scheduler.abandon(ids[at]);
            }
        }
        Step::Complete(at, called, raise) => {
            if let Some(ticket) = tickets[at].take() {
                let completion = Completion {
                    called,
                    raise: called && raise,
                    serve: true,
                };
                scheduler.complete(ids[at], &ticket, completion);
            }
        }
    }
}

/// Everything derived, from nothing but each vertex's own state and the edges.
fn check(scheduler: &Scheduler, edges: &[(usize, usize)]) {
    let nodes = &scheduler.nodes;
    let (mut settled, mut dead) = (Vec::new(), Vec::new());
    // The edges lead from lower to higher numbers.
    for (at, node) in nodes.iter().enumerate() {
        let parents = || {
            edges
                .iter()
                .filter(|(_, to)| *to == at)
                .map(|(from, _)| *from)
        };
        settled.push(node.locally_settled() && parents().all(|parent| settled[parent]));
        dead.push(node.failed || parents().any(|parent| dead[parent]));
        let unsettled = parents().filter(|parent| !settled[*parent]).count();
        assert_eq!(node.unsettled_parents as usize, unsettled);
        assert_eq!((node.settled, node.dead), (settled[at], dead[at]));
        let busy = node.running || (!node.locally_settled() && !dead[at]);
        assert_eq!(node.busy, busy);
        assert!(
            !node.ready() || node.queued,
            "{at} can run and nobody knows"
        );
    }
    let count = |wanted: fn(&Node) -> bool| nodes.iter().filter(|node| wanted(node)).count();
    assert_eq!(scheduler.settled(), count(|node| node.settled));
    assert_eq!(scheduler.busy(), count(|node| node.busy));
    assert_eq!(scheduler.failed(), count(|node| node.failed));
    assert_eq!(scheduler.blocked(), count(|node| node.dead && !node.failed));
}

proptest! {
    #![proptest_config(crate::engine::tests::chance::cases(1000))]

    #[test]
    fn small_steps_give_what_the_definition_says(
        size in 1usize..9,
        pairs in prop::collection::btree_set((0usize..9, 0usize..9), 0..20),
        steps in prop::collection::vec(step(9), 0..120),
    ) {
        let edges: Vec<(usize, usize)> = pairs
            .into_iter()
            .filter(|(from, to)| from < to && *to < size)
            .collect();
        let mut scheduler = Scheduler::default();
        let ids: Vec<VertexId> = (0..size).map(|_| scheduler.add()).collect();
        let new: Vec<NewEdge> = edges
            .iter()
            .map(|(from, to)| NewEdge {
                from: ids[*from],
                to: ids[*to],
                notify: (from + to) % 2 == 0,
                pending: (from + to) % 4 == 0,
            })
            .collect();
        scheduler.connect(&new);
        let mut tickets: Vec<Option<Ticket>> = (0..size).map(|_| None).collect();
        check(&scheduler, &edges);
        for step in steps {
            let at = match step {
                Step::Invalidate(at)
                | Step::Start(at, _)
                | Step::Fail(at)
                | Step::Begin(at)
                | Step::Abandon(at)
                | Step::Complete(at, ..) => at,
            };
            if at < size {
                take(&mut scheduler, &ids, &mut tickets, step);
                check(&scheduler, &edges);
            }
        }
    }
}
