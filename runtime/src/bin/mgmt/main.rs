//! `mgmt` keeps this machine in the state that a program describes.

use std::process::ExitCode;

use mgmt_runtime::cli::App;
use tikv_jemallocator::Jemalloc;

/// Gives memory back that compiling took, which the system's allocator keeps for later: an agent compiles
/// once and then holds still for weeks. `.cargo/config.toml` says how.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    App::new("mgmt", env!("CARGO_PKG_VERSION")).main()
}
