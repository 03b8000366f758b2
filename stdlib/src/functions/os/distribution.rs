//! Which system the machine runs, and whether it is a virtual machine.

use std::io;

use crate::catalog::{CallError, CallResult, FunctionDef, Host};
use crate::value::Value;

use super::super::declare::{Call, never, sampler, snapshot};

pub(super) fn functions() -> Vec<FunctionDef> {
    vec![
        snapshot(
            "os.family",
            "func() str",
            "The family of the distribution: `redhat`, `debian`, `archlinux`, or nothing. It is told by \
             `/etc/redhat-release`, `/etc/debian_version` and `/etc/arch-release`; the first that is there \
             decides.",
            sampler!(family()),
        ),
        snapshot(
            "os.is_family_archlinux",
            "func() bool",
            "Whether the distribution is Arch Linux or derived from it: it has the file `/etc/arch-release`.",
            sampler!(is_family_archlinux()),
        ),
        snapshot(
            "os.is_family_debian",
            "func() bool",
            "Whether the distribution is Debian or derived from it: it has the file `/etc/debian_version`.",
            sampler!(is_family_debian()),
        ),
        snapshot(
            "os.is_family_redhat",
            "func() bool",
            "Whether the distribution is of the Red Hat family: it has the file `/etc/redhat-release`.",
            sampler!(is_family_redhat()),
        ),
        snapshot(
            "os.is_virtual",
            "func() bool",
            "Whether the machine is a virtual one, as its processor or its firmware tell. If neither says so and one can not \
             be asked, the program ends.",
            sampler!(is_virtual()),
        ),
        snapshot(
            "os.release",
            "func() struct{id str; variant_id str; version_id str}",
            "What the machine's os-release file says of the distribution; what it does not say is empty. If neither \
             `/etc/os-release` nor `/usr/lib/os-release` can be read, the program ends.",
            |_| {
                let call: Call = |host, _| release(host);
                Box::new((call, never as fn(&[Value]) -> _))
            },
        ),
    ]
}

/// The families, and the files that only their members have. The order decides.
const FAMILIES: [(&str, &str); 3] = [
    ("redhat", "/etc/redhat-release"),
    ("debian", "/etc/debian_version"),
    ("archlinux", "/etc/arch-release"),
];

fn family(host: &dyn Host) -> Result<&'static str, CallError> {
    for (family, file) in FAMILIES {
        if exists(host, file)? {
            return Ok(family);
        }
    }
    Ok("")
}

fn is_family_redhat(host: &dyn Host) -> Result<bool, CallError> {
    exists(host, FAMILIES[0].1)
}

fn is_family_debian(host: &dyn Host) -> Result<bool, CallError> {
    exists(host, FAMILIES[1].1)
}

fn is_family_archlinux(host: &dyn Host) -> Result<bool, CallError> {
    exists(host, FAMILIES[2].1)
}

fn exists(host: &dyn Host, file: &str) -> Result<bool, CallError> {
    host.locate(file.as_ref())
        .try_exists()
        .map_err(|error| CallError::fatal(format!("can't look for `{file}`: {error}")))
}

/// What the firmware of a virtual machine calls itself.
const HYPERVISORS: [&str; 15] = [
    "Amazon EC2",
    "Apple Virtualization",
    "BHYVE",
    "Bochs",
    "Google Computer Engine",
    "Hyper-V",
    "innotek GmbH",
    "KubeVirt",
    "KVM",
    "OpenStack",
    "Oracle Corporation",
    "Parallels",
    "QEMU",
    "VMware",
    "Xen",
];

