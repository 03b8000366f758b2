//! All that an answer may depend on, as it was at one moment.
//!
//! A [`World`] never changes: each edit makes a new one. The programs of a world are analysed when the
//! first question about them comes, and at most once. What the edit did not touch is taken over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mgmt_compiler::files::Files;
use mgmt_compiler::insight::{Insight, inspect};
use mgmt_compiler::load::ParseCache;
use mgmt_compiler::{Input, Options};
use mgmt_grammar::span::SourceId;
use mgmt_stdlib::catalog::Catalog;

use super::imports::{Imports, metadata};
use super::library;
use super::overlay::Overlay;
use super::view::View;

/// The texts of one moment, and what is known of them.
pub struct World {
    /// Grows with each edit.
    pub revision: u64,
    /// The texts.
    pub files: Arc<Overlay>,
    /// Who imports whom.
    pub imports: Arc<Imports>,
    /// What all worlds share.
    pub shared: Arc<Shared>,
    programs: Mutex<BTreeMap<PathBuf, Arc<Slot>>>,
}

/// What does not change with the texts.
pub struct Shared {
    /// Everything that a program can name.
    pub catalog: Arc<Catalog>,
    /// How programs are compiled.
    pub options: Options,
    /// The revision of the newest world.
    newest: AtomicU64,
    /// What was parsed for each program.
    caches: Mutex<BTreeMap<PathBuf, Parsed>>,
}

/// What was parsed for a program.
struct Parsed {
    /// The revision of the world that it was parsed for.
    revision: u64,
    cache: ParseCache,
}

/// A program of a world, once it has been analysed.
#[derive(Default)]
struct Slot(Mutex<Option<Arc<Analysis>>>);

/// What is known of one program.
pub struct Analysis {
    /// The entry file.
    pub root: PathBuf,
    /// All of it.
    pub insight: Insight,
}

impl Analysis {
    /// The source that was read from a file.
    pub fn source_of(&self, path: &Path) -> Option<SourceId> {
        let mut sources = self.insight.sources.iter();
        sources
            .find(|(_, source)| match &source.path {
                Some(known) => known == path,
                None => library::path_of(source).as_deref() == Some(path),
            })
            .map(|(id, _)| id)
    }
}

/// What happened between two worlds.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// The text of a file that was there before.
    Text(&'a Path),
    /// Files have come or gone, on disk or in the editor.
    Files,
}

impl World {
    /// The first world: nothing is open.
    pub fn new(catalog: Arc<Catalog>, options: Options) -> Self {
        Self {
            revision: 0,
            files: Arc::default(),
            imports: Arc::default(),
            shared: Arc::new(Shared {
                catalog,
                options,
                newest: AtomicU64::new(0),
                caches: Mutex::default(),
            }),
            programs: Mutex::default(),
        }
    }

    /// The world after a change.
    #[must_use]
    pub fn after(&self, files: Arc<Overlay>, imports: Arc<Imports>, change: Change<'_>) -> Self {
        let mut programs = BTreeMap::new();
        if let Change::Text(path) = change {
            for (root, slot) in lock(&self.programs).iter() {
                // One that is being analysed now is not waited for.
                let known = slot.0.try_lock().ok().and_then(|slot| slot.clone());
                if known.is_some_and(|known| known.source_of(path).is_none()) {
                    programs.insert(root.clone(), slot.clone());
                }
            }
        }
        let revision = self.revision + 1;
        self.shared.newest.store(revision, Ordering::Relaxed);
        Self {
            revision,
            files,
            imports,
            shared: self.shared.clone(),
            programs: Mutex::new(programs),
        }
    }

    /// A world as it would be with other texts, beside the present one.
    #[must_use]
    pub fn supposing(&self, files: Arc<Overlay>) -> Self {
        Self {
            revision: self.revision,
            files,
            imports: self.imports.clone(),
            shared: Arc::new(Shared {
                catalog: self.shared.catalog.clone(),
                options: self.shared.options.clone(),
                newest: AtomicU64::new(self.revision),
                caches: Mutex::default(),
            }),
            programs: Mutex::default(),
        }
    }

    /// Whether there is no newer one.
    pub fn is_newest(&self) -> bool {
        self.shared.newest.load(Ordering::Relaxed) == self.revision
    }

