//! `golang/path` and `golang/path/filepath`: paths, which on Unix are the same (functions.md §11.2.6,
//! §11.2.7).

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::{fs, io};

use crate::catalog::{CallError, FunctionDef, Host};
use crate::value::Str;

use super::super::declare::{snapshots, table};
use super::super::{glob, path};

pub(crate) fn all() -> Vec<FunctionDef> {
    [lexical(), file(), disk()].concat()
}

fn lexical() -> Vec<FunctionDef> {
    table! { "golang/path":
        base, "func(path str) str", "The last element of a path.",
            |path: &[u8]| Str::from(path::base(path)), r#"path.base("/a/b")"# => r#""b""#;
        clean, "func(path str) str", "The shortest path that means the same.",
            |path: &[u8]| path::clean(path), r#"path.clean("a/c/b/..")"# => r#""a/c""#;
        dir, "func(path str) str", "All but the last element of a path.",
            |path: &[u8]| path::dir(path), r#"path.dir("/a/b/c")"# => r#""/a/b""#;
        ext, "func(path str) str", "What follows the last dot of the last element of a path, with the dot.",
            |path: &[u8]| Str::from(path::ext(path)), r#"path.ext("/a/b.css")"# => r#"".css""#;
        is_abs, "func(path str) bool", "Whether a path starts at the root.",
            |path: &[u8]| path.starts_with(b"/"), r#"path.is_abs("/a")"# => "true";
        join, "func(elem []str) str", "The elements that are not empty, joined with slashes and cleaned.",
            |elem: Vec<&[u8]>| path::join(elem), r#"path.join(["a", "b", "../c"])"# => r#""a/c""#;
        match, "func(pattern str, name str) bool", "Whether a shell pattern matches a whole name.",
            |pattern: &[u8], name: &[u8]| matches(pattern, name), r#"path.match("*.go", "a.go")"# => "true",
            catches "syntax error in pattern";
    }
}

fn file() -> Vec<FunctionDef> {
    table! { "golang/path/filepath":
        base, "func(path str) str", "The last element of a path.",
            |path: &[u8]| Str::from(path::base(path)), r#"filepath.base("/a/b")"# => r#""b""#;
        clean, "func(path str) str", "The shortest path that means the same.",
            |path: &[u8]| path::clean(path), r#"filepath.clean("a/c/b/..")"# => r#""a/c""#;
        dir, "func(path str) str", "All but the last element of a path.",
            |path: &[u8]| path::dir(path), r#"filepath.dir("/a/b/c")"# => r#""/a/b""#;
        ext, "func(path str) str", "What follows the last dot of the last element of a path, with the dot.",
            |path: &[u8]| Str::from(path::ext(path)), r#"filepath.ext("/a/b.css")"# => r#"".css""#;
        from_slash, "func(path str) str", "The path with the separators of this system, which are slashes.",
            |path: &Str| path.clone(), r#"filepath.from_slash("a/b")"# => r#""a/b""#;
        has_prefix, "func(p str, prefix str) bool", "Whether a path starts with a text, which may end inside an element.",
            |p: &[u8], prefix: &[u8]| p.starts_with(prefix), r#"filepath.has_prefix("/usr", "/us")"# => "true";
        is_abs, "func(path str) bool", "Whether a path starts at the root.",
            |path: &[u8]| path.starts_with(b"/"), r#"filepath.is_abs("a")"# => "false";
        is_local, "func(path str) bool", "Whether a path stays below the directory where it starts.",
            |path: &[u8]| path::is_local(path), r#"filepath.is_local("a/../..")"# => "false";
        join, "func(elem []str) str", "The elements that are not empty, joined with slashes and cleaned.",
            |elem: Vec<&[u8]>| path::join(elem), r#"filepath.join(["a", "", "b"])"# => r#""a/b""#;
        localize, "func(path str) str", "The path, if it consists of plain elements between slashes.",
            |path: &Str| localize(path), r#"filepath.localize("a/b")"# => r#""a/b""#,
            catches "invalid path";
        match, "func(pattern str, name str) bool", "Whether a shell pattern matches a whole name.",
            |pattern: &[u8], name: &[u8]| matches(pattern, name), r#"filepath.match("a?", "ab")"# => "true",
            catches "syntax error in pattern";
        rel, "func(basepath str, targpath str) str", "The path that leads from one path to another.",
            |basepath: &[u8], targpath: &[u8]| relative(basepath, targpath), r#"filepath.rel("/a", "/a/b/c")"# => r#""b/c""#,
            catches "Rel: can't make T relative to B";
        to_slash, "func(path str) str", "The path with slashes for separators, which they are.",
            |path: &Str| path.clone(), r#"filepath.to_slash("a/b")"# => r#""a/b""#;
        volume_name, "func(path str) str", "Nothing, since paths have no volume on this system.",
            |_path: &Str| "", r#"filepath.volume_name("/a")"# => r#""""#;
    }
}

