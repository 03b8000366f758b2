//! The grammar of mcl for tree-sitter: for editors that colour and fold with it.
//!
//! `src/` is generated from `grammar.js` by `tree-sitter generate`.

use tree_sitter_language::LanguageFn;

/// The grammar.
pub const LANGUAGE: LanguageFn = generated::LANGUAGE;

/// The parser is C, as tree-sitter generates it; this is the one place of the workspace that calls it.
#[allow(unsafe_code)]
mod generated {
    use tree_sitter_language::LanguageFn;

    unsafe extern "C" {
        fn tree_sitter_mcl() -> *const ();
    }

    // SAFETY: the function is the entry point that `tree-sitter generate` made, which takes nothing and
    // returns a pointer to constant data, as `LanguageFn` asks.
    pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_mcl) };
}

/// What is coloured how.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");
/// What can be folded.
pub const FOLDS: &str = include_str!("../../queries/folds.scm");
/// What is indented.
pub const INDENTS: &str = include_str!("../../queries/indents.scm");
/// What is of another language.
pub const INJECTIONS: &str = include_str!("../../queries/injections.scm");
/// Scopes, definitions and references.
pub const LOCALS: &str = include_str!("../../queries/locals.scm");
/// Definitions and calls, for an index of a project.
pub const TAGS: &str = include_str!("../../queries/tags.scm");
