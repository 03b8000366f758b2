//! Who imports whom in the workspace: it says which programs a file belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use mgmt_compiler::files::{Files, clean};
use mgmt_compiler::load::{ImportKind, ImportName, Metadata};
use mgmt_grammar::{TokenKind, tokens};

use super::library;

/// A file of very many programs is checked as part of this many.
const MAX_ROOTS: usize = 16;

/// The imports of each known file.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    files: BTreeMap<PathBuf, Arc<[PathBuf]>>,
    /// The same the other way round, once somebody has asked.
    importers: OnceLock<BTreeMap<PathBuf, Vec<PathBuf>>>,
}

impl Imports {
    /// Enters a file with its text, or anew if the text has changed. Says whether its imports are others
    /// than before; else nothing is copied, however many files there are.
    pub fn enter(this: &mut Arc<Self>, path: &Path, text: &str, files: &dyn Files) -> bool {
        let imported = imported(path, text, files);
        if this.files.get(path) == Some(&imported) {
            return false;
        }
        Arc::make_mut(this).enter_imported(path, imported);
        true
    }

    /// Enters a file with what [`imported`] has found in its text.
    pub fn enter_imported(&mut self, path: &Path, imported: Arc<[PathBuf]>) {
        self.files.insert(path.to_owned(), imported);
        self.importers.take();
    }

    /// Forgets a file that is gone.
    pub fn remove(&mut self, path: &Path) {
        self.files.remove(path);
        self.importers.take();
    }

    /// All known files.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// The entry files of the programs that a file is part of: those that import it, directly or not,
    /// and are imported by nobody; itself if nobody imports it. Files that import each other have one for all of them.
    pub fn all_roots(&self, path: &Path) -> Vec<PathBuf> {
        let mut top = path;
        loop {
            let (roots, above) = self.above(top);
            if !roots.is_empty() {
                return roots.into_iter().map(Path::to_owned).collect();
            }
            match above.first() {
                // It is further up: what is not among those above itself is none of those that import each other.
                Some(first) if *first != top => top = first,
                _ => return vec![top.to_owned()],
            }
        }
    }

    /// Those above a file, or itself, that nobody imports; and all that import it, directly or not.
    fn above<'a>(&'a self, path: &'a Path) -> (BTreeSet<&'a Path>, BTreeSet<&'a Path>) {
        let importers = self.importers.get_or_init(|| {
            let mut importers: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
            for (from, imported) in &self.files {
                for to in imported.iter() {
                    importers.entry(to.clone()).or_default().push(from.clone());
                }
            }
            importers
        });
        let (mut roots, mut all) = (BTreeSet::new(), BTreeSet::new());
        let mut stack = vec![path];
        while let Some(next) = stack.pop() {
            match importers.get(next) {
                Some(above) => {
                    let above = above.iter().map(PathBuf::as_path);
                    stack.extend(above.filter(|above| all.insert(*above)));
                }
                None => {
                    roots.insert(next);
                }
            }
        }
        (roots, all)
    }

    /// The first of them, so that a file of very many programs can still be looked at on each edit.
    pub fn roots(&self, path: &Path) -> Vec<PathBuf> {
        let mut roots = self.all_roots(path);
        roots.truncate(MAX_ROOTS);
        roots
    }
}

/// The files that a text imports, where they lie beside it or in the library.
pub fn imported(path: &Path, text: &str, files: &dyn Files) -> Arc<[PathBuf]> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    let tokens = tokens(text);
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        let [import, name] = pair else { continue };
        if import.kind != TokenKind::Import || name.kind != TokenKind::String {
            continue;
        }
        let quoted = &text[name.start as usize..name.end as usize];
        let Ok(name) = ImportName::parse(quoted.trim_matches('"')) else {
            continue;
        };
        match name.kind {
            ImportKind::File(file) => found.push(clean(&dir.join(file))),
            ImportKind::Directory(module) => {
                found.push(entry_file(&clean(&dir.join(module)), files));
            }
            ImportKind::System => found.extend(library::package(quoted.trim_matches('"'))),
            ImportKind::Remote { path, .. } => {
                found.extend(vendored(dir, &path, files));
                found.extend(library::module(&path));
            }
        }
    }
    found.sort();
    found.dedup();
    found.into()
}

