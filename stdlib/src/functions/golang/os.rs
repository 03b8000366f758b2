//! `golang/os`: the process and its files, as they are when asked (functions.md §11.2.4).

use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bstr::ByteSlice;
use nix::unistd;

use crate::catalog::{CallError, FunctionDef, Host};
use crate::value::Str;

use super::super::declare::snapshots;
use super::super::os::read_regular;
use super::super::{path, sys};

pub(crate) fn all() -> Vec<FunctionDef> {
    snapshots! { "golang/os":
        executable, "func() str", "The path of this program.",
            |_| std::env::current_exe().map(|path| path::to_str(&path)).map_err(failed("executable", "")),
            catches "executable: E";
        expand_env, "func(s str) str", "The string with `$name` and `${name}` replaced by environment variables; unset ones are empty.",
            |host, s: &[u8]| expand_env(host, s);
        getegid, "func() int", "The effective group id of this process.",
            |_| i64::from(unistd::getegid().as_raw());
        getenv, "func(key str) str", "The value of an environment variable, or nothing.",
            |host, key: &Str| sys::variable(host, key).unwrap_or_default();
        geteuid, "func() int", "The effective user id of this process.",
            |_| i64::from(unistd::geteuid().as_raw());
        getgid, "func() int", "The group id of this process.",
            |_| i64::from(unistd::getgid().as_raw());
        getpagesize, "func() int", "The size of a page of memory, in bytes.",
            |_| rustix::param::page_size() as i64;
        getpid, "func() int", "The id of this process.",
            |_| i64::from(std::process::id());
        getppid, "func() int", "The id of the process that started this one.",
            |_| i64::from(unistd::getppid().as_raw());
        getuid, "func() int", "The user id of this process.",
            |_| i64::from(unistd::getuid().as_raw());
        getwd, "func() str", "The working directory of this process.",
            |_| working_directory().map(|path| path::to_str(&path)), catches "can't tell the working directory: E";
        hostname, "func() str", "The name that the kernel has for this machine.",
            |host| sys::hostname(host);
        mkdir_temp, "func(dir str, pattern str) str",
            "The path of a new directory, which each call creates. Its name is the pattern with something random in place of \
             the last `*` or at its end; it lies in the first directory, or where temporary files go if that is empty.",
            |host, dir: &Str, pattern: &Str| mkdir_temp(host, dir, pattern), catches "mkdirtemp: pattern contains path separator", "mkdirtemp D: E";
        read_file, "func(name str) str", "The content of a file, as it is when asked; `os.readfile` wakes when it changes.",
            |host, name: &Str| read_regular(&host.locate(path::from_str(name))).map_err(failed("open", &name.to_string_lossy())),
            catches "open F: E";
        readlink, "func(name str) str", "Where a symbolic link leads.",
            |host, name: &Str| {
                std::fs::read_link(host.locate(path::from_str(name)))
                    .map(|path| path::to_str(&path))
                    .map_err(failed("readlink", &name.to_string_lossy()))
            },
            catches "readlink F: E";
        temp_dir, "func() str", "The directory for temporary files.",
            |host| temp_dir(host);
        user_cache_dir, "func() str", "The directory for what this user's programs can make again.",
            |host| user_dir(host, "XDG_CACHE_HOME", ".cache"),
            catches "neither $XDG_CACHE_HOME nor $HOME are defined", "path in $XDG_CACHE_HOME is relative";
        user_config_dir, "func() str", "The directory for what this user's programs are told.",
            |host| user_dir(host, "XDG_CONFIG_HOME", ".config"),
            catches "neither $XDG_CONFIG_HOME nor $HOME are defined", "path in $XDG_CONFIG_HOME is relative";
        user_home_dir, "func() str", "The home directory, by `$HOME`.",
            |host| set(host, "HOME").ok_or_else(|| CallError::catchable("$HOME is not defined")), catches "$HOME is not defined";
    }
}

/// The catchable error of an operation that the system refuses.
fn failed(operation: &str, on: &str) -> impl FnOnce(std::io::Error) -> CallError {
    let space = if on.is_empty() { "" } else { " " };
    let place = format!("{operation}{space}{on}");
    move |error| CallError::catchable(format!("{place}: {error}"))
}

/// The directory where relative paths start.
pub(super) fn working_directory() -> Result<PathBuf, CallError> {
    std::env::current_dir().map_err(failed("can't tell the working directory", ""))
}

/// The value of an environment variable that is set and not empty.
fn set(host: &dyn Host, name: &str) -> Option<String> {
    sys::variable(host, &Str::from(name)).filter(|value| !value.is_empty())
}

fn temp_dir(host: &dyn Host) -> String {
    set(host, "TMPDIR").unwrap_or_else(|| "/tmp".to_owned())
}

