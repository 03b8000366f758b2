//! Questions about programs, one file each. Nothing here knows the protocol.

pub mod actions;
pub mod calls;
pub mod completion;
pub mod fields;
pub mod find;
pub mod format;
pub mod graph;
pub mod highlight;
pub mod hover;
pub mod imports;
pub mod inlay;
pub mod lens;
pub mod library;
pub mod navigate;
pub mod organize;
pub mod outline;
pub mod overlay;
pub mod paths;
pub mod present;
pub mod rename;
pub mod scan;
pub mod scope;
pub mod signature;
pub mod symbol;
pub mod syntax;
pub mod uses;
pub mod view;
pub mod world;

pub use view::View;
pub use world::World;

use std::path::PathBuf;

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    /// Which file.
    pub path: PathBuf,
    /// Byte offsets.
    pub range: Range,
}

/// A half-open range of byte offsets.
pub type Range = std::ops::Range<u32>;

/// A change of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// What is replaced.
    pub range: Range,
    /// By what.
    pub text: String,
}
