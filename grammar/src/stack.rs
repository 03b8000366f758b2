//! Walking deep trees without running out of stack.

/// Runs one level of a recursion. The stack grows on the heap when little of it is left.
pub(crate) fn with_stack<T>(level: impl FnOnce() -> T) -> T {
    const LEFT: usize = 64 * 1024;
    const MORE: usize = 1024 * 1024;
    stacker::maybe_grow(LEFT, MORE, level)
}
