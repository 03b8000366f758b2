//! `local`: what this machine keeps (functions.md §15).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::catalog::{CallError, FunctionDef, Host};
use crate::value::Str;

use super::declare::{sampler, snapshot};
use super::path;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        snapshot(
            "local.pool",
            "func(namespace str, uid str) int",
            "A number from 1 that belongs to a name within a namespace, for ever on this machine. A new name gets one more \
             than the largest number of the namespace. Neither name may be empty or hold a slash; that, and a store that \
             can not be read or written, ends the program.",
            sampler!(pool(namespace, uid)),
        ),
        snapshot(
            "local.vardir",
            "func(path str) str",
            "The absolute path of a directory for the program to use, which is created. The argument is relative, ends with a \
             slash, and does not lead out by `..`; all else ends the program. The result ends with a slash, too.",
            sampler!(vardir(path)),
        ),
    ]
}

/// The directory for what functions of this program keep.
pub(crate) fn vardir_of(host: &dyn Host) -> Result<PathBuf, CallError> {
    Ok(store(host)?.join("vardir/functions"))
}

fn store(host: &dyn Host) -> Result<PathBuf, CallError> {
    host.state_dir()
        .map(|directory| directory.join("local"))
        .ok_or_else(|| CallError::fatal("this process has no directory for local values"))
}

/// The error of an operation on a file.
fn failed(path: &Path) -> impl Fn(std::io::Error) -> CallError {
    let path = path.display().to_string();
    move |error| CallError::fatal(format!("can't use `{path}`: {error}"))
}

fn create(directory: &Path) -> Result<(), CallError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o750)
        .create(directory)
        .map_err(failed(directory))
}

fn vardir(host: &dyn Host, text: &Str) -> Result<Str, CallError> {
    let bytes = text.as_bytes();
    if bytes.starts_with(b"/") {
        return Err(CallError::fatal("path must be relative"));
    }
    if !bytes.ends_with(b"/") {
        return Err(CallError::fatal("path must be a dir"));
    }
    if !path::is_local(bytes) {
        return Err(CallError::fatal("path must not lead out of the directory"));
    }
    let mut directory = vardir_of(host)?;
    match Str::from(path::clean(bytes)) {
        here if here == Str::from(".") => {}
        below => directory.push(path::from_str(&below)),
    }
    create(&directory)?;
    Ok(Str::from(
        [path::to_str(&directory).as_bytes(), b"/"].concat(),
    ))
}

fn pool(host: &dyn Host, namespace: &Str, uid: &Str) -> Result<i64, CallError> {
    for (what, name) in [("namespace", namespace), ("uid", uid)] {
        if name.is_empty() {
            return Err(CallError::fatal(format!("{what} is empty")));
        }
        if name.as_bytes().contains(&b'/') {
            return Err(CallError::fatal(format!("{what} contains slash")));
        }
    }
    // It is a directory, while what a uid names has an ending.
    if matches!(namespace.as_bytes(), b"." | b"..") {
        return Err(CallError::fatal("namespace is not a name"));
    }
    let directory = store(host)?.join("pool").join(path::from_str(namespace));
    create(&directory)?;
    // Who holds the directory's lock may hand out numbers; it goes with the handle.
    let lock = File::open(&directory).map_err(failed(&directory))?;
    lock.lock().map_err(failed(&directory))?;
    let file = Str::from([uid.as_bytes(), b".uid"].concat());
    let file = directory.join(path::from_str(&file));
    if let Some(number) = read(&file)? {
        return Ok(number);
    }
    let mut greatest = 0;
    for entry in std::fs::read_dir(&directory).map_err(failed(&directory))? {
        let path = entry.map_err(failed(&directory))?.path();
        if path.extension().is_some_and(|extension| extension == "uid") {
            greatest = greatest.max(read(&path)?.unwrap_or(0));
        }
    }
    let number = greatest
        .checked_add(1)
        .ok_or_else(|| CallError::fatal("no number is left in the namespace"))?;
    write(&directory, &file, number)?;
    Ok(number)
}

/// The number in a file, if there is such a file.
fn read(file: &Path) -> Result<Option<i64>, CallError> {
    match std::fs::read_to_string(file) {
        Ok(text) => match text.trim_end().parse() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(CallError::fatal(format!(
                "`{}` does not hold a number",
                file.display()
            ))),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(file)(error)),
    }
}

