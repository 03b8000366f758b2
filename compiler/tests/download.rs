//! Modules from other places are fetched with git, from a repository on this disk.

#![allow(
    clippy::disallowed_methods,
    reason = "the test makes real repositories"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use mgmt_compiler::files::{Disk, Download};
use mgmt_compiler::{Compilation, Input, Options, compile};
use mgmt_stdlib::catalog::Catalog;
use tempfile::TempDir;

fn git(directory: &Path, args: &[&str]) {
    let status = Command::new("git")
        .current_dir(directory)
        .args([
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.org",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(args)
        .status()
        .expect("git runs");
    assert!(status.success(), "git {args:?}");
}

/// A repository with a module, a directory for modules, and a program that imports it.
struct Setting {
    directory: TempDir,
}

impl Setting {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let setting = Self { directory };
        for part in ["origin/mgmt-base", "modules"] {
            fs::create_dir_all(setting.path(part)).expect("a directory");
        }
        setting.write("origin/mgmt-base/metadata.yaml", "main: base.mcl\n");
        setting.write("origin/mgmt-base/base.mcl", "$greeting = \"one\"\n");
        git(&setting.path("origin/mgmt-base"), &["init", "--quiet"]);
        setting.commit();
        let url = format!("file://{}/", setting.path("origin/mgmt-base").display());
        setting.write(
            "main.mcl",
            &format!("import \"{url}\"\ntest \"${{base.greeting}}\" {{}}\n"),
        );
        setting
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn commit(&self) {
        let origin = self.path("origin/mgmt-base");
        git(&origin, &["add", "--all"]);
        git(&origin, &["commit", "--quiet", "--message", "change"]);
    }

    fn compile(&self, files: &dyn mgmt_compiler::files::Files) -> Compilation {
        let catalog = Catalog::standard().expect("no duplicates");
        let options = Options {
            module_path: Some(self.path("modules")),
            ..Options::default()
        };
        compile(
            &Input::Path(self.path("main.mcl")),
            files,
            &catalog,
            &options,
        )
    }

    /// The text of the module as it was fetched.
    fn fetched(&self) -> Option<String> {
        let origin = self.path("origin/mgmt-base");
        let module = self
            .path("modules")
            .join(origin.strip_prefix("/").expect("absolute"));
        fs::read_to_string(module.join("base.mcl")).ok()
    }
}

#[test]
fn a_missing_module_is_fetched_only_if_asked() {
    let setting = Setting::new();
    let without = setting.compile(&Disk);
    assert!(without.program.is_none());
    assert_eq!(without.diagnostics[0].code.to_string(), "E0313");
    let with = setting.compile(&Download { update: false });
    assert!(with.program.is_some(), "{:#?}", with.diagnostics);
    // From now on it is there.
    assert!(setting.compile(&Disk).program.is_some());
}

#[test]
fn a_module_that_is_there_is_left_alone_unless_updated() {
    let setting = Setting::new();
    setting.compile(&Download { update: false });
    setting.write("origin/mgmt-base/base.mcl", "$greeting = \"two\"\n");
    setting.commit();
    setting.compile(&Download { update: false });
    assert!(setting.fetched().is_some_and(|text| text.contains("one")));
    setting.compile(&Download { update: true });
    assert!(setting.fetched().is_some_and(|text| text.contains("two")));
}

#[test]
fn what_git_says_is_told() {
    let setting = Setting::new();
    setting.write("main.mcl", "import \"file:///nowhere/at/all/\"\n");
    let compilation = setting.compile(&Download { update: false });
    let diagnostic = &compilation.diagnostics[0];
    assert!(
        diagnostic.message.contains("git failed"),
        "{}",
        diagnostic.message
    );
    assert!(diagnostic.primary.is_some());
}
