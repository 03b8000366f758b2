//! Finds and parses the files of a program.

mod cache;
mod import_name;
mod metadata;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use ecow::EcoString;
use mgmt_grammar::ast;
use mgmt_grammar::span::{SourceId, Span};
use mgmt_stdlib::catalog::{DiskTree, FileTree, Origin, Site};
use mgmt_stdlib::modules::Library;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Input;
use crate::diagnostic::{Code, Diagnostic, Stage, syntax};
use crate::files::{Files, LIBRARY_PREFIX, Source, Sources, clean};

use cache::Cached;
pub use cache::ParseCache;
pub use import_name::{ImportKind, ImportName};
pub use metadata::{Chain, Metadata};

/// Texts above this size are refused. Spans are 32 bits wide.
const MAX_SOURCE_BYTES: usize = 1 << 30;

/// A parsed file with what is needed to resolve its imports.
#[derive(Debug)]
pub struct Unit {
    /// The tree.
    pub ast: Arc<ast::File>,
    /// The directory that local imports are relative to.
    pub dir: PathBuf,
    /// The module that the file belongs to.
    pub chain: Rc<Chain>,
    /// Where the file comes from.
    pub origin: Origin,
    /// The package of the library that the file belongs to, whose names it can use as its own.
    pub package: Option<EcoString>,
}

/// Reads and parses files, each once.
pub struct Loader<'a> {
    files: &'a dyn Files,
    module_path: Option<PathBuf>,
    /// The texts read so far.
    pub sources: Sources,
    units: FxHashMap<(Origin, PathBuf), Rc<Unit>>,
    /// The program's own file tree, once its entry file is loaded.
    pub tree: DiskTree,
    /// Where the calls of each file stand.
    sites: FxHashMap<SourceId, Arc<Site>>,
    /// The trees, by source; nothing where that is no program.
    pub trees: Vec<Option<Arc<ast::File>>>,
    cache: Option<ParseCache>,
    /// What is wrong with their syntax.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a file or module can not be had, in words that follow "can't import `NAME`:" or stand alone.
#[derive(Clone, Debug)]
pub struct LoadError {
    /// Which code fits best.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where it is wrong, if the file could be read.
    pub place: Option<Span>,
}

impl LoadError {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: None,
            place: None,
        }
    }

    /// The error as a diagnostic of the program as a whole.
    pub fn into_diagnostic(self) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code, Stage::Parse, self.message);
        diagnostic.help = self.help;
        if let Some(place) = self.place {
            diagnostic = diagnostic.at(place, "");
        }
        diagnostic
    }
}

impl<'a> Loader<'a> {
    /// A loader that has read nothing yet.
    pub fn new(files: &'a dyn Files, module_path: Option<PathBuf>) -> Self {
        Self {
            files,
            tree: DiskTree {
                root: PathBuf::from("/"),
                modules: module_path.clone(),
            },
            module_path,
            sources: Sources::default(),
            units: FxHashMap::default(),
            sites: FxHashMap::default(),
            trees: Vec::new(),
            cache: None,
            diagnostics: Vec::new(),
        }
    }