fn user_dir(host: &dyn Host, variable: &str, below_home: &str) -> Result<String, CallError> {
    match set(host, variable) {
        Some(path) if path.starts_with('/') => Ok(path),
        Some(_) => Err(CallError::catchable(format!(
            "path in ${variable} is relative"
        ))),
        None => set(host, "HOME")
            .map(|home| format!("{home}/{below_home}"))
            .ok_or_else(|| {
                CallError::catchable(format!("neither ${variable} nor $HOME are defined"))
            }),
    }
}

fn mkdir_temp(host: &dyn Host, dir: &Str, pattern: &Str) -> Result<Str, CallError> {
    let name = pattern.as_bytes();
    if name.contains(&b'/') {
        return Err(CallError::catchable(
            "mkdirtemp: pattern contains path separator",
        ));
    }
    let star = name.rfind_byte(b'*');
    let (prefix, suffix) = star.map_or((name, &b""[..]), |at| (&name[..at], &name[at + 1..]));
    let fallback = temp_dir(host);
    let dir = if dir.is_empty() {
        Path::new(&fallback)
    } else {
        path::from_str(dir)
    };
    tempfile::Builder::new()
        .prefix(OsStr::from_bytes(prefix))
        .suffix(OsStr::from_bytes(suffix))
        .rand_bytes(10)
        .permissions(Permissions::from_mode(0o700))
        .disable_cleanup(true)
        .tempdir_in(dir)
        .map(|made| path::to_str(made.path()))
        .map_err(failed("mkdirtemp", &dir.display().to_string()))
}

/// Replaces references to environment variables. A `$` that starts none stays, but a brace that is not
/// closed, or holds no name, disappears.
fn expand_env(host: &dyn Host, s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    let mut rest = s;
    while let Some(dollar) = rest.find_byte(b'$') {
        out.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        let (name, len) = reference(rest);
        match name {
            Some(name) => {
                let value = sys::variable(host, &Str::from(name)).unwrap_or_default();
                out.extend_from_slice(value.as_bytes());
            }
            None if len == 0 => out.push(b'$'),
            None => {}
        }
        rest = &rest[len..];
    }
    out.extend_from_slice(rest);
    out
}

/// The name that follows a `$`, if any, and the length of the reference.
fn reference(text: &[u8]) -> (Option<&[u8]>, usize) {
    let special = |byte: &u8| byte.is_ascii_digit() || b"*#$@!?-".contains(byte);
    match text.first() {
        Some(b'{') => match text.find_byte(b'}') {
            // Without an end the brace alone is dropped.
            None => (None, 1),
            Some(end) => {
                // The environment may know more than names, such as `a.b`.
                let name = &text[1..end];
                ((!name.is_empty()).then_some(name), end + 1)
            }
        },
        Some(byte) if special(byte) => (Some(&text[..1]), 1),
        _ => {
            let len = text.iter().take_while(|byte| is_name(byte)).count();
            ((len > 0).then_some(&text[..len]), len)
        }
    }
}

