//! Other names, and where things are from, as the tests of several features ask for them.

use mgmt_lsp::analysis::navigate::definition;
use mgmt_lsp::analysis::rename::rename;

use crate::fixture::{Fixture, apply};

/// The places that the marked one leads to.
pub fn definitions(text: &str) -> Vec<String> {
    let fixture = Fixture::new(text);
    let found = definition(&fixture.view, fixture.offset);
    found.iter().map(|it| fixture.place(it)).collect()
}

/// The files after the new name, each after its name; or why not.
fn renamed(text: &str, new: &str) -> Result<String, String> {
    let fixture = Fixture::new(text);
    let edits = rename(&fixture.view, fixture.offset, new)?;
    let mut out = String::new();
    for (path, edits) in &edits {
        let text = &fixture.view.world.files.texts[path];
        out.push_str(&apply(text, edits));
    }
    Ok(out)
}

#[track_caller]
pub fn check(text: &str, new: &str, wanted: &str) {
    assert_eq!(renamed(text, new).as_deref(), Ok(wanted), "{text}");
}

#[track_caller]
pub fn refused(text: &str, new: &str, why: &str) {
    let reason = renamed(text, new).expect_err(text);
    assert!(reason.contains(why), "{reason}");
}
