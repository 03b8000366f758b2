//! Programs of others that tests use.

use std::env;

use libtest_mimic::{Failed, Trial};

/// A test that needs these programs. Where one of them is not installed it is counted as ignored, and that is
/// told.
pub fn trial(name: &str, needs: &[&str], test: fn() -> Result<(), Failed>) -> Trial {
    let missing = needs.iter().find(|program| !is_installed(program));
    if let Some(program) = missing {
        eprintln!("the test `{name}` is skipped: `{program}` is not installed");
    }
    Trial::test(name, test).with_ignored_flag(missing.is_some())
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
