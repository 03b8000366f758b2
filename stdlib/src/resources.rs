//! The resource kinds, one module a kind.

pub mod augeas;
pub mod cron;
pub mod deploy_tar;
pub mod exec;
pub mod exit;
pub mod file;
pub mod firewalld;
pub mod group;
pub mod gsettings;
pub mod gzip;
pub mod hostname;
pub mod kv;
pub mod line;
pub mod mount;
pub mod msg;
pub mod net;
pub mod noop;
pub mod nspawn;
pub mod panic;
pub mod password;
pub mod pkg;
pub mod print;
pub mod schedule;
pub mod svc;
pub mod sysctl;
pub mod tar;
pub mod test;
pub mod timer;
pub mod user;
pub mod value;

use crate::resource::{Declare, ResourceDef};

/// Every kind that this crate declares.
pub fn all() -> Vec<ResourceDef> {
    vec![
        augeas::Augeas::declare(),
        cron::Cron::declare(),
        deploy_tar::DeployTar::declare(),
        exec::Exec::declare(),
        exit::Exit::declare(),
        file::File::declare(),
        firewalld::Firewalld::declare(),
        group::Group::declare(),
        gsettings::Gsettings::declare(),
        gzip::Gzip::declare(),
        hostname::Hostname::declare(),
        kv::Kv::declare(),
        line::Line::declare(),
        mount::Mount::declare(),
        msg::Msg::declare(),
        net::Net::declare(),
        noop::Noop::declare(),
        nspawn::Nspawn::declare(),
        panic::Panic::declare(),
        password::Password::declare(),
        pkg::Pkg::declare(),
        print::Print::declare(),
        schedule::Schedule::declare(),
        svc::Svc::declare(),
        sysctl::Sysctl::declare(),
        tar::Tar::declare(),
        test::Test::declare(),
        timer::Timer::declare(),
        user::User::declare(),
        value::ValueTap::declare(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The module that declares a kind.
    fn module(kind: &str) -> String {
        kind.trim_start_matches('_').replace(':', "_")
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn every_module_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/resources");
        let modules: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let declared: BTreeSet<String> = all().iter().map(|def| module(def.kind)).collect();
        assert_eq!(declared, modules);
    }

    #[test]
    fn defaults_read_back_through_the_schema() {
        for def in all() {
            let mut params = (def.new)();
            assert_eq!(params.kind(), def.kind);
            for param in &def.params {
                if let Some(value) = params.get(param.name) {
                    params.set(param.name, &value).unwrap();
                }
            }
            // Setting an optional parameter is what makes it defined; a default is not.
            assert_eq!(params.differs(&*(def.new)()), None, "{}", def.kind);
        }
    }

    #[test]
    fn documentation_starts_with_a_sentence() {
        for def in all() {
            let texts = def.params.iter().map(|param| param.doc);
            let sent = def.sends.iter().map(|send| send.doc);
            for doc in texts.chain(sent).chain([def.doc]) {
                let first = doc.split("\n\n").next().unwrap();
                assert!(
                    first.starts_with(|c: char| c.is_uppercase() || c == '`')
                        && first.ends_with(['.', ':']),
                    "{}: {doc}",
                    def.kind
                );
            }
        }
    }
}
