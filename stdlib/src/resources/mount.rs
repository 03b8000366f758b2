//! `mount`: a mounted file system (resources-host.md §11).

use std::collections::BTreeMap;

use crate::paths;
use crate::resource::check::{absolute, not_negative, one_of, required};
use crate::resource::{Invalid, Meta, Params, Validate};

/// Manages a mounted file system and its entry in `/etc/fstab`; the name is the mount point.
///
/// ```mcl
/// mount "/srv/media" {
///     state => "exists",
///     device => "UUID=3f0c1f5e-0f4e-4b5d-9a0e-0d1c2b3a4f5e",
///     type => "ext4",
///     options => {"noatime" => "", "errors" => "remount-ro"},
///     passno => 2,
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "mount", edgeable)]
pub struct Mount {
    /// `exists` or `absent`; must be given.
    pub state: String,
    /// What is mounted: a path, `UUID=`, `LABEL=`, `PARTUUID=` or `PARTLABEL=`; must be given with `exists`.
    pub device: String,
    /// The type of the file system; must be given with `exists`.
    pub r#type: String,
    /// The mount options with their values, which are empty for those that have none; `defaults` if it is
    /// left out.
    pub options: BTreeMap<String, String>,
    /// The fifth field of the entry, for `dump`.
    pub freq: i64,
    /// The sixth field of the entry, for `fsck`.
    pub passno: i64,
}

impl Default for Mount {
    fn default() -> Self {
        Self {
            state: String::new(),
            device: String::new(),
            r#type: String::new(),
            options: BTreeMap::from([("defaults".to_owned(), String::new())]),
            freq: 0,
            passno: 0,
        }
    }
}

impl Validate for Mount {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        one_of("state", &self.state, &["exists", "absent"])?;
        absolute("name", name)?;
        if name.contains("//") {
            return Err(unclean(name));
        }
        if self.state == "exists" {
            required("device", &self.device)?;
            required("type", &self.r#type)?;
        }
        Ok(())
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        if paths::clean(name) != name {
            return Err(unclean(name));
        }
        not_negative("freq", self.freq)?;
        not_negative("passno", self.passno)
    }
}

fn unclean(name: &str) -> Invalid {
    Invalid::resource(format!(
        "the name is no clean path of a mount point: `{name}`"
    ))
    .help(format!("write `{}`", paths::clean(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(state: &str, name: &str, device: &str) -> Result<(), Invalid> {
        Mount {
            state: state.to_owned(),
            device: device.to_owned(),
            r#type: "none".to_owned(),
            ..Mount::default()
        }
        .validate_all(name, &Meta::default())
    }

    #[test]
    fn a_mount_point_is_a_clean_path() {
        assert_eq!(mount("exists", "/srv", "/dev/sda1"), Ok(()));
        assert_eq!(mount("exists", "/", "/dev/sda1"), Ok(()));
        for name in ["srv", "/srv/", "/a//b", "/a/../b"] {
            assert!(mount("exists", name, "/dev/sda1").is_err(), "{name}");
        }
    }

    #[test]
    fn what_is_mounted_is_known() {
        let invalid = mount("exists", "/srv", "").unwrap_err();
        assert_eq!(invalid.param, Some("device"));
        assert_eq!(mount("absent", "/srv", ""), Ok(()));
        assert_eq!(mount("", "/srv", "").unwrap_err().param, Some("state"));
    }
}