/// Writes aside, syncs and renames, so that a kill at any time leaves no half of a number.
fn write(directory: &Path, file: &Path, number: i64) -> Result<(), CallError> {
    let aside = file.with_extension("new");
    let mut handle = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)
        .map_err(failed(&aside))?;
    writeln!(handle, "{number}").map_err(failed(&aside))?;
    handle.sync_all().map_err(failed(&aside))?;
    std::fs::rename(&aside, file).map_err(failed(file))?;
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(failed(directory))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::testing::{TestHost, call, call_on, fatal};
    use super::*;
    use crate::value::Value;

    fn machine() -> (tempfile::TempDir, TestHost) {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost {
            state_dir: Some(directory.path().to_owned()),
            ..TestHost::default()
        };
        (directory, host)
    }

    #[test]
    fn numbers_stay() {
        let (directory, host) = machine();
        let number = |namespace: &str, uid: &str| {
            call_on(&host, "local.pool", &[namespace.into(), uid.into()])
        };
        for (namespace, uid, expected) in [
            ("n", "a", 1),
            ("n", "b", 2),
            ("n", "a", 1),
            ("m", "b", 1),
            ("n", "c.d", 3),
            ("n", "..", 4),
        ] {
            assert_eq!(
                number(namespace, uid),
                Ok(Value::Int(expected)),
                "{namespace} {uid}"
            );
        }
        let file = directory.path().join("local/pool/n/b.uid");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "2\n");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(&file), 0o600);
        for ancestor in file.ancestors().skip(1).take(3) {
            assert_eq!(mode(ancestor), 0o750, "{}", ancestor.display());
        }
        // A number below the largest is not given again, and the largest is that of what is there.
        std::fs::remove_file(&file).unwrap();
        assert_eq!(number("n", "e"), Ok(Value::Int(5)));
        std::fs::write(directory.path().join("local/pool/n/far.uid"), "41").unwrap();
        assert_eq!(number("n", "f"), Ok(Value::Int(42)));
        for bad in ["x", "", "0", "-1", "9223372036854775808"] {
            std::fs::write(&file, bad).unwrap();
            for uid in ["b", "new"] {
                let error = fatal(number("n", uid));
                assert!(error.ends_with("b.uid` does not hold a number"), "{error}");
            }
        }
        std::fs::write(&file, i64::MAX.to_string()).unwrap();
        assert_eq!(
            fatal(number("n", "new")),
            "no number is left in the namespace"
        );
        for (namespace, uid, error) in [
            ("", "a", "namespace is empty"),
            ("a/b", "a", "namespace contains slash"),
            ("..", "a", "namespace is not a name"),
            ("n", "", "uid is empty"),
            ("n", "a/b", "uid contains slash"),
        ] {
            assert_eq!(fatal(number(namespace, uid)), error);
        }
    }

    #[test]
    fn no_number_is_given_twice() {
        let (_directory, host) = machine();
        let host = &host;
        let mut numbers: Vec<i64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|uid: i32| {
                    scope.spawn(move || {
                        pool(host, &Str::from("n"), &Str::from(uid.to_string())).unwrap()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
    }

    #[test]
    fn directories_are_created() {
        let (directory, host) = machine();
        let make = |path: &str| call_on(&host, "local.vardir", &[path.into()]);
        let expected = format!("{}/local/vardir/functions/a/b/", directory.path().display());
        assert_eq!(make("a//./b/"), Ok(expected.as_str().into()));
        let mode = Path::new(&expected)
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o750);
        // A second call finds it there.
        assert_eq!(make("a/c/../b/"), Ok(expected.as_str().into()));
        let top = format!("{}/local/vardir/functions/", directory.path().display());
        for here in ["./", "a/../"] {
            assert_eq!(make(here), Ok(top.as_str().into()), "{here}");
        }
        for (path, error) in [
            ("/a/", "path must be relative"),
            ("a", "path must be a dir"),
            ("", "path must be a dir"),
            ("a/../../b/", "path must not lead out of the directory"),
            ("../", "path must not lead out of the directory"),
        ] {
            assert_eq!(fatal(make(path)), error);
        }
        assert!(fatal(call("local.vardir", &["a/".into()])).contains("no directory"));
    }
}
