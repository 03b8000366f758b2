//! `deploy:tar`: an archive of the deployed program (resources-host.md §28).

use crate::resource::{Invalid, Meta, Params, Validate};

use super::tar::{validate_format, validate_output};

/// Builds an archive of the files of the deploy that the agent runs: the program and its modules.
///
/// The name is the path of the archive, unless `path` is given.
///
/// ```mcl
/// deploy:tar "/srv/backup/deploy.tar" {}
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "deploy:tar", edgeable)]
pub struct DeployTar {
    /// The archive; the name of the resource if it is left out.
    pub path: String,
    /// The format: 2 is ustar, 4 is pax, 8 is GNU, 0 is what each member needs.
    pub format: i64,
}

impl DeployTar {
    /// The archive in effect.
    pub fn path<'a>(&'a self, name: &'a str) -> &'a str {
        if self.path.is_empty() {
            name
        } else {
            &self.path
        }
    }
}

impl Validate for DeployTar {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        validate_output(self.path(name))
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        validate_format(self.format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_a_file() {
        assert_eq!(
            DeployTar::default().validate_all("/a.tar", &Meta::default()),
            Ok(())
        );
        assert!(
            DeployTar::default()
                .validate_all("/a/", &Meta::default())
                .is_err()
        );
    }
}
