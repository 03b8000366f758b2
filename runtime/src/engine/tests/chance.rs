//! Chance that can be repeated.

use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::str::FromStr;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn given<T: FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok()?.parse().ok()
}

/// So many cases, or more if `PROPTEST_CASES` wants more: those of `MGMT_SEED`, or of a seed that a failure tells.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let seed = given("MGMT_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
    eprintln!("MGMT_SEED={seed} repeats these cases");
    ProptestConfig {
        rng_seed: RngSeed::Fixed(seed),
        ..cases_of_seeds(usual)
    }
}

/// The same for cases that are a seed each ([`seeds`]).
pub(crate) fn cases_of_seeds(usual: u32) -> ProptestConfig {
    ProptestConfig {
        cases: given("PROPTEST_CASES").unwrap_or(0).max(usual),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// What a simulation starts from; always the same if `MGMT_SEED` is set. A seed has no simpler one.
pub(crate) fn seeds() -> BoxedStrategy<u64> {
    match given("MGMT_SEED") {
        Some(seed) => Just(seed).boxed(),
        None => any::<u64>().no_shrink().boxed(),
    }
}
