//! `deploy`: the files that a program came with, and what brings it to a machine (functions.md §6).

mod mirror;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::{
    CallError, CallResult, FileTree, FunctionDef, Host, Origin, Sampler, Site, Start, Wake,
};
use crate::modules::Library;
use crate::value::{Str, Value};

use super::declare::{Argument, examples, native, pure, sampler, snapshot, wrong_count};
use super::path;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        snapshot(
            "deploy.abspath",
            "func(path str) str",
            "The absolute path, in the program's file tree, of something that belongs to the module that calls this. The \
             argument starts with a slash; for an empty one it is the module's directory.",
            |start| sited(start, abspath),
        ),
        snapshot(
            "deploy.binary_path",
            "func() str",
            "The path of this program, without symbolic links.",
            sampler!(binary_path()),
        ),
        pure(
            "deploy.bootstrap_packages",
            "func(distro str) []str",
            "The packages that this program needs on a distribution: `debian` or `fedora`.",
            native!(bootstrap_packages(distro)),
        )
        .catchable(&["missing distro"])
        .examples(examples![
            r#"deploy.bootstrap_packages("fedora")"# => r#"["augeas-devel", "libvirt-devel", "PackageKit"]"#
        ]),
        snapshot(
            "deploy.directory",
            "func(directory str) str",
            "The absolute path, on this machine, of a copy of a directory that belongs to the module that calls this. The \
             argument starts and ends with a slash, and so does the result.",
            |start| sited(start, directory),
        ),
        snapshot(
            "deploy.file_exists",
            "func(filename str) bool",
            "Whether the module that calls this has a file or directory of that path, which starts with a slash.",
            |start| sited(start, file_exists),
        ),
        snapshot(
            "deploy.readfile",
            "func(filename str) str",
            "The content of a file that belongs to the module that calls this. The path starts with a slash.",
            |start| sited(start, readfile),
        ),
        snapshot(
            "deploy.readfileabs",
            "func(filename str) str",
            "The content of a file of the program's file tree, of which the path is given from the root.",
            |start| sited(start, readfileabs),
        ),
    ]
}

/// A live call of a function of one string that knows where it stands.
struct Sited {
    site: Arc<Site>,
    call: fn(&dyn Host, &Site, &Str) -> CallResult,
}

fn sited(start: &Start, call: fn(&dyn Host, &Site, &Str) -> CallResult) -> Box<dyn Sampler> {
    Box::new(Sited {
        site: Arc::clone(&start.site),
        call,
    })
}

impl Sampler for Sited {
    fn call(&mut self, host: &dyn Host, args: &[Value]) -> CallResult {
        let [path] = args else {
            return Err(wrong_count(args.len()));
        };
        (self.call)(host, &self.site, <&Str>::from_value(path)?)
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        // The tree of a deploy does not change.
        Vec::new()
    }
}

/// The tree that a call's module came from.
fn tree<'h>(host: &'h dyn Host, site: &Site) -> Result<&'h dyn FileTree, CallError> {
    match site.origin {
        Origin::Library => Ok(&Library),
        Origin::Program => host
            .program_files()
            .ok_or_else(|| CallError::fatal("this program has no file tree")),
    }
}

/// The path of something below the module's directory.
fn below(site: &Site, what: &str, text: &Str) -> Result<PathBuf, CallError> {
    let path = path::from_str(text);
    match path.strip_prefix("/") {
        Ok(relative) => Ok(site.base.join(relative)),
        Err(_) => Err(CallError::fatal(format!(
            "{what} was not absolute, got: {}",
            text.to_string_lossy()
        ))),
    }
}

fn with_slash(path: &Path) -> Str {
    let text = path::to_str(path);
    if text.as_bytes().ends_with(b"/") {
        text
    } else {
        Str::concat(&[&text, &Str::from("/")])
    }
}

