//! `mgmtc check` takes less than 400 MB for 100,000 lines, and memory grows with the lines and not faster.

mod measure;
#[path = "../../benches/program/mod.rs"]
mod program;

/// 400 MB for 100,000 lines.
const MAX_BYTES_PER_LINE: usize = 4_000;

/// One test alone in its process, since it counts what the process allocates.
#[test]
fn memory_grows_with_the_lines() {
    let (small, large) = (measure::check(2_000), measure::check(16_000));
    println!("{small}\n{large}");
    assert!(large.bytes_per_line() < MAX_BYTES_PER_LINE, "{large}");
    // What does not depend on the program weighs less in the larger one.
    assert!(
        large.bytes_per_line() < small.bytes_per_line() * 11 / 10,
        "{small}\n{large}"
    );
}
