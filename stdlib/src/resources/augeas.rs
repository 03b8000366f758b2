//! `augeas`: values in a configuration file (resources-host.md §30).

use crate::resource::check::{absolute, required};
use crate::resource::{Invalid, ParamStruct, Params, Validate};

/// Sets values in a configuration file of any format that the library Augeas knows.
///
/// ```mcl
/// augeas "no passwords" {
///     file => "/etc/ssh/sshd_config",
///     lens => "Sshd.lns",
///     sets => [struct{path => "PasswordAuthentication", value => "no"}],
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "augeas", edgeable)]
pub struct Augeas {
    /// The file; must be given.
    pub file: String,
    /// The lens that reads and writes it, such as `Sshd.lns`; must be given.
    pub lens: String,
    /// The values and where in the tree of the file they are.
    pub sets: Vec<Set>,
}

/// A value in the tree of a file.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct Set {
    /// Where it is, seen from the file.
    pub path: String,
    /// The value.
    pub value: String,
}

impl Validate for Augeas {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        required("file", &self.file)?;
        absolute("file", &self.file)?;
        required("lens", &self.lens)?;
        if !self.lens.ends_with(".lns") {
            return Err(Invalid::param(
                "lens",
                format!(
                    "must be the name of a lens: `{}` does not end in `.lns`",
                    self.lens
                ),
            )
            .help(format!("write `{}.lns`", self.lens)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_needs_a_lens() {
        let augeas = |file: &str, lens: &str| {
            Augeas {
                file: file.to_owned(),
                lens: lens.to_owned(),
                sets: Vec::new(),
            }
            .validate("a")
            .map_err(|invalid| invalid.param)
        };
        assert_eq!(augeas("/etc/hosts", "Hosts.lns"), Ok(()));
        assert_eq!(augeas("/etc/hosts", "Hosts"), Err(Some("lens")));
        assert_eq!(augeas("/etc/hosts", ""), Err(Some("lens")));
        assert_eq!(augeas("etc/hosts", "Hosts.lns"), Err(Some("file")));
        assert_eq!(augeas("", "Hosts.lns"), Err(Some("file")));
    }
}
