//! Programs with a mark where the question is asked.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use mgmt_compiler::Options;
use mgmt_compiler::files::clean;
use mgmt_lsp::analysis::imports::Imports;
use mgmt_lsp::analysis::overlay::Overlay;
use mgmt_lsp::analysis::world::{Change, World};
use mgmt_lsp::analysis::{Location, Range, TextEdit, View};
use mgmt_stdlib::catalog::Catalog;

/// Marks the cursor. It has no meaning in mcl.
const MARK: char = '¦';

static CATALOG: LazyLock<Arc<Catalog>> = LazyLock::new(|| Arc::new(Catalog::standard().unwrap()));

/// A program in memory.
pub struct Fixture {
    pub view: View,
    /// Where the mark was.
    pub offset: u32,
}

impl Fixture {
    /// A program of one file, or of several, each after a line `-- path --`. The question is about the file
    /// with the mark, or the first.
    pub fn new(text: &str) -> Self {
        let mut files: Vec<(PathBuf, String)> = match text.starts_with("-- ") {
            true => archive(text)
                .into_iter()
                .map(|(name, text)| (clean(&Path::new("/nowhere").join(name)), text))
                .collect(),
            false => vec![("/nowhere/main.mcl".into(), text.to_owned())],
        };
        let marked = files
            .iter()
            .position(|(_, text)| text.contains(MARK))
            .unwrap_or(0);
        let offset = files[marked].1.find(MARK).unwrap_or(0) as u32;
        files[marked].1 = files[marked].1.replacen(MARK, "", 1);
        let world = world(&files);
        let view = world.view(&files[marked].0).unwrap();
        Self { view, offset }
    }

    /// The text of a place, with its file if that is another one.
    pub fn place(&self, location: &Location) -> String {
        let source = self.view.analysis.source_of(&location.path).unwrap();
        let source = self.view.analysis.insight.sources.get(source).unwrap();
        let before = &source.text[..location.range.start as usize];
        let line = before.matches('\n').count() + 1;
        let text = &source.text[location.range.start as usize..location.range.end as usize];
        if location.path == self.view.path() {
            format!("{line}: {text}")
        } else {
            let name = location.path.file_name().unwrap().to_string_lossy();
            format!("{name}:{line}: {text}")
        }
    }

    pub fn text(&self, range: &Range) -> &str {
        &self.view.text()[range.start as usize..range.end as usize]
    }

    /// The file after edits.
    pub fn edited(&self, edits: &[TextEdit]) -> String {
        apply(self.view.text(), edits)
    }
}

/// The files of an archive, each after a line `-- path --`.
pub fn archive(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let name = line
            .trim_end()
            .strip_prefix("-- ")
            .and_then(|it| it.strip_suffix(" --"));
        match (name, files.last_mut()) {
            (Some(name), _) => files.push((name.to_owned(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            // What stands before the first file is a comment.
            (None, None) => {}
        }
    }
    files
}

/// A text after edits.
pub fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut text = text.to_owned();
    for edit in edits.iter().rev() {
        text.replace_range(
            edit.range.start as usize..edit.range.end as usize,
            &edit.text,
        );
    }
    text
}

/// The world with these files open.
pub fn world(files: &[(PathBuf, String)]) -> Arc<World> {
    let mut overlay = Overlay::default();
    for (path, text) in files {
        overlay.texts.insert(path.clone(), text.as_str().into());
    }
    let mut imports: Arc<Imports> = Arc::default();
    for (path, text) in files {
        Imports::enter(&mut imports, path, text, &overlay);
    }
    let first = World::new(CATALOG.clone(), Options::default());
    Arc::new(first.after(Arc::new(overlay), imports, Change::Files))
}