    /// The same, but what the cache knows is not parsed again.
    #[must_use]
    pub fn with_cache(mut self, cache: ParseCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// What was parsed, for another compilation; what this one did not need is forgotten, if it came to
    /// its end.
    pub fn take_cache(&mut self, complete: bool) -> ParseCache {
        let mut cache = self.cache.take().unwrap_or_default();
        if complete {
            cache.forget_unused();
        }
        cache
    }

    /// Loads the entry file of a program (language.md §5.6).
    ///
    /// # Errors
    /// If there is no such file or it can not be read.
    pub fn load_input(&mut self, input: &Input) -> Result<Rc<Unit>, LoadError> {
        let base = |path: &Path| path.parent().unwrap_or(Path::new("/")).to_owned();
        self.tree.root = match input {
            Input::Text { base, .. } => base.clone(),
            Input::Path(path) if self.files.is_dir(path) => path.clone(),
            Input::Path(path) => base(path),
        };
        match input {
            Input::Text { name, text, base } => {
                let chain = Rc::new(Chain {
                    base: base.clone(),
                    metadata: None,
                    parent: None,
                });
                Ok(Rc::new(self.parse(
                    name.clone(),
                    None,
                    text.as_str().into(),
                    base.clone(),
                    chain,
                    Origin::Program,
                )))
            }
            Input::Path(path) if self.files.is_dir(path) => {
                self.load_directory(path, None, Origin::Program)
            }
            Input::Path(path) if path.file_name().is_some_and(|name| name == "metadata.yaml") => {
                self.load_directory(
                    path.parent().unwrap_or(Path::new("/")),
                    None,
                    Origin::Program,
                )
            }
            Input::Path(path) => self.load_file(path, None, Origin::Program),
        }
    }

    /// Loads what the import at `place` in `from` names, unless that is a package of the library.
    ///
    /// # Errors
    /// If there is no such file or module, or it can not be read.
    pub fn load_import(
        &mut self,
        from: &Unit,
        kind: &ImportKind,
        place: Span,
    ) -> Result<Option<Rc<Unit>>, LoadError> {
        let first = self.sources.next_id();
        let loaded = self.find_import(from, kind);
        self.sources.imported_at(first, place);
        loaded
    }

    fn find_import(
        &mut self,
        from: &Unit,
        kind: &ImportKind,
    ) -> Result<Option<Rc<Unit>>, LoadError> {
        match kind {
            ImportKind::System => Ok(None),
            ImportKind::File(path) => self
                .load_file(&clean(&from.dir.join(path)), Some(&from.chain), from.origin)
                .map(Some),
            ImportKind::Directory(path) => self
                .load_directory(&clean(&from.dir.join(path)), Some(&from.chain), from.origin)
                .map(Some),
            ImportKind::Remote { path, url } => {
                let search = from.chain.search_path(self.module_path.as_ref());
                let is_module = |dir: &PathBuf| self.files.exists(&dir.join("metadata.yaml"));
                let found = search.iter().map(|dir| dir.join(path)).find(is_module);
                // What is shipped needs no download; whoever has a copy uses that.
                if let (None, Some(shipped)) = (&found, Library.module(path)) {
                    return self
                        .load_directory(&shipped, Some(&from.chain), Origin::Library)
                        .map(Some);
                }
                let Some(first) = search.first() else {
                    let mut error = LoadError::new(
                        Code::UNREADABLE_IMPORT,
                        "there is no modules directory to look in",
                    );
                    error.help =
                        Some("give `path` in metadata.yaml, or use `--module-path`".to_owned());
                    return Err(error);
                };
                let module = found.unwrap_or_else(|| first.join(path));
                if let Err(error) = self.files.fetch(url, first, &module) {
                    return Err(LoadError::new(
                        Code::UNREADABLE_IMPORT,
                        format!("can't fetch `{url}`: {}", crate::files::reason(&error)),
                    ));
                }
                if !self.files.exists(&module.join("metadata.yaml")) {
                    let mut error = LoadError::new(
                        Code::UNREADABLE_IMPORT,
                        format!("there is no `{}`", module.join("metadata.yaml").display()),
                    );
                    error.help = Some(format!(
                        "fetch it with `--download`, or: git clone {url} {}",
                        module.display()
                    ));
                    return Err(error);
                }
                self.load_directory(&module, Some(&from.chain), Origin::Program)
                    .map(Some)
            }
        }
    }

    /// Loads what of a package of the library is written in mcl: one module if it has a `metadata.yaml`, and else
    /// each file on its own, by name (functions.md §30.1).
    ///
    /// # Errors
    /// If one of them is no module, which a test rules out.
    pub fn load_package(&mut self, package: &str) -> Result<Vec<Rc<Unit>>, LoadError> {
        let Some(dir) = Library.package(package) else {
            return Ok(Vec::new());
        };
        if Library.exists(&dir.join("metadata.yaml")) {
            return Ok(vec![self.load_directory(&dir, None, Origin::Library)?]);
        }
        let names = Library.list(&dir).unwrap_or_default();
        names
            .iter()
            .filter(|name| name.extension().is_some_and(|extension| extension == "mcl"))
            .map(|name| self.load_file(&dir.join(name), None, Origin::Library))
            .collect()
    }

    /// The texts that are part of the library, so that nobody can act on a warning in them.
    pub fn shipped(&self) -> FxHashSet<SourceId> {
        let sites = self.sites.iter();
        let shipped = sites.filter(|(_, site)| site.origin == Origin::Library);
        shipped.map(|(source, _)| *source).collect()
    }

    /// Where the calls of each text stand, by the ids of the texts.
    pub fn sites(&self) -> Vec<Arc<Site>> {
        let ids = self.sources.iter().map(|(id, _)| id);
        ids.map(|id| self.sites.get(&id).cloned().unwrap_or_default())
            .collect()
    }

    fn files_of(&self, origin: Origin) -> &dyn Files {
        match origin {
            Origin::Program => self.files,
            Origin::Library => &Library,
        }
    }

    fn load_directory(
        &mut self,
        dir: &Path,
        parent: Option<&Rc<Chain>>,
        origin: Origin,
    ) -> Result<Rc<Unit>, LoadError> {
        if !self.files_of(origin).is_dir(dir) {
            return Err(LoadError::new(
                Code::UNREADABLE_IMPORT,
                format!("the directory `{}` does not exist", dir.display()),
            ));
        }
        let metadata_path = dir.join("metadata.yaml");
        let metadata = if self.files_of(origin).exists(&metadata_path) {
            let text = self.read(&metadata_path, origin)?;
            let shown = shown(&metadata_path, origin);
            let path = (origin == Origin::Program).then_some(metadata_path);
            let source = Source::new(shown.clone(), path, text.clone());
            let source = self.sources.add(source);
            let metadata = Metadata::parse(&text).map_err(|error| LoadError {
                place: Some(Span::new(source, error.range.start, error.range.end)),
                ..LoadError::new(
                    Code::BAD_METADATA,
                    format!("can't use `{shown}`: {}", error.message),
                )
            })?;
            Some(metadata)
        } else {
            None
        };
        let main = metadata
            .as_ref()
            .map_or("main.mcl", |metadata| metadata.main.as_str());
        let path = clean(&dir.join(main));
        if metadata.is_none() && !self.files_of(origin).exists(&path) {
            return Err(LoadError::new(
                Code::NO_ENTRY_FILE,
                format!(
                    "the directory `{}` has neither `metadata.yaml` nor `main.mcl`",
                    dir.display()
                ),
            ));
        }
        let base = dir.to_owned();
        let chain = Rc::new(Chain {
            base,
            metadata,
            parent: parent.cloned(),
        });
        self.load_in(&path, chain, origin)
    }

    fn load_file(
        &mut self,
        path: &Path,
        parent: Option<&Rc<Chain>>,
        origin: Origin,
    ) -> Result<Rc<Unit>, LoadError> {
        let base = path.parent().unwrap_or(Path::new("/")).to_owned();
        self.load_in(
            path,
            Rc::new(Chain {
                base,
                metadata: None,
                parent: parent.cloned(),
            }),
            origin,
        )
    }

    fn load_in(
        &mut self,
        path: &Path,
        chain: Rc<Chain>,
        origin: Origin,
    ) -> Result<Rc<Unit>, LoadError> {
        let key = (origin, path.to_owned());
        if let Some(unit) = self.units.get(&key) {
            return Ok(unit.clone());
        }
        let text = self.read(path, origin)?;
        let dir = path.parent().unwrap_or(Path::new("/")).to_owned();
        let unit = Rc::new(self.parse(
            shown(path, origin),
            (origin == Origin::Program).then(|| path.to_owned()),
            text,
            dir,
            chain,
            origin,
        ));
        self.units.insert(key, unit.clone());
        Ok(unit)
    }

    fn read(&self, path: &Path, origin: Origin) -> Result<Arc<str>, LoadError> {
        let shown = shown(path, origin);
        let bytes = self.files_of(origin).read(path).map_err(|error| {
            LoadError::new(
                Code::UNREADABLE_FILE,
                format!("can't read `{shown}`: {}", crate::files::reason(&error)),
            )
        })?;
        if bytes.len() > MAX_SOURCE_BYTES {
            return Err(LoadError::new(
                Code::FILE_TOO_LARGE,
                format!("`{shown}` is larger than 1 GiB"),
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let line = error.as_bytes()[..at]
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count()
                    + 1;
                Err(LoadError::new(
                    Code::NOT_UTF8,
                    format!("`{shown}` is not UTF-8: the first wrong byte is on line {line}"),
                ))
            }
        }
    }

    fn parse(
        &mut self,
        name: String,
        path: Option<PathBuf>,
        text: Arc<str>,
        dir: PathBuf,
        chain: Rc<Chain>,
        origin: Origin,
    ) -> Unit {
        let id = self.sources.next_id();
        let base = match origin {
            Origin::Program => self.tree.name(&chain.base),
            Origin::Library => chain.base.clone(),
        };
        self.sites.insert(id, Arc::new(Site { base, origin }));
        let known = match (&mut self.cache, &path) {
            (Some(cache), Some(path)) => cache.find(path, id, &text),
            _ => None,
        };
        let parsed = known.unwrap_or_else(|| {
            let parsed = mgmt_grammar::parse(id, &text);
            let diagnostics = parsed
                .errors
                .iter()
                .map(|error| syntax::diagnostic(error, &text))
                .collect();
            let parsed = Cached {
                source: Source::new(name, path.clone(), text),
                tree: Arc::new(parsed.file),
                diagnostics,
            };
            if let (Some(cache), Some(path)) = (&mut self.cache, path) {
                cache.insert(path, id, parsed.clone());
            }
            parsed
        });
        self.sources.add(parsed.source);
        self.diagnostics.extend(parsed.diagnostics);
        self.trees.resize(id.0 as usize, None);
        self.trees.push(Some(parsed.tree.clone()));
        Unit {
            ast: parsed.tree,
            package: package_of(&dir, origin),
            dir,
            chain,
            origin,
        }
    }
}

/// A path as it is shown to people.
fn shown(path: &Path, origin: Origin) -> String {
    match origin {
        Origin::Program => path.display().to_string(),
        Origin::Library => format!("{LIBRARY_PREFIX}{}", path.display()),
    }
}

/// The package that a file of the library belongs to by its directory.
fn package_of(dir: &Path, origin: Origin) -> Option<EcoString> {
    let package = dir.strip_prefix("/core").ok()?.to_str()?;
    (origin == Origin::Library).then(|| package.into())
}