    /// What is known of the program that begins with a file; nothing if that was not wanted any more.
    pub fn analysis(&self, root: &Path, is_wanted: &dyn Fn() -> bool) -> Option<Arc<Analysis>> {
        let slot = lock(&self.programs)
            .entry(root.to_owned())
            .or_default()
            .clone();
        let mut slot = lock(&slot.0);
        if let Some(known) = &*slot {
            return Some(known.clone());
        }
        if !is_wanted() {
            return None;
        }
        let mut cache = self.parsed(root);
        let analysis = self.inspect(root, &mut cache, is_wanted);
        self.keep_parsed(root, cache);
        slot.clone_from(&analysis);
        analysis
    }

    /// What was parsed for a program before. It is copied, which is cheap, so that an analysis that is being
    /// given up does not hold up the next one.
    fn parsed(&self, root: &Path) -> ParseCache {
        let caches = lock(&self.shared.caches);
        let parsed = caches.get(root);
        parsed.map(|it| it.cache.clone()).unwrap_or_default()
    }

    fn keep_parsed(&self, root: &Path, cache: ParseCache) {
        let revision = self.revision;
        let mut caches = lock(&self.shared.caches);
        if caches.get(root).is_none_or(|it| it.revision <= revision) {
            caches.insert(root.to_owned(), Parsed { revision, cache });
        }
    }

    fn inspect(
        &self,
        root: &Path,
        cache: &mut ParseCache,
        is_wanted: &dyn Fn() -> bool,
    ) -> Option<Arc<Analysis>> {
        let insight = inspect(
            &self.input(root),
            &*self.files,
            &self.shared.catalog,
            &self.shared.options,
            cache,
            is_wanted,
        )?;
        Some(Arc::new(Analysis {
            root: root.to_owned(),
            insight,
        }))
    }

    /// Forgets what was parsed for programs that nobody looks at any more.
    pub fn keep_only(&self, roots: &[PathBuf]) {
        lock(&self.shared.caches).retain(|root, _| roots.contains(root));
        lock(&self.programs).retain(|root, _| roots.contains(root));
    }

    /// A file and the program that it is looked at in.
    pub fn view(self: &Arc<Self>, path: &Path) -> Option<View> {
        self.view_while(path, &|| true)
    }

    /// The same, but nothing comes of it once that is not wanted any more.
    pub fn view_while(self: &Arc<Self>, path: &Path, is_wanted: &dyn Fn() -> bool) -> Option<View> {
        let roots = self.imports.roots(path);
        let seen = |root: &Path| self.show(path, self.analysis(root, is_wanted)?);
        seen(roots.first()?).or_else(|| seen(path))
    }

    /// A file as a part of a program.
    pub fn view_in(self: &Arc<Self>, path: &Path, root: &Path) -> Option<View> {
        self.show(path, self.analysis(root, &|| true)?)
    }

    /// A file as a part of a program that nobody may ask about again: what is not known of it yet is not kept.
    pub fn view_once(
        self: &Arc<Self>,
        path: &Path,
        root: &Path,
        is_wanted: &dyn Fn() -> bool,
    ) -> Option<View> {
        let known = lock(&self.programs).get(root).cloned();
        let known = known.and_then(|slot| lock(&slot.0).clone());
        let analysis = match known {
            Some(known) => known,
            None => self.inspect(root, &mut ParseCache::default(), is_wanted)?,
        };
        self.show(path, analysis)
    }

    fn show(self: &Arc<Self>, path: &Path, analysis: Arc<Analysis>) -> Option<View> {
        let source = analysis.source_of(path)?;
        Some(View {
            world: self.clone(),
            analysis,
            source,
            path: path.to_owned(),
        })
    }

    /// The text at a path: of a file as the editor shows it, or of the library.
    pub fn text(&self, path: &Path) -> Option<String> {
        if library::is_in(path) {
            return library::text(&self.shared.catalog, path);
        }
        String::from_utf8(self.files.read(path).ok()?).ok()
    }

    /// Whether there is a file at a path, or a text of the library.
    pub fn has_file(&self, path: &Path) -> bool {
        if library::is_in(path) {
            return library::text(&self.shared.catalog, path).is_some();
        }
        self.files.exists(path) && !self.files.is_dir(path)
    }

    /// An entry file as `mgmtc` would be told of it: the directory, if its metadata names the file. A text of
    /// the library is seen by a program that imports it.
    pub fn input(&self, root: &Path) -> Input {
        if let Some(text) = library::program(root) {
            return Input::Text {
                name: root.display().to_string(),
                text,
                base: PathBuf::from("/"),
            };
        }
        let named = root.parent().filter(|dir| {
            metadata(dir, &*self.files).is_some_and(|metadata| dir.join(metadata.main) == *root)
        });
        Input::Path(named.unwrap_or(root).to_owned())
    }
}

/// A panic of one question does not end the others: what is guarded here is replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
