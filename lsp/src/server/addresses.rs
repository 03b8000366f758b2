//! Between paths and the addresses of the protocol. A text of the library has an address of its own, or, for
//! editors that open files only, a copy on disk that can not be written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mgmt_compiler::files::clean;
use mgmt_stdlib::catalog::Catalog;
use tower_lsp::ls_types::Uri;

use crate::analysis::library;

/// Between paths and addresses.
pub struct Addresses {
    catalog: Arc<Catalog>,
    /// Where copies of the library's texts are: each version has its own.
    copies: Option<PathBuf>,
    /// Where drawings are.
    drawings: Option<PathBuf>,
}

impl Addresses {
    /// `cache` is the directory for what can be made again.
    pub fn new(catalog: Arc<Catalog>, cache: Option<&Path>) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self {
            catalog,
            copies: cache.map(|cache| cache.join("library").join(version)),
            drawings: cache.map(|cache| cache.join("graphs")),
        }
    }

    /// Where functions may keep something while a graph is drawn, apart from what a running agent keeps.
    pub fn state_dir(&self) -> Option<PathBuf> {
        Some(self.drawings.as_ref()?.join("state"))
    }

    /// Writes the drawing of a program, over the one before.
    ///
    /// # Errors
    /// If it can not be written.
    pub fn drawing(&self, program: &Path, svg: &str) -> io::Result<Uri> {
        let directory = self.drawings.as_ref().ok_or_else(|| {
            io::Error::other("there is no cache directory: neither XDG_CACHE_HOME nor HOME is set")
        })?;
        let name = program.display().to_string().replace('/', "%");
        let path = directory.join(format!("{}.svg", name.trim_start_matches('%')));
        write(&path, svg)?;
        Uri::from_file_path(&path)
            .ok_or_else(|| io::Error::other(format!("`{}` has no address", path.display())))
    }

    /// The path that a text is known by. What is no file gets one that no file has.
    pub fn path(&self, uri: &Uri) -> PathBuf {
        let file = uri.to_file_path();
        match (uri.scheme().as_str(), file) {
            ("file", Some(file)) => {
                let file = clean(&file);
                let copies = self.copies.as_deref();
                let copied = copies.and_then(|copies| file.strip_prefix(copies).ok());
                copied.map(library::path).unwrap_or(file)
            }
            (library::SCHEME, Some(file)) => library::path(&clean(&file)),
            _ => Path::new("/").join(uri.as_str().replace('/', "\u{2215}")),
        }
    }

    /// How the client can open what is at a path. A copy is made if there must be one.
    pub fn uri(&self, path: &Path, opens_contents: bool) -> Option<Uri> {
        let Some(below) = library::below(path) else {
            return Uri::from_file_path(path);
        };
        if opens_contents {
            let file = Uri::from_file_path(Path::new("/").join(below))?;
            return format!("{}:{}", library::SCHEME, file.path().as_str())
                .parse()
                .ok();
        }
        let copy = self.copies.as_ref()?.join(below);
        let text = library::text(&self.catalog, path)?;
        if !fs::read(&copy).is_ok_and(|known| known == text.as_bytes()) {
            write(&copy, &text).ok()?;
        }
        Uri::from_file_path(copy)
    }
}

/// Writes a file that is only to be read. Whoever looks at it meanwhile sees all of it or none.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    fs::create_dir_all(dir)?;
    let beside = dir.join(format!(
        ".{}.{}",
        name.to_string_lossy(),
        std::process::id()
    ));
    fs::write(&beside, text)?;
    let mut permissions = fs::metadata(&beside)?.permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&beside, permissions)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(cache: Option<&Path>) -> Addresses {
        Addresses::new(Arc::new(Catalog::standard().unwrap()), cache)
    }

    #[test]
    fn addresses_become_paths() {
        let addresses = addresses(Some(Path::new("/cache")));
        let of = |text: &str| addresses.path(&text.parse().unwrap());
        assert_eq!(of("file:///a%20b/c.mcl"), Path::new("/a b/c.mcl"));
        assert_eq!(of("untitled:Untitled-1"), Path::new("/untitled:Untitled-1"));
        let misc = Path::new("mgmt:/modules/misc/main.mcl");
        assert_eq!(of("mgmt:/modules/misc/main.mcl"), misc);
        assert_eq!(of("mgmt:///modules/misc/main.mcl"), misc);
        let copy = format!("file:///cache/library/{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(of(&format!("{copy}/modules/misc/main.mcl")), misc);
    }

    #[test]
    fn the_library_has_addresses_of_its_own() {
        let misc = Path::new("mgmt:/modules/misc/main.mcl");
        let uri = addresses(None).uri(misc, true).unwrap();
        assert_eq!(uri.as_str(), "mgmt:/modules/misc/main.mcl");
        assert_eq!(addresses(None).uri(misc, false), None);
    }

    #[test]
    fn copies_are_as_the_library_is() {
        let dir = tempfile::tempdir().unwrap();
        let addresses = addresses(Some(dir.path()));
        let misc = Path::new("mgmt:/modules/misc/main.mcl");
        let uri = addresses.uri(misc, false).unwrap();
        let copy = dir.path().join("library").join(env!("CARGO_PKG_VERSION"));
        let copy = copy.join("modules/misc/main.mcl");
        assert_eq!(uri.to_file_path().as_deref(), Some(&*copy));
        assert!(fs::metadata(&copy).unwrap().permissions().readonly());
        let text = library::text(&addresses.catalog, misc).unwrap();
        assert_eq!(fs::read_to_string(&copy).unwrap(), text);
        // One that an older version wrote is not left.
        fs::remove_file(&copy).unwrap();
        fs::write(&copy, "old").unwrap();
        addresses.uri(misc, false).unwrap();
        assert_eq!(fs::read_to_string(&copy).unwrap(), text);
    }
}
