//! `sysctl`: a parameter of the kernel (resources-host.md §14).

use std::borrow::Cow;

use crate::resource::check::{absolute, required};
use crate::resource::{Invalid, Params, Validate};

/// Sets a parameter of the kernel, now and at each boot; the name is its key.
///
/// The parts of a key are separated by dots. Where one of them has dots itself, such as the name of an
/// interface, they are separated by slashes: `net/ipv4/conf/eth0.100/forwarding`.
///
/// ```mcl
/// sysctl "net.ipv4.ip_forward" {
///     value => "1",
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "sysctl", edgeable)]
pub struct Sysctl {
    /// The value; must be given.
    pub value: String,
    /// Set it now; true if it is left out.
    pub runtime: bool,
    /// Write it into a file that is read at boot; true if it is left out.
    pub persist: bool,
    /// That file, which ends in `.conf`; one in `/etc/sysctl.d` if it is left out.
    pub path: String,
}

impl Default for Sysctl {
    fn default() -> Self {
        Self {
            value: String::new(),
            runtime: true,
            persist: true,
            path: String::new(),
        }
    }
}

impl Sysctl {
    /// Where the kernel has it, below `/proc/sys`.
    pub fn proc_path(name: &str) -> String {
        if name.contains('/') {
            format!("/proc/sys/{name}")
        } else {
            format!("/proc/sys/{}", name.replace('.', "/"))
        }
    }

    /// The file that is read at boot.
    pub fn config_path<'a>(&'a self, name: &str) -> Cow<'a, str> {
        if self.path.is_empty() {
            Cow::Owned(format!("/etc/sysctl.d/99-{}.conf", name.replace('/', ".")))
        } else {
            Cow::Borrowed(&self.path)
        }
    }
}

fn has_outer_space(text: &str) -> bool {
    text.trim() != text
}

impl Validate for Sysctl {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let edge = ['.', '/'];
        let parts = |name: &str| name.split('/').any(|part| matches!(part, "" | "." | ".."));
        if name.contains(['=', '\n', '\0'])
            || name.starts_with(edge)
            || name.ends_with(edge)
            || has_outer_space(name)
            || parts(name)
        {
            return Err(Invalid::resource(format!(
                "the name must be the key of a kernel parameter, like `vm.swappiness`, not `{}`",
                name.escape_debug()
            )));
        }
        required("value", &self.value)?;
        if has_outer_space(&self.value) || self.value.contains(['\n', '\0']) {
            return Err(Invalid::param(
                "value",
                "must not begin or end with white space and must be one line",
            ));
        }
        if !self.runtime && !self.persist {
            return Err(Invalid::resource(
                "neither `runtime` nor `persist` is set: nothing would be done",
            ));
        }
        if self.persist {
            let path = self.config_path(name);
            absolute("path", &path)?;
            if !path.ends_with(".conf") {
                return Err(Invalid::param(
                    "path",
                    format!("must end in `.conf`, or it is not read: `{path}`"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sysctl(value: &str) -> Sysctl {
        Sysctl {
            value: value.to_owned(),
            ..Sysctl::default()
        }
    }

    #[test]
    fn keys_are_dotted_or_slashed() {
        assert_eq!(
            Sysctl::proc_path("vm.swappiness"),
            "/proc/sys/vm/swappiness"
        );
        assert_eq!(Sysctl::proc_path("a/b.1/c"), "/proc/sys/a/b.1/c");
        assert_eq!(
            sysctl("1").config_path("a/b.1"),
            "/etc/sysctl.d/99-a.b.1.conf"
        );
        for name in [".a", "a.", "a=b", " a", "a/../b", "/a"] {
            assert!(sysctl("1").validate(name).is_err(), "{name}");
        }
        assert_eq!(sysctl("1").validate("vm.swappiness"), Ok(()));
    }

    #[test]
    fn a_value_is_one_line() {
        for value in ["", " 1", "1\n2"] {
            assert_eq!(
                sysctl(value).validate("a.b").unwrap_err().param,
                Some("value")
            );
        }
    }

    #[test]
    fn the_file_is_read_at_boot() {
        let mut sysctl = sysctl("1");
        sysctl.path = "/etc/sysctl.d/a".to_owned();
        assert_eq!(sysctl.validate("a.b").unwrap_err().param, Some("path"));
        sysctl.persist = false;
        assert_eq!(sysctl.validate("a.b"), Ok(()));
        sysctl.runtime = false;
        assert!(sysctl.validate("a.b").is_err());
    }
}