fn is_virtual(host: &dyn Host) -> Result<bool, CallError> {
    const DMI: [&str; 5] = [
        "product_name",
        "sys_vendor",
        "board_vendor",
        "bios_vendor",
        "product_version",
    ];
    let read = |file: &str| {
        std::fs::read(host.locate(file.as_ref()))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let mut failure = None;
    match read("/proc/cpuinfo") {
        Ok(text) if text.contains("hypervisor") => return Ok(true),
        Ok(_) => {}
        Err(error) => failure = Some(("/proc/cpuinfo".to_owned(), error)),
    }
    for name in DMI {
        let file = format!("/sys/class/dmi/id/{name}");
        match read(&file) {
            Ok(text) if HYPERVISORS.iter().any(|known| text.contains(known)) => return Ok(true),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => failure = Some((file, error)),
        }
    }
    match failure {
        None => Ok(false),
        Some((file, error)) => Err(CallError::fatal(format!("can't read `{file}`: {error}"))),
    }
}

fn release(host: &dyn Host) -> CallResult {
    let mut failure = "both files are empty".to_owned();
    for file in ["/etc/os-release", "/usr/lib/os-release"] {
        match std::fs::read(host.locate(file.as_ref())) {
            Ok(bytes) if !bytes.trim_ascii().is_empty() => {
                let text = String::from_utf8_lossy(&bytes);
                let field = |name| Value::from(assigned(&text, name).unwrap_or_default());
                return Ok(Value::Struct(
                    [
                        ("id", field("ID")),
                        ("variant_id", field("VARIANT_ID")),
                        ("version_id", field("VERSION_ID")),
                    ]
                    .into_iter()
                    .collect(),
                ));
            }
            Ok(_) => {}
            Err(error) => failure = format!("{file}: {error}"),
        }
    }
    Err(CallError::fatal(format!(
        "ParseOSRelease failed: {failure}"
    )))
}

/// What the last assignment to a name gives; the file is written like shell assignments.
fn assigned(text: &str, name: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))
        .next_back()
        .map(unquote)
}

