//! `virt:builder`: an image of a virtual machine (resources-services.md S-8.6).

use crate::resource::check::net::url;
use crate::resource::check::{
    absolute, directory, no_empty_entries, not_negative, one_of_or_empty, required,
};
use crate::resource::{Invalid, ParamStruct, Params, Validate};

/// Creates the image of a virtual machine, once, with the program `virt-builder`.
///
/// The name is the path of the image, unless `output` is given. If the file is there, it is left alone.
///
/// ```mcl
/// virt:builder "/srv/images/web.qcow2" {
///     os_version => "debian-12",
///     format => "qcow2",
///     packages => ["nginx"],
///     ssh_keys => [
///         struct{
///             user => "root",
///             type => "ssh-ed25519",
///             key => "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
///             comment => "ops",
///         },
///     ],
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "virt:builder")]
pub struct VirtBuilder {
    /// The image; the name of the resource if it is left out.
    pub output: String,
    /// The template, like `debian-12`; must be given.
    pub os_version: String,
    /// The architecture; that of this host if it is left out.
    pub arch: String,
    /// The host name inside.
    pub hostname: String,
    /// `raw` or `qcow2`; as the program has it if it is left out.
    pub format: String,
    /// The size of the disk in bytes; that of the template if it is left out or 0.
    pub size: i64,
    /// Packages to install.
    pub packages: Vec<String>,
    /// Bring all packages up to date; true if it is left out.
    pub update: bool,
    /// Relabel for SELinux; true if it is left out.
    pub selinux_relabel: bool,
    /// Do not install the program `virt-builder` if it is missing.
    pub no_setup: bool,
    /// Public keys that are let in.
    pub ssh_keys: Vec<SshKey>,
    /// Let the user who runs the agent in as root; true if it is left out.
    pub root_ssh_inject: bool,
    /// How root's password is set, as the program `virt-builder` takes it; `disabled` if it is left out.
    pub root_password_selector: String,
    /// Put this agent into the image; true if it is left out.
    pub bootstrap: bool,
    /// The URLs of the cluster that the agent inside joins.
    pub seeds: Vec<String>,
    /// Directories to make, which end in a slash.
    pub mkdir: Vec<String>,
    /// Files and directories of this host to copy.
    pub copy_in: Vec<Copied>,
    /// Commands to run while the image is made.
    pub run_cmd: Vec<String>,
    /// Commands to run at the first boot.
    pub firstboot_cmd: Vec<String>,
    /// Keep what the program writes; true if it is left out.
    pub log_output: bool,
    /// Apply what makes common distributions work; true if it is left out.
    pub tweaks: bool,
}

/// A public key that is let in.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct SshKey {
    /// As which user; root if it is empty.
    pub user: String,
    /// The type of the key.
    pub r#type: String,
    /// The key itself.
    pub key: String,
    /// A remark.
    pub comment: String,
}

/// A file or directory to copy.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct Copied {
    /// Where it is on this host.
    pub path: String,
    /// The directory inside the image, which ends in a slash.
    pub dest: String,
}

impl Default for VirtBuilder {
    fn default() -> Self {
        Self {
            output: String::new(),
            os_version: String::new(),
            arch: String::new(),
            hostname: String::new(),
            format: String::new(),
            size: 0,
            packages: Vec::new(),
            update: true,
            selinux_relabel: true,
            no_setup: false,
            ssh_keys: Vec::new(),
            root_ssh_inject: true,
            root_password_selector: "disabled".to_owned(),
            bootstrap: true,
            seeds: Vec::new(),
            mkdir: Vec::new(),
            copy_in: Vec::new(),
            run_cmd: Vec::new(),
            firstboot_cmd: Vec::new(),
            log_output: true,
            tweaks: true,
        }
    }
}

impl VirtBuilder {
    /// The image in effect.
    pub fn output<'a>(&'a self, name: &'a str) -> &'a str {
        if self.output.is_empty() {
            name
        } else {
            &self.output
        }
    }

    fn validate_ssh_keys(&self) -> Result<(), Invalid> {
        for key in &self.ssh_keys {
            if key.r#type.is_empty() || key.key.is_empty() {
                return Err(Invalid::param(
                    "ssh_keys",
                    "must each have a `type` and a `key`",
                ));
            }
            let fields = [&key.user, &key.r#type, &key.key, &key.comment];
            if fields
                .iter()
                .any(|field| field.contains(char::is_whitespace))
            {
                return Err(Invalid::param("ssh_keys", "can not hold white space"));
            }
        }
        Ok(())
    }
}

impl Validate for VirtBuilder {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        absolute("output", self.output(name))?;
        required("os_version", &self.os_version)?;
        one_of_or_empty("format", &self.format, &["raw", "qcow2"])?;
        not_negative("size", self.size)?;
        no_empty_entries("packages", &self.packages)?;
        if let Some(package) = self.packages.iter().find(|package| package.contains(',')) {
            return Err(
                Invalid::param("packages", format!("can not hold a comma: `{package}`"))
                    .help("give each package as an element of its own"),
            );
        }
        self.validate_ssh_keys()?;
        no_empty_entries("seeds", &self.seeds)?;
        for seed in &self.seeds {
            url("seeds", seed)?;
        }
        for path in &self.mkdir {
            absolute("mkdir", path)?;
            directory("mkdir", path)?;
        }
        for copied in &self.copy_in {
            absolute("copy_in", &copied.path)?;
            absolute("copy_in", &copied.dest)?;
            directory("copy_in", &copied.dest)?;
        }
        no_empty_entries("run_cmd", &self.run_cmd)?;
        no_empty_entries("firstboot_cmd", &self.firstboot_cmd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut VirtBuilder)) -> Option<&'static str> {
        let mut builder = VirtBuilder {
            os_version: "debian-12".to_owned(),
            ..VirtBuilder::default()
        };
        assert_eq!(builder.validate("/a"), Ok(()));
        change(&mut builder);
        builder.validate("/a").expect_err("is refused").param
    }

    #[test]
    fn an_image_is_described() {
        assert_eq!(refused(|a| a.os_version.clear()), Some("os_version"));
        assert_eq!(refused(|a| a.format = "vmdk".to_owned()), Some("format"));
        assert_eq!(refused(|a| a.size = -1), Some("size"));
        assert_eq!(
            refused(|a| a.packages = vec!["a,b".to_owned()]),
            Some("packages")
        );
        assert_eq!(
            refused(|a| a.ssh_keys = vec![SshKey::default()]),
            Some("ssh_keys")
        );
        assert_eq!(refused(|a| a.seeds = vec!["a".to_owned()]), Some("seeds"));
        assert_eq!(refused(|a| a.mkdir = vec!["/a".to_owned()]), Some("mkdir"));
        assert_eq!(
            refused(|a| a.copy_in = vec![Copied::default()]),
            Some("copy_in")
        );
        assert_eq!(
            refused(|a| a.run_cmd = vec![String::new()]),
            Some("run_cmd")
        );
    }
}
