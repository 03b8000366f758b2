//! Paths: of imports, and of files in strings.

use std::fs;
use std::path::Path;

use mgmt_compiler::files::clean;

use super::cursor::Cursor;
use super::{Item, ItemKind};
use crate::analysis::paths::Root;
use crate::analysis::{Range, library};

/// Packages, and the files and directories beside this file.
pub fn paths(cursor: &Cursor<'_>, quoted: Option<Range>, items: &mut Vec<Item>) {
    let typed = match &quoted {
        Some(content) => &cursor.text()[content.start as usize..cursor.offset as usize],
        None => "",
    };
    let mut add = |kind, path: &str, detail: &str, rank| {
        let mut item = Item::new(cursor, kind, path).detail(detail).rank(rank);
        match &quoted {
            Some(content) => item.replace = content.clone(),
            None => item.insert = format!("\"{path}\""),
        }
        items.push(item);
    };
    for package in cursor.view.catalog().packages() {
        let functions: Vec<&str> = cursor
            .view
            .catalog()
            .package(package)
            .take(4)
            .map(|it| it.name)
            .collect();
        add(ItemKind::Module, package, &functions.join(", "), 3);
    }
    for url in library::module_urls() {
        add(ItemKind::Module, &url, "module of the library", 4);
    }
    let below = typed.rfind('/').map_or("", |slash| &typed[..=slash]);
    let Some(here) = cursor.view.path().parent() else {
        return;
    };
    let dir = clean(&here.join(below));
    for (name, is_dir) in entries(&dir) {
        let path = format!("{below}{name}");
        if is_dir {
            add(ItemKind::Folder, &format!("{path}/"), "directory", 2);
        } else if name.ends_with(".mcl") && dir.join(&name) != cursor.view.path() {
            add(ItemKind::File, &path, "file", 1);
        }
    }
}

/// Files, for a string that begins with a slash, or that will because it is the path of something below a
/// directory.
pub fn absolute_paths(cursor: &Cursor<'_>, content: Range, root: &Root, items: &mut Vec<Item>) {
    let typed = &cursor.text()[content.start as usize..cursor.offset as usize];
    let below = match typed.rfind('/').filter(|_| typed.starts_with('/')) {
        Some(slash) => &typed[..=slash],
        None if typed.is_empty() && matches!(root, Root::Directory(_)) => "/",
        None => return,
    };
    let Some(dir) = root.locate(below) else {
        return;
    };
    for (name, is_dir) in entries(&dir) {
        // What must be escaped in a string is not offered.
        if name.contains(['"', '\\', '$']) || name.contains(char::is_control) {
            continue;
        }
        let (kind, end) = if is_dir {
            (ItemKind::Folder, "/")
        } else {
            (ItemKind::File, "")
        };
        let mut item = Item::new(cursor, kind, format!("{below}{name}{end}"));
        item.replace = content.clone();
        items.push(item);
    }
}

/// A directory with more entries than this is not listed whole.
const MAX_ENTRIES: usize = 1000;

/// What is in a directory, without what is hidden, and whether it is a directory.
fn entries(dir: &Path) -> Vec<(String, bool)> {
    let Ok(found) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<(String, bool)> = found
        .flatten()
        .take(MAX_ENTRIES)
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path().is_dir())))
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}
