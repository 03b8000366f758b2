//! Time and peak memory of `mgmtc check` on programs of 1,000 to 1,000,000 lines, which must grow with the lines and not
//! faster. Run with `cargo bench -p mgmt-compiler --bench scale`.

#[path = "../tests/check_memory/measure.rs"]
mod measure;
mod program;

#[allow(clippy::print_stdout, reason = "a benchmark says what it found")]
fn main() {
    for lines in [1_000, 10_000, 100_000, 1_000_000] {
        println!("{}", measure::check(lines));
    }
}
