//! What the editor has open, and the present world.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mgmt_compiler::files::Files;
use mgmt_grammar::span::LineIndex;
use tower_lsp::ls_types::{TextDocumentContentChangeEvent, Uri};

use super::addresses::Addresses;
use super::capabilities::Client;
use super::convert::{Encoding, Text};
use super::diagnostics::Shown;
use super::settings::Settings;
use crate::analysis::imports::Imports;
use crate::analysis::world::Change;
use crate::analysis::{World, library};

/// What changes while the server runs.
pub struct State {
    /// What the client can do, once it has said so.
    pub client: Client,
    /// What the user has chosen.
    pub settings: Settings,
    /// The open documents.
    pub documents: BTreeMap<PathBuf, Document>,
    /// The folders that the editor works in.
    pub folders: Vec<PathBuf>,
    /// The texts and what is known of them.
    pub world: Arc<World>,
    /// The document that was changed last.
    pub last_changed: Option<PathBuf>,
    /// Between addresses and paths.
    pub addresses: Arc<Addresses>,
}

/// A text that is open in the editor.
#[derive(Clone, Debug)]
pub struct Document {
    /// As the client calls it.
    pub uri: Uri,
    /// As the client counts.
    pub version: i32,
}

impl State {
    pub fn new(world: World, addresses: Arc<Addresses>) -> Self {
        Self {
            addresses,
            client: Client::default(),
            settings: Settings::default(),
            documents: BTreeMap::new(),
            folders: Vec::new(),
            world: Arc::new(world),
            last_changed: None,
        }
    }

    /// How to speak to the client of the present world.
    pub fn shown(&self) -> Shown {
        Shown {
            client: self.client,
            documents: self.documents.clone(),
            addresses: self.addresses.clone(),
        }
    }

    pub fn open(&mut self, uri: Uri, version: i32, text: String) {
        let path = self.addresses.path(&uri);
        // The library is as it is.
        if library::is_in(&path) {
            self.documents.insert(path, Document { uri, version });
            return;
        }
        let as_saved = self
            .world
            .files
            .read(&path)
            .is_ok_and(|saved| saved == text.as_bytes());
        self.documents
            .insert(path.clone(), Document { uri, version });
        self.replace(&path, text, as_saved);
    }

    /// Applies edits, in their order.
    pub fn change(&mut self, uri: &Uri, version: i32, edits: Vec<TextDocumentContentChangeEvent>) {
        let path = self.addresses.path(uri);
        let Some(document) = self.documents.get_mut(&path) else {
            return;
        };
        document.version = version;
        if library::is_in(&path) {
            return;
        }
        let before = self.world.files.texts.get(&path);
        let mut text = before.map(|text| text.to_string()).unwrap_or_default();
        for edit in edits {
            apply(&mut text, edit, self.client.encoding);
        }
        self.replace(&path, text, true);
    }

    pub fn close(&mut self, uri: &Uri) {
        let path = self.addresses.path(uri);
        if self.documents.remove(&path).is_none() || library::is_in(&path) {
            return;
        }
        let mut files = (*self.world.files).clone();
        files.texts.remove(&path);
        self.last_changed = Some(path.clone());
        let on_disk = files
            .read(&path)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let mut imports = self.world.imports.clone();
        match on_disk {
            Some(text) => {
                Imports::enter(&mut imports, &path, &text, &files);
            }
            None => Arc::make_mut(&mut imports).remove(&path),
        }
        self.world = Arc::new(self.world.after(Arc::new(files), imports, Change::Files));
    }

    /// Looks at files that have changed on disk, or that were not known yet.
    pub fn look_at(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        let files = self.world.files.clone();
        let mut imports = self.world.imports.clone();
        for path in paths {
            let text = files
                .read(&path)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            match text {
                Some(text) => {
                    Imports::enter(&mut imports, &path, &text, &*files);
                }
                None => Arc::make_mut(&mut imports).remove(&path),
            }
        }
        self.world = Arc::new(self.world.after(files, imports, Change::Files));
    }

    /// Enters what was found in the workspace. What is open is known better.
    pub fn found(&mut self, found: Vec<(PathBuf, Arc<[PathBuf]>)>) {
        let mut imports = self.world.imports.clone();
        let known = Arc::make_mut(&mut imports);
        for (path, imported) in found {
            if !self.documents.contains_key(&path) {
                known.enter_imported(&path, imported);
            }
        }
        let files = self.world.files.clone();
        self.world = Arc::new(self.world.after(files, imports, Change::Files));
    }

    /// Works in other folders than before. What was found in those that are gone is forgotten, unless it is
    /// open.
    pub fn change_folders(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        self.folders.retain(|folder| !removed.contains(folder));
        self.folders.extend(added);
        let below =
            |path: &Path, folders: &[PathBuf]| folders.iter().any(|it| path.starts_with(it));
        let mut imports = self.world.imports.clone();
        let known = Arc::make_mut(&mut imports);
        let gone = known.paths().filter(|path| {
            below(path, removed)
                && !below(path, &self.folders)
                && !self.documents.contains_key(*path)
        });
        for path in gone.map(Path::to_owned).collect::<Vec<_>>() {
            known.remove(&path);
        }
        let files = self.world.files.clone();
        self.world = Arc::new(self.world.after(files, imports, Change::Files));
    }

    fn replace(&mut self, path: &Path, text: String, known: bool) {
        let mut files = (*self.world.files).clone();
        files.texts.insert(path.to_owned(), text.as_str().into());
        let mut imports = self.world.imports.clone();
        // What it imports decides which programs there are.
        let other_imports = Imports::enter(&mut imports, path, &text, &files);
        let change = if known && !other_imports {
            Change::Text(path)
        } else {
            Change::Files
        };
        self.last_changed = Some(path.to_owned());
        self.world = Arc::new(self.world.after(Arc::new(files), imports, change));
    }
}

fn apply(text: &mut String, edit: TextDocumentContentChangeEvent, encoding: Encoding) {
    match edit.range {
        Some(range) => {
            let lines = LineIndex::new(text);
            let range = Text::new(text, &lines, encoding).offsets(range);
            text.replace_range(range.start as usize..range.end as usize, &edit.text);
        }
        None => *text = edit.text,
    }
}