fn disk() -> Vec<FunctionDef> {
    snapshots! { "golang/path/filepath":
        abs, "func(path str) str", "The path from the root, where one that does not start there starts at the working directory.",
            |_, path: &[u8]| absolute(path), catches "can't tell the working directory: E";
        eval_symlinks, "func(path str) str", "The path without symbolic links.",
            |host, path: &Str| eval_symlinks(host, path), catches "lstat P: E";
    }
}

fn matches(pattern: &[u8], name: &[u8]) -> Result<bool, CallError> {
    glob::matches(pattern, name).map_err(|error| CallError::catchable(error.to_string()))
}

fn localize(path: &Str) -> Result<Str, CallError> {
    let bytes = path.as_bytes();
    let plain = |element: &[u8]| !matches!(element, b"" | b"." | b"..");
    let valid = bytes == b"." || bytes.split(|byte| *byte == b'/').all(plain);
    if valid && path.to_str().is_ok() && !bytes.contains(&0) {
        Ok(path.clone())
    } else {
        Err(CallError::catchable("invalid path"))
    }
}

fn relative(base: &[u8], target: &[u8]) -> Result<Vec<u8>, CallError> {
    path::relative(base, target).ok_or_else(|| {
        CallError::catchable(format!(
            "Rel: can't make {} relative to {}",
            String::from_utf8_lossy(target),
            String::from_utf8_lossy(base)
        ))
    })
}

fn absolute(path: &[u8]) -> Result<Vec<u8>, CallError> {
    if path.starts_with(b"/") {
        return Ok(path::clean(path));
    }
    let directory = super::os::working_directory()?;
    Ok(path::join(vec![directory.as_os_str().as_bytes(), path]))
}

/// So many links in one path are taken for a circle.
const MAX_LINKS: usize = 255;

fn eval_symlinks(host: &dyn Host, path: &Str) -> Result<Vec<u8>, CallError> {
    let failed = |error: io::Error| {
        CallError::catchable(format!("lstat {}: {error}", path.to_string_lossy()))
    };
    resolve(host, path.as_bytes()).map_err(failed)
}

