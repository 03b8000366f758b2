//! `virt`: a virtual machine (resources-services.md S-8.2).

use crate::param::Secret;
use crate::resource::check::net::url;
use crate::resource::check::{one_of, one_of_or_empty};
use crate::resource::{Invalid, Meta, ParamStruct, Params, Validate};

/// Manages a virtual machine, or a container, of libvirt; the name is that of the domain.
///
/// The devices count when the machine is created, and not later.
///
/// ```mcl
/// virt "build" {
///     uri => "qemu:///system",
///     state => "running",
///     startup => "enabled",
///     cpus => 2,
///     maxcpus => 4,
///     memory => 1048576,
///     boot => ["hd"],
///     disk => [struct{source => "/srv/build.qcow2", type => "qcow2"}],
///     network => [struct{name => "default", mac => ""}],
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Params)]
#[resource(kind = "virt", refreshable)]
pub struct Virt {
    /// How libvirt is reached, like `qemu:///system`; as libvirt is set up if it is left out.
    pub uri: String,
    /// `running`, `paused` or `shutoff`; not managed if it is left out.
    pub state: String,
    /// `enabled` or `disabled`, which is whether it starts with libvirt; not managed if it is left out.
    pub startup: String,
    /// Do not define it for good: when it is shut off, it is gone.
    pub transient: bool,
    /// How many processors it has.
    pub cpus: u32,
    /// How many processors it can have; 32 if it is left out.
    pub maxcpus: u32,
    /// Processors can be plugged in while it runs; true if it is left out.
    pub hotcpus: bool,
    /// Its memory in KiB.
    pub memory: u64,
    /// The first program of a container.
    pub osinit: String,
    /// What it boots from, in order: `fd`, `hd`, `cdrom` or `network`.
    pub boot: Vec<String>,
    /// Its disks.
    pub disk: Vec<Disk>,
    /// Its CD-ROMs.
    pub cdrom: Vec<Disk>,
    /// Its network interfaces.
    pub network: Vec<Interface>,
    /// Directories of this host that it sees.
    pub filesystem: Vec<Filesystem>,
    /// With what name and password libvirt is reached, if it asks.
    pub auth: Option<Auth>,
    /// What to do if only a restart can make a change: `ignore`, `ifneeded` or `error`; `error` if it is left
    /// out.
    pub restartondiverge: String,
    /// Restart it when notified.
    pub restartonrefresh: bool,
}

/// A file with the content of a disk.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct Disk {
    /// The file.
    pub source: String,
    /// The format of the file.
    pub r#type: String,
}

/// A network interface of a machine.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct Interface {
    /// The network of libvirt.
    pub name: String,
    /// The hardware address; a random one if it is empty.
    pub mac: String,
}

/// A directory of this host that a machine sees.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct Filesystem {
    /// How the accesses are mapped.
    pub access: String,
    /// The directory.
    pub source: String,
    /// Where the machine sees it.
    pub target: String,
    /// Whether the machine can not write to it.
    pub read_only: bool,
}

/// With what name and password libvirt is reached.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct Auth {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

impl Default for Virt {
    fn default() -> Self {
        Self {
            uri: String::new(),
            state: String::new(),
            startup: String::new(),
            transient: false,
            cpus: 0,
            maxcpus: 32,
            hotcpus: true,
            memory: 0,
            osinit: String::new(),
            boot: Vec::new(),
            disk: Vec::new(),
            cdrom: Vec::new(),
            network: Vec::new(),
            filesystem: Vec::new(),
            auth: None,
            restartondiverge: "error".to_owned(),
            restartonrefresh: false,
        }
    }
}

impl Virt {
    /// Whether there shall be no such machine.
    pub fn is_absent(&self) -> bool {
        self.transient && self.state == "shutoff"
    }
}

impl Validate for Virt {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        validate_uri(&self.uri)?;
        one_of_or_empty("state", &self.state, &["running", "paused", "shutoff"])?;
        validate_startup(&self.startup, self.transient)?;
        for device in &self.boot {
            one_of("boot", device, &["fd", "hd", "cdrom", "network"])?;
        }
        if self.cpus > self.maxcpus {
            return Err(Invalid::param(
                "cpus",
                format!(
                    "can not be above `maxcpus`: {} is above {}",
                    self.cpus, self.maxcpus
                ),
            ));
        }
        Ok(())
    }

    fn validate_meta(&self, meta: &Meta) -> Result<(), Invalid> {
        if meta.poll == 0 {
            return Ok(());
        }
        Err(Invalid::resource(
            "`Meta:poll` can not be set, since libvirt tells what happens",
        ))
    }

    fn validate_run(&self, _name: &str, _meta: &Meta) -> Result<(), Invalid> {
        one_of_or_empty(
            "restartondiverge",
            &self.restartondiverge,
            &["ignore", "ifneeded", "error"],
        )?;
        if self.is_absent() {
            return Ok(());
        }
        if self.cpus == 0 {
            return Err(Invalid::param("cpus", "must be at least one"));
        }
        if self.memory == 0 {
            return Err(Invalid::param("memory", "must be given")
                .help("the unit is KiB: 1048576 is one GiB"));
        }
        Ok(())
    }
}

/// How libvirt is reached, if it is told.
///
/// # Errors
/// If it is no URI.
pub(super) fn validate_uri(uri: &str) -> Result<(), Invalid> {
    if uri.is_empty() {
        return Ok(());
    }
    url("uri", uri).map(|_| ())
}

/// Whether something starts with libvirt.
///
/// # Errors
/// If it is another word, or if it can not be since it is not defined for good.
pub(super) fn validate_startup(startup: &str, transient: bool) -> Result<(), Invalid> {
    one_of_or_empty("startup", startup, &["enabled", "disabled"])?;
    if transient && !startup.is_empty() {
        return Err(Invalid::param(
            "startup",
            "can not be given together with `transient`",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn virt(change: impl FnOnce(&mut Virt)) -> Virt {
        let mut virt = Virt {
            cpus: 1,
            memory: 1024,
            ..Virt::default()
        };
        change(&mut virt);
        virt
    }

    fn refused(change: impl FnOnce(&mut Virt)) -> Option<&'static str> {
        virt(change)
            .validate_all("a", &Meta::default())
            .expect_err("is refused")
            .param
    }

    #[test]
    fn a_machine_has_processors_and_memory() {
        assert_eq!(virt(|_| ()).validate_all("a", &Meta::default()), Ok(()));
        assert_eq!(refused(|virt| virt.cpus = 0), Some("cpus"));
        assert_eq!(refused(|virt| virt.cpus = 33), Some("cpus"));
        assert_eq!(refused(|virt| virt.memory = 0), Some("memory"));
        let absent = Virt {
            transient: true,
            state: "shutoff".to_owned(),
            ..Virt::default()
        };
        assert_eq!(absent.validate_all("a", &Meta::default()), Ok(()));
    }

    #[test]
    fn words_are_known() {
        assert_eq!(refused(|virt| virt.uri = "qemu".to_owned()), Some("uri"));
        assert_eq!(
            refused(|virt| virt.boot = vec!["usb".to_owned()]),
            Some("boot")
        );
        assert_eq!(
            refused(|virt| virt.restartondiverge = "always".to_owned()),
            Some("restartondiverge")
        );
        let both = |virt: &mut Virt| {
            virt.transient = true;
            virt.startup = "enabled".to_owned();
        };
        assert_eq!(refused(both), Some("startup"));
        let poll = Meta {
            poll: 5,
            ..Meta::default()
        };
        assert!(virt(|_| ()).validate_meta(&poll).is_err());
    }
}
