//! `os`: the machine's system, files and users (functions.md §18).

mod distribution;
mod system;
mod user;

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use crate::catalog::{CallError, FunctionDef, Host, Wake};
use crate::value::{Str, Value};

use super::declare::{examples, first_path, native, pure, sampler, snapshot, source};
use super::path;

pub(crate) fn all() -> Vec<FunctionDef> {
    let mut all = files();
    all.extend(distribution::functions());
    all.extend(user::functions());
    all.push(system::function());
    all
}

fn files() -> Vec<FunctionDef> {
    vec![
        snapshot(
            "os.args",
            "func() []str",
            "The command line of this process, the program's name first.",
            sampler!(args()),
        ),
        source(
            "os.file_exists",
            "func(filename str) bool",
            "Whether there is a file or directory at a path. A link counts as what it points to. What can not be told ends \
             the program. It wakes when that changes.",
            sampler!(file_exists(filename), first_path),
        ),
        source(
            "os.readfile",
            "func(filename str) str",
            "The content of a file, which may be any bytes. Only that it is missing can be caught, until it appears; if it \
             can not be read for another reason, the program ends. It wakes when the content changes.",
            sampler!(readfile(filename), first_path),
        )
        .catchable(&["error reading file: open F: no such file or directory"]),
        source(
            "os.modinfo_loaded",
            "func(module str) bool",
            "Whether the kernel has loaded a module of exactly that name. It wakes when one is loaded or removed.",
            sampler!(modinfo_loaded(module), modules),
        ),
        pure(
            "os.parse_distro_uid",
            "func(uid str) struct{distro str; version str; arch str}",
            "The parts of the name of a distribution, such as `fedora39-x86_64`: the version is the digits before the first \
             hyphen, the architecture all behind it. All of them are empty if one is missing.",
            native!(parse_distro_uid(uid)),
        )
        .examples(examples![
            r#"os.parse_distro_uid("fedora39-x86_64")"# =>
            r#"struct{distro: "fedora"; version: "39"; arch: "x86_64"}"#,
        ]),
    ]
}

fn args(host: &dyn Host) -> Vec<Value> {
    host.args().into_iter().map(Value::from).collect()
}

fn file_exists(host: &dyn Host, filename: &Str) -> Result<bool, CallError> {
    match std::fs::metadata(host.locate(path::from_str(filename))) {
        Ok(_) => Ok(true),
        Err(error) if is_missing(error.kind()) => Ok(false),
        Err(error) => Err(CallError::fatal(format!(
            "can't tell whether `{}` exists: {error}",
            filename.to_string_lossy()
        ))),
    }
}

/// Whether there is nothing at a path; below a file there is nothing either.
fn is_missing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn readfile(host: &dyn Host, filename: &Str) -> Result<Vec<u8>, CallError> {
    let name = filename.to_string_lossy();
    read_regular(&host.locate(path::from_str(filename))).map_err(|error| {
        if is_missing(error.kind()) {
            CallError::catchable(format!(
                "error reading file: open {name}: no such file or directory"
            ))
        } else {
            CallError::fatal(format!("error reading file: {name}: {error}"))
        }
    })
}

/// The content of a file. A pipe would be waited for, and some devices have no end, so that neither is read.
pub(crate) fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(content)
}

const MODULES: &str = "/proc/modules";

fn modules(_: &[Value]) -> Vec<Wake> {
    // The kernel does not report changes of the file.
    vec![Wake::Devices("module")]
}

fn modinfo_loaded(host: &dyn Host, module: &[u8]) -> Result<bool, CallError> {
    let list = match std::fs::read(host.locate(MODULES.as_ref())) {
        Ok(list) => list,
        // A kernel that has no modules has no list of them.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            let text = format!("can't read `{MODULES}`: {error}");
            return Err(CallError::fatal(text));
        }
    };
    Ok(list
        .split(|byte| *byte == b'\n')
        .any(|line| line.split(|byte| *byte == b' ').next() == Some(module) && !module.is_empty()))
}

fn parse_distro_uid(uid: &[u8]) -> crate::value::Struct {
    let parts = distro_uid_parts(uid).unwrap_or_default();
    ["distro", "version", "arch"]
        .into_iter()
        .zip(parts.map(Value::str))
        .collect()
}

