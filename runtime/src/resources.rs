//! What the resource kinds do, one module a kind.

mod exec;
mod exit;
mod file;
mod noop;
mod panic;
mod print;
mod test;
mod timer;

use crate::resource::Registry;

/// Every kind that this crate can run.
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.add::<exec::Exec>();
    registry.add::<exit::Exit>();
    registry.add::<file::File>();
    registry.add::<noop::Noop>();
    registry.add::<panic::Panic>();
    registry.add::<print::Print>();
    registry.add::<test::Test>();
    registry.add::<timer::Timer>();
    registry
}
