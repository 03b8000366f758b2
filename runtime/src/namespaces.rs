//! Tests that change what a whole machine shares, such as mounts, interfaces and limits, on a machine of their own.

use std::env;
use std::process::Command;

/// Runs a test of this crate, which is ignored otherwise, as the only one of a process with its own namespaces.
///
/// `flags` are those of unshare(1), `prepare` are shell commands that run before the test, and `test` is its path,
/// as `module_path!` begins it.
pub(crate) fn run_test(flags: &[&str], prepare: &str, test: &str) {
    // The harness calls its tests without the name of the crate.
    let test = test.split_once("::").map_or(test, |(_, path)| path);
    let output = Command::new("unshare")
        .args(flags)
        .args(["sh", "-euc", &format!("{prepare}\nexec \"$0\" \"$@\"")])
        .arg(env::current_exe().expect("the test binary has a path"))
        .args(["--ignored", "--exact", test])
        .output()
        .expect("unshare(1) is there");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