/// Removes a pair of quotes, and in double quotes the backslashes that escape.
fn unquote(value: &str) -> String {
    let inside = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(literal) = inside('\'') {
        return literal.to_owned();
    }
    let Some(escaped) = inside('"') else {
        return value.to_owned();
    };
    let mut out = String::with_capacity(escaped.len());
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TestHost, call_on, fatal};
    use super::*;

    /// A machine with these files.
    fn machine(files: &[(&str, &str)]) -> (tempfile::TempDir, TestHost) {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        (directory, host)
    }

    #[test]
    fn families_are_known_by_a_file() {
        for (file, family) in [
            ("etc/redhat-release", "redhat"),
            ("etc/debian_version", "debian"),
            ("etc/arch-release", "archlinux"),
            ("etc/other", ""),
        ] {
            let (_directory, host) = machine(&[(file, "")]);
            assert_eq!(call_on(&host, "os.family", &[]), Ok(family.into()));
            for (name, of) in [
                ("os.is_family_redhat", "redhat"),
                ("os.is_family_debian", "debian"),
                ("os.is_family_archlinux", "archlinux"),
            ] {
                assert_eq!(call_on(&host, name, &[]), Ok(Value::Bool(of == family)));
            }
        }
    }

    #[test]
    fn of_several_families_the_first_counts() {
        let (_directory, host) = machine(&[("etc/arch-release", ""), ("etc/debian_version", "")]);
        assert_eq!(call_on(&host, "os.family", &[]), Ok("debian".into()));
        for name in ["os.is_family_debian", "os.is_family_archlinux"] {
            assert_eq!(call_on(&host, name, &[]), Ok(Value::Bool(true)));
        }
        // What is neither there nor missing.
        let loop_ = host.root.join("etc/redhat-release");
        std::os::unix::fs::symlink("redhat-release", loop_).unwrap();
        for name in ["os.family", "os.is_family_redhat"] {
            let error = fatal(call_on(&host, name, &[]));
            assert!(
                error.starts_with("can't look for `/etc/redhat-release`: "),
                "{error}"
            );
        }
    }

    #[test]
    fn releases_come_from_the_first_file_that_says_anything() {
        let release = |files: &[(&str, &str)]| {
            let (_directory, host) = machine(files);
            call_on(&host, "os.release", &[]).map(|value| value.to_string())
        };
        let fields = |id: &str, variant: &str, version: &str| {
            Ok(format!(
                r#"struct{{id: "{id}"; variant_id: "{variant}"; version_id: "{version}"}}"#
            ))
        };
        let both = [
            ("etc/os-release", "ID=a\n"),
            ("usr/lib/os-release", "ID=b\nVERSION_ID=1\n"),
        ];
        assert_eq!(release(&both), fields("a", "", ""));
        assert_eq!(release(&both[1..]), fields("b", "", "1"));
        for (line, id) in [
            ("ID=fedora", "fedora"),
            ("ID=\"fedora\"", "fedora"),
            ("ID='fedora'", "fedora"),
            ("  ID=fedora  ", "fedora"),
            ("ID=a=b", "a=b"),
            ("ID=a\nID=b", "b"),
            ("ID_LIKE=x", ""),
            ("ID=", ""),
            ("ID", ""),
            ("VERSION=\"1 (x)\"", ""),
        ] {
            assert_eq!(
                release(&[("etc/os-release", line)]),
                fields(id, "", ""),
                "{line}"
            );
        }
        for files in [
            &[][..],
            &[("etc/os-release", ""), ("usr/lib/os-release", "\n")],
        ] {
            let error = release(files).unwrap_err();
            assert!(!error.catchable && error.message.starts_with("ParseOSRelease failed: "));
        }
    }

    #[test]
    fn releases_are_read_like_shell_assignments() {
        let text = "# ID=no\nNAME=x\nID='a=b'\nVERSION_ID=\"1\\\"2\"\n";
        let (_directory, host) =
            machine(&[("etc/os-release", " \n"), ("usr/lib/os-release", text)]);
        assert_eq!(
            call_on(&host, "os.release", &[]).unwrap().to_string(),
            r#"struct{id: "a=b"; variant_id: ""; version_id: "1\"2"}"#
        );
        let (_directory, host) = machine(&[]);
        assert!(fatal(call_on(&host, "os.release", &[])).starts_with("ParseOSRelease failed: "));
    }

    #[test]
    fn hypervisors_are_recognised() {
        for (files, expected) in [
            (&[("proc/cpuinfo", "flags: hypervisor")][..], true),
            (
                &[
                    ("proc/cpuinfo", ""),
                    ("sys/class/dmi/id/sys_vendor", "QEMU\n"),
                ],
                true,
            ),
            (
                &[
                    ("proc/cpuinfo", ""),
                    ("sys/class/dmi/id/sys_vendor", "LENOVO\n"),
                ],
                false,
            ),
        ] {
            let (_directory, host) = machine(files);
            assert_eq!(
                call_on(&host, "os.is_virtual", &[]),
                Ok(Value::Bool(expected))
            );
        }
        let (_directory, host) = machine(&[]);
        assert!(fatal(call_on(&host, "os.is_virtual", &[])).contains("/proc/cpuinfo"));
        for name in [
            "product_name",
            "sys_vendor",
            "board_vendor",
            "bios_vendor",
            "product_version",
        ] {
            for vendor in HYPERVISORS {
                let text = format!("The {vendor} machine\n");
                let (_directory, host) = machine(&[(&format!("sys/class/dmi/id/{name}"), &text)]);
                // That nothing is known of the processor does not matter then.
                assert_eq!(
                    call_on(&host, "os.is_virtual", &[]),
                    Ok(Value::Bool(true)),
                    "{name} {vendor}"
                );
            }
        }
        // What can not be read may have said so.
        let (_directory, host) =
            machine(&[("proc/cpuinfo", ""), ("sys/class/dmi/id/sys_vendor/x", "")]);
        assert!(fatal(call_on(&host, "os.is_virtual", &[])).contains("sys_vendor"));
    }
}