fn abspath(_: &dyn Host, site: &Site, text: &Str) -> CallResult {
    let base = with_slash(&site.base);
    if text.is_empty() {
        return Ok(Value::Str(base));
    }
    below(site, "path", text)?;
    // The text is kept as it is, a slash at its end too.
    let base = &base.as_bytes()[..base.as_bytes().len() - 1];
    Ok(Value::from([base, text.as_bytes()].concat()))
}

fn read(tree: &dyn FileTree, full: &Path, text: &Str) -> CallResult {
    tree.read(full).map(Value::from).map_err(|error| {
        CallError::fatal(format!(
            "can't read file `{}` ({}): {error}",
            text.to_string_lossy(),
            full.display()
        ))
    })
}

fn readfile(host: &dyn Host, site: &Site, text: &Str) -> CallResult {
    read(tree(host, site)?, &below(site, "filename", text)?, text)
}

fn readfileabs(host: &dyn Host, site: &Site, text: &Str) -> CallResult {
    let path = path::from_str(text);
    if !path.is_absolute() {
        return Err(CallError::fatal(format!(
            "filename was not absolute, got: {}",
            text.to_string_lossy()
        )));
    }
    read(tree(host, site)?, path, text)
}

fn file_exists(host: &dyn Host, site: &Site, text: &Str) -> CallResult {
    let full = below(site, "filename", text)?;
    match tree(host, site)?.stat(&full) {
        Ok(_) => Ok(Value::Bool(true)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Value::Bool(false))
        }
        Err(error) => Err(CallError::fatal(format!(
            "can't tell whether `{}` exists ({}): {error}",
            text.to_string_lossy(),
            full.display()
        ))),
    }
}

fn directory(host: &dyn Host, site: &Site, text: &Str) -> CallResult {
    let source = below(site, "directory", text)?;
    if !text.as_bytes().ends_with(b"/") {
        return Err(CallError::fatal("directory path must be a dir"));
    }
    let name = crate::paths::clean(&format!("/{}", source.to_string_lossy()));
    let copies = super::local::vardir_of(host)?.join("directory");
    let target = copies.join(name.trim_start_matches('/'));
    mirror::mirror(tree(host, site)?, &source, &copies, &target).map_err(|error| {
        CallError::fatal(format!(
            "can't copy directory `{}` to `{}`: {error}",
            text.to_string_lossy(),
            target.display()
        ))
    })?;
    Ok(Value::Str(with_slash(&target)))
}

fn binary_path(_: &dyn Host) -> Result<Str, CallError> {
    std::env::current_exe()
        .and_then(std::fs::canonicalize)
        .map(|path| path::to_str(&path))
        .map_err(|error| CallError::fatal(format!("can't find this program: {error}")))
}

