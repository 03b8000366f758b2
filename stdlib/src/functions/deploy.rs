//! `deploy`: what brings a program to a machine (functions.md §6).

use crate::catalog::{CallError, FunctionDef, Host};
use crate::value::{Str, Value};

use super::declare::{examples, native, pure, sampler, snapshot};
use super::path;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        snapshot(
            "deploy.binary_path",
            "func() str",
            "The path of this program, without symbolic links.",
            sampler!(binary_path()),
        ),
        pure(
            "deploy.bootstrap_packages",
            "func(distro str) []str",
            "The packages that this program needs on a distribution: `debian` or `fedora`.",
            native!(bootstrap_packages(distro)),
        )
        .catchable(&["missing distro"])
        .examples(examples![
            r#"deploy.bootstrap_packages("fedora")"# => r#"["augeas-devel", "libvirt-devel", "PackageKit"]"#
        ]),
    ]
}

fn binary_path(_: &dyn Host) -> Result<Str, CallError> {
    std::env::current_exe()
        .and_then(std::fs::canonicalize)
        .map(|path| path::to_str(&path))
        .map_err(|error| CallError::fatal(format!("can't find this program: {error}")))
}

fn bootstrap_packages(distro: &[u8]) -> Result<Vec<Value>, CallError> {
    let packages = match distro {
        b"debian" => ["libaugeas-dev", "libvirt-dev", "packagekit-tools"],
        b"fedora" => ["augeas-devel", "libvirt-devel", "PackageKit"],
        _ => return Err(CallError::catchable("missing distro")),
    };
    Ok(packages.map(Value::from).to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};

    #[test]
    fn other_distributions_can_be_caught() {
        let packages = call("deploy.bootstrap_packages", &["gentoo".into()]);
        assert_eq!(caught(packages), "missing distro");
    }

    #[test]
    fn the_program_has_an_absolute_path() {
        let path = call("deploy.binary_path", &[]).unwrap();
        assert!(path.as_str().unwrap().as_bytes().starts_with(b"/"));
    }
}
