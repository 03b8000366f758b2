//! Chance that can be repeated.

use std::env;
use std::str::FromStr;

use proptest::prelude::*;

fn given<T: FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok()?.parse().ok()
}

/// So many cases, or more if `PROPTEST_CASES` wants more. Nothing is written down about failures.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
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
