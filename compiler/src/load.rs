//! Finds and parses the files of a program.

mod cache;
mod import_name;
mod metadata;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use mgmt_grammar::ast;
use mgmt_grammar::span::Span;
use rustc_hash::FxHashMap;

use crate::Input;
use crate::diagnostic::{Code, Diagnostic, Stage, syntax};
use crate::files::{Files, Source, Sources, clean};

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
}

/// Reads and parses files, each once.
pub struct Loader<'a> {
    files: &'a dyn Files,
    module_path: Option<PathBuf>,
    /// The texts read so far.
    pub sources: Sources,
    units: FxHashMap<PathBuf, Rc<Unit>>,
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
            module_path,
            sources: Sources::default(),
            units: FxHashMap::default(),
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
                )))
            }
            Input::Path(path) if self.files.is_dir(path) => self.load_directory(path, None),
            Input::Path(path) if path.file_name().is_some_and(|name| name == "metadata.yaml") => {
                self.load_directory(path.parent().unwrap_or(Path::new("/")), None)
            }
            Input::Path(path) => self.load_file(path, None),
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
                .load_file(&clean(&from.dir.join(path)), Some(&from.chain))
                .map(Some),
            ImportKind::Directory(path) => self
                .load_directory(&clean(&from.dir.join(path)), Some(&from.chain))
                .map(Some),
            ImportKind::Remote { path, url } => {
                let search = from.chain.search_path(self.module_path.as_ref());
                let Some(first) = search.first() else {
                    let mut error = LoadError::new(
                        Code::UNREADABLE_IMPORT,
                        "there is no modules directory to look in",
                    );
                    error.help =
                        Some("give `path` in metadata.yaml, or use `--module-path`".to_owned());
                    return Err(error);
                };
                let module = search
                    .iter()
                    .map(|dir| dir.join(path))
                    .find(|dir| self.files.exists(&dir.join("metadata.yaml")))
                    .unwrap_or_else(|| first.join(path));
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
                self.load_directory(&module, Some(&from.chain)).map(Some)
            }
        }
    }

    fn load_directory(
        &mut self,
        dir: &Path,
        parent: Option<&Rc<Chain>>,
    ) -> Result<Rc<Unit>, LoadError> {
        if !self.files.is_dir(dir) {
            return Err(LoadError::new(
                Code::UNREADABLE_IMPORT,
                format!("the directory `{}` does not exist", dir.display()),
            ));
        }
        let metadata_path = dir.join("metadata.yaml");
        let metadata = if self.files.exists(&metadata_path) {
            let text = self.read(&metadata_path)?;
            let shown = metadata_path.display().to_string();
            let source = Source::new(shown.clone(), Some(metadata_path), text.clone());
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
        if metadata.is_none() && !self.files.exists(&path) {
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
        self.load_in(&path, chain)
    }

    fn load_file(
        &mut self,
        path: &Path,
        parent: Option<&Rc<Chain>>,
    ) -> Result<Rc<Unit>, LoadError> {
        let base = path.parent().unwrap_or(Path::new("/")).to_owned();
        self.load_in(
            path,
            Rc::new(Chain {
                base,
                metadata: None,
                parent: parent.cloned(),
            }),
        )
    }

    fn load_in(&mut self, path: &Path, chain: Rc<Chain>) -> Result<Rc<Unit>, LoadError> {
        if let Some(unit) = self.units.get(path) {
            return Ok(unit.clone());
        }
        let text = self.read(path)?;
        let dir = path.parent().unwrap_or(Path::new("/")).to_owned();
        let unit = Rc::new(self.parse(
            path.display().to_string(),
            Some(path.to_owned()),
            text,
            dir,
            chain,
        ));
        self.units.insert(path.to_owned(), unit.clone());
        Ok(unit)
    }

    fn read(&self, path: &Path) -> Result<Arc<str>, LoadError> {
        let shown = path.display();
        let bytes = self.files.read(path).map_err(|error| {
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
    ) -> Unit {
        let id = self.sources.next_id();
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
            dir,
            chain,
        }
    }
}