/// The path without links. It stays relative unless a link leads to the root.
fn resolve(host: &dyn Host, path: &[u8]) -> io::Result<Vec<u8>> {
    let at = |path: &[u8]| host.locate(Path::new(OsStr::from_bytes(path)));
    let root = |path: &[u8]| path.starts_with(b"/").then(|| b"/".to_vec());
    // The last one comes first.
    let elements = |path: &[u8]| {
        path.rsplit(|byte| *byte == b'/')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let mut rest: Vec<Vec<u8>> = elements(path);
    let mut found = root(path).unwrap_or_default();
    let mut links = 0;
    while let Some(element) = rest.pop() {
        let is_name = !matches!(&element[..], b"" | b"." | b"..");
        if !is_name && !found.is_empty() {
            // What a slash or a dot follows must be a directory.
            fs::symlink_metadata(at(&[&found[..], b"/."].concat()))?;
        }
        let place = path::join(vec![&found, if is_name { b"" } else { b"." }, &element]);
        if !fs::symlink_metadata(at(&place))?.is_symlink() {
            found = place;
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(io::Error::other("too many links"));
        }
        let target = fs::read_link(at(&place))?;
        let target = target.as_os_str().as_bytes();
        found = root(target).unwrap_or(found);
        rest.extend::<Vec<_>>(elements(target));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, caught};
    use super::*;
    use crate::value::Value;

    #[test]
    fn links_are_followed() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        std::fs::write(root.join("file"), "").unwrap();
        std::os::unix::fs::symlink("file", root.join("link")).unwrap();
        let follow = |name: &str| {
            let path = path::to_str(&root.join(name));
            call("golang/path/filepath.eval_symlinks", &[Value::Str(path)])
        };
        assert_eq!(
            follow("link"),
            Ok(Value::Str(path::to_str(&root.join("file"))))
        );
        assert!(caught(follow("missing")).starts_with("lstat /"));
        std::fs::create_dir(root.join("d")).unwrap();
        std::os::unix::fs::symlink("d", root.join("to_d")).unwrap();
        std::os::unix::fs::symlink("loop", root.join("loop")).unwrap();
        for (name, found) in [
            ("to_d/../link", Some("file")),
            ("./d/.././file", Some("file")),
            ("to_d/", Some("d")),
            ("file/x", None),
            ("file/", None),
            ("file/.", None),
            ("file/../d", None),
            ("loop", None),
        ] {
            let found = found.map(|found| Value::Str(path::to_str(&root.join(found))));
            assert_eq!(follow(name).ok(), found, "{name}");
        }
    }

    #[test]
    fn relative_paths_stay_so_unless_a_link_leads_to_the_root() {
        let here = std::env::current_dir().unwrap();
        let directory = tempfile::tempdir_in(&here).unwrap();
        let name = directory.path().file_name().unwrap().to_str().unwrap();
        std::fs::create_dir(directory.path().join("d")).unwrap();
        std::os::unix::fs::symlink("../d/.", directory.path().join("d/same")).unwrap();
        std::os::unix::fs::symlink(directory.path(), directory.path().join("d/up")).unwrap();
        for (path, found) in [
            (format!("{name}/d"), format!("{name}/d")),
            (format!("./{name}//d/same/../d"), format!("{name}/d")),
            (format!("{name}/.."), ".".to_owned()),
            (
                format!("{name}/d/up/d"),
                format!("{}/d", directory.path().display()),
            ),
            ("..".to_owned(), "..".to_owned()),
            ("/..".to_owned(), "/".to_owned()),
        ] {
            let followed = call(
                "golang/path/filepath.eval_symlinks",
                &[path.as_str().into()],
            );
            assert_eq!(followed, Ok(found.into()), "{path}");
        }
    }

    #[test]
    fn absolute_paths_are_cleaned() {
        let absolute = |path: &str| call("golang/path/filepath.abs", &[path.into()]);
        assert_eq!(absolute("/a/../b"), Ok("/b".into()));
        assert_eq!(absolute("//"), Ok("/".into()));
        let here = super::super::os::working_directory().unwrap();
        assert_eq!(absolute("x"), Ok(Value::Str(path::to_str(&here.join("x")))));
        assert_eq!(absolute(""), Ok(Value::Str(path::to_str(&here))));
        let parent = here.parent().unwrap();
        assert_eq!(absolute("../"), Ok(Value::Str(path::to_str(parent))));
    }

    #[test]
    fn localized_paths_are_plain() {
        for path in ["", "/a", "a//b", "a/..", "a/"] {
            assert_eq!(
                caught(call("golang/path/filepath.localize", &[path.into()])),
                "invalid path"
            );
        }
    }
}
