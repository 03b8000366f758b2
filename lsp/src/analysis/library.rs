//! The texts of the library as an editor opens them: what of it is written in mcl, and for all else the pages
//! of the manual.
//!
//! They are no files. Their paths look like their addresses, so that no file has them:
//! `mgmt:/modules/misc/main.mcl`, `mgmt:/reference/functions/strings.md`.

use std::path::{Path, PathBuf};

use mgmt_compiler::commands::docs::{Page, pages};
use mgmt_compiler::files::Source;
use mgmt_stdlib::catalog::{Catalog, FileTree};
use mgmt_stdlib::modules::{Library, MODULES_URL};

use super::Location;
use super::imports::entry_file;
use super::symbol::Symbol;

/// The scheme of the addresses.
pub const SCHEME: &str = "mgmt";

const ROOT: &str = "mgmt:";

/// Where the manual is.
const MANUAL: &str = "reference";

/// The path of a text of a program: that of its file, or that in the library.
pub fn path_of(source: &Source) -> Option<PathBuf> {
    source
        .path
        .clone()
        .or_else(|| source.library_path().map(path))
}

/// What is called so in the tree of the library: `/modules/misc/main.mcl`.
pub fn path(in_tree: &Path) -> PathBuf {
    Path::new(ROOT).join(in_tree.strip_prefix("/").unwrap_or(in_tree))
}

/// Whether a path is that of a text of the library.
pub fn is_in(path: &Path) -> bool {
    path.starts_with(ROOT)
}

/// The path in the tree of the library: `modules/misc/main.mcl`.
pub fn below(path: &Path) -> Option<&Path> {
    path.strip_prefix(ROOT).ok()
}

/// The text at a path.
pub fn text(catalog: &Catalog, path: &Path) -> Option<String> {
    let below = below(path)?;
    if let Ok(wanted) = below.strip_prefix(MANUAL) {
        let mut pages = pages(catalog).into_iter();
        return pages
            .find(|page| Path::new(&page.path) == wanted)
            .map(|page| page.text);
    }
    String::from_utf8(FileTree::read(&Library, &Path::new("/").join(below)).ok()?).ok()
}

/// A program that a text of the library is a part of.
pub fn program(path: &Path) -> Option<String> {
    let below = below(path)?;
    let import = match below.strip_prefix("core") {
        Ok(file) => file.parent()?.display().to_string(),
        Err(_) => {
            let file = below.strip_prefix("modules").ok()?;
            let mut above = file.ancestors().skip(1);
            let module =
                above.find(|it| Library.module(&Path::new(MODULES_URL).join(it)).is_some())?;
            format!("git://{MODULES_URL}/{}/", module.display())
        }
    };
    Some(format!("import \"{import}\" as *\n"))
}

/// What of a package is written in mcl.
pub fn package(name: &str) -> Vec<PathBuf> {
    let Some(dir) = Library.package(name) else {
        return Vec::new();
    };
    let names = Library.list(&dir).unwrap_or_default().into_iter();
    names
        .filter(|name| name.extension().is_some_and(|it| it == "mcl"))
        .map(|name| path(&dir.join(name)))
        .collect()
}

/// What the modules that are part of the library are imported as.
pub fn module_urls() -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        let in_tree = Path::new("/modules").join(&directory);
        if Library
            .module(&Path::new(MODULES_URL).join(&directory))
            .is_some()
        {
            found.push(format!("git://{MODULES_URL}/{}/", directory.display()));
            continue;
        }
        let names = Library.list(&in_tree).unwrap_or_default();
        directories.extend(names.into_iter().map(|name| directory.join(name)));
    }
    found.sort();
    found
}

/// What a module begins with that is part of the library, by its URL without the scheme.
pub fn module(url: &Path) -> Option<PathBuf> {
    Some(path(&entry_file(&Library.module(url)?, &Library)))
}

/// The page of a package.
pub fn package_page(catalog: &Catalog, package: &str) -> Option<Location> {
    place(catalog, "functions/", &format!("# `{package}`"))
}

