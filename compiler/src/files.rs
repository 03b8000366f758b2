//! The outside, as far as the compiler may see it: named texts.

mod disk;
mod download;
mod library;
mod memory;

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use mgmt_grammar::span::{LineColumn, LineIndex, SourceId, Span};

pub use disk::Disk;
pub use download::Download;
pub use memory::MemoryFiles;

/// Where the text of files comes from: the disk, a deploy, or an editor's unsaved buffers laid over
/// the disk. Paths are absolute.
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    /// As the file system gives them; `NotFound` if there is no such file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether a file or directory exists at that path.
    fn exists(&self, path: &Path) -> bool;

    /// Whether a directory exists at that path.
    fn is_dir(&self, path: &Path) -> bool;

    /// Fetches the module at `url` into the directory `module` below `modules`, if this is done at all.
    ///
    /// # Errors
    /// Why it could not be had.
    fn fetch(&self, url: &str, modules: &Path, module: &Path) -> io::Result<()> {
        let _ = (url, modules, module);
        Ok(())
    }
}

/// Removes `.`, `..` and double slashes without looking at the disk.
pub fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                if !out.pop() {
                    out.push("..");
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// What stands before the path of a text of the library where it is shown to people.
pub(crate) const LIBRARY_PREFIX: &str = "<library>";

/// The texts of one compilation.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

/// One text of a compilation.
#[derive(Clone, Debug)]
pub struct Source {
    /// As it is shown to people.
    pub name: String,
    /// Where it was read, if it was a file.
    pub path: Option<PathBuf>,
    /// The text.
    pub text: Arc<str>,
    /// The import that it was first read for; nothing for the entry file.
    pub imported_at: Option<Span>,
    lines: Arc<LineIndex>,
}

impl Source {
    /// A text and where it came from.
    pub fn new(name: impl Into<String>, path: Option<PathBuf>, text: Arc<str>) -> Self {
        let lines = Arc::new(LineIndex::new(&text));
        Self {
            name: name.into(),
            path,
            text,
            imported_at: None,
            lines,
        }
    }

    /// Where it is in the tree of the [`Library`](mgmt_stdlib::modules::Library), if it is a part of that.
    pub fn library_path(&self) -> Option<&Path> {
        match self.path {
            Some(_) => None,
            None => self.name.strip_prefix(LIBRARY_PREFIX).map(Path::new),
        }
    }

    /// Line and column of an offset.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        self.lines.line_column(&self.text, offset)
    }

    /// The index of line starts.
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }
}

impl Sources {
    /// Adds a text and says how spans will refer to it.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.0.push(source);
        SourceId(self.0.len() as u32 - 1)
    }

    /// The id that the next text will get.
    pub fn next_id(&self) -> SourceId {
        SourceId(self.0.len() as u32)
    }

    /// Says which import the texts from `first` on were read for.
    pub fn imported_at(&mut self, first: SourceId, import: Span) {
        for source in self.0.iter_mut().skip(first.0 as usize) {
            source.imported_at = Some(import);
        }
    }

    /// The imports that lead from a text to the entry file, the nearest first.
    pub fn import_trail(&self, id: SourceId) -> impl Iterator<Item = Span> {
        let import = |id: SourceId| self.get(id)?.imported_at;
        std::iter::successors(import(id), move |span| import(span.source))
    }

    /// The text with that id.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.0.get(id.0 as usize)
    }

    /// Shows the files below `directory` by their paths relative to it.
    pub fn show_relative_to(&mut self, directory: &Path) {
        for source in &mut self.0 {
            if let Some(path) = &source.path
                && let Ok(relative) = path.strip_prefix(directory)
            {
                source.name = relative.display().to_string();
            }
        }
    }

    /// All texts, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.0
            .iter()
            .enumerate()
            .map(|(i, source)| (SourceId(i as u32), source))
    }

    /// The part of a text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source)
            .map_or("", |source| span.text(&source.text))
    }
}

/// An I/O error in the words of a user: without the operating system's number.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or(&text);
            let mut chars = text.chars();
            chars
                .next()
                .map(|first| first.to_lowercase().chain(chars).collect())
                .unwrap_or_default()
        }
    }
}
