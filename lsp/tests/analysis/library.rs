//! What of the library can be looked at as text.

use std::path::Path;

use mgmt_lsp::analysis::highlight::colours;
use mgmt_lsp::analysis::navigate::definition;
use mgmt_lsp::analysis::rename::prepare;
use mgmt_lsp::analysis::uses::everywhere;
use mgmt_lsp::analysis::{View, actions, hover};

use crate::fixture::{Fixture, world};

const IMPORTER: &str =
    "import \"example\"\n$x = example.nativeanswer()\nnoop \"x\" { Meta:retry => $x, }\n";
const ANSWER: &str = "mgmt:/core/example/answer.mcl";

/// Where the definition is and its line.
fn lead(text: &str) -> (String, String) {
    let fixture = Fixture::new(text);
    let found = definition(&fixture.view, fixture.offset);
    let [found] = found.as_slice() else {
        panic!("{found:?} for:\n{text}");
    };
    let text = fixture.view.world.text(&found.path).unwrap();
    let line = text[found.range.start as usize..].lines().next().unwrap();
    (found.path.display().to_string(), line.to_owned())
}

fn leads(text: &str, path: &str, line: &str) {
    assert_eq!(lead(text), (path.to_owned(), line.to_owned()), "{text}");
}

#[test]
fn names_of_modules_in_mcl_lead_into_them() {
    let text = "import \"example\"\n$x = example.nativeanswer¦()\n";
    leads(text, ANSWER, "nativeanswer() {");
    let text = "import \"example¦\"\n$x = example.nativeanswer()\n";
    leads(
        text,
        ANSWER,
        "# What a program can write itself, as part of the package.",
    );
    let url = "git://github.com/purpleidea/mgmt/modules/dhcp/";
    let dhcp = format!(
        "import \"{url}\"\ninclude dhcp.server¦(struct{{interfaces => [], authoritative => true}})\n"
    );
    let (path, line) = lead(&dhcp);
    assert_eq!(path, "mgmt:/modules/dhcp/main.mcl");
    assert!(line.starts_with("server("), "{line}");
}

#[test]
fn what_is_no_text_leads_to_the_manual() {
    let page = "mgmt:/reference/functions/strings.md";
    leads(
        "import \"strings\"\n$x = strings.to_lower¦(\"A\")\n",
        page,
        "## `strings.to_lower`",
    );
    leads(
        "import \"strings¦\"\n$x = strings.to_lower(\"A\")\n",
        page,
        "# `strings`",
    );
    let page = "mgmt:/reference/resources/file.md";
    leads("fi¦le \"/x\" {}\n", page, "# `file`");
    let state = "### `state` (str)";
    leads("file \"/x\" {\n\tstate¦ => \"exists\",\n}\n", page, state);
    let page = "mgmt:/reference/meta-parameters.md";
    let fixture = lead("noop \"x\" {\n\tMeta:retry¦ => 1,\n}\n");
    assert_eq!(fixture.0, page);
    assert!(fixture.1.starts_with("| `retry` |"), "{}", fixture.1);
}

fn looked_at(files: &[(&str, &str)], path: &str) -> View {
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (Path::new("/nowhere").join(name), (*text).to_owned()))
        .collect();
    world(&files).view(Path::new(path)).unwrap()
}

#[test]
fn they_have_the_services_of_every_file() {
    // With and without a program that imports it.
    for files in [&[("main.mcl", IMPORTER)][..], &[]] {
        let view = looked_at(files, ANSWER);
        let text = view.text();
        let call = text.find("\tanswer").unwrap() as u32 + 2;
        let (_, shown) = hover::hover(&view, call).unwrap();
        assert!(shown.contains("answer"), "{shown}");
        let name = text.find("nativeanswer").unwrap() as u32;
        let uses = everywhere(&view, name, &|_, _| true).unwrap();
        assert_eq!(uses.len(), 1 + files.len(), "{uses:?}");
        assert!(colours(&view, None).len() >= 4);
        assert!(definition(&view, name)[0].path == view.path());
        let wrong: Vec<_> = view.analysis.insight.diagnostics().iter().collect();
        assert!(wrong.iter().all(|it| !it.is_error()), "{wrong:?}");
    }
    let view = looked_at(&[], "mgmt:/modules/misc/main.mcl");
    let wrong: Vec<_> = view.analysis.insight.diagnostics().iter().collect();
    assert!(wrong.iter().all(|it| !it.is_error()), "{wrong:?}");
}

#[test]
fn they_can_not_be_changed() {
    let view = looked_at(&[("main.mcl", IMPORTER)], ANSWER);
    let name = view.text().find("nativeanswer").unwrap() as u32;
    let refusal = prepare(&view, name).unwrap_err();
    assert!(refusal.contains("defined by the library"), "{refusal}");
    assert_eq!(actions::actions(&view, &(name..name)), []);
    let fixture = Fixture::new("import \"example\"\n$x = example.nativeanswer¦()\n");
    assert!(prepare(&fixture.view, fixture.offset).is_err());
}
