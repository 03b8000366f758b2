//! Runs of the real `mgmt` on real hosts: a Debian with systemd is booted for each test (`testhost`, beside this
//! file). Where that is not possible, for one needs to be root, the tests are counted as ignored and the
//! reason is told; with `MGMT_HOST_TESTS=require` that is a failure.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod accounts;
mod boot;
mod hostname;
mod pkg;
mod svc;

use std::env;
use std::num::NonZero;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use mgmt_tests::agent::binary;
use mgmt_tests::host;

/// Name and body.
type Test = (&'static str, fn());

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // A host waits most of the time: for its boot, for a service, for patience to end.
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    arguments.test_threads.get_or_insert(2 * cores);
    let tests = [
        accounts::TESTS,
        boot::TESTS,
        hostname::TESTS,
        pkg::TESTS,
        svc::TESTS,
    ]
    .concat();
    let wanted = |(name, _): &Test| {
        let exact = arguments.exact;
        let filter = arguments.filter.as_ref();
        filter.is_none_or(|filter| {
            if exact {
                name == filter
            } else {
                name.contains(filter.as_str())
            }
        })
    };
    let mut ready = Ok(());
    if !arguments.list && tests.iter().any(wanted) {
        ready = host::prepare();
        match &ready {
            // Before the clock of the first test runs.
            Ok(()) => drop(binary("mgmt")),
            Err(reason) if env::var_os("MGMT_HOST_TESTS").is_some_and(|v| v == "require") => {
                eprintln!("the tests on real hosts can not run: {reason}");
                return ExitCode::FAILURE;
            }
            Err(reason) => eprintln!("the tests on real hosts are skipped: {reason}"),
        }
    }
    let trials = tests
        .into_iter()
        .map(|(name, test)| {
            let run = move || {
                test();
                Ok(())
            };
            Trial::test(name, run).with_ignored_flag(ready.is_err())
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