fn bootstrap_packages(distro: &[u8]) -> Result<Vec<Value>, CallError> {
    let packages = match distro {
        b"debian" => ["libaugeas-dev", "libvirt-dev", "packagekit-tools"],
        b"fedora" => ["augeas-devel", "libvirt-devel", "PackageKit"],
        _ => return Err(CallError::catchable("missing distro")),
    };
    Ok(packages.map(Value::from).to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call, caught, fatal, sample_at};
    use super::*;
    use crate::catalog::DiskTree;

    /// A program with a module `mod1`, run from a directory.
    fn program() -> (tempfile::TempDir, TestHost) {
        let directory = tempfile::tempdir().unwrap();
        let site = directory.path().join("site");
        for (path, text) in [("files/a", "root"), ("mod1/files/a", "module")] {
            let path = site.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let host = TestHost {
            files: Some(DiskTree {
                root: site,
                modules: None,
            }),
            state_dir: Some(directory.path().join("state")),
            ..TestHost::default()
        };
        (directory, host)
    }

    fn at(base: &str) -> Start {
        let site = Site {
            base: base.into(),
            origin: Origin::Program,
        };
        Start {
            site: Arc::new(site),
            result: None,
        }
    }

    #[test]
    fn paths_start_at_the_module() {
        let (_directory, host) = program();
        let run = |base, name, path: &str| sample_at(name, &at(base)).call(&host, &[path.into()]);
        assert_eq!(run("/", "deploy.abspath", "/x/"), Ok("/x/".into()));
        assert_eq!(run("/mod1", "deploy.abspath", ""), Ok("/mod1/".into()));
        assert_eq!(run("/mod1", "deploy.abspath", "/x"), Ok("/mod1/x".into()));
        assert_eq!(
            fatal(run("/", "deploy.abspath", "x")),
            "path was not absolute, got: x"
        );
        for (base, text) in [("/", "root"), ("/mod1", "module")] {
            assert_eq!(run(base, "deploy.readfile", "/files/a"), Ok(text.into()));
            // From the root, wherever the call is.
            assert_eq!(
                run(base, "deploy.readfileabs", "/mod1/files/a"),
                Ok("module".into())
            );
        }
        assert_eq!(
            run("/mod1", "deploy.file_exists", "/files/"),
            Ok(Value::Bool(true))
        );
        assert_eq!(
            run("/mod1", "deploy.file_exists", "/mod1/files/a"),
            Ok(Value::Bool(false))
        );
        for (name, full) in [("deploy.readfile", "/mod1/b"), ("deploy.readfileabs", "/b")] {
            let missing = fatal(run("/mod1", name, "/b"));
            let start = format!("can't read file `/b` ({full}): ");
            assert!(missing.starts_with(&start), "{missing}");
        }
        for name in [
            "deploy.readfile",
            "deploy.readfileabs",
            "deploy.file_exists",
        ] {
            for path in ["files/a", ""] {
                assert_eq!(
                    fatal(run("/", name, path)),
                    format!("filename was not absolute, got: {path}")
                );
            }
        }
        for (path, found) in [
            ("/", true),
            ("/files", true),
            ("/files/a", true),
            // What would be below a file is not there.
            ("/files/a/b", false),
            ("/none", false),
        ] {
            let exists = run("/mod1", "deploy.file_exists", path);
            assert_eq!(exists, Ok(Value::Bool(found)), "{path}");
        }
    }

    #[test]
    fn a_directory_is_copied_and_kept_like_its_source() {
        let (directory, host) = program();
        let run =
            |path: &str| sample_at("deploy.directory", &at("/mod1")).call(&host, &[path.into()]);
        let copied = run("/files/").unwrap();
        let copied = PathBuf::from(copied.as_str().unwrap().to_str().unwrap());
        let expected = "state/local/vardir/functions/directory/mod1/files";
        assert_eq!(copied, directory.path().join(expected));
        std::fs::write(copied.join("extra"), "").unwrap();
        run("/files/").unwrap();
        assert_eq!(std::fs::read(copied.join("a")).unwrap(), b"module");
        assert!(!copied.join("extra").exists());
        assert_eq!(fatal(run("/files")), "directory path must be a dir");
        assert_eq!(
            fatal(run("files/")),
            "directory was not absolute, got: files/"
        );
    }

    #[test]
    fn a_copy_is_made_to_match() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let (directory, host) = program();
        let run = || sample_at("deploy.directory", &at("/")).call(&host, &["/files/".into()]);
        let source = directory.path().join("site/files");
        let copied = PathBuf::from(run().unwrap().as_str().unwrap().to_str().unwrap());
        let set_mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        // The same content stays the same file.
        let before = std::fs::metadata(copied.join("a")).unwrap().ino();
        run().unwrap();
        assert_eq!(std::fs::metadata(copied.join("a")).unwrap().ino(), before);
        // Kinds that differ are replaced: a directory by a file, a file and a link by a directory.
        std::fs::remove_file(copied.join("a")).unwrap();
        std::fs::create_dir(copied.join("a")).unwrap();
        std::fs::write(copied.join("a/inside"), "").unwrap();
        for name in ["b", "c"] {
            std::fs::create_dir(source.join(name)).unwrap();
            std::fs::write(source.join(name).join("x"), name).unwrap();
        }
        std::fs::write(copied.join("b"), "").unwrap();
        std::os::unix::fs::symlink("/", copied.join("c")).unwrap();
        // New files and directories have the mode of the source.
        std::fs::write(source.join("new"), "new").unwrap();
        set_mode(&source.join("new"), 0o640);
        set_mode(&source.join("b"), 0o750);
        run().unwrap();
        assert_eq!(std::fs::read(copied.join("a")).unwrap(), b"root");
        assert_eq!(std::fs::read(copied.join("b/x")).unwrap(), b"b");
        assert_eq!(std::fs::read(copied.join("c/x")).unwrap(), b"c");
        assert!(!copied.join("c").is_symlink());
        assert_eq!(mode(&copied.join("new")), 0o640);
        assert_eq!(mode(&copied.join("b")), 0o750);
        // Other content is written, and what went goes.
        std::fs::write(source.join("a"), "changed").unwrap();
        std::fs::remove_dir_all(source.join("b")).unwrap();
        run().unwrap();
        assert_eq!(std::fs::read(copied.join("a")).unwrap(), b"changed");
        assert!(!copied.join("b").exists());
    }

    #[test]
    fn several_calls_may_copy_one_directory_at_once() {
        let (directory, host) = program();
        for name in 0..50 {
            let file = directory.path().join(format!("site/files/{name}"));
            std::fs::write(file, "text").unwrap();
        }
        let host = &host;
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(move || {
                    let copy = sample_at("deploy.directory", &at("/"));
                    { copy }.call(host, &["/files/".into()]).unwrap();
                });
            }
        });
    }

    #[test]
    fn directories_have_copies_of_their_own() {
        let (directory, host) = program();
        let copy = |name: &str| {
            let source = directory.path().join("site").join(name);
            std::fs::create_dir(&source).unwrap();
            std::fs::write(source.join("which"), name).unwrap();
            let path = format!("/{name}/");
            let copy = sample_at("deploy.directory", &at("/")).call(&host, &[path.into()]);
            PathBuf::from(copy.unwrap().as_str().unwrap().to_str().unwrap())
        };
        let (open, hidden) = (copy("x"), copy(".x"));
        assert_eq!(std::fs::read(open.join("which")).unwrap(), b"x");
        assert_eq!(std::fs::read(hidden.join("which")).unwrap(), b".x");
    }

    #[test]
    fn what_is_no_directory_is_not_copied() {
        let (_directory, host) = program();
        for path in ["/files/a/", "/none/"] {
            let copied = sample_at("deploy.directory", &at("/")).call(&host, &[path.into()]);
            let error = fatal(copied);
            let start = format!("can't copy directory `{path}` to `");
            assert!(error.starts_with(&start), "{error}");
        }
    }

    #[test]
    fn two_distributions_have_packages() {
        for (distribution, packages) in [
            (
                "debian",
                r#"["libaugeas-dev", "libvirt-dev", "packagekit-tools"]"#,
            ),
            (
                "fedora",
                r#"["augeas-devel", "libvirt-devel", "PackageKit"]"#,
            ),
        ] {
            let found = call("deploy.bootstrap_packages", &[distribution.into()]);
            assert_eq!(found.unwrap().to_string(), packages);
        }
        for other in ["", "Debian"] {
            let found = call("deploy.bootstrap_packages", &[other.into()]);
            assert_eq!(caught(found), "missing distro");
        }
    }

    #[test]
    fn other_distributions_can_be_caught() {
        let packages = call("deploy.bootstrap_packages", &["gentoo".into()]);
        assert_eq!(caught(packages), "missing distro");
    }

    #[test]
    fn the_program_has_an_absolute_path() {
        let path = call("deploy.binary_path", &[]).unwrap();
        assert!(path.as_str().unwrap().as_bytes().starts_with(b"/"));
    }
}
