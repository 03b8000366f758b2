//! `tar`: an archive of files (resources-host.md §26).

use std::collections::BTreeSet;

use crate::paths;
use crate::resource::check::{absolute, not_a_directory};
use crate::resource::{Invalid, Meta, Params, Validate};

/// Builds an archive of files and directories, and builds it again when they change.
///
/// The name is the path of the archive, unless `path` is given. A file is stored under its own name. So is a
/// directory, unless it is written with a slash at the end: then its content is at the top of the archive.
///
/// ```mcl
/// tar "/srv/backup/etc.tar" {
///     inputs => ["/etc", "/root/notes.txt"],
///     format => $const.res.tar.format.gnu,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "tar", edgeable)]
pub struct Tar {
    /// The archive; the name of the resource if it is left out.
    pub path: String,
    /// The files and directories, as absolute paths.
    pub inputs: Vec<String>,
    /// The format: 2 is ustar, 4 is pax, 8 is GNU, 0 is what each member needs.
    pub format: i64,
}

/// The archive's path: the name unless it is given.
///
/// # Errors
/// If it is not the absolute path of a file.
pub(super) fn validate_output(path: &str) -> Result<(), Invalid> {
    absolute("path", path)?;
    not_a_directory("path", path)
}

/// A format of archives.
///
/// # Errors
/// If there is none of that number.
pub(super) fn validate_format(format: i64) -> Result<(), Invalid> {
    if matches!(format, 0 | 2 | 4 | 8) {
        return Ok(());
    }
    Err(Invalid::param(
        "format",
        format!("must be 0, 2 for ustar, 4 for pax or 8 for GNU, not {format}"),
    )
    .help("the constants are `$const.res.tar.format.*`"))
}

impl Tar {
    /// The archive in effect.
    pub fn path<'a>(&'a self, name: &'a str) -> &'a str {
        if self.path.is_empty() {
            name
        } else {
            &self.path
        }
    }
}

impl Validate for Tar {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        validate_output(self.path(name))?;
        self.inputs
            .iter()
            .try_for_each(|input| absolute("inputs", input))
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let path = self.path(name);
        let mut members = BTreeSet::new();
        for input in &self.inputs {
            if paths::is_within(path, input) {
                return Err(Invalid::param(
                    "inputs",
                    format!("would feed the archive to itself: `{path}` is part of `{input}`"),
                ));
            }
            if !input.ends_with('/') && !members.insert(paths::last_component(input)) {
                return Err(Invalid::param(
                    "inputs",
                    format!("would put two members of one name into the archive: `{input}`"),
                ));
            }
        }
        validate_format(self.format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar(inputs: &[&str], format: i64) -> Result<(), Option<&'static str>> {
        Tar {
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            format,
            ..Tar::default()
        }
        .validate_all("/srv/a.tar", &Meta::default())
        .map_err(|invalid| invalid.param)
    }

    #[test]
    fn inputs_are_told_apart_and_are_not_the_output() {
        assert_eq!(tar(&["/etc/", "/opt/", "/a/x", "/b/y"], 8), Ok(()));
        assert_eq!(tar(&["etc"], 0), Err(Some("inputs")));
        assert_eq!(tar(&["/srv/"], 0), Err(Some("inputs")));
        assert_eq!(tar(&["/srv/a.tar"], 0), Err(Some("inputs")));
        assert_eq!(tar(&["/a/x", "/b/x"], 0), Err(Some("inputs")));
        assert_eq!(tar(&[], 1), Err(Some("format")));
        assert!(
            Tar::default()
                .validate_all("a.tar", &Meta::default())
                .is_err()
        );
        assert!(
            Tar::default()
                .validate_all("/a/", &Meta::default())
                .is_err()
        );
    }
}