/// Name, version and architecture, if none of them is missing.
fn distro_uid_parts(uid: &[u8]) -> Option<[&[u8]; 3]> {
    let dash = uid.iter().position(|byte| *byte == b'-')?;
    let (system, arch) = (&uid[..dash], &uid[dash + 1..]);
    let digits = system
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (distro, version) = system.split_at(system.len() - digits);
    let parts = [distro, version, arch];
    parts.iter().all(|part| !part.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call, call_on, caught, fatal, sample};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn missing_files_can_be_caught() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        let read = |name: &str| call_on(&host, "os.readfile", &[name.into()]);
        let exists = |name: &str| call_on(&host, "os.file_exists", &[name.into()]);
        assert_eq!(
            caught(read("/a")),
            "error reading file: open /a: no such file or directory"
        );
        assert_eq!(exists("/a"), Ok(Value::Bool(false)));
        std::fs::write(directory.path().join("a"), b"\xff\n").unwrap();
        assert_eq!(read("/a"), Ok(Value::from(b"\xff\n".to_vec())));
        assert_eq!(exists("/a"), Ok(Value::Bool(true)));
        assert_eq!(exists("/a/b"), Ok(Value::Bool(false)));
        assert!(fatal(read("/")).starts_with("error reading file: /: "));
        assert_eq!(exists("/"), Ok(Value::Bool(true)));
        for name in ["os.readfile", "os.file_exists"] {
            assert!(call_on(&host, name, &["a\0b".into()]).is_err_and(|error| !error.catchable));
        }
        assert_eq!(
            caught(read("")),
            "error reading file: open : no such file or directory"
        );
        assert_eq!(
            caught(read("/a/b")),
            "error reading file: open /a/b: no such file or directory"
        );
    }

    #[test]
    fn what_never_ends_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let pipe = pipe.to_str().unwrap();
        for path in [pipe, "/dev/zero"] {
            for result in [
                fatal(call("os.readfile", &[path.into()])),
                caught(call("golang/os.read_file", &[path.into()])),
            ] {
                assert!(result.ends_with("it is not a regular file"), "{result}");
            }
        }
    }

    #[test]
    fn links_are_what_they_point_to() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        let link = |to: &str, name: &str| {
            std::os::unix::fs::symlink(to, directory.path().join(name)).unwrap();
        };
        std::fs::write(directory.path().join("a"), "text").unwrap();
        link("a", "good");
        link("nothing", "dangling");
        link("loop", "loop");
        let read = |name: &str| call_on(&host, "os.readfile", &[name.into()]);
        let exists = |name: &str| call_on(&host, "os.file_exists", &[name.into()]);
        assert_eq!(exists("/good"), Ok(Value::Bool(true)));
        assert_eq!(read("/good"), Ok("text".into()));
        assert_eq!(exists("/dangling"), Ok(Value::Bool(false)));
        assert!(caught(read("/dangling")).ends_with("no such file or directory"));
        assert!(fatal(exists("/loop")).starts_with("can't tell whether `/loop` exists: "));
        assert!(fatal(read("/loop")).starts_with("error reading file: /loop: "));
    }

    #[test]
    fn files_wake_who_reads_them() {
        for name in ["os.readfile", "os.file_exists"] {
            assert_eq!(
                sample(name).wake(&["/etc/motd".into()]),
                [Wake::Path("/etc/motd".into())]
            );
        }
    }

    #[test]
    fn loaded_modules_wake_who_looks_at_them() {
        let wake = sample("os.modinfo_loaded").wake(&["loop".into()]);
        assert_eq!(wake, [Wake::Devices("module")]);
    }

    #[test]
    fn modules_are_found_by_their_whole_name() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("proc")).unwrap();
        let list = "nf_tables 303104 0 - Live 0x0\nloop 40960 0 - Live 0x0\n";
        std::fs::write(directory.path().join("proc/modules"), list).unwrap();
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        for (module, loaded) in [("loop", true), ("nf", false), ("", false)] {
            assert_eq!(
                call_on(&host, "os.modinfo_loaded", &[module.into()]),
                Ok(Value::Bool(loaded))
            );
        }
    }

    #[test]
    fn a_kernel_without_modules_has_none_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        let loaded = || call_on(&host, "os.modinfo_loaded", &["loop".into()]);
        assert_eq!(loaded(), Ok(Value::Bool(false)));
        std::fs::create_dir_all(directory.path().join("proc/modules")).unwrap();
        assert!(fatal(loaded()).starts_with("can't read `/proc/modules`: "));
    }

    #[test]
    fn the_arguments_start_with_the_program() {
        let host = TestHost {
            args: vec!["mgmt".to_owned(), "run".to_owned(), "a b".to_owned()],
            ..TestHost::default()
        };
        let args = call_on(&host, "os.args", &[]).unwrap();
        assert_eq!(args.to_string(), r#"["mgmt", "run", "a b"]"#);
    }

    #[test]
    fn incomplete_distribution_names_have_no_parts() {
        for uid in [
            "",
            "-",
            "fedora39",
            "fedora-x86_64",
            "39-x86_64",
            "fedora39-",
            "f3d-x",
        ] {
            let parts = call("os.parse_distro_uid", &[uid.into()]).unwrap();
            let parts = parts.as_struct().unwrap();
            assert!(parts.iter().all(|(_, value)| *value == "".into()), "{uid}");
        }
        let parts = call("os.parse_distro_uid", &["opensuse15-4-arm".into()]).unwrap();
        assert_eq!(
            parts.as_struct().unwrap().get("arch"),
            Some(&"4-arm".into())
        );
    }

    proptest! {
        #[test]
        fn the_parts_of_a_distribution_make_its_name(
            distro in "[a-z][a-z0-9.]{0,6}[a-z.]|[a-z]",
            version in "[0-9]{1,4}",
            arch in "[a-z0-9_-]{1,8}",
        ) {
            let uid = format!("{distro}{version}-{arch}");
            let parts = call("os.parse_distro_uid", &[uid.into()]).unwrap();
            let parts = parts.as_struct().unwrap();
            for (name, part) in [("distro", distro), ("version", version), ("arch", arch)] {
                prop_assert_eq!(parts.get(name), Some(&part.into()));
            }
        }
    }
}
