//! A node of the function graph takes less than 300 bytes, with its value and its part of what surrounds it.

mod measure;

const MAX_BYTES_PER_NODE: usize = 300;

/// One test alone in its process, since it counts what the process allocates.
#[test]
fn a_node_is_small() {
    for usage in measure::usages() {
        println!("{usage}");
        assert!(usage.bytes_per_node() < MAX_BYTES_PER_NODE, "{usage}");
    }
}
