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
#[cfg(test)]
mod unanswered;
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

    /// `docs/kinds.md`; `MGMT_BLESS=1` writes it anew.
    #[test]
    fn the_table_of_kinds_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/kinds.md");
        let table = table_of_kinds();
        if std::env::var_os("MGMT_BLESS").is_some() {
            std::fs::write(path, &table).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == table,
            "run `MGMT_BLESS=1 cargo test -p mgmt-runtime kinds`"
        );
    }

    fn table_of_kinds() -> String {
        let registry = registry();
        let mut table = "\
# Resource kinds

<!-- Written by a test from the declarations; see `runtime/src/resources.rs`. -->

All kinds are known to `mgmtc` and to editors. `mgmt run` refuses a program that asks for one which is only checked.

| kind | state | what it does |
|---|---|---|
"
        .to_owned();
        let mut kinds = mgmt_stdlib::resources::all();
        kinds.retain(|declaration| !declaration.kind.starts_with('_'));
        kinds.sort_by_key(|declaration| declaration.kind);
        for declaration in kinds {
            let kind = declaration.kind;
            let state = match registry.traits(kind) {
                Some(_) => "complete",
                None => "only checked",
            };
            let paragraph = declaration.doc.split("\n\n").next().unwrap_or_default();
            let line = paragraph.replace('\n', " ").replace('|', "\\|");
            table += &format!("| `{kind}` | {state} | {line} |\n");
        }
        table
    }
}
