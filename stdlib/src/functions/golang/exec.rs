//! `golang/os/exec`: programs in the search path (functions.md §11.2.5).

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::catalog::{CallError, FunctionDef, Host};
use crate::value::Str;

use super::super::declare::snapshots;
use super::super::{path, sys};

pub(crate) fn all() -> Vec<FunctionDef> {
    snapshots! { "golang/os/exec":
        look_path, "func(file str) str", "The path of a program, searched for in `$PATH` unless its name has a slash.",
            |host, file: &Str| look_path(host, file), catches r#"exec: "F": executable file not found in $PATH"#,
                r#"exec: "F": cannot run executable found relative to current directory"#;
    }
}

fn look_path(host: &dyn Host, file: &Str) -> Result<Str, CallError> {
    let failed = |why: &str| {
        CallError::catchable(format!(
            "exec: {}: {why}",
            crate::value::quote(file.as_bytes())
        ))
    };
    if file.as_bytes().contains(&b'/') {
        return if is_executable(&host.locate(path::from_str(file))) {
            Ok(file.clone())
        } else {
            Err(failed("it is no executable file"))
        };
    }
    let search = sys::variable(host, &Str::from("PATH")).unwrap_or_default();
    // Nothing at all is no search path, but an empty entry of one is.
    let entries = search
        .split(':')
        .filter(|_| !search.is_empty() && !file.is_empty());
    for directory in entries {
        // An empty entry means the working directory.
        let directory = Path::new(if directory.is_empty() { "." } else { directory });
        let found = directory.join(path::from_str(file));
        if is_executable(&host.locate(&found)) {
            return if found.is_absolute() {
                Ok(path::to_str(&found))
            } else {
                Err(failed(
                    "cannot run executable found relative to current directory",
                ))
            };
        }
    }
    Err(failed("executable file not found in $PATH"))
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TestHost, call_on, caught};
    use crate::value::Value;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn programs_are_searched_for_in_order() {
        let root = tempfile::tempdir().unwrap();
        for (name, mode) in [("a/tool", 0o644), ("b/tool", 0o755), ("c/tool", 0o755)] {
            let path = root.path().join(name);
            std::fs::create_dir(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let host = TestHost {
            root: root.path().to_owned(),
            env: vec![("PATH".to_owned(), "/a:/b:/c".to_owned())],
            ..TestHost::default()
        };
        let look = |name: &str| call_on(&host, "golang/os/exec.look_path", &[Value::from(name)]);
        assert_eq!(look("tool"), Ok("/b/tool".into()));
        assert_eq!(look("/c/tool"), Ok("/c/tool".into()));
        assert_eq!(
            caught(look("other")),
            r#"exec: "other": executable file not found in $PATH"#
        );
        assert!(caught(look("/a/tool")).ends_with("it is no executable file"));
        assert!(caught(look("")).ends_with("not found in $PATH"));
    }

    #[test]
    fn programs_of_the_working_directory_are_refused() {
        let here = std::env::current_dir().unwrap();
        let directory = tempfile::tempdir_in(&here).unwrap();
        let path = directory.path().join("tool");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let name = directory.path().file_name().unwrap().to_str().unwrap();
        for (search, error) in [
            (
                name,
                "cannot run executable found relative to current directory",
            ),
            ("", "executable file not found in $PATH"),
        ] {
            let host = TestHost {
                env: vec![("PATH".to_owned(), search.to_owned())],
                ..TestHost::default()
            };
            let found = caught(call_on(&host, "golang/os/exec.look_path", &["tool".into()]));
            assert_eq!(found, format!(r#"exec: "tool": {error}"#));
        }
    }
}