/// The entry files of the copies of a remote module that modules around a directory have. Which of them counts depends
/// on who imports whom.
fn vendored(dir: &Path, remote: &Path, files: &dyn Files) -> Vec<PathBuf> {
    let around = dir.ancestors().filter_map(|dir| {
        let copies = metadata(dir, files)?.path;
        (!copies.is_empty()).then(|| clean(&dir.join(copies).join(remote)))
    });
    around
        .filter(|module| files.exists(&module.join("metadata.yaml")))
        .map(|module| entry_file(&module, files))
        .collect()
}

/// The file that a module begins with.
pub fn entry_file(module: &Path, files: &dyn Files) -> PathBuf {
    let main = metadata(module, files).map(|metadata| metadata.main);
    clean(&module.join(main.as_deref().unwrap_or("main.mcl")))
}

/// The metadata of a module, if it has any that can be read.
pub fn metadata(module: &Path, files: &dyn Files) -> Option<Metadata> {
    let path = module.join("metadata.yaml");
    let bytes = files.exists(&path).then(|| files.read(&path).ok())??;
    Metadata::parse(&String::from_utf8(bytes).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use mgmt_compiler::files::MemoryFiles;

    use super::*;

    #[test]
    fn a_module_belongs_to_the_programs_that_import_it() {
        let files = MemoryFiles::default()
            .with("/a.mcl", "import \"lib/\"\n")
            .with("/b.mcl", "if true {\n\timport \"lib/util.mcl\" as u\n}\n")
            .with("/lib/main.mcl", "import \"util.mcl\"\nimport \"fmt\"\n")
            .with("/lib/util.mcl", "");
        let mut imports: Arc<Imports> = Arc::default();
        for path in ["/a.mcl", "/b.mcl", "/lib/main.mcl", "/lib/util.mcl"] {
            let text = String::from_utf8(files.read(Path::new(path)).unwrap()).unwrap();
            assert!(Imports::enter(&mut imports, Path::new(path), &text, &files));
            assert!(!Imports::enter(
                &mut imports,
                Path::new(path),
                &text,
                &files
            ));
            // What was known is not known any more with the next file.
            imports.roots(Path::new(path));
        }
        let roots = |path| imports.roots(Path::new(path));
        let all = [PathBuf::from("/a.mcl"), PathBuf::from("/b.mcl")];
        assert_eq!(roots("/lib/util.mcl"), all);
        assert_eq!(roots("/lib/main.mcl"), all[..1]);
        assert_eq!(roots("/b.mcl"), all[1..]);
    }

    #[test]
    fn files_that_import_each_other_have_one_root() {
        let files = MemoryFiles::default();
        let mut imports: Arc<Imports> = Arc::default();
        for (path, text) in [
            ("/0.mcl", ""),
            ("/1.mcl", "import \"0.mcl\"\n"),
            ("/b.mcl", "import \"c.mcl\"\nimport \"1.mcl\"\n"),
            ("/c.mcl", "import \"b.mcl\"\n"),
            ("/d.mcl", "import \"d.mcl\"\n"),
        ] {
            Imports::enter(&mut imports, Path::new(path), text, &files);
        }
        for path in ["/0.mcl", "/1.mcl", "/b.mcl", "/c.mcl"] {
            let roots = imports.roots(Path::new(path));
            assert_eq!(roots, [PathBuf::from("/b.mcl")], "{path}");
        }
        assert_eq!(
            imports.roots(Path::new("/d.mcl")),
            [PathBuf::from("/d.mcl")]
        );
    }
}