/// The part of the manual that describes something of the library.
pub fn description(catalog: &Catalog, symbol: &Symbol) -> Option<Location> {
    match symbol {
        Symbol::LibraryFunc(function) => place(
            catalog,
            "functions/",
            &format!("## `{}`", function.full_name()),
        ),
        Symbol::LibraryVar(variable) => {
            let alias = variable.package.rsplit('/').next().unwrap_or_default();
            let dot = if alias.is_empty() { "" } else { "." };
            place(catalog, "", &format!("| `${alias}{dot}{}`", variable.name))
        }
        Symbol::Hostname => place(catalog, "variables.md", "`$hostname`"),
        Symbol::Kind(kind) => place(catalog, "resources/", &format!("# `{}`", kind.kind)),
        Symbol::Param(kind, param) => {
            let heading = format!("### `{}`", kind.params.get(*param)?.name);
            part_of_kind(catalog, kind.kind, "## Parameters", &heading)
        }
        Symbol::Send(kind, sent) => {
            let heading = format!("### `{}`", kind.sends.get(*sent)?.name);
            part_of_kind(catalog, kind.kind, "## What it sends", &heading)
        }
        Symbol::Meta(meta) => place(catalog, "meta-parameters.md", &format!("| `{}`", meta.name)),
        Symbol::Var(_)
        | Symbol::Func(_)
        | Symbol::Class(_)
        | Symbol::Alias(_)
        | Symbol::EdgeProperty(_)
        | Symbol::Resource(..) => None,
    }
}

/// The first line of the manual's pages that begins so.
fn place(catalog: &Catalog, below: &str, start: &str) -> Option<Location> {
    let pages = pages(catalog);
    let mut pages = pages.iter().filter(|page| page.path.starts_with(below));
    pages.find_map(|page| Some(location(page, line(&page.text, 0, start)?, start)))
}

/// A heading below another on the page of a kind.
fn part_of_kind(catalog: &Catalog, kind: &str, chapter: &str, heading: &str) -> Option<Location> {
    let pages = pages(catalog);
    let title = format!("# `{kind}`\n");
    let page = pages
        .iter()
        .find(|page| page.path.starts_with("resources/") && page.text.starts_with(&title))?;
    let from = line(&page.text, 0, chapter)?;
    Some(location(page, line(&page.text, from, heading)?, heading))
}

fn location(page: &Page, at: usize, heading: &str) -> Location {
    let at = at as u32;
    Location {
        path: Path::new(ROOT).join(MANUAL).join(&page.path),
        range: at..at + heading.len() as u32,
    }
}

/// Where the first line begins, from an offset on, that begins so.
fn line(text: &str, from: usize, start: &str) -> Option<usize> {
    let mut at = from;
    for line in text.get(from..)?.split_inclusive('\n') {
        if line.starts_with(start) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_written_in_mcl_can_be_seen_in_a_program() {
        let program = |path: &str| program(Path::new(path));
        assert_eq!(
            program("mgmt:/core/embedded/provisioner/main.mcl").as_deref(),
            Some("import \"embedded/provisioner\" as *\n")
        );
        assert_eq!(
            program("mgmt:/modules/contrib/cryptpad/main.mcl").as_deref(),
            Some("import \"git://github.com/purpleidea/mgmt/modules/contrib/cryptpad/\" as *\n")
        );
        assert_eq!(program("/modules/misc/main.mcl"), None);
        assert_eq!(
            module(&Path::new(MODULES_URL).join("misc")),
            Some("mgmt:/modules/misc/main.mcl".into())
        );
        assert_eq!(
            package("example"),
            [
                "mgmt:/core/example/answer.mcl",
                "mgmt:/core/example/test1.mcl"
            ]
            .map(PathBuf::from)
        );
    }

    /// Whatever a name of the library leads to, it is there.
    #[test]
    fn all_of_the_library_is_described() {
        let catalog = Catalog::standard().unwrap();
        let check = |symbol: Symbol| {
            let found = description(&catalog, &symbol);
            let found = found.unwrap_or_else(|| panic!("no description of {symbol:?}"));
            let text = text(&catalog, &found.path).unwrap();
            assert!(text.len() >= found.range.end as usize, "{found:?}");
        };
        for package in ["strings", "net/http", ""] {
            for function in catalog.package(package).take(3) {
                if !mgmt_compiler::resolve::is_operator(function.name) {
                    check(Symbol::LibraryFunc(function.clone()));
                }
            }
        }
        for variable in catalog.package_variables("").take(3) {
            check(Symbol::LibraryVar(variable.clone()));
        }
        for kind in ["file", "http:server", "exec"] {
            let kind = catalog.resource(kind).unwrap();
            check(Symbol::Kind(kind.clone()));
            check(Symbol::Param(kind.clone(), 0));
        }
        let exec = catalog.resource("exec").unwrap();
        check(Symbol::Send(exec.clone(), exec.sends.len() - 1));
        check(Symbol::Meta(&mgmt_stdlib::resource::META_PARAMS[0]));
        check(Symbol::Hostname);
        assert!(package_page(&catalog, "fmt").is_some());
    }
}
