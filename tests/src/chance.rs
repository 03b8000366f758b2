//! Chance that can be repeated: everything follows from a seed.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

/// A source of random numbers (splitmix64).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// One that starts from `MGMT_SEED` or, without it, from the time. The seed is printed, which shows up if
    /// the test fails.
    pub fn new() -> Self {
        let given = env::var("MGMT_SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(1, |now| now.as_nanos() as u64)
        });
        eprintln!("to repeat this: MGMT_SEED={seed}");
        Self(seed)
    }

    /// A number below `end`, which is not zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self::new()
    }
}