fn is_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TestHost, call, call_on, caught};
    use super::*;
    use crate::value::Value;

    fn host(env: &[(&str, &str)]) -> TestHost {
        TestHost {
            env: env
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..TestHost::default()
        }
    }

    #[test]
    fn references_are_replaced() {
        let host = host(&[
            ("A", "x"),
            ("B_1", "y"),
            ("a.b", "z"),
            ("1", "one"),
            ("*", "star"),
        ]);
        for (text, expanded) in [
            ("$A-${B_1}-$UNSET.", "x-y-."),
            ("$A$B_1", "xy"),
            ("${A", "A"),
            ("${}b", "b"),
            ("a$", "a$"),
            ("$1x", "onex"),
            ("$11", "one1"),
            ("$*${*}", "starstar"),
            ("$$$?$!$@$#$-", ""),
            ("$/", "$/"),
            ("${a.b}$a.b", "z.b"),
            ("${B_1", "B_1"),
            ("${A}${", "x"),
            ("$\u{e9}A", "$\u{e9}A"),
            ("", ""),
        ] {
            assert_eq!(
                call_on(&host, "golang/os.expand_env", &[text.into()]),
                Ok(expanded.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn directories_of_the_user() {
        let ask = |env: &[(&str, &str)], name| call_on(&host(env), name, &[]);
        let home = &[("HOME", "/home/a")];
        assert_eq!(ask(home, "golang/os.user_home_dir"), Ok("/home/a".into()));
        assert_eq!(
            ask(home, "golang/os.user_cache_dir"),
            Ok("/home/a/.cache".into())
        );
        assert_eq!(
            ask(&[("XDG_CONFIG_HOME", "/c")], "golang/os.user_config_dir"),
            Ok("/c".into())
        );
        assert_eq!(
            caught(ask(&[], "golang/os.user_home_dir")),
            "$HOME is not defined"
        );
        for (name, variable) in [
            ("golang/os.user_cache_dir", "XDG_CACHE_HOME"),
            ("golang/os.user_config_dir", "XDG_CONFIG_HOME"),
        ] {
            assert_eq!(
                caught(ask(&[(variable, "")], name)),
                format!("neither ${variable} nor $HOME are defined")
            );
            assert_eq!(
                caught(ask(&[(variable, "c"), ("HOME", "/home/a")], name)),
                format!("path in ${variable} is relative")
            );
        }
        assert_eq!(ask(&[], "golang/os.temp_dir"), Ok("/tmp".into()));
        let elsewhere = ask(&[("TMPDIR", "/t")], "golang/os.temp_dir");
        assert_eq!(elsewhere, Ok("/t".into()));
        assert_eq!(
            call_on(&host(home), "golang/os.getenv", &["HOME".into()]),
            Ok("/home/a".into())
        );
        assert_eq!(call("golang/os.getenv", &["HOME".into()]), Ok("".into()));
    }

    #[test]
    fn each_call_makes_a_directory() {
        let parent = tempfile::tempdir().unwrap();
        let make = |pattern: &str| {
            let parent = path::to_str(parent.path());
            call(
                "golang/os.mkdir_temp",
                &[Value::Str(parent), pattern.into()],
            )
        };
        let (first, second) = (make("a*b").unwrap(), make("a*b").unwrap());
        assert_ne!(first, second);
        let name = first.as_str().unwrap().to_string_lossy().into_owned();
        assert!(Path::new(&name).is_dir() && name.ends_with('b'), "{name}");
        let mode = std::fs::metadata(&name).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let last = Path::new(&name).file_name().unwrap().to_str().unwrap();
        assert!(last.starts_with('a') && last.len() > 2, "{last}");
        let (two, none) = (make("a*b*c").unwrap(), make("x").unwrap());
        let two = two.as_str().unwrap().to_string_lossy().into_owned();
        assert!(two.contains("/a*b") && two.ends_with('c'), "{two}");
        let none = none.as_str().unwrap().to_string_lossy().into_owned();
        let last = none.rsplit('/').next().unwrap();
        assert!(last.starts_with('x') && last.len() > 1, "{none}");
        assert_eq!(
            caught(make("a/b")),
            "mkdirtemp: pattern contains path separator"
        );
    }

    #[test]
    fn files_are_read_as_they_are() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("a"), b"\xff\n").unwrap();
        std::os::unix::fs::symlink("../else where", directory.path().join("l")).unwrap();
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        let ask = |name: &str, path: &str| call_on(&host, name, &[path.into()]);
        assert_eq!(
            ask("golang/os.read_file", "/a"),
            Ok(b"\xff\n".to_vec().into())
        );
        assert_eq!(ask("golang/os.readlink", "/l"), Ok("../else where".into()));
        for (name, path, start) in [
            ("golang/os.read_file", "/", "open /: "),
            ("golang/os.read_file", "", "open: "),
            ("golang/os.read_file", "/l", "open /l: "),
            ("golang/os.read_file", "/a/", "open /a/: "),
            ("golang/os.readlink", "/l/", "readlink /l/: "),
            ("golang/os.readlink", "/a", "readlink /a: "),
        ] {
            let error = caught(ask(name, path));
            assert!(error.starts_with(start), "{error}");
        }
    }

    #[test]
    fn the_process_knows_itself() {
        let text = |name: &str| {
            let value = call(name, &[]).unwrap();
            value.as_str().unwrap().to_string_lossy().into_owned()
        };
        let executable = std::env::current_exe().unwrap();
        assert_eq!(Path::new(&text("golang/os.executable")), executable);
        let directory = std::env::current_dir().unwrap();
        assert_eq!(Path::new(&text("golang/os.getwd")), directory);
        assert!(!text("golang/os.hostname").is_empty());
        let own = std::fs::metadata("/proc/self").unwrap();
        use std::os::unix::fs::MetadataExt;
        for (name, id) in [
            ("golang/os.geteuid", own.uid().into()),
            ("golang/os.getegid", own.gid().into()),
            ("golang/os.getuid", unistd::getuid().as_raw().into()),
            ("golang/os.getgid", unistd::getgid().as_raw().into()),
            ("golang/os.getppid", i64::from(unistd::getppid().as_raw())),
        ] {
            assert_eq!(call(name, &[]), Ok(Value::Int(id)), "{name}");
        }
    }

    #[test]
    fn missing_files_can_be_caught() {
        let missing = "/no/such/file";
        assert!(
            caught(call("golang/os.read_file", &[missing.into()]))
                .starts_with("open /no/such/file: ")
        );
        assert!(
            caught(call("golang/os.readlink", &[missing.into()]))
                .starts_with("readlink /no/such/file: ")
        );
    }

    #[test]
    fn the_process_has_ids() {
        let id = call("golang/os.getpid", &[]);
        assert_eq!(id, Ok(Value::Int(std::process::id().into())));
        let size = call("golang/os.getpagesize", &[])
            .unwrap()
            .as_int()
            .unwrap();
        assert!(size.count_ones() == 1, "{size}");
    }
}
