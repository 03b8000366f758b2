//! `embedded/provisioner`: the command line of the front end of that name (functions.md §27).

use crate::catalog::FunctionDef;

use super::declare::option;

/// A function for each option: its name, and its text for the manual.
macro_rules! options {
    ($($name:ident: $ty:literal, $option:literal;)*) => {
        vec![$(
            option(
                concat!("embedded/provisioner.", stringify!($name)),
                concat!("func() ", $ty),
                concat!(
                    "What `", $option, "` of the front end `provisioner` says. Without that front end it ends the program."
                ),
            ),
        )*]
    };
}

pub(crate) fn all() -> Vec<FunctionDef> {
    options! {
        check: "bool", "--check";
        cli_arch: "str", "--arch";
        cli_bios: "bool", "--bios";
        cli_bmc_uri: "str", "--bmc-uri";
        cli_distro: "str", "--distro";
        cli_dns: "[]str", "--dns";
        cli_firewalld: "bool", "--firewalld";
        cli_flavour: "str", "--flavour";
        cli_handoff_code: "str", "--handoff-code";
        cli_handoff_exec: "str", "--handoff-exec";
        cli_handoff_hostname: "str", "--handoff-hostname";
        cli_handoff_module_path: "str", "--handoff-module-path";
        cli_interface: "str", "--interface";
        cli_ip: "str", "--ip";
        cli_luks: "bool", "--luks";
        cli_mac: "str", "--mac";
        cli_mirror: "str", "--mirror";
        cli_network: "str", "--network";
        cli_packages: "[]str", "--packages";
        cli_part: "str", "--part";
        cli_password: "str", "--password";
        cli_prefix: "str", "--prefix";
        cli_router: "str", "--router";
        cli_rsync: "str", "--rsync";
        cli_version: "str", "--dversion";
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call, call_on, fatal};

    #[test]
    fn every_option_has_a_function() {
        let functions = super::all();
        assert_eq!(functions.len(), 25);
        for function in functions {
            let name = function.full_name();
            assert_eq!(
                fatal(call(&name, &[])),
                format!("func `{name}()` has nil value")
            );
        }
    }

    #[test]
    fn options_come_from_the_front_end() {
        let host = TestHost {
            options: vec![("embedded/provisioner.cli_arch".to_owned(), "x86_64".into())],
            ..TestHost::default()
        };
        let arch = call_on(&host, "embedded/provisioner.cli_arch", &[]);
        assert_eq!(arch, Ok("x86_64".into()));
        assert_eq!(
            fatal(call("embedded/provisioner.check", &[])),
            "func `embedded/provisioner.check()` has nil value"
        );
    }
}
