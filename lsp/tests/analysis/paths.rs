//! Strings that are paths: below a module, or of the machine.

use std::fs;
use std::path::{Path, PathBuf};

use mgmt_lsp::analysis::completion::complete;
use mgmt_lsp::analysis::navigate::definition;
use mgmt_lsp::analysis::outline::links;

use crate::fixture::world;

const TEXT: &str = "import \"deploy\"\n$x = deploy.readfile(\"/files/a.tmpl\")\n$y = deploy.readfileabs(\"/mod/files/b\")\n";

/// A program with a module, both with files, on disk.
fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("main.mcl", "import \"mod/\"\n"),
        ("files/a.tmpl", "a"),
        ("mod/metadata.yaml", "main: src/begin.mcl\n"),
        ("mod/src/begin.mcl", ""),
        ("mod/files/a.tmpl", "other"),
        ("mod/files/b", "b"),
    ] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn view(dir: &Path, name: &str, text: &str) -> mgmt_lsp::analysis::View {
    let open: Vec<(PathBuf, String)> = [("main.mcl", "import \"mod/\"\n"), (name, text)]
        .map(|(name, text)| (dir.join(name), text.to_owned()))
        .into();
    world(&open).view(&dir.join(name)).unwrap()
}

#[test]
fn a_path_of_a_module_begins_at_the_module() {
    let dir = project();
    for (name, wanted) in [
        ("main.mcl", "files/a.tmpl"),
        ("mod/src/begin.mcl", "mod/files/a.tmpl"),
    ] {
        let view = view(dir.path(), name, TEXT);
        let found: Vec<PathBuf> = links(&view).into_iter().map(|(_, path)| path).collect();
        assert!(found.contains(&dir.path().join(wanted)), "{found:?}");
        assert!(found.contains(&dir.path().join("mod/files/b")), "{found:?}");
        let at = TEXT.find("a.tmpl").unwrap() as u32;
        assert_eq!(definition(&view, at)[0].path, dir.path().join(wanted));
    }
}

#[test]
fn paths_are_completed() {
    let dir = project();
    let labels = |name: &str, typed: &str| -> Vec<String> {
        let text = format!("import \"deploy\"\n$x = deploy.{typed}\")\n");
        let view = view(dir.path(), name, &text);
        let at = text.len() as u32 - 3;
        complete(&view, at).into_iter().map(|it| it.label).collect()
    };
    assert_eq!(labels("main.mcl", "readfile(\"/files/"), ["/files/a.tmpl"]);
    let begin = "mod/src/begin.mcl";
    let files = ["/files/a.tmpl", "/files/b"];
    assert_eq!(labels(begin, "readfile(\"/files/"), files);
    assert!(labels(begin, "readfile(\"").contains(&"/files/".to_owned()));
    assert!(labels(begin, "file_exists(\"/").contains(&"/src/".to_owned()));
    assert_eq!(labels(begin, "readfileabs(\"/files/"), files[..1]);
}

#[test]
fn what_a_module_of_the_library_comes_with_can_be_read() {
    let view = world(&[])
        .view(Path::new("mgmt:/modules/dhcp/main.mcl"))
        .unwrap();
    let at = view.text().find("/files/dhcpd.conf.tmpl").unwrap() as u32;
    let found = definition(&view, at + 3);
    let template = view.world.text(&found[0].path).unwrap();
    assert!(
        template.contains("subnet") || template.contains("dhcp"),
        "{template}"
    );
}

#[test]
fn sources_are_files_of_the_machine() {
    let dir = project();
    let source = dir.path().join("files/a.tmpl");
    let text = format!(
        "file \"/x\" {{\n\tsource => \"{}\",\n}}\n",
        source.display()
    );
    let found = links(&view(dir.path(), "other.mcl", &text));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, source);
}
