//! Random graphs under random weather: the invariants of engine.md §12 on the state machine alone, without
//! tasks, so that thousands of graphs take seconds.
//!
//! [`Simulation`] plays the driver, the clock and the resources. It keeps its own, simpler account of what
//! happened, and compares at every step. A failure tells the seed that it comes from: `MGMT_SEED` repeats it.

mod account;
mod rules;
mod simulation;
mod weather;

use std::time::Duration;

use proptest::prelude::*;

use self::simulation::Simulation;
use super::chance::{cases_of_seeds, seeds};

proptest! {
    #![proptest_config(cases_of_seeds(3_000))]

    /// T1 to T6, T8 to T10, T12, T15 to T17.
    #[test]
    fn every_rule_holds_in_random_graphs(seed in seeds()) {
        let mut simulation = Simulation::new(seed);
        simulation.storm();
        simulation.run(Duration::from_secs(4));
        // From now on nothing fails, so everything comes to rest.
        simulation.calm();
        simulation.run(Duration::from_secs(600));
        simulation.check_rest();
        simulation.same_graph_again();
    }
}

proptest! {
    #![proptest_config(cases_of_seeds(2_000))]

    /// T20: the second rung at any instant, and then the end.
    #[test]
    fn an_interrupt_ends_everything_at_once_and_costs_nobody_a_try(
        seed in seeds(),
        at in 0u64..4_000,
    ) {
        let mut simulation = Simulation::new(seed);
        simulation.storm();
        simulation.run(Duration::from_millis(at));
        simulation.interrupt();
    }
}
