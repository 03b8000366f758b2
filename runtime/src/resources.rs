//! What the resource kinds do, one module a kind.

mod exec;
mod exit;
mod file;
mod group;
mod hostname;
mod kv;
mod line;
mod msg;
mod noop;
mod panic;
mod password;
mod pkg;
mod print;
mod svc;
mod test;
mod timer;
mod user;
mod value;

use crate::resource::Registry;

/// Every kind that this crate can run.
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.add::<exec::Exec>();
    registry.add::<exit::Exit>();
    registry.add::<file::File>();
    registry.add::<group::Group>();
    registry.add::<hostname::Hostname>();
    registry.add::<kv::Kv>();
    registry.add::<line::Line>();
    registry.add::<msg::Msg>();
    registry.add::<noop::Noop>();
    registry.add::<panic::Panic>();
    registry.add::<password::Password>();
    registry.add::<pkg::Pkg>();
    registry.add::<print::Print>();
    registry.add::<svc::Svc>();
    registry.add::<test::Test>();
    registry.add::<timer::Timer>();
    registry.add::<user::User>();
    registry.add::<value::ValueTap>();
    registry
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_can_run_is_declared() {
        let declared: BTreeSet<_> = mgmt_stdlib::resources::all()
            .iter()
            .map(|declaration| declaration.kind)
            .collect();
        let run: BTreeSet<_> = registry().kinds().collect();
        let undeclared: Vec<_> = run.difference(&declared).collect();
        assert!(undeclared.is_empty(), "{undeclared:?}");
    }
}
